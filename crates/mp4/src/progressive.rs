//! A stored file written again without fragments, `moov` first, so that it plays while it is still being fetched.

use crate::boxes::{put_box, put_full_box};
use crate::index::{Index, StoredTrack, rescale};
use crate::interleave::{Cut, Windows};
use crate::stored_fragments::{MOVIE_TIMESCALE, Piece, put_mdat_header};
use crate::track_box::{TrackHeader, put_ftyp, put_mvhd, put_stsd, put_trak};
use crate::{Error, Sample};
use bytes::{BufMut, Bytes, BytesMut};
use std::ops::Range;
use std::time::Duration;

/// All tracks of an index as a file that is not fragmented.
#[derive(Debug)]
pub struct Progressive<'a> {
    index: &'a Index,
    /// Up to the metadata, which is copied.
    header: Bytes,
    mdat_header: Bytes,
    chunks: Vec<Chunk>,
    media_bytes: u64,
}

/// Samples of one track that stand together.
#[derive(Clone, Debug)]
struct Chunk {
    track_index: usize,
    numbers: Range<u32>,
    /// From the start of the media data.
    offset: u64,
}

impl<'a> Progressive<'a> {
    /// Plans the file.
    pub fn new(index: &'a Index) -> Result<Self, Error> {
        let (mut chunks, mut media_bytes) = (Vec::new(), 0u64);
        let cut = Cut { at_keyframes: false, longest: Some(CHUNK_DURATION) };
        for window in Windows::new(index, cut) {
            for (track_index, numbers) in
                window.into_iter().enumerate().filter(|(_, numbers)| !numbers.is_empty())
            {
                let Some(track) = index.tracks.get(track_index) else { continue };
                let bytes: u64 =
                    track.samples.samples(numbers.clone()).map(|sample| u64::from(sample.size)).sum();
                chunks.push(Chunk { track_index, numbers, offset: media_bytes });
                media_bytes = media_bytes.saturating_add(bytes);
            }
        }
        // Where the media begins depends on the size of the tables, which say where it begins.
        let mut mdat_header = BytesMut::new();
        put_mdat_header(&mut mdat_header, media_bytes);
        let mdat_header = mdat_header.freeze();
        let mut plan = Self { index, header: Bytes::new(), mdat_header, chunks, media_bytes };
        plan.header = plan.make_header(0, false)?;
        let is_wide = plan.bytes() > u64::from(u32::MAX);
        if is_wide {
            plan.header = plan.make_header(0, true)?;
        }
        plan.header = plan.make_header(plan.bytes_before_media(), is_wide)?;
        Ok(plan)
    }

