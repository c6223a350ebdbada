//! Accounts: registering, signing in and out, who somebody is.

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
use serde::Deserialize;
use std::net::IpAddr;

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
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Anybody.
    Open,
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
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            attempts_by_address: Limiter::new(config.sign_ins_per_minute, config.sign_ins_burst),
            attempts_by_name: Limiter::new(config.sign_ins_per_minute, config.sign_ins_burst),
            passwords: passwords::Hasher::new(config.password_hashes_at_once),
        }
    }
}
