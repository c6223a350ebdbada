//! Which rooms somebody was in, from the last one back.
//!
//! `GET /api/v1/me/history` lists them, `DELETE` takes all off the list and `DELETE …/{room_id}` one. They are the visits
//! [`crate::rooms::note_visit`] notes, which go on counting for the room when their owner takes them off.

#[cfg(test)]
mod tests;

use crate::caller::Caller;
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
    OpenApiRouter::new().routes(routes!(list, delete_all)).routes(routes!(delete))
}

row! {
    /// A room one was in.
    #[derive(Debug, Serialize, ToSchema)]
    struct Visit {
        /// The room.
        room_id: i64,
        /// Its title now.
        title: String,
        /// Address of its picture, or empty.
        cover: String,
        /// User name of its host.
        host: String,
        /// The last time, unix ms.
        last_at: i64,
    }
}

/// The rooms the caller was in, the last one first; `cursor` is a time.
#[utoipa::path(get, path = "/api/v1/me/history", tag = "history", params(PageQuery),
    responses((status = 200, body = Page<Visit>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Visit>>> {
    let query = sql(
        "SELECT room_id, rooms.title, rooms.cover, users.username AS host, last_at FROM room_visits \
         JOIN rooms ON rooms.id = room_id JOIN users ON users.id = rooms.user_id \
         WHERE room_visits.user_id = $1 AND last_at < $2 AND is_hidden = FALSE ORDER BY last_at DESC LIMIT $3",
    );
    Page::read(&platform.db, query.bind(caller.user()?.id).bind(page.before_id()), page, |visit: &Visit| {
        visit.last_at
    })
    .await
}

/// Takes all rooms off the list.
#[utoipa::path(delete, path = "/api/v1/me/history", tag = "history", responses((status = 204)))]
async fn delete_all(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<StatusCode> {
    let hide = sql("UPDATE room_visits SET is_hidden = TRUE WHERE user_id = $1").bind(caller.user()?.id);
    platform.db.execute(hide).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one room off the list.
#[utoipa::path(delete, path = "/api/v1/me/history/{room_id}", tag = "history", responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(room_id): Path<i64>,
) -> Result<StatusCode> {
    let hide = sql("UPDATE room_visits SET is_hidden = TRUE WHERE user_id = $1 AND room_id = $2");
    platform.db.execute(hide.bind(caller.user()?.id).bind(room_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
