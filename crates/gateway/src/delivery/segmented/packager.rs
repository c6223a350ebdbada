//! Turns the packets of a stream into segments of one kind. A value: it knows no task, no socket and no clock.

use super::muxer::Muxer;
use media::{Codec, MediaKind, Packet, Track, TrackId};
use packaging::{Placement, Segmenter, SegmenterLimits, Span, Unit};
use std::borrow::Borrow;
use std::sync::Arc;
use store::{LiveWindow, NewSegment};

/// A kind of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// MPEG-TS, for HLS.
    Ts,
    /// CMAF: fragmented MP4, which HLS and DASH share.
    Cmaf,
}

impl Kind {
    /// Whether players expect this codec in segments of this kind (RFC 8216 §3; the HLS authoring rules want
    /// H.265 and whatever is newer in fMP4 only).
    pub(crate) fn carries(self, codec: Codec) -> bool {
        match self {
            Self::Ts => {
                matches!(codec, Codec::H264 | Codec::Aac | Codec::Mp3 | Codec::Ac3 | Codec::Eac3)
            }
            Self::Cmaf => codec.media_kind() != MediaKind::Data,
        }
    }

    /// Whether every default track of a stream fits.
    pub(crate) fn fits<T: Borrow<Track>>(self, tracks: &[T]) -> bool {
        default_tracks(tracks).all(|track| self.carries(track.codec))
    }

    /// The kind that plays in most browsers: they refuse MP3 inside MP4.
    pub(crate) fn preferred<T: Borrow<Track>>(tracks: &[T]) -> Self {
        let has_mp3 = default_tracks(tracks).any(|track| track.codec == Codec::Mp3);
        if has_mp3 && Self::Ts.fits(tracks) { Self::Ts } else { Self::Cmaf }
    }
}

/// The tracks that are packaged: the first of pictures and the first of sound.
fn default_tracks<T: Borrow<Track>>(tracks: &[T]) -> impl Iterator<Item = &Track> {
    tracks.iter().map(Borrow::borrow).filter(|track| is_default(track.id))
}

fn is_default(track_id: TrackId) -> bool {
    track_id == TrackId::VIDEO || track_id == TrackId::AUDIO
}

/// Cuts, muxes and appends to a window.
pub(crate) struct Packager {
    window: Arc<LiveWindow>,
    muxer: Muxer,
    segmenter: Segmenter,
    tracks: Vec<Track>,
    /// The tracks from the next segment on, when they change.
    next_tracks: Option<Vec<Track>>,
    /// Whether segments of these tracks can be written.
    is_writable: bool,
    open: OpenSegment,
    /// Bytes of the open segment at most.
    open_bytes_max: usize,
    /// Packets are missing before the next one.
    has_missed_packets: bool,
    /// A segment is missing before the open one.
    has_lost_segment: bool,
    /// Wall time of the timeline's origin, in microseconds since 1970-01-01; it steps only with a discontinuity.
    origin_wall_micros: i64,
}

/// What was collected since the last cut.
#[derive(Default)]
struct OpenSegment {
    packets: Vec<Packet>,
    bytes: usize,
    is_too_large: bool,
    /// The earliest wall time the origin of the timeline can have had, judged by when each packet came. Packets come
    /// late, or in a burst behind the first, but never early.
    origin_wall_micros: Option<i64>,
}

impl Packager {
    pub(crate) fn new(
        kind: Kind,
        limits: SegmenterLimits,
        open_bytes_max: usize,
        window: Arc<LiveWindow>,
    ) -> Self {
        Self {
            window,
            muxer: match kind {
                Kind::Ts => Muxer::Ts(mpegts::Muxer::default()),
                Kind::Cmaf => Muxer::Cmaf { sequence: 0 },
            },
            segmenter: Segmenter::new(limits, TrackId::VIDEO),
            tracks: Vec::new(),
            next_tracks: None,
            is_writable: false,
            open: OpenSegment::default(),
            open_bytes_max,
            has_missed_packets: false,
            has_lost_segment: false,
            origin_wall_micros: 0,
        }
    }

    /// Begins, or goes on after packets were missed, with these tracks.
    pub(crate) fn start<T: Borrow<Track>>(&mut self, tracks: &[T]) {
        self.has_missed_packets = !self.tracks.is_empty();
        let tracks: Vec<Track> = default_tracks(tracks).cloned().collect();
        if tracks != *self.coming_tracks() {
            self.change_tracks(tracks);
        }
    }

