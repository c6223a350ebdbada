use super::{ready, room_of, video};
use crate::gate::RoomGate;
use crate::testing::{Client, platform};
use crate::videos::{self, NewVideo, Origin, State};
use http::StatusCode;
use hub::{Action, Args, Gate, GateFuture, Protocol, Refusal, RefusalKind, Request, SessionId, StreamPath};
use serde_json::{Value, json};
use std::sync::Arc;

/// A gate that lets nobody in: what gets through went past it, and what it refuses was asked of it.
struct Closed;

impl Gate for Closed {
    fn admit<'a>(&'a self, _: &'a Request) -> GateFuture<'a> {
        Box::pin(async { Err(Refusal::new(RefusalKind::Forbidden, "asked behind")) })
    }
}

fn play(id: &str, sign: Option<&str>) -> Request {
    Request {
        action: Action::Play,
        path: StreamPath::parse(&format!("streams/{id}")).unwrap(),
        args: Args::new(sign.map(|sign| ("sign".to_owned(), sign.to_owned())).into_iter().collect()),
        remote: [127, 0, 0, 1].into(),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    }
}

#[tokio::test]
async fn who_may_know_of_a_video_and_watch_it() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let (member, moderator) =
        (Client::new(&platform, "member").await, Client::new(&platform, "moderator").await);
    let (banned, stranger) =
        (Client::new(&platform, "banned").await, Client::new(&platform, "stranger").await);
    let (admin, nobody) = (Client::admin(&platform, "admin").await, Client::anonymous(&platform));
    let room = room_of(&owner).await;
    for who in [&member, &banned] {
        owner.put(&format!("/api/v1/rooms/{room}/members/{}", who.id), json!({})).await;
    }
    owner.put(&format!("/api/v1/rooms/{room}/moderators/{}", moderator.id), json!({})).await;
    let ban = json!({"user_id": banned.id, "kind": "ban"});
    assert_eq!(owner.post(&format!("/api/v1/rooms/{room}/bans"), ban).await.0, StatusCode::CREATED);
    let new = NewVideo {
        user_id: owner.id,
        room_id: Some(room),
        broadcast_id: None,
        origin: Origin::Recording,
        name: None,
        title: "night".to_owned(),
        privacy: "public".to_owned(),
        state: State::Ready,
        starts_at: None,
    };
    let id = videos::create(&platform.db, new).await.unwrap().public_id;
    let address = format!("/api/v1/videos/{id}");
    let gate = RoomGate::new(platform.clone(), Arc::new(Closed));
    let people = [&owner, &member, &moderator, &banned, &stranger, &admin, &nobody];
    for (privacy, knows, watches) in [
        ("public", [true; 7], [true; 7]),
        ("unlisted", [true; 7], [true; 7]),
        (
            "private",
            [true, true, true, false, false, true, false],
            [true, true, true, false, false, true, false],
        ),
        ("password", [true; 7], [true, false, true, false, false, true, false]),
    ] {
        let change = json!({"privacy": privacy, "password": "open sesame"});
        assert_eq!(owner.patch(&address, change).await.0, StatusCode::OK);
        let listed = nobody.get("/api/v1/videos").await.1["items"].as_array().unwrap().len();
        assert_eq!(listed, usize::from(privacy == "public"), "{privacy}");
        for (n, who) in people.into_iter().enumerate() {
            let (status, seen) = who.get(&address).await;
            assert_eq!(status == StatusCode::OK, knows[n], "{privacy}: known to {n}: {seen}");
            assert_eq!(seen["play_sign"].is_string(), watches[n], "{privacy}: watched by {n}: {seen}");
            let comments = who.get(&format!("{address}/comments")).await.0;
            assert_eq!(comments == StatusCode::OK, watches[n], "{privacy}: comments read by {n}");
            let is_open = matches!(privacy, "public" | "unlisted");
            let answer = gate.admit(&play(&id, seen["play_sign"].as_str())).await;
            assert_eq!(answer.is_ok(), !is_open && watches[n], "{privacy}: let in {n}: {answer:?}");
        }
        let refused = gate.admit(&play(&id, None)).await.unwrap_err();
        let is_asked_behind = refused.message.contains("asked behind");
        assert_eq!(is_asked_behind, matches!(privacy, "public" | "unlisted"), "{privacy}: {refused:?}");
    }
}

