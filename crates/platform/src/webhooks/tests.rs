use super::worker::tidy;
use crate::bus::Bus;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::testing::{Client, PlainTokens, config, platform, platform_with};
use crate::{Config, Platform, db};
use axum::Router;
use axum::extract::Request;
use hmac::{Hmac, Mac};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

const HOOKS: &str = "/api/v1/admin/webhooks";

/// A program of others: writes down what it is told, and answers with the status it is set to.
struct Receiver {
    url: String,
    answer: Arc<AtomicU16>,
    heard: mpsc::UnboundedReceiver<(HeaderMap, String)>,
}

impl Receiver {
    async fn new(status: u16) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), status)
    }

    fn on(listener: TcpListener, status: u16) -> Self {
        let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
        let (say, heard) = mpsc::unbounded_channel();
        let answer = Arc::new(AtomicU16::new(status));
        let status = answer.clone();
        let app = Router::new().fallback(async move |request: Request| {
            let (head, body) = request.into_parts();
            assert_eq!((head.method, head.uri.to_string().as_str()), (Method::POST, "/hook?a=b"));
            let body = body.collect().await.unwrap().to_bytes();
            let _ = say.send((head.headers, String::from_utf8(body.to_vec()).unwrap()));
            StatusCode::from_u16(status.load(SeqCst)).unwrap()
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, answer, heard }
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        let (headers, body) = self.next_text().await;
        (headers, serde_json::from_str(&body).unwrap())
    }

    async fn next_text(&mut self) -> (HeaderMap, String) {
        timeout(Duration::from_secs(20), self.heard.recv()).await.expect("nothing came").unwrap()
    }
}

fn allowing(entry: &str) -> Config {
    let mut config = config();
    config.outbound.allow = vec![entry.parse().unwrap()];
    config
}

/// A server on a database that others may be on too.
fn server(config: Config, db: &Db) -> Arc<Platform> {
    let hub = hub::Hub::new(hub::Config::default());
    let objects = objects::Objects::local(&config.data_dir.join("media")).unwrap();
    Platform::on(config, db.clone(), objects, hub, Bus::new(), Arc::new(PlainTokens))
}

