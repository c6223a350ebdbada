//! A server without sockets, and streams in it, for the tests of what reports on them.

use crate::app::{Limiters, State};
use crate::auth::{AuthGate, Signer};
use crate::config::Config;
use crate::hooks::Counts;
use crate::traffic::Traffic;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use gateway::delivery::Feeds;
use gateway::writer::{self, Writers};
use gateway::{Gateway, Limiter};
use hub::{
    Action, Args, ClientInfo, Credential, Hub, Protocol, Publisher, Request, Session, SessionId, Stream, StreamPath,
};
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tower::ServiceExt;

/// A server with these settings.
pub fn state(config: Config) -> Arc<State> {
    let hub = Hub::new(hub::Config::default());
    let signer = Signer::new(config.auth.sign, b"0123456789abcdef".to_vec());
    let limiter = || Limiter::new(100, 100);
    let writers = writer::Config { threads: 1, stall_max: Duration::from_secs(1) };
    Arc::new(State {
        gateway: Arc::new(Gateway {
            hub: hub.clone(),
            gate: Arc::new(AuthGate::new(&config.auth, signer, config.apps.clone())),
            feeds: Feeds::new(4096),
            writers: Writers::start(&writers).unwrap(),
            apps: config.apps.clone(),
        }),
        config,
        limiters: Limiters { http: limiter(), rtmp: limiter() },
        stopping: watch::channel(false).1,
        started: Instant::now(),
        traffic: Traffic::start(hub),
        hook_counts: Arc::new(Counts::default()),
    })
}

/// A server with the default settings.
pub fn default_state() -> Arc<State> {
    state(Config::load(None).unwrap())
}

/// What somebody from 127.0.0.9 asks.
pub fn request(action: Action, path: &str, protocol: Protocol, args: &[(&str, &str)]) -> Request {
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let client = ClientInfo {
        flash_ver: "FMLE/3.0 <test>".into(),
        tc_url: "rtmp://localhost/live".into(),
        ..ClientInfo::default()
    };
    Request {
        action,
        path: StreamPath::parse(path).unwrap(),
        args: Args::new(args),
        remote: [127, 0, 0, 9].into(),
        protocol,
        session_id: SessionId::random(),
        client: Arc::new(client),
    }
}

/// Publishes over RTMP and sends nothing yet.
pub fn publish(hub: &Arc<Hub>, path: &str) -> Publisher {
    let request = request(Action::Publish, path, Protocol::Rtmp, &[("sign", "1-secret"), ("room", "7")]);
    hub.publish(&request.path, &Arc::new(Session::new(&request)), &Credential::None, None).unwrap()
}

/// Publishes H.264 (High, level 3.1, 1280×720, 25 pictures a second) and AAC-LC (44.1 kHz, stereo): 5 seconds with a
/// keyframe every 2.
pub fn publish_media(hub: &Arc<Hub>, path: &str) -> Publisher {
    let mut publisher = publish(hub, path);
    let mut push = |track_id: TrackId, codec, kind, ms: u64, payload: Bytes| {
        let at = Timestamp::from_millis(i64::try_from(ms).unwrap());
        let packet = Packet { track_id, codec, kind, dts: at, pts: at, discontinuity: false, payload };
        publisher.push(packet).unwrap();
    };
    push(TrackId::VIDEO, Codec::H264, PacketKind::Config, 0, Bytes::from_static(&H264_CONFIG));
    push(TrackId::AUDIO, Codec::Aac, PacketKind::Config, 0, Bytes::from_static(&[0x12, 0x10]));
    for number in 0..=125 {
        let kind = if number % 50 == 0 { PacketKind::Keyframe } else { PacketKind::Frame };
        push(TrackId::VIDEO, Codec::H264, kind, number * 40, Bytes::from(vec![0; 1000]));
        push(TrackId::AUDIO, Codec::Aac, PacketKind::Frame, number * 40, Bytes::from(vec![0; 100]));
    }
    publisher
}

/// As x264 writes it.
#[rustfmt::skip]
const H264_CONFIG: [u8; 47] = [
    0x01, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05,
    0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x83, 0x19, 0x60,
    0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];

/// Watches and takes nothing.
pub fn watch(stream: &Stream, protocol: Protocol) -> Arc<Session> {
    let request = request(Action::Play, stream.path().as_str(), protocol, &[]);
    let session = Arc::new(Session::new(&request));
    stream.add_viewer(&session);
    session
}

/// Asks from this machine.
pub async fn ask(router: &axum::Router, method: &str, path: &str) -> Response {
    let mut request = axum::extract::Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
    router.clone().oneshot(request).await.unwrap()
}

/// The body of an answer.
pub async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}
