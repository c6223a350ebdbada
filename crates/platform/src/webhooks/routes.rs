use super::targets::{self, Change, NewTarget, Target, Wish};
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

/// The routes. All are for admins.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(deliveries))
        .routes(routes!(test))
}

/// All webhooks. For admins.
#[utoipa::path(get, path = "/api/v1/admin/webhooks", tag = "webhooks", responses((status = 200, body = Vec<Target>)))]
async fn list(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Vec<Target>>> {
    caller.admin()?;
    Ok(Json(targets::list(&platform.db).await?))
}

/// Adds a webhook; its secret is shown this once. For admins.
#[utoipa::path(post, path = "/api/v1/admin/webhooks", tag = "webhooks", request_body = Wish,
    responses((status = 201, body = NewTarget)))]
async fn add(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<NewTarget>)> {
    let admin = caller.admin()?;
    Ok((StatusCode::CREATED, Json(targets::add(&platform, admin, wish).await?)))
}

/// Changes a webhook, or switches it on or off. For admins.
#[utoipa::path(patch, path = "/api/v1/admin/webhooks/{id}", tag = "webhooks", request_body = Change,
    responses((status = 200, body = Target)))]
async fn change(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(change): Json<Change>,
) -> Result<Json<Target>> {
    let admin = caller.admin()?;
    Ok(Json(targets::change(&platform, admin, id, change).await?))
}

/// Takes a webhook away, with what waits for it. For admins.
#[utoipa::path(delete, path = "/api/v1/admin/webhooks/{id}", tag = "webhooks", responses((status = 204)))]
async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let admin = caller.admin()?;
    targets::remove(&platform, admin, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

row! {
    /// An event on its way to a webhook.
    #[derive(Debug, Serialize, ToSchema)]
    struct Delivery {
        /// Its number, `X-Weir-Delivery`.
        id: i64,
        /// The event: `id` in what is posted.
        event: String,
        /// `went_live`, `ended`, `follow`, `gift` or `ping`.
        kind: String,
        /// `waiting`, `delivered` or `failed` (given up).
        state: String,
        /// Times it was sent.
        attempts: i64,
        /// Status of the last answer; nothing when none came.
        status: Option<i64>,
        /// Why the last attempt failed; empty when it did not.
        error: String,
        /// When it happened, unix ms.
        created_at: i64,
        /// When it is sent next, unix ms; of one that is done: when its last attempt had to be over.
        due_at: i64,
        /// When it was delivered or given up, unix ms.
        done_at: Option<i64>,
    }
}

/// What a webhook was told and is to be told, the newest first. For admins.
#[utoipa::path(get, path = "/api/v1/admin/webhooks/{id}/deliveries", tag = "webhooks", params(PageQuery),
    responses((status = 200, body = Page<Delivery>)))]
async fn deliveries(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Delivery>>> {
    caller.admin()?;
    let known = sql("SELECT id FROM webhooks WHERE id = $1").bind(id);
    platform.db.maybe::<(i64,)>(known).await?.ok_or_else(targets::not_found)?;
    let query =
        sql("SELECT d.id, name AS event, kind, state, attempts, status, error, created_at, due_at, done_at \
         FROM webhook_deliveries d JOIN webhook_events e ON e.id = event_id \
         WHERE webhook_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3");
    let query = query.bind(id).bind(page.before_id()).bind(page.limit() + 1);
    let found = platform.db.all(query).await?;
    Ok(Json(Page::cut(found, page.limit(), |delivery: &Delivery| delivery.id)))
}

/// What was put on its way.
#[derive(Serialize, ToSchema)]
struct Pinged {
    /// The event: `id` in what is posted.
    event: String,
}

/// Sends a webhook a `ping`; its deliveries tell what became of it. For admins.
#[utoipa::path(post, path = "/api/v1/admin/webhooks/{id}/test", tag = "webhooks",
    responses((status = 202, body = Pinged)))]
async fn test(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<Pinged>)> {
    caller.admin()?;
    Ok((StatusCode::ACCEPTED, Json(Pinged { event: targets::ping(&platform, id).await? })))
}
