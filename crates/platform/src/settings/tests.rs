use crate::testing::{Client, platform};
use http::StatusCode;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/admin/settings";

#[tokio::test]
async fn what_an_admin_sets_holds_at_once_and_until_it_is_taken_back() {
    let platform = platform().await;
    let (admin, host) = (Client::admin(&platform, "admin").await, Client::new(&platform, "host").await);
    let configured = admin.get(PATH).await.1;
    let change = json!({"site_name": " 我的直播 ", "registration": "closed", "rooms_per_user_max": 1});
    let (status, now) = admin.patch(PATH, change).await;
    assert_eq!((status, &now["site_name"]), (StatusCode::OK, &json!("我的直播")), "{now}");
    let site = Client::anonymous(&platform).get("/api/v1/site").await.1;
    assert_eq!((&site["name"], &site["registration"]), (&json!("我的直播"), &json!("closed")));
    let account = json!({"username": "late", "password": "correct horse"});
    assert_eq!(Client::anonymous(&platform).post("/api/v1/accounts", account).await.0, StatusCode::FORBIDDEN);
    assert_eq!(host.post("/api/v1/rooms", json!({"title": "one"})).await.0, StatusCode::CREATED);
    assert_eq!(host.post("/api/v1/rooms", json!({"title": "two"})).await.0, StatusCode::CONFLICT);
    let back = json!({"site_name": null, "registration": null, "rooms_per_user_max": null});
    assert_eq!(admin.patch(PATH, back).await.1, configured);
    let log = admin.get("/api/v1/admin/log").await.1;
    let before: Value = serde_json::from_str(log["items"][0]["before"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&log["items"][0]["action"], &before["rooms_per_user_max"]),
        (&json!("settings_changed"), &json!(1))
    );
}

#[tokio::test]
async fn what_cannot_be_set_is_refused_and_nothing_changes() {
    let platform = platform().await;
    let (admin, user) = (Client::admin(&platform, "admin").await, Client::new(&platform, "user").await);
    let before = admin.get(PATH).await.1;
    for change in [
        json!({"site_name": ""}),
        json!({"site_name": "x", "registration": "sometimes"}),
        json!({"rooms_per_user_max": 0}),
        json!({"rooms_per_user_max": "many"}),
        json!({"message_chars_max": 1_000_000}),
        json!({"colour": "red"}),
    ] {
        let (status, answer) = admin.patch(PATH, change.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{change}: {answer}");
    }
    assert_eq!(admin.get(PATH).await.1, before);
    assert_eq!(user.patch(PATH, json!({"site_name": "mine"})).await.0, StatusCode::FORBIDDEN);
    assert_eq!(Client::anonymous(&platform).get(PATH).await.0, StatusCode::UNAUTHORIZED);
}
