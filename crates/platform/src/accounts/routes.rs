use super::{PublicUser, Registration, api_tokens, first_admin, invitations, second_factor, sessions, users};
use crate::caller::{Caller, SESSION_COOKIE};
use crate::extract::Json;
use crate::{Error, Platform, Result};
use axum::extract::State;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(first_admin::set_up))
        .merge(api_tokens::routes())
        .merge(invitations::routes())
        .merge(super::profile::routes())
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
struct NewAccount {
    /// 3 to 32 of a-z 0-9 _ -.
    username: String,
    /// The password.
    password: String,
    /// The name that is shown.
    #[serde(default)]
    nickname: String,
    /// The code of an invitation, while registration is by invitation.
    #[serde(default)]
    invitation: String,
}

/// Who wants in.
#[derive(Deserialize, ToSchema)]
struct Credentials {
    /// The name.
    username: String,
    /// The password.
    password: String,
    /// The code of the second factor, when it is on.
    #[serde(default)]
    totp: Option<String>,
}

/// A session that begins. Browsers get the token as a cookie as well.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// To show as `Authorization: Bearer …` or in a `token` header.
    token: String,
    /// Who is signed in.
    user: PublicUser,
}

/// Registers and signs in.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, body = Opened)))]
async fn register(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    jar: CookieJar,
    headers: HeaderMap,
    Json(account): Json<NewAccount>,
) -> Result<(StatusCode, CookieJar, Json<Opened>)> {
    let registration = platform.settings().registration;
    if registration == Registration::Closed {
        return Err(Error::forbidden("registration_closed", "Nobody can register here at the moment."));
    }
    platform.accounts.attempts_by_address.check(&caller.address)?;
    check_password(&platform, &account.password)?;
    users::username(&account.username)?;
    let hash = platform.accounts.passwords.hash(account.password).await?;
    let mut tx = platform.db.begin().await?;
    let user = users::insert(&mut tx, &account.username, &account.nickname, &hash, "user").await?;
    if registration == Registration::Invite {
        invitations::redeem(&mut tx, &account.invitation, user.id).await?;
    }
    tx.commit().await?;
    let (jar, opened) = open(&platform, &caller, &user, jar, &headers).await?;
    Ok((StatusCode::CREATED, jar, opened))
}

/// Whether a password is long enough, and no longer than is worth hashing.
pub(super) fn check_password(platform: &Platform, password: &str) -> Result<()> {
    let (count, min) = (password.chars().count(), platform.config.accounts.password_chars_min);
    if count >= min && password.len() <= 1024 {
        return Ok(());
    }
    let message = format!(
        "The password has {count} characters; {min} to 1024 are expected (accounts.password_chars_min)."
    );
    Err(Error::invalid("password_length", message))
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/session", tag = "accounts", request_body = Credentials,
    responses((status = 200, body = Opened)))]
async fn sign_in(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    jar: CookieJar,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<(CookieJar, Json<Opened>)> {
    let name = credentials.username.trim().to_lowercase();
    platform.accounts.attempts_by_address.check(&caller.address)?;
    platform.accounts.attempts_by_name.check(&name.chars().take(64).collect())?;
    let user = users::by_username(&platform.db, &name).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = platform.accounts.passwords.verify(credentials.password, hash).await?;
    let Some(user) = user.filter(|_| is_right) else {
        return Err(Error::unauthorized("wrong_credentials", "User name or password is wrong."));
    };
    if user.is_disabled {
        return Err(Error::forbidden("account_disabled", "This account is closed."));
    }
    second_factor::check(&platform, &user, credentials.totp.as_deref()).await?;
    open(&platform, &caller, &user, jar, &headers).await
}

pub(super) async fn open(
    platform: &Platform,
    caller: &Caller,
    user: &users::User,
    jar: CookieJar,
    headers: &HeaderMap,
) -> Result<(CookieJar, Json<Opened>)> {
    let (token, _) = sessions::open(platform, user, &caller.user_agent, &caller.address.to_string()).await?;
    // Browsers say so themselves, which holds behind a proxy that ends TLS as well.
    let is_https =
        headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let cookie = Cookie::build((SESSION_COOKIE, token.clone()))
        .path("/")
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Lax)
        .permanent();
    Ok((jar.add(cookie), Json(Opened { token, user: user.public() })))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "accounts", responses((status = 204)))]
async fn sign_out(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    jar: CookieJar,
) -> Result<(StatusCode, CookieJar)> {
    if let (Some(user), Some(session_id)) = (&caller.user, caller.session_id) {
        sessions::end(&platform, user.id, session_id).await?;
    }
    Ok((StatusCode::NO_CONTENT, jar.remove(Cookie::build(SESSION_COOKIE).path("/"))))
}

/// Oneself.
#[derive(Serialize, ToSchema)]
struct Me {
    /// As others see it.
    #[serde(flatten)]
    user: PublicUser,
    /// A few words about oneself.
    bio: String,
    /// `user` or `admin`.
    role: String,
    /// Whether one may do everything.
    is_admin: bool,
    /// Since when, unix ms.
    created_at: i64,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses((status = 200, body = Me)))]
async fn me(caller: Caller) -> Result<Json<Me>> {
    let user = caller.user()?;
    Ok(Json(Me {
        user: user.public(),
        bio: user.bio.clone(),
        role: user.role.clone(),
        is_admin: user.is_admin(),
        created_at: user.created_at,
    }))
}
