use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result, row};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read_all))
        .routes(routes!(delete))
        .merge(super::choices::routes())
}

row! {
    /// Something one was told.
    #[derive(Debug, Serialize, ToSchema)]
    struct Notification {
        /// Its number.
        id: i64,
        /// What happened: `went_live` or `video_published`.
        kind: String,
        /// The room it happened in; nothing for a video.
        room_id: Option<i64>,
        /// What addresses name the video by; nothing for a room.
        video: Option<String>,
        /// The room's or video's title now.
        title: String,
        /// User name of the room's host or the video's owner.
        host: String,
        /// Unix ms.
        created_at: i64,
        /// Unix ms; nothing: not read yet.
        read_at: Option<i64>,
    }
}

/// A page of notifications.
#[derive(Serialize, ToSchema)]
struct Notifications {
    /// Not read yet, on all pages.
    unread: i64,
    #[serde(flatten)]
    page: Page<Notification>,
}

/// What one was told, the newest first.
#[utoipa::path(get, path = "/api/v1/me/notifications", tag = "notifications", params(PageQuery),
    responses((status = 200, body = Notifications)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Notifications>> {
    let (user, limit) = (caller.user()?, page.limit());
    let unread =
        sql("SELECT COUNT(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL").bind(user.id);
    let (unread,) = platform.db.one::<(i64,)>(unread).await?;
    let query = sql("SELECT notifications.id, kind, notifications.room_id, videos.public_id AS video, \
         COALESCE(rooms.title, videos.title) AS title, users.username AS host, notifications.created_at, read_at \
         FROM notifications LEFT JOIN rooms ON rooms.id = notifications.room_id \
         LEFT JOIN videos ON videos.id = notifications.video_id \
         JOIN users ON users.id = COALESCE(rooms.user_id, videos.user_id) \
         WHERE notifications.user_id = $1 AND notifications.id < $2 ORDER BY notifications.id DESC LIMIT $3");
    let items = platform.db.all(query.bind(user.id).bind(page.before_id()).bind(limit + 1)).await?;
    Ok(Json(Notifications { unread, page: Page::cut(items, limit, |item: &Notification| item.id) }))
}

/// Marks all as read, and forgets the oldest beyond the limit.
#[utoipa::path(post, path = "/api/v1/me/notifications/read", tag = "notifications", responses((status = 204)))]
async fn read_all(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<StatusCode> {
    let user = caller.user()?;
    let read = sql("UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL");
    platform.db.execute(read.bind(user.id).bind(now_ms())).await?;
    let surplus = sql("DELETE FROM notifications WHERE user_id = $1 AND id NOT IN \
         (SELECT id FROM notifications WHERE user_id = $1 ORDER BY id DESC LIMIT $2)");
    platform.db.execute(surplus.bind(user.id).bind(platform.config.notifications.per_user_max)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one away.
#[utoipa::path(delete, path = "/api/v1/me/notifications/{id}", tag = "notifications", responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let delete = sql("DELETE FROM notifications WHERE id = $1 AND user_id = $2");
    platform.db.execute(delete.bind(id).bind(caller.user()?.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
