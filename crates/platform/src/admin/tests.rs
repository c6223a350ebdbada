use crate::testing::{Client, platform};
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn only_admins_come_in_here() {
    let platform = platform().await;
    let (user, nobody) = (Client::new(&platform, "mark").await, Client::anonymous(&platform));
    for (method, path, body) in [
        (Method::GET, "/api/v1/admin/users", None),
        (Method::PATCH, "/api/v1/admin/users/1", Some(json!({"is_admin": true}))),
        (Method::POST, "/api/v1/admin/streams/kick", Some(json!({"stream": "live/a", "reason": "x"}))),
        (Method::GET, "/api/v1/admin/log", None),
    ] {
        assert_eq!(
            nobody.call(method.clone(), path, body.clone()).await.0,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(user.call(method, path, body).await.0, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn one_is_told_whether_one_is_an_admin() {
    let platform = platform().await;
    let (admin, mark) = (Client::admin(&platform, "admin").await, Client::new(&platform, "mark").await);
    let me = async |who: &Client| who.get("/api/v1/me").await.1;
    assert_eq!((&me(&admin).await["role"], &me(&admin).await["is_admin"]), (&json!("admin"), &json!(true)));
    assert_eq!((&me(&mark).await["role"], &me(&mark).await["is_admin"]), (&json!("user"), &json!(false)));
    assert_eq!(me(&mark).await["username"], "mark");
}

#[tokio::test]
async fn a_closed_account_is_out_at_once_and_the_log_says_by_whom() {
    let platform = platform().await;
    let (admin, mark) = (Client::admin(&platform, "admin").await, Client::new(&platform, "mark").await);
    let (_, key) = mark.post("/api/v1/me/stream-key", json!({})).await;
    let path = format!("/api/v1/admin/users/{}", mark.id);
    assert_eq!(admin.patch(&path, json!({"is_disabled": true})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(mark.get("/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
    assert!(crate::keys::owner(&platform, key["key"].as_str().unwrap()).await.unwrap().is_none());
    let (_, log) = admin.get("/api/v1/admin/log").await;
    assert_eq!(log["items"][0]["object"], format!("user {}", mark.id));
    assert_eq!(log["items"][0]["user_id"], admin.id);
    let own = format!("/api/v1/admin/users/{}", admin.id);
    assert_eq!(admin.patch(&own, json!({"is_admin": false})).await.0, StatusCode::CONFLICT);
    let (_, found) = admin.get("/api/v1/admin/users?q=MA").await;
    assert_eq!(
        (found["items"].as_array().unwrap().len(), &found["items"][0]["is_disabled"]),
        (1, &json!(true))
    );
    assert_eq!(admin.get("/api/v1/admin/users?q=%25").await.1["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_take_it_from_each_other_at_once_one_is_left() {
    let platform = platform().await;
    for round in 0..10 {
        let anna = Client::admin(&platform, &format!("anna{round}")).await;
        let mark = Client::admin(&platform, &format!("mark{round}")).await;
        let at = |id: i64| format!("/api/v1/admin/users/{id}");
        let (to_anna, to_mark) = (at(anna.id), at(mark.id));
        let both = tokio::join!(
            mark.patch(&to_anna, json!({"is_admin": false})),
            anna.patch(&to_mark, json!({"is_admin": false}))
        );
        let statuses = [both.0.0, both.1.0];
        assert_eq!(statuses.iter().filter(|status| status.is_success()).count(), 1, "{statuses:?}");
    }
}

#[tokio::test]
async fn money_that_admins_make_and_gifts_they_change_are_in_the_log() {
    let platform = platform().await;
    let (admin, mark) = (Client::admin(&platform, "admin").await, Client::new(&platform, "mark").await);
    let newest = async || admin.get("/api/v1/admin/log").await.1["items"][0].clone();
    admin
        .post(&format!("/api/v1/admin/users/{}/coins", mark.id), json!({"coin": 5, "reason": "thanks"}))
        .await;
    let line = newest().await;
    assert_eq!(line["action"], "coins_granted");
    assert!(line["after"].as_str().unwrap().contains("thanks"), "{line}");
    let (_, gift) = admin.post("/api/v1/admin/gifts", json!({"name": "rose", "coin": 5})).await;
    admin.put(&format!("/api/v1/admin/gifts/{}", gift["id"]), json!({"name": "rose", "coin": 7})).await;
    let line = newest().await;
    assert_eq!(line["action"], "gift_changed");
    assert!(line["before"].as_str().unwrap().contains("\"coin\":5"), "{line}");
    assert!(line["after"].as_str().unwrap().contains("\"coin\":7"), "{line}");
    admin.post("/api/v1/admin/coin-codes", json!({"count": 1, "coin": 9})).await;
    assert_eq!(newest().await["action"], "coin_codes_made");
}
