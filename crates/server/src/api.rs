//! The server's own API: what is live, what a player should play, whether the server is well.

use crate::app::State;
use axum::Router;
use axum::extract::{ConnectInfo, Path, Query};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use gateway::delivery::http::error_response;
use http::{HeaderValue, StatusCode, header};
use hub::{Action, Args, Protocol, Request, SessionId, StreamPath, StreamState};
use media::{Codec, MediaKind, Track, TrackInfo};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;

/// The routes.
pub fn router(state: &Arc<State>) -> Router {
    Router::new()
        .route("/api/v1/streams", get(streams))
        .route("/api/v1/play/{*path}", get(play))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(state.clone())
}

/// What players of any site ask, beside media.
pub fn player_router() -> Router {
    Router::new().route("/api/v1/time", get(time))
}

type Server = axum::extract::State<Arc<State>>;

#[derive(Serialize)]
struct StreamList {
    streams: Vec<StreamItem>,
    /// Where to publish over RTMP, if that is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    publish_url: Option<String>,
}

#[derive(Serialize)]
struct StreamItem {
    stream: String,
    is_live: bool,
    viewer_count: usize,
    started_at_ms: u64,
    tracks: Vec<TrackItem>,
}

/// A track as players and people need it.
#[derive(Serialize)]
struct TrackItem {
    id: String,
    kind: &'static str,
    codec: String,
    codec_string: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u8>,
}

impl TrackItem {
    fn new(track: &Track) -> Self {
        let kind = match track.id.kind {
            MediaKind::Video => "video",
            MediaKind::Audio => "audio",
            MediaKind::Data => "data",
        };
        let (video, audio) = match &track.info {
            TrackInfo::Video(video) => (Some(video), None),
            TrackInfo::Audio(audio) => (None, Some(audio)),
        };
        Self {
            id: format!("{kind}{}", track.id.index),
            kind,
            codec: track.codec.to_string(),
            codec_string: track.codec_string(),
            width: video.map(|video| video.width),
            height: video.map(|video| video.height),
            frame_rate: video.and_then(|video| video.frame_rate),
            sample_rate: audio.map(|audio| audio.sample_rate),
            channels: audio.map(|audio| audio.channels),
        }
    }
}

async fn streams(axum::extract::State(state): Server, headers: http::HeaderMap) -> Response {
    // Without the database nothing is shown rather than too much.
    let Ok(hidden) = platform::rooms::hidden_names(&state.platform.db).await else {
        let message = "the database does not answer; try again in a moment";
        return error_response(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message);
    };
    let hidden: std::collections::HashSet<String> = hidden.into_iter().collect();
    let streams = state
        .gateway
        .hub
        .streams()
        .iter()
        .filter(|stream| !hidden.contains(stream.path().name()))
        .map(|stream| StreamItem {
            stream: stream.path().to_string(),
            is_live: stream.state() == StreamState::Live,
            viewer_count: stream.viewer_count(),
            started_at_ms: stream.started_at_ms(),
            tracks: stream.tracks().iter().map(|track| TrackItem::new(track)).collect(),
        })
        .collect();
    let app = state.config.apps.first();
    let publish_url = rtmp_origin(&headers, state.rtmp_port.get().copied())
        .zip(app)
        .map(|(origin, app)| format!("{origin}/{app}"));
    no_store(Json(StreamList { streams, publish_url }))
}

fn no_store(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Serialize)]
struct PlayData {
    stream: String,
    is_live: bool,
    viewer_count: usize,
    sources: Vec<Source>,
    tracks: Vec<TrackItem>,
}

#[derive(Serialize)]
struct Source {
    protocol: &'static str,
    url: String,
    mime_type: &'static str,
    codecs: Vec<String>,
    latency_ms: u32,
}

async fn play(
    axum::extract::State(state): Server,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Path(path): Path<String>,
    Query(args): Query<Vec<(String, String)>>,
    headers: http::HeaderMap,
    uri: http::Uri,
) -> Response {
    let path = match StreamPath::parse(&path) {
        Ok(path) => path,
        Err(error) => return error_response(StatusCode::NOT_FOUND, "not_found", &error.to_string()),
    };
    let request = Request {
        action: Action::Play,
        path,
        args: Args::new(args),
        remote: remote.ip(),
        protocol: Protocol::HttpFlv,
        session_id: SessionId::random(),
        client: Arc::default(),
    };
    let grant = match state.gateway.gate.admit(&request).await {
        Ok(grant) => grant,
        Err(refusal) => return error_response(StatusCode::FORBIDDEN, "play_refused", &refusal.to_string()),
    };
    let Some(stream) = state.gateway.stream(&grant.path).await else {
        return error_response(
            StatusCode::NOT_FOUND,
            "stream_not_found",
            &format!("{} is not live", grant.path),
        );
    };
    let tracks = stream.tracks();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut sources = sources(&grant.path, &query, &tracks, state.config.hls.segment_ms);
    let origin = rtmp_origin(&headers, state.rtmp_port.get().copied());
    sources.extend(origin.map(|origin| Source {
        protocol: "rtmp",
        url: format!("{origin}/{}{query}", grant.path),
        mime_type: "video/x-flv",
        codecs: tracks.iter().map(|track| track.codec_string()).collect(),
        latency_ms: 1000,
    }));
    no_store(Json(PlayData {
        stream: grant.path.to_string(),
        is_live: stream.state() == StreamState::Live,
        viewer_count: stream.viewer_count(),
        sources,
        tracks: tracks.iter().map(|track| TrackItem::new(track)).collect(),
    }))
}

