//! The first admin: who reads the token the server prints when it starts without an admin may name one, once.

use super::routes::{self, Opened};
use super::users;
use crate::caller::Caller;
use crate::db::{Db, sql};
use crate::extract::Json;
use crate::{Error, Platform, Result, random};
use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// Digest of the token, until it is used.
#[derive(Default)]
pub(super) struct Token(Mutex<Option<String>>);

impl Token {
    fn is(&self, token: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(&random::digest(token))
    }

    fn set(&self, digest: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = digest;
    }
}

/// Whether there is no admin.
pub async fn is_missing(db: &Db) -> Result<bool> {
    let query = sql("SELECT id FROM users WHERE role = 'admin' LIMIT 1");
    Ok(db.maybe::<(i64,)>(query).await?.is_none())
}

/// A token to name the first admin with; nothing when there is an admin. An earlier one is good no longer.
pub async fn token(platform: &Platform) -> Result<Option<String>> {
    if !is_missing(&platform.db).await? {
        return Ok(None);
    }
    let token = random::letters(24);
    platform.accounts.first_admin.set(Some(random::digest(&token)));
    Ok(Some(token))
}

/// The first admin.
#[derive(Deserialize, ToSchema)]
pub(super) struct Setup {
    /// What the server printed when it started.
    token: String,
    /// 3 to 32 of a-z 0-9 _ -.
    username: String,
    /// The password.
    password: String,
}

/// Makes the first admin, with the token the server printed when it started, and signs in.
#[utoipa::path(post, path = "/api/v1/setup", tag = "accounts", request_body = Setup,
    responses((status = 201, body = Opened)))]
pub(super) async fn set_up(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    jar: CookieJar,
    headers: HeaderMap,
    Json(setup): Json<Setup>,
) -> Result<(StatusCode, CookieJar, Json<Opened>)> {
    platform.accounts.attempts_by_address.check(&caller.address)?;
    if !is_missing(&platform.db).await? {
        return Err(Error::conflict("set_up_already", "This site has an admin already."));
    }
    if !platform.accounts.first_admin.is(setup.token.trim()) {
        return Err(Error::forbidden(
            "setup_token",
            "This is not the token the server printed when it started.",
        ));
    }
    routes::check_password(&platform, &setup.password)?;
    let hash = platform.accounts.passwords.hash(setup.password).await?;
    let mut tx = platform.db.begin().await?;
    let user = users::insert(&mut tx, &setup.username, "", &hash, "admin").await?;
    // Of two at once the second finds it used.
    if !platform.accounts.first_admin.is(setup.token.trim()) {
        return Err(Error::conflict("set_up_already", "This site has an admin already."));
    }
    platform.accounts.first_admin.set(None);
    if let Err(error) = tx.commit().await {
        platform.accounts.first_admin.set(Some(random::digest(setup.token.trim())));
        return Err(error.into());
    }
    let (jar, opened) = routes::open(&platform, &caller, &user, jar, &headers).await?;
    Ok((StatusCode::CREATED, jar, opened))
}
