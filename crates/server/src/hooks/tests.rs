use super::*;
use crate::compat::testing::request;
use crate::config::{HookDialect, HookTarget, OnFailure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use hub::{Action, Event, EventKind, GateFuture, Protocol, PublishError, Session};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Says yes to everybody, with or without proof.
struct Open(Credential);

impl Gate for Open {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        Box::pin(async { Ok(Grant { path: request.path.clone(), credential: self.0.clone() }) })
    }
}

/// Says no to everybody.
struct Closed;

impl Gate for Closed {
    fn admit<'a>(&'a self, _: &'a Request) -> GateFuture<'a> {
        Box::pin(async { Err(Refusal::new(RefusalKind::Unauthorized, "closed")) })
    }
}

/// What a hook under test answers.
#[derive(Clone)]
enum Say {
    Status(u16, &'static str),
    Location(u16, &'static str),
    Long,
    Nothing,
}

/// A hook: a real server that notes every call and answers as told, the last answer for all calls that follow.
struct Hook {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<(HeaderMap, String)>,
}

type HookState = State<(mpsc::UnboundedSender<(HeaderMap, String)>, Arc<Mutex<VecDeque<Say>>>)>;

async fn on_call(State((calls, says)): HookState, headers: HeaderMap, body: Bytes) -> Response {
    calls.send((headers, String::from_utf8(body.to_vec()).unwrap())).unwrap();
    let say = {
        let mut says = says.lock().unwrap();
        if says.len() > 1 { says.pop_front().unwrap() } else { says[0].clone() }
    };
    let code = |status| StatusCode::from_u16(status).unwrap();
    match say {
        Say::Status(status, body) => (code(status), body).into_response(),
        Say::Location(status, to) => (code(status), [(header::LOCATION, to)]).into_response(),
        Say::Long => vec![b' '; 70_000].into_response(),
        Say::Nothing => std::future::pending().await,
    }
}

impl Hook {
    async fn new(says: &[Say]) -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let says = Arc::new(Mutex::new(says.iter().cloned().collect()));
        let router = Router::new().fallback(on_call).with_state((sender, says));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum_serve(listener, router).await });
        Self { address, calls }
    }

    fn target(&self, dialect: HookDialect) -> HookTarget {
        target(self.address, dialect)
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(&self.calls.recv().await.unwrap().1).unwrap()
    }
}

/// Serves HTTP/1 on every connection.
async fn axum_serve(listener: TcpListener, router: Router) {
    use tower::ServiceExt;
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let router = router.clone();
        let service = hyper::service::service_fn(move |request| router.clone().oneshot(request));
        let io = hyper_util::rt::TokioIo::new(socket);
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    }
}

fn target(address: SocketAddr, dialect: HookDialect) -> HookTarget {
    HookTarget {
        url: format!("http://{address}/secret-path?key=secret"),
        dialect,
        events: Vec::new(),
        on_failure: OnFailure::Deny,
        secret: String::new(),
    }
}

fn hooks(targets: Vec<HookTarget>) -> Arc<Hooks> {
    Hooks::new(&config::Hooks { timeout_ms: 300, targets }).unwrap()
}

fn gate(targets: Vec<HookTarget>) -> HookGate {
    HookGate { inner: Arc::new(Open(Credential::None)), hooks: hooks(targets) }
}

fn publish() -> Request {
    request(
        Action::Publish,
        "live/key",
        Protocol::Rtmp,
        &[("sign", "1-x y"), ("name", "other"), ("a&b", "ü")],
    )
}

/// The kind of a refusal and what it says, or the path of a grant.
async fn decide(gate: &HookGate, request: &Request) -> Result<String, (RefusalKind, String)> {
    match gate.admit(request).await {
        Ok(grant) => Ok(grant.path.to_string()),
        Err(refusal) => Err((refusal.kind, refusal.message)),
    }
}

