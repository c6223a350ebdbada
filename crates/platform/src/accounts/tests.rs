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

#[tokio::test]
async fn the_first_admin_needs_the_printed_token_which_is_good_once() {
    let platform = platform().await;
    let nobody = Client::anonymous(&platform);
    assert_eq!(nobody.get("/api/v1/site").await.1["needs_setup"], true);
    let early = super::first_admin::token(&platform).await.unwrap().unwrap();
    let token = super::first_admin::token(&platform).await.unwrap().unwrap();
    let setup = |token: &str, password: &str| {
        let body = json!({"token": token, "username": "Boss", "password": password});
        let nobody = &nobody;
        async move { nobody.post("/api/v1/setup", body).await }
    };
    assert_eq!(
        setup(&early, "correct horse").await.1["error"]["code"],
        "setup_token",
        "a later one was printed"
    );
    assert_eq!(setup(&token, "short").await.1["error"]["code"], "password_length");
    let (status, opened) = setup(&token, "correct horse").await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
    let mut boss = Client::anonymous(&platform);
    boss.token = Some(opened["token"].as_str().unwrap().to_owned());
    assert_eq!(boss.get("/api/v1/admin/users").await.0, StatusCode::OK);
    assert_eq!(setup(&token, "correct horse").await.1["error"]["code"], "set_up_already");
    assert_eq!(nobody.get("/api/v1/site").await.1["needs_setup"], false);
    assert_eq!(super::first_admin::token(&platform).await.unwrap(), None);
}

#[tokio::test]
async fn while_registration_is_by_invitation_each_code_lets_one_in() {
    let platform = platform().await;
    let (admin, nobody) = (Client::admin(&platform, "admin").await, Client::anonymous(&platform));
    admin.patch("/api/v1/admin/settings", json!({"registration": "invite"})).await;
    let made = admin.post("/api/v1/admin/invitations", json!({"count": 2})).await;
    assert_eq!(made.0, StatusCode::CREATED, "{}", made.1);
    let code = |at: usize| made.1["codes"][at].as_str().unwrap().to_owned();
    let register = |name: &str, code: String| {
        let body = json!({"username": name, "password": "correct horse", "invitation": code});
        let nobody = &nobody;
        async move { nobody.post("/api/v1/accounts", body).await }
    };
    assert_eq!(register("mark", String::new()).await.1["error"]["code"], "invitation");
    assert_eq!(register("mark", code(0)).await.0, StatusCode::CREATED);
    assert_eq!(register("anna", code(0)).await.1["error"]["code"], "invitation", "used");
    let list = admin.get("/api/v1/admin/invitations").await.1;
    let unused = &list["items"][0];
    assert_eq!((&unused["used_by"], list["items"][1]["used_by"].is_i64()), (&json!(null), true));
    let path = format!("/api/v1/admin/invitations/{}", unused["id"]);
    assert_eq!(admin.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(register("anna", code(1)).await.1["error"]["code"], "invitation", "taken back");
    assert_eq!(register("anna", String::new()).await.0, StatusCode::FORBIDDEN, "and nobody was added by it");
    let users = admin.get("/api/v1/admin/users?q=anna").await.1;
    assert_eq!(users["items"], json!([]));
}

#[tokio::test]
async fn an_api_token_does_what_its_scopes_say_and_nothing_about_credentials() {
    let platform = platform().await;
    let owner = Client::admin(&platform, "owner").await;
    let make = |scopes: serde_json::Value| {
        let owner = &owner;
        async move { owner.post("/api/v1/me/api-tokens", json!({"name": "a bot", "scopes": scopes})).await }
    };
    let (status, made) = make(json!(["read", "rooms"])).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let mut bot = Client::anonymous(&platform);
    bot.token = Some(made["token"].as_str().unwrap().to_owned());
    assert_eq!(bot.get("/api/v1/me").await.1["username"], "owner");
    assert_eq!(bot.post("/api/v1/rooms", json!({"title": "by a bot"})).await.0, StatusCode::CREATED);
    for (method, path, body) in [
        ("PATCH", "/api/v1/me", json!({"nickname": "x"})),
        ("GET", "/api/v1/admin/users", json!(null)),
        ("PUT", "/api/v1/me/password", json!({"old": "a", "new": "b"})),
        ("GET", "/api/v1/me/sessions", json!(null)),
        ("POST", "/api/v1/me/api-tokens", json!({"name": "more", "scopes": ["admin"]})),
        ("POST", "/api/v1/me/second-factor", json!({})),
        ("POST", "/api/v1/me/wallet/redeem", json!({"code": "x"})),
    ] {
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = bot.call(method.parse().unwrap(), path, body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::FORBIDDEN, &json!("token_scope")),
            "{path}"
        );
    }
    assert_eq!(make(json!([])).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(make(json!(["everything"])).await.0, StatusCode::BAD_REQUEST);
    make(json!(["admin"])).await;
    make(json!(["admin"])).await;
    assert_eq!(make(json!(["admin"])).await.1["error"]["code"], "too_many_tokens");
    let list = owner.get("/api/v1/me/api-tokens").await.1;
    assert!(list[0].get("token").is_none() && list[2]["used_at"].is_i64(), "{list}");
    let eve = Client::new(&platform, "eve").await;
    let path = format!("/api/v1/me/api-tokens/{}", made["id"]);
    assert_eq!(eve.delete(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(owner.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bot.get("/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_confirmations_of_a_second_factor_at_once_one_gives_codes() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (_, begun) = mark.post("/api/v1/me/second-factor", json!({})).await;
    let totp = super::second_factor::totp(begun["secret"].as_str().unwrap()).unwrap();
    let code = totp.generate(u64::try_from(crate::clock::now_ms() / 1000).unwrap()).to_string();
    let user = super::users::by_id(&platform.db, mark.id).await.unwrap().unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (platform, user, code) = (platform.clone(), user.clone(), code.clone());
            tokio::spawn(async move { super::second_factor::confirm(&platform, &user, &code).await.is_ok() })
        })
        .collect();
    let mut confirmed = 0;
    for task in tasks {
        confirmed += usize::from(task.await.unwrap());
    }
    assert_eq!(confirmed, 1);
}