/// What can be played, best first: the shortest delay among what browsers play well.
fn sources(path: &StreamPath, query: &str, tracks: &[Arc<Track>], segment_ms: u64) -> Vec<Source> {
    let codecs: Vec<String> = tracks.iter().map(|track| track.codec_string()).collect();
    let every = |fits: fn(Codec) -> bool| tracks.iter().all(|track| fits(track.codec));
    // HLS wants H.265 in fMP4 only; a bare transport stream may have it.
    let fits_hls_ts =
        every(|codec| matches!(codec, Codec::H264 | Codec::Aac | Codec::Mp3 | Codec::Ac3 | Codec::Eac3));
    let fits_ts = every(|codec| {
        matches!(codec, Codec::H264 | Codec::H265 | Codec::Aac | Codec::Mp3 | Codec::Ac3 | Codec::Eac3)
    });
    // Browsers refuse MP3 inside MP4.
    let fits_mp4 = every(|codec| codec != Codec::Mp3);
    let segmented_ms = u32::try_from(segment_ms.saturating_mul(3)).unwrap_or(u32::MAX);
    let mut sources = Vec::new();
    let mut add = |protocol, ending: &str, mime_type, latency_ms| {
        let url = format!("/{path}{ending}{query}");
        sources.push(Source { protocol, url, mime_type, codecs: codecs.clone(), latency_ms });
    };
    add("http-flv", ".flv", "video/x-flv", 1000);
    add("ws-flv", ".flv", "video/x-flv", 1000);
    if fits_mp4 {
        add("ws-fmp4", ".mp4", "video/mp4", 1000);
        add("http-fmp4", ".mp4", "video/mp4", 1000);
    }
    add("hls", "/index.m3u8", "application/vnd.apple.mpegurl", segmented_ms);
    if fits_hls_ts {
        add("hls-ts", "/ts.m3u8", "application/vnd.apple.mpegurl", segmented_ms);
    }
    if fits_ts {
        add("http-ts", ".ts", "video/mp2t", 1000);
    }
    if fits_mp4 {
        add("dash", "/index.mpd", "application/dash+xml", segmented_ms);
    }
    sources
}

/// Where RTMP clients go: the host the request came to, and the port RTMP listens on.
fn rtmp_origin(headers: &http::HeaderMap, port: Option<u16>) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?.parse::<http::uri::Authority>().ok()?;
    let port = match port? {
        1935 => String::new(),
        port => format!(":{port}"),
    };
    Some(format!("rtmp://{}{port}", host.host()))
}

/// The wall clock, for DASH players (urn:mpeg:dash:utc:http-xsdate:2014).
async fn time() -> Response {
    no_store(packaging::date_time(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
    ))
}

async fn ready(axum::extract::State(state): Server) -> Response {
    match *state.stopping.borrow() {
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
        false => "ready\n".into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::{default_state, text};
    use http::HeaderMap;
    use tower::ServiceExt;

    #[test]
    fn rtmp_clients_are_sent_to_the_host_they_know() {
        for (host, port, origin) in [
            ("tv.example:8000", Some(1935), Some("rtmp://tv.example")),
            ("tv.example", Some(2935), Some("rtmp://tv.example:2935")),
            ("[::1]:8000", Some(1935), Some("rtmp://[::1]")),
            ("tv.example", None, None),
            ("a b", Some(1935), None),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
            assert_eq!(rtmp_origin(&headers, port).as_deref(), origin, "{host} {port:?}");
        }
    }

    #[tokio::test]
    async fn the_list_of_streams_says_where_to_publish() {
        let state = default_state().await;
        let list = async || {
            let mut request = http::Request::get("/api/v1/streams").body(axum::body::Body::empty()).unwrap();
            request.headers_mut().insert(header::HOST, HeaderValue::from_static("tv.example:8000"));
            let response = router(&state).oneshot(request).await.unwrap();
            serde_json::from_str::<serde_json::Value>(&text(response).await).unwrap()
        };
        assert_eq!(list().await["publish_url"], serde_json::Value::Null, "RTMP does not listen");
        state.rtmp_port.set(2935).unwrap();
        assert_eq!(list().await["publish_url"], "rtmp://tv.example:2935/live");
    }
}
