//! Clips: asking for one. A job of the kind `clip` cuts it; what it is told is a [`Cut`].

use super::current;
use crate::accounts::User;
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::extract::{Json, Path};
use crate::rooms::{self, Room};
use crate::videos::{self, NewVideo, Origin, State as Stage, Video};
use crate::{Error, Platform, Result, jobs, text};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Settings of `[clips]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ClipsConfig {
    pub length_ms_max: i64,
    pub per_minute: u32,
    pub burst: u32,
}

/// What a job that cuts is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The number of the video it is cut out of.
    pub from: i64,
    /// From where.
    pub start_ms: i64,
    /// Up to where.
    pub end_ms: i64,
    /// Whether that is wall time (unix ms) in place of positions.
    pub is_wall_time: bool,
}

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(of_room)).routes(routes!(of_video)).routes(routes!(being_made))
}

/// What to cut out of a live stream: the last seconds, or from one wall time to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OfRoom {
    /// So much of what was live up to now.
    last_seconds: Option<i64>,
    /// Wall time, unix ms.
    start_ms: Option<i64>,
    /// Wall time, unix ms.
    end_ms: Option<i64>,
    /// 1-120 characters; that of the room when left out.
    title: Option<String>,
}

/// What to cut out of a video.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OfVideo {
    /// Position, milliseconds.
    start_ms: i64,
    /// Position, milliseconds.
    end_ms: i64,
    /// 1-120 characters; that of the video when left out.
    title: Option<String>,
}

/// A video that was asked for, or is being made.
#[derive(Debug, Serialize, ToSchema)]
struct VideoId {
    /// What addresses name: `GET /api/v1/videos/{id}` says how far it is.
    id: String,
    /// Wall time of its first moment, unix ms.
    starts_at: Option<i64>,
}

/// The recording that is being made of a room; 404 when there is none.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/recording", tag = "rooms", params(("id" = i64, Path)),
    responses((status = 200, body = VideoId)))]
async fn being_made(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<VideoId>> {
    let room = rooms::visible(&platform, id, &caller).await?;
    let video = current(&platform, room.id).await?.ok_or_else(not_recorded)?;
    videos::may_watch(&platform, &video, caller.user.as_deref()).await?;
    Ok(Json(VideoId { id: video.public_id, starts_at: video.starts_at }))
}

/// Cuts a clip out of what is live. For those whom the room allows it (`clips`).
#[utoipa::path(post, path = "/api/v1/rooms/{id}/clips", tag = "videos", params(("id" = i64, Path)),
    request_body = OfRoom, responses((status = 201, body = VideoId)))]
async fn of_room(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(asked): Json<OfRoom>,
) -> Result<(StatusCode, Json<VideoId>)> {
    let user = caller.user()?;
    let room = rooms::visible(&platform, id, &caller).await?;
    rooms::may_view(&platform, &room, Some(user)).await?;
    check_allowed(&room, user)?;
    let now = now_ms();
    let (start_ms, end_ms) = match (asked.last_seconds, asked.start_ms, asked.end_ms) {
        (Some(seconds), None, None) => (now.saturating_sub(seconds.saturating_mul(1000)), now),
        (None, Some(start_ms), Some(end_ms)) => (start_ms, end_ms.min(now)),
        _ => return Err(Error::invalid("range", "Say last_seconds, or start_ms and end_ms (unix ms).")),
    };
    let from = current(&platform, room.id).await?.ok_or_else(not_recorded)?;
    let cut = Cut { from: from.id, start_ms, end_ms, is_wall_time: true };
    make(&platform, user, &from, cut, asked.title, room.title).await
}

/// Cuts a clip out of a video. For its owner and, of a recording, those whom the room allows it (`clips`).
#[utoipa::path(post, path = "/api/v1/videos/{id}/clips", tag = "videos", params(("id" = String, Path)),
    request_body = OfVideo, responses((status = 201, body = VideoId)))]
async fn of_video(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<OfVideo>,
) -> Result<(StatusCode, Json<VideoId>)> {
    let user = caller.user()?;
    let from = videos::visible(&platform, &id, &caller).await?;
    videos::may_watch(&platform, &from, Some(user)).await?;
    if !videos::is_owner(&from, Some(user)) && !user.is_admin() {
        let room = match from.room_id {
            Some(room_id) => rooms::by_id(&platform.db, room_id).await?,
            None => None,
        };
        match room {
            Some(room) => check_allowed(&room, user)?,
            None => {
                return Err(Error::forbidden(
                    "not_the_owner",
                    "Only the owner of the video may cut clips out of it.",
                ));
            }
        }
    }
    if !matches!(from.state.as_str(), "ready" | "recording") {
        return Err(Error::conflict("video_not_ready", "The video cannot be played yet."));
    }
    let cut = Cut { from: from.id, start_ms: asked.start_ms, end_ms: asked.end_ms, is_wall_time: false };
    let title = from.title.clone();
    make(&platform, user, &from, cut, asked.title, title).await
}

fn check_allowed(room: &Room, user: &User) -> Result<()> {
    let is_host = rooms::is_host(room, Some(user));
    match room.clips.as_str() {
        "all" => Ok(()),
        "host" if is_host => Ok(()),
        "host" => Err(Error::forbidden("host_only", "Only the host may cut clips of this room.")),
        _ => Err(Error::forbidden("clips_off", "The host has switched off clips of this room.")),
    }
}

fn not_recorded() -> Error {
    Error::not_found("not_recorded", "The room is not being recorded now.")
}

async fn make(
    platform: &Platform,
    user: &User,
    from: &Video,
    cut: Cut,
    title: Option<String>,
    title_of_source: String,
) -> Result<(StatusCode, Json<VideoId>)> {
    let length_ms = cut.end_ms.saturating_sub(cut.start_ms);
    let length_ms_max = platform.config.clips.length_ms_max;
    if cut.start_ms < 0 || !(1..=length_ms_max).contains(&length_ms) {
        let message = format!(
            "A clip from {} to {} ms would be {length_ms} ms long, expected 1 to {length_ms_max} (clips.length_ms_max).",
            cut.start_ms, cut.end_ms
        );
        return Err(Error::invalid("range", message));
    }
    let title = title.map(|title| text::line("title", &title, 1, videos::TITLE_CHARS_MAX)).transpose()?;
    platform.recordings.clips.check(&user.id)?;
    let starts_at = match cut.is_wall_time {
        true => Some(cut.start_ms),
        false => from.starts_at.map(|at| at.saturating_add(cut.start_ms)),
    };
    let privacy = match from.privacy.as_str() {
        "public" | "unlisted" => from.privacy.clone(),
        _ => "private".to_owned(),
    };
    let new = NewVideo {
        user_id: user.id,
        room_id: from.room_id,
        broadcast_id: from.broadcast_id,
        origin: Origin::Clip,
        name: None,
        title: title.unwrap_or(title_of_source),
        privacy,
        state: Stage::Probing,
        starts_at,
    };
    let clip = videos::create(&platform.db, new).await?;
    let detail = serde_json::to_value(&cut).map_err(|error| Error::internal(&error))?;
    jobs::enqueue(&platform.db, clip.id, jobs::kinds::CLIP, &detail, jobs::PRIORITY_CLIP).await?;
    Ok((StatusCode::CREATED, Json(VideoId { id: clip.public_id, starts_at })))
}
