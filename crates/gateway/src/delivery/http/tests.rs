use super::super::segmented::{Config, Segmented, testing};
use super::super::{Feeds, task};
use super::*;
use crate::writer::{self, Writers};
use axum::body::Body;
use http_body_util::BodyExt;
use hub::{Credential, EventKind, Gate, GateFuture, Grant, Hub, Protocol, Publisher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tower::ServiceExt;

/// Notes what it is asked and refuses the action that `?refuse=` names.
#[derive(Default)]
struct NotingGate(Mutex<Vec<(Action, String)>>);

impl Gate for NotingGate {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((request.action, request.path.to_string()));
        let is_refused = request.args.get("refuse") == Some(format!("{:?}", request.action).as_str());
        Box::pin(async move {
            match is_refused {
                true => Err(Refusal::new(RefusalKind::Forbidden, "no")),
                false => Ok(Grant { path: request.path.clone(), credential: Credential::None }),
            }
        })
    }
}

/// A gateway with live/demo, its gate, and who publishes.
fn gateway() -> (Arc<Gateway>, Arc<NotingGate>, Publisher) {
    let (hub, gate) = (Hub::new(hub::Config::default()), Arc::new(NotingGate::default()));
    let segmented = Config {
        target: Duration::from_secs(2),
        segment_max: Duration::from_secs(20),
        window_segments: 6,
        keep_segments: 4,
        is_event: false,
        window_bytes_max: 64 << 20,
        always_on: false,
        idle_stop: Duration::from_secs(30),
    };
    let gateway = Gateway {
        gate: gate.clone(),
        feeds: Feeds::new(4096),
        writers: Writers::start(&writer::Config { threads: 1, stall_max: Duration::from_secs(10) }).unwrap(),
        segmented: Segmented::new(segmented, &hub),
        stored: crate::delivery::stored::tests::none(),
        pulls: Arc::default(),
        apps: vec!["live".into()],
        hub,
    };
    let path = StreamPath::parse("live/demo").unwrap();
    let request = Request {
        action: Action::Publish,
        path: path.clone(),
        args: Args::default(),
        remote: [127, 0, 0, 1].into(),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    };
    let session = Arc::new(Session::new(&request));
    let mut publisher = gateway.hub.publish(&path, &session, &Credential::None, None).unwrap();
    for packet in [testing::video_config(), testing::audio_config()] {
        publisher.push(packet).unwrap();
    }
    for packet in testing::stream(0, 400, 400) {
        publisher.push(packet).unwrap();
    }
    (Arc::new(gateway), gate, publisher)
}

async fn ask(gateway: &Arc<Gateway>, method: &str, uri: &str) -> Response {
    let mut request = http::Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1000))));
    router(gateway).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_viewer_is_a_connection_too_which_others_hear_begin_and_end() {
    for ending in [".flv", ".mp4", ".ts"] {
        let (gateway, gate, _publisher) = gateway();
        let mut events = gateway.hub.events();
        let mut response = ask(&gateway, "GET", &format!("/live/demo{ending}?who=anna")).await;
        let takeover = response.extensions_mut().remove::<Takeover>().unwrap();
        let response = task::respond(response, takeover);
        assert_eq!(response.headers().get(header::CONTENT_LENGTH), None, "the body has no known end");
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().is_ok(), "media comes");
        drop(body);
        // The next picture finds nobody.
        gateway.hub.end(&StreamPath::parse("live/demo").unwrap(), hub::StopReason::Kicked);
        let mut heard = Vec::new();
        while heard.last() != Some(&EventKind::Disconnected) {
            let event = events.recv().await.unwrap();
            if event.protocol != Protocol::Rtmp {
                assert_eq!((event.path.as_str(), event.args.get("who")), ("live/demo", Some("anna")));
                if event.kind == EventKind::Disconnected {
                    assert_eq!(event.action, Action::Play);
                    assert!(event.bytes > 0, "what was watched is told at the end");
                }
                heard.push(event.kind);
            }
        }
        let expected =
            [EventKind::Connected, EventKind::PlayStarted, EventKind::PlayEnded, EventKind::Disconnected];
        assert_eq!(heard, expected, "{ending}");
        let path = "live/demo".to_owned();
        assert_eq!(*gate.0.lock().unwrap(), [(Action::Connect, path.clone()), (Action::Play, path)]);
    }
}

#[tokio::test]
async fn who_may_not_connect_is_not_asked_about_the_stream() {
    let (gateway, gate, _publisher) = gateway();
    let mut events = gateway.hub.events();
    let response = ask(&gateway, "GET", "/live/demo.flv?refuse=Connect").await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(gate.0.lock().unwrap().len(), 1);
    assert!(events.try_recv().is_err(), "nothing has happened");

    let response = ask(&gateway, "GET", "/live/demo.flv?refuse=Play").await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Connected);
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Disconnected);
}

#[tokio::test]
async fn requests_that_are_no_connection_for_media_ask_for_none() {
    let (gateway, gate, _publisher) = gateway();
    assert_eq!(ask(&gateway, "HEAD", "/live/demo.flv").await.status(), StatusCode::OK);
    let refused = ask(&gateway, "GET", "/live/demo/index.mpd?refuse=Play").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let asked = gate.0.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|(action, _)| *action == Action::Play), "{asked:?}");
}
