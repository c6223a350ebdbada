//! Checks the books now and then, so that a metric can tell.

use super::{Verdict, verify};
use crate::Platform;
use crate::clock::now_ms;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The last check.
#[derive(Default)]
pub struct State(Mutex<Option<(Verdict, i64)>>);

impl State {
    /// What the last check found, and when it was, unix ms.
    pub fn last(&self) -> Option<(Verdict, i64)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works until the platform is gone.
pub(crate) fn start(platform: &Arc<Platform>) {
    let every = platform.config.wallet.verify_every_s;
    if every == 0 {
        return;
    }
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            let Some(platform) = weak.upgrade() else { return };
            look(&platform).await;
            drop(platform);
            tokio::time::sleep(Duration::from_secs(every)).await;
        }
    });
}

pub(super) async fn look(platform: &Platform) {
    match verify(&platform.db).await {
        Ok(verdict) => {
            if !verdict.is_right() {
                tracing::error!(?verdict, "the ledger does not agree with balances, gifts or totals");
            }
            let mut last = platform.wallet.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some((verdict, now_ms()));
        }
        Err(error) => tracing::warn!(%error, "the ledger could not be checked"),
    }
}
