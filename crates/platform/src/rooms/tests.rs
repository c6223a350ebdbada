use super::status::{Act, next};
use super::{ENDED, IDLE, LIVE, PAUSED};
use crate::gate::RoomGate;
use crate::testing::{Client, platform};
use crate::{Platform, keys, rooms};
use http::StatusCode;
use hub::{
    Action, Args, Gate, GateFuture, Protocol, Refusal, RefusalKind, Request, Session, SessionId, StreamPath,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A gate that lets nobody in: what gets through went past it.
struct Closed;

impl Gate for Closed {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        let refusal = Refusal::new(RefusalKind::Forbidden, format!("{} is no room", request.path));
        Box::pin(async move { Err(refusal) })
    }
}

fn request(action: Action, path: &str, sign: Option<&str>) -> Request {
    Request {
        action,
        path: StreamPath::parse(path).unwrap(),
        args: Args::new(sign.map(|sign| ("sign".to_owned(), sign.to_owned())).into_iter().collect()),
        remote: [127, 0, 0, 1].into(),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    }
}

async fn room(client: &Client, body: Value) -> Value {
    let (status, room) = client.post("/api/v1/rooms", body).await;
    assert_eq!(status, StatusCode::CREATED, "{room}");
    room
}

#[test]
fn a_room_goes_from_idle_to_live_and_paused_and_ends_for_good() {
    for (from, act, to) in [
        (IDLE, Act::Publish, Some(LIVE)),
        (IDLE, Act::Play, Some(LIVE)),
        (IDLE, Act::Lost, None),
        (LIVE, Act::Publish, None),
        (LIVE, Act::Pause, Some(PAUSED)),
        (LIVE, Act::Lost, Some(PAUSED)),
        (PAUSED, Act::Publish, Some(LIVE)),
        (PAUSED, Act::Play, Some(LIVE)),
        (PAUSED, Act::Lost, None),
        (PAUSED, Act::Stop, Some(ENDED)),
        (ENDED, Act::Lost, None),
    ] {
        assert_eq!(next(from, act).unwrap(), to, "{from} {act:?}");
    }
    for act in [Act::Play, Act::Pause, Act::Stop, Act::Publish] {
        assert_eq!(next(ENDED, act).unwrap_err().code, "room_ended");
    }
}

