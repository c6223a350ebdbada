use crate::testing::{Client, platform};
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn who_is_blocked_follows_no_longer_and_cannot_again_until_unblocked() {
    let platform = platform().await;
    let (mei, troll) = (Client::new(&platform, "mei").await, Client::new(&platform, "troll").await);
    let follow = format!("/api/v1/users/{}/follow", mei.id);
    let block = format!("/api/v1/users/{}/block", troll.id);
    troll.call(Method::PUT, &follow, None).await;
    for _ in 0..2 {
        assert_eq!(mei.call(Method::PUT, &block, None).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(mei.get("/api/v1/me/blocked").await.1["items"][0]["username"], "troll");
    assert_eq!(troll.get("/api/v1/me/blocked").await.1["items"], json!([]));
    assert_eq!(mei.get("/api/v1/me/followers").await.1["items"], json!([]));
    let (status, refused) = troll.call(Method::PUT, &follow, None).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &json!("blocked")));
    mei.delete(&block).await;
    assert_eq!(mei.get("/api/v1/me/blocked").await.1["items"], json!([]));
    assert_eq!(troll.call(Method::PUT, &follow, None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn nobody_blocks_oneself_or_somebody_who_is_not_there() {
    let platform = platform().await;
    let mei = Client::new(&platform, "mei").await;
    let own = format!("/api/v1/users/{}/block", mei.id);
    assert_eq!(mei.call(Method::PUT, &own, None).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(mei.call(Method::PUT, "/api/v1/users/999/block", None).await.0, StatusCode::NOT_FOUND);
}
