use crate::testing::{Client, platform};
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn who_registers_is_signed_in_and_can_sign_in_again() {
    let platform = platform().await;
    let nobody = Client::anonymous(&platform);
    let account = json!({"username": "Mark", "password": "correct horse", "nickname": "馬克"});
    let (status, opened) = nobody.post("/api/v1/accounts", account.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
    assert_eq!(opened["user"]["username"], "mark");
    assert_eq!(opened["user"]["name"], "馬克");

    let (status, body) = nobody.post("/api/v1/accounts", account).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::CONFLICT, &json!("username_taken")));

    let (status, wrong) = nobody.post("/api/v1/session", json!({"username": "mark", "password": "x"})).await;
    assert_eq!((status, &wrong["error"]["code"]), (StatusCode::UNAUTHORIZED, &json!("wrong_credentials")));
    let (status, opened) =
        nobody.post("/api/v1/session", json!({"username": "MARK", "password": "correct horse"})).await;
    assert_eq!(status, StatusCode::OK, "{opened}");

    let mut mark = Client::anonymous(&platform);
    mark.token = Some(opened["token"].as_str().unwrap().to_owned());
    assert_eq!(mark.get("/api/v1/me").await.1["username"], "mark");
    assert_eq!(mark.delete("/api/v1/session").await.0, StatusCode::NO_CONTENT);
    let (status, body) = mark.get("/api/v1/me").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::UNAUTHORIZED, &json!("session_ended")));
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    let platform = platform().await;
    let first = Client::new(&platform, "mark").await;
    let user = super::users::by_id(&platform.db, first.id).await.unwrap().unwrap();
    for _ in 0..platform.config.accounts.sessions_max - 1 {
        super::sessions::open(&platform, &user, "", "").await.unwrap();
    }
    assert_eq!(first.get("/api/v1/me").await.0, StatusCode::OK);
    super::sessions::open(&platform, &user, "", "").await.unwrap();
    assert_eq!(first.get("/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
}
