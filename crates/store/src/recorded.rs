//! A recording: the segments of a live stream, kept. Nothing here reads or writes files.
//!
//! In its folder lie `{sequence}.m4s`, one object per segment with the fragments of all tracks one after the other, and
//! the index in parts, `index-0`, `index-1`, …: a line per segment, and one before the first segment that needs another
//! init segment, with the init segment in it. A part is written again with each segment until it is full, so that a
//! store without appending can hold it; a segment is named there only when its object is complete.
//!
//! [`IndexWriter`] writes the index, [`RecordedLog`] is what was read, or what a recorder has written so far.

mod index;
mod manifest;

pub use index::{IndexWriter, index_part_name};

use crate::segment::Listed;
use crate::{Init, Name, Segment, TrackSpan};
use bytes::Bytes;
use media::{Timestamp, TrackId};
use packaging::Span;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Where the media of a recorded segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The tracks that have a part here.
    pub tracks: Box<[TrackSpan]>,
    /// The pieces of its object, in order.
    pub runs: Box<[Run]>,
}

/// A piece of a segment's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The one track it carries.
    pub track_id: TrackId,
    /// How long it is.
    pub bytes: u32,
}

/// A segment of a recording.
pub type LogEntry = Segment<Recorded>;

/// What a name of a recording, or a part of its download, stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogBytes {
    /// These bytes.
    Bytes(Bytes),
    /// These ranges of the object of a segment, which is called [`Name::Fmp4`].
    Object {
        /// Which segment.
        sequence: u64,
        /// In order.
        ranges: Vec<Range<u64>>,
    },
}

/// The segments of a recording, or of a part of one, oldest first.
#[derive(Clone, Debug, Default)]
pub struct RecordedLog {
    segments: Vec<LogEntry>,
    /// Where each of them begins when they are played one after the other.
    positions: Vec<Duration>,
    bytes: u64,
    longest: Duration,
}

impl RecordedLog {
    /// The segments.
    pub fn segments(&self) -> &[LogEntry] {
        &self.segments
    }

    /// What the next segment will be here, as a live window made it. `after_gap` says that something is missing before
    /// it. `None` for one that is not behind the last one, or has no fragments.
    pub fn entry(&self, segment: &Segment, after_gap: bool) -> Option<LogEntry> {
        let media = Recorded::of(segment)?;
        let mut span = segment.span;
        span.discontinuity |= after_gap;
        self.place(segment.sequence, span, segment.wall_time_ms, segment.init.clone(), media)
    }

    /// Adds an entry made by [`entry`](Self::entry).
    pub fn push(&mut self, entry: LogEntry) {
        let position = self.segments.last().map_or(Duration::ZERO, |last| {
            let further = match entry.span.discontinuity {
                // As players do, who leave out what is missing.
                true => last.span.duration,
                false => entry.span.start.saturating_since(last.span.start),
            };
            self.position(self.segments.len() - 1).saturating_add(further)
        });
        self.positions.push(position);
        self.bytes = self.bytes.saturating_add(entry.media.bytes());
        self.longest = self.longest.max(entry.span.duration);
        self.segments.push(entry);
    }

    fn place(
        &self,
        sequence: u64,
        mut span: Span,
        wall_time_ms: i64,
        init: Arc<Init>,
        media: Recorded,
    ) -> Option<LogEntry> {
        let (discontinuity_sequence, period_start) = match self.segments.last() {
            Some(last) if sequence <= last.sequence || span.start < last.span.start => return None,
            Some(last) => {
                // Without the mark, other tracks would be taken for those before.
                span.discontinuity |= init.id != last.init.id;
                match span.discontinuity {
                    false => (last.discontinuity_sequence, last.period_start),
                    true => (last.discontinuity_sequence + 1, span.start),
                }
            }
            None => {
                span.discontinuity = false;
                (0, span.start)
            }
        };
        Some(Segment { sequence, discontinuity_sequence, period_start, span, wall_time_ms, init, media })
    }

