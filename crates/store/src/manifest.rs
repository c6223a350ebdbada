//! What the playlists and the manifest of a log say.

use crate::name::TrackName;
use crate::segment::Listed;
use crate::{Init, Name, Segment, Snapshot, TrackInit};
use media::{MediaKind, Timestamp, TrackId, TrackInfo};
use packaging::dash::{
    AdaptationKind, AdaptationSet, Live, Mpd, Period, Presentation, Representation, TimedSegment,
};
use packaging::hls::{MediaPlaylist, PlaylistKind, PlaylistSegment, Resolution, Skip, Variant};
use packaging::{BitRate, bit_rate};
use std::borrow::Borrow;
use std::time::Duration;

/// What an HLS media playlist needs besides the log.
#[derive(Clone, Debug, Default)]
pub struct HlsOptions {
    /// What segments are asked to last.
    pub target: Duration,
    /// What stands before each file name, such as `demo/`; empty when the playlist is in the same folder.
    pub prefix: String,
    /// The query of the request; empty for none.
    pub query: String,
}

/// What a DASH manifest needs besides the log.
#[derive(Clone, Debug, Default)]
pub struct DashOptions {
    /// What segments are asked to last.
    pub target: Duration,
    /// How far back segments are promised: the window's duration.
    pub time_shift: Duration,
    /// What stands before each file name, such as `demo/`; empty when the manifest is in the same folder.
    pub prefix: String,
    /// The query of the request; empty for none.
    pub query: String,
    /// Wall time now, in milliseconds since 1970-01-01.
    pub now_ms: i64,
    /// Where players ask what time it is.
    pub utc_timing_uri: String,
}

impl Snapshot {
    /// The media playlist of all tracks together.
    pub fn media_playlist(&self, options: &HlsOptions) -> MediaPlaylist {
        let listed = self.listed();
        MediaPlaylist {
            kind: if self.is_whole_event() { PlaylistKind::Event } else { PlaylistKind::Live },
            target: options.target,
            longest: self.longest(),
            media_sequence: listed.first().map_or(self.next_sequence(), |first| first.sequence),
            discontinuity_sequence: self.discontinuity_sequence(),
            start_offset_s: None,
            skip: Skip::Never,
            is_ended: self.is_ended(),
            query: options.query.clone(),
            segments: listed.iter().map(|segment| playlist_segment(segment, &options.prefix)).collect(),
        }
    }

    /// The entry of a multivariant playlist for the media playlist at `uri`; `None` before the first segment.
    pub fn variant(&self, uri: String, target: Duration) -> Option<Variant> {
        variant(self.listed(), uri, target)
    }

    /// The DASH manifest: one adaptation set per track, one period per stretch without a discontinuity.
    pub fn mpd(&self, options: &DashOptions) -> Mpd {
        let segment_max = options.target.max(self.longest());
        let presentation = if self.is_ended() {
            let end =
                self.listed().last().map_or(Timestamp::ZERO, |last| last.span.start + last.span.duration);
            Presentation::Ended { duration: end.saturating_since(Timestamp::ZERO) }
        } else {
            Presentation::Live(Live {
                availability_start_ms: self.origin_wall_ms().unwrap_or(options.now_ms),
                publish_time_ms: options.now_ms,
                update_period: options.target,
                time_shift: options.time_shift,
                // One segment is being made, one is on its way to the player, one plays.
                suggested_delay: segment_max.saturating_mul(2).saturating_add(Duration::from_secs(1)),
                utc_timing_uri: options.utc_timing_uri.clone(),
            })
        };
        Mpd {
            presentation,
            target: options.target,
            query: options.query.clone(),
            periods: periods(self.listed(), options),
        }
    }
}

/// The entry of a multivariant playlist for a media playlist of these segments at `uri`; `None` without a segment.
pub(crate) fn variant<M: Listed>(
    listed: &[impl Borrow<Segment<M>>],
    uri: String,
    target: Duration,
) -> Option<Variant> {
    let init = &listed.last()?.borrow().init;
    let sizes = listed.iter().map(|segment| (segment.borrow().media.bytes(), segment.borrow().span.duration));
    let BitRate { peak_bps, average_bps } = bit_rate(sizes, target);
    let video = init.tracks.iter().find_map(|init| match &init.track.info {
        TrackInfo::Video(video) => Some(video),
        TrackInfo::Audio(_) => None,
    });
    Some(Variant {
        uri,
        bandwidth_bps: peak_bps,
        average_bandwidth_bps: Some(average_bps),
        codecs: init.tracks.iter().map(|init| init.codec_string.clone()).collect(),
        resolution: video.map(|video| Resolution { width: video.width, height: video.height }),
        frame_rate: video.and_then(|video| video.frame_rate),
        audio_group: None,
        subtitles_group: None,
    })
}

