//! A stored MP4 file as segments, made on request: the tables are written anew, the media is copied from the file.
//!
//! Nothing here reads the file. It is known by its [`mp4::Index`]; what is asked for comes as [`Piece`]s, some of which
//! are ranges of the file for the caller to read or to send.

mod ladder;
mod manifest;

pub use ladder::{Captions, Ladder};
pub use manifest::VodOptions;

use crate::Name;
use media::{MediaKind, Timestamp, TrackId};
use mp4::{Error, Index, Piece, StoredTrack, put_stored_fragments, stored_init_segment};
use std::ops::Range;
use std::time::Duration;

/// A stored file, cut into segments that every format shares.
#[derive(Debug)]
pub struct StoredVideo {
    index: Index,
    target: Duration,
    lead: Duration,
    segments: Vec<Segment>,
}

/// One segment: a part of each track, in the order of the index.
#[derive(Clone, Debug)]
struct Segment {
    span: Range<Timestamp>,
    parts: Vec<Part>,
}

/// One track's part of a segment.
#[derive(Clone, Debug)]
struct Part {
    /// Its samples; none where the track has ended or not begun.
    numbers: Range<u32>,
    /// When it is presented, in ticks of the track; each part begins where the one before ends.
    ticks: Range<u64>,
    media_bytes: u64,
}

impl StoredVideo {
    /// Cuts a file at the keyframes that are nearest to every `target`, at least [`TARGET_MIN`]. Tracks without samples
    /// are left out.
    ///
    /// Pictures that an edit list leaves out at the start, because the cut was not at a keyframe, are presented all the
    /// same, and everything is so much later: players of segments drop all pictures up to the next keyframe otherwise.
    pub fn new(mut index: Index, target: Duration) -> Result<Self, Error> {
        let target = target.max(TARGET_MIN);
        index.tracks.retain(|track| !track.samples.is_empty());
        let lead = index.tracks.iter().map(unpresented_lead).max().unwrap_or_default();
        for track in &mut index.tracks {
            let lead_ticks = (Timestamp::ZERO + lead).to_ticks(track.timescale);
            track.edit.delay_ticks = track.edit.delay_ticks.saturating_add(lead_ticks);
        }
        let segments = cut(&index, target)?;
        Ok(Self { index, target, lead, segments })
    }