    /// The bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        self.media_bytes.saturating_add(self.bytes_before_media())
    }

    fn bytes_before_media(&self) -> u64 {
        (self.header.len() as u64)
            .saturating_add(self.metadata_bytes())
            .saturating_add(self.mdat_header.len() as u64)
    }

    fn metadata_bytes(&self) -> u64 {
        self.index.metadata.iter().map(|range| range.end.saturating_sub(range.start)).sum()
    }

    /// The file from its start to its end.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> {
        let media = self.chunks.iter().flat_map(|chunk| {
            let track = self.index.tracks.get(chunk.track_index);
            track.into_iter().flat_map(|track| track.samples.ranges(chunk.numbers.clone()).map(Piece::Copy))
        });
        let metadata = self.index.metadata.iter().cloned().map(Piece::Copy);
        let header = std::iter::once(Piece::Bytes(self.header.clone()));
        header.chain(metadata).chain([Piece::Bytes(self.mdat_header.clone())]).chain(media)
    }

    /// `ftyp`, and `moov` up to the metadata. The media begins at `base`.
    fn make_header(&self, base: u64, is_wide: bool) -> Result<Bytes, Error> {
        let plans: Result<Vec<_>, _> = self.index.tracks.iter().map(TrackPlan::new).collect();
        let plans = plans?;
        let timescale = movie_timescale(&plans);
        let movie_ticks = |plan: &TrackPlan<'_>| {
            let ticks = plan.delay_ticks.saturating_add(plan.presented_ticks);
            rescale(ticks, plan.track.timescale, timescale).cast_unsigned()
        };
        let duration = plans.iter().map(movie_ticks).max().unwrap_or(0);
        let number_max = plans.iter().map(|plan| plan.track.header().number).max().unwrap_or(0);
        let mut out = BytesMut::new();
        put_ftyp(&mut out, b"isom", b"isomiso4mp42");
        let moov_at = out.len();
        put_box(&mut out, b"moov", |out| {
            put_mvhd(out, timescale, duration, number_max + 1);
            for (track_index, plan) in plans.iter().enumerate() {
                let header = TrackHeader {
                    media_ticks: plan.media_ticks,
                    movie_ticks: movie_ticks(plan),
                    edits: plan.edits(timescale),
                    ..plan.track.header()
                };
                let own = self.chunks.iter().filter(|chunk| chunk.track_index == track_index);
                put_trak(out, &header, |out| {
                    put_stsd(out, &plan.entry);
                    put_samples(out, plan.track);
                    put_chunks(out, own, base, is_wide);
                });
            }
        });
        // The box goes on with the metadata.
        let moov_bytes = (out.len() - moov_at) as u64 + self.metadata_bytes();
        let size = u32::try_from(moov_bytes).map_err(|_| Error::Limit {
            what: "bytes of a moov box",
            value: moov_bytes,
            max: u32::MAX.into(),
        })?;
        if let Some(field) = out.get_mut(moov_at..moov_at + 4) {
            field.copy_from_slice(&size.to_be_bytes());
        }
        Ok(out.freeze())
    }
}

/// How a track's own time becomes one that begins with 0, as it has to without fragments.
struct TrackPlan<'a> {
    track: &'a StoredTrack,
    entry: Bytes,
    /// What comes before the media, in ticks of the track.
    delay_ticks: u64,
    media_time_ticks: i64,
    /// Of what is presented.
    presented_ticks: u64,
    /// The sum of the sample durations.
    media_ticks: u64,
}

impl<'a> TrackPlan<'a> {
    fn new(track: &'a StoredTrack) -> Result<Self, Error> {
        let start = track.samples.get(0).map_or(0, |sample| sample.dts);
        let mut media_ticks = 0u64;
        let mut samples = track.samples.iter().peekable();
        while let Some(sample) = samples.next() {
            let duration = duration(track, &sample, samples.peek())?;
            media_ticks = media_ticks.saturating_add(u64::from(duration));
        }
        let media_time = track.edit.media_time_ticks.saturating_sub(start);
        let delay = track.edit.delay_ticks.saturating_sub(media_time.min(0));
        let end = track.samples.end_pts().saturating_sub(start);
        let rest = end.saturating_sub(media_time.max(0));
        let presented = track.edit.duration_ticks.map_or(rest, |ticks| ticks.min(rest));
        Ok(Self {
            track,
            entry: track.entry()?,
            delay_ticks: u64::try_from(delay).unwrap_or(0),
            media_time_ticks: media_time.max(0),
            presented_ticks: u64::try_from(presented).unwrap_or(0),
            media_ticks,
        })
    }

    fn edits(&self, movie_timescale: u32) -> Vec<(u64, i64)> {
        let movie_ticks = |ticks| rescale(ticks, self.track.timescale, movie_timescale).cast_unsigned();
        let mut edits = Vec::new();
        if self.delay_ticks > 0 {
            edits.push((movie_ticks(self.delay_ticks), -1));
        }
        if !edits.is_empty() || self.media_time_ticks > 0 || self.track.edit.duration_ticks.is_some() {
            edits.push((movie_ticks(self.presented_ticks), self.media_time_ticks));
        }
        edits
    }
}

/// Ticks until the next sample is decoded.
fn duration(track: &StoredTrack, sample: &Sample, next: Option<&Sample>) -> Result<u32, Error> {
    let Some(next) = next else { return Ok(sample.duration) };
    let ticks = next.dts.saturating_sub(sample.dts);
    u32::try_from(ticks).map_err(|_| Error::Time {
        what: "sample duration",
        ticks,
        timescale: track.timescale,
        section: "stts, ISO/IEC 14496-12 §8.6.1.2",
    })
}

