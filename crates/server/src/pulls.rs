//! `GET /api/v1/pulls`: how the streams fetched from other servers are doing. For operators only.

use crate::admin;
use crate::app::State;
use axum::Router;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use gateway::ingest::pull::{PullStatus, Source};
use http::{HeaderValue, header};
use serde::Serialize;
use std::sync::Arc;
use tokio::time::Instant;

/// The route.
pub fn router(state: &Arc<State>) -> Router {
    admin::protect(Router::new().route("/api/v1/pulls", get(pulls)).with_state(state.clone()), state)
}

#[derive(Serialize)]
struct PullList {
    pulls: Vec<PullItem>,
}

#[derive(Serialize)]
struct PullItem {
    path: String,
    /// Credentials and values of the query are stars.
    url: String,
    on_demand: bool,
    state: &'static str,
    attempts: u64,
    last_error: Option<String>,
    next_attempt_in_ms: Option<u64>,
    since_ms: u64,
}

impl PullItem {
    fn new(source: &Source, status: PullStatus) -> Self {
        let until = |at: Instant| at.saturating_duration_since(Instant::now()).as_millis();
        Self {
            path: source.path.to_string(),
            url: source.shown_url.clone(),
            on_demand: source.on_demand,
            state: status.state.as_str(),
            attempts: status.attempts,
            last_error: status.last_error,
            next_attempt_in_ms: status.next_attempt_at.map(|at| u64::try_from(until(at)).unwrap_or(u64::MAX)),
            since_ms: status.since_ms,
        }
    }
}

async fn pulls(axum::extract::State(state): axum::extract::State<Arc<State>>) -> Response {
    let statuses = state.gateway.pulls.statuses();
    let pulls = statuses.into_iter().map(|(source, status)| PullItem::new(source, status)).collect();
    let mut response = Json(PullList { pulls }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