    /// A part of it, as a log of its own.
    fn of<'a>(segments: impl Iterator<Item = &'a LogEntry>) -> Self {
        let mut part = Self::default();
        for segment in segments {
            let Segment { sequence, span, wall_time_ms, init, media, .. } = segment.clone();
            part.place(sequence, span, wall_time_ms, init, media)
                .into_iter()
                .for_each(|entry| part.push(entry));
        }
        part
    }

    /// Whether there is no segment.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Size of all segments.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The longest segment.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// How long it plays. What is missing between two segments takes no time.
    pub fn duration(&self) -> Duration {
        let Some(last) = self.segments.last() else { return Duration::ZERO };
        self.position(self.segments.len() - 1).saturating_add(last.span.duration)
    }

    /// Where the segment at a place begins when all are played one after the other, as every player has it.
    pub fn position(&self, at: usize) -> Duration {
        self.positions.get(at).copied().unwrap_or_default()
    }

    /// Wall time of the first moment, in milliseconds since 1970-01-01.
    pub fn starts_at_ms(&self) -> Option<i64> {
        self.segments.first().map(|first| first.wall_time_ms)
    }

    /// What the last segment needs.
    pub fn newest_init(&self) -> Option<&Arc<Init>> {
        self.segments.last().map(|last| &last.init)
    }

    /// A segment by its number.
    pub fn segment(&self, sequence: u64) -> Option<&LogEntry> {
        let at = self.segments.binary_search_by_key(&sequence, |segment| segment.sequence).ok()?;
        self.segments.get(at)
    }

    /// The place of the segment that plays at a [`position`](Self::position): the last one that begins at it or before.
    pub fn place_at(&self, position: Duration) -> Option<usize> {
        self.positions.partition_point(|begins| *begins <= position).checked_sub(1)
    }

    /// The place of the first segment that ends after a wall time, in milliseconds since 1970-01-01.
    pub fn place_at_wall(&self, wall_time_ms: i64) -> usize {
        self.segments.partition_point(|segment| wall_end_ms(segment) <= wall_time_ms)
    }

    /// The segments from one position to another: from the one that plays there, where decoding can begin, to the one
    /// before the end.
    pub fn between(&self, from: Duration, to: Duration) -> Self {
        let first = self.place_at(from).unwrap_or(0);
        let first = (0..=first).rev().find(|&at| self.is_independent(at)).unwrap_or(first);
        let behind = self.positions.partition_point(|begins| *begins < to);
        Self::of(self.segments.get(first..behind).unwrap_or_default().iter())
    }

    /// The stretches that one init segment is good for, oldest first: each fits into one MP4 file. There are several when
    /// the encoder changed its tracks in the middle of a broadcast.
    pub fn parts(&self) -> Vec<Self> {
        self.segments.chunk_by(|a, b| a.init.id == b.init.id).map(|part| Self::of(part.iter())).collect()
    }

    /// The longest of its [`parts`](Self::parts).
    pub fn of_one_init(&self) -> Self {
        self.parts().into_iter().max_by_key(Self::duration).unwrap_or_default()
    }

    /// What a name in a playlist or a manifest stands for; `None` when it stands for nothing here.
    pub fn read(&self, name: &Name) -> Option<LogBytes> {
        match *name {
            Name::Ts { .. } => None,
            Name::Init { id } => Some(LogBytes::Bytes(self.init(id)?.bytes.clone())),
            Name::TrackInit { track_id, init_id } => {
                let init = self.init(init_id)?;
                let track = init.tracks.iter().find(|init| init.track.id == track_id)?;
                Some(LogBytes::Bytes(track.bytes.clone()))
            }
            Name::Fmp4 { sequence } => {
                let bytes = self.segment(sequence)?.media.bytes();
                Some(LogBytes::Object { sequence, ranges: one(0..bytes) })
            }
            Name::Track { track_id, init_id, start_ticks } => {
                let segment = self.segment_at_ticks(track_id, init_id, start_ticks)?;
                let ranges = segment.media.ranges_of(|of| of == track_id);
                Some(LogBytes::Object { sequence: segment.sequence, ranges })
            }
        }
    }

    /// What to take off the times of the fragments of a segment, so that all play one after the other from 0 on
    /// ([`mp4::rebase_fragments`], which changes no size): in the ticks of the track with this number in MP4.
    pub fn origin_ticks(&self, sequence: u64, track_number: u32) -> u64 {
        let at = self.segments.binary_search_by_key(&sequence, |segment| segment.sequence);
        let found = at.ok().and_then(|at| Some((self.segments.get(at)?, self.position(at))));
        let (Some((segment, position)), Some(first)) = (found, self.segments.first()) else { return 0 };
        let timescale = |track_id| {
            let mut tracks = first.init.tracks.iter();
            tracks.find(|init| init.track.id == track_id).map(|init| init.timescale)
        };
        // Sound may begin a little before the pictures.
        let starts = first.media.tracks.iter().filter_map(|span| {
            Some(Timestamp::from_ticks(i64::try_from(span.start_ticks).ok()?, timescale(span.track_id)?))
        });
        let start = starts.min().unwrap_or(first.span.start);
        let origin = start + segment.span.start.saturating_since(first.span.start) - position;
        let mut tracks = segment.init.tracks.iter();
        let track = tracks.find(|init| mp4::track_number(init.track.id) == track_number);
        track.map_or(0, |init| u64::try_from(origin.to_ticks(init.timescale)).unwrap_or(0))
    }

    /// Size of [`download`](Self::download).
    pub fn download_bytes(&self) -> u64 {
        let init = self.newest_init().map_or(0, |init| init.bytes.len() as u64);
        init.saturating_add(self.bytes)
    }

    /// A range of the recording as one fragmented MP4 file, in pieces of at most one segment each. Of a log as
    /// [`of_one_init`](Self::of_one_init) makes it.
    pub fn download(&self, range: Range<u64>) -> impl Iterator<Item = LogBytes> {
        let init = self.newest_init().map(|init| init.bytes.clone()).unwrap_or_default();
        let mut at = init.len() as u64;
        let head = cut(&range, 0..at);
        let head = head.and_then(|part| {
            Some(init.slice(usize::try_from(part.start).ok()?..usize::try_from(part.end).ok()?))
        });
        let pieces = self.segments.iter().filter_map(move |segment| {
            let start = at;
            at = at.saturating_add(segment.media.bytes());
            let part = cut(&range, start..at)?;
            let ranges = one(part.start - start..part.end - start);
            Some(LogBytes::Object { sequence: segment.sequence, ranges })
        });
        head.map(LogBytes::Bytes).into_iter().chain(pieces)
    }

    fn is_independent(&self, at: usize) -> bool {
        self.segments.get(at).is_some_and(|segment| segment.span.independent)
    }

    fn init(&self, id: u64) -> Option<&Arc<Init>> {
        // A number is that of the first segment that needs it, and grows.
        let first = self.segments.partition_point(|segment| segment.init.id < id);
        self.segments.get(first).map(|segment| &segment.init).filter(|init| init.id == id)
    }

    fn segment_at_ticks(&self, track_id: TrackId, init_id: u64, start_ticks: u64) -> Option<&LogEntry> {
        let first = self.segments.partition_point(|segment| segment.init.id < init_id);
        let of_init = self.segments.get(first..)?;
        let of_init = of_init.get(..of_init.partition_point(|segment| segment.init.id <= init_id))?;
        of_init.iter().find(|segment| {
            segment.media.track(track_id).is_some_and(|track| track.start_ticks == start_ticks)
        })
    }
}

