//! Videos somebody wants to watch another time.

use super::view::VideoView;
use super::{Video, history, rights, visible};
use crate::accounts::User;
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result};
use axum::extract::State;
use http::StatusCode;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(add, remove))
}

/// Videos on a list at most.
const LATER_MAX: i64 = 1000;

/// Whether the video is on somebody's list.
pub(super) async fn is_for_later(db: &Db, video: &Video, user: &User) -> Result<bool> {
    let query = sql("SELECT user_id FROM videos_for_later WHERE user_id = $1 AND video_id = $2");
    Ok(db.maybe::<(i64,)>(query.bind(user.id).bind(video.id)).await?.is_some())
}

/// The videos the caller put aside for later, the last one first; `cursor` is a time.
#[utoipa::path(get, path = "/api/v1/me/videos/later", tag = "history", params(PageQuery),
    responses((status = 200, body = Page<VideoView>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoView>>> {
    let query =
        sql("SELECT video_id, created_at FROM videos_for_later WHERE user_id = $1 AND created_at < $2 \
         ORDER BY created_at DESC LIMIT $3");
    history::own(&platform, &caller, query, page).await
}

/// Puts a video aside for later.
#[utoipa::path(put, path = "/api/v1/me/videos/later/{id}", tag = "history", params(("id" = String, Path)),
    responses((status = 204)))]
async fn add(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let video = visible(&platform, &id, &caller).await?;
    let insert = sql(
        "INSERT INTO videos_for_later (user_id, video_id, created_at) SELECT $1, $2, $3 FROM users \
         WHERE id = $1 AND (SELECT COUNT(*) FROM videos_for_later WHERE user_id = $1) < $4 ON CONFLICT DO NOTHING",
    );
    let insert = insert.bind(user.id).bind(video.id).bind(now_ms()).bind(LATER_MAX);
    if platform.db.execute(insert).await? == 0 && !is_for_later(&platform.db, &video, user).await? {
        let message = format!("{LATER_MAX} videos wait for you already, which is the most.");
        return Err(Error::conflict("too_many_for_later", message));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a video off the list, also one that may not be watched any more.
#[utoipa::path(delete, path = "/api/v1/me/videos/later/{id}", tag = "history", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let video = super::by_address(&platform.db, &id).await?.ok_or_else(rights::no_such_video)?;
    let delete = sql("DELETE FROM videos_for_later WHERE user_id = $1 AND video_id = $2");
    platform.db.execute(delete.bind(user.id).bind(video.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
