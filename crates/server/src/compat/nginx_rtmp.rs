//! The statistics and the control interface of nginx-rtmp: `/stat`, `/stat.xsl`, `/control/…`.
//!
//! Not here: `redirect`, since a viewer's place among the writers cannot be given another stream yet.

use super::stat_xml::{self, StreamRate, Totals};
use crate::app::State;
use crate::hooks::client_number;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gateway::delivery::http::error_response;
use gateway::record::flv::ControlError;
use http::{StatusCode, header};
use hub::{Session, StreamPath};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The routes.
pub fn router(state: &Arc<State>) -> Router {
    Router::new()
        .route("/stat", get(stat))
        .route("/stat.xsl", get(async || ([(header::CONTENT_TYPE, "text/xsl; charset=utf-8")], STYLESHEET)))
        .route("/control/drop/{who}", get(drop_clients).post(drop_clients))
        .route("/control/redirect/{who}", get(redirect).post(redirect))
        .route("/control/record/{what}", get(record).post(record))
        .with_state(state.clone())
}

/// How a browser shows `/stat`.
const STYLESHEET: &str = include_str!("stat.xsl");

type Server = axum::extract::State<Arc<State>>;

async fn stat(axum::extract::State(state): Server) -> Response {
    let (received_bytes, sent_bytes) = state.traffic.bytes();
    let sent_bps = state.traffic.sent_bps();
    let rate = |stream: Arc<hub::Stream>| {
        let sent_bps = sent_bps.get(stream.path()).copied().unwrap_or(0);
        StreamRate { stream, sent_bps }
    };
    let streams: Vec<_> = state.gateway.hub.streams().into_iter().map(rate).collect();
    let totals = Totals {
        uptime_s: state.started.elapsed().as_secs(),
        accepted: state.limiters.rtmp.counts().0 + state.limiters.http.counts().0,
        received_bytes,
        sent_bytes,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_unix_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let document = stat_xml::document(&totals, &apps(&state, &streams), &streams, now_unix_ms);
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], document)
        .into_response()
}

/// The apps of the settings, then those of longer paths such as `live/eu/mark`.
fn apps(state: &State, streams: &[StreamRate]) -> Vec<String> {
    let mut apps = state.config.apps.clone();
    for rate in streams {
        let app = rate.stream.path().app();
        if !apps.iter().any(|known| known == app) {
            apps.push(app.to_owned());
        }
    }
    apps
}

/// Which clients are meant. `srv` chooses among several servers there; here is one.
#[derive(Deserialize)]
struct Which {
    app: Option<String>,
    name: Option<String>,
    addr: Option<String>,
    clientid: Option<u64>,
}

impl Which {
    fn is_anybody(&self) -> bool {
        self.app.is_none() && self.name.is_none() && self.addr.is_none() && self.clientid.is_none()
    }

    fn fits(&self, session: &Session) -> bool {
        let remote = session.remote.to_canonical();
        self.clientid.is_none_or(|id| id == client_number(session.id))
            && self
                .addr
                .as_ref()
                .is_none_or(|addr| addr.parse::<IpAddr>().is_ok_and(|addr| addr.to_canonical() == remote))
    }
}

/// Closes sessions and answers with how many. A stream whose publisher is dropped is held for it, as after any loss.
async fn drop_clients(
    axum::extract::State(state): Server,
    Path(who): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let (publishers, viewers) = match who.as_str() {
        "publisher" => (true, false),
        "subscriber" => (false, true),
        "client" => (true, true),
        _ => return unknown(&who, "publisher, subscriber or client"),
    };
    if which.is_anybody() {
        let message = "this would drop everybody; say whom with app, name, addr or clientid";
        return error_response(StatusCode::BAD_REQUEST, "bad_request", message);
    }
    let mut sessions: Vec<Arc<Session>> = Vec::new();
    for stream in state.gateway.hub.streams() {
        let is_meant = which.app.as_ref().is_none_or(|app| app == stream.path().app())
            && which.name.as_ref().is_none_or(|name| name == stream.path().name());
        if is_meant {
            sessions.extend(stream.publisher().filter(|_| publishers));
            sessions.extend(stream.viewers().into_iter().filter(|_| viewers));
        }
    }
    sessions.retain(|session| which.fits(session));
    for session in &sessions {
        tracing::info!(session = %session.id, "dropped by an operator");
        session.kick();
    }
    sessions.len().to_string().into_response()
}

async fn redirect(Path(who): Path<String>) -> Response {
    if !["publisher", "subscriber", "client"].contains(&who.as_str()) {
        return unknown(&who, "publisher, subscriber or client");
    }
    let message = "clients cannot be moved to another stream while they are connected; drop them, and answer their next \
        publish or play with a hook that renames it";
    error_response(StatusCode::NOT_IMPLEMENTED, "not_implemented", message)
}

/// What is to be recorded. `srv` chooses among several servers there; here is one.
#[derive(Deserialize)]
struct Recorded {
    app: Option<String>,
    name: Option<String>,
    rec: Option<String>,
}

