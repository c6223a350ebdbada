//! How well a host's stream comes in: numbers over the last minutes, and sentences that say what to change.
//!
//! `GET /api/v1/rooms/{id}/health`, for the host and admins. Streams are measured every [`EVERY`] while they are there; the
//! samples are kept in memory on the server that carries the stream, and are gone with it.

mod advice;
#[cfg(test)]
mod tests;

use crate::caller::Caller;
use crate::clock::now_ms;
use crate::extract::{Json, Path};
use crate::{Error, Platform, Result, rooms};
use axum::extract::State as Shared;
use hub::{Hub, Stream, StreamPath};
use media::TrackInfo;
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often streams are measured.
pub const EVERY: Duration = Duration::from_secs(2);
/// Samples kept of a stream: five minutes.
const SAMPLES_MAX: usize = 150;

/// The samples of all streams.
#[derive(Default)]
pub struct State {
    streams: Mutex<HashMap<StreamPath, Series>>,
}

#[derive(Default)]
struct Series {
    /// Which stream it is of: at the same path another may begin.
    started_at_ms: u64,
    video_packets: u64,
    dropped_packets: u64,
    samples: VecDeque<Sample>,
}

/// One look at a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Sample {
    /// Unix ms.
    pub at_ms: i64,
    /// Bits per second of pictures.
    pub video_bps: u64,
    /// Bits per second of sound.
    pub audio_bps: u64,
    /// Pictures per second since the look before.
    pub frame_rate: f64,
    /// Between the last two keyframes, in milliseconds.
    pub keyframe_interval_ms: Option<u64>,
    /// Packets dropped since the look before.
    pub dropped: u64,
    /// Time of the newest sound minus time of the newest picture, in milliseconds.
    pub av_skew_ms: i64,
    /// Codec of the pictures (RFC 6381), if there are any.
    pub video_codec: Option<String>,
    /// Codec of the sound (RFC 6381), if there is any.
    pub audio_codec: Option<String>,
}

/// How a stream comes in.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Whether there is a stream.
    is_there: bool,
    /// The last minutes, the oldest first.
    samples: Vec<Sample>,
    /// What is wrong, and what to change.
    advice: Vec<String>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// How the room's stream comes in, for its host.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/health", tag = "health", responses((status = 200, body = Health)))]
async fn read(
    Shared(platform): Shared<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Health>> {
    let user = caller.user()?;
    let room = rooms::get(&platform.db, id).await?;
    if !rooms::is_host(&room, Some(user)) && !user.is_admin() {
        return Err(Error::forbidden("not_the_host", "Only the host of the room may do this."));
    }
    let samples = platform.health.samples(&room.path()?);
    let mut advice = advice::of(&samples);
    advice.extend(platform.recordings.advice().filter(|_| room.is_recorded && !samples.is_empty()));
    Ok(Json(Health { is_there: !samples.is_empty(), samples, advice }))
}

/// Measures until the platform is gone.
pub fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        let mut look = tokio::time::interval(EVERY);
        loop {
            look.tick().await;
            let Some(platform) = weak.upgrade() else { return };
            platform.health.measure(&platform.hub, now_ms());
        }
    });
}

impl State {
    /// The samples of the stream at `path`, the oldest first.
    pub fn samples(&self, path: &StreamPath) -> Vec<Sample> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.get(path).map(|series| series.samples.iter().cloned().collect()).unwrap_or_default()
    }

    /// Looks at every stream, and forgets those that are gone.
    pub(crate) fn measure(&self, hub: &Hub, at_ms: i64) {
        let mut known = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = HashMap::new();
        for stream in hub.streams() {
            let mut series = known.remove(stream.path()).unwrap_or_default();
            if series.started_at_ms != stream.started_at_ms() {
                series = Series { started_at_ms: stream.started_at_ms(), ..Series::default() };
            }
            series.look(&stream, at_ms);
            kept.insert(stream.path().clone(), series);
        }
        *known = kept;
    }
}

impl Series {
    fn look(&mut self, stream: &Stream, at_ms: i64) {
        let ingest = stream.ingest();
        let pictures = ingest.video_packets.saturating_sub(self.video_packets);
        // Of the first look nothing is known but that pictures came.
        let elapsed_ms = self.samples.back().map(|last| (at_ms - last.at_ms).max(1));
        let mut sample = Sample {
            at_ms,
            video_bps: ingest.video_bps,
            audio_bps: ingest.audio_bps,
            frame_rate: elapsed_ms.map_or(0.0, |elapsed_ms| pictures as f64 * 1000.0 / elapsed_ms as f64),
            keyframe_interval_ms: ingest
                .keyframe_interval
                .map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)),
            dropped: ingest.dropped_packets.saturating_sub(self.dropped_packets),
            av_skew_ms: ingest.av_skew_ms,
            ..Sample::default()
        };
        for track in stream.tracks().iter() {
            let codec = Some(track.codec_string());
            match &track.info {
                TrackInfo::Video(_) => sample.video_codec = codec,
                TrackInfo::Audio(_) => sample.audio_codec = codec,
            }
        }
        (self.video_packets, self.dropped_packets) = (ingest.video_packets, ingest.dropped_packets);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }
}
