//! Recordings of broadcasts: which streams are recorded, the video each one becomes, how long it is kept; and clips, cut
//! out of recordings and other videos.
//!
//! A room is recorded unless its host says otherwise (`is_recorded`). The video is there from the first segment on, in
//! the state `recording`, and is `ready` the moment the broadcast ends. `GET /api/v1/rooms/{id}/recording` is the one
//! that is being made; `POST /api/v1/rooms/{id}/clips` and `POST /api/v1/videos/{id}/clips` cut.

mod clips;
mod cutting;
pub(crate) mod retention;
#[cfg(test)]
mod tests;

pub use clips::{ClipsConfig, Cut, routes};
pub use cutting::{is_cut, source_path, wanted};

use crate::accounts::users;
use crate::clock::now_ms;
use crate::db::sql;
use crate::limiter::Limiter;
use crate::rooms::{self, Room};
use crate::videos::{self, FileKind, NewFile, NewVideo, Origin, Part, State, Stretch, Video};
use crate::{Platform, Result, jobs};
use hub::StreamPath;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Settings of `[record]` that say what is recorded and how long it is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub streams: Streams,
    pub keep_days: i64,
    pub keep_bytes: i64,
}

/// Which streams are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Streams {
    /// None.
    Off,
    /// Those of rooms whose host does not say otherwise.
    Rooms,
    /// These, and all that are of no room; they belong to the first admin.
    All,
}

/// What recordings keep in memory.
pub struct Memory {
    /// How often somebody may cut a clip.
    clips: Limiter<i64>,
    /// When somebody was let in to watch, by the public id of the video.
    watched: Mutex<HashMap<String, Instant>>,
    /// Whether this server records nothing now, because its disk is nearly full.
    is_paused: AtomicBool,
}

/// Somebody who began to watch counts so long as one who may still do so.
const WATCHED: Duration = Duration::from_secs(6 * 3600);
/// Videos whose viewers are remembered at most.
const WATCHED_MAX: usize = 10_000;

impl Memory {
    pub(crate) fn new(config: &ClipsConfig) -> Self {
        Self {
            clips: Limiter::new(config.per_minute, config.burst),
            watched: Mutex::default(),
            is_paused: AtomicBool::new(false),
        }
    }

    /// Notes that somebody was let in to watch.
    pub(crate) fn watched(&self, public_id: &str) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.len() >= WATCHED_MAX {
            watched.retain(|_, at| at.elapsed() < WATCHED);
        }
        if watched.len() < WATCHED_MAX {
            watched.insert(public_id.to_owned(), Instant::now());
        }
    }

    /// Says that nothing is recorded now for want of room on the disk, or that it is again.
    pub fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Relaxed);
    }

    /// What hosts are to know of recordings, if anything.
    pub(crate) fn advice(&self) -> Option<String> {
        self.is_paused.load(Relaxed).then(|| {
            "The recording pauses: the server's disk is nearly full. What is live goes on; tell the operator.".to_owned()
        })
    }

    fn is_watched(&self, public_id: &str) -> bool {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.get(public_id).is_some_and(|at| at.elapsed() < WATCHED)
    }
}

/// What is known of a recording by its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Milliseconds.
    pub duration_ms: i64,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Pictures per 1 000 seconds.
    pub frame_rate_milli: i64,
    /// RFC 6381, with commas between.
    pub codecs: String,
    /// Of all segments.
    pub bytes: i64,
    /// Of a recording whose encoder changed its tracks: each stretch of the same ones.
    pub parts: Vec<Part>,
    /// Of one that was interrupted: what lies between.
    pub stretches: Vec<Stretch>,
}

/// Whether the stream at `path` is to be recorded.
pub async fn wants(platform: &Platform, path: &StreamPath) -> Result<bool> {
    let streams = platform.config.recordings.streams;
    Ok(match room_at(platform, path).await? {
        Some(room) => streams != Streams::Off && room.is_recorded,
        None => streams == Streams::All,
    })
}

