//! The `moof` box (ISO/IEC 14496-12 §8.8) as it is written: one track, one run of samples, data right behind it.

use crate::boxes::{put_box, put_full_box};
use bytes::{BufMut, BytesMut};

/// Which fields the samples of a `trun` have (ISO/IEC 14496-12 §8.8.8).
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Whether samples have flags of their own: pictures depend on one another, sound does not.
    pub(crate) is_video: bool,
    /// Whether any sample is presented at another time than it is decoded.
    pub(crate) has_offsets: bool,
}

impl Layout {
    fn sample_bytes(self) -> u64 {
        8 + if self.is_video { 4 } else { 0 } + if self.has_offsets { 4 } else { 0 }
    }

    pub(crate) fn moof_bytes(self, count: u32) -> u64 {
        let tfhd = if self.is_video { 16 } else { 20 };
        let (moof, mfhd, traf, tfdt, trun) = (8, 16, 8, 20, 20);
        moof + mfhd + traf + tfhd + tfdt + trun + u64::from(count) * self.sample_bytes()
    }

    fn trun_flags(self) -> u32 {
        const DATA_OFFSET: u32 = 0x1;
        const SAMPLE_DURATION: u32 = 0x100;
        const SAMPLE_SIZE: u32 = 0x200;
        const SAMPLE_FLAGS: u32 = 0x400;
        const SAMPLE_COMPOSITION_TIME_OFFSETS: u32 = 0x800;
        let flags = if self.is_video { SAMPLE_FLAGS } else { 0 };
        let offsets = if self.has_offsets { SAMPLE_COMPOSITION_TIME_OFFSETS } else { 0 };
        DATA_OFFSET | SAMPLE_DURATION | SAMPLE_SIZE | flags | offsets
    }

    fn put_tfhd(self, out: &mut BytesMut, track_number: u32) {
        const DEFAULT_SAMPLE_FLAGS: u32 = 0x20;
        const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
        let flags = if self.is_video { 0 } else { DEFAULT_SAMPLE_FLAGS };
        put_full_box(out, b"tfhd", 0, DEFAULT_BASE_IS_MOOF | flags, |out| {
            out.put_u32(track_number);
            if !self.is_video {
                out.put_u32(FLAGS_INDEPENDENT);
            }
        });
    }

    /// Appends the fields of one sample.
    pub(crate) fn put_sample(self, out: &mut BytesMut, sample: RunSample) {
        out.put_u32(sample.duration);
        out.put_u32(sample.size);
        if self.is_video {
            out.put_u32(if sample.is_sync { FLAGS_INDEPENDENT } else { FLAGS_DEPENDENT });
        }
        if self.has_offsets {
            out.put_i32(sample.cts_offset);
        }
    }

    /// Appends a `moof` of `count` samples, which `put_samples` appends. Their data begins `mdat_header_bytes` behind it.
    pub(crate) fn put_moof(
        self,
        out: &mut BytesMut,
        header: MoofHeader,
        put_samples: impl FnOnce(&mut BytesMut),
    ) {
        let MoofHeader { sequence, track_number, start_ticks, count, mdat_header_bytes } = header;
        put_box(out, b"moof", |out| {
            put_full_box(out, b"mfhd", 0, 0, |out| out.put_u32(sequence));
            put_box(out, b"traf", |out| {
                self.put_tfhd(out, track_number);
                put_full_box(out, b"tfdt", 1, 0, |out| out.put_u64(start_ticks));
                put_full_box(out, b"trun", 1, self.trun_flags(), |out| {
                    out.put_u32(count);
                    // Cannot truncate: a run has at most SAMPLES_PER_FRAGMENT_MAX samples.
                    out.put_u32((self.moof_bytes(count) + mdat_header_bytes) as u32);
                    put_samples(out);
                });
            });
        });
    }
}

/// One sample of a run.
#[derive(Clone, Copy)]
pub(crate) struct RunSample {
    pub(crate) duration: u32,
    pub(crate) size: u32,
    pub(crate) is_sync: bool,
    pub(crate) cts_offset: i32,
}

/// What a fragment says before its samples.
#[derive(Clone, Copy)]
pub(crate) struct MoofHeader {
    pub(crate) sequence: u32,
    pub(crate) track_number: u32,
    pub(crate) start_ticks: u64,
    pub(crate) count: u32,
    pub(crate) mdat_header_bytes: u64,
}

/// Far above what a picture group or a segment holds.
pub(crate) const SAMPLES_PER_FRAGMENT_MAX: u32 = 100_000;
/// The sizes and offsets in a fragment are 32-bit numbers, some of them signed.
pub(crate) const FRAGMENT_BYTES_MAX: u64 = i32::MAX as u64;
pub(crate) const MDAT_HEADER_BYTES: u64 = 8;
/// `sample_depends_on` = 2: can be decoded alone (§8.8.3.1).
const FLAGS_INDEPENDENT: u32 = 0x0200_0000;
/// `sample_depends_on` = 1, `sample_is_non_sync_sample` = 1.
const FLAGS_DEPENDENT: u32 = 0x0101_0000;
