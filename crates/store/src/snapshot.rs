use crate::window::LISTED_MIN;
use crate::{Error, Init, Limits, NewInit, NewSegment, Segment, WindowKind};
use media::{Timestamp, TrackId};
use std::sync::Arc;
use std::time::Duration;

/// A log at one moment. Nothing in it changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    kind: WindowKind,
    version: u64,
    first_sequence: u64,
    next_sequence: u64,
    is_ended: bool,
    /// What the next segment will need.
    init: Option<Arc<Init>>,
    /// All segments kept, oldest first, numbered without a hole.
    segments: Vec<Arc<Segment>>,
    /// How many of them left the list.
    unlisted: usize,
    bytes: usize,
    longest: Duration,
    origin_wall_ms: Option<i64>,
    dropped_for_bytes: u64,
}

impl Snapshot {
    /// A number that grows with every change of the log; answers made from a snapshot can be kept under it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The segments a playlist shows, oldest first.
    pub fn listed(&self) -> &[Arc<Segment>] {
        self.segments.get(self.unlisted..).unwrap_or_default()
    }

    /// A segment by its number; `None` when it is not kept any more, or not there yet.
    pub fn segment(&self, sequence: u64) -> Option<&Arc<Segment>> {
        let oldest = self.segments.first()?.sequence;
        self.segments.get(usize::try_from(sequence.checked_sub(oldest)?).ok()?)
    }

    /// The segment that is being played at a moment: the last one that starts at it or before.
    pub fn segment_at(&self, moment: Timestamp) -> Option<&Arc<Segment>> {
        let after = self.segments.partition_point(|segment| segment.span.start <= moment);
        self.segments.get(after.checked_sub(1)?)
    }

    /// The segment whose part of a track starts exactly at a tick.
    pub fn segment_at_ticks(&self, track_id: TrackId, start_ticks: u64) -> Option<&Arc<Segment>> {
        self.segments
            .iter()
            .rev()
            .find(|segment| segment.track(track_id).is_some_and(|track| track.start_ticks == start_ticks))
    }

    /// An init segment by its number, while a segment kept or to come needs it.
    pub fn init(&self, id: u64) -> Option<&Arc<Init>> {
        let newest_first = self.segments.iter().rev().map(|segment| &segment.init);
        self.init.iter().chain(newest_first).find(|init| init.id == id)
    }

    /// What the newest segment needs; before there is one, what the first one will need.
    pub fn newest_init(&self) -> Option<&Arc<Init>> {
        self.segments.last().map(|segment| &segment.init).or(self.init.as_ref())
    }

    /// The number the first segment of the log has or will have.
    pub fn first_sequence(&self) -> u64 {
        self.first_sequence
    }

    /// The number the next segment will have.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// How many discontinuities left the list.
    pub fn discontinuity_sequence(&self) -> u64 {
        self.listed().first().map_or(0, |first| {
            // The mark of the first listed segment is still to be seen there.
            first.discontinuity_sequence.saturating_sub(u64::from(first.span.discontinuity))
        })
    }

    /// Whether the stream has ended.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether the list holds everything from the start, and is meant to.
    pub fn is_whole_event(&self) -> bool {
        let oldest = self.listed().first().map_or(self.first_sequence, |segment| segment.sequence);
        self.kind == WindowKind::Event && oldest == self.first_sequence
    }

    /// The longest segment there ever was.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// Bytes of all segments kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many segments left the list before their time because of [`Limits::bytes_max`].
    pub fn dropped_for_bytes(&self) -> u64 {
        self.dropped_for_bytes
    }

    /// Wall time of the origin of the timeline by the first segment of the log, in milliseconds since 1970-01-01.
    pub fn origin_wall_ms(&self) -> Option<i64> {
        self.origin_wall_ms
    }