/// Begins the recording of a stream: a video that is being written. `None` when nobody could own it.
pub async fn begin(platform: &Platform, path: &StreamPath, starts_at: i64) -> Result<Option<Video>> {
    let room = room_at(platform, path).await?;
    let owner = match &room {
        Some(room) => Some(room.user_id),
        None => users::first_admin(&platform.db).await?.map(|admin| admin.id),
    };
    let Some(user_id) = owner else {
        tracing::warn!(stream = %path, "a stream of no room is not recorded: there is no admin to own it");
        return Ok(None);
    };
    let broadcast_id = match &room {
        Some(room) => rooms::broadcasts::current(&platform.db, room.id).await?,
        None => None,
    };
    let new = NewVideo {
        user_id,
        room_id: room.as_ref().map(|room| room.id),
        broadcast_id,
        origin: Origin::Recording,
        name: None,
        title: room.as_ref().map_or_else(|| path.to_string(), |room| room.title.clone()),
        privacy: room.as_ref().map_or_else(|| "unlisted".to_owned(), |room| room.privacy.clone()),
        state: State::Recording,
        starts_at: Some(starts_at),
    };
    let video = videos::create(&platform.db, new).await?;
    if let Some(room) = &room {
        let about = sql("UPDATE videos SET category = $2, labels = $3, cover = $4 WHERE id = $1");
        platform
            .db
            .execute(about.bind(video.id).bind(&room.category).bind(&room.labels).bind(&room.cover))
            .await?;
    }
    list_log(platform, &video, &Measured::default()).await?;
    Ok(Some(video))
}

/// Notes how much of a recording there is.
pub async fn note(platform: &Platform, id: i64, measured: &Measured) -> Result<()> {
    let Measured { duration_ms, width, height, bytes, .. } = *measured;
    videos::measured(&platform.db, id, duration_ms, width, height, bytes).await
}

/// The recording is complete and can be played; its pictures are made later. One of nothing is taken away.
pub async fn complete(platform: &Platform, id: i64, measured: &Measured) -> Result<()> {
    let Some(video) = videos::get(&platform.db, id).await? else { return Ok(()) };
    if measured.duration_ms == 0 {
        return videos::delete(platform, &video).await;
    }
    note(platform, id, measured).await?;
    list_log(platform, &video, measured).await?;
    videos::set_stretches(&platform.db, id, &measured.stretches).await?;
    videos::set_state(platform, id, State::Ready, "").await?;
    if measured.width > 0 {
        let nothing = serde_json::json!({});
        jobs::enqueue(&platform.db, id, jobs::kinds::THUMBNAILS, &nothing, jobs::PRIORITY_SHORT).await?;
    }
    Ok(())
}

async fn list_log(platform: &Platform, video: &Video, measured: &Measured) -> Result<()> {
    let bits = measured.bytes.saturating_mul(8).saturating_mul(1000);
    let file = NewFile {
        video_id: video.id,
        name: FileKind::Log.word().to_owned(),
        kind: FileKind::Log,
        path: log_prefix(video),
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        codecs: measured.codecs.clone(),
        is_playable: true,
        width: measured.width,
        height: measured.height,
        frame_rate_milli: measured.frame_rate_milli,
        bits_per_second: bits.checked_div(measured.duration_ms).unwrap_or(0),
        bytes: measured.bytes,
    };
    videos::add_file(&platform.db, file).await?;
    videos::set_parts(&platform.db, video.id, &measured.parts).await
}

/// What the paths of a recording's objects begin with.
pub fn log_prefix(video: &Video) -> String {
    format!("{}/log", video.objects_prefix())
}

/// Recordings that are not complete and of which nothing was heard since `before` (unix ms): whoever made them died.
pub async fn left_open(platform: &Platform, before: i64) -> Result<Vec<Video>> {
    let ids =
        sql("SELECT id FROM videos WHERE state = 'recording' AND updated_at < $1 AND deleted_at IS NULL \
         ORDER BY id");
    let ids: Vec<(i64,)> = platform.db.all(ids.bind(before)).await?;
    let mut found = Vec::new();
    for (id,) in ids {
        found.extend(videos::get(&platform.db, id).await?);
    }
    Ok(found)
}

/// Until when recordings that are left open are those of dead servers: all up to now when this one is alone.
pub fn left_open_before(platform: &Platform) -> i64 {
    match platform.config.redis_url.is_empty() {
        true => now_ms(),
        false => now_ms() - LEFT_OPEN_MS,
    }
}

/// A server that lives says something of its recordings more often than this.
const LEFT_OPEN_MS: i64 = 120_000;

/// The recording of a room that is being made.
pub async fn current(platform: &Platform, room_id: i64) -> Result<Option<Video>> {
    let query =
        sql("SELECT id FROM videos WHERE room_id = $1 AND state = 'recording' AND deleted_at IS NULL \
         ORDER BY id DESC LIMIT 1");
    match platform.db.maybe::<(i64,)>(query.bind(room_id)).await? {
        Some((id,)) => videos::get(&platform.db, id).await,
        None => Ok(None),
    }
}

async fn room_at(platform: &Platform, path: &StreamPath) -> Result<Option<Room>> {
    let room = rooms::by_name(&platform.db, path.name()).await?;
    Ok(room.filter(|room| room.path().is_ok_and(|of_room| of_room == *path)))
}