/// Ticks per second that can state what comes before each track: milliseconds if possible.
fn movie_timescale(plans: &[TrackPlan<'_>]) -> u32 {
    let is_inexact = |plan: &&TrackPlan<'_>| {
        let ticks = u128::from(plan.delay_ticks) * u128::from(MOVIE_TIMESCALE);
        ticks % u128::from(plan.track.timescale.max(1)) != 0
    };
    plans.iter().filter(is_inexact).fold(MOVIE_TIMESCALE, |timescale, plan| {
        let multiple = least_common_multiple(timescale, plan.track.timescale);
        multiple
            .filter(|&multiple| multiple <= MOVIE_TIMESCALE_MAX)
            .unwrap_or(timescale.max(plan.track.timescale))
    })
}

fn least_common_multiple(a: u32, b: u32) -> Option<u32> {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor.checked_rem(rest)?);
    }
    a.checked_div(divisor)?.checked_mul(b)
}

/// Appends the tables that describe each sample (§8.6, §8.7.3).
fn put_samples(out: &mut BytesMut, track: &StoredTrack) {
    let samples = &track.samples;
    let mut ahead = samples.iter().skip(1);
    // TrackPlan has seen that all durations fit.
    let durations = samples.iter().map(|sample| duration(track, &sample, ahead.next().as_ref()).unwrap_or(0));
    put_runs(out, b"stts", 0, durations);
    if samples.is_reordered() {
        let version = u8::from(samples.iter().any(|sample| sample.cts_offset < 0));
        put_runs(out, b"ctts", version, samples.iter().map(|sample| sample.cts_offset.cast_unsigned()));
    }
    if !samples.is_all_sync() {
        put_full_box(out, b"stss", 0, 0, |out| {
            out.put_u32(samples.sync_count());
            let numbered = (1u32..).zip(samples.iter());
            numbered.filter(|(_, sample)| sample.is_sync).for_each(|(number, _)| out.put_u32(number));
        });
    }
    put_full_box(out, b"stsz", 0, 0, |out| {
        out.put_u32(0); // every sample has a size of its own
        out.put_u32(samples.len());
        samples.iter().for_each(|sample| out.put_u32(sample.size));
    });
}

/// Appends `stts` or `ctts`: how many samples have a value, and the value, again and again.
fn put_runs(out: &mut BytesMut, kind: &[u8; 4], version: u8, values: impl Iterator<Item = u32>) {
    put_full_box(out, kind, version, 0, |out| {
        let count_at = out.len();
        out.put_u32(0);
        let mut values = values.peekable();
        let mut count = 0u32;
        while let Some(value) = values.next() {
            let mut samples = 1u32;
            while values.next_if_eq(&value).is_some() {
                samples += 1;
            }
            out.put_u32(samples);
            out.put_u32(value);
            count += 1;
        }
        if let Some(field) = out.get_mut(count_at..count_at + 4) {
            field.copy_from_slice(&count.to_be_bytes());
        }
    });
}

/// Appends `stsc` and `stco` or `co64` (§8.7.4, §8.7.5).
fn put_chunks<'c>(
    out: &mut BytesMut,
    chunks: impl Iterator<Item = &'c Chunk> + Clone,
    base: u64,
    is_wide: bool,
) {
    let lengths = || chunks.clone().map(|chunk| chunk.numbers.len() as u32);
    // Each run begins where a chunk has another number of samples than the one before.
    let runs = || {
        let before = std::iter::once(0).chain(lengths());
        let numbered = (1u32..).zip(lengths().zip(before));
        numbered
            .filter(|(_, (length, before))| length != before)
            .map(|(number, (length, _))| (number, length))
    };
    put_full_box(out, b"stsc", 0, 0, |out| {
        out.put_u32(runs().count() as u32);
        for (first_chunk, samples_per_chunk) in runs() {
            out.put_u32(first_chunk);
            out.put_u32(samples_per_chunk);
            out.put_u32(1); // sample_description_index
        }
    });
    put_full_box(out, if is_wide { b"co64" } else { b"stco" }, 0, 0, |out| {
        out.put_u32(chunks.clone().count() as u32);
        for chunk in chunks {
            let offset = base.saturating_add(chunk.offset);
            if is_wide {
                out.put_u64(offset);
            } else {
                out.put_u32(offset as u32); // fits, or it would be wide
            }
        }
    });
}

