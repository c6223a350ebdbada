//! Who fetches the segments of a stream. HTTP knows requests, not viewers: requests from one address with the same
//! query (and so the same token) and the same browser are taken for one viewer, until they stop coming.

use hub::{Protocol, Session, Stream};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The viewers of one stream.
#[derive(Default)]
pub(crate) struct Viewers {
    hasher: RandomState,
    table: Mutex<HashMap<ViewerKey, Viewer>>,
    /// Requests served beyond the limit since the last sweep.
    uncounted: AtomicU64,
}

/// What tells viewers apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ViewerKey {
    remote: IpAddr,
    protocol: Protocol,
    /// Query and user agent, under a key of this process: nobody can aim at another viewer's.
    digest: u64,
}

struct Viewer {
    session: Arc<Session>,
    last_request: Instant,
}

/// Viewers of one stream that are remembered. Further ones are served too, but asked about at every request and not
/// counted.
pub(crate) const VIEWERS_PER_STREAM_MAX: usize = 50_000;

impl Viewers {
    /// What names a viewer here.
    pub(crate) fn key(
        &self,
        remote: IpAddr,
        protocol: Protocol,
        query: &str,
        user_agent: &[u8],
    ) -> ViewerKey {
        ViewerKey { remote, protocol, digest: self.hasher.hash_one((query, user_agent)) }
    }

    /// The session of a viewer who was let in before.
    pub(crate) fn known(&self, key: &ViewerKey) -> Option<Arc<Session>> {
        let mut table = self.table();
        let viewer = table.get_mut(key)?;
        viewer.last_request = Instant::now();
        Some(viewer.session.clone())
    }

    /// Remembers a viewer of `stream` who was let in just now, and announces it. Returns the session it has: another
    /// one when several of its first requests came at once.
    pub(crate) fn add(&self, stream: &Stream, key: ViewerKey, session: Session) -> Arc<Session> {
        let mut table = self.table();
        if let Some(viewer) = table.get(&key) {
            return viewer.session.clone();
        }
        let session = Arc::new(session);
        if table.len() < VIEWERS_PER_STREAM_MAX {
            table.insert(key, Viewer { session: session.clone(), last_request: Instant::now() });
            drop(table);
            stream.add_viewer(&session);
        } else {
            self.uncounted.fetch_add(1, Relaxed);
        }
        session
    }

    /// Forgets who has asked for nothing for `idle_max`. Who was kicked is no viewer any more, but is remembered as
    /// long as it keeps asking.
    pub(crate) fn sweep(&self, stream: &Stream, idle_max: Duration) {
        let mut gone = Vec::new();
        self.table().retain(|_, viewer| {
            let stays = viewer.last_request.elapsed() < idle_max;
            if !stays || viewer.session.is_kicked() {
                gone.push(viewer.session.clone());
            }
            stays
        });
        for session in gone {
            stream.remove_viewer(&session);
        }
        match self.uncounted.swap(0, Relaxed) {
            0 => {}
            requests => {
                tracing::warn!(stream = %stream.path(), requests, VIEWERS_PER_STREAM_MAX, "viewers not counted");
            }
        }
    }

    /// Forgets everybody.
    pub(crate) fn clear(&self, stream: &Stream) {
        self.sweep(stream, Duration::ZERO);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<ViewerKey, Viewer>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
