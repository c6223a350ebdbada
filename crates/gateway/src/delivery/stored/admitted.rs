//! Who was let in lately, so that the gate is not asked for every segment.

use http::HeaderMap;
use http::header;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The viewers of stored videos that are remembered.
#[derive(Default)]
pub(super) struct Admitted {
    hasher: RandomState,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    viewers: HashMap<Key, Seen>,
    swept: Option<Instant>,
}

/// Requests from one address for one video with the same query (and so the same token) and the same browser are taken
/// for one viewer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    remote: IpAddr,
    /// Under a key of this process: nobody can aim at another viewer's.
    digest: u64,
}

struct Seen {
    admitted: Instant,
    last_request: Instant,
}

/// Who pauses this long is asked about again…
const IDLE_MAX: Duration = Duration::from_secs(600);
/// …and so is everybody after this time: longer than a film.
const ADMITTED_MAX: Duration = Duration::from_secs(6 * 3600);
/// A full table is swept no more often than this.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Viewers remembered at most. Beyond it they are served too, but asked about at every request.
const VIEWERS_MAX: usize = 100_000;

impl Admitted {
    /// What names a viewer. `is_public` is part of it: who was let into a public video is asked about again when it is
    /// made private.
    pub(super) fn key(
        &self,
        video: &str,
        is_public: bool,
        remote: IpAddr,
        query: &str,
        headers: &HeaderMap,
    ) -> Key {
        let user_agent = headers.get(header::USER_AGENT).map_or(&b""[..], |value| value.as_bytes());
        Key { remote, digest: self.hasher.hash_one((video, is_public, query, user_agent)) }
    }

    /// Whether the viewer was let in before.
    pub(super) fn knows(&self, key: &Key) -> bool {
        let mut table = self.table();
        let Some(seen) = table.viewers.get_mut(key) else { return false };
        let is_known = seen.is_fresh();
        seen.last_request = Instant::now();
        is_known
    }

    /// Remembers a viewer who was let in just now.
    pub(super) fn add(&self, key: Key) {
        let mut table = self.table();
        let now = Instant::now();
        if table.viewers.len() >= VIEWERS_MAX && !table.viewers.contains_key(&key) {
            if table.swept.is_some_and(|swept| swept + SWEEP_EVERY > now) {
                return;
            }
            table.swept = Some(now);
            table.viewers.retain(|_, seen| seen.is_fresh());
            if table.viewers.len() >= VIEWERS_MAX {
                return;
            }
        }
        table.viewers.insert(key, Seen { admitted: now, last_request: now });
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn is_fresh(&self) -> bool {
        self.admitted.elapsed() < ADMITTED_MAX && self.last_request.elapsed() < IDLE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_viewer_is_known_while_it_keeps_asking_but_not_for_ever() {
        let admitted = Admitted::default();
        let key = |query| admitted.key("film", true, [192, 0, 2, 1].into(), query, &HeaderMap::new());
        assert!(!admitted.knows(&key("")));
        admitted.add(key(""));
        assert!(admitted.knows(&key("")) && !admitted.knows(&key("sign=1")));
        tokio::time::advance(IDLE_MAX + Duration::from_secs(1)).await;
        assert!(!admitted.knows(&key("")), "after a long pause");
        admitted.add(key(""));
        for _ in 0..ADMITTED_MAX.as_secs() / 300 {
            assert!(admitted.knows(&key("")));
            tokio::time::advance(Duration::from_secs(300)).await;
        }
        assert!(!admitted.knows(&key("")), "after a long time");
    }

    #[test]
    fn who_was_let_into_a_public_video_is_not_known_to_a_private_one() {
        let admitted = Admitted::default();
        let key = |is_public| admitted.key("film", is_public, [192, 0, 2, 1].into(), "", &HeaderMap::new());
        admitted.add(key(true));
        assert!(admitted.knows(&key(true)) && !admitted.knows(&key(false)));
    }
}