#[tokio::test]
async fn a_password_opens_a_video_until_there_is_another() {
    let platform = platform().await;
    let (owner, guest) = (Client::new(&platform, "owner").await, Client::new(&platform, "guest").await);
    let nobody = Client::anonymous(&platform);
    let address = ready(&platform, &owner, "secret").await;
    let enter = format!("{address}/enter");
    assert_eq!(nobody.post(&enter, json!({"password": ""})).await.0, StatusCode::FORBIDDEN, "it has none");
    let too_long = json!({"privacy": "password", "password": "x".repeat(257)});
    assert_eq!(owner.patch(&address, too_long).await.0, StatusCode::BAD_REQUEST);
    owner
        .patch(
            &address,
            json!({"privacy": "password", "password": "one", "chapters": [{"start_ms": 0, "title": "a"}]}),
        )
        .await;
    assert_eq!(guest.post(&enter, json!({"password": "two"})).await.0, StatusCode::FORBIDDEN);
    assert!(guest.get(&address).await.1["play_sign"].is_null());
    let (status, seen) = guest.post(&enter, json!({"password": "one"})).await;
    assert_eq!((status, seen["play_sign"].is_string()), (StatusCode::OK, true), "{seen}");
    assert!(guest.get(&address).await.1["play_sign"].is_string(), "who is signed in is asked once");

    // Who is not signed in has the token alone.
    let (_, seen) = nobody.post(&enter, json!({"password": "one"})).await;
    assert_eq!(seen["chapters"].as_array().unwrap().len(), 1);
    assert_eq!(nobody.get(&address).await.1["chapters"], json!([]));
    let sign = seen["play_sign"].as_str().unwrap().replace(' ', "%20");
    assert_eq!(nobody.get(&format!("{address}/comments")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(nobody.get(&format!("{address}/comments?sign={sign}")).await.0, StatusCode::OK);
    assert_eq!(nobody.get(&format!("{address}/comments?sign=x")).await.0, StatusCode::FORBIDDEN);

    owner.patch(&address, json!({"password": "two"})).await;
    assert!(guest.get(&address).await.1["play_sign"].is_null());
    let none = owner.patch(&address, json!({"password": null})).await;
    assert_eq!((none.0, &none.1["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("password")));
}

#[tokio::test]
async fn what_was_taken_down_is_gone_for_all_but_its_owner_and_admins_and_comes_back() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let admin = Client::admin(&platform, "admin").await;
    let address = ready(&platform, &owner, "dubious").await;
    let id = address.rsplit('/').next().unwrap();
    let sign = fan.get(&address).await.1["play_sign"].as_str().unwrap().to_owned();
    let down = format!("/api/v1/admin/videos/{id}/take-down");
    assert_eq!(admin.post(&down, json!({"reason": " "})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(admin.post(&down, json!({"reason": "not yours"})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(fan.get(&address).await.0, StatusCode::NOT_FOUND);
    assert_eq!(fan.get("/api/v1/videos").await.1["items"], json!([]));
    let gate = RoomGate::new(platform.clone(), Arc::new(Closed));
    let refused = gate.admit(&play(id, Some(&sign))).await.unwrap_err();
    assert_eq!(refused.message, "this video was taken down");
    for who in [&owner, &admin] {
        let (_, seen) = who.get(&address).await;
        assert_eq!((&seen["taken_down_reason"], seen["play_sign"].is_null()), (&json!("not yours"), true));
    }
    let (_, log) = admin.get("/api/v1/admin/log").await;
    assert_eq!(
        (&log["items"][0]["action"], &log["items"][0]["after"]),
        (&json!("video_taken_down"), &json!("not yours"))
    );
    let count = async |query: &str| {
        let (_, page) = admin.get(&format!("/api/v1/admin/videos?{query}")).await;
        page["items"].as_array().unwrap_or_else(|| panic!("{query}: {page}")).len()
    };
    assert_eq!((count("taken_down=true").await, count("taken_down=false").await), (1, 0));
    assert_eq!((count("q=dub&privacy=public").await, count("state=failed").await), (1, 0));
    assert_eq!(admin.delete(&down).await.0, StatusCode::NO_CONTENT);
    assert!(fan.get(&address).await.1["play_sign"].is_string());
}

#[tokio::test]
async fn admins_see_who_needs_how_much_room() {
    let platform = platform().await;
    let (large, small) = (Client::new(&platform, "large").await, Client::new(&platform, "small").await);
    let admin = Client::admin(&platform, "admin").await;
    for (owner, bytes) in [(&small, vec![5]), (&large, vec![50, 60])] {
        let video = video(&platform, owner, "x").await;
        for (n, bytes) in bytes.into_iter().enumerate() {
            videos::add_file(&platform.db, super::file(video.id, &n.to_string(), bytes)).await.unwrap();
        }
    }
    let (_, first) = admin.get("/api/v1/admin/storage?limit=1").await;
    assert_eq!(
        first["items"],
        json!([{"user_id": large.id, "username": "large", "videos": 1, "bytes": 110}])
    );
    let (_, rest) = admin.get(&format!("/api/v1/admin/storage?limit=1&cursor={}", first["next"])).await;
    assert_eq!((&rest["items"][0]["bytes"], &rest["next"]), (&json!(5), &Value::Null));
}

#[tokio::test]
async fn the_log_says_which_admin_changed_or_deleted_whose_video() {
    let platform = platform().await;
    let (owner, admin) = (Client::new(&platform, "owner").await, Client::admin(&platform, "admin").await);
    let (first, second) = (ready(&platform, &owner, "first").await, ready(&platform, &owner, "second").await);
    owner.patch(&first, json!({"title": "mine"})).await;
    assert_eq!(owner.delete(&first).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get("/api/v1/admin/log").await.1["items"], json!([]));
    admin.patch(&second, json!({"title": "renamed"})).await;
    let line = admin.get("/api/v1/admin/log").await.1["items"][0].clone();
    assert_eq!(line["action"], "video_changed");
    let (before, after) = (line["before"].as_str().unwrap(), line["after"].as_str().unwrap());
    assert!(before.contains("second") && after.contains("renamed"), "{line}");
    assert_eq!(admin.delete(&second).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get("/api/v1/admin/log").await.1["items"][0]["action"], "video_deleted");
}