    pub(crate) fn new(kind: WindowKind, first_sequence: u64) -> Self {
        Self {
            kind,
            version: 0,
            first_sequence,
            next_sequence: first_sequence,
            is_ended: false,
            init: None,
            segments: Vec::new(),
            unlisted: 0,
            bytes: 0,
            longest: Duration::ZERO,
            origin_wall_ms: None,
            dropped_for_bytes: 0,
        }
    }

    pub(crate) fn has_init(&self, init: &NewInit) -> bool {
        self.init.as_ref().is_some_and(|old| old.bytes == init.bytes && old.tracks == init.tracks)
    }

    pub(crate) fn set_init(&mut self, init: NewInit) {
        // The number of the first segment that needs it: as unique as that.
        let id = self.next_sequence;
        self.version += 1;
        self.init = Some(Arc::new(Init { id, tracks: init.tracks, bytes: init.bytes }));
    }

    pub(crate) fn end(&mut self) {
        self.version += 1;
        self.is_ended = true;
    }

    /// Whether a segment may be appended; then the init segment it needs.
    pub(crate) fn check(&self, segment: &NewSegment, limits: &Limits) -> Result<Arc<Init>, Error> {
        let start = segment.span.start;
        if self.is_ended {
            return Err(Error::Ended { start });
        }
        if let Some(last) = self.segments.last().map(|last| last.span.start).filter(|last| start < *last) {
            return Err(Error::StartWentBack { start, last });
        }
        let (bytes, bytes_max) = (segment.media.len(), limits.bytes_max);
        if bytes > bytes_max {
            return Err(Error::TooLarge { start, bytes, bytes_max });
        }
        self.init.clone().ok_or(Error::NoInit { start })
    }

    pub(crate) fn append(&mut self, segment: NewSegment, init: Arc<Init>, limits: &Limits) -> Arc<Segment> {
        let NewSegment { span, wall_time_ms, media } = segment;
        let (discontinuities, period_start) = match self.segments.last() {
            Some(last) if !span.discontinuity => (last.discontinuity_sequence, last.period_start),
            Some(last) => (last.discontinuity_sequence + 1, span.start),
            None => (u64::from(span.discontinuity), span.start),
        };
        let segment = Arc::new(Segment {
            sequence: self.next_sequence,
            discontinuity_sequence: discontinuities,
            period_start,
            span,
            wall_time_ms,
            init,
            media,
        });
        self.version += 1;
        self.next_sequence += 1;
        self.bytes = self.bytes.saturating_add(segment.len());
        self.longest = self.longest.max(span.duration);
        self.origin_wall_ms.get_or_insert(wall_time_ms.saturating_sub(span.start.as_millis()));
        self.segments.push(Arc::clone(&segment));
        self.evict(limits);
        segment
    }

    fn evict(&mut self, limits: &Limits) {
        if limits.kind == WindowKind::Live {
            self.unlisted = self.segments.len() - listed_count(self.listed(), limits);
        }
        let mut gone = self.unlisted.saturating_sub(limits.keep_after_list);
        let mut bytes = self.bytes;
        for (index, segment) in self.segments.iter().enumerate() {
            if index >= gone {
                if bytes <= limits.bytes_max {
                    break;
                }
                gone = index + 1;
            }
            bytes = bytes.saturating_sub(segment.len());
        }
        self.dropped_for_bytes += gone.saturating_sub(self.unlisted) as u64;
        self.segments.drain(..gone);
        self.unlisted = self.unlisted.saturating_sub(gone);
        self.bytes = bytes;
    }
}

/// How many of the newest segments a live list shows.
fn listed_count(listed: &[Arc<Segment>], limits: &Limits) -> usize {
    let mut covered = Duration::ZERO;
    let newest_first = listed.iter().rev();
    let enough = newest_first.take_while(|segment| {
        let is_short = covered < limits.window_duration;
        covered = covered.saturating_add(segment.span.duration);
        is_short
    });
    enough.count().min(limits.window_segments).max(LISTED_MIN.min(listed.len()))
}
