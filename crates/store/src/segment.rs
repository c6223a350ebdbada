use bytes::Bytes;
use media::{Timestamp, Track, TrackId};
use packaging::Span;
use std::sync::Arc;

/// A segment of a log. The log gave it its numbers; the rest is as [`NewSegment`] said. In the live window its media is
/// [`Media`], its bytes; in a recording it is [`Recorded`](crate::Recorded), where they are.
#[derive(Clone, Debug)]
pub struct Segment<M = Media> {
    /// Its number; each segment has the next one, and none is used twice.
    pub sequence: u64,
    /// How many discontinuities the log had up to the start of this segment.
    pub discontinuity_sequence: u64,
    /// Start of the first segment since the last discontinuity.
    pub period_start: Timestamp,
    /// Its place on the timeline.
    pub span: Span,
    /// Wall time of its start, in milliseconds since 1970-01-01.
    pub wall_time_ms: i64,
    /// What a decoder needs before it.
    pub init: Arc<Init>,
    /// Its bytes, or where they are.
    pub media: M,
}

/// A finished segment on its way into the log.
#[derive(Clone, Debug)]
pub struct NewSegment {
    /// Its place on the timeline.
    pub span: Span,
    /// Wall time of its start, in milliseconds since 1970-01-01: when that moment was live, not when it was muxed.
    pub wall_time_ms: i64,
    /// Its bytes.
    pub media: Media,
}

/// The bytes of a segment.
#[derive(Clone, Debug)]
pub enum Media {
    /// All tracks in one piece of MPEG-TS, tables first.
    Ts(Bytes),
    /// CMAF fragments, each of one track, in the order they were made. All of them in that order make a segment of
    /// muxed fMP4; those of one track make a segment of that track alone.
    Cmaf {
        /// The tracks that have fragments here.
        tracks: Vec<TrackSpan>,
        /// The fragments.
        fragments: Vec<Fragment>,
    },
}

/// A `moof` and its `mdat`.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The one track it carries.
    pub track_id: TrackId,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The place of one track's part of a segment, in ticks of the track's [`TrackInit::timescale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackSpan {
    /// Which track.
    pub track_id: TrackId,
    /// Decode time of its first sample, as `tfdt` says.
    pub start_ticks: u64,
    /// The sum of its sample durations.
    pub duration_ticks: u64,
}

/// What a decoder needs before a run of segments, and what is known of their tracks.
#[derive(Clone, Debug)]
pub struct Init {
    /// Its number; a log never uses one twice for different bytes that segments refer to.
    pub id: u64,
    /// The tracks, and what each one needs alone.
    pub tracks: Vec<TrackInit>,
    /// The init segment of muxed fMP4; empty for MPEG-TS.
    pub bytes: Bytes,
}

/// An init segment on its way into the log.
#[derive(Clone, Debug)]
pub struct NewInit {
    /// As [`Init::tracks`].
    pub tracks: Vec<TrackInit>,
    /// As [`Init::bytes`].
    pub bytes: Bytes,
}

/// One track of an init segment.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackInit {
    /// What the decoder config says.
    pub track: Track,
    /// Its RFC 6381 codec string.
    pub codec_string: String,
    /// Ticks per second of its media time.
    pub timescale: u32,
    /// The init segment of this track alone; empty for MPEG-TS.
    pub bytes: Bytes,
}

impl Segment {
    /// Size of all its bytes.
    pub fn len(&self) -> usize {
        self.media.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part of one track; `None` when it has no sample here, and for MPEG-TS.
    pub fn track(&self, track_id: TrackId) -> Option<&TrackSpan> {
        self.media.track(track_id)
    }
}

/// What playlists and manifests say of a segment's media, whether its bytes are at hand or not.
pub(crate) trait Listed {
    /// Whether it is MPEG-TS.
    fn is_ts(&self) -> bool;
    /// The part of one track.
    fn track(&self, track_id: TrackId) -> Option<&TrackSpan>;
    /// Size of one track's part.
    fn bytes_of(&self, track_id: TrackId) -> u64;
    /// Size of all parts.
    fn bytes(&self) -> u64;
}

impl Listed for Media {
    fn is_ts(&self) -> bool {
        matches!(self, Self::Ts(_))
    }

    fn track(&self, track_id: TrackId) -> Option<&TrackSpan> {
        match self {
            Self::Ts(_) => None,
            Self::Cmaf { tracks, .. } => tracks.iter().find(|track| track.track_id == track_id),
        }
    }

    fn bytes_of(&self, track_id: TrackId) -> u64 {
        self.of_track(track_id).map(Bytes::len).sum::<usize>() as u64
    }

    fn bytes(&self) -> u64 {
        self.len() as u64
    }
}

impl Media {
    /// Size of all bytes.
    pub fn len(&self) -> usize {
        self.all().map(Bytes::len).sum()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces of all tracks, in order.
    pub fn all(&self) -> impl Iterator<Item = &Bytes> {
        let (ts, fragments) = match self {
            Self::Ts(bytes) => (Some(bytes), [].as_slice()),
            Self::Cmaf { fragments, .. } => (None, fragments.as_slice()),
        };
        ts.into_iter().chain(fragments.iter().map(|fragment| &fragment.bytes))
    }

    /// The pieces of one track, in order; none for MPEG-TS.
    pub fn of_track(&self, track_id: TrackId) -> impl Iterator<Item = &Bytes> {
        let fragments = match self {
            Self::Ts(_) => [].as_slice(),
            Self::Cmaf { fragments, .. } => fragments.as_slice(),
        };
        fragments.iter().filter(move |fragment| fragment.track_id == track_id).map(|fragment| &fragment.bytes)
    }
}