#[tokio::test]
async fn rooms_are_found_by_any_two_characters() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let wanted =
        room(&mark, json!({"title": "深夜吉他弹唱", "labels": ["音乐", "Chill Beats"]})).await["id"].clone();
    room(&mark, json!({"title": "午后聊天"})).await;
    for q in ["吉他", "夜吉", "音乐", "%E4%B9%90", "CHILL", "chill%20beats", "ch%20ts"] {
        let (_, page) = mark.get(&format!("/api/v1/rooms?q={q}")).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|room| room["id"].clone()).collect();
        assert_eq!(ids, std::slice::from_ref(&wanted), "{q}");
    }
    assert_eq!(mark.get("/api/v1/rooms?q=mark").await.1["items"].as_array().unwrap().len(), 2);
    assert_eq!(mark.get("/api/v1/rooms?q=%E5%90%89%E5%A4%A9").await.1["items"], json!([]));
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    for n in 0..5 {
        room(&mark, json!({"title": format!("room {n}")})).await;
    }
    let (mut path, mut titles) = ("/api/v1/rooms?limit=2".to_owned(), Vec::new());
    loop {
        let (_, page) = mark.get(&path).await;
        titles.extend(
            page["items"].as_array().unwrap().iter().map(|room| room["title"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_i64() else { break };
        path = format!("/api/v1/rooms?limit=2&cursor={next}");
    }
    assert_eq!(titles, ["room 4", "room 3", "room 2", "room 1", "room 0"]);
}

#[tokio::test]
async fn who_may_do_what_with_a_room() {
    let platform = platform().await;
    let (host, member, stranger) = (
        Client::new(&platform, "host").await,
        Client::new(&platform, "member").await,
        Client::new(&platform, "other").await,
    );
    let (admin, nobody) = (Client::admin(&platform, "admin").await, Client::anonymous(&platform));
    const OK: u16 = 200;
    for (privacy, read, by_name, edit) in [
        ("public", [OK, OK, OK, OK, OK], [OK; 5], [OK, 403, 403, 403, 401]),
        ("unlisted", [OK, 404, 404, OK, 404], [OK; 5], [OK, 404, 404, 403, 401]),
        ("private", [OK, OK, 404, OK, 404], [OK; 5], [OK, 403, 404, 403, 401]),
    ] {
        let room =
            room(&host, json!({"title": privacy, "privacy": privacy, "password": "open sesame"})).await;
        let (id, name) = (room["id"].as_i64().unwrap(), room["name"].as_str().unwrap());
        let invite = format!("/api/v1/rooms/{id}/members/{}", member.id);
        assert_eq!(host.put(&invite, json!({})).await.0, StatusCode::NO_CONTENT);
        let listed = stranger.get("/api/v1/rooms").await.1.to_string().contains(name);
        assert_eq!(listed, privacy == "public");
        for (n, who) in [&host, &member, &stranger, &admin, &nobody].into_iter().enumerate() {
            let (status, _) = who.get(&format!("/api/v1/rooms/{id}")).await;
            assert_eq!(status, read[n], "{privacy}: read by {n}");
            let (status, seen) = who.get(&format!("/api/v1/rooms/by-name/{name}")).await;
            assert_eq!(status, by_name[n], "{privacy}: read by name by {n}");
            let may_play = privacy != "private" || [0, 1, 3].contains(&n);
            assert_eq!(seen.get("play_sign").is_some(), may_play, "{privacy}: play sign for {n}");
            for (path, body) in [
                ("", json!({"title": "x"})),
                ("/status", json!({"type": "pause"})),
                ("/publish-token", json!({})),
            ] {
                let path = format!("/api/v1/rooms/{id}{path}");
                let (status, body) = if path.ends_with(&id.to_string()) {
                    who.patch(&path, body).await
                } else {
                    who.post(&path, body).await
                };
                assert_eq!(status, edit[n], "{privacy}: {path} by {n}: {body}");
            }
        }
        if privacy == "private" {
            let enter = format!("/api/v1/rooms/{id}/enter");
            assert_eq!(stranger.post(&enter, json!({"password": "wrong"})).await.0, StatusCode::FORBIDDEN);
            let (status, entered) = stranger.post(&enter, json!({"password": "open sesame"})).await;
            assert_eq!((status, entered["play_sign"].is_string()), (StatusCode::OK, true));
            assert_eq!(stranger.get(&format!("/api/v1/rooms/{id}")).await.0, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn what_a_viewer_gets_opens_no_room_for_publishing() {
    let platform = platform().await;
    let (host, viewer) = (Client::new(&platform, "host").await, Client::new(&platform, "viewer").await);
    let id = room(&host, json!({"title": "mine"})).await["id"].as_i64().unwrap();
    let (_, seen) = viewer.get(&format!("/api/v1/rooms/{id}")).await;
    let (_, token) = host.post(&format!("/api/v1/rooms/{id}/publish-token"), json!({})).await;
    let stream = token["stream"].as_str().unwrap();
    let gate = RoomGate::new(platform.clone(), Arc::new(Closed));
    for (action, sign, is_let_in) in [
        (Action::Publish, None, false),
        (Action::Publish, seen["play_sign"].as_str(), false),
        (Action::Publish, Some("nonsense"), false),
        (Action::Publish, token["sign"].as_str(), true),
    ] {
        let answer = gate.admit(&request(action, stream, sign)).await;
        assert_eq!(answer.is_ok(), is_let_in, "{action:?} {sign:?}: {answer:?}");
    }
    let (_, key) = host.post("/api/v1/me/stream-key", json!({})).await;
    let key = key["key"].as_str().unwrap();
    let grant = gate.admit(&request(Action::Publish, &format!("live/{key}"), None)).await.unwrap();
    assert_eq!(grant.path.to_string(), stream, "the key leads to the host's room");
    assert!(!seen.to_string().contains(key) && !format!("{grant:?}").contains(key));
    host.post("/api/v1/me/stream-key", json!({})).await;
    let answer = gate.admit(&request(Action::Publish, &format!("live/{key}"), None)).await;
    assert_eq!(answer.unwrap_err().kind, RefusalKind::Unauthorized, "a key that was replaced");
    let answer = gate.admit(&request(Action::Play, "live/no-room", None)).await;
    assert_eq!(answer.unwrap_err().message, "live/no-room is no room");
}

async fn until(platform: &Platform, id: i64, status: i64) {
    for _ in 0..200 {
        if rooms::get(&platform.db, id).await.unwrap().status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the room never came to status {status}");
}

#[tokio::test]
async fn publishing_makes_a_room_live_and_a_new_key_cuts_the_publisher() {
    let platform = platform().await;
    let host = Client::new(&platform, "host").await;
    let user = crate::accounts::users::by_id(&platform.db, host.id).await.unwrap().unwrap();
    let room = rooms::current_of(&platform, &user).await.unwrap();
    let session = Arc::new(Session::new(&request(Action::Publish, &format!("live/{}", room.name), None)));
    let publisher =
        platform.hub.publish(&room.path().unwrap(), &session, &hub::Credential::None, None).unwrap();
    until(&platform, room.id, LIVE).await;
    keys::rotate(&platform, &user).await.unwrap();
    for _ in 0..100 {
        if session.is_kicked() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(session.is_kicked());
    drop(publisher);
    platform.hub.end(&room.path().unwrap(), hub::StopReason::PublisherGone);
    until(&platform, room.id, PAUSED).await;
    let open = crate::db::sql("SELECT COUNT(*) FROM broadcasts WHERE room_id = $1 AND ended_at IS NOT NULL");
    assert_eq!(platform.db.one::<(i64,)>(open.bind(room.id)).await.unwrap().0, 1);
    host.post(&format!("/api/v1/rooms/{}/status", room.id), json!({"type": "stop"})).await;
    let (status, body) =
        host.post(&format!("/api/v1/rooms/{}/status", room.id), json!({"type": "play"})).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::CONFLICT, &json!("room_ended")));
}

#[tokio::test]
async fn a_user_counts_as_one_look_however_often_and_at_once() {
    let platform = platform().await;
    let (host, viewer) = (Client::new(&platform, "host").await, Client::new(&platform, "viewer").await);
    let id = room(&host, json!({"title": "mine"})).await["id"].as_i64().unwrap();
    let visits: Vec<_> = (0..20)
        .map(|_| {
            let platform = platform.clone();
            tokio::spawn(async move { rooms::note_visit(&platform, id, viewer.id).await.unwrap() })
        })
        .collect();
    for visit in visits {
        visit.await.unwrap();
    }
    assert_eq!(rooms::get(&platform.db, id).await.unwrap().look_count, 1);
}

#[tokio::test]
async fn a_broadcast_remembers_most_viewers_at_once_and_who_came() {
    let platform = platform().await;
    let (host, viewer) = (Client::new(&platform, "host").await, Client::new(&platform, "viewer").await);
    let room = room(&host, json!({"title": "mine"})).await;
    let (id, path) = (room["id"].as_i64().unwrap(), room["stream"].as_str().unwrap());
    let session = Arc::new(Session::new(&request(Action::Publish, path, None)));
    let stream_path = StreamPath::parse(path).unwrap();
    let publisher = platform.hub.publish(&stream_path, &session, &hub::Credential::None, None).unwrap();
    until(&platform, id, LIVE).await;
    let stream = platform.hub.get(&stream_path).unwrap();
    let sessions: Vec<_> =
        (0..3).map(|_| Arc::new(Session::new(&request(Action::Play, path, None)))).collect();
    sessions.iter().for_each(|session| stream.add_viewer(session));
    rooms::note_visit(&platform, id, viewer.id).await.unwrap();
    super::broadcasts::count(&platform).await.unwrap();
    sessions.iter().for_each(|session| stream.remove_viewer(session));
    super::broadcasts::count(&platform).await.unwrap();
    let (_, page) = viewer.get(&format!("/api/v1/rooms/{id}/broadcasts")).await;
    assert_eq!(
        (&page["items"][0]["viewers_peak"], &page["items"][0]["viewers_total"]),
        (&json!(3), &json!(1))
    );
    drop(publisher);
}

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|room| room["title"].as_str().unwrap()).collect()
}

async fn all_titles(client: &Client, query: &str) -> Vec<String> {
    let (mut path, mut all) = (format!("/api/v1/rooms?limit=2&{query}"), Vec::new());
    loop {
        let (status, page) = client.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        all.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_i64() else { return all };
        path = format!("/api/v1/rooms?limit=2&{query}&cursor={next}");
    }
}

#[tokio::test]
async fn lists_begin_with_whom_one_follows_or_with_what_most_watch() {
    let platform = platform().await;
    let (anna, mark, fan) = (
        Client::new(&platform, "anna").await,
        Client::new(&platform, "mark").await,
        Client::new(&platform, "fan").await,
    );
    for (n, (host, viewers)) in
        [(&anna, 3), (&mark, 7), (&anna, 0), (&mark, 7), (&anna, 9)].into_iter().enumerate()
    {
        let id = room(host, json!({"title": format!("room {n}")})).await["id"].as_i64().unwrap();
        let set = crate::db::sql("UPDATE rooms SET viewer_count = $2 WHERE id = $1").bind(id).bind(viewers);
        platform.db.execute(set).await.unwrap();
    }
    fan.put(&format!("/api/v1/users/{}/follow", mark.id), json!({})).await;
    assert_eq!(all_titles(&fan, "").await, ["room 3", "room 1", "room 4", "room 2", "room 0"]);
    assert_eq!(all_titles(&fan, "sort=newest").await, ["room 4", "room 3", "room 2", "room 1", "room 0"]);
    assert_eq!(all_titles(&fan, "following=true").await, ["room 3", "room 1"]);
    for who in [&fan, &Client::anonymous(&platform)] {
        assert_eq!(all_titles(who, "sort=viewers").await, ["room 4", "room 3", "room 1", "room 0", "room 2"]);
    }
    let nobody = Client::anonymous(&platform);
    assert_eq!(all_titles(&nobody, "sort=following").await, all_titles(&nobody, "").await);
    assert_eq!(nobody.get("/api/v1/rooms?sort=best").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn hosts_find_all_their_rooms_and_nobody_elses() {
    let platform = platform().await;
    let (anna, mark) = (Client::new(&platform, "anna").await, Client::new(&platform, "mark").await);
    room(&anna, json!({"title": "open"})).await;
    room(&anna, json!({"title": "quiet", "privacy": "unlisted"})).await;
    room(&anna, json!({"title": "shut", "privacy": "private", "password": "open sesame"})).await;
    let gone = room(&anna, json!({"title": "gone", "privacy": "unlisted"})).await;
    anna.delete(&format!("/api/v1/rooms/{}", gone["id"])).await;
    room(&mark, json!({"title": "other", "privacy": "unlisted"})).await;
    assert_eq!(all_titles(&anna, "mine=true").await, ["shut", "quiet", "open"]);
    assert_eq!(all_titles(&mark, "mine=true").await, ["other"]);
    assert_eq!(Client::anonymous(&platform).get("/api/v1/rooms?mine=true").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_is_for_all_but_those_the_host_let_in() {
    let platform = platform().await;
    let host = Client::new(&platform, "host").await;
    let (invited, guest) = (Client::new(&platform, "invited").await, Client::new(&platform, "guest").await);
    let id = room(&host, json!({"title": "t", "privacy": "private", "password": "one"})).await["id"].clone();
    let path = |rest: &str| format!("/api/v1/rooms/{id}{rest}");
    assert_eq!(
        host.put(&path(&format!("/members/{}", invited.id)), json!({})).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(guest.post(&path("/enter"), json!({"password": "one"})).await.0, StatusCode::OK);
    let members = host.get(&path("/members")).await.1;
    assert_eq!(members["items"].as_array().unwrap().len(), 2, "{members}");
    assert_eq!(guest.get(&path("/members")).await.0, StatusCode::FORBIDDEN);
    host.patch(&path(""), json!({"password": "two"})).await;
    assert_eq!(guest.get(&path("")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(invited.get(&path("")).await.0, StatusCode::OK);
    assert_eq!(host.delete(&path(&format!("/members/{}", invited.id))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(invited.get(&path("")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everybody_and_its_books_stay() {
    let platform = platform().await;
    let (host, other) = (Client::new(&platform, "host").await, Client::new(&platform, "other").await);
    let admin = Client::admin(&platform, "admin").await;
    let mine = room(&host, json!({"title": "mine"})).await;
    let path = format!("/api/v1/rooms/{}", mine["id"]);
    assert_eq!(other.delete(&path).await.0, StatusCode::FORBIDDEN);
    assert_eq!(host.delete(&path).await.0, StatusCode::NO_CONTENT);
    for who in [&host, &other, &admin] {
        assert_eq!(who.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(who.get("/api/v1/rooms?q=mine").await.1["items"], json!([]));
    }
    let by_name = format!("/api/v1/rooms/by-name/{}", mine["name"].as_str().unwrap());
    assert_eq!(host.get(&by_name).await.0, StatusCode::NOT_FOUND);
    let bad = room(&host, json!({"title": "bad"})).await;
    assert_eq!(admin.delete(&format!("/api/v1/rooms/{}", bad["id"])).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get("/api/v1/admin/log").await.1["items"][0]["action"], "room_deleted");
    let rows = platform.db.one::<(i64,)>(crate::db::sql("SELECT COUNT(*) FROM rooms")).await.unwrap();
    assert_eq!(rows.0, 2);
}

#[tokio::test]
async fn a_host_with_a_new_name_is_found_by_it() {
    let platform = platform().await;
    let host = Client::new(&platform, "host").await;
    room(&host, json!({"title": "show"})).await;
    host.patch("/api/v1/me", json!({"nickname": "夜猫子"})).await;
    let nobody = Client::anonymous(&platform);
    assert_eq!(titles(&nobody.get("/api/v1/rooms?q=猫子").await.1), ["show"]);
}
