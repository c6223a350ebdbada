//! Where a stream is cut into segments.

use media::{MediaKind, Packet, Timestamp, TrackId};
use std::time::Duration;

/// Decides, unit by unit, where a new segment starts.
///
/// Call [`place`](Self::place) with every coded picture and sound in the order they will be muxed, and
/// [`finish`](Self::finish) when the stream ends. One track leads: pictures are cut at the first keyframe at or
/// after the target, sound at the target; the other tracks follow. A segment never grows beyond its maximum: one
/// that meets no keyframe is cut anyway and the next one is marked as not independent. A discontinuity always cuts.
#[derive(Clone, Debug)]
pub struct Segmenter {
    limits: SegmenterLimits,
    lead: TrackId,
    config_changed: bool,
    /// When the first unit came that was left out while waiting for a keyframe.
    waiting_since: Option<Timestamp>,
    open: Option<Open>,
}

/// How long a segment should be and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmenterLimits {
    /// A segment is cut at the first keyframe from here on.
    pub target: Duration,
    /// A segment without a further keyframe is cut here all the same.
    pub segment_max: Duration,
}

impl SegmenterLimits {
    /// With a maximum of three times the target.
    pub fn from_target(target: Duration) -> Self {
        Self { target, segment_max: target.saturating_mul(3) }
    }
}

/// What the segmenter needs to know of one coded picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The track it belongs to; data never moves a cut.
    pub track_id: TrackId,
    /// Decode time.
    pub dts: Timestamp,
    /// Whether a decoder can start here; pictures only.
    pub is_keyframe: bool,
    /// Whether what came before does not join up with it.
    pub discontinuity: bool,
}

impl From<&Packet> for Unit {
    fn from(packet: &Packet) -> Self {
        Self {
            track_id: packet.track_id,
            dts: packet.dts,
            is_keyframe: packet.is_keyframe(),
            discontinuity: packet.discontinuity,
        }
    }
}

/// Where a unit belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Placement {
    /// To no segment: a viewer could not start with it.
    Skip,
    /// To the open segment.
    Inside,
    /// To a new segment, which it opens; `finished` is the one it closes, if any was open.
    Start {
        /// The segment that ended before this unit.
        finished: Option<Span>,
    },
}

/// The place of a finished segment on the timeline, and how it joins what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Decode time of its first unit; never before the end of an earlier segment.
    pub start: Timestamp,
    /// Up to the start of the next segment, or to the end of its own last unit before a discontinuity.
    pub duration: Duration,
    /// Whether a decoder can start at its beginning.
    pub independent: bool,
    /// Whether it does not join up with the segment before, in time or in decoder config.
    pub discontinuity: bool,
}

#[derive(Clone, Debug)]
struct Open {
    start: Timestamp,
    discontinuity: bool,
    /// Whether the first picture of the leading track is a keyframe, once there is one.
    starts_decodable: Option<bool>,
    tracks: Vec<Pace>,
}

/// How fast the units of a track follow each other.
#[derive(Clone, Copy, Debug)]
struct Pace {
    track_id: TrackId,
    /// Decode time of the last unit in the open segment, if there is one.
    last: Option<Timestamp>,
    interval: Duration,
}

/// Encoders round the times of their keyframes (RTMP: to a millisecond) and some jitter: a keyframe this little
/// before the target is taken, where the next one would make a segment of twice the length.
const EARLY_MAX: Duration = Duration::from_millis(50);

/// What is believed of the duration of the last unit before a discontinuity.
const LAST_UNIT_DURATION_MAX: Duration = Duration::from_secs(1);

impl Segmenter {
    /// Of a stream led by `lead`: its default video track, or its audio track when it has no pictures.
    pub fn new(limits: SegmenterLimits, lead: TrackId) -> Self {
        Self { limits, lead, config_changed: false, waiting_since: None, open: None }
    }

    /// Tells that a decoder config changed or a track came or went: the next unit opens a new segment, marked as a
    /// discontinuity.
    pub fn config_changed(&mut self, lead: TrackId) {
        self.lead = lead;
        self.config_changed = self.open.is_some();
    }