/// Adds a webhook; its number and secret.
async fn add(admin: &Client, url: &str, events: &[&str]) -> (i64, String) {
    let (status, made) = admin.post(HOOKS, json!({"url": url, "events": events})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (made["id"].as_i64().unwrap(), made["secret"].as_str().unwrap().to_owned())
}

/// The newest delivery of a webhook once it is `is_so`.
async fn delivery(admin: &Client, id: i64, is_so: impl Fn(&Value) -> bool) -> Value {
    let path = format!("{HOOKS}/{id}/deliveries");
    let look = async {
        loop {
            let (_, found) = admin.get(&path).await;
            if is_so(&found["items"][0]) {
                return found["items"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match timeout(Duration::from_secs(20), look).await {
        Ok(delivery) => delivery,
        Err(_) => panic!("the delivery stays {}", admin.get(&path).await.1["items"][0]),
    }
}

async fn ping(admin: &Client, id: i64) -> String {
    let (status, pinged) = admin.post(&format!("{HOOKS}/{id}/test"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{pinged}");
    pinged["event"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_gift_is_told_signed() {
    let mut receiver = Receiver::new(200).await;
    let platform = platform_with(allowing("127.0.0.1")).await;
    let (admin, host) = (Client::admin(&platform, "admin").await, Client::new(&platform, "host").await);
    let giver = Client::new(&platform, "giver").await;
    let (id, secret) = add(&admin, &receiver.url, &["gift"]).await;
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "show"})).await;
    let room_path = format!("/api/v1/rooms/{}", room["id"]);
    host.post(&format!("{room_path}/status"), json!({"type": "play"})).await;
    let (_, gift) = admin.post("/api/v1/admin/gifts", json!({"name": "火箭", "coin": 7})).await;
    admin
        .post(&format!("/api/v1/admin/users/{}/coins", giver.id), json!({"coin": 100, "reason": "test"}))
        .await;
    let wish = json!({"gift_id": gift["id"], "num": 3});
    assert_eq!(giver.post(&format!("{room_path}/gifts"), wish).await.0, StatusCode::OK);
    let unpayable = json!({"gift_id": gift["id"], "num": 1000});
    assert_eq!(giver.post(&format!("{room_path}/gifts"), unpayable).await.0, StatusCode::CONFLICT);

    let (headers, body) = receiver.next_text().await;
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let timestamp = header("x-weir-timestamp");
    assert!((now_ms() / 1000 - timestamp.parse::<i64>().unwrap()).abs() < 60);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let expected = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(header("x-weir-signature"), format!("sha256={expected}"));
    assert_eq!((header("x-weir-event"), header("content-type")), ("gift".into(), "application/json".into()));
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(told["type"], "gift");
    assert_eq!(
        told["data"],
        json!({
            "room": {"id": room["id"], "title": "show", "host": {"id": host.id, "name": "host"}},
            "user": {"id": giver.id, "name": "giver"},
            "gift": {"id": gift["id"], "name": "火箭", "num": 3, "coin": 21},
        })
    );
    let done = delivery(&admin, id, |delivery| delivery["state"] == "delivered").await;
    assert_eq!((&done["attempts"], &done["status"], &done["error"]), (&json!(1), &json!(200), &json!("")));
    assert_eq!((&done["id"].to_string(), &done["event"]), (&header("x-weir-delivery"), &told["id"]));
    let (_, deliveries) = admin.get(&format!("{HOOKS}/{id}/deliveries")).await;
    assert_eq!(deliveries["items"].as_array().unwrap().len(), 1, "what was not given is not told");
}

#[tokio::test]
async fn a_follow_and_a_broadcast_are_told_once_and_only_to_who_wants_them() {
    let mut receiver = Receiver::new(200).await;
    let platform = platform_with(allowing("127.0.0.1")).await;
    let (admin, host) = (Client::admin(&platform, "admin").await, Client::new(&platform, "host").await);
    let fan = Client::new(&platform, "fan").await;
    let (all, _) = add(&admin, &receiver.url, &[]).await;
    let (some, _) = add(&admin, &receiver.url, &["ended", "ended"]).await;
    for _ in 0..2 {
        assert_eq!(fan.put(&format!("/api/v1/users/{}/follow", host.id), json!({})).await.0, StatusCode::OK);
    }
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "show"})).await;
    for act in ["play", "pause", "play", "stop"] {
        let path = format!("/api/v1/rooms/{}/status", room["id"]);
        assert_eq!(host.post(&path, json!({"type": act})).await.0, StatusCode::OK, "{act}");
    }
    let kinds = async |id: i64| {
        let (_, found) = admin.get(&format!("{HOOKS}/{id}/deliveries")).await;
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(all).await, ["ended", "went_live", "follow"]);
    assert_eq!(kinds(some).await, ["ended"]);
    let mut told = Vec::new();
    for _ in 0..4 {
        let (_, event) = receiver.next().await;
        told.push((event["type"].as_str().unwrap().to_owned(), event["data"].clone()));
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let on_air =
        json!({"room": {"id": room["id"], "title": "show", "host": {"id": host.id, "name": "host"}}});
    let follow = json!({"user": {"id": fan.id, "name": "fan"}, "host": {"id": host.id, "name": "host"}});
    let expected = [("ended", &on_air), ("ended", &on_air), ("follow", &follow), ("went_live", &on_air)];
    assert_eq!(told, expected.map(|(kind, data)| (kind.to_owned(), data.clone())));
}

#[tokio::test]
async fn what_failed_is_sent_again_with_the_same_id() {
    let mut receiver = Receiver::new(500).await;
    let platform = platform_with(allowing("127.0.0.1")).await;
    let admin = Client::admin(&platform, "admin").await;
    let (id, _) = add(&admin, &receiver.url, &[]).await;
    let event = ping(&admin, id).await;
    assert_eq!(receiver.next().await.1["id"], event);
    receiver.answer.store(204, SeqCst);
    assert_eq!(receiver.next().await.1["id"], event);
    let done = delivery(&admin, id, |delivery| delivery["state"] == "delivered").await;
    assert_eq!(done["status"], 204);
}

#[tokio::test]
async fn who_does_not_listen_yet_is_told_later() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = allowing("127.0.0.1");
    config.webhooks.attempts_max = 1000;
    let platform = platform_with(config).await;
    let admin = Client::admin(&platform, "admin").await;
    let (id, _) = add(&admin, &format!("http://{address}/hook?a=b"), &[]).await;
    let event = ping(&admin, id).await;
    let refused = delivery(&admin, id, |delivery| !delivery["error"].as_str().unwrap_or("").is_empty()).await;
    assert!(refused["error"].as_str().unwrap().contains("cannot be connected to"), "{refused}");
    let mut receiver = Receiver::on(TcpListener::bind(address).await.unwrap(), 200);
    assert_eq!(receiver.next().await.1["id"], event);
    delivery(&admin, id, |delivery| delivery["state"] == "delivered").await;
}

#[tokio::test]
async fn what_waited_or_was_being_sent_when_the_server_died_is_sent_by_the_next() {
    let mut receiver = Receiver::new(200).await;
    let db = db::testing::empty().await;
    let mut mute = allowing("127.0.0.1");
    mute.webhooks.at_once_max = 0;
    let first = server(mute, &db);
    let admin = Client::admin(&first, "admin").await;
    let (id, _) = add(&admin, &receiver.url, &[]).await;
    let (waiting, given_up, held) = (ping(&admin, id).await, ping(&admin, id).await, ping(&admin, id).await);
    drop((admin, first));
    // Of those it was sending, the time of one is over; the other's may still come.
    let hold = sql("UPDATE webhook_deliveries SET attempts = 1, due_at = $1 \
         WHERE event_id = (SELECT id FROM webhook_events WHERE name = $2)");
    db.execute(hold.clone().bind(now_ms()).bind(&given_up)).await.unwrap();
    db.execute(hold.bind(now_ms() + 3_600_000).bind(&held)).await.unwrap();
    let next = server(allowing("127.0.0.1"), &db);
    let mut told = [receiver.next().await.1["id"].clone(), receiver.next().await.1["id"].clone()];
    told.sort_by_key(|name| *name != waiting);
    assert_eq!(told, [waiting, given_up]);
    // A round begins after every call, so the third would have come by now.
    let admin = Client::admin(&next, "other").await;
    delivery(&admin, id, |delivery| delivery["event"] == held && delivery["state"] == "waiting").await;
    let last = ping(&admin, id).await;
    assert_eq!(receiver.next().await.1["id"], last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_one_database_send_everything_once() {
    let mut receiver = Receiver::new(200).await;
    let db = db::testing::empty().await;
    let servers: Vec<_> = (0..3).map(|_| server(allowing("127.0.0.1"), &db)).collect();
    let admin = Client::admin(&servers[0], "admin").await;
    let (id, _) = add(&admin, &receiver.url, &[]).await;
    let mut sent = Vec::new();
    for _ in 0..40 {
        sent.push(ping(&admin, id).await);
    }
    let mut told = Vec::new();
    for _ in 0..40 {
        told.push(receiver.next().await.1["id"].as_str().unwrap().to_owned());
    }
    told.sort_unstable();
    sent.sort_unstable();
    assert_eq!(told, sent);
    let counts = sql("SELECT COUNT(*) FROM webhook_deliveries WHERE attempts <> 1");
    assert_eq!(db.one::<(i64,)>(counts).await.unwrap(), (0,));
    assert!(receiver.heard.try_recv().is_err());
}

#[tokio::test]
async fn the_local_network_is_refused_when_a_webhook_is_made_and_when_it_is_moved() {
    let mut receiver = Receiver::new(200).await;
    let platform = platform().await;
    let admin = Client::admin(&platform, "admin").await;
    for url in [
        receiver.url.as_str(),
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/",
        "ftp://x/",
    ] {
        let (status, answer) = admin.post(HOOKS, json!({"url": url})).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("webhook_url")),
            "{url}"
        );
    }
    let (_, answer) = admin.post(HOOKS, json!({"url": receiver.url})).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1") && message.contains("outbound.allow"), "{message}");
    // A public address; nothing is sent to it.
    let (id, _) = add(&admin, "http://1.1.1.1/", &["gift"]).await;
    let path = format!("{HOOKS}/{id}");
    assert_eq!(admin.patch(&path, json!({"url": receiver.url})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(admin.get(HOOKS).await.1[0]["url"], "http://1.1.1.1/");
    assert!(receiver.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_name_that_means_the_local_network_later_is_not_called_and_a_dead_webhook_is_switched_off() {
    let mut receiver = Receiver::new(200).await;
    let platform = platform().await;
    let admin = Client::admin(&platform, "admin").await;
    let (id, _) = add(&admin, "http://1.1.1.1/", &["gift"]).await;
    // What a change of its address in the DNS comes to.
    let moved = sql("UPDATE webhooks SET url = $1").bind(&receiver.url);
    platform.db.execute(moved).await.unwrap();
    ping(&admin, id).await;
    let failed = delivery(&admin, id, |delivery| delivery["state"] == "failed").await;
    assert_eq!((&failed["attempts"], &failed["status"]), (&json!(5), &Value::Null));
    assert!(failed["error"].as_str().unwrap().contains("outbound.allow"), "{failed}");
    let off = async {
        while admin.get(HOOKS).await.1[0]["is_active"] == true {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), off).await.expect("it stays on");
    let (_, hooks) = admin.get(HOOKS).await;
    assert!(hooks[0]["off_reason"].as_str().unwrap().contains("5 attempts failed"), "{hooks}");
    let (status, answer) = admin.post(&format!("{HOOKS}/{id}/test"), json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("webhook_off")));
    let (_, on) = admin.patch(&format!("{HOOKS}/{id}"), json!({"is_active": true})).await;
    assert_eq!((&on["is_active"], &on["off_reason"]), (&json!(true), &json!("")));
    assert!(receiver.heard.try_recv().is_err());
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_who_is_hopelessly_behind_is_switched_off() {
    let mut config = config();
    (config.webhooks.waiting_max, config.webhooks.retry_ms, config.webhooks.attempts_max) =
        (2, 3_600_000, 1000);
    let platform = platform_with(config).await;
    let admin = Client::admin(&platform, "admin").await;
    let (id, _) = add(&admin, "http://1.1.1.1/", &["gift"]).await;
    let nowhere = sql("UPDATE webhooks SET url = 'http://127.0.0.1:9/'");
    platform.db.execute(nowhere).await.unwrap();
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(ping(&admin, id).await);
    }
    let age = sql("UPDATE webhook_events SET created_at = $1 WHERE name = $2");
    let eight_days_ago = now_ms() - 8 * 24 * 3_600_000;
    platform.db.execute(age.bind(eight_days_ago).bind(&events[0])).await.unwrap();
    tidy(&platform).await.unwrap();
    let (_, hooks) = admin.get(HOOKS).await;
    assert_eq!(hooks[0]["is_active"], false);
    assert!(hooks[0]["off_reason"].as_str().unwrap().contains("webhooks.waiting_max"), "{hooks}");
    let (_, left) = admin.get(&format!("{HOOKS}/{id}/deliveries")).await;
    let left: Vec<_> = left["items"].as_array().unwrap().iter().map(|item| item["event"].clone()).collect();
    assert_eq!(left, [json!(events[2]), json!(events[1])]);
}

#[tokio::test]
async fn webhooks_are_for_admins_alone() {
    let platform = platform().await;
    let (nobody, user) = (Client::anonymous(&platform), Client::new(&platform, "mark").await);
    let admin = Client::admin(&platform, "admin").await;
    let (id, _) = add(&admin, "http://1.1.1.1/", &["gift"]).await;
    let one = format!("{HOOKS}/{id}");
    for (method, path, body, is_done) in [
        (Method::GET, HOOKS.to_owned(), None, StatusCode::OK),
        (Method::POST, HOOKS.to_owned(), Some(json!({"url": "http://1.1.1.1/"})), StatusCode::CREATED),
        (Method::PATCH, one.clone(), Some(json!({"is_active": false})), StatusCode::OK),
        (Method::GET, format!("{one}/deliveries"), None, StatusCode::OK),
        (Method::POST, format!("{one}/test"), None, StatusCode::CONFLICT),
        (Method::DELETE, one, None, StatusCode::NO_CONTENT),
    ] {
        for (who, status) in
            [(&nobody, StatusCode::UNAUTHORIZED), (&user, StatusCode::FORBIDDEN), (&admin, is_done)]
        {
            assert_eq!(who.call(method.clone(), &path, body.clone()).await.0, status, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_changes_are_written_down_without_it() {
    let platform = platform().await;
    let admin = Client::admin(&platform, "admin").await;
    let (id, secret) = add(&admin, "http://1.1.1.1/a", &["gift", "follow"]).await;
    assert_eq!(secret.len(), 32);
    let path = format!("{HOOKS}/{id}");
    let (_, changed) = admin.patch(&path, json!({"events": ["ended"], "url": "http://1.1.1.1/b"})).await;
    assert_eq!((&changed["events"], &changed["is_active"]), (&json!(["ended"]), &json!(true)));
    let (_, shown) = admin.get(HOOKS).await;
    admin.delete(&path).await;
    let (_, log) = admin.get("/api/v1/admin/log").await;
    let actions: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["webhook_removed", "webhook_changed", "webhook_added"]);
    assert_eq!(log["items"][1]["object"], format!("webhook {id}"));
    for text in [changed.to_string(), shown.to_string(), log.to_string()] {
        assert!(!text.contains(&secret), "{text}");
    }
    assert_eq!(admin.get(&format!("{path}/deliveries")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wish_beyond_the_limits_is_refused_by_name() {
    let platform = platform().await;
    let admin = Client::admin(&platform, "admin").await;
    let (_, answer) = admin.post(HOOKS, json!({"url": "http://1.1.1.1/", "events": ["gifts"]})).await;
    assert_eq!(answer["error"]["code"], "webhook_event");
    for _ in 0..3 {
        add(&admin, "http://1.1.1.1/", &[]).await;
    }
    let (status, answer) = admin.post(HOOKS, json!({"url": "http://1.1.1.1/"})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("too_many_webhooks")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("webhooks.targets_max"));
}
