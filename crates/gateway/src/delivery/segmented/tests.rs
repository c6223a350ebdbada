use super::testing::*;
use super::*;
use crate::Gateway;
use crate::delivery::Feeds;
use crate::delivery::http::router;
use crate::writer::{self, Writers};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use hub::{
    Credential, Gate, GateFuture, Grant, Protocol, Publisher, Refusal, RefusalKind, Session, SessionId,
};
use media::Packet;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use tower::ServiceExt;

/// Lets everybody in but those with the wrong token, and counts how often it was asked.
#[derive(Default)]
struct CountingGate(AtomicUsize);

impl Gate for CountingGate {
    fn admit<'a>(&'a self, request: &'a hub::Request) -> GateFuture<'a> {
        Box::pin(async move {
            self.0.fetch_add(1, Relaxed);
            match request.args.get("sign") {
                Some("wrong") => Err(Refusal::new(RefusalKind::Unauthorized, "wrong token")),
                _ => Ok(Grant { path: request.path.clone(), credential: Credential::None }),
            }
        })
    }
}

mod recorded;

struct Server {
    gateway: Arc<Gateway>,
    gate: Arc<CountingGate>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Server {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            target: Duration::from_secs(2),
            segment_max: Duration::from_secs(20),
            window_segments: 6,
            keep_segments: 4,
            is_event: false,
            window_bytes_max: 64 << 20,
            always_on: false,
            idle_stop: Duration::from_secs(30),
        };
        change(&mut config);
        let hub = Hub::new(hub::Config::default());
        let gate = Arc::new(CountingGate::default());
        let writers =
            Writers::start(&writer::Config { threads: 1, stall_max: Duration::from_secs(10) }).unwrap();
        let segmented = Segmented::new(config, &hub);
        let gateway = Gateway {
            hub,
            gate: gate.clone(),
            feeds: Feeds::new(4096),
            writers,
            segmented,
            stored: crate::delivery::stored::tests::none(),
            pulls: Arc::default(),
            apps: vec!["live".into()],
        };
        Self { gateway: Arc::new(gateway), gate }
    }

    fn publish(&self, configs: &[Packet]) -> Publisher {
        let path = StreamPath::parse("live/demo").unwrap();
        let request = hub::Request {
            action: hub::Action::Publish,
            path: path.clone(),
            args: hub::Args::default(),
            remote: [127, 0, 0, 1].into(),
            protocol: Protocol::Rtmp,
            session_id: SessionId::random(),
            client: Arc::default(),
        };
        let session = Arc::new(Session::new(&request));
        let mut publisher = self.gateway.hub.publish(&path, &session, &Credential::None, None).unwrap();
        for config in configs {
            publisher.push(config.clone()).unwrap();
        }
        publisher
    }

    async fn request(&self, method: &str, uri: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1000))));
        let response = router(&self.gateway).oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    async fn get(&self, uri: &str) -> Answer {
        self.request("GET", uri, &[]).await
    }

    fn stream(&self) -> Arc<Stream> {
        self.gateway.hub.get(&StreamPath::parse("live/demo").unwrap()).unwrap()
    }

    fn asked(&self) -> usize {
        self.gate.0.load(Relaxed)
    }
}

/// Publishes slowly enough for everybody to follow.
async fn push(publisher: &mut Publisher, packets: Vec<Packet>) {
    for packet in packets {
        let is_picture = packet.is_video();
        publisher.push(packet).unwrap();
        if is_picture {
            settle().await;
        }
    }
}

/// Lets the other tasks do what they can do now.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

