use super::list::{self, Filter};
use super::{Change, Video, edit, is_owner, may_watch};
use crate::accounts::{PublicUser, users};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::tokens::PLAY_TTL;
use crate::{Error, Platform, Result, audience};
use axum::extract::State;
use http::StatusCode;
use hub::Action;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, edit, remove))
}

/// A video as people see it.
#[derive(Debug, Serialize, ToSchema)]
struct VideoView {
    /// What addresses name.
    id: String,
    /// Of the flat address `/streams/{name}.m3u8`.
    name: Option<String>,
    /// `upload`, `import`, `added`, `recording` or `clip`.
    origin: String,
    /// The room it came from.
    room_id: Option<i64>,
    /// The title.
    title: String,
    /// What it is about.
    description: String,
    /// The category, or empty.
    category: String,
    /// The labels.
    labels: Vec<String>,
    /// `public`, `unlisted`, `private` or `password`.
    privacy: String,
    /// `waiting`, `probing`, `recording`, `ready` or `failed`.
    state: String,
    /// Why it failed, or empty.
    failure: String,
    /// Milliseconds; 0 while that is not known.
    duration_ms: i64,
    /// Pixels.
    width: i64,
    /// Pixels.
    height: i64,
    /// Of all its files.
    bytes: i64,
    /// Address of the picture, or empty.
    cover: String,
    /// Whether `/streams/{id}/storyboard.vtt` is there.
    has_storyboard: bool,
    /// Views.
    view_count: i64,
    /// People who like it.
    like_count: i64,
    /// Comments and replies.
    comment_count: i64,
    /// Wall time of its first moment, unix ms.
    starts_at: Option<i64>,
    /// Unix ms.
    created_at: i64,
    /// Unix ms.
    published_at: Option<i64>,
    /// The owner.
    user: Option<PublicUser>,
    /// Where players find it: `/streams/{id}/master.m3u8` and the like.
    stream: String,
    /// For `?sign=` when watching; only for those who may.
    #[serde(skip_serializing_if = "Option::is_none")]
    play_sign: Option<String>,
    /// For `&viewer=` when watching, so that a person counts once.
    viewer: String,
}

impl VideoView {
    async fn new(platform: &Platform, video: &Video, caller: &Caller) -> Result<Self> {
        let user = caller.user.as_deref();
        let path = video.path()?;
        let may_play = may_watch(platform, video, user).await.is_ok();
        let owner = users::by_id(&platform.db, video.user_id).await?;
        Ok(Self {
            id: video.public_id.clone(),
            name: video.name.clone(),
            origin: video.origin.clone(),
            room_id: video.room_id,
            title: video.title.clone(),
            description: video.description.clone(),
            category: video.category.clone(),
            labels: serde_json::from_str(&video.labels).unwrap_or_default(),
            privacy: video.privacy.clone(),
            state: video.state.clone(),
            failure: video.failure.clone(),
            duration_ms: video.duration_ms,
            width: video.width,
            height: video.height,
            bytes: video.bytes,
            cover: video.cover.clone(),
            has_storyboard: video.has_storyboard,
            view_count: video.view_count,
            like_count: video.like_count,
            comment_count: video.comment_count,
            starts_at: video.starts_at,
            created_at: video.created_at,
            published_at: video.published_at,
            user: owner.map(|owner| owner.public()),
            play_sign: may_play.then(|| platform.tokens.sign(Action::Play, &path, PLAY_TTL)),
            stream: path.to_string(),
            viewer: user
                .map_or_else(audience::anonymous_id, |user| audience::viewer_id(&video.public_id, user.id)),
        })
    }
}

pub(super) fn no_such_video() -> Error {
    Error::not_found("video_not_found", "There is no such video.")
}

/// The video, for whom may know of it: private ones are a secret to strangers, and so are those not ready yet.
pub(super) async fn visible(platform: &Platform, id: &str, caller: &Caller) -> Result<Video> {
    let user = caller.user.as_deref();
    let video = super::by_address(&platform.db, id).await?.ok_or_else(no_such_video)?;
    if is_owner(&video, user) || caller.admin().is_ok() {
        return Ok(video);
    }
    let is_there = matches!(video.state.as_str(), "ready" | "recording");
    let is_known = video.privacy == "password" || may_watch(platform, &video, user).await.is_ok();
    if is_there && is_known { Ok(video) } else { Err(no_such_video()) }
}

/// The video, for its owner and admins.
pub(super) async fn own(platform: &Platform, id: &str, caller: &Caller) -> Result<Video> {
    let user = caller.user()?;
    let video = visible(platform, id, caller).await?;
    if is_owner(&video, Some(user)) || user.is_admin() {
        return Ok(video);
    }
    Err(Error::forbidden("not_the_owner", "Only the owner of the video may do this."))
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
    let Page { items, next } = list::find(&platform, caller.user.as_deref(), &filter, page).await?;
    let mut views = Vec::with_capacity(items.len());
    for video in &items {
        views.push(VideoView::new(&platform, video, &caller).await?);
    }
    Ok(Json(Page { items: views, next }))
}

/// A video.
#[utoipa::path(get, path = "/api/v1/videos/{id}", tag = "videos", params(("id" = String, Path)),
    responses((status = 200, body = VideoView)))]
async fn read(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<VideoView>> {
    let video = visible(&platform, &id, &caller).await?;
    Ok(Json(VideoView::new(&platform, &video, &caller).await?))
}

/// Changes a video. For its owner.
#[utoipa::path(patch, path = "/api/v1/videos/{id}", tag = "videos", params(("id" = String, Path)),
    request_body = Change, responses((status = 200, body = VideoView)))]
async fn edit(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<VideoView>> {
    let video = own(&platform, &id, &caller).await?;
    let video = edit::change(&platform, video, change).await?;
    Ok(Json(VideoView::new(&platform, &video, &caller).await?))
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
    edit::delete(&platform, &video).await?;
    Ok(StatusCode::NO_CONTENT)
}
