//! Samples of a stored file written as fragments, whose media is copied from where it is.

use crate::Error;
use crate::boxes::put_box;
use crate::index::StoredTrack;
use crate::moof::{
    FRAGMENT_BYTES_MAX, Layout, MDAT_HEADER_BYTES, MoofHeader, RunSample, SAMPLES_PER_FRAGMENT_MAX,
};
use crate::mux::track_number;
use crate::sample_entry::put_sample_entry;
use crate::track_box::{TrackHeader, put_empty_tables, put_ftyp, put_mvex, put_mvhd, put_trak};
use bytes::{BufMut, Bytes, BytesMut};
use media::{MediaKind, Timestamp};
use std::ops::Range;

/// A part of something that is written from a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// This range of the stored file.
    Copy(Range<u64>),
}

impl Piece {
    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Copy(range) => range.end.saturating_sub(range.start),
        }
    }
}

/// The init segment for fragments of these tracks, with their own timescales, languages and sample entries. The
/// presentation lasts until `end`.
pub fn stored_init_segment(tracks: &[&StoredTrack], end: Timestamp) -> Result<Bytes, Error> {
    let mut out = BytesMut::with_capacity(1024);
    // A CMAF track has a file of its own (ISO/IEC 23000-19 §7.3.1).
    put_ftyp(&mut out, b"iso6", if tracks.len() == 1 { b"iso6cmfc" } else { b"iso6mp41" });
    let entries: Result<Vec<_>, _> = tracks.iter().map(|track| track.entry()).collect();
    let entries = entries?;
    let number_max = tracks.iter().map(|track| track_number(track.track.id)).max().unwrap_or(0);
    put_box(&mut out, b"moov", |out| {
        put_mvhd(out, MOVIE_TIMESCALE, 0, number_max + 1);
        for (track, entry) in tracks.iter().zip(&entries) {
            put_trak(out, &track.header_for_fragments(), |out| put_empty_tables(out, entry));
        }
        let duration = u64::try_from(end.as_millis()).unwrap_or(0);
        put_mvex(out, Some(duration), tracks.iter().map(|track| track_number(track.track.id)));
    });
    Ok(out.freeze())
}

impl StoredTrack {
    /// The sample entry, as it was where it can be taken over.
    pub(crate) fn entry(&self) -> Result<Bytes, Error> {
        if let Some(entry) = &self.entry {
            return Ok(entry.clone());
        }
        let mut entry = BytesMut::new();
        put_sample_entry(&mut entry, &self.track)?;
        Ok(entry.freeze())
    }

    pub(crate) fn header(&self) -> TrackHeader<'_> {
        TrackHeader {
            language: self.language,
            language_tag: self.language_tag.as_deref(),
            matrix: self.matrix,
            display_size: self.display_size,
            ..TrackHeader::new(track_number(self.track.id), self.track.id.kind, self.timescale)
        }
    }

    /// What comes before the media stands in the decode times of the fragments, as players of fragments do not know
    /// empty edits.
    fn header_for_fragments(&self) -> TrackHeader<'_> {
        let media_time = self.edit.media_time_ticks.saturating_add(self.offset_shift().into());
        TrackHeader {
            edits: if media_time == 0 { Vec::new() } else { vec![(0, media_time)] },
            ..self.header()
        }
    }

    /// What is added to composition offsets in fragments, and taken away by the edit list: not every player reads
    /// negative offsets there as they are meant.
    fn offset_shift(&self) -> i32 {
        self.samples.cts_offset_min().saturating_neg()
    }
}

/// Appends samples of a track as fragments: one, or several where one cannot hold them or their times go back.
/// `sequence` is the number of the fragment written last.
pub fn put_stored_fragments(
    out: &mut Vec<Piece>,
    sequence: &mut u32,
    track: &StoredTrack,
    numbers: Range<u32>,
) -> Result<(), Error> {
    let mut start = numbers.start;
    while start < numbers.end.min(track.samples.len()) {
        let end = fitting(track, start..numbers.end);
        *sequence = sequence.wrapping_add(1);
        put_fragment(out, *sequence, track, start..end)?;
        start = end;
    }
    Ok(())
}