    /// Takes the next packet, which came at wall time `now_ms` (milliseconds since 1970-01-01).
    pub(crate) fn push(&mut self, mut packet: Packet, now_ms: i64) {
        if packet.is_config() {
            return self.take_config(&packet);
        }
        let is_carried = |track: &Track| {
            (track.id, track.codec) == (packet.track_id, packet.codec) && is_default(track.id)
        };
        if !self.coming_tracks().iter().any(is_carried) {
            return;
        }
        packet.discontinuity |= self.has_missed_packets;
        match self.segmenter.place(&Unit::from(&packet)) {
            Placement::Skip => return,
            Placement::Inside => {}
            Placement::Start { finished } => {
                if let Some(span) = finished {
                    self.close(span);
                }
                self.use_coming_tracks();
            }
        }
        self.has_missed_packets = false;
        self.open.add(packet, now_ms, self.open_bytes_max);
    }

    /// Ends with what was collected.
    pub(crate) fn finish(&mut self) {
        if let Some(span) = self.segmenter.finish() {
            self.close(span);
        }
    }

    fn coming_tracks(&self) -> &Vec<Track> {
        self.next_tracks.as_ref().unwrap_or(&self.tracks)
    }

    fn take_config(&mut self, packet: &Packet) {
        if !is_default(packet.track_id) {
            return;
        }
        let Ok(track) = Track::from_config(packet.track_id, packet.codec, packet.payload.clone()) else {
            return;
        };
        if self.coming_tracks().contains(&track) {
            return;
        }
        let mut tracks = self.coming_tracks().clone();
        tracks.retain(|other| other.id != track.id);
        tracks.push(track);
        tracks.sort_by_key(|track| track.id);
        self.change_tracks(tracks);
    }

    fn change_tracks(&mut self, tracks: Vec<Track>) {
        let lead = tracks.first().map_or(TrackId::VIDEO, |track| track.id);
        self.segmenter.config_changed(lead);
        self.next_tracks = Some(tracks);
    }

    /// The coming tracks are those of the segment that opens now.
    fn use_coming_tracks(&mut self) {
        let Some(tracks) = self.next_tracks.take() else { return };
        self.tracks = tracks;
        let result = self.muxer.init(&self.tracks).map(|init| self.window.set_init(init));
        self.is_writable = result.is_ok();
        if let Err(error) = result {
            tracing::warn!(%error, "a stream cannot be cut into segments");
        }
    }

    fn close(&mut self, mut span: Span) {
        let open = std::mem::take(&mut self.open);
        let media = match self.is_writable && !open.is_too_large && !span.duration.is_zero() {
            true => self.muxer.mux(&self.tracks, &open.packets, &span),
            false => None,
        };
        let Some(media) = media else {
            self.has_lost_segment = true;
            return;
        };
        let is_first = self.window.snapshot().listed().is_empty();
        span.discontinuity |= self.has_lost_segment && !is_first;
        if (is_first || span.discontinuity)
            && let Some(origin) = open.origin_wall_micros
        {
            self.origin_wall_micros = origin;
        }
        let wall_time_ms = (self.origin_wall_micros.saturating_add(span.start.as_micros())).div_euclid(1000);
        let result = self.window.append(NewSegment { span, wall_time_ms, media });
        self.has_lost_segment = result.is_err();
        if let Err(error) = result {
            tracing::warn!(%error, "a segment is lost");
        }
    }
}

impl OpenSegment {
    fn add(&mut self, packet: Packet, now_ms: i64, bytes_max: usize) {
        let origin = now_ms.saturating_mul(1000).saturating_sub(packet.dts.as_micros());
        self.origin_wall_micros = Some(self.origin_wall_micros.map_or(origin, |other| other.min(origin)));
        self.bytes = self.bytes.saturating_add(packet.payload.len() + size_of::<Packet>());
        if self.bytes > bytes_max {
            if !self.is_too_large {
                tracing::warn!(
                    bytes_max,
                    "a segment is left out: it is larger than the window (hls.window_bytes_max)"
                );
            }
            self.is_too_large = true;
            self.packets = Vec::new();
        } else {
            self.packets.push(packet);
        }
    }
}

#[cfg(test)]
mod tests;
