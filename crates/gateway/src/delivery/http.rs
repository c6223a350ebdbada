//! Media over HTTP: which request is for which stream and format, and handing live ones over to the writers.
//!
//! The HTTP stack answers every request. The answer to a request for live media has a [`Takeover`] in its extensions:
//! whoever owns the connection then takes the socket out from under the HTTP stack and gives it to the writers, with
//! the answer's head as the first thing to send.

use super::{Feed, Format, Selection, stored};
use crate::{Connected, Gateway, websocket};
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hub::{Action, Args, Refusal, RefusalKind, Request, Session, SessionId, StreamPath};
use hyper::upgrade::OnUpgrade;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A request for live media that was let in: what its connection is to be given.
#[derive(Clone)]
pub struct Takeover {
    /// What to send.
    pub feed: Arc<Feed>,
    /// Who watches; announced to the stream.
    pub session: Arc<Session>,
    /// Its connection, which lasts as long as somebody keeps this.
    pub connected: Arc<Connected>,
    /// Whether the viewer speaks WebSocket from now on.
    pub is_websocket: bool,
    /// For connections whose socket cannot be taken out, such as TLS.
    pub upgrade: Option<OnUpgrade>,
}

/// Why a media request gets no media; turns into the one error shape of the API.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The path is no stream path or has no known ending.
    #[error("{0}")]
    NotFound(String),
    /// Nobody publishes it.
    #[error("{0} is not live")]
    NotLive(StreamPath),
    /// The gate said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The stream's codecs do not fit the format.
    #[error("{0}")]
    Unsupported(String),
    /// The request itself is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// The video cannot be played, or not yet.
    #[error("{0}")]
    NotReady(String),
    /// Nobody can say which videos there are.
    #[error("{0}")]
    LibraryAway(String),
    /// The files are where they cannot be read now.
    #[error("{0}; try again in a moment")]
    StorageAway(String),
}

impl From<objects::Error> for MediaError {
    fn from(error: objects::Error) -> Self {
        match error {
            objects::Error::NotFound(_) => Self::NotFound("there is no such file".to_owned()),
            error => Self::StorageAway(error.to_string()),
        }
    }
}