    /// What is known of the file.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.index.end().saturating_since(Timestamp::ZERO)
    }

    /// How much later everything is presented than the file says.
    pub fn lead(&self) -> Duration {
        self.lead
    }

    /// The memory it takes: the index, and a few bytes for each segment of each track.
    pub fn memory_bytes(&self) -> usize {
        let parts: usize = self.segments.iter().map(|segment| segment.parts.capacity()).sum();
        let segments = self.segments.capacity() * size_of::<Segment>() + parts * size_of::<Part>();
        size_of::<Self>() + self.index.memory_bytes() + segments
    }

    /// When a segment is presented; `None` behind the last one.
    pub fn segment_span(&self, sequence: u64) -> Option<Range<Timestamp>> {
        Some(self.segments.get(usize::try_from(sequence).ok()?)?.span.clone())
    }

    /// The number of the segment that is presented at a moment: the last one that begins at it or before.
    pub fn segment_at(&self, moment: Timestamp) -> Option<u64> {
        let behind = self.segments.partition_point(|segment| segment.span.start <= moment);
        (!self.segments.is_empty()).then(|| behind.saturating_sub(1) as u64)
    }

    /// What a name in a playlist or a manifest stands for; `None` when it stands for nothing here.
    pub fn read(&self, name: &Name) -> Option<Result<Vec<Piece>, Error>> {
        match *name {
            Name::Init { id: INIT_ID } => Some(self.init(|_| true)),
            Name::TrackInit { track_id, init_id: INIT_ID } => {
                let _ = self.track(track_id)?;
                Some(self.init(|track| track == track_id))
            }
            Name::Fmp4 { sequence } => self.segment_of(sequence, |_| true),
            Name::Track { track_id, init_id: INIT_ID, start_ticks } => {
                let (at, _) = self.track(track_id)?;
                let starts_before = |segment: &Segment| {
                    segment.parts.get(at).is_some_and(|part| part.ticks.start < start_ticks)
                };
                let first = self.segments.partition_point(starts_before);
                let mut rest = self.segments.iter().skip(first);
                let has_part = |part: &Part| part.ticks.start == start_ticks && !part.numbers.is_empty();
                let segment = rest.find(|segment| segment.parts.get(at).is_some_and(has_part))?;
                Some(self.fragments(segment, |track| track == track_id))
            }
            Name::Ts { .. } | Name::Init { .. } | Name::TrackInit { .. } | Name::Track { .. } => None,
        }
    }

    /// The init segment of some tracks together.
    pub fn init(&self, is_wanted: impl Fn(TrackId) -> bool) -> Result<Vec<Piece>, Error> {
        let tracks: Vec<_> = self.index.tracks.iter().filter(|track| is_wanted(track.track.id)).collect();
        Ok(vec![Piece::Bytes(stored_init_segment(&tracks, self.index.end())?)])
    }

    /// A segment of some tracks together; `None` behind the last one.
    pub fn segment_of(
        &self,
        sequence: u64,
        is_wanted: impl Fn(TrackId) -> bool,
    ) -> Option<Result<Vec<Piece>, Error>> {
        let segment = self.segments.get(usize::try_from(sequence).ok()?)?;
        Some(self.fragments(segment, is_wanted))
    }

    fn fragments(&self, segment: &Segment, is_wanted: impl Fn(TrackId) -> bool) -> Result<Vec<Piece>, Error> {
        let mut pieces = Vec::new();
        let parts = self.index.tracks.iter().zip(&segment.parts);
        let chosen = || parts.clone().filter(|(track, _)| is_wanted(track.track.id));
        // Rises from fragment to fragment, also over segments, as each fragment has a sample.
        let mut sequence = chosen().fold(0u32, |sum, (_, part)| sum.saturating_add(part.numbers.start));
        for (track, part) in chosen() {
            put_stored_fragments(&mut pieces, &mut sequence, track, part.numbers.clone())?;
        }
        Ok(pieces)
    }

    fn track(&self, track_id: TrackId) -> Option<(usize, &StoredTrack)> {
        self.index.tracks.iter().enumerate().find(|(_, track)| track.track.id == track_id)
    }
}

/// How much of the first pictures an edit list leaves out.
fn unpresented_lead(track: &StoredTrack) -> Duration {
    if track.track.id.kind != MediaKind::Video {
        return Duration::ZERO; // sound that is left out is what its decoder needs to get going
    }
    let first_group = 0..track.samples.sync_at_or_after(1).unwrap_or(u32::MAX);
    let presented = track.samples.samples(first_group).map(|sample| track.time(sample.pts()));
    Timestamp::ZERO.saturating_since(presented.min().unwrap_or(Timestamp::ZERO))
}

