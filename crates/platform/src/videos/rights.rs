//! Who may know of a video, watch it, change it and keep order under it.

use super::Video;
use crate::accounts::User;
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::Json;
use crate::{Error, Platform, Result, moderation, rooms};
use axum::extract::{Path, State};
use hub::Action;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view::{Detail, VideoView};

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(enter))
}

/// Whether the video is `user`'s.
pub fn is_owner(video: &Video, user: Option<&User>) -> bool {
    user.is_some_and(|user| user.id == video.user_id)
}

/// Whether `user` may watch; else why not.
pub async fn may_watch(platform: &Platform, video: &Video, user: Option<&User>) -> Result<()> {
    if video.taken_down_at.is_some() {
        return Err(Error::forbidden("video_taken_down", "This video was taken down."));
    }
    if video.is_open() || is_owner(video, user) || user.is_some_and(User::is_admin) {
        return Ok(());
    }
    if let Some(user) = user {
        let is_let_in = match video.privacy.as_str() {
            "password" => is_guest(platform, video, user).await?,
            _ => is_of_its_room(platform, video, user).await?,
        };
        if is_let_in || is_room_moderator(platform, video, user).await? {
            return Ok(());
        }
    }
    let message = match video.privacy.as_str() {
        "password" => "This video needs its password.",
        _ => "This video is private.",
    };
    Err(Error::forbidden("video_private", message))
}

async fn is_guest(platform: &Platform, video: &Video, user: &User) -> Result<bool> {
    let query = sql("SELECT user_id FROM video_guests WHERE video_id = $1 AND user_id = $2");
    Ok(platform.db.maybe::<(i64,)>(query.bind(video.id).bind(user.id)).await?.is_some())
}

/// Whether somebody is a member of the room a video came from, and not banned there.
async fn is_of_its_room(platform: &Platform, video: &Video, user: &User) -> Result<bool> {
    let Some(room_id) = video.room_id else { return Ok(false) };
    Ok(rooms::is_member(platform, room_id, user.id).await?
        && !moderation::is_banned(&platform.db, room_id, user.id).await?)
}

async fn is_room_moderator(platform: &Platform, video: &Video, user: &User) -> Result<bool> {
    let Some(room_id) = video.room_id else { return Ok(false) };
    let Some(room) = rooms::by_id(&platform.db, room_id).await? else { return Ok(false) };
    Ok(moderation::authority(&platform.db, &room, user).await?.is_moderator())
}

/// Whether `user` may take away what others say under a video: its owner, moderators of the room it came from, admins.
pub(super) async fn may_keep_order(platform: &Platform, video: &Video, user: &User) -> Result<bool> {
    Ok(is_owner(video, Some(user)) || user.is_admin() || is_room_moderator(platform, video, user).await?)
}

pub(super) fn no_such_video() -> Error {
    Error::not_found("video_not_found", "There is no such video.")
}

/// The video, for whom may know of it: private ones are a secret to strangers, and so are those that are not ready yet or
/// were taken down.
pub(crate) async fn visible(platform: &Platform, id: &str, caller: &Caller) -> Result<Video> {
    let user = caller.user.as_deref();
    let video = super::by_address(&platform.db, id).await?.ok_or_else(no_such_video)?;
    if is_owner(&video, user) || caller.admin().is_ok() {
        return Ok(video);
    }
    let is_there = matches!(video.state.as_str(), "ready" | "recording") && video.taken_down_at.is_none();
    let is_known = video.privacy == "password" || may_watch(platform, &video, user).await.is_ok();
    if is_there && is_known { Ok(video) } else { Err(no_such_video()) }
}

/// The video, for its owner and admins.
pub(crate) async fn own(platform: &Platform, id: &str, caller: &Caller) -> Result<Video> {
    let user = caller.user()?;
    let video = visible(platform, id, caller).await?;
    if is_owner(&video, Some(user)) || user.is_admin() {
        return Ok(video);
    }
    Err(Error::forbidden("not_the_owner", "Only the owner of the video may do this."))
}

/// What lets who is not signed in see what is around a video with a password.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sign {
    /// `play_sign` of the video.
    pub sign: Option<String>,
}

/// The video, for whom may watch it, by who it is or by the token to play it.
pub(super) async fn watchable(platform: &Platform, id: &str, caller: &Caller, sign: &Sign) -> Result<Video> {
    let video = visible(platform, id, caller).await?;
    let refused = may_watch(platform, &video, caller.user.as_deref()).await;
    let Err(refused) = refused else { return Ok(video) };
    let is_signed = match &sign.sign {
        Some(sign) if video.taken_down_at.is_none() => {
            platform.tokens.check(Action::Play, &video.path()?, sign).is_ok()
        }
        _ => false,
    };
    if is_signed { Ok(video) } else { Err(refused) }
}

/// What opens a video.
#[derive(Deserialize, ToSchema)]
struct VideoPassword {
    /// The video's password.
    password: String,
}

/// Opens a video with its password: the answer has the `play_sign`, and who is signed in may watch from then on.
#[utoipa::path(post, path = "/api/v1/videos/{id}/enter", tag = "videos", params(("id" = String, Path)),
    request_body = VideoPassword, responses((status = 200, body = Detail)))]
async fn enter(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(VideoPassword { password }): Json<VideoPassword>,
) -> Result<Json<Detail>> {
    platform.accounts.attempts_by_address.check(&caller.address)?;
    let who = caller.user.as_ref().map_or_else(|| caller.address.to_string(), |user| user.id.to_string());
    platform
        .accounts
        .attempts_by_name
        .check(&format!("video {} {who}", id.chars().take(20).collect::<String>()))?;
    let video = super::by_address(&platform.db, &id).await?;
    let video = video.filter(|video| video.privacy == "password" && video.taken_down_at.is_none());
    let hash = video.as_ref().and_then(|video| video.password_hash.clone());
    let is_right = platform.accounts.passwords.verify(password, hash).await?;
    let Some(video) = video.filter(|_| is_right) else {
        let message = "There is no such video with a password, or its password is another.";
        return Err(Error::forbidden("wrong_password", message));
    };
    if let Some(user) = &caller.user {
        let insert =
            sql("INSERT INTO video_guests (video_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        platform.db.execute(insert.bind(video.id).bind(user.id)).await?;
    }
    let view = VideoView::for_watching(&platform, &video, &caller).await?;
    Ok(Json(Detail::new(&platform, &video, &caller, view).await?))
}
