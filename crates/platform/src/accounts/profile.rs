//! What people do with their own accounts: profile, password, sessions, second factor.

use super::{PublicUser, second_factor, sessions, users};
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::sql;
use crate::extract::{Json, Path};
use crate::images::{self, Kind};
use crate::{Error, Platform, Result, rooms, row, text, videos};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const BIO_CHARS_MAX: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(edit))
        .routes(routes!(read_user))
        .routes(routes!(password))
        .routes(routes!(list_sessions, end_others))
        .routes(routes!(end_session))
        .routes(routes!(begin_second_factor, confirm_second_factor, remove_second_factor))
}

/// What is to be changed; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileChange {
    /// The name that is shown, up to 32 characters; empty: the user name.
    nickname: Option<String>,
    /// A few words about oneself, up to 1000 characters.
    bio: Option<String>,
    /// One of our pictures (`/media/images/…`), or a web address, which is fetched and becomes one.
    avatar: Option<String>,
}

/// Changes the own profile.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", request_body = ProfileChange,
    responses((status = 200, body = PublicUser)))]
async fn edit(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(change): Json<ProfileChange>,
) -> Result<Json<PublicUser>> {
    let user = caller.user()?;
    let nickname = change.nickname.map(|text| text::line("nickname", &text, 0, 32)).transpose()?;
    let bio = change.bio.map(|text| text::lines("bio", &text, 0, BIO_CHARS_MAX)).transpose()?;
    let avatar = match change.avatar {
        Some(address) => Some(images::adopt(&platform, user, Kind::Avatar, "avatar", &address).await?),
        None => None,
    };
    let is_renamed = nickname.as_ref().is_some_and(|nickname| *nickname != user.nickname);
    let mut tx = platform.db.begin().await?;
    // What is not named stays, also what another request changes meanwhile.
    let update = sql("UPDATE users SET nickname = COALESCE($2, nickname), bio = COALESCE($3, bio), \
         avatar = COALESCE($4, avatar), updated_at = $5 WHERE id = $1");
    tx.execute(update.bind(user.id).bind(nickname).bind(bio).bind(avatar).bind(now_ms())).await?;
    let user = users::in_tx(&mut tx, user.id).await?;
    if is_renamed {
        rooms::reindex(&mut tx, &user).await?;
        videos::index_owner(&mut tx, &user).await?;
    }
    tx.commit().await?;
    Ok(Json(user.public()))
}

/// What everybody may read of somebody.
#[derive(Serialize, ToSchema)]
struct Profile {
    /// Who.
    #[serde(flatten)]
    user: PublicUser,
    /// A few words about oneself.
    bio: String,
    /// Since when, unix ms.
    created_at: i64,
}

/// Somebody's public profile.
#[utoipa::path(get, path = "/api/v1/users/by-name/{username}", tag = "accounts",
    responses((status = 200, body = Profile)))]
async fn read_user(
    State(platform): State<Arc<Platform>>,
    Path(username): Path<String>,
) -> Result<Json<Profile>> {
    let user =
        users::by_username(&platform.db, &username.to_lowercase()).await?.filter(|user| !user.is_disabled);
    let user = user.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))?;
    Ok(Json(Profile { user: user.public(), bio: user.bio, created_at: user.created_at }))
}

/// A change of password.
#[derive(Deserialize, ToSchema)]
struct PasswordChange {
    /// The one in force.
    old: String,
    /// The new one.
    new: String,
}

/// Changes the own password and ends all other sessions.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "accounts", request_body = PasswordChange,
    responses((status = 204)))]
async fn password(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    platform.accounts.attempts_by_address.check(&caller.address)?;
    platform.accounts.attempts_by_name.check(&user.username)?;
    super::routes::check_password(&platform, &change.new)?;
    let hash = Some(user.password_hash.clone());
    if !platform.accounts.passwords.verify(change.old, hash).await? {
        return Err(Error::unauthorized("wrong_credentials", "The old password is wrong."));
    }
    let hash = platform.accounts.passwords.hash(change.new).await?;
    let update = sql("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1");
    platform.db.execute(update.bind(user.id).bind(hash).bind(now_ms())).await?;
    sessions::end_all(&platform, user.id, caller.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

row! {
    /// Where somebody is signed in.
    #[derive(Debug, Serialize, ToSchema)]
    struct SessionView {
        /// Its number.
        id: i64,
        /// What the program said it is.
        user_agent: String,
        /// The address it was opened from.
        address: String,
        /// Unix ms.
        created_at: i64,
        /// When it was last used, unix ms, to the minute.
        used_at: i64,
    }
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
struct Sessions {
    /// The one that asks.
    current: Option<i64>,
    /// All, the newest first.
    sessions: Vec<SessionView>,
}

/// Where one is signed in.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "accounts", responses((status = 200, body = Sessions)))]
async fn list_sessions(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Sessions>> {
    let query = sql("SELECT id, user_agent, address, created_at, used_at FROM sessions \
         WHERE user_id = $1 AND expires_at > $2 ORDER BY id DESC");
    let sessions = platform.db.all(query.bind(caller.user()?.id).bind(now_ms())).await?;
    Ok(Json(Sessions { current: caller.session_id, sessions }))
}

/// Signs out everywhere else.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "accounts", responses((status = 204)))]
async fn end_others(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<StatusCode> {
    sessions::end_all(&platform, caller.user()?.id, caller.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out in one place.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "accounts", responses((status = 204)))]
async fn end_session(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    if sessions::end(&platform, caller.user()?.id, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Error::not_found("session_not_found", "There is no such session of yours."))
}

/// What to put into an authenticator.
#[derive(Serialize, ToSchema)]
struct SecondFactor {
    /// The secret, base32.
    secret: String,
    /// The same as an address, for a QR code.
    url: String,
}

/// A one-time password, or a recovery code.
#[derive(Deserialize, ToSchema)]
struct Code {
    /// As the authenticator shows it.
    code: String,
}

/// Recovery codes, which are shown this once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Each is good once, instead of a one-time password.
    recovery_codes: Vec<String>,
}

/// Begins a second factor; it is in force when it is confirmed.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "accounts",
    responses((status = 200, body = SecondFactor)))]
async fn begin_second_factor(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<SecondFactor>> {
    let (secret, url) = second_factor::begin(&platform, caller.user()?).await?;
    Ok(Json(SecondFactor { secret, url }))
}

/// Puts the second factor into force.
#[utoipa::path(put, path = "/api/v1/me/second-factor", tag = "accounts", request_body = Code,
    responses((status = 200, body = RecoveryCodes)))]
async fn confirm_second_factor(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(Code { code }): Json<Code>,
) -> Result<Json<RecoveryCodes>> {
    let user = caller.user()?;
    platform.accounts.attempts_by_name.check(&user.username)?;
    Ok(Json(RecoveryCodes { recovery_codes: second_factor::confirm(&platform, user, &code).await? }))
}

/// Takes the second factor off.
#[utoipa::path(delete, path = "/api/v1/me/second-factor", tag = "accounts", request_body = Code,
    responses((status = 204)))]
async fn remove_second_factor(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(Code { code }): Json<Code>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    platform.accounts.attempts_by_name.check(&user.username)?;
    second_factor::remove(&platform, user, &code).await?;
    Ok(StatusCode::NO_CONTENT)
}