/// Cuts all tracks where the leading one is cut.
fn cut(index: &Index, target: Duration) -> Result<Vec<Segment>, Error> {
    let Some((leader_at, leader)) = index.leader().and_then(|at| Some((at, index.tracks.get(at)?))) else {
        return Ok(Vec::new());
    };
    let mut segments = Vec::new();
    let mut next = vec![0u32; index.tracks.len()];
    let mut next_ticks: Vec<_> = index.tracks.iter().map(|track| presented_ticks(track, 0)).collect();
    let mut start = first_time(index);
    while let Some(head) = heads(index, &next).min() {
        if segments.len() >= PARTS_MAX / index.tracks.len().max(1) {
            let (value, max) = ((segments.len() + 1) * index.tracks.len(), PARTS_MAX);
            return Err(Error::Limit { what: "segments times tracks", value: value as u64, max: max as u64 });
        }
        // A pause longer than a segment is no segment of its own.
        let wanted = if head > start + target { head } else { start } + target;
        let of_leader = next.get(leader_at).and_then(|&from| nearest_cut(leader, from, wanted));
        let end = match of_leader {
            Some(number) => leader.samples.get(number).map(|sample| leader.time(sample.pts())),
            None => next.get(leader_at).filter(|&&from| from < leader.samples.len()).map(|_| leader.end()),
        };
        // Behind the end of the leader the others go on alone; a rest that is no segment joins the one before.
        let end = end.unwrap_or(wanted);
        let is_last = of_leader.is_none() && index.end() <= end + target / 2;
        let numbers = index.tracks.iter().zip(&next).enumerate().map(|(at, (track, &from))| {
            let to = match of_leader {
                _ if is_last => track.samples.len(),
                Some(number) if at == leader_at => number,
                None if at == leader_at => track.samples.len(),
                _ => track.first_from(end),
            };
            from..to.max(from)
        });
        let mut numbers: Vec<_> = numbers.collect();
        if numbers.iter().all(Range::is_empty) {
            // Times beyond all measure, in a broken file, must not hold it up.
            numbers =
                index.tracks.iter().zip(&next).map(|(track, &from)| from..track.samples.len()).collect();
        }
        next.iter_mut().zip(&numbers).for_each(|(next, numbers)| *next = numbers.end);
        let tracks = index.tracks.iter().zip(numbers).zip(&mut next_ticks);
        let parts = tracks.map(|((track, numbers), ticks)| part(track, numbers, ticks)).collect();
        let end = if is_last { index.end().max(end) } else { end };
        segments.push(Segment { span: start..end.max(start), parts });
        start = end.max(start);
    }
    Ok(segments)
}

/// The part of these samples, which begins at `next_ticks` and moves that to its end.
fn part(track: &StoredTrack, numbers: Range<u32>, next_ticks: &mut u64) -> Part {
    let start = *next_ticks;
    if !numbers.is_empty() {
        // Every part has a time of its own, by which it is named, also where pictures are presented in an odd order.
        *next_ticks = presented_ticks(track, numbers.end).max(start.saturating_add(1));
    }
    let media_bytes = track.samples.samples(numbers.clone()).map(|sample| u64::from(sample.size)).sum();
    Part { ticks: start..*next_ticks, numbers, media_bytes }
}

/// When a sample is presented, or when the last one ends, in ticks of the presentation.
fn presented_ticks(track: &StoredTrack, number: u32) -> u64 {
    let pts = track.samples.get(number).map_or(track.samples.end_pts(), |sample| sample.pts());
    u64::try_from(pts.saturating_add(track.edit_offset_ticks())).unwrap_or(0)
}

/// The sample of the leading track behind `from` that decoding can start with and that is presented nearest a moment;
/// `None` when the end of the track is nearer.
fn nearest_cut(leader: &StoredTrack, from: u32, moment: Timestamp) -> Option<u32> {
    let guess = leader.first_from(moment).max(from.saturating_add(1));
    let before = leader.samples.sync_at_or_before(guess).filter(|&number| number > from);
    let behind = leader.samples.sync_at_or_after(guess);
    let distance = |time: Timestamp| time.micros_since(moment).unsigned_abs();
    let with_distance = |number: u32| {
        let sample = leader.samples.get(number)?;
        Some((distance(leader.time(sample.pts())), number))
    };
    let (nearest, number) = before.into_iter().chain(behind).filter_map(with_distance).min()?;
    (nearest < distance(leader.end())).then_some(number)
}

fn first_time(index: &Index) -> Timestamp {
    heads(index, &vec![0; index.tracks.len()]).min().unwrap_or(Timestamp::ZERO).max(Timestamp::ZERO)
}

fn heads<'a>(index: &'a Index, next: &'a [u32]) -> impl Iterator<Item = Timestamp> + 'a {
    let heads = index.tracks.iter().zip(next);
    heads.filter_map(|(track, &next)| track.samples.get(next).map(|sample| track.time(sample.dts)))
}

/// A day of three tracks in segments of a second.
const PARTS_MAX: usize = 1 << 18;
/// A file has one init segment for all of it.
const INIT_ID: u64 = 0;
/// Shorter segments make more requests than a viewer gains by them.
pub const TARGET_MIN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
