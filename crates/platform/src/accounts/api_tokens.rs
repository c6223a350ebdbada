//! API tokens: with which programs act for somebody, within scopes, until they are taken back.

use super::{User, users};
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::sql;
use crate::extract::{Json, Path};
use crate::{Error, Platform, Result, random, row, text};
use axum::extract::State;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What an API token begins with, so that it is known for a secret wherever it turns up.
pub const PREFIX: &str = "wt_";
const DAY_MS: i64 = 86_400_000;
const DAYS_MAX: i64 = 3650;
/// `used_at` is written this often at most.
const USED_AT_EVERY_MS: i64 = 60_000;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read whatever its owner may read, but for what admins read.
    Read,
    /// Profile, pictures, follows, notifications, history, reports.
    Profile,
    /// Rooms, their status, and the stream key.
    Rooms,
    /// The room socket, messages, and keeping order.
    Chat,
    /// Upload, change and delete videos; comment on them and like them.
    Videos,
    /// Give gifts and redeem codes.
    Gifts,
    /// What admins may, when its owner is one.
    Admin,
}

impl Scope {
    /// As in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Profile => "profile",
            Self::Rooms => "rooms",
            Self::Chat => "chat",
            Self::Videos => "videos",
            Self::Gifts => "gifts",
            Self::Admin => "admin",
        }
    }
}

/// What is needed to call `method` on `path` (of a route, with its placeholders): the one place that says so. Nothing:
/// no token may, since it is about credentials.
pub(crate) fn needed(method: &Method, path: &str) -> Option<Scope> {
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    if path.starts_with("/api/live/") {
        return Some(if is_reading { Scope::Read } else { Scope::Rooms });
    }
    let path = path.strip_prefix("/api/v1/")?;
    let begins_with = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    Some(match path {
        _ if begins_with(&["me/password", "me/sessions", "me/second-factor", "me/api-tokens"]) => {
            return None;
        }
        "session" | "accounts" | "setup" => return None,
        _ if path.starts_with("admin/") => Scope::Admin,
        _ if path.starts_with("me/stream-key") => Scope::Rooms,
        _ if is_reading => Scope::Read,
        "me/wallet/redeem" | "rooms/{id}/gifts" => Scope::Gifts,
        _ if path.starts_with("comments/") => Scope::Chat,
        _ if begins_with(&["rooms/{id}/rules", "rooms/{id}/bans", "rooms/{id}/pinned"]) => Scope::Chat,
        _ if begins_with(&["rooms/{id}/moderators", "rooms/{id}/moderation-log"]) => Scope::Chat,
        _ if begins_with(&["videos", "uploads"]) => Scope::Videos,
        _ if path.starts_with("rooms") => Scope::Rooms,
        _ => Scope::Profile,
    })
}

/// Whose token it is, and what it may do. Nothing when it has ended or the account is closed.
pub(super) async fn find(platform: &Platform, token: &str) -> Result<Option<(Arc<User>, Vec<Scope>)>> {
    let now = now_ms();
    let query =
        sql("SELECT id, user_id, scopes, COALESCE(used_at, 0) FROM api_tokens WHERE token_digest = $1 \
         AND (expires_at IS NULL OR expires_at > $2)");
    let query = query.bind(random::digest(token)).bind(now);
    let Some((id, user_id, scopes, used_at)) = platform.db.maybe::<(i64, i64, String, i64)>(query).await?
    else {
        return Ok(None);
    };
    let user = users::by_id(&platform.db, user_id).await?.filter(|user| !user.is_disabled);
    let Some(user) = user else { return Ok(None) };
    if now - used_at > USED_AT_EVERY_MS {
        let update = sql("UPDATE api_tokens SET used_at = $1 WHERE id = $2");
        platform.db.execute(update.bind(now).bind(id)).await?;
    }
    let scopes = serde_json::from_str(&scopes).map_err(|error| Error::internal(&error))?;
    Ok(Some((Arc::new(user), scopes)))
}

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(delete))
}

row! {
    struct TokenRow {
        id: i64,
        name: String,
        scopes: String,
        created_at: i64,
        used_at: Option<i64>,
        expires_at: Option<i64>,
    }
}

/// An API token; the token itself is not kept.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    /// Its number.
    id: i64,
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Unix ms.
    created_at: i64,
    /// When it was last used, unix ms, to the minute.
    used_at: Option<i64>,
    /// When it ends, unix ms; nothing: when it is taken back.
    expires_at: Option<i64>,
}

impl From<TokenRow> for TokenView {
    fn from(row: TokenRow) -> Self {
        let TokenRow { id, name, scopes, created_at, used_at, expires_at } = row;
        Self {
            id,
            name,
            scopes: serde_json::from_str(&scopes).unwrap_or_default(),
            created_at,
            used_at,
            expires_at,
        }
    }
}

/// The caller's API tokens, the newest first.
#[utoipa::path(get, path = "/api/v1/me/api-tokens", tag = "accounts",
    responses((status = 200, body = Vec<TokenView>)))]
async fn list(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Vec<TokenView>>> {
    let query =
        sql("SELECT id, name, scopes, created_at, used_at, expires_at FROM api_tokens WHERE user_id = $1 \
         ORDER BY id DESC");
    let rows: Vec<TokenRow> = platform.db.all(query.bind(caller.user()?.id)).await?;
    Ok(Json(rows.into_iter().map(TokenView::from).collect()))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is for, 1 to 80 characters.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// For how many days it is good, 1 to 3650; nothing: until it is taken back.
    days: Option<i64>,
}

/// A token, which is shown this once.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    /// Its number.
    id: i64,
    /// To show as `Authorization: Bearer …`.
    token: String,
}

/// Makes an API token.
#[utoipa::path(post, path = "/api/v1/me/api-tokens", tag = "accounts", request_body = NewToken,
    responses((status = 201, body = MadeToken)))]
async fn make(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>)> {
    let user = caller.user()?;
    let name = text::line("name", &new.name, 1, 80)?;
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "A token has one scope at least."));
    }
    if new.days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(Error::invalid("days", format!("days is 1 to {DAYS_MAX}, or left out.")));
    }
    let (max, now, token) =
        (platform.config.accounts.api_tokens_max, now_ms(), format!("{PREFIX}{}", random::token()));
    let scopes = serde_json::to_string(&scopes).map_err(|error| Error::internal(&error))?;
    let insert = sql("INSERT INTO api_tokens (user_id, name, token_digest, scopes, created_at, expires_at) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM api_tokens WHERE user_id = $1) < $7 RETURNING id");
    let insert = insert.bind(user.id).bind(name).bind(random::digest(&token)).bind(scopes).bind(now);
    let insert = insert.bind(new.days.map(|days| now + days * DAY_MS)).bind(max);
    let made = platform.db.maybe::<(i64,)>(insert).await?;
    let (id,) = made.ok_or_else(|| {
        Error::conflict(
            "too_many_tokens",
            format!("You have {max} tokens; take one back first (accounts.api_tokens_max)."),
        )
    })?;
    Ok((StatusCode::CREATED, Json(MadeToken { id, token })))
}

/// Takes an API token back.
#[utoipa::path(delete, path = "/api/v1/me/api-tokens/{id}", tag = "accounts", responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let delete =
        sql("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2").bind(id).bind(caller.user()?.id);
    if platform.db.execute(delete).await? > 0 {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Error::not_found("token_not_found", "There is no such token of yours."))
}
