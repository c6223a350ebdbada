use super::Sent;
use super::catalogue::{self, Gift, GiftInput};
use super::leaders::{self, Leader, LeadersQuery};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::{Error, Platform, Result, rooms};
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(list_all, add))
        .routes(routes!(change))
        .routes(routes!(give))
        .routes(routes!(leaders))
}

/// What can be given, the cheapest first.
#[utoipa::path(get, path = "/api/v1/gifts", tag = "gifts", responses((status = 200, body = Vec<Gift>)))]
async fn list(State(platform): State<Arc<Platform>>) -> Result<Json<Vec<Gift>>> {
    Ok(Json(catalogue::list(&platform.db, false).await?))
}

/// The whole catalogue. For admins.
#[utoipa::path(get, path = "/api/v1/admin/gifts", tag = "gifts", responses((status = 200, body = Vec<Gift>)))]
async fn list_all(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Vec<Gift>>> {
    caller.admin()?;
    Ok(Json(catalogue::list(&platform.db, true).await?))
}

/// Adds a gift. For admins.
#[utoipa::path(post, path = "/api/v1/admin/gifts", tag = "gifts", request_body = GiftInput,
    responses((status = 201, body = Gift)))]
async fn add(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(input): Json<GiftInput>,
) -> Result<(StatusCode, Json<Gift>)> {
    Ok((StatusCode::CREATED, Json(catalogue::put(&platform, caller.admin()?, None, input).await?)))
}

/// Changes a gift. For admins.
#[utoipa::path(put, path = "/api/v1/admin/gifts/{id}", tag = "gifts", request_body = GiftInput,
    responses((status = 200, body = Gift)))]
async fn change(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(input): Json<GiftInput>,
) -> Result<Json<Gift>> {
    Ok(Json(catalogue::put(&platform, caller.admin()?, Some(id), input).await?))
}

/// What is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiftWish)]
struct Wish {
    /// Number of the gift.
    gift_id: i64,
    /// How many; 1 when not said.
    #[serde(default = "one")]
    num: i64,
}

fn one() -> i64 {
    1
}

/// Gives a gift to the host of a room. With the header `Idempotency-Key` a retry is harmless.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/gifts", tag = "gifts", request_body = Wish,
    responses((status = 200, body = Sent)))]
async fn give(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(wish): Json<Wish>,
) -> Result<Json<Sent>> {
    let user = caller.user()?;
    let room = rooms::get(&platform.db, id).await?;
    let key = headers.get("idempotency-key").map(|key| key.to_str()).transpose();
    let key =
        key.map_err(|_| Error::invalid("idempotency_key", "The Idempotency-Key is ASCII that can be seen."))?;
    Ok(Json(super::send(&platform, user, &room, wish.gift_id, wish.num, key).await?))
}

/// Who gave most in a room.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/leaders", tag = "gifts", params(LeadersQuery),
    responses((status = 200, body = Vec<Leader>)))]
async fn leaders(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LeadersQuery>,
) -> Result<Json<Vec<Leader>>> {
    let room = rooms::get(&platform.db, id).await?;
    rooms::may_view(&platform, &room, caller.user.as_deref()).await?;
    Ok(Json(leaders::of_room(&platform, id, query.period).await?))
}
