//! Accounts: registering, signing in and out, who somebody is.

pub mod api_tokens;
pub mod first_admin;
mod invitations;
pub mod passwords;
mod profile;
mod routes;
mod second_factor;
pub mod sessions;
pub mod users;

#[cfg(test)]
mod tests;

pub use routes::routes;
pub use users::{PublicUser, User};

use crate::limiter::Limiter;
use crate::{Platform, Result};
use api_tokens::Scope;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;

/// Settings of `[accounts]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub registration: Registration,
    pub session_days: u32,
    pub sessions_max: u32,
    pub password_chars_min: usize,
    pub sign_ins_per_minute: u32,
    pub sign_ins_burst: u32,
    pub password_hashes_at_once: usize,
    pub api_tokens_max: i64,
    pub invitations_at_once_max: u32,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Who has an invitation of an admin.
    Invite,
    /// Nobody.
    Closed,
}

/// What accounts keep in memory.
pub struct State {
    /// Sign-ins by address: every check of a credential counts.
    pub attempts_by_address: Limiter<IpAddr>,
    /// Sign-ins by user name, whether there is such a user or not.
    pub attempts_by_name: Limiter<String>,
    /// Password hashing takes 19 MiB and a core for a while; this many at once.
    pub passwords: passwords::Hasher,
    /// What the first admin shows.
    first_admin: first_admin::Token,
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            attempts_by_address: Limiter::new(config.sign_ins_per_minute, config.sign_ins_burst),
            attempts_by_name: Limiter::new(config.sign_ins_per_minute, config.sign_ins_burst),
            passwords: passwords::Hasher::new(config.password_hashes_at_once),
            first_admin: first_admin::Token::default(),
        }
    }
}

/// Somebody, known by a token.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub user: Arc<User>,
    /// The session, when the token is of one.
    pub session_id: Option<i64>,
    /// What the token may do; nothing: everything its owner may.
    pub scopes: Option<Vec<Scope>>,
}

impl Identity {
    /// Whether the token may do what needs `scope`; for nothing, no API token will do.
    pub fn has(&self, scope: Option<Scope>) -> bool {
        match &self.scopes {
            None => true,
            Some(scopes) => scope.is_some_and(|scope| scopes.contains(&scope)),
        }
    }
}

/// Whose token it is: of a session or an API token. Nothing when it has ended or the account is closed.
pub async fn identify(platform: &Platform, token: &str) -> Result<Option<Identity>> {
    if token.starts_with(api_tokens::PREFIX) {
        let found = api_tokens::find(platform, token).await?;
        return Ok(found.map(|(user, scopes)| Identity { user, session_id: None, scopes: Some(scopes) }));
    }
    let found = sessions::find(platform, token).await?;
    Ok(found.map(|(user, session_id)| Identity { user, session_id: Some(session_id), scopes: None }))
}
