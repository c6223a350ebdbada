//! Passwords: Argon2id with the parameters OWASP recommends (19 MiB, 2 passes), off the async threads.

use crate::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// Hashes and checks passwords, a few at once.
pub struct Hasher {
    turns: Arc<Semaphore>,
}

/// What is checked when there is no such user, so that it takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(&crate::random::token()).unwrap_or_default());

impl Hasher {
    pub(crate) fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// Makes what is checked for users that are not there, so that the first such check takes no longer than others.
    pub(crate) fn prepare(&self) {
        tokio::task::spawn_blocking(|| LazyLock::force(&NOBODY));
    }

    /// The PHC form of `password`.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.in_turn(move || hash_now(&password)).await?
    }

    /// Whether `password` is the one of `hash`; without a hash it is not, after the same time.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.in_turn(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.clone());
            let is_right = PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            known && is_right
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|error| Error::internal(&error))?;
        let work = move || {
            let result = work();
            drop(turn);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal(&error))
    }
}

fn hash_now(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(&error))
}
