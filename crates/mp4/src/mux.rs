//! Writing fragmented MP4: init segments, and fragments of one track each.

use crate::Error;
use crate::boxes::{put_box, put_full_box};
use crate::sample_entry::{put_sample_entry, side};
use bytes::{BufMut, Bytes, BytesMut};
use media::{MediaKind, Packet, Timestamp, Track, TrackId, TrackInfo};

/// The number a track has in every init segment and fragment: video 1, 3, 5…, audio 2, 4, 6….
///
/// It depends on nothing but the track's own id, so that a fragment fits an init segment with one track and one
/// with several.
pub fn track_number(track_id: TrackId) -> u32 {
    let first = if track_id.kind == MediaKind::Video { 1 } else { 2 };
    first + 2 * u32::from(track_id.index)
}

/// Ticks per second of a track's times in fragments: 90 000 for video, the sample rate for audio.
pub fn timescale(track: &Track) -> u32 {
    match &track.info {
        TrackInfo::Video(_) => VIDEO_TIMESCALE,
        TrackInfo::Audio(audio) if audio.sample_rate == 0 => VIDEO_TIMESCALE,
        TrackInfo::Audio(audio) => audio.sample_rate,
    }
}

/// The init segment of a presentation of these tracks: what a player reads before their fragments.
pub fn init_segment(tracks: &[Track]) -> Result<Bytes, Error> {
    let mut out = BytesMut::with_capacity(1024);
    // A CMAF track has a file of its own (ISO/IEC 23000-19 §7.3.1).
    let brands: &[u8] = if tracks.len() == 1 { b"iso6cmfc" } else { b"iso6mp41" };
    put_box(&mut out, b"ftyp", |out| {
        out.put_slice(b"iso6");
        out.put_u32(0); // minor_version
        out.put_slice(brands);
    });
    let mut entries = Vec::with_capacity(tracks.len());
    for track in tracks {
        let mut entry = BytesMut::new();
        put_sample_entry(&mut entry, track)?;
        entries.push(entry);
    }
    put_box(&mut out, b"moov", |out| {
        put_mvhd(out, tracks);
        for (track, entry) in tracks.iter().zip(&entries) {
            put_trak(out, track, entry);
        }
        put_box(out, b"mvex", |out| {
            for track in tracks {
                put_full_box(out, b"trex", 0, 0, |out| {
                    out.put_u32(track_number(track.id));
                    out.put_u32(1); // default_sample_description_index
                    out.put_bytes(0, 12); // default duration, size and flags: every fragment says its own
                });
            }
        });
    });
    Ok(out.freeze())
}

/// Where a fragment lies on its track's timeline, in ticks of [`timescale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentTimes {
    /// Decode time of its first sample, as `tfdt` says.
    pub start_ticks: u64,
    /// The sum of its sample durations.
    pub duration_ticks: u64,
}