impl Recorded {
    /// Where the bytes of a segment are when its fragments are written one after the other; `None` for MPEG-TS.
    fn of(segment: &Segment) -> Option<Self> {
        let crate::Media::Cmaf { tracks, fragments } = &segment.media else { return None };
        let runs = fragments.iter().map(|fragment| {
            Some(Run { track_id: fragment.track_id, bytes: u32::try_from(fragment.bytes.len()).ok()? })
        });
        Some(Self { tracks: tracks.clone().into(), runs: runs.collect::<Option<_>>()? })
    }

    /// Where the pieces of some tracks are in the object of the segment.
    pub fn ranges_of(&self, is_wanted: impl Fn(TrackId) -> bool) -> Vec<Range<u64>> {
        let mut at = 0;
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for run in &self.runs {
            let range = at..at + u64::from(run.bytes);
            at = range.end;
            if is_wanted(run.track_id) {
                match ranges.last_mut().filter(|last| last.end == range.start) {
                    Some(last) => last.end = range.end,
                    None => ranges.push(range),
                }
            }
        }
        ranges
    }
}

impl Listed for Recorded {
    fn is_ts(&self) -> bool {
        false
    }

    fn track(&self, track_id: TrackId) -> Option<&TrackSpan> {
        self.tracks.iter().find(|track| track.track_id == track_id)
    }

    fn bytes_of(&self, track_id: TrackId) -> u64 {
        self.runs.iter().filter(|run| run.track_id == track_id).map(|run| u64::from(run.bytes)).sum()
    }

    fn bytes(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.bytes)).sum()
    }
}

fn wall_end_ms(segment: &LogEntry) -> i64 {
    let duration_ms = i64::try_from(segment.span.duration.as_millis()).unwrap_or(i64::MAX);
    segment.wall_time_ms.saturating_add(duration_ms)
}

/// What two ranges have in common.
fn cut(a: &Range<u64>, b: Range<u64>) -> Option<Range<u64>> {
    let both = a.start.max(b.start)..a.end.min(b.end);
    (!both.is_empty()).then_some(both)
}

fn one(range: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(range).collect()
}

#[cfg(test)]
mod tests;
