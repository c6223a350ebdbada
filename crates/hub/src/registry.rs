use crate::StreamPath;
use crate::event::Event;
use crate::gate::Credential;
use crate::publisher::{PublishError, Publisher};
use crate::ring::Limits;
use crate::session::Session;
use crate::stream::{LeaseError, StopReason, Stream};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::broadcast;

/// What all streams have in common.
#[derive(Clone, Debug)]
pub struct Config {
    /// What a stream may keep in memory.
    pub limits: Limits,
    /// Packets are handed out at most this often; zero hands them out with every picture.
    pub merge: Duration,
    /// How long a stream whose publisher is gone waits for it, with its viewers.
    pub hold: Duration,
    /// Streams at most.
    pub streams_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            merge: Duration::ZERO,
            hold: Duration::from_secs(10),
            streams_max: 10_000,
        }
    }
}

/// All streams by path.
pub struct Hub {
    config: Config,
    streams: RwLock<HashMap<StreamPath, Arc<Stream>>>,
    events: broadcast::Sender<Event>,
    stopping: AtomicBool,
    runtime: tokio::runtime::Handle,
}

/// Events a slow listener may be behind before it loses the oldest.
const EVENTS_KEPT: usize = 4096;

impl Hub {
    /// An empty hub. Must be called on a tokio runtime, which times the holds.
    pub fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            config,
            streams: RwLock::default(),
            events: broadcast::Sender::new(EVENTS_KEPT),
            stopping: AtomicBool::new(false),
            runtime: tokio::runtime::Handle::current(),
        })
    }

    /// Takes the lease on `path` for `session`. `wrap` is when the publisher's clock starts over, if it does.
    pub fn publish(
        self: &Arc<Self>,
        path: &StreamPath,
        session: &Arc<Session>,
        credential: &Credential,
        wrap: Option<Duration>,
    ) -> Result<Publisher, PublishError> {
        if self.stopping.load(Relaxed) {
            return Err(PublishError::Stopping);
        }
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        let existing =
            streams.get(path).map(|stream| (stream.clone(), stream.lease(session, credential, wrap)));
        let (stream, epoch) = match existing {
            Some((stream, Ok(epoch))) => (stream, epoch),
            Some((_, Err(LeaseError::Busy))) => return Err(PublishError::Busy(path.clone())),
            Some((_, Err(LeaseError::Ended))) | None => {
                if streams.len() >= self.config.streams_max {
                    return Err(PublishError::TooManyStreams(self.config.streams_max));
                }
                let stream = Arc::new(Stream::new(
                    path.clone(),
                    self.config.limits.clone(),
                    self.config.merge,
                    self.config.hold,
                    self.events.clone(),
                ));
                let epoch =
                    stream.lease(session, credential, wrap).map_err(|_| PublishError::Busy(path.clone()))?;
                streams.insert(path.clone(), stream.clone());
                (stream, epoch)
            }
        };
        drop(streams);
        Ok(Publisher::new(self.clone(), stream, session.clone(), epoch))
    }

    /// The stream at `path`, live or held.
    pub fn get(&self, path: &StreamPath) -> Option<Arc<Stream>> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// All streams, by path.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        let mut streams: Vec<_> =
            self.streams.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        streams.sort_by(|a, b| a.path().cmp(b.path()));
        streams
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Tells everybody who listens of an event that is not a stream's own.
    pub fn emit(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Ends the stream at `path` now, with publisher and viewers; false when there is none.
    pub fn end(&self, path: &StreamPath, reason: StopReason) -> bool {
        let Some(stream) = self.get(path) else { return false };
        stream.end(reason);
        self.forget(&stream);
        true
    }

    /// Takes no more publishers and ends all streams.
    pub fn stop(&self) {
        self.stopping.store(true, Relaxed);
        for stream in self.streams() {
            self.end(stream.path(), StopReason::Shutdown);
        }
    }

    pub(crate) fn end_after(self: &Arc<Self>, stream: Arc<Stream>, epoch: u64, hold: Duration) {
        let hub = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(hold).await;
            if stream.end_if_held(epoch) {
                hub.forget(&stream);
            }
        });
    }

    fn forget(&self, stream: &Arc<Stream>) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.get(stream.path()).is_some_and(|other| Arc::ptr_eq(other, stream)) {
            streams.remove(stream.path());
        }
    }
}
