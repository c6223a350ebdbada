//! Members of private rooms: who may enter without the password.

use super::routes::own;
use crate::accounts::{PublicUser, users};
use crate::bus::Event;
use crate::caller::Caller;
use crate::db::{Tx, sql};
use crate::extract::{Json, Path, Query};
use crate::follows::PersonRow;
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result};
use axum::extract::State;
use http::StatusCode;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Members of one room at most.
const MEMBERS_MAX: i64 = 10_000;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(invite, remove))
}

/// Lets somebody into a private room from now on.
pub(super) async fn add(platform: &Platform, room_id: i64, user_id: i64, by_password: bool) -> Result<()> {
    let insert = sql("INSERT INTO room_members (room_id, user_id, by_password) SELECT $1, $2, $3 \
         WHERE (SELECT COUNT(*) FROM room_members WHERE room_id = $1) < $4 ON CONFLICT DO NOTHING");
    let insert = insert.bind(room_id).bind(user_id).bind(by_password).bind(MEMBERS_MAX);
    if platform.db.execute(insert).await? == 0 && !is_one(platform, room_id, user_id).await? {
        return Err(Error::conflict("room_full", format!("A room has {MEMBERS_MAX} members at most.")));
    }
    Ok(())
}

/// Whether somebody is a member.
pub(super) async fn is_one(platform: &Platform, room_id: i64, user_id: i64) -> Result<bool> {
    let query = sql("SELECT user_id FROM room_members WHERE room_id = $1 AND user_id = $2");
    Ok(platform.db.maybe::<(i64,)>(query.bind(room_id).bind(user_id)).await?.is_some())
}

/// A new password is for all but those the host let in.
pub(super) async fn forget_password_holders(tx: &mut Tx, room_id: i64) -> Result<()> {
    let delete = sql("DELETE FROM room_members WHERE room_id = $1 AND by_password = TRUE");
    tx.execute(delete.bind(room_id)).await?;
    Ok(())
}

/// Members of a room, by number from the highest down. For its host.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/members", tag = "rooms", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = Page<PublicUser>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublicUser>>> {
    own(&platform, id, &caller).await?;
    let query = sql("SELECT users.id, username, nickname, avatar FROM room_members \
         JOIN users ON users.id = user_id WHERE room_id = $1 AND users.id < $2 ORDER BY users.id DESC LIMIT $3");
    let query = query.bind(id).bind(page.before_id()).bind(page.limit() + 1);
    let rows: Vec<PersonRow> = platform.db.all(query).await?;
    let people = rows.into_iter().map(PersonRow::public).collect();
    Ok(Json(Page::cut(people, page.limit(), |person: &PublicUser| person.id)))
}

/// Lets somebody in without the password. For the room's host.
#[utoipa::path(put, path = "/api/v1/rooms/{id}/members/{user_id}", tag = "rooms",
    params(("id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
async fn invite(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path((id, user_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    own(&platform, id, &caller).await?;
    if users::by_id(&platform.db, user_id).await?.is_none() {
        return Err(Error::not_found("user_not_found", "There is no such user."));
    }
    add(&platform, id, user_id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody in no longer; who is in a private room is put out. For the room's host.
#[utoipa::path(delete, path = "/api/v1/rooms/{id}/members/{user_id}", tag = "rooms",
    params(("id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path((id, user_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    own(&platform, id, &caller).await?;
    let delete = sql("DELETE FROM room_members WHERE room_id = $1 AND user_id = $2");
    if platform.db.execute(delete.bind(id).bind(user_id)).await? > 0 {
        platform.bus.tell(Event::RoomChanged { room_id: id });
    }
    Ok(StatusCode::NO_CONTENT)
}
