use super::Settings;
use crate::accounts::{Registration, first_admin};
use crate::caller::Caller;
use crate::extract::Json;
use crate::{Platform, Result};
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(site)).routes(routes!(read, edit))
}

/// What pages need to know of the site.
#[derive(Serialize, ToSchema)]
struct Site {
    /// What it is called.
    name: String,
    /// Who may register.
    registration: Registration,
    /// Whether it waits for its first admin (`POST /api/v1/setup`).
    needs_setup: bool,
    /// Characters of a chat message at most.
    message_chars_max: i64,
    /// Of one gift at once, at most.
    gift_num_max: i64,
}

/// What the site is called, and what one may do here.
#[utoipa::path(get, path = "/api/v1/site", tag = "settings", responses((status = 200, body = Site)))]
async fn site(State(platform): State<Arc<Platform>>) -> Result<Json<Site>> {
    let settings = platform.settings();
    Ok(Json(Site {
        name: settings.site_name.clone(),
        registration: settings.registration,
        needs_setup: first_admin::is_missing(&platform.db).await?,
        message_chars_max: settings.message_chars_max,
        gift_num_max: settings.gift_num_max,
    }))
}

/// The settings in force. For admins.
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "settings",
    responses((status = 200, body = Settings)))]
async fn read(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Settings>> {
    caller.admin()?;
    Ok(Json(platform.settings().as_ref().clone()))
}

/// Sets what is named; null: as in the configuration. For admins.
#[utoipa::path(patch, path = "/api/v1/admin/settings", tag = "settings",
    request_body(content = Object, description = "Some of the settings, by name", example = json!({"registration": "invite"})),
    responses((status = 200, body = Settings)))]
async fn edit(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(change): Json<Map<String, Value>>,
) -> Result<Json<Settings>> {
    Ok(Json(super::change(&platform, caller.admin()?, change).await?.as_ref().clone()))
}
