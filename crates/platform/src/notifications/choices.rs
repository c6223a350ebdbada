//! Which kinds of news somebody wants.

use crate::caller::Caller;
use crate::db::{Db, sql};
use crate::extract::Json;
use crate::{Platform, Result};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// The kinds of news, and whether one is told.
#[derive(Debug, Serialize, ToSchema)]
struct Choices {
    /// Somebody one follows went live.
    went_live: bool,
    /// Somebody one follows published a video.
    video_published: bool,
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoicesChange {
    went_live: Option<bool>,
    video_published: Option<bool>,
}

/// Which kinds of news the caller wants.
#[utoipa::path(get, path = "/api/v1/me/notifications/choices", tag = "notifications",
    responses((status = 200, body = Choices)))]
async fn read(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Choices>> {
    Ok(Json(of(&platform.db, caller.user()?.id).await?))
}

/// Says which kinds of news the caller wants.
#[utoipa::path(patch, path = "/api/v1/me/notifications/choices", tag = "notifications", request_body = ChoicesChange,
    responses((status = 200, body = Choices)))]
async fn change(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(change): Json<ChoicesChange>,
) -> Result<Json<Choices>> {
    let user = caller.user()?;
    for (kind, is_wanted) in [("went_live", change.went_live), ("video_published", change.video_published)] {
        let query = match is_wanted {
            None => continue,
            Some(true) => "DELETE FROM unwanted_notifications WHERE user_id = $1 AND kind = $2",
            Some(false) => {
                "INSERT INTO unwanted_notifications (user_id, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING"
            }
        };
        platform.db.execute(sql(query).bind(user.id).bind(kind)).await?;
    }
    Ok(Json(of(&platform.db, user.id).await?))
}

async fn of(db: &Db, user_id: i64) -> Result<Choices> {
    let query = sql("SELECT kind FROM unwanted_notifications WHERE user_id = $1").bind(user_id);
    let unwanted: Vec<(String,)> = db.all(query).await?;
    let wants = |kind: &str| unwanted.iter().all(|(unwanted,)| unwanted != kind);
    Ok(Choices { went_live: wants("went_live"), video_published: wants("video_published") })
}