    /// Says where the next unit belongs.
    pub fn place(&mut self, unit: &Unit) -> Placement {
        let Some(open) = &mut self.open else { return self.place_first(unit) };
        if unit.track_id.kind == MediaKind::Data {
            return Placement::Inside;
        }
        let is_break = self.config_changed || open.is_broken_by(unit);
        if !is_break && !open.is_cut_by(unit, self.lead, self.limits) {
            open.add(unit, self.lead);
            return Placement::Inside;
        }
        self.config_changed = false;
        // A unit of a track that lags behind cannot open a segment before the one it closes.
        let start = unit.dts.max(open.start);
        let finished = open.span(if is_break { open.end().min(start) } else { start });
        open.restart(start, is_break);
        open.add(unit, self.lead);
        Placement::Start { finished: Some(finished) }
    }

    /// Ends the stream: the segment that was open, if any. What is placed next starts afresh.
    pub fn finish(&mut self) -> Option<Span> {
        self.config_changed = false;
        self.waiting_since = None;
        let open = self.open.take()?;
        Some(open.span(open.end()))
    }

    fn place_first(&mut self, unit: &Unit) -> Placement {
        let can_start = match unit.track_id.kind {
            MediaKind::Video => unit.is_keyframe && unit.track_id == self.lead,
            MediaKind::Audio => self.lead.kind != MediaKind::Video,
            MediaKind::Data => return Placement::Skip,
        };
        let waiting_since = *self.waiting_since.get_or_insert(unit.dts);
        if !can_start && unit.dts.saturating_since(waiting_since) < self.limits.segment_max {
            return Placement::Skip;
        }
        self.waiting_since = None;
        let mut open =
            Open { start: unit.dts, discontinuity: false, starts_decodable: None, tracks: Vec::new() };
        open.add(unit, self.lead);
        self.open = Some(open);
        Placement::Start { finished: None }
    }
}

impl Open {
    fn restart(&mut self, start: Timestamp, discontinuity: bool) {
        (self.start, self.discontinuity, self.starts_decodable) = (start, discontinuity, None);
        for pace in &mut self.tracks {
            pace.last = None;
        }
    }

    /// A jump shows on the first unit of every track behind it; only the first of them breaks the segment.
    fn is_broken_by(&self, unit: &Unit) -> bool {
        unit.discontinuity && (!self.discontinuity || self.has_unit_of(unit.track_id))
    }

    fn is_cut_by(&self, unit: &Unit, lead: TrackId, limits: SegmenterLimits) -> bool {
        let elapsed = unit.dts.saturating_since(self.start);
        if elapsed >= limits.segment_max {
            return true;
        }
        let is_good_place = if unit.track_id == lead {
            unit.is_keyframe || lead.kind != MediaKind::Video
        } else {
            // The leading track fell silent: the others go on without it.
            !self.has_unit_of(lead)
        };
        is_good_place && elapsed.saturating_add(EARLY_MAX.min(limits.target / 4)) >= limits.target
    }

    fn add(&mut self, unit: &Unit, lead: TrackId) {
        if unit.track_id == lead && lead.kind == MediaKind::Video {
            self.starts_decodable.get_or_insert(unit.is_keyframe);
        }
        let pace = match self.tracks.iter_mut().find(|pace| pace.track_id == unit.track_id) {
            Some(pace) => pace,
            None => {
                self.tracks.push_mut(Pace { track_id: unit.track_id, last: None, interval: Duration::ZERO })
            }
        };
        if let Some(last) = pace.last {
            pace.interval = unit.dts.saturating_since(last).min(LAST_UNIT_DURATION_MAX);
        }
        pace.last = pace.last.max(Some(unit.dts));
    }

    fn has_unit_of(&self, track_id: TrackId) -> bool {
        self.tracks.iter().any(|pace| pace.track_id == track_id && pace.last.is_some())
    }

    /// The end of the last unit, as far as the units before it tell.
    fn end(&self) -> Timestamp {
        self.tracks
            .iter()
            .filter_map(|pace| Some(pace.last? + pace.interval))
            .max()
            .unwrap_or(self.start)
            .max(self.start)
    }

    fn span(&self, end: Timestamp) -> Span {
        Span {
            start: self.start,
            duration: end.saturating_since(self.start),
            independent: self.starts_decodable.unwrap_or(true),
            discontinuity: self.discontinuity,
        }
    }
}

#[cfg(test)]
mod tests;