#[tokio::test]
async fn our_own_question_says_who_asks_for_what_and_is_signed() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let mut target = hook.target(HookDialect::Weir);
    target.secret = "a shared secret".into();
    let request = publish();
    assert_eq!(decide(&gate(vec![target]), &request).await.unwrap(), "live/key");
    let (headers, body) = hook.calls.recv().await.unwrap();
    let mut said: Value = serde_json::from_str(&body).unwrap();
    assert!(said["at_ms"].take().as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        said,
        json!({
            "event": "prePublish", "id": request.session_id.as_str(), "stream": "live/key", "app": "live", "name": "key",
            "protocol": "rtmp", "ip": "127.0.0.9", "args": {"sign": "1-x y", "name": "other", "a&b": "ü"}, "at_ms": null,
        })
    );
    assert_eq!(headers["x-weir-event"], "prePublish");
    assert_eq!(headers["x-weir-delivery"].len(), 32);
    assert!(headers.contains_key("x-weir-timestamp"));
    assert_eq!(headers["content-type"], "application/json");
    use hmac::Mac;
    let mut mac = hmac::Hmac::<Sha256>::new_from_slice(b"a shared secret").unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(headers["x-weir-signature"], format!("sha256={hex}"));
}

#[tokio::test]
async fn every_action_is_asked_about_by_its_own_event() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let gate = gate(vec![hook.target(HookDialect::Weir)]);
    for (action, path, event, stream) in [
        (Action::Connect, "live/-", "preConnect", Value::Null),
        (Action::Publish, "live/mark", "prePublish", json!("live/mark")),
        (Action::Play, "live/mark", "prePlay", json!("live/mark")),
    ] {
        decide(&gate, &request(action, path, Protocol::Rtmp, &[])).await.unwrap();
        let said = hook.json().await;
        assert_eq!((&said["event"], &said["stream"]), (&json!(event), &stream));
    }
}

#[tokio::test]
async fn what_the_rules_refuse_is_not_asked_and_stays_refused() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let gate = HookGate { inner: Arc::new(Closed), hooks: hooks(vec![hook.target(HookDialect::Weir)]) };
    assert_eq!(decide(&gate, &publish()).await.unwrap_err().0, RefusalKind::Unauthorized);
    assert!(hook.calls.try_recv().is_err());
}

#[tokio::test]
async fn a_refusing_hook_refuses_with_its_reason_and_the_next_is_not_asked() {
    let first = Hook::new(&[Say::Status(403, r#"{"reason":"banned until Monday"}"#)]).await;
    let mut second = Hook::new(&[Say::Status(200, "")]).await;
    let gate = gate(vec![first.target(HookDialect::Weir), second.target(HookDialect::Weir)]);
    let (kind, message) = decide(&gate, &publish()).await.unwrap_err();
    assert_eq!((kind, message.as_str()), (RefusalKind::Forbidden, "refused by a hook: banned until Monday"));
    assert!(second.calls.try_recv().is_err());
    assert_eq!(gate.hooks.counts().of(HookEvent::PrePublish, Outcome::Refused), 1);
}

#[tokio::test]
async fn only_the_events_that_are_wanted_are_asked_about() {
    let hook = Hook::new(&[Say::Status(403, "")]).await;
    let mut target = hook.target(HookDialect::Weir);
    target.events = vec!["prePlay".into()];
    let gate = gate(vec![target]);
    assert!(decide(&gate, &publish()).await.is_ok());
    assert!(decide(&gate, &request(Action::Play, "live/key", Protocol::HttpFlv, &[])).await.is_err());
}

/// Addresses of hooks that do not answer, each in its own way.
async fn dead_hooks() -> Vec<(&'static str, SocketAddr)> {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let hanging = Hook::new(&[Say::Nothing]).await;
    let long = Hook::new(&[Say::Long]).await;
    let broken = Hook::new(&[Say::Status(500, "")]).await;
    let redirecting = Hook::new(&[Say::Location(302, "http://127.0.0.1:1/")]).await;
    let dying = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dying_address = dying.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            drop(dying.accept().await);
        }
    });
    for hook in [&hanging, &long, &broken, &redirecting] {
        assert_ne!(hook.address.port(), 0);
    }
    let found = vec![
        ("nobody listens", nobody),
        ("hangs", hanging.address),
        ("answers too much", long.address),
        ("answers 500", broken.address),
        ("redirects", redirecting.address),
        ("dies", dying_address),
    ];
    // The receivers must outlive the calls.
    std::mem::forget([hanging, long, broken, redirecting]);
    found
}