/// How many of these samples fit one fragment; at least one.
fn fitting(track: &StoredTrack, numbers: Range<u32>) -> u32 {
    let mut samples = track.samples.samples(numbers.clone()).peekable();
    let (mut number, mut bytes) = (numbers.start, 0u64);
    while let Some(sample) = samples.next() {
        number += 1;
        bytes = bytes.saturating_add(u64::from(sample.size));
        let count = number - numbers.start;
        let Some(next) = samples.peek() else { break };
        let is_in_order = u32::try_from(next.dts.saturating_sub(sample.dts)).is_ok();
        let has_room = bytes.saturating_add(u64::from(next.size)) <= FRAGMENT_MEDIA_BYTES_MAX;
        if !is_in_order || !has_room || count >= SAMPLES_PER_FRAGMENT_MAX {
            break;
        }
    }
    number
}

fn put_fragment(
    out: &mut Vec<Piece>,
    sequence: u32,
    track: &StoredTrack,
    numbers: Range<u32>,
) -> Result<(), Error> {
    let samples = track.samples.samples(numbers.clone());
    let count = samples.len() as u32; // numbers are of 32 bits
    let shift = track.offset_shift();
    let (mut media_bytes, mut has_offsets) = (0u64, shift != 0);
    for sample in samples.clone() {
        media_bytes = media_bytes.saturating_add(u64::from(sample.size));
        has_offsets |= sample.cts_offset != 0;
    }
    let first = samples.clone().next().ok_or(Error::NoSamples)?;
    let start = first.dts.saturating_add(track.edit.delay_ticks);
    let start_ticks = u64::try_from(start).map_err(|_| Error::Time {
        what: "decode time",
        ticks: start,
        timescale: track.timescale,
        section: "tfdt, ISO/IEC 14496-12 §8.8.12",
    })?;
    let layout = Layout { is_video: track.track.id.kind == MediaKind::Video, has_offsets };
    let is_wide = media_bytes.saturating_add(MDAT_HEADER_BYTES) > u64::from(u32::MAX);
    let mdat_header_bytes = if is_wide { WIDE_MDAT_HEADER_BYTES } else { MDAT_HEADER_BYTES };
    let number = track_number(track.track.id);
    let header = MoofHeader { sequence, track_number: number, start_ticks, count, mdat_header_bytes };
    let moof_bytes = layout.moof_bytes(count) + mdat_header_bytes;
    let mut bytes = BytesMut::with_capacity(moof_bytes as usize); // of at most SAMPLES_PER_FRAGMENT_MAX samples
    layout.put_moof(&mut bytes, header, |bytes| {
        let mut samples = samples.peekable();
        while let Some(sample) = samples.next() {
            // Until the next one, also where the file says otherwise; it fits, or it would be in another fragment.
            let step = samples.peek().map(|next| next.dts.saturating_sub(sample.dts));
            let duration = step.and_then(|ticks| u32::try_from(ticks).ok()).unwrap_or(sample.duration);
            let (size, is_sync) = (sample.size, sample.is_sync);
            let cts_offset = sample.cts_offset.saturating_add(shift);
            layout.put_sample(bytes, RunSample { duration, size, is_sync, cts_offset });
        }
    });
    put_mdat_header(&mut bytes, media_bytes);
    out.push(Piece::Bytes(bytes.freeze()));
    out.extend(track.samples.ranges(numbers).map(Piece::Copy));
    Ok(())
}

