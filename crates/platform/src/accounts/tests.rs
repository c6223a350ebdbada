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

#[tokio::test]
async fn sessions_are_listed_and_ended_and_a_new_password_ends_the_others() {
    let platform = platform().await;
    let nobody = Client::anonymous(&platform);
    let account = json!({"username": "mark", "password": "correct horse"});
    let mut clients = Vec::new();
    nobody.post("/api/v1/accounts", account.clone()).await;
    for _ in 0..3 {
        let mut client = Client::anonymous(&platform);
        client.token = Some(
            nobody.post("/api/v1/session", account.clone()).await.1["token"].as_str().unwrap().to_owned(),
        );
        clients.push(client);
    }
    let (_, list) = clients[0].get("/api/v1/me/sessions").await;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 4);
    let second = clients[1].get("/api/v1/me/sessions").await.1["current"].as_i64().unwrap();
    let eve = Client::new(&platform, "eve").await;
    let path = format!("/api/v1/me/sessions/{second}");
    assert_eq!(eve.delete(&path).await.0, StatusCode::NOT_FOUND, "another's session");
    assert_eq!(clients[0].delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(clients[1].get("/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
    let change = |old: &str| json!({"old": old, "new": "battery staple"});
    assert_eq!(clients[0].put("/api/v1/me/password", change("wrong")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        clients[0].put("/api/v1/me/password", change("correct horse")).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(clients[0].get("/api/v1/me").await.0, StatusCode::OK);
    assert_eq!(clients[2].get("/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.post("/api/v1/session", account).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn with_a_second_factor_the_password_alone_opens_nothing_and_no_code_works_twice() {
    let platform = platform().await;
    let nobody = Client::anonymous(&platform);
    let account = json!({"username": "mark", "password": "correct horse"});
    let mut mark = Client::anonymous(&platform);
    mark.token = Some(nobody.post("/api/v1/accounts", account).await.1["token"].as_str().unwrap().to_owned());
    let (_, begun) = mark.post("/api/v1/me/second-factor", json!({})).await;
    let totp = super::second_factor::totp(begun["secret"].as_str().unwrap()).unwrap();
    let now = u64::try_from(crate::clock::now_ms() / 1000).unwrap();
    let code = |steps: i64| totp.generate(now.saturating_add_signed(steps * 30)).to_string();
    let path = "/api/v1/me/second-factor";
    assert_eq!(mark.put(path, json!({"code": "000000x"})).await.1["error"]["code"], "totp_wrong");
    let (status, confirmed) = mark.put(path, json!({"code": code(0)})).await;
    assert_eq!(status, StatusCode::OK, "{confirmed}");
    let sign_in = |totp: Option<String>| {
        let body = json!({"username": "mark", "password": "correct horse", "totp": totp});
        let nobody = &nobody;
        async move { nobody.post("/api/v1/session", body).await }
    };
    assert_eq!(sign_in(None).await.1["error"]["code"], "totp_required");
    assert_eq!(sign_in(Some(code(0))).await.1["error"]["code"], "totp_wrong", "used to confirm");
    assert_eq!(sign_in(Some(code(1))).await.0, StatusCode::OK);
    assert_eq!(sign_in(Some(code(1))).await.0, StatusCode::UNAUTHORIZED, "used");
    let recovery = confirmed["recovery_codes"][3].as_str().unwrap().to_owned();
    assert_eq!(sign_in(Some(recovery.clone())).await.0, StatusCode::OK);
    assert_eq!(sign_in(Some(recovery)).await.0, StatusCode::UNAUTHORIZED, "used");
}

#[tokio::test]
async fn a_profile_shows_what_its_owner_wrote_and_takes_no_script_for_a_picture() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (status, me) = mark.patch("/api/v1/me", json!({"nickname": "馬克", "bio": "<b>hi</b>"})).await;
    assert_eq!((status, &me["name"]), (StatusCode::OK, &json!("馬克")));
    let (_, profile) = Client::anonymous(&platform).get("/api/v1/users/by-name/Mark").await;
    assert_eq!((&profile["bio"], &profile["id"]), (&json!("<b>hi</b>"), &json!(mark.id)));
    assert!(profile.get("password_hash").is_none());
    for avatar in ["javascript:alert(1)", "data:image/svg+xml,x", "//evil", "file:///etc/passwd"] {
        assert_eq!(
            mark.patch("/api/v1/me", json!({"avatar": avatar})).await.0,
            StatusCode::BAD_REQUEST,
            "{avatar}"
        );
    }
}
