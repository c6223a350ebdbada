//! How often somebody may do something.

use crate::{Error, Result};
use governor::clock::{Clock, DefaultClock};
use governor::{Quota, RateLimiter, state::keyed::DefaultKeyedStateStore};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// `burst` at once and then `per_minute`, for each key (a user, an address, a pair of them).
pub struct Limiter<K: Hash + Eq + Clone> {
    keyed: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
    checks: AtomicU32,
}

/// Keys that are back at rest are forgotten after so many checks.
const FORGET_EVERY: u32 = 1024;

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limit of `per_minute` with bursts of `burst`; 0 counts as 1.
    pub fn new(per_minute: u32, burst: u32) -> Self {
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst));
        Self { keyed: RateLimiter::keyed(quota), checks: AtomicU32::new(0) }
    }

    /// Counts one of `key`. `Err`: too often, and how long to wait.
    pub fn count(&self, key: &K) -> std::result::Result<(), Duration> {
        if self.checks.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.keyed.retain_recent();
            self.keyed.shrink_to_fit();
        }
        self.keyed.check_key(key).map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }

    /// [`Limiter::count`], as an answer.
    pub fn check(&self, key: &K) -> Result<()> {
        self.count(key).map_err(|wait| {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            Error::too_many("too_often", format!("Too often; wait {seconds} s."), wait)
        })
    }
}
