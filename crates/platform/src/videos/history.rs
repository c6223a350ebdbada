//! Which videos somebody watched, and which not to their end.

use super::view::VideoView;
use super::{Video, rights};
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list, forget_all))
        .routes(routes!(forget))
        .routes(routes!(not_finished))
        .routes(routes!(liked))
}

/// A video somebody watched.
#[derive(Debug, Serialize, ToSchema)]
struct Watched {
    /// The video.
    video: VideoView,
    /// Where playback was last, ms.
    position_ms: i64,
    /// Whether it was watched to its end.
    is_finished: bool,
    /// The last time, unix ms.
    last_at: i64,
}

/// Positions below this are no reason to continue, ms.
const CONTINUE_MS_MIN: i64 = 5_000;

/// The videos the caller watched, the last one first; `cursor` is a time.
#[utoipa::path(get, path = "/api/v1/me/videos/history", tag = "history", params(PageQuery),
    responses((status = 200, body = Page<Watched>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Watched>>> {
    read(&platform, &caller, page, false).await
}

/// The videos the caller began and did not watch to their end, the last one first; `cursor` is a time.
#[utoipa::path(get, path = "/api/v1/me/videos/continue", tag = "history", params(PageQuery),
    responses((status = 200, body = Page<Watched>)))]
async fn not_finished(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Watched>>> {
    read(&platform, &caller, page, true).await
}

async fn read(
    platform: &Platform,
    caller: &Caller,
    page: PageQuery,
    is_to_continue: bool,
) -> Result<Json<Page<Watched>>> {
    let user = caller.user()?;
    let query = sql("SELECT video_id, position_ms, is_finished, last_at FROM video_visits \
         WHERE user_id = $1 AND last_at < $2 AND ($3 = FALSE OR (is_finished = FALSE AND position_ms >= $4)) \
         ORDER BY last_at DESC LIMIT $5");
    let query = query.bind(user.id).bind(page.before_id()).bind(is_to_continue).bind(CONTINUE_MS_MIN);
    let rows: Vec<(i64, i64, bool, i64)> = platform.db.all(query.bind(page.limit() + 1)).await?;
    let Page { items: rows, next } = Page::cut(rows, page.limit(), |(.., last_at)| *last_at);
    let mut items = Vec::with_capacity(rows.len());
    for (video_id, position_ms, is_finished, last_at) in rows {
        // What became private since is not shown, and comes back when it may be watched again.
        if let Some(video) = still_watchable(platform, caller, video_id).await? {
            let video = VideoView::new(platform, &video, caller).await?;
            items.push(Watched { video, position_ms, is_finished, last_at });
        }
    }
    Ok(Json(Page { items, next }))
}

async fn still_watchable(platform: &Platform, caller: &Caller, id: i64) -> Result<Option<Video>> {
    let Some(video) = super::get(&platform.db, id).await? else { return Ok(None) };
    let may = super::may_watch(platform, &video, caller.user.as_deref()).await.is_ok();
    Ok(Some(video).filter(|_| may))
}

/// Forgets all videos the caller watched, and where each was left.
#[utoipa::path(delete, path = "/api/v1/me/videos/history", tag = "history", responses((status = 204)))]
async fn forget_all(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<StatusCode> {
    let delete = sql("DELETE FROM video_visits WHERE user_id = $1").bind(caller.user()?.id);
    platform.db.execute(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets that the caller watched a video.
#[utoipa::path(delete, path = "/api/v1/me/videos/history/{id}", tag = "history", params(("id" = String, Path)),
    responses((status = 204)))]
async fn forget(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let video = super::by_address(&platform.db, &id).await?.ok_or_else(rights::no_such_video)?;
    let delete = sql("DELETE FROM video_visits WHERE user_id = $1 AND video_id = $2");
    platform.db.execute(delete.bind(user.id).bind(video.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The videos the caller likes, the last one first; `cursor` is a time.
#[utoipa::path(get, path = "/api/v1/me/videos/liked", tag = "history", params(PageQuery),
    responses((status = 200, body = Page<VideoView>)))]
async fn liked(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoView>>> {
    let query = sql("SELECT video_id, created_at FROM video_likes WHERE user_id = $1 AND created_at < $2 \
         ORDER BY created_at DESC LIMIT $3");
    own(&platform, &caller, query, page).await
}

/// A page of videos the caller put on a list of its own: `query` takes the caller, the time before which and how many,
/// and gives their numbers with the times.
pub(super) async fn own(
    platform: &Platform,
    caller: &Caller,
    query: crate::db::Query,
    page: PageQuery,
) -> Result<Json<Page<VideoView>>> {
    let query = query.bind(caller.user()?.id).bind(page.before_id()).bind(page.limit() + 1);
    let rows: Vec<(i64, i64)> = platform.db.all(query).await?;
    let Page { items: rows, next } = Page::cut(rows, page.limit(), |(_, created_at)| *created_at);
    let mut items = Vec::with_capacity(rows.len());
    for (video_id, _) in rows {
        if let Some(video) = still_watchable(platform, caller, video_id).await? {
            items.push(VideoView::new(platform, &video, caller).await?);
        }
    }
    Ok(Json(Page { items, next }))
}
