//! What admins do with videos: all of them, what was taken down and why, and who needs how much room.

use super::list::{self, Filter, StateFilter};
use super::view::VideoView;
use super::{Video, by_address, publish, rights, video_columns};
use crate::bus::Event;
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result, admin, row, text};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list_any))
        .routes(routes!(take_down, put_back))
        .routes(routes!(storage))
}

/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 1000;

/// All videos, whatever their privacy and however far they are, the newest first. For admins.
#[utoipa::path(get, path = "/api/v1/admin/videos", tag = "admin", params(Filter, StateFilter, PageQuery),
    responses((status = 200, body = Page<VideoView>)))]
async fn list_any(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(states): Query<StateFilter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoView>>> {
    caller.admin()?;
    let found = list::find_any(&platform, &filter, &states, page).await?;
    Ok(Json(VideoView::page(&platform, found, &caller).await?))
}

/// Why a video is taken down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeDown {
    /// For its owner and the log, 1 to 1000 characters.
    reason: String,
}

/// Takes a video down: nobody can watch it, and only its owner and admins know of it. For admins.
#[utoipa::path(post, path = "/api/v1/admin/videos/{id}/take-down", tag = "admin", params(("id" = String, Path)),
    request_body = TakeDown, responses((status = 204)))]
async fn take_down(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(TakeDown { reason }): Json<TakeDown>,
) -> Result<StatusCode> {
    caller.admin()?;
    let reason = text::lines("reason", &reason, 1, REASON_CHARS_MAX)?;
    set(&platform, &caller, &id, Some(&reason)).await
}

/// Gives a video back that was taken down. For admins.
#[utoipa::path(delete, path = "/api/v1/admin/videos/{id}/take-down", tag = "admin", params(("id" = String, Path)),
    responses((status = 204)))]
async fn put_back(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    set(&platform, &caller, &id, None).await
}

async fn set(platform: &Platform, caller: &Caller, id: &str, reason: Option<&str>) -> Result<StatusCode> {
    let by = caller.admin()?;
    let video = by_address(&platform.db, id).await?.ok_or_else(rights::no_such_video)?;
    let mut tx = platform.db.begin().await?;
    let update = sql(concat!(
        "UPDATE videos SET taken_down_at = $2, taken_down_reason = $3, updated_at = $4 \
         WHERE id = $1 AND deleted_at IS NULL RETURNING ",
        video_columns!()
    ));
    let now = now_ms();
    let update = update.bind(video.id).bind(reason.map(|_| now)).bind(reason.unwrap_or_default()).bind(now);
    let video: Video = tx.maybe(update).await?.ok_or_else(rights::no_such_video)?;
    let action = if reason.is_some() { "video_taken_down" } else { "video_put_back" };
    let object = format!("video {}", video.public_id);
    admin::record(&mut tx, by, action, &object, &video.title, reason.unwrap_or_default()).await?;
    let published = publish::go_public(&mut tx, video.id).await?;
    tx.commit().await?;
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    publish::announce(platform, published).await?;
    Ok(StatusCode::NO_CONTENT)
}

row! {
    /// The room somebody's videos take.
    #[derive(Debug, Serialize, ToSchema)]
    #[schema(as = OwnerStorage)]
    struct Storage {
        /// Whose.
        user_id: i64,
        /// The name in addresses.
        username: String,
        /// Videos.
        videos: i64,
        /// Bytes of their files.
        bytes: i64,
    }
}

/// How much room the videos of people take, the most first. `cursor` is how many were given before. For admins.
#[utoipa::path(get, path = "/api/v1/admin/storage", tag = "admin", params(PageQuery),
    responses((status = 200, body = Page<Storage>)))]
async fn storage(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Storage>>> {
    caller.admin()?;
    let (limit, offset) = (page.limit(), page.cursor.unwrap_or(0).max(0));
    let query = sql("SELECT videos.user_id, users.username, COUNT(DISTINCT videos.id) AS videos, \
         CAST(COALESCE(SUM(video_files.bytes), 0) AS BIGINT) AS bytes FROM videos \
         JOIN users ON users.id = videos.user_id LEFT JOIN video_files ON video_files.video_id = videos.id \
         WHERE videos.deleted_at IS NULL GROUP BY videos.user_id, users.username \
         ORDER BY bytes DESC, videos.user_id LIMIT $1 OFFSET $2");
    let items: Vec<Storage> = platform.db.all(query.bind(limit + 1).bind(offset)).await?;
    Ok(Json(Page::cut(items, limit, |_| offset.saturating_add(limit))))
}