impl IntoResponse for MediaError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::NotLive(_) => (StatusCode::NOT_FOUND, "stream_not_found"),
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::Unauthorized | RefusalKind::Forbidden => (StatusCode::FORBIDDEN, "play_refused"),
                RefusalKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "gate_unavailable"),
            },
            Self::Unsupported(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "codec_not_supported"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::NotReady(_) => (StatusCode::NOT_FOUND, "video_not_ready"),
            Self::LibraryAway(_) => (StatusCode::SERVICE_UNAVAILABLE, "library_away"),
            Self::StorageAway(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_away"),
        };
        let mut response = error_response(status, code, &self.to_string());
        if matches!(self, Self::LibraryAway(_) | Self::StorageAway(_)) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// An answer in the one error shape: `{"error":{"code","message"}}`.
pub fn error_response(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({"error": {"code": code, "message": message}});
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The routes of all media of the gateway's apps.
pub fn router(gateway: &Arc<Gateway>) -> Router {
    let mut router = Router::new();
    for app in &gateway.apps {
        router = router.route(&format!("/{app}/{{*rest}}"), get(media).options(preflight));
    }
    router = router.route(&format!("/{}/{{*rest}}", stored::APP), get(video).options(preflight));
    router.with_state(gateway.clone())
}

/// CORS preflights get their headers from the CORS layer.
async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What a media request says.
pub(crate) struct MediaRequest {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    pub(crate) args: Args,
    pub(crate) remote: IpAddr,
    pub(crate) upgrade: Option<OnUpgrade>,
}

impl MediaRequest {
    fn new(request: axum::extract::Request, args: Vec<(String, String)>, remote: SocketAddr) -> Self {
        let (mut parts, _) = request.into_parts();
        Self {
            upgrade: parts.extensions.remove::<OnUpgrade>(),
            method: parts.method,
            headers: parts.headers,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            args: Args::new(args),
            remote: remote.ip(),
        }
    }

    pub(crate) fn is_websocket(&self) -> bool {
        self.headers
            .get(header::UPGRADE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// What the gate is asked.
    pub(crate) fn to_gate(&self, path: StreamPath, protocol: hub::Protocol) -> Request {
        Request {
            action: Action::Play,
            path,
            args: self.args.clone(),
            remote: self.remote,
            protocol,
            session_id: SessionId::random(),
            client: Arc::default(),
        }
    }
}

async fn media(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Query(args): Query<Vec<(String, String)>>,
    request: axum::extract::Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let answered = answer(&gateway, &path, MediaRequest::new(request, args, remote)).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn video(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Query(args): Query<Vec<(String, String)>>,
    Path(rest): Path<String>,
    request: axum::extract::Request,
) -> Response {
    let answered = gateway.stored(&rest, MediaRequest::new(request, args, remote)).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(gateway: &Arc<Gateway>, path: &str, request: MediaRequest) -> Result<Response, MediaError> {
    let (stem, extension) = path
        .rsplit_once('.')
        .filter(|(_, extension)| !extension.contains('/'))
        .ok_or_else(|| not_found(path))?;
    let is_websocket = request.is_websocket();
    let selection = selection(&request.args);
    let format = match (extension, is_websocket) {
        ("flv", false) => Format::HttpFlv(selection),
        ("flv", true) => Format::WsFlv(selection),
        ("mp4", false) if !super::segmented::is_piece(path) => Format::HttpFmp4,
        ("mp4", true) => Format::WsFmp4,
        ("ts", false) if StreamPath::parse(stem).is_ok_and(|path| gateway.has_stream(&path)) => {
            Format::HttpTs
        }
        _ => return gateway.segmented(path, request).await,
    };
    let path = StreamPath::parse(stem).map_err(|error| MediaError::NotFound(error.to_string()))?;
    live(gateway, path, format, request).await
}

fn not_found(path: &str) -> MediaError {
    MediaError::NotFound(format!(
        "{path} is no media address; expected for example /live/name.flv, .mp4, .ts, .m3u8 or .mpd"
    ))
}

/// `?only=audio` and `?only=video` leave the other tracks out.
pub(crate) fn selection(args: &Args) -> Selection {
    Selection { audio: args.get("only") != Some("video"), video: args.get("only") != Some("audio") }
}

async fn live(
    gateway: &Arc<Gateway>,
    path: StreamPath,
    format: Format,
    request: MediaRequest,
) -> Result<Response, MediaError> {
    let to_gate = request.to_gate(path, format.protocol());
    let connected = match request.method {
        Method::HEAD => None,
        _ => Some(Connected::admit(gateway, &Request { action: Action::Connect, ..to_gate.clone() }).await?),
    };
    let stream = gateway.admit_player(&to_gate).await?;
    if let Format::HttpTs = format {
        super::ts::check(&stream)?;
    }
    let is_websocket = matches!(format, Format::WsFlv(_) | Format::WsFmp4);
    let mut response =
        if is_websocket { switch_to_websocket(&request.headers)? } else { Response::new(Body::empty()) };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !is_websocket {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(format)));
    }
    let Some(connected) = connected else { return Ok(response) };
    let session = Arc::new(Session::new(&to_gate));
    connected.carries(&session);
    stream.add_viewer(&session);
    let feed = gateway.feeds.feed(&stream, format);
    response.extensions_mut().insert(Takeover {
        feed,
        session,
        connected,
        is_websocket,
        upgrade: request.upgrade,
    });
    Ok(response)
}

/// The answer that makes the connection a WebSocket (RFC 6455 §4.2.2).
pub(crate) fn switch_to_websocket(request: &HeaderMap) -> Result<Response, MediaError> {
    let key = request.get(header::SEC_WEBSOCKET_KEY).ok_or_else(|| {
        MediaError::BadRequest(
            "a WebSocket request has a Sec-WebSocket-Key (RFC 6455 §4.1), this one has none".into(),
        )
    })?;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&websocket::accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    Ok(response)
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::HttpFlv(_) | Format::WsFlv(_) | Format::Rtmp { .. } => "video/x-flv",
        Format::HttpFmp4 | Format::WsFmp4 => "video/mp4",
        Format::HttpTs => "video/mp2t",
    }
}

#[cfg(test)]
mod tests;
