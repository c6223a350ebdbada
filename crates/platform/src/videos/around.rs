//! Routes of what is around a video: comments, likes, playing, captions, chapters, danmaku.

use super::captions::{self, Caption};
use super::chapters;
use super::comments::{self, NewComment, Order, OrderQuery, VideoComment};
use super::danmaku::{self, Danmaku, Span};
use super::likes::{self, Likes};
use super::plays::Progress;
use super::rights::{Sign, own, watchable};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list_comments, say))
        .routes(routes!(list_replies))
        .routes(routes!(delete_comment))
        .routes(routes!(like, unlike))
        .routes(routes!(progress))
        .routes(routes!(danmaku))
        .routes(routes!(read_captions, put_captions, delete_captions))
        .routes(routes!(read_chapters))
}

type Shared = State<Arc<Platform>>;

/// Comments under a video, the newest first or the oldest; replies come with each one's own list.
#[utoipa::path(get, path = "/api/v1/videos/{id}/comments", tag = "videos",
    params(("id" = String, Path), OrderQuery, Sign, PageQuery), responses((status = 200, body = Page<VideoComment>)))]
async fn list_comments(
    State(platform): Shared,
    caller: Caller,
    Path(id): Path<String>,
    Query(order): Query<OrderQuery>,
    Query(sign): Query<Sign>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoComment>>> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    let order = order.order.unwrap_or(Order::Newest);
    Ok(Json(comments::of_video(&platform.db, &video, caller.user.as_deref(), order, page).await?))
}

/// Replies to a comment, the oldest first or the newest.
#[utoipa::path(get, path = "/api/v1/videos/{id}/comments/{comment_id}/replies", tag = "videos",
    params(("id" = String, Path), ("comment_id" = i64, Path), OrderQuery, Sign, PageQuery),
    responses((status = 200, body = Page<VideoComment>)))]
async fn list_replies(
    State(platform): Shared,
    caller: Caller,
    Path((id, comment_id)): Path<(String, i64)>,
    Query(order): Query<OrderQuery>,
    Query(sign): Query<Sign>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoComment>>> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    let order = order.order.unwrap_or(Order::Oldest);
    Ok(Json(comments::replies(&platform.db, &video, comment_id, caller.user.as_deref(), order, page).await?))
}

/// Says something under a video, or replies to a comment.
#[utoipa::path(post, path = "/api/v1/videos/{id}/comments", tag = "videos", params(("id" = String, Path)),
    request_body = NewComment, responses((status = 201, body = VideoComment)))]
async fn say(
    State(platform): Shared,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewComment>,
) -> Result<(StatusCode, Json<VideoComment>)> {
    let user = caller.user()?;
    let video = watchable(&platform, &id, &caller, &Sign { sign: None }).await?;
    Ok((StatusCode::CREATED, Json(comments::say(&platform, &video, user, &new).await?)))
}

/// Takes a comment away: one's own; anybody's as the video's owner, a moderator of the room it came from, or an admin.
#[utoipa::path(delete, path = "/api/v1/videos/{id}/comments/{comment_id}", tag = "videos",
    params(("id" = String, Path), ("comment_id" = i64, Path)), responses((status = 204)))]
async fn delete_comment(
    State(platform): Shared,
    caller: Caller,
    Path((id, comment_id)): Path<(String, i64)>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let video = super::rights::visible(&platform, &id, &caller).await?;
    comments::delete(&platform, &video, user, comment_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Likes a video.
#[utoipa::path(put, path = "/api/v1/videos/{id}/like", tag = "videos", params(("id" = String, Path)),
    responses((status = 200, body = Likes)))]
async fn like(State(platform): Shared, caller: Caller, Path(id): Path<String>) -> Result<Json<Likes>> {
    let user = caller.user()?;
    let video = watchable(&platform, &id, &caller, &Sign { sign: None }).await?;
    Ok(Json(likes::set(&platform, &video, user, true).await?))
}

/// Likes a video no longer.
#[utoipa::path(delete, path = "/api/v1/videos/{id}/like", tag = "videos", params(("id" = String, Path)),
    responses((status = 200, body = Likes)))]
