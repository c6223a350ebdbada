//! The HTTP API of Node-Media-Server v2: `/api/server`, `/api/streams`, `/api/streams/:app/:stream`.
//!
//! Not here: `/api/relay` and `/api/streams/trans`. Values of `sign` are left out of `arguments`: whoever may see what
//! is live need not be able to publish it.

use crate::app::State;
use crate::host;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use http::StatusCode;
use hub::{Protocol, Session, StopReason, Stream, StreamPath, StreamState};
use media::{MediaKind, TrackInfo};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The routes.
pub fn router(state: &Arc<State>) -> Router {
    Router::new()
        .route("/api/server", get(server))
        .route("/api/streams", get(streams))
        .route("/api/streams/{*path}", get(stream).delete(end_stream))
        .with_state(state.clone())
}

type Server = axum::extract::State<Arc<State>>;

/// By app and name.
type StreamTable = BTreeMap<String, BTreeMap<String, StreamEntry>>;

#[derive(Serialize)]
struct StreamEntry {
    publisher: Option<PublisherEntry>,
    subscribers: Vec<SubscriberEntry>,
}

/// What publishers and subscribers have in common, in their order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientEntry {
    app: String,
    stream: String,
    client_id: String,
    connect_created: String,
    bytes: u64,
    ip: String,
}

#[derive(Serialize)]
struct PublisherEntry {
    #[serde(flatten)]
    client: ClientEntry,
    audio: Option<AudioEntry>,
    video: Option<VideoEntry>,
}

#[derive(Serialize)]
struct SubscriberEntry {
    #[serde(flatten)]
    client: ClientEntry,
    protocol: &'static str,
}

#[derive(Serialize)]
struct AudioEntry {
    codec: String,
    profile: &'static str,
    samplerate: u32,
    channels: u8,
}

#[derive(Serialize)]
struct VideoEntry {
    codec: String,
    width: u32,
    height: u32,
    profile: &'static str,
    level: f64,
    fps: f64,
}

async fn streams(axum::extract::State(state): Server) -> Response {
    let mut table = StreamTable::new();
    for stream in state.gateway.hub.streams() {
        let path = stream.path();
        table.entry(path.app().to_owned()).or_default().insert(path.name().to_owned(), entry(&stream));
    }
    Json(table).into_response()
}

fn entry(stream: &Stream) -> StreamEntry {
    let client = |session: &Session| ClientEntry {
        app: stream.path().app().to_owned(),
        stream: stream.path().name().to_owned(),
        client_id: session.id.to_string(),
        connect_created: date_time(session.started_at_ms),
        bytes: session.bytes.load(Relaxed),
        ip: session.remote.to_canonical().to_string(),
    };
    let publisher = stream.publisher().map(|session| {
        let (video, audio) = media_of(stream);
        PublisherEntry { client: client(&session), audio, video }
    });
    let mut viewers = stream.viewers();
    viewers.sort_by_key(|session| (session.started_at_ms, session.id));
    let subscriber = |session: &Arc<Session>| SubscriberEntry {
        client: client(session),
        protocol: protocol(session.protocol),
    };
    StreamEntry { publisher, subscribers: viewers.iter().map(subscriber).collect() }
}

/// The default tracks.
fn media_of(stream: &Stream) -> (Option<VideoEntry>, Option<AudioEntry>) {
    let (mut video_entry, mut audio_entry) = (None, None);
    for track in stream.tracks().iter().filter(|track| track.id.index == 0) {
        let codec = track.codec.to_string();
        match &track.info {
            TrackInfo::Video(video) => {
                video_entry = Some(VideoEntry {
                    codec,
                    width: video.width,
                    height: video.height,
                    profile: super::profile_name(video.profile),
                    level: f64::from(video.level_tenths) / 10.0,
                    fps: stream.metadata().frame_rate.or(video.frame_rate).unwrap_or(0.0),
                });
            }
            TrackInfo::Audio(audio) => {
                audio_entry = Some(AudioEntry {
                    codec,
                    profile: audio.profile,
                    samplerate: audio.sample_rate,
                    channels: audio.channels,
                });
            }
        }
        debug_assert_ne!(track.id.kind, MediaKind::Data);
    }
    (video_entry, audio_entry)
}

/// The three ways out that there are.
const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rtmp | Protocol::Pull => "rtmp",
        Protocol::WsFlv | Protocol::WsFmp4 => "ws",
        Protocol::HttpFlv | Protocol::HttpFmp4 | Protocol::HttpTs | Protocol::Hls | Protocol::Dash => "http",
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamStatus {
    is_live: bool,
    viewers: usize,
    /// Seconds since the publisher came.
    duration: u64,
    /// Kilobits per second.
    bitrate: u64,
    start_time: Option<String>,
    arguments: BTreeMap<String, String>,
}

