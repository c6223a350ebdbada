use super::Counts;
use crate::accounts::{PublicUser, users};
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, row};
use axum::extract::State;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(read, follow, change, unfollow))
        .routes(routes!(following))
        .routes(routes!(followers))
}

row! {
    /// A user as lists read it.
    pub(crate) struct PersonRow {
        id: i64,
        username: String,
        nickname: String,
        avatar: String,
    }
}

impl PersonRow {
    pub(crate) fn public(self) -> PublicUser {
        let name = if self.nickname.is_empty() { self.username.clone() } else { self.nickname };
        PublicUser { id: self.id, username: self.username, name, avatar: self.avatar }
    }
}

/// How many follow a user, and whether the caller does.
#[utoipa::path(get, path = "/api/v1/users/{id}/follow", tag = "follows", responses((status = 200, body = Counts)))]
async fn read(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Counts>> {
    if users::by_id(&platform.db, id).await?.is_none() {
        return Err(Error::not_found("user_not_found", "There is no such user."));
    }
    let caller_id = caller.user.as_ref().map(|user| user.id);
    Ok(Json(super::counts(&platform.db, id, caller_id).await?))
}

/// Follows a user.
#[utoipa::path(put, path = "/api/v1/users/{id}/follow", tag = "follows", responses((status = 200, body = Counts)))]
async fn follow(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Counts>> {
    let user = caller.user()?;
    super::follow(&platform, user.id, id).await?;
    Ok(Json(super::counts(&platform.db, id, Some(user.id)).await?))
}

/// What is to be changed of how one follows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowChange {
    /// Whether one is told when the user goes live or publishes a video.
    is_told: bool,
}

/// Says whether the caller is told what a user it follows does.
#[utoipa::path(patch, path = "/api/v1/users/{id}/follow", tag = "follows", request_body = FollowChange,
    responses((status = 200, body = Counts)))]
async fn change(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(change): Json<FollowChange>,
) -> Result<Json<Counts>> {
    let user = caller.user()?;
    super::set_told(&platform.db, user.id, id, change.is_told).await?;
    Ok(Json(super::counts(&platform.db, id, Some(user.id)).await?))
}

/// Follows a user no longer.
#[utoipa::path(delete, path = "/api/v1/users/{id}/follow", tag = "follows", responses((status = 200, body = Counts)))]
async fn unfollow(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Counts>> {
    let user = caller.user()?;
    super::unfollow(&platform.db, user.id, id).await?;
    Ok(Json(super::counts(&platform.db, id, Some(user.id)).await?))
}

/// Whom the caller follows, by number from the highest down.
#[utoipa::path(get, path = "/api/v1/me/following", tag = "follows", params(PageQuery),
    responses((status = 200, body = Page<PublicUser>)))]
async fn following(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublicUser>>> {
    let query = "SELECT users.id, username, nickname, avatar FROM follows JOIN users ON users.id = follows.user_id \
         WHERE follower_id = $1 AND users.id < $2 ORDER BY users.id DESC LIMIT $3";
    people(&platform, query, &caller, page).await
}

/// Who follow the caller, by number from the highest down.
#[utoipa::path(get, path = "/api/v1/me/followers", tag = "follows", params(PageQuery),
    responses((status = 200, body = Page<PublicUser>)))]
async fn followers(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublicUser>>> {
    let query = "SELECT users.id, username, nickname, avatar FROM follows JOIN users ON users.id = follower_id \
         WHERE follows.user_id = $1 AND users.id < $2 ORDER BY users.id DESC LIMIT $3";
    people(&platform, query, &caller, page).await
}

async fn people(
    platform: &Platform,
    query: &'static str,
    caller: &Caller,
    page: PageQuery,
) -> Result<Json<Page<PublicUser>>> {
    let limit = page.limit();
    let query = sql(query).bind(caller.user()?.id).bind(page.before_id()).bind(limit + 1);
    let rows: Vec<PersonRow> = platform.db.all(query).await?;
    let people = rows.into_iter().map(PersonRow::public).collect();
    Ok(Json(Page::cut(people, limit, |person: &PublicUser| person.id)))
}