async fn unlike(State(platform): Shared, caller: Caller, Path(id): Path<String>) -> Result<Json<Likes>> {
    let user = caller.user()?;
    let video = watchable(&platform, &id, &caller, &Sign { sign: None }).await?;
    Ok(Json(likes::set(&platform, &video, user, false).await?))
}

/// Says how far a player is: at the start, every ten seconds, on pauses and at the end. Views come of it.
#[utoipa::path(post, path = "/api/v1/videos/{id}/progress", tag = "videos", params(("id" = String, Path), Sign),
    request_body = Progress, responses((status = 204)))]
async fn progress(
    State(platform): Shared,
    caller: Caller,
    Path(id): Path<String>,
    Query(sign): Query<Sign>,
    Json(progress): Json<Progress>,
) -> Result<StatusCode> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    platform.videos.plays.report(&video, &caller, &progress).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was said in the room while a part of a recording or clip was live, in its order.
#[utoipa::path(get, path = "/api/v1/videos/{id}/danmaku", tag = "videos", params(("id" = String, Path), Span, Sign),
    responses((status = 200, body = Danmaku)))]
async fn danmaku(
    State(platform): Shared,
    caller: Caller,
    Path(id): Path<String>,
    Query(span): Query<Span>,
    Query(sign): Query<Sign>,
) -> Result<Json<Danmaku>> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    Ok(Json(danmaku::of_video(&platform.db, &video, span).await?))
}

/// Text for players, which may change and is nothing but text.
const VTT_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/vtt; charset=utf-8"),
    (header::CACHE_CONTROL, "private, no-cache"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
];

/// Captions in one language, as WebVTT.
#[utoipa::path(get, path = "/api/v1/videos/{id}/captions/{language}", tag = "videos",
    params(("id" = String, Path), ("language" = String, Path), Sign),
    responses((status = 200, body = String, content_type = "text/vtt")))]
async fn read_captions(
    State(platform): Shared,
    caller: Caller,
    Path((id, language)): Path<(String, String)>,
    Query(sign): Query<Sign>,
) -> Result<Response> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    Ok((VTT_HEADERS, captions::read(&platform, &video, &language).await?).into_response())
}

/// Stores captions, in place of those in this language: the body is WebVTT or SRT. For the video's owner and admins.
#[utoipa::path(put, path = "/api/v1/videos/{id}/captions/{language}", tag = "videos",
    params(("id" = String, Path), ("language" = String, Path)),
    request_body(content = String, content_type = "text/vtt"), responses((status = 200, body = Caption)))]
async fn put_captions(
    State(platform): Shared,
    caller: Caller,
    Path((id, language)): Path<(String, String)>,
    body: Body,
) -> Result<Json<Caption>> {
    let video = own(&platform, &id, &caller).await?;
    let max = platform.config.videos.captions_bytes_max;
    let body = axum::body::to_bytes(body, max).await.map_err(|_| {
        let message = format!(
            "The captions are larger than {max} bytes (videos.captions_bytes_max), or did not come whole."
        );
        Error::too_large("captions_too_large", message)
    })?;
    Ok(Json(captions::put(&platform, &video, &language, body).await?))
}

/// Takes captions away. For the video's owner and admins.
#[utoipa::path(delete, path = "/api/v1/videos/{id}/captions/{language}", tag = "videos",
    params(("id" = String, Path), ("language" = String, Path)), responses((status = 204)))]
async fn delete_captions(
    State(platform): Shared,
    caller: Caller,
    Path((id, language)): Path<(String, String)>,
) -> Result<StatusCode> {
    let video = own(&platform, &id, &caller).await?;
    captions::delete(&platform, &video, &language).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The chapters of a video, as WebVTT.
#[utoipa::path(get, path = "/api/v1/videos/{id}/chapters.vtt", tag = "videos", params(("id" = String, Path), Sign),
    responses((status = 200, body = String, content_type = "text/vtt")))]
async fn read_chapters(
    State(platform): Shared,
    caller: Caller,
    Path(id): Path<String>,
    Query(sign): Query<Sign>,
) -> Result<Response> {
    let video = watchable(&platform, &id, &caller, &sign).await?;
    let vtt = chapters::webvtt(&chapters::parse(&video.chapters), video.duration_ms);
    Ok((VTT_HEADERS, vtt).into_response())
}
