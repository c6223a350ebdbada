use super::record;
use crate::accounts::{sessions, users};
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::rooms::{self, cuts};
use crate::{Error, Platform, Result, keys, row};
use axum::extract::State;
use http::StatusCode;
use hub::{StreamPath, StreamState};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes. All are for admins.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(change_user))
        .routes(routes!(streams))
        .routes(routes!(kick))
        .routes(routes!(log))
}

row! {
    /// An account as admins see it.
    #[derive(Debug, Serialize, ToSchema)]
    struct AccountView {
        /// Its number.
        id: i64,
        /// The name it signs in with.
        username: String,
        /// The name that is shown; empty: the user name.
        nickname: String,
        /// `user` or `admin`.
        role: String,
        /// Whether the account is closed.
        is_disabled: bool,
        /// Unix ms.
        created_at: i64,
    }
}

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UserFilter {
    /// The beginning of the user name.
    #[serde(default)]
    q: String,
}

/// Accounts, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/users", tag = "admin", params(UserFilter, PageQuery),
    responses((status = 200, body = Page<AccountView>)))]
async fn list_users(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<UserFilter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AccountView>>> {
    caller.admin()?;
    let wanted = filter.q.trim().to_lowercase();
    let query = sql("SELECT id, username, nickname, role, is_disabled, created_at FROM users \
         WHERE substr(username, 1, length($1)) = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    Page::read(&platform.db, query.bind(wanted).bind(page.before_id()), page, |user: &AccountView| user.id)
        .await
}

/// What is to be changed; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    /// Closes or opens the account.
    is_disabled: Option<bool>,
    /// Makes it an admin's, or no longer.
    is_admin: Option<bool>,
}

/// Closes or opens an account, or makes it an admin's. A closed one is signed out and cut at once.
#[utoipa::path(patch, path = "/api/v1/admin/users/{id}", tag = "admin", request_body = AccountChange,
    responses((status = 204)))]
async fn change_user(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(change): Json<AccountChange>,
) -> Result<StatusCode> {
    let admin = caller.admin()?;
    if admin.id == id {
        return Err(Error::conflict("own_account", "Admins change the accounts of others, not their own."));
    }
    let mut tx = platform.db.begin().await?;
    // Both are held, the lower number first: of two admins who take it from each other one comes second, and is none.
    let (low, high) = (admin.id.min(id), admin.id.max(id));
    let (low, high) = (users::in_tx(&mut tx, low).await?, users::in_tx(&mut tx, high).await?);
    let (now, user) = if low.id == admin.id { (low, high) } else { (high, low) };
    if !now.is_admin() || now.is_disabled {
        return Err(Error::forbidden("admins_only", "Only admins may do this."));
    }
    let is_disabled = change.is_disabled.unwrap_or(user.is_disabled);
    let role = match change.is_admin {
        Some(true) => "admin",
        Some(false) => "user",
        None => &user.role,
    };
    let update = sql("UPDATE users SET is_disabled = $2, role = $3, updated_at = $4 WHERE id = $1");
    tx.execute(update.bind(id).bind(is_disabled).bind(role).bind(now_ms())).await?;
    let state = |is_disabled: bool, role: &str| {
        serde_json::json!({"is_disabled": is_disabled, "role": role}).to_string()
    };
    let (before, after) = (state(user.is_disabled, &user.role), state(is_disabled, role));
    record(&mut tx, admin, "account_changed", &format!("user {id}"), &before, &after).await?;
    tx.commit().await?;
    if is_disabled {
        sessions::end_all(&platform, id, None).await?;
        keys::revoke(&platform, &user).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A stream as admins see it.
#[derive(Debug, Serialize, ToSchema)]
struct StreamView {
    /// Where it is.
    stream: String,
    /// Number of its room, when it is of one.
    room_id: Option<i64>,
    /// Whether somebody publishes now; else it waits for its publisher.
    is_live: bool,
    /// What the publisher speaks.
    protocol: Option<String>,
    /// Where the publisher calls from.
    address: Option<String>,
    /// Connections that watch.
    viewer_count: usize,
    /// Bytes that came in.
    received_bytes: u64,
    /// Codecs of its tracks (RFC 6381).
    codecs: Vec<String>,
    /// Unix ms.
    started_at: u64,
}

/// Streams on this server, by path. For admins.
#[utoipa::path(get, path = "/api/v1/admin/streams", tag = "admin", responses((status = 200, body = Vec<StreamView>)))]
async fn streams(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Vec<StreamView>>> {
    caller.admin()?;
    let mut views = Vec::new();
    for stream in platform.hub.streams() {
        let room = rooms::by_name(&platform.db, stream.path().name()).await?;
        let publisher = stream.publisher();
        views.push(StreamView {
            stream: stream.path().to_string(),
            room_id: room.map(|room| room.id),
            is_live: stream.state() == StreamState::Live,
            protocol: publisher.as_ref().map(|session| session.protocol.to_string()),
            address: publisher.as_ref().map(|session| session.remote.to_string()),
            viewer_count: stream.viewer_count(),
            received_bytes: publisher.map_or(0, |session| session.bytes.load(Relaxed)),
            codecs: stream.tracks().iter().map(|track| track.codec_string()).collect(),
            started_at: stream.started_at_ms(),
        });
    }
    views.sort_by(|a, b| a.stream.cmp(&b.stream));
    Ok(Json(views))
}

/// A stream to be ended.
#[derive(Deserialize, ToSchema)]
struct Kick {
    /// Where it is, such as `live/mark`.
    stream: String,
    /// Why; it stands in the log.
    reason: String,
}

/// Ends a live stream.
#[utoipa::path(post, path = "/api/v1/admin/streams/kick", tag = "admin", request_body = Kick,
    responses((status = 204)))]
async fn kick(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(kick): Json<Kick>,
) -> Result<StatusCode> {
    let admin = caller.admin()?;
    let reason = crate::text::line("reason", &kick.reason, 1, 200)?;
    let path =
        StreamPath::parse(&kick.stream).map_err(|error| Error::invalid("stream", error.to_string()))?;
    let on_another_server =
        rooms::by_name(&platform.db, path.name()).await?.is_some_and(|room| room.status == rooms::LIVE);
    if platform.hub.get(&path).is_none() && !on_another_server {
        return Err(Error::not_found("stream_not_found", "There is no such live stream."));
    }
    let mut tx = platform.db.begin().await?;
    record(&mut tx, admin, "stream_kicked", path.to_string().as_str(), "", &reason).await?;
    tx.commit().await?;
    cuts::end(&platform, &path);
    Ok(StatusCode::NO_CONTENT)
}

row! {
    /// What an admin did.
    #[derive(Debug, Serialize, ToSchema)]
    struct LogEntry {
        /// Its number.
        id: i64,
        /// The admin.
        user_id: i64,
        /// What was done.
        action: String,
        /// To what.
        object: String,
        /// How it was.
        before: String,
        /// How it is now, or why.
        after: String,
        /// Unix ms.
        created_at: i64,
    }
}

/// What admins did, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/log", tag = "admin", params(PageQuery),
    responses((status = 200, body = Page<LogEntry>)))]
async fn log(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<LogEntry>>> {
    caller.admin()?;
    let query =
        sql("SELECT id, user_id, action, object, before, after, created_at FROM audit_log WHERE id < $1 \
         ORDER BY id DESC LIMIT $2");
    Page::read(&platform.db, query.bind(page.before_id()), page, |entry: &LogEntry| entry.id).await
}