#[tokio::test]
async fn a_dead_hook_means_what_on_failure_says() {
    for (how, address) in dead_hooks().await {
        let mut target = target(address, HookDialect::Weir);
        let deny = gate(vec![target.clone()]);
        let (kind, message) = decide(&deny, &publish()).await.expect_err(how);
        assert_eq!(kind, RefusalKind::Unavailable, "{how}");
        assert!(!message.contains("secret") && !message.contains("127.0.0.1"), "{how}: {message}");
        assert_eq!(deny.hooks.counts().of(HookEvent::PrePublish, Outcome::Failed), 1, "{how}");
        target.on_failure = OnFailure::Allow;
        assert_eq!(decide(&gate(vec![target]), &publish()).await.unwrap(), "live/key", "{how}");
    }
}

#[tokio::test]
async fn srs_hooks_get_the_fields_of_srs() {
    let mut hook = Hook::new(&[Say::Status(200, "0")]).await;
    let gate = gate(vec![hook.target(HookDialect::Srs)]);
    let request = request(Action::Publish, "live/mark", Protocol::Rtmp, &[("token", "a b"), ("t", "1")]);
    decide(&gate, &request).await.unwrap();
    let mut said = hook.json().await;
    for random in ["server_id", "service_id", "stream_id"] {
        assert!(said[random].take().as_str().is_some_and(|id| !id.is_empty()), "{random}");
    }
    assert_eq!(
        said,
        json!({
            "server_id": null, "service_id": null, "action": "on_publish", "client_id": request.session_id.as_str(),
            "ip": "127.0.0.9", "vhost": "__defaultVhost__", "app": "live", "tcUrl": "rtmp://localhost/live",
            "stream": "mark", "param": "?token=a+b&t=1", "stream_url": "/live/mark", "stream_id": null,
        })
    );
}

#[tokio::test]
async fn the_end_of_a_connection_tells_srs_hooks_which_way_its_bytes_went() {
    let mut hook = Hook::new(&[Say::Status(200, "0")]).await;
    let hooks = hooks(vec![hook.target(HookDialect::Srs)]);
    let hub = Hub::new(hub::Config::default());
    hooks.listen(&hub);
    for (action, sent, received) in [(Action::Publish, 0, 77), (Action::Play, 77, 0), (Action::Connect, 0, 0)]
    {
        let request = request(action, "live/-", Protocol::Rtmp, &[]);
        let session = Session::new(&request);
        session.bytes.store(77, Relaxed);
        hub.emit(Event::of(EventKind::Disconnected, &request.path, &session));
        let said = hook.json().await;
        assert_eq!(
            (&said["send_bytes"], &said["recv_bytes"]),
            (&json!(sent), &json!(received)),
            "{action:?}"
        );
    }
}

