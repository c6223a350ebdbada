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
