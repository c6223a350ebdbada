//! A server without sockets, and streams in it, for the tests of what reports on them.

use crate::app::State;
use crate::config::Config;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use hub::{
    Action, Args, ClientInfo, Credential, Hub, Protocol, Publisher, Request, Session, SessionId, Stream,
    StreamPath,
};
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;
use tower::ServiceExt;

/// A server with these settings.
pub async fn state(mut config: Config) -> Arc<State> {
    // Else a secret is made and kept in a file.
    config.auth.secret = "0123456789abcdef".into();
    config.delivery.writers = 1;
    config.data_dir = tempfile::tempdir().unwrap().keep();
    State::new(config, watch::channel(false).1).await.unwrap()
}

/// A server with the default settings.
pub async fn default_state() -> Arc<State> {
    state(Config::load(None).unwrap()).await
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
/// keyframe every 2, 126 pictures of 1000 bytes and 216 pieces of sound of 100.
pub fn publish_media(hub: &Arc<Hub>, path: &str) -> Publisher {
    let mut publisher = publish(hub, path);
    let mut push = |track_id: TrackId, codec, kind, micros: i64, payload: Bytes| {
        let at = Timestamp::from_micros(micros);
        let packet = Packet { track_id, codec, kind, dts: at, pts: at, discontinuity: false, payload };
        publisher.push(packet).unwrap();
    };
    push(TrackId::VIDEO, Codec::H264, PacketKind::Config, 0, Bytes::from_static(&H264_CONFIG));
    push(TrackId::AUDIO, Codec::Aac, PacketKind::Config, 0, Bytes::from_static(&[0x12, 0x10]));
    let mut sounds = 0;
    for picture in 0..=125 {
        let at = picture * 40_000;
        let kind = if picture % 50 == 0 { PacketKind::Keyframe } else { PacketKind::Frame };
        push(TrackId::VIDEO, Codec::H264, kind, at, Bytes::from(vec![0; 1000]));
        while sounds * 1024 * 1_000_000 / 44_100 <= at {
            push(
                TrackId::AUDIO,
                Codec::Aac,
                PacketKind::Frame,
                sounds * 1024 * 1_000_000 / 44_100,
                Bytes::from(vec![0; 100]),
            );
            sounds += 1;
        }
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
