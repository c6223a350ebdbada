//! What went through the server so far and how fast it goes out, seen by looking at the streams now and then.
//!
//! Streams count for themselves and are gone when they end; this keeps their sums. A stream that comes and goes between
//! two looks is missed.

use hub::{Hub, Stream, StreamPath};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The sums.
pub struct Traffic {
    hub: Arc<Hub>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    seen: HashMap<StreamPath, Seen>,
    received_bytes: u64,
    sent_bytes: u64,
}

/// A stream as it was at the last look; keeping it lets what it counted last be added when it has ended.
struct Seen {
    stream: Arc<Stream>,
    received_bytes: u64,
    sent_bytes: u64,
    /// When `rate_bytes` had been sent; the rate is taken from then on.
    rate_since: Instant,
    rate_bytes: u64,
    sent_bps: u64,
}

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A rate is taken over at least this long.
const RATE_SPAN_MIN: Duration = Duration::from_secs(2);

impl Traffic {
    /// Looks at the streams of `hub` from now on.
    pub fn start(hub: Arc<Hub>) -> Arc<Self> {
        let traffic = Arc::new(Self { hub, inner: Mutex::default() });
        let looked_at = Arc::downgrade(&traffic);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            loop {
                ticks.tick().await;
                match looked_at.upgrade() {
                    Some(traffic) => drop(traffic.look(Instant::now())),
                    None => return,
                }
            }
        });
        traffic
    }

    /// Media bytes received and sent so far.
    pub fn bytes(&self) -> (u64, u64) {
        let inner = self.look(Instant::now());
        (inner.received_bytes, inner.sent_bytes)
    }

    /// Bits per second that go out to the viewers of each stream.
    pub fn sent_bps(&self) -> HashMap<StreamPath, u64> {
        let inner = self.look(Instant::now());
        inner.seen.iter().map(|(path, seen)| (path.clone(), seen.sent_bps)).collect()
    }

    fn look(&self, now: Instant) -> MutexGuard<'_, Inner> {
        let mut guard = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *guard;
        let mut seen = HashMap::new();
        for stream in self.hub.streams() {
            let mut now_seen = match inner.seen.remove(stream.path()) {
                Some(before) if Arc::ptr_eq(&before.stream, &stream) => before,
                before => {
                    if let Some(mut ended) = before {
                        inner.count(&mut ended);
                    }
                    Seen::new(stream.clone(), now)
                }
            };
            inner.count(&mut now_seen);
            now_seen.take_rate(now);
            seen.insert(stream.path().clone(), now_seen);
        }
        for (_, mut ended) in std::mem::replace(&mut inner.seen, seen) {
            inner.count(&mut ended);
        }
        guard
    }
}

impl Inner {
    /// Adds what came on top since the last look.
    fn count(&mut self, seen: &mut Seen) {
        let received = received_bytes(&seen.stream);
        let sent = seen.stream.counters().bytes_total();
        self.received_bytes += received.saturating_sub(seen.received_bytes);
        self.sent_bytes += sent.saturating_sub(seen.sent_bytes);
        (seen.received_bytes, seen.sent_bytes) = (received, sent);
    }
}

impl Seen {
    fn new(stream: Arc<Stream>, now: Instant) -> Self {
        let rate_bytes = stream.counters().bytes_total();
        Self { stream, received_bytes: 0, sent_bytes: 0, rate_since: now, rate_bytes, sent_bps: 0 }
    }

    fn take_rate(&mut self, now: Instant) {
        let span = now.saturating_duration_since(self.rate_since);
        if span >= RATE_SPAN_MIN {
            let bits = self.sent_bytes.saturating_sub(self.rate_bytes).saturating_mul(8);
            self.sent_bps = (bits as f64 / span.as_secs_f64()) as u64;
            (self.rate_since, self.rate_bytes) = (now, self.sent_bytes);
        }
    }
}

/// Media bytes a stream's publishers have sent.
pub fn received_bytes(stream: &Stream) -> u64 {
    let ingest = stream.ingest();
    ingest.video_bytes + ingest.audio_bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::publish;
    use hub::{Config, Protocol};

    #[tokio::test]
    async fn what_an_ended_stream_sent_stays_in_the_sum() {
        let hub = Hub::new(Config::default());
        let traffic = Traffic::start(hub.clone());
        let publisher = publish(&hub, "live/mark");
        let stream = publisher.stream().clone();
        assert_eq!(traffic.bytes().1, 0);
        stream.counters().add_bytes(Protocol::HttpFlv, 700);
        hub.end(stream.path(), hub::StopReason::Kicked);
        assert_eq!(traffic.bytes().1, 700);
        assert_eq!(traffic.bytes().1, 700);
    }

    #[tokio::test]
    async fn a_stream_that_takes_the_place_of_another_hides_nothing() {
        let hub = Hub::new(Config::default());
        let traffic = Traffic::start(hub.clone());
        let publisher = publish(&hub, "live/mark");
        assert_eq!(traffic.bytes().1, 0);
        publisher.stream().counters().add_bytes(Protocol::HttpFlv, 700);
        hub.end(publisher.stream().path(), hub::StopReason::Kicked);
        let publisher = publish(&hub, "live/mark");
        publisher.stream().counters().add_bytes(Protocol::Rtmp, 5);
        assert_eq!((traffic.bytes().1, traffic.bytes().1), (705, 705));
    }

    #[tokio::test]
    async fn the_rate_is_what_went_out_between_two_looks() {
        let hub = Hub::new(Config::default());
        let traffic = Traffic::start(hub.clone());
        let publisher = publish(&hub, "live/mark");
        let start = Instant::now();
        drop(traffic.look(start));
        publisher.stream().counters().add_bytes(Protocol::HttpFlv, 1_000_000);
        drop(traffic.look(start + Duration::from_secs(4)));
        assert_eq!(traffic.sent_bps().get(publisher.stream().path()), Some(&2_000_000));
    }
}