/// A fragment in a buffer of its own; see [`append_fragment`].
pub fn fragment(
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<(Bytes, FragmentTimes), Error> {
    let mut out = BytesMut::new();
    let times = append_fragment(&mut out, sequence, track, samples, end_dts)?;
    Ok((out.freeze(), times))
}

/// Appends one `moof` and its `mdat` with these packets of `track` as samples; decoder configs among them are left
/// out. Each sample lasts until the next one's `dts`, the last one until `end_dts`. After an error `out` is as before.
pub fn append_fragment(
    out: &mut BytesMut,
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<FragmentTimes, Error> {
    let start = out.len();
    let result = put_fragment(out, sequence, track, samples, end_dts);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn put_fragment(
    out: &mut BytesMut,
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<FragmentTimes, Error> {
    let (mut count, mut media_bytes, mut is_reordered) = (0u32, 0u64, false);
    for packet in samples.iter().filter(|packet| !packet.is_config()) {
        let (track_id, codec) = (packet.track_id, packet.codec);
        if (track_id, codec) != (track.id, track.codec) {
            return Err(Error::ForeignSample { track_id, codec });
        }
        count = count.saturating_add(1);
        media_bytes = media_bytes.saturating_add(packet.payload.len() as u64);
        is_reordered |= packet.pts != packet.dts;
    }
    let first = samples.iter().find(|packet| !packet.is_config()).ok_or(Error::NoSamples)?;
    let is_video = track.id.kind == MediaKind::Video;
    let layout = Layout { is_video, has_offsets: is_reordered };

    // Every sample needs fewer bytes here than its limit of a 32-bit size allows.
    let moof_bytes = layout.moof_bytes(count);
    let total_bytes = moof_bytes + MDAT_HEADER_BYTES + media_bytes;
    if count > SAMPLES_PER_FRAGMENT_MAX || total_bytes > FRAGMENT_BYTES_MAX {
        let (what, value, max) = if count > SAMPLES_PER_FRAGMENT_MAX {
            ("number of samples in a fragment", u64::from(count), u64::from(SAMPLES_PER_FRAGMENT_MAX))
        } else {
            ("bytes of a fragment", total_bytes, FRAGMENT_BYTES_MAX)
        };
        return Err(Error::Limit { what, value, max });
    }
    // Cannot truncate below: both are under FRAGMENT_BYTES_MAX.
    let data_offset = (moof_bytes + MDAT_HEADER_BYTES) as u32;
    out.reserve(total_bytes as usize);

    let clock = Clock { timescale: timescale(track) };
    let start_ticks = clock.decode_time(first.dts)?;
    let mut duration_ticks = 0u64;
    let mut failure = None;
    put_box(out, b"moof", |out| {
        put_full_box(out, b"mfhd", 0, 0, |out| out.put_u32(sequence));
        put_box(out, b"traf", |out| {
            layout.put_tfhd(out, track_number(track.id));
            put_full_box(out, b"tfdt", 1, 0, |out| out.put_u64(start_ticks));
            put_full_box(out, b"trun", 1, layout.trun_flags(), |out| {
                out.put_u32(count);
                out.put_u32(data_offset);
                match layout.put_samples(out, clock, samples, end_dts) {
                    Ok(ticks) => duration_ticks = ticks,
                    Err(error) => failure = Some(error),
                }
            });
        });
    });
    if let Some(error) = failure {
        return Err(error);
    }
    out.put_u32((MDAT_HEADER_BYTES + media_bytes) as u32);
    out.put_slice(b"mdat");
    for packet in samples.iter().filter(|packet| !packet.is_config()) {
        out.put_slice(&packet.payload);
    }
    Ok(FragmentTimes { start_ticks, duration_ticks })
}

/// Which fields the samples of a `trun` have (ISO/IEC 14496-12 §8.8.8).
#[derive(Clone, Copy)]
struct Layout {
    /// Whether samples have flags of their own: pictures depend on one another, sound does not.
    is_video: bool,
    /// Whether any sample is presented at another time than it is decoded.
    has_offsets: bool,
}

impl Layout {
    fn sample_bytes(self) -> u64 {
        8 + if self.is_video { 4 } else { 0 } + if self.has_offsets { 4 } else { 0 }
    }

    fn moof_bytes(self, count: u32) -> u64 {
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

    /// Appends the samples' fields, and returns the sum of their durations.
    ///
    /// Durations are differences of rounded decode times, so that rounding never adds up.
    fn put_samples(
        self,
        out: &mut BytesMut,
        clock: Clock,
        samples: &[Packet],
        end_dts: Timestamp,
    ) -> Result<u64, Error> {
        let mut duration_ticks = 0u64;
        let mut samples = samples.iter().filter(|packet| !packet.is_config()).peekable();
        while let Some(packet) = samples.next() {
            let end = samples.peek().map_or(end_dts, |next| next.dts);
            let duration = clock.duration(packet.dts, end)?;
            duration_ticks += u64::from(duration);
            out.put_u32(duration);
            out.put_u32(packet.payload.len() as u32);
            if self.is_video {
                out.put_u32(if packet.is_keyframe() { FLAGS_INDEPENDENT } else { FLAGS_DEPENDENT });
            }
            if self.has_offsets {
                out.put_i32(clock.composition_offset(packet)?);
            }
        }
        Ok(duration_ticks)
    }
}

/// Converts times to ticks.
#[derive(Clone, Copy)]
struct Clock {
    timescale: u32,
}

impl Clock {
    fn decode_time(self, dts: Timestamp) -> Result<u64, Error> {
        let ticks = dts.to_ticks(self.timescale);
        u64::try_from(ticks).map_err(|_| self.error("decode time", ticks, "tfdt, ISO/IEC 14496-12 §8.8.12"))
    }

    fn duration(self, start: Timestamp, end: Timestamp) -> Result<u32, Error> {
        let ticks = end.to_ticks(self.timescale).saturating_sub(start.to_ticks(self.timescale));
        u32::try_from(ticks)
            .map_err(|_| self.error("sample duration", ticks, "trun, ISO/IEC 14496-12 §8.8.8"))
    }

    fn composition_offset(self, packet: &Packet) -> Result<i32, Error> {
        let ticks = packet.pts.to_ticks(self.timescale).saturating_sub(packet.dts.to_ticks(self.timescale));
        i32::try_from(ticks)
            .map_err(|_| self.error("composition offset", ticks, "trun, ISO/IEC 14496-12 §8.8.8"))
    }

    fn error(self, what: &'static str, ticks: i64, section: &'static str) -> Error {
        Error::Time { what, ticks, timescale: self.timescale, section }
    }
}

fn put_mvhd(out: &mut BytesMut, tracks: &[Track]) {
    let next_number = tracks.iter().map(|track| track_number(track.id)).max().unwrap_or(0) + 1;
    put_full_box(out, b"mvhd", 0, 0, |out| {
        out.put_bytes(0, 8); // creation and modification time: not told
        out.put_u32(MOVIE_TIMESCALE);
        out.put_u32(0); // duration: that of the fragments
        out.put_u32(0x0001_0000); // rate 1
        out.put_u16(0x0100); // volume 1
        out.put_bytes(0, 10);
        put_unity_matrix(out);
        out.put_bytes(0, 24);
        out.put_u32(next_number);
    });
}

fn put_trak(out: &mut BytesMut, track: &Track, entry: &[u8]) {
    let (handler, handler_name, width, height) = match &track.info {
        TrackInfo::Video(video) => (b"vide", b"video\0", side(video.width), side(video.height)),
        TrackInfo::Audio(_) => (b"soun", b"audio\0", 0, 0),
    };
    let is_video = track.id.kind == MediaKind::Video;
    put_box(out, b"trak", |out| {
        const ENABLED_IN_MOVIE: u32 = 3;
        put_full_box(out, b"tkhd", 0, ENABLED_IN_MOVIE, |out| {
            out.put_bytes(0, 8); // creation and modification time
            out.put_u32(track_number(track.id));
            out.put_bytes(0, 4 + 4 + 8 + 4); // reserved, duration, reserved, layer, alternate_group
            out.put_u16(if is_video { 0 } else { 0x0100 }); // volume
            out.put_u16(0);
            put_unity_matrix(out);
            out.put_u32(u32::from(width) << 16);
            out.put_u32(u32::from(height) << 16);
        });
        put_box(out, b"mdia", |out| {
            put_full_box(out, b"mdhd", 0, 0, |out| {
                out.put_bytes(0, 8); // creation and modification time
                out.put_u32(timescale(track));
                out.put_u32(0); // duration
                out.put_u16(LANGUAGE_UNDETERMINED);
                out.put_u16(0);
            });
            put_full_box(out, b"hdlr", 0, 0, |out| {
                out.put_u32(0);
                out.put_slice(handler);
                out.put_bytes(0, 12);
                out.put_slice(handler_name);
            });
            put_box(out, b"minf", |out| {
                if is_video {
                    put_full_box(out, b"vmhd", 0, 1, |out| out.put_bytes(0, 8));
                } else {
                    put_full_box(out, b"smhd", 0, 0, |out| out.put_bytes(0, 4));
                }
                put_box(out, b"dinf", |out| {
                    put_full_box(out, b"dref", 0, 0, |out| {
                        out.put_u32(1);
                        const IN_THIS_FILE: u32 = 1;
                        put_full_box(out, b"url ", 0, IN_THIS_FILE, |_| ());
                    });
                });
                put_sample_table(out, entry);
            });
        });
    });
}

/// A sample table without samples: they are in the fragments.
fn put_sample_table(out: &mut BytesMut, entry: &[u8]) {
    put_box(out, b"stbl", |out| {
        put_full_box(out, b"stsd", 0, 0, |out| {
            out.put_u32(1);
            out.put_slice(entry);
        });
        put_full_box(out, b"stts", 0, 0, |out| out.put_u32(0));
        put_full_box(out, b"stsc", 0, 0, |out| out.put_u32(0));
        put_full_box(out, b"stsz", 0, 0, |out| out.put_u64(0));
        put_full_box(out, b"stco", 0, 0, |out| out.put_u32(0));
    });
}

fn put_unity_matrix(out: &mut BytesMut) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        out.put_u32(value);
    }
}

const VIDEO_TIMESCALE: u32 = 90_000;
const MOVIE_TIMESCALE: u32 = 1000;
const MDAT_HEADER_BYTES: u64 = 8;
/// Far above what a picture group or a segment holds.
const SAMPLES_PER_FRAGMENT_MAX: u32 = 100_000;
/// The sizes and offsets in a fragment are 32-bit numbers, some of them signed.
const FRAGMENT_BYTES_MAX: u64 = i32::MAX as u64;
/// `und`, three letters of five bits.
const LANGUAGE_UNDETERMINED: u16 = 0x55c4;
/// `sample_depends_on` = 2: can be decoded alone (§8.8.3.1).
const FLAGS_INDEPENDENT: u32 = 0x0200_0000;
/// `sample_depends_on` = 1, `sample_is_non_sync_sample` = 1.
const FLAGS_DEPENDENT: u32 = 0x0101_0000;

#[cfg(test)]
mod tests;
