//! A platform for tests, and people who call it as a client would: through its routes.

use crate::tokens::Tokens;
use crate::{Config, Platform, accounts, db, gifts, rooms, wallet};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// The settings tests begin with; limits that would slow them down are wide.
pub(crate) fn config() -> Config {
    Config {
        data_dir: tempfile::tempdir().unwrap().keep(),
        trusted_proxy: None,
        database: db::Config { url: String::new(), connections_max: 4, wait_max: Duration::from_secs(5) },
        redis_url: String::new(),
        accounts: accounts::Config {
            registration: accounts::Registration::Open,
            session_days: 30,
            sessions_max: 5,
            password_chars_min: 8,
            sign_ins_per_minute: 6000,
            sign_ins_burst: 6000,
            password_hashes_at_once: 2,
            api_tokens_max: 3,
            invitations_at_once_max: 10,
        },
        chat: crate::chat::testing::config(),
        images: crate::images::Config {
            upload_bytes_max: 10_000_000,
            pixels_max: 40_000_000,
            per_user_max: 100,
            uploads_per_minute: 600,
            uploads_burst: 100,
            at_once_max: 2,
            fetch_timeout_ms: 2000,
        },
        uploads: crate::uploads::Config {
            bytes_max: 100_000_000,
            chunk_bytes_max: 50_000_000,
            quota_bytes: 200_000_000,
            under_way_per_user_max: 5,
            requests_per_minute: 60_000,
            requests_burst: 10_000,
            idle_timeout_ms: 10_000,
            expire_hours: 24,
            sync_bytes: 2_000_000,
            disk_reserve_bytes: 0,
            import_hosts: Vec::new(),
            import_connect_timeout_ms: 2000,
            import_breaks_max: 2,
        },
        videos: crate::videos::Config {
            comment_chars_max: 2000,
            comments_per_minute: 60,
            comments_burst: 30,
            likes_per_minute: 600,
            likes_burst: 100,
            captions_max: 3,
            captions_bytes_max: 100_000,
            reports_per_minute: 60,
            reports_burst: 20,
            reports_per_minute_network: 6000,
            reports_burst_network: 1000,
            strangers_per_minute: 1,
            strangers_burst: 3,
        },
        recordings: crate::recordings::Config {
            streams: crate::recordings::Streams::Rooms,
            keep_days: 0,
            keep_bytes: 0,
        },
        clips: crate::recordings::ClipsConfig { length_ms_max: 60_000, per_minute: 600, burst: 100 },
        moderation: crate::moderation::Config { reports_per_minute: 60, reports_burst: 10 },
        gifts: gifts::Config { num_max: 1000, combo_window_ms: 60_000, price_max: 1_000_000, retry_days: 7 },
        wallet: wallet::Config {
            grant_max: 1_000_000,
            codes_at_once_max: 100,
            payment_secret: String::new(),
            payment_window_s: 300,
            verify_every_s: 0,
        },
        rooms: rooms::Config { per_user_max: 10, title_chars_max: 80, labels_max: 8, label_chars_max: 20 },
        follows: crate::follows::Config { following_max: 100 },
        notifications: crate::notifications::Config { per_user_max: 100, again_after_s: 600 },
        outbound: crate::outbound::Config { allow: Vec::new() },
        webhooks: crate::webhooks::Config {
            targets_max: 3,
            timeout_ms: 2000,
            attempts_max: 5,
            retry_ms: 20,
            at_once_max: 8,
            waiting_max: 50,
            keep_days: 7,
        },
    }
}

/// A platform with an empty database.
pub(crate) async fn platform() -> Arc<Platform> {
    platform_with(config()).await
}

/// A platform with an empty database and these settings.
pub(crate) async fn platform_with(config: Config) -> Arc<Platform> {
    let hub = hub::Hub::new(hub::Config::default());
    let objects = objects::Objects::local(&config.data_dir.join("media")).unwrap();
    Platform::on(
        config,
        db::testing::empty().await,
        objects,
        hub,
        crate::bus::Bus::new(),
        Arc::new(PlainTokens),
    )
}

/// Tokens that say what they are for; the server's are signed.
pub(crate) struct PlainTokens;

impl Tokens for PlainTokens {
    fn sign(&self, action: hub::Action, path: &hub::StreamPath, _ttl: Duration) -> String {
        format!("{action:?} {path}")
    }

    fn check(&self, action: hub::Action, path: &hub::StreamPath, token: &str) -> Result<(), String> {
        let is_right = token == self.sign(action, path, Duration::ZERO);
        if is_right { Ok(()) } else { Err("the token is for something else".into()) }
    }

    fn are_scoped(&self) -> bool {
        true
    }
}

/// Somebody who calls.
pub(crate) struct Client {
    /// Whom it calls.
    pub(crate) platform: Arc<Platform>,
    /// Shown with every call.
    pub(crate) token: Option<String>,
    /// Of the account, when there is one.
    pub(crate) id: i64,
}

impl Client {
    /// Nobody in particular.
    pub(crate) fn anonymous(platform: &Arc<Platform>) -> Self {
        Self { platform: platform.clone(), token: None, id: 0 }
    }

    /// Somebody with a new account. The password is not hashed, so nobody can sign in with one.
    pub(crate) async fn new(platform: &Arc<Platform>, name: &str) -> Self {
        let user = accounts::users::create(&platform.db, name, "", "").await.unwrap();
        let (token, _) = accounts::sessions::open(platform, &user, "test", "127.0.0.1").await.unwrap();
        Self { platform: platform.clone(), token: Some(token), id: user.id }
    }

    /// An admin.
    pub(crate) async fn admin(platform: &Arc<Platform>, name: &str) -> Self {
        let client = Self::new(platform, name).await;
        let promote = db::sql("UPDATE users SET role = 'admin' WHERE id = $1").bind(client.id);
        platform.db.execute(promote).await.unwrap();
        client
    }

    /// Calls and gives status and JSON (null when there is none).
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let (router, _) = crate::openapi::api();
        let response =
            router.with_state(self.platform.clone()).oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::DELETE, path, None).await
    }
}
