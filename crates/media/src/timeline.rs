//! The one place where time is made right. What publishers send wraps, jumps, starts anywhere, runs at the wrong
//! speed and comes out of order; what leaves here goes on from where it was, per track never back, with every jump
//! marked. No later stage repairs timestamps.

use crate::{MediaKind, Packet, PacketKind, Timestamp, TrackId};
use std::time::Duration;

/// Turns the publisher's time (**wire time**) into the stream's own (**stream time**).
///
/// Each track has an anchor: a wire time and the stream time it stands for. A packet that comes shortly after it is
/// placed relative to it. One that does not is a jump, and its track gets a new anchor: that of another track which
/// already made this jump, so that sound and pictures stay together, or else one right after everything placed so far.
/// Packets still from before the jump keep the anchor of their own track.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Where the next packet goes when no track has an anchor.
    start: Timestamp,
    /// After this many microseconds the wire clock begins again.
    wrap_micros: Option<i64>,
    highest: Timestamp,
    tracks: Vec<TrackTime>,
}

/// What is remembered of one track.
#[derive(Clone, Copy, Debug)]
struct TrackTime {
    id: TrackId,
    /// The decode time given last.
    last: Option<Timestamp>,
    anchor: Option<Anchor>,
    /// The publisher was away since the last packet.
    is_resumed: bool,
    /// The latest distance between two packets: what follows a jump keeps it.
    step_micros: i64,
    audio_clock: Option<AudioClock>,
}

/// "This wire time is this stream time."
#[derive(Clone, Copy, Debug)]
struct Anchor {
    wire: Timestamp,
    placed: Timestamp,
}

/// Where a wire time belongs.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Where the track's own anchor says.
    Own(Timestamp),
    /// Where another track's anchor says.
    Followed(Timestamp),
    /// Nowhere near: it gets a time of its own.
    New(Timestamp),
}

impl Timeline {
    /// A timeline whose first packet is at `origin`, which leaves room for a track that begins a little earlier.
    /// `wrap` is the period of the wire clock: 2³² ms for RTMP, 2³³ ticks of 90 kHz for MPEG-TS.
    pub fn new(origin: Timestamp, wrap: Option<Duration>) -> Self {
        Self { start: origin, wrap_micros: wrap_micros(wrap), highest: origin, tracks: Vec::new() }
    }

    /// Says anew how often the wire clock begins again; a publisher that takes over may speak another protocol.
    pub fn set_wrap(&mut self, wrap: Option<Duration>) {
        self.wrap_micros = wrap_micros(wrap);
    }

    /// Says how long the packets of a sound track last, so that they are placed at exact sample positions as long as
    /// the wire agrees within 30 ms. 0 of either means that they differ, as after a change to Opus.
    pub fn set_audio_clock(&mut self, track_id: TrackId, samples_per_packet: u32, sample_rate: u32) {
        let mut track = self.track(track_id);
        track.audio_clock = AudioClock::new(samples_per_packet, sample_rate, track.audio_clock);
        self.keep(track);
    }

    /// The publisher came back after `elapsed`: what comes next goes on that much after the highest time so far,
    /// wherever its wire time begins, and is marked.
    pub fn resume(&mut self, elapsed: Duration) {
        self.start = self.highest + elapsed;
        for track in &mut self.tracks {
            track.is_resumed |= track.anchor.is_some();
            track.anchor = None;
        }
    }

    /// The highest stream time given so far to a picture or a sound; the origin before the first.
    pub fn now(&self) -> Timestamp {
        self.highest
    }

    /// Replaces a packet's wire times by stream times, and marks it when it is the first of its track after a jump.
    ///
    /// Only coded pictures and sounds move time. Decoder configs and data often bear made-up times; they are placed
    /// among what is there.
    pub fn place(&mut self, packet: &mut Packet) {
        let wire = packet.dts;
        let composition_micros = self.distance(packet.pts, wire);
        let mut track = self.track(packet.track_id);
        if packet.kind == PacketKind::Config || packet.track_id.kind == MediaKind::Data {
            packet.dts = self.beside(&track, wire);
        } else {
            let place = self.find(&track, wire);
            packet.discontinuity |= track.is_jump(place, self.distance_from_anchor(&track, wire));
            packet.dts = track.take(wire, place);
            self.highest = self.highest.max(packet.dts);
        }
        packet.pts = shift(packet.dts, composition_micros).max(Timestamp::ZERO);
        track.last = Some(packet.dts);
        self.keep(track);
    }

