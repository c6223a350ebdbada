//! The platform's place in the server: its settings, its routes and their description.

use crate::api_docs;
use crate::app::State;
use crate::auth::{Signer, unix_s};
use crate::config::Config;
use anyhow::Context;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, get};
use hub::Hub;
use hub::{Action, StreamPath};
use objects::Objects;
use platform::tokens::Tokens;
use platform::{Platform, db, db::Db};
use std::sync::Arc;
use std::time::Duration;
use tower::Layer;

/// Opens the database and everything on it.
pub async fn open(
    config: &Config,
    objects: &Objects,
    hub: &Arc<Hub>,
    signer: Arc<Signer>,
) -> anyhow::Result<Arc<Platform>> {
    let opened = Platform::open(settings(config), objects.clone(), hub.clone(), signer).await;
    opened.with_context(|| format!("cannot begin with the database {}", where_it_is(config)))
}

/// The platform for a program that works beside the servers.
pub async fn beside(
    config: &Config,
    objects: &Objects,
    hub: &Arc<Hub>,
    signer: Arc<Signer>,
) -> anyhow::Result<Arc<Platform>> {
    let opened = Platform::beside(settings(config), objects.clone(), hub.clone(), signer).await;
    opened.with_context(|| format!("cannot begin with the database {}", where_it_is(config)))
}

fn settings(config: &Config) -> platform::Config {
    platform::Config {
        data_dir: config.data_dir.clone(),
        trusted_proxy: config.http.trusted_proxy.parse().ok(),
        database: database_config(config),
        redis_url: config.redis.url.clone(),
        accounts: config.accounts.clone(),
        chat: config.chat.clone(),
        rooms: config.rooms.clone(),
        recordings: platform::recordings::Config {
            streams: config.record.streams,
            keep_days: config.record.keep_days,
            keep_bytes: config.record.keep_bytes,
        },
        clips: config.clips.clone(),
        images: config.images.clone(),
        uploads: config.uploads.clone(),
        videos: config.videos.clone(),
        moderation: config.moderation.clone(),
        gifts: config.gifts.clone(),
        wallet: config.wallet.clone(),
        follows: config.follows.clone(),
        notifications: config.notifications.clone(),
        outbound: config.outbound.clone(),
        webhooks: config.webhooks.clone(),
    }
}

/// Opens the database alone, for commands that work on it beside a running server.
pub async fn database(config: &Config) -> anyhow::Result<Db> {
    let opened = Db::open(&database_config(config), &config.data_dir).await;
    opened.with_context(|| format!("cannot open the database {}", where_it_is(config)))
}

fn database_config(config: &Config) -> db::Config {
    db::Config {
        url: config.database.url.clone(),
        connections_max: config.database.connections_max,
        wait_max: Duration::from_millis(config.database.wait_max_ms),
    }
}

fn where_it_is(config: &Config) -> String {
    match config.database.url.is_empty() {
        true => format!("{} (data_dir)", config.data_dir.join("weir.db").display()),
        false => "of database.url".to_owned(),
    }
}

/// The platform's routes, and what they are in OpenAPI 3.1.
pub fn router(state: &Arc<State>) -> Router {
    let (router, description) = platform::openapi::api();
    let description = Arc::new(serde_json::to_value(description).unwrap_or_default());
    let for_people = description.clone();
    let describe = get(async move || axum::Json(description.as_ref().clone()));
    let read = get(async move || api_docs::page(&for_people));
    router
        .merge(platform::images::files())
        .with_state(state.platform.clone())
        .route("/api/v1/openapi.json", describe)
        .route("/api/docs", read)
        .layer(map_response(async |mut answer: Response| {
            // What people wrote is in them; no browser is to take an answer for something else.
            answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            answer
        }))
        .merge(room_socket(state))
}

impl Tokens for Signer {
    fn sign(&self, action: Action, path: &StreamPath, ttl: Duration) -> String {
        Self::sign(self, action, path, unix_s() + ttl.as_secs())
    }

    fn check(&self, action: Action, path: &StreamPath, token: &str) -> Result<(), String> {
        Self::check(self, action, path, token, unix_s()).map_err(|error| error.to_string())
    }

    fn are_scoped(&self) -> bool {
        self.is_scoped()
    }
}

/// The room socket. The layer answers everything under its address itself.
fn room_socket(state: &Arc<State>) -> Router {
    let nothing: axum::routing::MethodRouter = any(async || http::StatusCode::NOT_FOUND);
    // One service for all requests: it holds the sessions of long polling.
    Router::new().route_service("/socket.io/", platform::chat::layer(&state.platform).layer(nothing))
}
