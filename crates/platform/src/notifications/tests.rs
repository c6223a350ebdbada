use crate::bus::Event;
use crate::rooms::status::{Act, apply};
use crate::testing::{Client, platform};
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn followers_hear_once_that_a_host_went_live_and_nobody_else_does() {
    let platform = platform().await;
    let (host, fan, other) = (
        Client::new(&platform, "host").await,
        Client::new(&platform, "fan").await,
        Client::new(&platform, "other").await,
    );
    fan.call(Method::PUT, &format!("/api/v1/users/{}/follow", host.id), None).await;
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "tonight"})).await;
    let id = room["id"].as_i64().unwrap();
    let mut heard = platform.bus.listen();
    for act in [Act::Publish, Act::Lost, Act::Publish] {
        apply(&platform, id, act).await.unwrap();
    }
    let mut told = Vec::new();
    while let Ok(event) = heard.try_recv() {
        if let Event::ToUser { user_id, .. } = event {
            told.push(user_id);
        }
    }
    assert_eq!(told, [fan.id]);
    let (_, list) = fan.get("/api/v1/me/notifications").await;
    assert_eq!((&list["unread"], &list["items"][0]["title"]), (&json!(1), &json!("tonight")), "{list}");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(other.get("/api/v1/me/notifications").await.1["items"], json!([]));

    let one = format!("/api/v1/me/notifications/{}", list["items"][0]["id"]);
    other.delete(&one).await;
    assert_eq!(fan.post("/api/v1/me/notifications/read", json!({})).await.0, StatusCode::NO_CONTENT);
    let (_, list) = fan.get("/api/v1/me/notifications").await;
    assert_eq!((&list["unread"], list["items"].as_array().unwrap().len()), (&json!(0), 1));
    fan.delete(&one).await;
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["items"], json!([]));
}

#[tokio::test]
async fn nobody_hears_of_a_private_room() {
    let platform = platform().await;
    let (host, fan) = (Client::new(&platform, "host").await, Client::new(&platform, "fan").await);
    fan.call(Method::PUT, &format!("/api/v1/users/{}/follow", host.id), None).await;
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "secret", "privacy": "private"})).await;
    apply(&platform, room["id"].as_i64().unwrap(), Act::Publish).await.unwrap();
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["items"], json!([]));
}

#[tokio::test]
async fn who_does_not_want_to_hear_of_a_kind_or_of_one_host_does_not() {
    let platform = platform().await;
    let host = Client::new(&platform, "host").await;
    let mut fans = Vec::new();
    for name in ["keen", "calm", "quiet"] {
        let fan = Client::new(&platform, name).await;
        fan.call(Method::PUT, &format!("/api/v1/users/{}/follow", host.id), None).await;
        fans.push(fan);
    }
    let choices = "/api/v1/me/notifications/choices";
    let (_, all) = fans[1].get(choices).await;
    assert_eq!(all, json!({"went_live": true, "video_published": true}));
    let (_, some) = fans[1].call(Method::PATCH, choices, Some(json!({"went_live": false}))).await;
    assert_eq!(some, json!({"went_live": false, "video_published": true}));
    let follow = format!("/api/v1/users/{}/follow", host.id);
    let (_, counts) = fans[2].call(Method::PATCH, &follow, Some(json!({"is_told": false}))).await;
    assert_eq!((&counts["is_followed"], &counts["is_told"]), (&json!(true), &json!(false)));
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "tonight"})).await;
    apply(&platform, room["id"].as_i64().unwrap(), Act::Publish).await.unwrap();
    let mut told = Vec::new();
    for fan in &fans {
        told.push(fan.get("/api/v1/me/notifications").await.1["unread"].clone());
    }
    assert_eq!(told, [1, 0, 0]);
    fans[1].call(Method::PATCH, choices, Some(json!({"went_live": true}))).await;
    assert_eq!(fans[1].get(choices).await.1, all);
    let (status, _) = host.call(Method::PATCH, &follow, Some(json!({"is_told": true}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "one follows nobody by that");
}