    /// Where a coded picture or sound belongs.
    fn find(&self, track: &TrackTime, wire: Timestamp) -> Place {
        let own_micros = self.distance_from_anchor(track, wire);
        let own = track.anchor.zip(own_micros).map(|(anchor, micros)| (shift(anchor.placed, micros), micros));
        let own = match own {
            // The usual case. No jump of another track can explain such a step better.
            Some((placed, 0..=BACKWARD_MAX_MICROS)) => return Place::Own(placed),
            own => own.filter(|(_, micros)| (-BACKWARD_MAX_MICROS..=FORWARD_MAX_MICROS).contains(micros)),
        };
        let own = own.map(|(placed, _)| placed);
        let is_forward = |placed: Timestamp| {
            track.last.is_none_or(|last| placed.micros_since(last) >= -BACKWARD_MAX_MICROS)
        };
        let followed = self.nearby(track.id, wire).filter(|&placed| is_forward(placed));
        let followed = followed.min_by_key(|&placed| self.distance_from_now(placed));
        match (own, followed) {
            (Some(own), Some(followed))
                if self.distance_from_now(followed) + FOLLOW_GAIN_MICROS < self.distance_from_now(own) =>
            {
                Place::Followed(followed)
            }
            (Some(own), _) => Place::Own(own),
            (None, Some(followed)) => Place::Followed(followed),
            (None, None) if self.tracks.iter().all(|track| track.anchor.is_none()) => Place::New(self.start),
            (None, None) => Place::New(shift(self.highest, track.step_micros)),
        }
    }

    /// Where the other tracks' anchors put a wire time, of those it comes near to.
    fn nearby(&self, id: TrackId, wire: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.tracks.iter().filter(move |other| other.id != id).filter_map(move |other| {
            let anchor = other.anchor?;
            let micros = self.distance(wire, anchor.wire);
            (-NEAR_MICROS..=NEAR_MICROS).contains(&micros).then(|| shift(anchor.placed, micros))
        })
    }

    /// Where a decoder config or data belongs: never before what its track had, never after everything there is.
    fn beside(&self, track: &TrackTime, wire: Timestamp) -> Timestamp {
        // Before the first picture or sound nobody knows how early the track will begin.
        let lowest = track.last.unwrap_or(Timestamp::ZERO);
        if self.tracks.iter().all(|track| track.anchor.is_none()) {
            return lowest;
        }
        let own_micros = self.distance_from_anchor(track, wire);
        let own_micros = own_micros.filter(|micros| (-NEAR_MICROS..=NEAR_MICROS).contains(micros));
        let own = track.anchor.zip(own_micros).map(|(anchor, micros)| shift(anchor.placed, micros));
        let near =
            own.or_else(|| self.nearby(track.id, wire).min_by_key(|&placed| self.distance_from_now(placed)));
        let fallback = if track.id.kind == MediaKind::Data { self.highest } else { lowest };
        near.unwrap_or(fallback).min(self.highest).max(lowest)
    }

    /// Microseconds from `from` to `wire` on the wire clock, the short way round.
    fn distance(&self, wire: Timestamp, from: Timestamp) -> i64 {
        let micros = wire.micros_since(from);
        let Some(wrap) = self.wrap_micros else { return micros };
        match micros.rem_euclid(wrap) {
            ahead if ahead > wrap / 2 => ahead - wrap,
            ahead => ahead,
        }
    }

    fn distance_from_anchor(&self, track: &TrackTime, wire: Timestamp) -> Option<i64> {
        track.anchor.map(|anchor| self.distance(wire, anchor.wire))
    }

    fn distance_from_now(&self, placed: Timestamp) -> u64 {
        placed.micros_since(self.highest).unsigned_abs()
    }

    /// A copy of what is remembered of a track, to be given back to [`keep`](Self::keep).
    fn track(&self, id: TrackId) -> TrackTime {
        let known = self.tracks.iter().find(|track| track.id == id).copied();
        known.unwrap_or(TrackTime {
            id,
            last: None,
            anchor: None,
            is_resumed: false,
            step_micros: 0,
            audio_clock: None,
        })
    }

    /// The number of tracks is bounded by what a [`TrackId`] can name.
    fn keep(&mut self, track: TrackTime) {
        match self.tracks.iter_mut().find(|known| known.id == track.id) {
            Some(known) => *known = track,
            None => self.tracks.push(track),
        }
    }
}

impl TrackTime {
    /// Whether a packet does not join up with the one before it.
    fn is_jump(&self, place: Place, own_micros: Option<i64>) -> bool {
        if self.is_resumed {
            return true;
        }
        let Some((anchor, own_micros)) = self.anchor.zip(own_micros) else {
            return false; // The first one of its track joins up with nothing, and need not.
        };
        match place {
            Place::Own(_) => false,
            Place::New(_) => true,
            // A track that was silent for long is found again by the others' anchors, and has not jumped.
            Place::Followed(placed) => {
                let off = placed.micros_since(shift(anchor.placed, own_micros));
                off.unsigned_abs() > SAME_MICROS
            }
        }
    }

