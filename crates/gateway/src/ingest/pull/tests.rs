use super::*;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::{Bytes, BytesMut};
use futures_core::Stream as BodyStream;
use hub::EventKind;
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// `AVCDecoderConfigurationRecord`: Main profile, level 3.1, 1280x720.
const AVC_720: &[u8] = b"\x01\x4d\x40\x1f\xff\xe1\x00\x19\x67\x4d\x40\x1f\xd9\x00\x50\x05\xbb\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x83\x24\x80\x01\x00\x05\x68\xeb\xc3\xcb\x20";

fn path() -> StreamPath {
    StreamPath::parse("live/a").unwrap()
}

/// Retries at once and does not wait long for anything.
fn hasty() -> Config {
    Config {
        retry: Duration::from_millis(10),
        retry_max: Duration::from_millis(40),
        idle_stop: Duration::from_millis(200),
        ..Config::default()
    }
}

fn picture(ms: i64, kind: PacketKind) -> Packet {
    let payload = match kind {
        PacketKind::Config => AVC_720,
        PacketKind::Keyframe => b"\0\0\0\x03\x65\x88\x80",
        PacketKind::Frame => b"\0\0\0\x03\x41\x9a\x80",
    };
    let dts = Timestamp::from_millis(ms);
    let payload = Bytes::from_static(payload);
    Packet {
        track_id: TrackId::VIDEO,
        codec: Codec::H264,
        kind,
        dts,
        pts: dts,
        discontinuity: false,
        payload,
    }
}

/// FLV with a keyframe at `from_ms` and pictures behind it.
fn flv(from_ms: i64) -> Bytes {
    let mut body = BytesMut::from(&::flv::file_header(false, true)[..]);
    for (ms, kind) in
        [(0, PacketKind::Config), (0, PacketKind::Keyframe), (40, PacketKind::Frame), (80, PacketKind::Frame)]
    {
        assert!(::flv::encode_tag(&picture(from_ms + ms, kind), &mut body));
    }
    body.freeze()
}

/// A body that goes on until the test is over or says otherwise.
struct Live {
    first: Option<Bytes>,
    rest: mpsc::UnboundedReceiver<Bytes>,
}

impl BodyStream for Live {
    type Item = Result<Bytes, std::io::Error>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.poll_recv(context).map(|bytes| bytes.map(Ok)),
        }
    }
}

/// Another server with `/live.flv`.
#[derive(Default)]
struct Remote {
    requests: AtomicUsize,
    /// Into each open body.
    bodies: Mutex<Vec<mpsc::UnboundedSender<Bytes>>>,
    /// The credentials that came with the last request.
    authorization: Mutex<Option<String>>,
}

async fn live(State(remote): State<Arc<Remote>>, request: axum::extract::Request) -> Response {
    let count = remote.requests.fetch_add(1, Relaxed) as i64;
    let authorization =
        request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    *remote.authorization.lock().unwrap() = authorization;
    let (sender, rest) = mpsc::unbounded_channel();
    remote.bodies.lock().unwrap().push(sender);
    Body::from_stream(Live { first: Some(flv(count * 1000)), rest }).into_response()
}

