use super::presence::Presence;
use super::{Message, say};
use crate::accounts::{PublicUser, users};
use crate::bus::Event;
use crate::testing::{Client, platform};
use crate::{Platform, db};
use http::StatusCode;
use serde_json::json;
use socketioxide::socket::Sid;

/// A live room and its host.
async fn live_room(platform: &Platform, host: &Client) -> i64 {
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "a room"})).await;
    let id = room["id"].as_i64().unwrap();
    platform.db.execute(db::sql("UPDATE rooms SET status = 1 WHERE id = $1").bind(id)).await.unwrap();
    id
}

fn plain(content: &str) -> Message<'_> {
    Message { content, colour: "#FFffff", mode: "scroll" }
}

#[tokio::test]
async fn what_is_said_is_stored_as_text_and_then_told() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let room = live_room(&platform, &mark).await;
    let user = users::by_id(&platform.db, mark.id).await.unwrap().unwrap();
    let mut events = platform.bus.listen();
    let said = say(&platform, room, &user, plain(" <script>alert(1)</script>\u{202E} ")).await.unwrap();
    assert_eq!((said.content.as_str(), said.colour.as_str()), ("<script>alert(1)</script>", "#ffffff"));
    let Ok(Event::ToRoom { room_id, event, payload }) = events.try_recv() else { panic!("nothing told") };
    assert_eq!((room_id, event.as_str(), &payload["user"]["id"]), (room, "comment", &json!(mark.id)));
    let (status, page) = mark.get(&format!("/api/v1/rooms/{room}/comments")).await;
    assert_eq!((status, &page["items"][0]["content"]), (StatusCode::OK, &json!("<script>alert(1)</script>")));
}

#[tokio::test]
async fn a_message_is_a_text_of_1_to_500_characters_with_a_colour_and_a_way() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let room = live_room(&platform, &mark).await;
    let user = users::by_id(&platform.db, mark.id).await.unwrap().unwrap();
    assert!(say(&platform, room, &user, plain(&"弹".repeat(500))).await.is_ok());
    for content in ["", " \u{200B}", &"a".repeat(501)] {
        assert_eq!(say(&platform, room, &user, plain(content)).await.unwrap_err().code, "text_length");
    }
    let red = Message { colour: "red", ..plain("a") };
    assert_eq!(say(&platform, room, &user, red).await.unwrap_err().code, "colour");
    let odd = Message { mode: "spin", ..plain("a") };
    assert_eq!(say(&platform, room, &user, odd).await.unwrap_err().code, "mode");
}

#[tokio::test]
async fn nobody_speaks_before_the_broadcast_or_after_its_end() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let room = live_room(&platform, &mark).await;
    let user = users::by_id(&platform.db, mark.id).await.unwrap().unwrap();
    for (status, code) in [(0, Some("room_idle")), (1, None), (2, None), (3, Some("room_ended"))] {
        let set = db::sql("UPDATE rooms SET status = $1 WHERE id = $2").bind(status).bind(room);
        platform.db.execute(set).await.unwrap();
        assert_eq!(say(&platform, room, &user, plain("a")).await.err().map(|error| error.code), code);
    }
    assert_eq!(say(&platform, 999, &user, plain("a")).await.unwrap_err().code, "room_not_found");
}

#[tokio::test]
async fn only_moderators_search_and_a_search_takes_its_words_as_they_are() {
    let platform = platform().await;
    let (mark, ann) = (Client::new(&platform, "mark").await, Client::new(&platform, "ann").await);
    let room = live_room(&platform, &mark).await;
    let user = users::by_id(&platform.db, ann.id).await.unwrap().unwrap();
    for content in ["100% sure", "100 times", "直播开始"] {
        say(&platform, room, &user, plain(content)).await.unwrap();
    }
    let path = |words: &str| format!("/api/v1/rooms/{room}/comments?q={words}");
    assert_eq!(ann.get(&path("sure")).await.0, StatusCode::FORBIDDEN);
    let found = async |words: &str| mark.get(&path(words)).await.1["items"].as_array().unwrap().len();
    assert_eq!(found("100%25").await, 1);
    assert_eq!(found("播开").await, 1);
    assert_eq!(found("100").await, 2);
}

#[tokio::test]
async fn one_takes_back_ones_own_message_and_nobody_elses() {
    let platform = platform().await;
    let (mark, ann, bob) = (
        Client::new(&platform, "mark").await,
        Client::new(&platform, "ann").await,
        Client::new(&platform, "bob").await,
    );
    let room = live_room(&platform, &mark).await;
    let user = users::by_id(&platform.db, ann.id).await.unwrap().unwrap();
    let said = say(&platform, room, &user, plain("oops")).await.unwrap();
    let path = format!("/api/v1/comments/{}", said.id);
    assert_eq!(bob.delete(&path).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ann.get("/api/v1/me/comments").await.1["items"].as_array().unwrap().len(), 1);
    assert_eq!(ann.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ann.get("/api/v1/me/comments").await.1["items"], json!([]));
}

#[test]
fn a_person_is_in_a_room_once_and_gone_with_its_last_socket() {
    let presence = Presence::default();
    let user = |id| PublicUser { id, username: format!("u{id}"), name: String::new(), avatar: String::new() };
    let (tab, phone, other) = (Sid::new(), Sid::new(), Sid::new());
    assert!(presence.join(1, tab, user(7), 2));
    assert!(presence.join(1, phone, user(7), 2));
    assert!(presence.join(1, other, user(8), 2));
    assert_eq!(presence.count(1), 2);
    assert_eq!(presence.shown(1, 1).people, [user(8)]);
    assert!(presence.is_in(1, tab, 7) && !presence.is_in(1, tab, 8));
    assert_eq!(presence.leave(1, tab), Some((user(7), false)));
    assert_eq!(presence.leave(1, tab), None);
    assert_eq!(presence.leave(1, phone), Some((user(7), true)));
    assert_eq!(presence.count(1), 1);
    assert!(presence.join(2, other, user(8), 2));
    assert!(!presence.join(3, other, user(8), 2), "a third room");
}
