use super::list::{self, Filter};
use super::status::{self, Act};
use super::{Change, ENDED, NewRoom, Room, is_host, may_view};
use crate::accounts::{PublicUser, users};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::tokens::{PLAY_TTL, PUBLISH_TTL};
use crate::{Error, Platform, Result, admin, audience};
use axum::extract::State;
use http::StatusCode;
use hub::Action;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(list_any))
        .routes(routes!(read, edit, remove))
        .routes(routes!(read_by_name))
        .routes(routes!(act))
        .routes(routes!(enter))
        .routes(routes!(publish_token))
        .merge(super::broadcasts::routes())
        .merge(super::members::routes())
}

/// A room as people see it.
#[derive(Debug, Serialize, ToSchema)]
struct RoomView {
    /// Its number.
    id: i64,
    /// The public stream name: the stream is at `live/{name}`.
    name: String,
    /// The title.
    title: String,
    /// Address of the picture, or empty.
    cover: String,
    /// The category, or empty.
    category: String,
    /// The labels.
    labels: Vec<String>,
    /// `public`, `unlisted` or `private`.
    privacy: String,
    /// `idle`, `live`, `paused` or `ended`.
    status: &'static str,
    /// When it is planned to begin, unix ms.
    scheduled_at: Option<i64>,
    /// People who came at least once.
    look_count: i64,
    /// Coins of all gifts.
    coin: i64,
    /// People and players that watch now, on all servers.
    viewer_count: usize,
    /// The host.
    host: Option<PublicUser>,
    /// Where its stream is.
    stream: String,
    /// Whether its broadcasts are recorded.
    is_recorded: bool,
    /// Days its recordings are kept; nothing: as long as the site keeps them.
    keep_days: Option<i64>,
    /// Who may cut clips: `all` who are signed in, the `host`, or `off`.
    clips: String,
    /// For `&viewer=` when watching, so that a person counts once.
    viewer: String,
    /// For `?sign=` when watching; only for those who may.
    #[serde(skip_serializing_if = "Option::is_none")]
    play_sign: Option<String>,
    /// Unix ms.
    created_at: i64,
}

impl RoomView {
    async fn new(platform: &Platform, room: &Room, caller: &Caller) -> Result<Self> {
        let path = room.path()?;
        let may_play = room.status != ENDED && may_view(platform, room, caller.user.as_deref()).await.is_ok();
        let host = users::by_id(&platform.db, room.user_id).await?;
        Ok(Self {
            id: room.id,
            name: room.name.clone(),
            title: room.title.clone(),
            cover: room.cover.clone(),
            category: room.category.clone(),
            labels: serde_json::from_str(&room.labels).unwrap_or_default(),
            privacy: room.privacy.clone(),
            status: status::name(room.status),
            scheduled_at: room.scheduled_at,
            look_count: room.look_count,
            coin: room.coin,
            viewer_count: audience::count(platform, room),
            viewer: caller
                .user
                .as_ref()
                .map_or_else(audience::anonymous_id, |user| audience::viewer_id(&room.name, user.id)),
            host: host.map(|host| host.public()),
            play_sign: may_play.then(|| platform.tokens.sign(Action::Play, &path, PLAY_TTL)),
            stream: path.to_string(),
            is_recorded: room.is_recorded,
            keep_days: room.keep_days,
            clips: room.clips.clone(),
            created_at: room.created_at,
        })
    }
}

/// The room, for whom may know of it: private ones are a secret to strangers, unlisted ones have no number for them.
pub(crate) async fn visible(platform: &Platform, id: i64, caller: &Caller) -> Result<Room> {
    let room = super::get(&platform.db, id).await?;
    let user = caller.user.as_deref();
    let is_known = room.privacy == "public" || is_host(&room, user) || caller.admin().is_ok();
    if is_known || (room.privacy == "private" && may_view(platform, &room, user).await.is_ok()) {
        return Ok(room);
    }
    Err(Error::not_found("room_not_found", "There is no such room."))
}

/// The room, for its host.
pub(super) async fn own(platform: &Platform, id: i64, caller: &Caller) -> Result<Room> {
    let user = caller.user()?;
    let room = visible(platform, id, caller).await?;
    if is_host(&room, Some(user)) {
        return Ok(room);
    }
    Err(Error::forbidden("not_the_host", "Only the host of the room may do this."))
}

/// Public rooms, the newest first; or, with `mine`, all of the caller's.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "rooms", params(Filter, PageQuery),
    responses((status = 200, body = Page<RoomView>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RoomView>>> {
    if filter.mine == Some(true) {
        caller.user()?;
    }
    let found = list::find(&platform, caller.user.as_deref(), &filter, page).await?;
    views(&platform, found, &caller).await
}

async fn views(
    platform: &Platform,
    Page { items, next }: Page<Room>,
    caller: &Caller,
) -> Result<Json<Page<RoomView>>> {
    let mut views = Vec::with_capacity(items.len());
    for room in &items {
        views.push(RoomView::new(platform, room, caller).await?);
    }
    Ok(Json(Page { items: views, next }))
}

/// All rooms, also unlisted and private ones, the newest first. For admins.
#[utoipa::path(get, path = "/api/v1/admin/rooms", tag = "admin", params(Filter, PageQuery),
    responses((status = 200, body = Page<RoomView>)))]