    /// The decode time of a packet that belongs at `place`.
    fn take(&mut self, wire: Timestamp, place: Place) -> Timestamp {
        let (Place::Own(placed) | Place::Followed(placed) | Place::New(placed)) = place;
        if let (Place::Own(_), Some(anchor)) = (place, self.anchor) {
            let step_micros = placed.micros_since(anchor.placed);
            if (1..=BACKWARD_MAX_MICROS).contains(&step_micros) {
                self.step_micros = step_micros;
            }
            // After a small step back the anchor stays, so that several do not add up unseen.
            if step_micros > 0 {
                self.anchor = Some(Anchor { wire, placed });
            }
        } else {
            self.anchor = Some(Anchor { wire, placed });
            self.audio_clock = self.audio_clock.map(|clock| AudioClock { next: None, ..clock });
        }
        self.is_resumed = false;
        let smooth = match &mut self.audio_clock {
            Some(clock) => clock.smooth(placed),
            None => placed,
        };
        smooth.max(self.last.unwrap_or(Timestamp::ZERO)).max(Timestamp::ZERO)
    }
}

/// Counts samples, to undo what rounding wire times to milliseconds did.
#[derive(Clone, Copy, Debug)]
struct AudioClock {
    samples_per_packet: u32,
    sample_rate: u32,
    /// Where the next packet is expected, in samples since the origin.
    next: Option<i64>,
}

impl AudioClock {
    fn new(samples_per_packet: u32, sample_rate: u32, old: Option<Self>) -> Option<Self> {
        let new = Self { samples_per_packet, sample_rate, next: None };
        let is_same =
            |old: &Self| (old.samples_per_packet, old.sample_rate) == (samples_per_packet, sample_rate);
        let is_usable = samples_per_packet > 0 && sample_rate > 0;
        old.filter(is_same).or(is_usable.then_some(new))
    }

    /// The sample position for a packet that the wire puts at `placed`.
    fn smooth(&mut self, placed: Timestamp) -> Timestamp {
        let on_wire = placed.to_ticks(self.sample_rate);
        let position = match self.next {
            None => on_wire,
            Some(expected) => {
                let off = placed.micros_since(Timestamp::from_ticks(expected, self.sample_rate));
                match i64::try_from(off.unsigned_abs()).unwrap_or(i64::MAX) {
                    0..=AUDIO_SLACK_MICROS => expected,
                    // The sender's clock runs faster or slower than its samples: go after it, too little to hear.
                    ..=AUDIO_TOLERANCE_MICROS => {
                        let nudge = Timestamp::from_micros(AUDIO_NUDGE_MICROS).to_ticks(self.sample_rate);
                        expected.saturating_add(nudge.saturating_mul(off.signum()))
                    }
                    _ => on_wire,
                }
            }
        };
        self.next = Some(position.saturating_add(i64::from(self.samples_per_packet)));
        Timestamp::from_ticks(position, self.sample_rate)
    }
}

fn shift(timestamp: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(timestamp.as_micros().saturating_add(micros))
}

fn wrap_micros(wrap: Option<Duration>) -> Option<i64> {
    i64::try_from(wrap?.as_micros()).ok().filter(|&micros| micros > 0)
}

/// A step back by more is a jump; a smaller one is packets out of order.
const BACKWARD_MAX_MICROS: i64 = 1_000_000;
/// A step forward by more is a jump; a smaller one is a gap in what was sent.
const FORWARD_MAX_MICROS: i64 = 10_000_000;
/// How far apart on the wire the tracks of one stream may be.
const NEAR_MICROS: i64 = FORWARD_MAX_MICROS;
/// A step that could be the track's own is taken for another track's jump only when that fits so much better. Less
/// than the smallest jump, more than tracks are usually interleaved by.
const FOLLOW_GAIN_MICROS: u64 = 500_000;
/// Anchors that differ by less say the same; rounding is smaller, jumps are longer.
const SAME_MICROS: u64 = 1_000;
/// Up to here sound is where its samples say: rounding to milliseconds and a sender's small jitter.
const AUDIO_SLACK_MICROS: i64 = 10_000;
/// Beyond this the wire is believed: samples are missing, or the config is wrong about them.
const AUDIO_TOLERANCE_MICROS: i64 = 30_000;
/// How far one packet is moved when the clocks drift apart; overlaps this small are played without a click.
const AUDIO_NUDGE_MICROS: i64 = 1_000;

#[cfg(test)]
mod tests;