/// A stream that is not there is one that is not live, not an error.
async fn stream(axum::extract::State(state): Server, Path(path): Path<String>) -> Response {
    let stream = StreamPath::parse(&path).ok().and_then(|path| state.gateway.hub.get(&path));
    Json(stream.map(|stream| status(&stream)).unwrap_or_default()).into_response()
}

fn status(stream: &Stream) -> StreamStatus {
    let mut status = StreamStatus { viewers: stream.viewer_count(), ..StreamStatus::default() };
    if let Some(publisher) = stream.publisher().filter(|_| stream.state() == StreamState::Live) {
        let ingest = stream.ingest();
        status.is_live = true;
        status.duration = unix_ms().saturating_sub(publisher.started_at_ms).div_ceil(1000);
        status.bitrate = (ingest.video_bps + ingest.audio_bps) / 1000;
        status.start_time = Some(date_time(publisher.started_at_ms));
        let args = publisher.args.iter().filter(|(name, _)| *name != "sign");
        status.arguments = args.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    }
    status
}

async fn end_stream(axum::extract::State(state): Server, Path(path): Path<String>) -> Response {
    let was_there =
        StreamPath::parse(&path).is_ok_and(|path| state.gateway.hub.end(&path, StopReason::Kicked));
    match was_there {
        true => {
            tracing::info!(stream = path, "stream ended by an operator");
            Json("ok").into_response()
        }
        false => {
            (StatusCode::NOT_FOUND, Json(serde_json::json!({"error": "stream not found"}))).into_response()
        }
    }
}

/// The processor's load is measured over this long.
const LOAD_SPAN: Duration = Duration::from_millis(100);

/// `totle` is how it is spelt there.
async fn server(axum::extract::State(state): Server) -> Response {
    let before = host::cpu_ticks();
    tokio::time::sleep(LOAD_SPAN).await;
    let load = load(before, host::cpu_ticks());
    let (cpu, process, memory) = (host::cpu(), host::process(), host::memory());
    let (received_bytes, sent_bytes) = state.traffic.bytes();
    let accepted = state.limiters.http.counts().0 + state.limiters.rtmp.counts().0;
    let clients = clients(&state.gateway.hub.streams());
    let uptime_s = state.started.elapsed().as_secs();
    Json(serde_json::json!({
        "os": {"arch": arch(), "platform": std::env::consts::OS, "release": host::release()},
        "cpu": {"num": cpu.count, "load": load, "model": cpu.model, "speed": cpu.mhz},
        "mem": {"totle": memory.0, "free": memory.1},
        "net": {"inbytes": received_bytes, "outbytes": sent_bytes},
        "nodejs": {
            "uptime": uptime_s,
            "version": concat!("weir ", env!("CARGO_PKG_VERSION")),
            "mem": {
                "rss": process.rss_bytes, "heapTotal": process.data_bytes, "heapUsed": process.rss_bytes, "external": 0,
            },
        },
        "clients": {
            "accepted": accepted, "active": clients.iter().sum::<usize>(), "idle": 0,
            "rtmp": clients[0], "http": clients[1], "ws": clients[2],
        },
        "version": env!("CARGO_PKG_VERSION"),
    }))
    .into_response()
}

/// Publishers and viewers by what they speak: RTMP, HTTP, WebSocket.
fn clients(streams: &[Arc<Stream>]) -> [usize; 3] {
    let mut counts = [0; 3];
    for session in streams.iter().flat_map(|stream| stream.viewers().into_iter().chain(stream.publisher())) {
        match protocol(session.protocol) {
            "rtmp" => counts[0] += 1,
            "http" => counts[1] += 1,
            _ => counts[2] += 1,
        }
    }
    counts
}