async fn pass(seconds: u64) {
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The names in a media playlist.
fn names(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#')).collect()
}

fn media_sequence(playlist: &str) -> u64 {
    let line = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"));
    line.unwrap().parse().unwrap()
}

const CONFIGS: fn() -> [Packet; 2] = || [video_config(), audio_config()];

/// A stream whose playlist has segments: the first request made its packager, then came what is pushed here.
async fn watched(server: &Server, publisher: &mut Publisher) {
    push(publisher, stream(0, 1000, 2000)).await;
    let (answer, ()) = tokio::join!(server.get("/live/demo.m3u8"), async {
        settle().await;
        push(
            publisher,
            stream(1000, 2000, 2000).into_iter().filter(|packet| !packet.is_keyframe()).collect(),
        )
        .await;
        for from_ms in (2000..10_000).step_by(2000) {
            push(publisher, stream(from_ms, from_ms + 2000, 2000)).await;
        }
    });
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn the_first_player_waits_until_it_can_play_on_and_the_next_one_does_not() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    let mut packets = stream(0, 4040, 2000).into_iter().peekable();
    let mut until =
        |ms| std::iter::from_fn(|| packets.next_if(|packet| packet.dts.as_millis() < ms)).collect();
    push(&mut publisher, until(1000)).await;
    let before = Instant::now();
    let first = tokio::spawn({
        let gateway = server.gateway.clone();
        let gate = server.gate.clone();
        async move { Server { gateway, gate }.get("/live/demo/index.m3u8").await }
    });
    settle().await;
    push(&mut publisher, until(4000)).await;
    assert!(!first.is_finished(), "one segment is not enough");
    push(&mut publisher, until(4040)).await;
    let answer = first.await.unwrap();
    assert_eq!((answer.status, before.elapsed() < Duration::from_secs(1)), (StatusCode::OK, true));
    assert!(answer.text.contains("CODECS=\"avc1.4d401f,mp4a.40.2\",RESOLUTION=1280x720"), "{}", answer.text);
    assert!(answer.text.ends_with("fmp4.m3u8\n"));
    assert_eq!(names(&server.get("/live/demo/fmp4.m3u8").await.text).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_told_to_come_again() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    push(&mut publisher, stream(0, 1000, 2000)).await;
    let before = Instant::now();
    let answer = server.get("/live/demo.m3u8").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert!(before.elapsed() <= Duration::from_secs(20));
    // One segment is better than none.
    push(&mut publisher, stream(2000, 2040, 2000)).await;
    assert_eq!(names(&server.get("/live/demo.m3u8").await.text).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_name_can_be_fetched_whole_in_part_and_not_at_all() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let ts = server.get("/live/demo.m3u8").await.text;
    let fmp4 = {
        let ask = server.get("/live/demo/fmp4.m3u8");
        tokio::join!(ask, async {
            settle().await;
            for from_ms in (10_000..18_000).step_by(2000) {
                push(&mut publisher, stream(from_ms, from_ms + 2000, 2000)).await;
            }
        })
        .0
        .text
    };
    let init =
        fmp4.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")).unwrap().trim_end_matches('"');
    let mut uris: Vec<_> = names(&ts).into_iter().map(|name| format!("/live/{name}")).collect();
    uris.extend(names(&fmp4).into_iter().chain([init]).map(|name| format!("/live/demo/{name}")));
    assert!(uris.len() >= 7, "{uris:?}");
    for uri in uris {
        let whole = server.get(&uri).await;
        assert_eq!(whole.status, StatusCode::OK, "{uri}");
        assert!(whole.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let mime_type = if uri.ends_with(".ts") { "video/mp2t" } else { "video/mp4" };
        assert_eq!(whole.headers[header::CONTENT_TYPE], mime_type);
        let head = server.request("HEAD", &uri, &[]).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(head.headers[header::CONTENT_LENGTH], whole.headers[header::CONTENT_LENGTH]);
        let part = server.request("GET", &uri, &[(header::RANGE, "bytes=0-9")]).await;
        assert_eq!(
            (part.status, &part.headers[header::CONTENT_LENGTH]),
            (StatusCode::PARTIAL_CONTENT, &"10".parse().unwrap())
        );
    }
    for name in ["1.ts", "1.m4s", "init-1.mp4", "video0-1-1.m4s"] {
        let answer = server.get(&format!("/live/demo/{name}")).await;
        assert_eq!(
            (answer.status, answer.text.contains("\"not_found\"")),
            (StatusCode::NOT_FOUND, true),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_manifest_names_pieces_that_can_be_fetched() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    push(&mut publisher, stream(0, 2000, 2000)).await;
    let (mpd, ()) = tokio::join!(server.get("/live/demo.mpd?sign=1-a"), async {
        settle().await;
        push(&mut publisher, stream(2000, 6040, 2000)).await;
    });
    assert_eq!(mpd.headers[header::CONTENT_TYPE], "application/dash+xml");
    assert!(mpd.text.contains("value=\"/api/v1/time\""));
    assert!(
        mpd.text.contains("availabilityStartTime=\"1970-01-01T00:00:00.000Z\""),
        "the same after a restart"
    );
    let template = |name: &str| {
        let (_, rest) = mpd.text.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.replace("$RepresentationID$", "video0").replace("&amp;", "&")
    };
    let (init, media) = (template("initialization"), template("media"));
    assert!(init.starts_with("demo/video0-") && init.ends_with("?sign=1-a"), "{init}");
    let start = mpd.text.split_once("<S t=\"").unwrap().1.split_once('"').unwrap().0;
    for uri in [init, media.replace("$Time$", start)] {
        assert_eq!(server.get(&format!("/live/{uri}")).await.status, StatusCode::OK, "{uri}");
    }
    let viewers = server.stream().viewers();
    assert_eq!(viewers.iter().map(|viewer| viewer.protocol).collect::<Vec<_>>(), [Protocol::Dash]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_for_streams_that_do_not_exist() {
    let server = Server::new();
    for uri in [
        "/live/nobody.m3u8",
        "/live/nobody/index.m3u8",
        "/live/nobody/index.mpd",
        "/live/nobody/7.ts",
        "/live/nobody/init-7.mp4",
    ] {
        let answer = server.get(uri).await;
        assert_eq!(
            (answer.status, answer.text.contains("stream_not_found")),
            (StatusCode::NOT_FOUND, true),
            "{uri}"
        );
    }
    for uri in ["/live/nobody/other.txt", "/live/../index.m3u8", "/live/a/b/c/d/index.m3u8"] {
        assert_eq!(server.get(uri).await.status, StatusCode::NOT_FOUND, "{uri}");
    }
    assert!(server.gateway.segmented.streams().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_viewer_is_asked_about_and_counted_once() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    assert_eq!((server.asked(), server.stream().viewer_count()), (1, 1));
    let playlist = server.get("/live/demo.m3u8").await.text;
    let segment = server.get(&format!("/live/{}", names(&playlist)[0])).await;
    assert_eq!((server.asked(), server.stream().viewer_count()), (1, 1));
    let bytes = server.stream().viewers()[0].bytes.load(Relaxed);
    let segment_bytes: u64 = segment.headers[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
    assert!(bytes > segment_bytes);
    assert_eq!(server.stream().counters().of(Protocol::Hls).0, bytes);
    // Another token and another browser are other viewers.
    let tokened = server.get("/live/demo.m3u8?sign=1-ab").await.text;
    assert!(names(&tokened).iter().all(|name| name.ends_with(".ts?sign=1-ab")), "{tokened}");
    server.request("GET", "/live/demo.m3u8", &[(header::USER_AGENT, "Other")]).await;
    assert_eq!((server.asked(), server.stream().viewer_count()), (3, 3));
    // A segment alone does not get around the gate.
    let uri = format!("/live/{}?sign=wrong", names(&playlist)[0]);
    assert_eq!(server.get(&uri).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.get("/live/demo.m3u8?sign=wrong").await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.stream().viewer_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_who_stops_asking_is_gone_and_one_who_is_kicked_stays_out() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let playlist = server.get("/live/demo.m3u8?sign=1-a").await.text;
    let kicked = server.stream().viewers().into_iter().find(|viewer| !viewer.args.is_empty()).unwrap();
    kicked.kick();
    for _ in 0..15 {
        let uri = format!("/live/{}", names(&playlist)[0]);
        assert_eq!(server.get(&uri).await.status, StatusCode::FORBIDDEN);
        assert!(!server.stream().viewers().iter().any(|viewer| viewer.id == kicked.id));
        pass(1).await;
    }
    assert_eq!(server.stream().viewer_count(), 0, "the other one stopped asking");
    pass(12).await;
    server.get("/live/demo.m3u8?sign=1-a").await;
    assert_eq!(server.stream().viewer_count(), 1, "the gate may let the kicked one in again after a while");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_no_longer_packaged_and_numbers_never_go_back() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let before = media_sequence(&server.get("/live/demo.m3u8").await.text);
    // More segments than seconds pass.
    for from_ms in (10_000..100_000).step_by(2000) {
        push(&mut publisher, stream(from_ms, from_ms + 2000, 2000)).await;
    }
    let last = media_sequence(&server.get("/live/demo.m3u8").await.text);
    assert!(last > before + 30);
    pass(25).await;
    assert_eq!(server.gateway.segmented.streams().len(), 1);
    pass(10).await;
    assert!(server.gateway.segmented.streams().is_empty());
    let (answer, ()) = tokio::join!(server.get("/live/demo.m3u8"), async {
        settle().await;
        push(&mut publisher, stream(135_000, 142_000, 2000)).await;
    });
    assert!(media_sequence(&answer.text) >= last + 6);
}

#[tokio::test(start_paused = true)]
async fn players_can_tell_the_segments_of_two_windows_apart() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let discontinuities = |playlist: &str| -> u64 {
        let line = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-DISCONTINUITY-SEQUENCE:"));
        line.unwrap().parse().unwrap()
    };
    let before = discontinuities(&server.get("/live/demo.m3u8").await.text);
    pass(40).await;
    let (answer, ()) = tokio::join!(server.get("/live/demo.m3u8"), async {
        settle().await;
        push(&mut publisher, stream(50_000, 57_000, 2000)).await;
    });
    let after = discontinuities(&answer.text);
    assert_ne!(after, before, "{}", answer.text);
    assert!(after.max(before) < 20_000, "players keep a list as long as this number");
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_and_can_be_fetched_for_a_while() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let stream = server.stream();
    server.gateway.hub.end(stream.path(), StopReason::Kicked);
    settle().await;
    let playlist = server.get("/live/demo.m3u8").await.text;
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    let last = format!("/live/{}", names(&playlist).last().unwrap());
    assert_eq!(server.get(&last).await.status, StatusCode::OK);
    assert_eq!(server.get("/live/demo.m3u8?sign=1-new").await.status, StatusCode::OK, "for new viewers too");
    pass(12).await;
    assert_eq!(server.get("/live/demo.m3u8").await.status, StatusCode::NOT_FOUND);
    assert_eq!((server.gateway.segmented.streams().len(), stream.viewer_count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_tells_no_end() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    server.gateway.hub.stop();
    settle().await;
    let playlist = server.get("/live/demo.m3u8").await.text;
    assert!(!playlist.contains("ENDLIST"));
    assert_eq!(names(&playlist).len(), 5, "but its last segment is whole: {playlist}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_comes_again_begins_anew() {
    let server = Server::new();
    let mut publisher = server.publish(&CONFIGS());
    watched(&server, &mut publisher).await;
    let before = server.get("/live/demo.m3u8").await.text;
    server.gateway.hub.end(server.stream().path(), StopReason::Kicked);
    settle().await;
    let mut publisher = server.publish(&CONFIGS());
    let asked = server.asked();
    watched(&server, &mut publisher).await;
    let after = server.get("/live/demo.m3u8").await.text;
    assert!(
        media_sequence(&after) >= media_sequence(&before) + names(&before).len() as u64,
        "{before}{after}"
    );
    assert!(!after.contains("ENDLIST"));
    assert_eq!((server.asked(), server.stream().viewer_count()), (asked + 1, 1));
}

#[tokio::test(start_paused = true)]
async fn codecs_decide_which_segments_are_offered() {
    let server = Server::new();
    let mut publisher = server.publish(&[video_config(), mp3_config()]);
    push(&mut publisher, (0..251).map(|n| video(n * PICTURE_MS, n % 50 == 0)).collect()).await;
    let (answer, ()) = tokio::join!(server.get("/live/demo/index.m3u8"), async {
        settle().await;
        push(&mut publisher, (251..401).map(|n| video(n * PICTURE_MS, n % 50 == 0)).collect()).await;
    });
    assert!(answer.text.ends_with("ts.m3u8\n"), "{}", answer.text);
    server.gateway.hub.end(server.stream().path(), StopReason::Kicked);

    let mut publisher = server.publish(&[video_config(), opus_config()]);
    push(&mut publisher, (0..51).map(|n| video(n * PICTURE_MS, n % 50 == 0)).collect()).await;
    let refused = server.get("/live/demo/ts.m3u8").await;
    assert_eq!((refused.status, refused.text.contains("Opus")), (StatusCode::UNSUPPORTED_MEDIA_TYPE, true));
    let (flat, ()) = tokio::join!(server.get("/live/demo.m3u8"), async {
        settle().await;
        push(&mut publisher, (51..201).map(|n| video(n * PICTURE_MS, n % 50 == 0)).collect()).await;
    });
    assert!(names(&flat.text)[0].ends_with(".m4s"), "{}", flat.text);
}

#[tokio::test(start_paused = true)]
async fn always_on_packages_without_being_asked() {
    let server = Server::with(|config| (config.always_on, config.idle_stop) = (true, Duration::from_secs(1)));
    settle().await;
    let mut publisher = server.publish(&CONFIGS());
    settle().await;
    push(&mut publisher, stream(0, 1000, 2000)).await;
    pass(2).await;
    for from_ms in (2000..12_000).step_by(2000) {
        push(&mut publisher, stream(from_ms, from_ms + 2000, 2000)).await;
        pass(2).await;
    }
    let playlist = server.get("/live/demo/fmp4.m3u8").await.text;
    assert_eq!(names(&playlist).len(), 5, "{playlist}");
}

#[tokio::test(start_paused = true)]
async fn a_query_too_long_to_be_repeated_is_refused() {
    let server = Server::new();
    let _publisher = server.publish(&CONFIGS());
    let answer = server.get(&format!("/live/demo.m3u8?a={}", "x".repeat(2000))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
