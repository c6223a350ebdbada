//! Whom somebody does not want to hear of.
//!
//! `PUT|DELETE /api/v1/users/{id}/block` block and unblock; `GET /api/v1/me/blocked` lists whom the caller blocks. Who is
//! blocked cannot follow who blocks, nor comment on that one's videos, and its comments are not listed to that one. Chat is
//! sent to all members of a room alike: there clients leave out what the list names. Nobody is sent word of being
//! blocked; who tries to follow or comment is refused with that reason.

#[cfg(test)]
mod tests;

use crate::accounts::{PublicUser, users};
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::extract::{Json, Path};
use crate::follows::{self, PersonRow};
use crate::{Error, Platform, Result};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// People somebody blocks at most: clients keep the whole list.
const BLOCKED_MAX: i64 = 500;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(block, unblock)).routes(routes!(list))
}

/// Whether `user_id` blocks `blocked_id`.
pub async fn is_blocked(db: &Db, user_id: i64, blocked_id: i64) -> Result<bool> {
    let query = sql("SELECT user_id FROM blocks WHERE user_id = $1 AND blocked_id = $2");
    Ok(db.maybe::<(i64,)>(query.bind(user_id).bind(blocked_id)).await?.is_some())
}

/// Blocks a user. Neither follows the other any more.
#[utoipa::path(put, path = "/api/v1/users/{id}/block", tag = "follows", responses((status = 204)))]
async fn block(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    if user.id == id {
        return Err(Error::invalid("block_self", "Nobody can block oneself."));
    }
    if users::by_id(&platform.db, id).await?.is_none() {
        return Err(Error::not_found("user_not_found", "There is no such user."));
    }
    let insert = sql("INSERT INTO blocks (user_id, blocked_id, created_at) SELECT $1, $2, $3 FROM users \
         WHERE id = $1 AND (SELECT COUNT(*) FROM blocks WHERE user_id = $1) < $4 ON CONFLICT DO NOTHING");
    let insert = insert.bind(user.id).bind(id).bind(now_ms()).bind(BLOCKED_MAX);
    let mut tx = platform.db.begin().await?;
    let is_new = tx.execute(insert).await? > 0;
    if !is_new && !is_blocked(&platform.db, user.id, id).await? {
        let message = format!("You block {BLOCKED_MAX} people, which is the most.");
        return Err(Error::conflict("too_many_blocked", message));
    }
    follows::part(&mut tx, user.id, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Blocks a user no longer.
#[utoipa::path(delete, path = "/api/v1/users/{id}/block", tag = "follows", responses((status = 204)))]
async fn unblock(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let delete = sql("DELETE FROM blocks WHERE user_id = $1 AND blocked_id = $2");
    platform.db.execute(delete.bind(caller.user()?.id).bind(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All whom one blocks.
#[derive(Serialize, ToSchema)]
struct Blocked {
    items: Vec<PublicUser>,
}

/// Whom the caller blocks, the last one first; all of them, 500 at most.
#[utoipa::path(get, path = "/api/v1/me/blocked", tag = "follows", responses((status = 200, body = Blocked)))]
async fn list(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Blocked>> {
    let query =
        sql("SELECT users.id, username, nickname, avatar FROM blocks JOIN users ON users.id = blocked_id \
         WHERE blocks.user_id = $1 ORDER BY blocks.created_at DESC, users.id DESC");
    let rows: Vec<PersonRow> = platform.db.all(query.bind(caller.user()?.id)).await?;
    Ok(Json(Blocked { items: rows.into_iter().map(PersonRow::public).collect() }))
}
