use super::{Account, balance, payments, transfer, verify};
use crate::testing::{Client, config, platform, platform_with};
use hmac::{Hmac, Mac};
use http::StatusCode;
use serde_json::json;
use sha2::Sha256;

#[tokio::test]
async fn a_code_is_worth_its_coins_once() {
    let platform = platform().await;
    let (admin, mark, eve) = (
        Client::admin(&platform, "admin").await,
        Client::new(&platform, "mark").await,
        Client::new(&platform, "eve").await,
    );
    let (status, made) = admin.post("/api/v1/admin/coin-codes", json!({"count": 2, "coin": 30})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let code = made["codes"][0].as_str().unwrap();
    assert_eq!(mark.post("/api/v1/me/wallet/redeem", json!({"code": code})).await.1["coin"], 30);
    for who in [&mark, &eve] {
        let (status, body) = who.post("/api/v1/me/wallet/redeem", json!({"code": code})).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &json!("code_unknown")));
    }
    let (_, entries) = mark.get("/api/v1/me/wallet/entries").await;
    assert_eq!((&entries["items"][0]["amount"], &entries["items"][0]["kind"]), (&json!(30), &json!("code")));
    assert!(verify(&platform.db).await.unwrap().is_right());
}

#[tokio::test]
async fn only_admins_make_coins() {
    let platform = platform().await;
    let (admin, mark, nobody) = (
        Client::admin(&platform, "admin").await,
        Client::new(&platform, "mark").await,
        Client::anonymous(&platform),
    );
    let grant = format!("/api/v1/admin/users/{}/coins", mark.id);
    for (path, body) in [
        (grant.as_str(), json!({"coin": 5, "reason": "hello"})),
        ("/api/v1/admin/coin-codes", json!({"count": 1, "coin": 5})),
        ("/api/v1/admin/gifts", json!({"name": "rose", "coin": 5})),
    ] {
        assert_eq!(nobody.post(path, body.clone()).await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(mark.post(path, body.clone()).await.0, StatusCode::FORBIDDEN, "{path}");
        assert!(admin.post(path, body).await.0.is_success(), "{path}");
    }
    for coin in [0, -5, i64::MAX] {
        assert_eq!(
            admin.post(&grant, json!({"coin": coin, "reason": "x"})).await.0,
            StatusCode::BAD_REQUEST,
            "{coin}"
        );
    }
    assert_eq!(mark.get("/api/v1/me/wallet").await.1["coin"], 5);
    assert_eq!(nobody.get("/api/v1/me/wallet").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn books_that_were_tampered_with_are_found_out() {
    let platform = platform().await;
    let mut tx = platform.db.begin().await.unwrap();
    transfer(&mut tx, "grant", "", Account::Issued, Account::User(7), 10).await.unwrap();
    tx.commit().await.unwrap();
    assert!(verify(&platform.db).await.unwrap().is_right());
    platform
        .db
        .execute(crate::db::sql("UPDATE coin_accounts SET balance = 11 WHERE owner_id = 7"))
        .await
        .unwrap();
    assert_eq!(verify(&platform.db).await.unwrap().wrong_balances, 1);
    super::watch::look(&platform).await;
    assert_eq!(platform.wallet.last().unwrap().0.faults(), 1, "the metric tells");
    let mut tx = platform.db.begin().await.unwrap();
    let error = transfer(&mut tx, "gift", "", Account::User(7), Account::Earned(8), 12).await.unwrap_err();
    assert_eq!(error.code, "not_enough_coins");
}

#[tokio::test]
async fn a_payment_needs_the_providers_signature_and_counts_once() {
    let mut settings = config();
    settings.wallet.payment_secret = "shared with the provider".into();
    let platform = platform_with(settings).await;
    let mark = Client::new(&platform, "mark").await;
    let body = json!({"event_id": "evt_1", "user_id": mark.id, "coin": 100}).to_string();
    let sign = |at_s: i64, secret: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at_s}.{body}").as_bytes());
        let hash: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at_s},v1={hash}")
    };
    let now = crate::clock::now_ms() / 1000;
    let check = |signature: &str| payments::check(&platform, signature, body.as_bytes()).is_ok();
    assert!(check(&sign(now, "shared with the provider")));
    for wrong in [
        sign(now, "another"),
        sign(now - 3600, "shared with the provider"),
        String::new(),
        "t=1,v1=zz".into(),
        "t=1,v1=é".into(),
    ] {
        assert!(!check(&wrong), "{wrong}");
    }
    let payment = serde_json::from_str(&body).unwrap();
    assert!(payments::credit(&platform, &payment).await.unwrap());
    assert!(!payments::credit(&platform, &payment).await.unwrap(), "the same event");
    assert_eq!(balance(&platform.db, Account::User(mark.id)).await.unwrap(), 100);
    assert!(verify(&platform.db).await.unwrap().is_right());
}
