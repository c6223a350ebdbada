//! The DASH manifest (MPD) as text (ISO/IEC 23009-1:2022, profile isoff-live).
//!
//! Segments are listed with their exact times (`SegmentTimeline`) and named by them (`$Time$`): every player reads
//! that, the list needs no numbering that survives a restart, and a segment that is missing leaves a hole instead
//! of shifting what follows.

mod write;

use std::time::Duration;

/// The media type of a manifest.
pub const MIME_TYPE: &str = "application/dash+xml";

/// A manifest; its text is made by [`to_string`](ToString::to_string).
#[derive(Clone, Debug)]
pub struct Mpd {
    /// Whether more is to come.
    pub presentation: Presentation,
    /// What segments were asked to last; the printed maximum also covers every segment of the list.
    pub target: Duration,
    /// The query of the request, carried on to every segment; empty for none.
    pub query: String,
    /// Stretches without a discontinuity, oldest first.
    pub periods: Vec<Period>,
}

/// Whether more is to come.
#[derive(Clone, Debug)]
pub enum Presentation {
    /// A live stream (`dynamic`).
    Live(Live),
    /// Nothing will follow (`static`).
    Ended {
        /// End of the last segment on the manifest's timeline.
        duration: Duration,
    },
}

/// What players need to find the live edge.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Wall time of the origin of the timeline, in milliseconds since 1970-01-01. It must stay the same for the
    /// life of the stream, and no segment may be listed before this plus the segment's end.
    pub availability_start_ms: i64,
    /// Wall time this manifest was made, in milliseconds since 1970-01-01.
    pub publish_time_ms: i64,
    /// How long players wait before they ask again.
    pub update_period: Duration,
    /// How far behind the live edge segments are kept.
    pub time_shift: Duration,
    /// How far behind the live edge players should stay.
    pub suggested_delay: Duration,
    /// Where players ask what time it is (an `xs:dateTime`); without, some ask a third party.
    pub utc_timing_uri: String,
}

/// A stretch of the stream without a discontinuity.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// Its name; the same in every manifest that lists it.
    pub id: String,
    /// Its place on the manifest's timeline; the same in every manifest that lists it.
    pub start: Duration,
    /// Its tracks.
    pub adaptation_sets: Vec<AdaptationSet>,
}

/// One track, in one or more qualities that share their segment times; or captions, which are one file.
#[derive(Clone, Debug, Default)]
pub struct AdaptationSet {
    /// Its number; the same in every period.
    pub id: u32,
    /// Pictures, sound or captions.
    pub kind: AdaptationKind,
    /// RFC 5646 language tag.
    pub language: Option<String>,
    /// Whether every segment starts with a picture that can be decoded alone.
    pub independent_segments: bool,
    /// Ticks per second of the times below.
    pub timescale: u32,
    /// The media time, in ticks, that is played at the start of the period.
    pub presentation_time_offset: u64,
    /// Template of the init segment's URI; `$RepresentationID$` stands for [`Representation::id`].
    pub init_uri: String,
    /// Template of the segments' URIs; `$Time$` stands for [`TimedSegment::start_ticks`]. Of captions the URI of their
    /// file.
    pub media_uri: String,
    /// The segments, oldest first.
    pub segments: Vec<TimedSegment>,
    /// The qualities.
    pub representations: Vec<Representation>,
}

/// What an adaptation set has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdaptationKind {
    /// Pictures.
    #[default]
    Video,
    /// Sound.
    Audio,
    /// Captions as one WebVTT file.
    Captions,
}

/// The place of a segment in media time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimedSegment {
    /// Its first decode time (`tfdt`).
    pub start_ticks: u64,
    /// How long it lasts.
    pub duration_ticks: u64,
}

/// One quality of a track.
#[derive(Clone, Debug, Default)]
pub struct Representation {
    /// Its name; unique in the period, and without spaces.
    pub id: String,
    /// RFC 6381 codec string.
    pub codecs: String,
    /// Bits per second of the segment that needs most.
    pub bandwidth_bps: u64,
    /// Width of a picture; 0 when unknown or sound.
    pub width: u32,
    /// Height of a picture; 0 when unknown or sound.
    pub height: u32,
    /// Pictures per second.
    pub frame_rate: Option<f64>,
    /// Samples of sound per second; 0 when unknown or pictures.
    pub sample_rate: u32,
    /// Channels of sound; 0 when unknown or pictures.
    pub channels: u8,
}

#[cfg(test)]
mod tests;