impl Remote {
    /// Starts it; gives the address before `/live.flv`.
    async fn start() -> (Arc<Self>, String) {
        let remote = Arc::new(Self::default());
        let router = Router::new()
            .route("/live.flv", get(live))
            .route("/there", get(async || Redirect::temporary("live.flv?sign=2")))
            .route("/circle", get(async || Redirect::temporary("/circle")))
            .route("/page", get(async || "<html>"))
            .with_state(remote.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (remote, format!("http://{address}"))
    }

    fn send(&self, packets: &[Packet]) {
        let mut tags = BytesMut::new();
        packets.iter().for_each(|packet| assert!(::flv::encode_tag(packet, &mut tags)));
        let tags = tags.freeze();
        self.bodies.lock().unwrap().retain(|body| body.send(tags.clone()).is_ok());
    }

    /// Ends all bodies.
    fn hang_up(&self) {
        self.bodies.lock().unwrap().clear();
    }
}

fn pulls(hub: &Arc<Hub>, config: &Config, url: &str, on_demand: bool) -> Arc<Pulls> {
    Pulls::start(hub, config, vec![Source::new(path(), url, on_demand).unwrap()])
}

/// Waits until the only pull is in `state`.
async fn reach(pulls: &Pulls, state: PullState) -> PullStatus {
    let pull = pulls.pulls.values().next().unwrap();
    let mut status = pull.status.subscribe();
    let reached = timeout(Duration::from_secs(10), status.wait_for(|status| status.state == state)).await;
    reached.unwrap_or_else(|_| panic!("not {state:?} but {:?}", pull.status.borrow())).unwrap().clone()
}

/// Waits until an attempt failed, and says why.
async fn failure(pulls: &Pulls) -> String {
    let pull = pulls.pulls.values().next().unwrap();
    let mut status = pull.status.subscribe();
    let failed =
        timeout(Duration::from_secs(10), status.wait_for(|status| status.last_error.is_some())).await;
    failed.unwrap().unwrap().last_error.clone().unwrap()
}

fn viewer(hub: &Hub) -> Arc<Session> {
    let session = Arc::new(Session::new(&Request {
        action: Action::Play,
        path: path(),
        args: Args::default(),
        remote: IpAddr::from([127, 0, 0, 1]),
        protocol: Protocol::HttpFlv,
        session_id: SessionId::random(),
        client: Arc::default(),
    }));
    hub.get(&path()).unwrap().add_viewer(&session);
    session
}

#[tokio::test]
async fn a_permanent_source_is_fetched_without_viewers_and_fetched_again_when_lost() {
    let (remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config::default());
    let mut events = hub.events();
    let pulls = pulls(&hub, &hasty(), &format!("{address}/live.flv"), false);
    reach(&pulls, PullState::Live).await;
    let stream = hub.get(&path()).unwrap();
    assert_eq!(stream.publisher().unwrap().protocol, Protocol::Pull);
    assert_eq!(stream.tracks().len(), 1);

    remote.hang_up();
    let waiting = reach(&pulls, PullState::Waiting).await;
    assert_eq!(waiting.last_error.as_deref(), Some("the server ended the stream"));
    assert!(waiting.next_attempt_at.is_some());
    let live = reach(&pulls, PullState::Live).await;
    assert_eq!((live.attempts, live.last_error), (2, None));
    // Viewers would have stayed: it is the same stream, held in between.
    assert!(Arc::ptr_eq(&stream, &hub.get(&path()).unwrap()));
    let mut kinds = Vec::new();
    while let Ok(event) = events.try_recv() {
        kinds.push(event.kind);
    }
    assert_eq!(kinds, [EventKind::PublishStarted, EventKind::PublishEnded, EventKind::PublishStarted]);
}

#[tokio::test]
async fn a_source_on_demand_starts_with_the_first_viewer_and_stops_after_the_last() {
    let (remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config::default());
    let pulls = pulls(&hub, &hasty(), &format!("{address}/live.flv"), true);
    assert_eq!(reach(&pulls, PullState::Idle).await.attempts, 0);
    assert!(hub.get(&path()).is_none());

    pulls.want(&path()).await;
    let stream = hub.get(&path()).unwrap();
    assert!(stream.start().is_some(), "who waited can begin at once");
    let session = viewer(&hub);
    // Longer than the idle stop, with somebody watching.
    for ms in 0..8 {
        remote.send(&[picture(120 + 40 * ms, PacketKind::Frame)]);
        sleep(Duration::from_millis(40)).await;
    }
    assert_eq!(stream.state(), StreamState::Live);

    stream.remove_viewer(&session);
    let idle = async {
        while pulls.statuses()[0].1.state != PullState::Idle {
            remote.send(&[picture(500, PacketKind::Frame)]);
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), idle).await.unwrap();
    assert!(hub.get(&path()).is_none(), "a stream nobody watches is not held");
    assert_eq!(remote.requests.load(Relaxed), 1);

    pulls.want(&path()).await;
    assert!(hub.get(&path()).is_some());
    assert_eq!(remote.requests.load(Relaxed), 2);
}

#[tokio::test]
async fn a_viewer_does_not_wait_longer_than_the_limit() {
    let hub = Hub::new(hub::Config::default());
    let config = Config { start_timeout: Duration::from_millis(50), ..hasty() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.flv", listener.local_addr().unwrap());
    let pulls = pulls(&hub, &config, &url, true);
    pulls.want(&path()).await;
    assert!(hub.get(&path()).is_none());
    assert_eq!(pulls.statuses()[0].1.state, PullState::Connecting);
    pulls.want(&StreamPath::parse("live/unknown").unwrap()).await;
}

#[tokio::test]
async fn a_pull_waits_for_who_publishes_the_path_here() {
    let (remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config { hold: Duration::ZERO, ..hub::Config::default() });
    let session = Arc::new(Session::new(&Request {
        action: Action::Publish,
        path: path(),
        args: Args::default(),
        remote: IpAddr::from([127, 0, 0, 1]),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    }));
    let publisher = hub.publish(&path(), &session, &Credential::None, None).unwrap();
    let pulls = pulls(&hub, &hasty(), &format!("{address}/live.flv"), false);
    assert_eq!(failure(&pulls).await, "somebody publishes it here");
    assert_eq!(pulls.statuses()[0].1.attempts, 0);
    assert_eq!(remote.requests.load(Relaxed), 0, "the source is left alone meanwhile");
    drop(publisher);
    reach(&pulls, PullState::Live).await;
}

#[tokio::test]
async fn a_kicked_pull_comes_back() {
    let (_remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config::default());
    let pulls = pulls(&hub, &hasty(), &format!("{address}/live.flv"), false);
    reach(&pulls, PullState::Live).await;
    assert!(hub.end(&path(), StopReason::Kicked));
    assert_eq!(failure(&pulls).await, "closed from here");
    assert_eq!(reach(&pulls, PullState::Live).await.attempts, 2);
}

#[tokio::test]
async fn redirects_are_followed_with_credentials_and_circles_are_not() {
    let (remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config::default());
    let with_user = address.replace("http://", "http://mark:secret@");
    let pulled = pulls(&hub, &hasty(), &format!("{with_user}/there?sign=1"), false);
    reach(&pulled, PullState::Live).await;
    assert_eq!(remote.authorization.lock().unwrap().as_deref(), Some("Basic bWFyazpzZWNyZXQ="));
    let shown = &pulled.statuses()[0].0.shown_url;
    assert!(shown.ends_with("/there?sign=***") && shown.starts_with("http://***@"), "{shown}");

    let hub = Hub::new(hub::Config::default());
    let circle = pulls(&hub, &hasty(), &format!("{address}/circle"), false);
    assert_eq!(failure(&circle).await, "more than 5 redirects");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_said_without_secrets() {
    let (_remote, address) = Remote::start().await;
    let host = address.replace("http://", "");
    for (place, said) in [
        ("/missing?sign=secret", "127.0.0.1 answered 404 Not Found, expected 200 OK"),
        ("/page?sign=secret", "what the server sends (text/plain; charset=utf-8) cannot be read: "),
    ] {
        let hub = Hub::new(hub::Config::default());
        let error = failure(&pulls(&hub, &hasty(), &format!("http://u:secret@{host}{place}"), false)).await;
        assert!(error.starts_with(said) && !error.contains("secret"), "{error}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for scheme in ["http", "rtmp"] {
        let hub = Hub::new(hub::Config::default());
        let error = failure(&pulls(&hub, &hasty(), &format!("{scheme}://{closed}/live/a"), false)).await;
        assert!(error.starts_with(&format!("cannot connect to {closed}: ")), "{error}");
    }
}

#[tokio::test]
async fn a_source_that_falls_silent_is_given_up() {
    let (_remote, address) = Remote::start().await;
    let hub = Hub::new(hub::Config::default());
    let config = Config { silence_timeout: Duration::from_millis(50), ..hasty() };
    let error = failure(&pulls(&hub, &config, &format!("{address}/live.flv"), false)).await;
    assert_eq!(error, "the source sent nothing for 50ms");
}

/// Attempts of a pull with these settings, as seconds since its start.
async fn attempts_s(on_demand: bool, run: Duration) -> Vec<u64> {
    let hub = Hub::new(hub::Config::default());
    let source = Source::new(path(), "http://h/a.flv", on_demand).unwrap();
    let config = Config { idle_stop: Duration::from_secs(60), ..Config::default() };
    let pull = Pull::new(source, config, hub);
    pull.wanted_at.send_replace(Some(Instant::now()));
    let start = Instant::now();
    let attempts = Mutex::new(Vec::new());
    let attempt = || async {
        attempts.lock().unwrap().push(start.elapsed().as_secs());
        Over::Silent(Duration::ZERO)
    };
    let _ = timeout(run, keep_trying(&pull, attempt)).await;
    assert_eq!(pull.status.borrow().state, if on_demand { PullState::Idle } else { PullState::Waiting });
    attempts.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn waits_between_attempts_grow_to_the_limit() {
    let attempts = attempts_s(false, Duration::from_secs(3600)).await;
    // Half a minute at most, a quarter at least, once the waits are fully grown.
    assert!((120..=245).contains(&attempts.len()), "{} attempts in an hour", attempts.len());
    assert!(attempts[1] <= 1 && attempts.windows(2).all(|pair| pair[1] - pair[0] <= 31), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_nobody_wants_any_more_is_left_alone() {
    let attempts = attempts_s(true, Duration::from_secs(3600)).await;
    assert!(attempts.len() >= 3 && *attempts.last().unwrap() <= 60, "{attempts:?}");
}