/// Appends the header of an `mdat`, with 64 bits for its size where 32 are too few.
pub(crate) fn put_mdat_header(out: &mut BytesMut, media_bytes: u64) {
    match u32::try_from(media_bytes.saturating_add(MDAT_HEADER_BYTES)) {
        Ok(size) => {
            out.put_u32(size);
            out.put_slice(b"mdat");
        }
        Err(_) => {
            out.put_u32(1);
            out.put_slice(b"mdat");
            out.put_u64(media_bytes.saturating_add(WIDE_MDAT_HEADER_BYTES));
        }
    }
}

pub(crate) const WIDE_MDAT_HEADER_BYTES: u64 = 16;
pub(crate) const MOVIE_TIMESCALE: u32 = 1000;
/// Leaves room for the boxes of [`FRAGMENT_BYTES_MAX`]; a single sample may still be larger.
const FRAGMENT_MEDIA_BYTES_MAX: u64 = FRAGMENT_BYTES_MAX / 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FILES, as_fragments, as_progressive, essence, file, index};
    use crate::{Cut, Sample};
    use std::time::Duration;

    const CUTS: [Cut; 4] = [
        Cut { at_keyframes: true, longest: None },
        Cut { at_keyframes: true, longest: Some(Duration::from_millis(90)) },
        Cut { at_keyframes: false, longest: Some(Duration::ZERO) },
        Cut { at_keyframes: false, longest: Some(Duration::from_secs(1000)) },
    ];

    #[test]
    fn a_file_in_fragments_has_the_samples_and_times_it_had() {
        for (name, file) in FILES {
            for cut in CUTS {
                let fragments = as_fragments(file, cut);
                assert!(index(&fragments).is_fragmented, "{name}");
                assert_eq!(essence(&fragments), essence(file), "{name} {cut:?}");
            }
        }
    }

    #[test]
    fn there_and_back_again_changes_nothing() {
        for (name, file) in FILES {
            let fragments = as_fragments(file, CUTS[0]);
            assert_eq!(essence(&as_progressive(&fragments)), essence(file), "{name}");
        }
    }

    #[test]
    fn every_fragment_of_pictures_begins_with_a_keyframe() {
        let file = file("h264_aac.mp4");
        let index = index(file);
        let windows: Vec<_> = crate::Windows::new(&index, CUTS[0]).collect();
        // Keyframes are five pictures apart; each window takes the sound up to the next keyframe's presentation.
        let pictures: Vec<_> = windows.iter().map(|window| window[0].clone()).collect();
        assert_eq!(pictures, [0..5, 5..10]);
        let sound: Vec<_> = windows.iter().map(|window| window[1].clone()).collect();
        assert_eq!(sound, [0..11, 11..20]);
    }

    #[test]
    fn samples_that_do_not_fit_one_fragment_go_into_several() {
        let mut track = index(file("h264_aac.mp4")).tracks.swap_remove(0);
        track.samples = crate::SampleTable::default();
        let size = 1 << 30;
        // Three that are too much for one fragment, and a last one before the others in time.
        for (offset, dts) in [(0, 1000), (1, 1001), (2, 1002), (3, 5)] {
            track.samples.push(Sample { offset, size, dts, cts_offset: 0, duration: 1, is_sync: true });
        }
        let (mut pieces, mut sequence) = (Vec::new(), 0);
        put_stored_fragments(&mut pieces, &mut sequence, &track, 0..9).unwrap();
        assert_eq!(sequence, 4);
        assert_eq!(pieces.iter().map(Piece::bytes).filter(|&bytes| bytes == 1 << 30).count(), 4);
    }

    #[test]
    fn media_beyond_4_gib_has_a_wide_size() {
        let mut out = BytesMut::new();
        put_mdat_header(&mut out, u64::from(u32::MAX) - 8);
        assert_eq!(&out[..], b"\xff\xff\xff\xffmdat");
        out.clear();
        put_mdat_header(&mut out, u64::from(u32::MAX) - 7);
        assert_eq!(&out[..], b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\x08");
    }
}
