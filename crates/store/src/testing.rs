//! Segments for tests: two tracks, two fragments each.

use crate::{Fragment, Media, NewInit, NewSegment, TrackInit, TrackSpan};
use bytes::Bytes;
use media::{AudioInfo, Codec, Timestamp, Track, TrackId, TrackInfo, VideoInfo};
use packaging::Span;
use std::time::Duration;

/// Bytes of the segments [`segment`] makes.
pub(crate) const SEGMENT_BYTES: usize = 100;

pub(crate) fn init() -> NewInit {
    let video = TrackInfo::Video(VideoInfo { width: 640, height: 360, ..VideoInfo::default() });
    let audio = TrackInfo::Audio(AudioInfo { sample_rate: 48_000, channels: 2, ..AudioInfo::default() });
    let track = |id, codec, info, codec_string: &str, timescale| TrackInit {
        track: Track { id, codec, config: Bytes::new(), info },
        codec_string: codec_string.to_owned(),
        timescale,
        bytes: Bytes::from(format!("init of {codec_string}")),
    };
    NewInit {
        tracks: vec![
            track(TrackId::VIDEO, Codec::H264, video, "avc1.64001f", 90_000),
            track(TrackId::AUDIO, Codec::Aac, audio, "mp4a.40.2", 48_000),
        ],
        bytes: Bytes::from_static(b"init of both"),
    }
}

pub(crate) fn segment(start_s: u64, duration_s: u64) -> NewSegment {
    let span = Span {
        start: Timestamp::ZERO + Duration::from_secs(start_s),
        duration: Duration::from_secs(duration_s),
        independent: true,
        discontinuity: false,
    };
    let fragment = |track_id, bytes: Vec<u8>| Fragment { track_id, bytes: Bytes::from(bytes) };
    let track = |track_id, timescale: u64| TrackSpan {
        track_id,
        start_ticks: start_s * timescale,
        duration_ticks: duration_s * timescale,
    };
    let media = Media::Cmaf {
        tracks: vec![track(TrackId::VIDEO, 90_000), track(TrackId::AUDIO, 48_000)],
        fragments: vec![
            fragment(TrackId::VIDEO, vec![b'v'; 40]),
            fragment(TrackId::AUDIO, vec![b'a'; 10]),
            fragment(TrackId::VIDEO, vec![b'V'; 45]),
            fragment(TrackId::AUDIO, vec![b'A'; 5]),
        ],
    };
    NewSegment { span, wall_time_ms: 1_000_000 + start_s as i64 * 1000, media }
}

pub(crate) fn broken(mut segment: NewSegment) -> NewSegment {
    segment.span.discontinuity = true;
    segment
}
