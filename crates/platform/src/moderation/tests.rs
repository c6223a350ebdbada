use crate::accounts::users;
use crate::bus::Event;
use crate::chat::{Message, say};
use crate::testing::{Client, platform};
use crate::{Platform, db};
use http::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;

struct Scene {
    platform: Arc<Platform>,
    room: i64,
    host: Client,
    moderator: Client,
    viewer: Client,
    admin: Client,
}

async fn scene() -> Scene {
    let platform = platform().await;
    let host = Client::new(&platform, "host").await;
    let moderator = Client::new(&platform, "moderator").await;
    let viewer = Client::new(&platform, "viewer").await;
    let admin = Client::admin(&platform, "admin").await;
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "a room"})).await;
    let room = room["id"].as_i64().unwrap();
    let live = db::sql("UPDATE rooms SET status = 1 WHERE id = $1").bind(room);
    platform.db.execute(live).await.unwrap();
    let path = format!("/api/v1/rooms/{room}/moderators/{}", moderator.id);
    assert_eq!(host.put(&path, json!({})).await.0, StatusCode::NO_CONTENT);
    Scene { platform, room, host, moderator, viewer, admin }
}

impl Scene {
    async fn says(&self, who: &Client, content: &str) -> Result<i64, &'static str> {
        let user = users::by_id(&self.platform.db, who.id).await.unwrap().unwrap();
        let message = Message { content, colour: "#ffffff", mode: "scroll" };
        let said = say(&self.platform, self.room, &user, message).await;
        said.map(|comment| comment.id).map_err(|error| error.code)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/rooms/{}/{rest}", self.room)
    }
}

#[tokio::test]
async fn who_may_do_what() {
    let scene = scene().await;
    let nobody = Client::anonymous(&scene.platform);
    let target = Client::new(&scene.platform, "target").await;
    let comment = scene.says(&target, "hello").await.unwrap();
    let rules = json!({"slow_seconds": 0, "links_off": false, "blocked_words": []});
    let ban = json!({"user_id": target.id, "kind": "timeout", "minutes": 1});
    // For nobody, a viewer, a moderator, the host, an admin.
    let (everybody, keepers, hosts, admins) = (
        [false, true, true, true, true],
        [false, false, true, true, true],
        [false, false, false, true, true],
        [false, false, false, false, true],
    );
    let table = [
        (Method::GET, scene.path("rules"), None, keepers),
        (Method::PUT, scene.path("rules"), Some(rules), keepers),
        (Method::GET, scene.path("bans"), None, keepers),
        (Method::POST, scene.path("bans"), Some(ban), keepers),
        (Method::PUT, scene.path("pinned"), Some(json!({"comment_id": comment})), keepers),
        (Method::GET, scene.path("moderation-log"), None, keepers),
        (Method::GET, scene.path("comments?q=hello"), None, keepers),
        (Method::DELETE, format!("/api/v1/comments/{comment}"), None, keepers),
        (Method::PUT, scene.path(&format!("moderators/{}", target.id)), Some(json!({})), hosts),
        (Method::DELETE, scene.path(&format!("moderators/{}", target.id)), None, hosts),
        (
            Method::POST,
            "/api/v1/reports".to_owned(),
            Some(json!({"kind": "room", "target_id": scene.room, "reason": "x"})),
            everybody,
        ),
        (Method::GET, "/api/v1/admin/reports".to_owned(), None, admins),
    ];
    for (method, path, body, allowed) in table {
        let people = [&nobody, &scene.viewer, &scene.moderator, &scene.host, &scene.admin];
        for (who, is_allowed) in people.into_iter().zip(allowed) {
            let (status, answer) = who.call(method.clone(), &path, body.clone()).await;
            let refusal = if who.token.is_some() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
            match is_allowed {
                true => assert!(status.is_success(), "{method} {path} by {}: {status} {answer}", who.id),
                false => assert_eq!(status, refusal, "{method} {path} by {}: {answer}", who.id),
            }
        }
    }
}