#[tokio::test]
async fn srs_hooks_refuse_with_a_code() {
    let hook = Hook::new(&[Say::Status(200, r#"{"code":403}"#)]).await;
    let (kind, message) = decide(&gate(vec![hook.target(HookDialect::Srs)]), &publish()).await.unwrap_err();
    assert_eq!(kind, RefusalKind::Forbidden);
    assert!(message.contains("code 403"), "{message}");
}

#[tokio::test]
async fn nginx_rtmp_hooks_get_a_form_whose_fields_no_client_can_fake() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let request = publish();
    decide(&gate(vec![hook.target(HookDialect::NginxRtmp)]), &request).await.unwrap();
    let (headers, body) = hook.calls.recv().await.unwrap();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let number = client_number(request.session_id);
    assert_eq!(
        body,
        format!(
            "app=live&flashver=FMLE%2F3.0+%3Ctest%3E&swfurl=&tcurl=rtmp%3A%2F%2Flocalhost%2Flive&pageurl=&addr=127.0.0.9\
             &clientid={number}&name=key&call=publish&type=live&sign=1-x+y&a%26b=%C3%BC"
        )
    );
}

#[tokio::test]
async fn an_nginx_rtmp_redirect_turns_a_stream_key_into_a_public_name() {
    let hook = Hook::new(&[Say::Location(302, "mark")]).await;
    let target = hook.target(HookDialect::NginxRtmp);
    let gate = gate(vec![target.clone()]);
    let hub = Hub::new(hub::Config::default());
    let take = |grant: Grant, request: &Request| {
        hub.publish(&grant.path, &Arc::new(Session::new(request)), &grant.credential, None)
    };
    let first_request = publish();
    let first = gate.admit(&first_request).await.unwrap();
    assert_eq!(first.path.as_str(), "live/mark");
    let _first = take(first, &first_request).unwrap();
    // Who knows the key takes over; who comes with another one that leads to the same name does not.
    let other = request(Action::Publish, "live/other-key", Protocol::Rtmp, &[]);
    let other_grant = gate.admit(&other).await.unwrap();
    assert!(matches!(take(other_grant, &other), Err(PublishError::Busy(_))));
    let again = publish();
    let again_grant = gate.admit(&again).await.unwrap();
    assert!(take(again_grant, &again).is_ok());
    // A proof the rules have found is kept.
    let proof = Credential::Digest([7; 32]);
    let gate = HookGate { inner: Arc::new(Open(proof.clone())), hooks: hooks(vec![target]) };
    assert_eq!(gate.admit(&publish()).await.unwrap().credential, proof);
}

#[tokio::test]
async fn news_arrive_in_order_with_what_has_flowed() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let hooks = hooks(vec![hook.target(HookDialect::Weir)]);
    let hub = Hub::new(hub::Config::default());
    hooks.listen(&hub);
    let request = request(Action::Play, "live/mark", Protocol::HttpFlv, &[]);
    let session = Session::new(&request);
    session.bytes.store(77, Relaxed);
    for kind in [
        EventKind::Connected,
        EventKind::PlayStarted,
        EventKind::PlayEnded,
        EventKind::PublishStarted,
        EventKind::PublishEnded,
        EventKind::StreamEnded,
        EventKind::Disconnected,
    ] {
        hub.emit(Event::of(kind, &request.path, &session));
    }
    for event in ["postConnect", "postPlay", "donePlay", "postPublish", "donePublish", "doneConnect"] {
        let said = hook.json().await;
        assert_eq!((&said["event"], &said["bytes"]), (&json!(event), &json!(77)));
        assert_eq!(said["id"], session.id.as_str());
    }
}

#[tokio::test]
async fn news_are_tried_again_under_the_same_delivery_and_later_ones_wait_for_them() {
    let mut hook = Hook::new(&[Say::Status(503, ""), Say::Status(200, "")]).await;
    let hooks = hooks(vec![hook.target(HookDialect::Weir)]);
    let hub = Hub::new(hub::Config::default());
    hooks.listen(&hub);
    let request = request(Action::Play, "live/mark", Protocol::HttpFlv, &[]);
    let session = Session::new(&request);
    hub.emit(Event::of(EventKind::PlayStarted, &request.path, &session));
    hub.emit(Event::of(EventKind::PlayEnded, &request.path, &session));
    let mut heard = Vec::new();
    for _ in 0..3 {
        let (headers, _) = hook.calls.recv().await.unwrap();
        let of = |name| headers.get(name).unwrap().to_str().unwrap().to_owned();
        heard.push((of("x-weir-event"), of("x-weir-delivery")));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!((heard[0].0.as_str(), heard[2].0.as_str()), ("postPlay", "donePlay"));
    assert_ne!(heard[0].1, heard[2].1);
    assert_eq!(hooks.counts().of(HookEvent::PostPlay, Outcome::Failed), 1);
}

#[tokio::test]
async fn a_hook_that_never_answers_holds_no_more_than_its_queue() {
    let hook = Hook::new(&[Say::Nothing]).await;
    let hooks = hooks(vec![hook.target(HookDialect::Weir)]);
    let hub = Hub::new(hub::Config::default());
    hooks.listen(&hub);
    let request = request(Action::Play, "live/mark", Protocol::HttpFlv, &[]);
    let session = Session::new(&request);
    let mut told = 0;
    while hooks.counts().of(HookEvent::PostPlay, Outcome::Dropped) == 0 {
        assert!(told <= delivery::WAITING_MAX + 100, "more waits than may");
        for _ in 0..50 {
            hub.emit(Event::of(EventKind::PlayStarted, &request.path, &session));
            told += 1;
        }
        tokio::task::yield_now().await;
    }
    assert!(told > delivery::WAITING_MAX);
}

#[tokio::test]
async fn what_happened_before_a_stop_is_still_told() {
    let mut hook = Hook::new(&[Say::Status(200, "")]).await;
    let hooks = hooks(vec![hook.target(HookDialect::Weir)]);
    let hub = Hub::new(hub::Config::default());
    hooks.listen(&hub);
    let request = request(Action::Publish, "live/mark", Protocol::Rtmp, &[]);
    let session = Session::new(&request);
    for _ in 0..20 {
        hub.emit(Event::of(EventKind::PublishEnded, &request.path, &session));
    }
    hooks.stop().await;
    assert_eq!(hooks.counts().of(HookEvent::DonePublish, Outcome::Ok), 20);
    assert!((0..20).all(|_| hook.calls.try_recv().is_ok()));
}

#[tokio::test]
async fn dialects_have_no_call_for_what_their_servers_do_not_tell() {
    for dialect in [HookDialect::Srs, HookDialect::NginxRtmp] {
        let mut hook = Hook::new(&[Say::Status(200, "0")]).await;
        let hooks = hooks(vec![hook.target(dialect)]);
        let hub = Hub::new(hub::Config::default());
        hooks.listen(&hub);
        let request = request(Action::Play, "live/mark", Protocol::HttpFlv, &[]);
        let session = Session::new(&request);
        for kind in
            [EventKind::Connected, EventKind::PlayStarted, EventKind::PlayEnded, EventKind::Disconnected]
        {
            hub.emit(Event::of(kind, &request.path, &session));
        }
        let (first, second) = (hook.calls.recv().await.unwrap().1, hook.calls.recv().await.unwrap().1);
        assert!(first.contains("on_stop") || first.contains("call=play_done"), "{first}");
        assert!(second.contains("on_close") || second.contains("call=disconnect"), "{second}");
    }
}

/// A file of `live/mark`.
fn recorded() -> Notice {
    let session = Session::new(&publish());
    let done = gateway::record::flv::Done {
        stream: StreamPath::parse("live/mark").unwrap(),
        publisher: Some(Arc::new(session)),
        file: "/flv/live/mark-1.flv".into(),
        bytes: 77,
        duration: Duration::from_millis(5_960),
    };
    Notice::recorded("rec1", done)
}

#[tokio::test]
async fn a_recorded_file_is_told_in_every_dialect() {
    for (dialect, expected) in [
        (
            HookDialect::NginxRtmp,
            &["name=mark&call=record_done&recorder=rec1&path=%2Fflv%2Flive%2Fmark-1.flv"][..],
        ),
        (
            HookDialect::Srs,
            &[
                r#""action":"on_dvr""#,
                r#""file":"/flv/live/mark-1.flv""#,
                r#""cwd":"/"#,
                r#""stream":"mark""#,
            ],
        ),
        (
            HookDialect::Weir,
            &[
                r#""event":"recordDone""#,
                r#""stream":"live/mark""#,
                r#""file":{"recorder":"rec1","path":"/flv/live/mark-1.flv","bytes":77,"duration_ms":5960}"#,
            ],
        ),
    ] {
        let mut hook = Hook::new(&[Say::Status(200, "0")]).await;
        let hooks = hooks(vec![hook.target(dialect)]);
        let hub = Hub::new(hub::Config::default());
        hooks.listen(&hub);
        hooks.tell(recorded());
        hooks.stop().await;
        let body = hook.calls.recv().await.unwrap().1;
        for part in expected {
            assert!(body.contains(part), "{part} in {body}");
        }
    }
}

#[test]
fn what_a_hook_says_is_cut_to_a_line() {
    assert_eq!(plain_text("no\r\n\tnever\u{1b}[31m"), "nonever[31m");
    assert_eq!(plain_text(&"x".repeat(1000)).len(), REASON_CHARS_MAX);
}
