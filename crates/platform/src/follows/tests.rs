use crate::testing::{Client, platform};
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn who_follows_counts_once_and_is_listed_until_it_unfollows() {
    let platform = platform().await;
    let (host, fan) = (Client::new(&platform, "host").await, Client::new(&platform, "fan").await);
    let path = format!("/api/v1/users/{}/follow", host.id);
    for _ in 0..2 {
        let (status, counts) = fan.call(Method::PUT, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{counts}");
        assert_eq!(counts, json!({"followers": 1, "following": 0, "is_followed": true, "is_told": true}));
    }
    assert_eq!(host.get("/api/v1/me/followers").await.1["items"][0]["username"], "fan");
    assert_eq!(fan.get("/api/v1/me/following").await.1["items"][0]["username"], "host");
    assert_eq!(fan.delete(&path).await.1["followers"], 0);
    assert_eq!(fan.get("/api/v1/me/following").await.1["items"], json!([]));
}

#[tokio::test]
async fn nobody_follows_oneself_a_stranger_to_the_house_or_while_signed_out() {
    let platform = platform().await;
    let (host, nobody) = (Client::new(&platform, "host").await, Client::anonymous(&platform));
    let path = format!("/api/v1/users/{}/follow", host.id);
    assert_eq!(nobody.call(Method::PUT, &path, None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(host.call(Method::PUT, &path, None).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(host.call(Method::PUT, "/api/v1/users/999/follow", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(nobody.get("/api/v1/me/following").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.get("/api/v1/users/999/follow").await.0, StatusCode::NOT_FOUND);
}