#[tokio::test]
async fn moderators_of_a_room_are_listed_for_those_who_keep_order() {
    let scene = scene().await;
    for who in [&scene.host, &scene.moderator, &scene.admin] {
        let (status, page) = who.get(&scene.path("moderators")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        assert_eq!(page["items"][0]["id"], scene.moderator.id);
    }
    assert_eq!(scene.viewer.get(&scene.path("moderators")).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_banned_person_is_out_until_the_ban_is_undone() {
    let scene = scene().await;
    let mut events = scene.platform.bus.listen();
    let ban = json!({"user_id": scene.viewer.id, "kind": "ban", "reason": "spam"});
    let (status, made) = scene.moderator.post(&scene.path("bans"), ban).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let Ok(Event::ToUser { user_id, event, .. }) = events.try_recv() else { panic!("nobody was told") };
    assert_eq!((user_id, event.as_str()), (scene.viewer.id, "banned"));
    assert_eq!(scene.says(&scene.viewer, "hi").await, Err("banned"));
    assert_eq!(scene.viewer.get(&scene.path("comments")).await.0, StatusCode::FORBIDDEN);
    let log = scene.host.get(&scene.path("moderation-log")).await.1;
    assert_eq!(log["items"][0]["action"], "ban");
    let undo = scene.path(&format!("moderation-log/{}/undo", log["items"][0]["id"]));
    assert_eq!(scene.host.post(&undo, json!({})).await.0, StatusCode::NO_CONTENT);
    assert!(scene.says(&scene.viewer, "hi").await.is_ok());
    assert_eq!(scene.host.post(&undo, json!({})).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_ban_for_this_show_ends_with_it() {
    let scene = scene().await;
    let ban = json!({"user_id": scene.viewer.id, "kind": "timeout", "this_show": true});
    assert_eq!(scene.host.post(&scene.path("bans"), ban.clone()).await.0, StatusCode::CONFLICT);
    let on_air = db::sql("INSERT INTO broadcasts (room_id, started_at) VALUES ($1, 1)").bind(scene.room);
    scene.platform.db.execute(on_air).await.unwrap();
    assert_eq!(scene.host.post(&scene.path("bans"), ban).await.0, StatusCode::CREATED);
    assert_eq!(scene.says(&scene.viewer, "hi").await, Err("silenced"));
    let end = db::sql("UPDATE broadcasts SET ended_at = 2 WHERE room_id = $1").bind(scene.room);
    scene.platform.db.execute(end).await.unwrap();
    assert!(scene.says(&scene.viewer, "hi").await.is_ok());
}

#[tokio::test]
async fn moderators_cannot_ban_each_other_or_the_host() {
    let scene = scene().await;
    for who in [scene.host.id, scene.moderator.id, scene.admin.id] {
        let ban = json!({"user_id": who, "kind": "ban"});
        assert_eq!(scene.moderator.post(&scene.path("bans"), ban).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_rules_hold_for_viewers_and_not_for_moderators() {
    let scene = scene().await;
    let rules = json!({"slow_seconds": 60, "links_off": true, "blocked_words": ["Spoiler"]});
    assert_eq!(scene.moderator.put(&scene.path("rules"), rules).await.0, StatusCode::OK);
    for link in ["see https://a.example/x", "www.a.example", "a.example/b", "A.EXAMPLE"] {
        assert_eq!(scene.says(&scene.viewer, link).await, Err("links_off"), "{link}");
    }
    assert_eq!(scene.says(&scene.viewer, "a SPOILER!").await, Err("blocked_word"));
    assert!(scene.says(&scene.viewer, "3.5 is fine... really").await.is_ok());
    assert_eq!(scene.says(&scene.viewer, "again").await, Err("slow_mode"));
    assert!(scene.says(&scene.moderator, "spoiler https://a.example").await.is_ok());
    assert!(scene.says(&scene.moderator, "and again").await.is_ok());
}

#[tokio::test]
async fn a_report_waits_for_an_admin_and_is_closed_once() {
    let scene = scene().await;
    let report = json!({"kind": "user", "target_id": scene.host.id, "reason": "rude"});
    let (status, filed) = scene.viewer.post("/api/v1/reports", report.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{filed}");
    assert_eq!(scene.viewer.post("/api/v1/reports", report).await.0, StatusCode::CONFLICT);
    let path = format!("/api/v1/admin/reports/{}", filed["id"]);
    let close = json!({"status": "resolved"});
    assert_eq!(scene.admin.patch(&path, close.clone()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(scene.admin.patch(&path, close).await.0, StatusCode::NOT_FOUND);
    assert_eq!(scene.admin.get("/api/v1/admin/reports").await.1["items"], json!([]));
}

#[tokio::test]
async fn while_only_followers_may_write_others_are_told_so() {
    let scene = scene().await;
    let rules = json!({"slow_seconds": 0, "links_off": false, "followers_only": true, "blocked_words": []});
    assert_eq!(scene.host.put(&scene.path("rules"), rules).await.0, StatusCode::OK);
    assert_eq!(scene.says(&scene.viewer, "hi").await, Err("followers_only"));
    scene.viewer.put(&format!("/api/v1/users/{}/follow", scene.host.id), json!({})).await;
    assert!(scene.says(&scene.viewer, "hi").await.is_ok());
    assert!(scene.says(&scene.moderator, "hi").await.is_ok());
}

#[tokio::test]
async fn every_line_of_the_log_that_changed_something_can_be_undone_once() {
    let scene = scene().await;
    let rules = |seconds: i64| json!({"slow_seconds": seconds, "links_off": false, "followers_only": false, "blocked_words": []});
    let first = scene.says(&scene.viewer, "first").await.unwrap();
    let second = scene.says(&scene.viewer, "second").await.unwrap();
    let newest = async || scene.host.get(&scene.path("moderation-log")).await.1["items"][0].clone();
    let undo = async |who: &Client, line: &serde_json::Value| {
        who.post(&scene.path(&format!("moderation-log/{}/undo", line["id"])), json!({})).await.0
    };
    scene.moderator.put(&scene.path("rules"), rules(5)).await;
    scene.moderator.put(&scene.path("rules"), rules(60)).await;
    let line = newest().await;
    assert_eq!(undo(&scene.moderator, &line).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.host.get(&scene.path("rules")).await.1["slow_seconds"], 5);
    assert_eq!(undo(&scene.moderator, &line).await, StatusCode::CONFLICT);
    scene.moderator.put(&scene.path("pinned"), json!({"comment_id": first})).await;
    scene.moderator.put(&scene.path("pinned"), json!({"comment_id": second})).await;
    assert_eq!(undo(&scene.moderator, &newest().await).await, StatusCode::NO_CONTENT);
    assert_eq!(super::pinned(&scene.platform.db, scene.room).await.unwrap().unwrap().id, first);
    scene.host.put(&scene.path(&format!("moderators/{}", scene.viewer.id)), json!({})).await;
    let line = newest().await;
    assert_eq!(line["action"], "moderator_add");
    assert_eq!(undo(&scene.moderator, &line).await, StatusCode::FORBIDDEN, "a host's act");
    assert_eq!(undo(&scene.host, &line).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.viewer.get(&scene.path("rules")).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn reports_come_no_faster_than_is_allowed() {
    let scene = scene().await;
    let report = json!({"kind": "user", "target_id": scene.host.id, "reason": "rude"});
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(scene.viewer.post("/api/v1/reports", report.clone()).await.0);
    }
    assert_eq!(statuses[0], StatusCode::CREATED);
    assert_eq!(statuses[10], StatusCode::TOO_MANY_REQUESTS);
}