/// Percent of the processors' time that was used between two looks at idle and all ticks.
fn load(before: (u64, u64), after: (u64, u64)) -> u64 {
    let (idle, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    (all.saturating_sub(idle) * 100).checked_div(all).unwrap_or(0)
}

/// The processor's name as Node.js has it.
fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        arch => arch,
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

pub(super) fn date_time(unix_ms: u64) -> String {
    packaging::date_time(i64::try_from(unix_ms).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::{ask, default_state, publish_media, text, watch};
    use serde_json::{Value, json};

    async fn json_of(router: &Router, path: &str) -> Value {
        let response = ask(router, "GET", path).await;
        assert_eq!(response.status(), 200);
        serde_json::from_str(&text(response).await).unwrap()
    }

    #[tokio::test]
    async fn a_live_stream_is_listed_as_there() {
        let state = default_state().await;
        let publisher = publish_media(&state.gateway.hub, "live/mark");
        let viewers = [Protocol::Rtmp, Protocol::HttpFlv, Protocol::WsFlv]
            .map(|protocol| watch(publisher.stream(), protocol));
        let mut list = json_of(&router(&state), "/api/streams").await;
        let entry = &mut list["live"]["mark"];
        let created = date_time(publisher.session().started_at_ms);
        assert!(created.ends_with('Z') && created.len() == "2026-11-21T00:00:00.000Z".len());
        assert_eq!(
            entry["publisher"].take(),
            json!({
                "app": "live", "stream": "mark", "clientId": publisher.session().id.as_str(), "connectCreated": created,
                "bytes": 0, "ip": "127.0.0.9",
                "audio": {"codec": "AAC", "profile": "LC", "samplerate": 44100, "channels": 2},
                "video": {"codec": "H264", "width": 1280, "height": 720, "profile": "High", "level": 3.1, "fps": 25.0},
            })
        );
        let mut listed: Vec<_> = entry["subscribers"].as_array().unwrap().clone();
        listed.sort_by_key(|subscriber| subscriber["protocol"].as_str().unwrap().to_owned());
        let protocols: Vec<_> =
            listed.iter().map(|subscriber| subscriber["protocol"].as_str().unwrap()).collect();
        assert_eq!(protocols, ["http", "rtmp", "ws"]);
        let keys: Vec<_> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["app", "bytes", "clientId", "connectCreated", "ip", "protocol", "stream"]);
        assert!(viewers.iter().any(|viewer| listed[0]["clientId"] == viewer.id.as_str()));
    }

    #[tokio::test]
    async fn a_stream_held_for_its_publisher_has_none() {
        let state = default_state().await;
        drop(publish_media(&state.gateway.hub, "live/mark"));
        assert_eq!(
            json_of(&router(&state), "/api/streams").await,
            json!({"live": {"mark": {"publisher": null, "subscribers": []}}})
        );
        assert_eq!(json_of(&router(&state), "/api/streams/live/mark").await["isLive"], false);
    }

    #[tokio::test]
    async fn one_stream_tells_its_state_and_never_its_token() {
        let state = default_state().await;
        let publisher = publish_media(&state.gateway.hub, "live/mark");
        watch(publisher.stream(), Protocol::HttpFlv);
        let mut status = json_of(&router(&state), "/api/streams/live/mark").await;
        assert!(status["duration"].take().as_u64().unwrap() <= 2);
        // 25 pictures of 1000 bytes and 43 pieces of sound of 100 a second.
        let bitrate = status["bitrate"].take().as_u64().unwrap();
        assert!((230..=240).contains(&bitrate), "{bitrate}");
        assert_eq!(
            status,
            json!({
                "isLive": true, "viewers": 1, "duration": null, "bitrate": null,
                "startTime": date_time(publisher.session().started_at_ms), "arguments": {"room": "7"},
            })
        );
        assert_eq!(
            json_of(&router(&state), "/api/streams/live/nobody").await,
            json!({"isLive": false, "viewers": 0, "duration": 0, "bitrate": 0, "startTime": null, "arguments": {}})
        );
    }

    #[tokio::test]
    async fn delete_ends_a_stream_and_its_publisher_once() {
        let state = default_state().await;
        let publisher = publish_media(&state.gateway.hub, "live/mark");
        let router = router(&state);
        let response = ask(&router, "DELETE", "/api/streams/live/mark").await;
        assert_eq!((response.status().as_u16(), text(response).await.as_str()), (200, "\"ok\""));
        assert!(publisher.session().is_kicked());
        assert!(state.gateway.hub.get(publisher.stream().path()).is_none());
        for path in ["/api/streams/live/mark", "/api/streams/live/..%2f..%2fetc"] {
            let response = ask(&router, "DELETE", path).await;
            assert_eq!(response.status(), 404);
            assert_eq!(text(response).await, r#"{"error":"stream not found"}"#);
        }
    }

    #[tokio::test]
    async fn the_server_tells_of_its_machine_and_its_clients() {
        let state = default_state().await;
        let publisher = publish_media(&state.gateway.hub, "live/mark");
        watch(publisher.stream(), Protocol::WsFlv);
        publisher.stream().counters().add_bytes(Protocol::WsFlv, 900);
        let server = json_of(&router(&state), "/api/server").await;
        assert_eq!(
            server["clients"],
            json!({"accepted": 0, "active": 2, "idle": 0, "rtmp": 1, "http": 0, "ws": 1})
        );
        assert_eq!(server["net"]["outbytes"], 900);
        assert!(server["net"]["inbytes"].as_u64().unwrap() >= 126_000 + 21_600);
        assert!(server["mem"]["totle"].as_u64().unwrap() > server["mem"]["free"].as_u64().unwrap());
        assert!(
            server["cpu"]["num"].as_u64().unwrap() >= 1 && server["cpu"]["load"].as_u64().unwrap() <= 100
        );
        assert!(server["nodejs"]["mem"]["rss"].as_u64().unwrap() > 1 << 20);
        assert_eq!(server["os"]["platform"], "linux");
    }

    #[test]
    fn load_is_the_part_that_was_not_idle() {
        assert_eq!(load((100, 200), (175, 300)), 25);
        assert_eq!(load((100, 200), (100, 200)), 0);
    }
}