/// A period per stretch without a discontinuity.
pub(crate) fn periods<M: Listed, S: Borrow<Segment<M>>>(listed: &[S], options: &DashOptions) -> Vec<Period> {
    let stretches =
        listed.chunk_by(|a, b| a.borrow().discontinuity_sequence == b.borrow().discontinuity_sequence);
    stretches.filter_map(|segments| period(segments, options)).collect()
}

pub(crate) fn playlist_segment<M: Listed>(segment: &Segment<M>, prefix: &str) -> PlaylistSegment {
    let sequence = segment.sequence;
    let (name, init_uri) = match segment.media.is_ts() {
        true => (Name::Ts { sequence }, None),
        false => (Name::Fmp4 { sequence }, Some(format!("{prefix}{}", Name::Init { id: segment.init.id }))),
    };
    PlaylistSegment {
        uri: format!("{prefix}{name}"),
        init_uri,
        duration: segment.span.duration,
        independent: segment.span.independent,
        discontinuity: segment.span.discontinuity,
        wall_time_ms: Some(segment.wall_time_ms),
        is_gap: false,
    }
}

fn period<M: Listed>(segments: &[impl Borrow<Segment<M>>], options: &DashOptions) -> Option<Period> {
    let first = segments.first()?.borrow();
    let sets = first.init.tracks.iter();
    Some(Period {
        id: first.discontinuity_sequence.to_string(),
        start: first.period_start.saturating_since(Timestamp::ZERO),
        adaptation_sets: sets.filter_map(|track| adaptation_set(track, segments, options)).collect(),
    })
}

fn adaptation_set<M: Listed>(
    init: &TrackInit,
    segments: &[impl Borrow<Segment<M>>],
    options: &DashOptions,
) -> Option<AdaptationSet> {
    let (first, track_id) = (segments.first()?.borrow(), init.track.id);
    let timed = segments.iter().filter_map(|segment| segment.borrow().media.track(track_id));
    let timed = timed
        .map(|track| TimedSegment { start_ticks: track.start_ticks, duration_ticks: track.duration_ticks });
    let (kind, independent_segments) = match init.track.info {
        TrackInfo::Video(_) => {
            (AdaptationKind::Video, segments.iter().all(|segment| segment.borrow().span.independent))
        }
        TrackInfo::Audio(_) => (AdaptationKind::Audio, true),
    };
    let sizes = segments.iter().map(|segment| {
        let segment = segment.borrow();
        (segment.media.bytes_of(track_id), segment.span.duration)
    });
    let Init { id: init_id, .. } = *first.init;
    let (prefix, name) = (&options.prefix, TrackName(track_id));
    let set = AdaptationSet {
        id: adaptation_set_id(track_id),
        kind,
        language: None,
        independent_segments,
        timescale: init.timescale,
        presentation_time_offset: u64::try_from(first.period_start.to_ticks(init.timescale)).unwrap_or(0),
        init_uri: format!("{prefix}{}", Name::TrackInit { track_id, init_id }),
        media_uri: format!("{prefix}{name}-{init_id}-$Time$.m4s"),
        segments: timed.collect(),
        representations: vec![representation(init, bit_rate(sizes, options.target))],
    };
    (!set.segments.is_empty()).then_some(set)
}

/// The same for a track in every period: odd for pictures, even for sound.
pub(crate) fn adaptation_set_id(track_id: TrackId) -> u32 {
    u32::from(track_id.index) * 2 + if track_id.kind == MediaKind::Video { 1 } else { 2 }
}

fn representation(init: &TrackInit, rate: BitRate) -> Representation {
    let common = Representation {
        id: TrackName(init.track.id).to_string(),
        codecs: init.codec_string.clone(),
        bandwidth_bps: rate.peak_bps,
        ..Representation::default()
    };
    match &init.track.info {
        TrackInfo::Video(video) => Representation {
            width: video.width,
            height: video.height,
            frame_rate: video.frame_rate,
            ..common
        },
        TrackInfo::Audio(audio) => {
            Representation { sample_rate: audio.sample_rate, channels: audio.channels, ..common }
        }
    }
}

#[cfg(test)]
mod tests;