/// Begins or ends a file and answers with its path; with nothing when there is one already, or none.
async fn record(
    axum::extract::State(state): Server,
    Path(what): Path<String>,
    Query(Recorded { app, name, rec }): Query<Recorded>,
) -> Response {
    let is_start = match what.as_str() {
        "start" => true,
        "stop" => false,
        _ => return unknown(&what, "start or stop"),
    };
    let recorder = &state.config.record.flv.recorder;
    if let Some(rec) = rec.filter(|rec| !rec.is_empty() && rec != recorder) {
        return unknown(&rec, &format!("the recorder {recorder:?} (record.flv.recorder)"));
    }
    let (app, name) = (app.unwrap_or_default(), name.unwrap_or_default());
    let path = match StreamPath::from_app_and_name(&app, &name) {
        Ok(path) => path,
        Err(error) => {
            let message = format!("app and name say what is recorded: {error}");
            return error_response(StatusCode::BAD_REQUEST, "bad_request", &message);
        }
    };
    let done = match is_start {
        true => state.flv_recorder.begin(&path).await,
        false => state.flv_recorder.end(&path).await,
    };
    match done {
        Ok(Some(file)) => file.display().to_string().into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let (status, code) = match error {
                ControlError::NotLive(_) => (StatusCode::NOT_FOUND, "not_found"),
                ControlError::Off | ControlError::App => (StatusCode::CONFLICT, "not_recorded"),
                ControlError::File(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            };
            error_response(status, code, &error.to_string())
        }
    }
}

fn unknown(found: &str, expected: &str) -> Response {
    error_response(
        StatusCode::NOT_FOUND,
        "not_found",
        &format!("{found:?} is unknown here, expected {expected}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::{ask, default_state, publish_media, text, watch};
    use hub::Protocol;

    async fn dropped(router: &Router, path: &str) -> String {
        let response = ask(router, "GET", path).await;
        assert_eq!(response.status(), 200, "{path}");
        text(response).await
    }

    #[tokio::test]
    async fn exactly_the_clients_that_are_meant_are_dropped() {
        let state = default_state().await;
        let router = router(&state);
        let [mark, anna] = ["live/mark", "hls/anna"].map(|path| publish_media(&state.gateway.hub, path));
        let one = watch(mark.stream(), Protocol::Rtmp);
        let two = watch(mark.stream(), Protocol::HttpFlv);
        let other = watch(anna.stream(), Protocol::Rtmp);
        assert_eq!(dropped(&router, "/control/drop/client?app=live&name=nobody").await, "0");
        let number = client_number(one.id);
        assert_eq!(
            dropped(&router, &format!("/control/drop/subscriber?app=live&clientid={number}")).await,
            "1"
        );
        assert!(one.is_kicked() && !two.is_kicked());
        assert_eq!(dropped(&router, "/control/drop/subscriber?name=mark&addr=192.0.2.1").await, "0");
        assert_eq!(
            dropped(&router, "/control/drop/subscriber?srv=0&app=live&name=mark&addr=127.0.0.9").await,
            "2"
        );
        assert!(two.is_kicked() && !mark.session().is_kicked());
        assert_eq!(dropped(&router, "/control/drop/publisher?app=live&name=mark").await, "1");
        assert!(mark.session().is_kicked());
        assert!(!other.is_kicked() && !anna.session().is_kicked());
        assert_eq!(dropped(&router, "/control/drop/client?app=hls").await, "2");
        assert!(other.is_kicked() && anna.session().is_kicked());
    }

    #[tokio::test]
    async fn a_file_is_begun_and_ended_and_its_path_is_the_answer() {
        let mut config = crate::config::Config::load(None).unwrap();
        config.record.flv.what = gateway::record::flv::What::All;
        config.record.flv.manual = true;
        config.record.free_bytes_min = 0;
        let state = crate::compat::testing::state(config).await;
        let _mark = publish_media(&state.gateway.hub, "live/mark");
        let router = router(&state);
        let path = dropped(&router, "/control/record/start?srv=0&app=live&name=mark&rec=flv").await;
        assert!(path.starts_with('/') && path.ends_with("/flv/live/mark.flv"), "{path}");
        let again = ask(&router, "GET", "/control/record/start?app=live&name=mark").await;
        assert_eq!((again.status().as_u16(), text(again).await), (204, String::new()));
        assert_eq!(dropped(&router, "/control/record/stop?app=live&name=mark").await, path);
        assert!(std::fs::read(&path).unwrap().starts_with(b"FLV"));
        assert_eq!(ask(&router, "GET", "/control/record/stop?app=live&name=mark").await.status(), 204);
        assert_eq!(ask(&router, "GET", "/control/record/start?app=live&name=anna").await.status(), 404);
    }

    #[tokio::test]
    async fn nobody_drops_everybody_by_leaving_something_out() {
        let state = default_state().await;
        let mark = publish_media(&state.gateway.hub, "live/mark");
        let router = router(&state);
        for (path, status) in [
            ("/control/drop/client", 400),
            ("/control/drop/client?srv=0", 400),
            ("/control/drop/client?clientid=x", 400),
            ("/control/drop/everybody?app=live", 404),
            ("/control/redirect/subscriber?app=live&newname=x", 501),
            ("/control/record/start?app=live&name=mark", 409),
            ("/control/record/stop?app=live", 400),
            ("/control/record/start?app=live&name=../mark", 400),
            ("/control/record/start?app=live&name=mark&rec=other", 404),
            ("/control/record/pause", 404),
        ] {
            let response = ask(&router, "GET", path).await;
            assert_eq!(response.status(), status, "{path}");
        }
        assert!(!mark.session().is_kicked());
    }
}
