use super::list::{self, Filter};
use super::rights::{own, visible};
use super::view::{Detail, VideoView};
use super::{Change, edit, is_owner};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result, admin};
use axum::extract::State;
use http::StatusCode;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read, change, remove))
        .merge(super::rights::routes())
        .merge(super::around::routes())
        .merge(super::history::routes())
        .merge(super::later::routes())
        .merge(super::admin::routes())
}

/// Public videos that can be played, the newest first; or, with `mine`, all of the caller's.
#[utoipa::path(get, path = "/api/v1/videos", tag = "videos", params(Filter, PageQuery),
    responses((status = 200, body = Page<VideoView>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VideoView>>> {
    if filter.mine == Some(true) {
        caller.user()?;
    }
    let found = list::find(&platform, caller.user.as_deref(), &filter, page).await?;
    Ok(Json(VideoView::page(&platform, found, &caller).await?))
}

/// A video.
#[utoipa::path(get, path = "/api/v1/videos/{id}", tag = "videos", params(("id" = String, Path)),
    responses((status = 200, body = Detail)))]
async fn read(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Detail>> {
    let video = visible(&platform, &id, &caller).await?;
    let view = VideoView::new(&platform, &video, &caller).await?;
    Ok(Json(Detail::new(&platform, &video, &caller, view).await?))
}

/// Changes a video. For its owner and admins.
#[utoipa::path(patch, path = "/api/v1/videos/{id}", tag = "videos", params(("id" = String, Path)),
    request_body = Change, responses((status = 200, body = Detail)))]
async fn change(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Detail>> {
    let video = own(&platform, &id, &caller).await?;
    let video = edit::change(&platform, caller.user()?, video, change).await?;
    let view = VideoView::new(&platform, &video, &caller).await?;
    Ok(Json(Detail::new(&platform, &video, &caller, view).await?))
}

/// Takes a video away, with its files. For its owner and admins.
#[utoipa::path(delete, path = "/api/v1/videos/{id}", tag = "videos", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let video = own(&platform, &id, &caller).await?;
    let mut tx = platform.db.begin().await?;
    if !is_owner(&video, caller.user.as_deref()) {
        let object = format!("video {}", video.public_id);
        admin::record(&mut tx, caller.admin()?, "video_deleted", &object, &video.title, "").await?;
    }
    edit::delete_in(&mut tx, &video).await?;
    tx.commit().await?;
    edit::deleted(&platform, &video).await;
    Ok(StatusCode::NO_CONTENT)
}