/// How far apart the bytes of two tracks may be that are presented together.
const CHUNK_DURATION: Duration = Duration::from_millis(500);
/// Beyond this players may count with too few bits; a delay is rounded then.
const MOVIE_TIMESCALE_MAX: u32 = 100_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FILES, as_fragments, as_progressive, essence, file, index};

    #[test]
    fn a_file_without_fragments_has_the_samples_and_times_it_had() {
        for (name, file) in FILES {
            let progressive = as_progressive(file);
            assert!(!index(&progressive).is_fragmented, "{name}");
            assert_eq!(essence(&progressive), essence(file), "{name}");
            assert_eq!(index(&progressive).end(), index(file).end(), "{name}");
            assert!(as_progressive(&progressive) == progressive, "{name} again");
        }
    }

    #[test]
    fn the_moov_comes_first() {
        let file = as_progressive(file("h264_aac.mp4"));
        let at = |kind: &[u8]| file.windows(4).position(|window| window == kind).unwrap();
        assert!(at(b"moov") < at(b"mdat"));
    }

    #[test]
    fn a_timeline_that_begins_late_keeps_its_start() {
        // Fragments of a recording that was joined at 1000 s, at a time that no millisecond has.
        let late = |mut file: Vec<u8>| {
            while let Some(at) = file.windows(5).position(|window| window == b"tfdt\x01") {
                let field = at + 8..at + 16;
                let ticks = u64::from_be_bytes(file[field.clone()].try_into().unwrap());
                file[field].copy_from_slice(&(ticks + 12_800_001).to_be_bytes());
                file[at..at + 4].copy_from_slice(b"TFDT");
            }
            let tfdts: Vec<_> = (0..file.len() - 4).filter(|&at| &file[at..at + 4] == b"TFDT").collect();
            tfdts.iter().for_each(|&at| file[at..at + 4].copy_from_slice(b"tfdt"));
            file
        };
        let cut = Cut { at_keyframes: true, longest: None };
        let fragments = late(as_fragments(file("h264_aac.mp4"), cut));
        let moved = essence(&fragments);
        assert_ne!(moved, essence(file("h264_aac.mp4")));
        assert_eq!(essence(&as_progressive(&fragments)), moved);
    }

    #[test]
    fn a_file_beyond_4_gib_has_wide_offsets() {
        let mut index = index(file("h264_aac.mp4"));
        index.tracks.truncate(1);
        index.tracks[0].samples = crate::SampleTable::default();
        let size = 1 << 30;
        for number in 0..5i32 {
            let (offset, dts) = (number as u64 * u64::from(size), i64::from(number) * 12_800);
            let sample = Sample { offset, size, dts, cts_offset: 0, duration: 12_800, is_sync: true };
            index.tracks[0].samples.push(sample);
        }
        let plan = Progressive::new(&index).unwrap();
        assert_eq!(plan.bytes(), plan.bytes_before_media() + (5 << 30));
        let at = plan.header.windows(4).position(|window| window == b"co64").unwrap();
        let last = &plan.header[at + 12 + 4 * 8..at + 12 + 5 * 8];
        let expected = plan.bytes_before_media() + (4 << 30);
        assert_eq!(u64::from_be_bytes(last.try_into().unwrap()), expected);
        assert!(plan.mdat_header.ends_with(&(16 + (5u64 << 30)).to_be_bytes()));
    }

    #[test]
    fn times_that_go_back_cannot_be_written() {
        let mut index = index(file("h264_aac.mp4"));
        let sample = Sample { offset: 0, size: 1, dts: 5, cts_offset: 0, duration: 1, is_sync: true };
        index.tracks[0].samples.push(sample);
        let error = Progressive::new(&index).unwrap_err();
        assert!(matches!(error, Error::Time { what: "sample duration", .. }), "{error}");
    }
}
