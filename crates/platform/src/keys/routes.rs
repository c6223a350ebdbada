use crate::caller::Caller;
use crate::extract::Json;
use crate::{Platform, Result, rooms};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(read, rotate, revoke))
}

/// A stream key, which is shown this once.
#[derive(Serialize, ToSchema)]
struct NewKey {
    /// What to put into the encoder.
    key: String,
    /// Number of the room it publishes to.
    room_id: i64,
}

/// Whether there is a key.
#[derive(Serialize, ToSchema)]
struct KeyState {
    /// When it was made, unix ms.
    made_at: Option<i64>,
}

/// When the own stream key was made; never the key.
#[utoipa::path(get, path = "/api/v1/me/stream-key", tag = "keys", responses((status = 200, body = KeyState)))]
async fn read(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<KeyState>> {
    Ok(Json(KeyState { made_at: super::made_at(&platform, caller.user()?).await? }))
}

/// Makes a new stream key. The one before is good for nothing, and what publishes with it is cut.
#[utoipa::path(post, path = "/api/v1/me/stream-key", tag = "keys", responses((status = 201, body = NewKey)))]
async fn rotate(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<(StatusCode, Json<NewKey>)> {
    let user = caller.user()?;
    let key = super::rotate(&platform, user).await?;
    let room_id = rooms::current_of(&platform, user).await?.id;
    Ok((StatusCode::CREATED, Json(NewKey { key, room_id })))
}

/// Takes the own stream key away.
#[utoipa::path(delete, path = "/api/v1/me/stream-key", tag = "keys", responses((status = 204)))]
async fn revoke(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<StatusCode> {
    super::revoke(&platform, caller.user()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