async fn list_any(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RoomView>>> {
    caller.admin()?;
    let found = list::find_any(&platform, &filter, page).await?;
    views(&platform, found, &caller).await
}

/// Makes a room.
#[utoipa::path(post, path = "/api/v1/rooms", tag = "rooms", request_body = NewRoom,
    responses((status = 201, body = RoomView)))]
async fn make(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(new): Json<NewRoom>,
) -> Result<(StatusCode, Json<RoomView>)> {
    let room = super::create(&platform, caller.user()?, &new).await?;
    Ok((StatusCode::CREATED, Json(RoomView::new(&platform, &room, &caller).await?)))
}

/// A room by its number.
#[utoipa::path(get, path = "/api/v1/rooms/{id}", tag = "rooms", responses((status = 200, body = RoomView)))]
async fn read(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<RoomView>> {
    let room = visible(&platform, id, &caller).await?;
    Ok(Json(RoomView::new(&platform, &room, &caller).await?))
}

/// A room by its stream name, which is how unlisted ones are shared.
#[utoipa::path(get, path = "/api/v1/rooms/by-name/{name}", tag = "rooms", responses((status = 200, body = RoomView)))]
async fn read_by_name(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<RoomView>> {
    let room = super::by_name(&platform.db, &name).await?;
    let room = room.ok_or_else(|| Error::not_found("room_not_found", "There is no such room."))?;
    Ok(Json(RoomView::new(&platform, &room, &caller).await?))
}

/// Changes a room.
#[utoipa::path(patch, path = "/api/v1/rooms/{id}", tag = "rooms", request_body = Change,
    responses((status = 200, body = RoomView)))]
async fn edit(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(change): Json<Change>,
) -> Result<Json<RoomView>> {
    let room = own(&platform, id, &caller).await?;
    let room = super::change(&platform, room, change).await?;
    Ok(Json(RoomView::new(&platform, &room, &caller).await?))
}

/// Takes a room away for good: it ends, and nobody finds it any more. For its host and admins.
#[utoipa::path(delete, path = "/api/v1/rooms/{id}", tag = "rooms", responses((status = 204)))]
async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let room = visible(&platform, id, &caller).await?;
    if !is_host(&room, Some(user)) {
        let admin = caller.admin()?;
        let mut tx = platform.db.begin().await?;
        admin::record(&mut tx, admin, "room_deleted", &format!("room {id}"), &room.title, "").await?;
        tx.commit().await?;
    }
    super::edit::delete(&platform, &room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the host does.
#[derive(Deserialize, ToSchema)]
struct StatusChange {
    /// `play`, `pause` or `stop`.
    #[serde(rename = "type")]
    act: Act,
}

/// Goes on, pauses or ends a room.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/status", tag = "rooms", request_body = StatusChange,
    responses((status = 200, body = RoomView)))]
async fn act(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(change): Json<StatusChange>,
) -> Result<Json<RoomView>> {
    let room = own(&platform, id, &caller).await?;
    let room = status::apply(&platform, room.id, change.act).await?;
    Ok(Json(RoomView::new(&platform, &room, &caller).await?))
}

/// What opens a private room.
#[derive(Deserialize, ToSchema)]
struct Password {
    /// The room's password.
    password: String,
}

/// Enters a private room with its password: whoever is right is a member from then on.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/enter", tag = "rooms", request_body = Password,
    responses((status = 200, body = RoomView)))]
async fn enter(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(Password { password }): Json<Password>,
) -> Result<Json<RoomView>> {
    let user = caller.user()?;
    platform.accounts.attempts_by_address.check(&caller.address)?;
    platform.accounts.attempts_by_name.check(&format!("room {id} {}", user.id))?;
    let room = super::by_id(&platform.db, id).await?.filter(|room| room.privacy == "private");
    let hash = room.as_ref().and_then(|room| room.password_hash.clone());
    let is_right = platform.accounts.passwords.verify(password, hash).await?;
    let Some(room) = room.filter(|_| is_right) else {
        return Err(Error::forbidden(
            "wrong_password",
            "There is no such private room, or its password is another.",
        ));
    };
    super::members::add(&platform, room.id, user.id, true).await?;
    Ok(Json(RoomView::new(&platform, &room, &caller).await?))
}

/// A token to publish with.
#[derive(Serialize, ToSchema)]
struct PublishToken {
    /// Where to publish: `rtmp://host/{stream}?sign={sign}`.
    stream: String,
    /// The token.
    sign: String,
}

/// A token with which an encoder may publish into the room, for its host.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/publish-token", tag = "rooms",
    responses((status = 200, body = PublishToken)))]
async fn publish_token(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<PublishToken>> {
    let path = own(&platform, id, &caller).await?.path()?;
    let sign = platform.tokens.sign(Action::Publish, &path, PUBLISH_TTL);
    Ok(Json(PublishToken { stream: path.to_string(), sign }))
}
