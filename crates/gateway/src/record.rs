//! Recordings: the segments that live HLS and DASH are made of, kept as objects while the stream goes on.
//!
//! Whether a stream is recorded, and where, the [`Archive`] says when somebody publishes. From then on its CMAF segments
//! are made as for viewers and, each when it is finished, written with a line of the index ([`store::RecordedLog`]): a
//! process that dies costs the segment it was at. While the storage is away segments wait in memory, then in the spool
//! on the local disk; when the server stops meanwhile, all of them do. When the disk is nearly full recording pauses, which leaves a gap, and the stream goes on.
//!
//! Files in FLV are another matter ([`flv`]). Not here: who may be recorded, what becomes of recordings, how they are
//! played.

mod files;
pub mod flv;
mod recording;
mod segments;

pub use files::{read_log, recover};
pub(crate) use recording::Recording;

use crate::delivery::segmented::Segmented;
use hub::{EventKind, Hub, Stream, StreamPath};
use objects::Objects;
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::RecordedLog;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;

/// How recordings are made.
#[derive(Clone, Debug)]
pub struct Config {
    /// Recording pauses while fewer bytes are free on the disk with the objects.
    pub free_bytes_min: u64,
    /// Where segments wait that the storage does not take.
    pub spool_dir: PathBuf,
    /// Bytes that may wait there, of all recordings.
    pub spool_bytes_max: u64,
    /// How far back viewers of the live stream may go.
    pub rewind: Duration,
}

/// An answer, later.
pub type ArchiveFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Says which streams are recorded, and keeps account of the recordings.
pub trait Archive: Send + Sync + 'static {
    /// Whether the stream at `path`, whose publisher came just now, is to be recorded.
    fn wants<'a>(&'a self, path: &'a StreamPath) -> ArchiveFuture<'a, bool>;
    /// A recording begins with a moment of this wall time (unix milliseconds). `None` when it cannot.
    fn open<'a>(&'a self, path: &'a StreamPath, starts_at_ms: i64) -> ArchiveFuture<'a, Option<Place>>;
    /// So much is written; told every few seconds.
    fn note<'a>(&'a self, id: i64, log: &'a RecordedLog) -> ArchiveFuture<'a, ()>;
    /// Recording pauses for want of room on the disk, or goes on.
    fn paused(&self, is_paused: bool);
    /// The recording is complete.
    fn close<'a>(&'a self, id: i64, log: &'a RecordedLog) -> ArchiveFuture<'a, ()>;
}

/// Where a recording is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub id: i64,
    /// What the paths of its objects begin with, such as `videos/x/log`.
    pub prefix: String,
}

/// Records the streams of a hub.
pub struct Recorder {
    config: Config,
    objects: Objects,
    hub: Arc<Hub>,
    segmented: Arc<Segmented>,
    archive: Arc<dyn Archive>,
    /// Streams that are recorded, or about to be.
    running: Mutex<HashMap<usize, Arc<Stream>>>,
    is_full: AtomicBool,
    /// When the storage is no longer waited for, since the server stops.
    give_up_at: watch::Sender<Option<Instant>>,
    counts: Arc<Counts>,
}

/// What recordings came to, for the metrics.
#[derive(Debug, Default)]
pub struct Counts {
    /// Segments written.
    pub segments: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Segments that were not recorded: the disk was full, or the storage away for too long.
    pub lost: AtomicU64,
    /// Attempts to write that failed.
    pub failures: AtomicU64,
    /// Bytes that wait in the spool now.
    pub spooled_bytes: AtomicU64,
}

/// The disk is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Recording goes on when so much more than the minimum is free: one part of it in so many.
const ROOM_PART: u64 = 8;

impl Recorder {
    /// Records what `archive` wants of the streams of `hub`. Must be called on a tokio runtime.
    pub fn start(
        config: Config,
        objects: Objects,
        hub: &Arc<Hub>,
        segmented: &Arc<Segmented>,
        archive: Arc<dyn Archive>,
    ) -> Arc<Self> {
        let recorder = Arc::new(Self {
            config,
            objects,
            hub: hub.clone(),
            segmented: segmented.clone(),
            archive,
            running: Mutex::default(),
            is_full: AtomicBool::new(false),
            give_up_at: watch::Sender::new(None),
            counts: Arc::default(),
        });
        recorder.look_at_disk();
        tokio::spawn(watch_disk(Arc::downgrade(&recorder)));
        tokio::spawn(recorder.clone().follow());
        recorder
    }

    /// What recordings came to.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Streams that are being recorded.
    pub fn running(&self) -> usize {
        self.streams().len()
    }

    /// Whether recording pauses because the disk is nearly full.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Relaxed)
    }

    /// How far back viewers of a recorded stream may go.
    pub fn rewind(&self) -> Duration {
        self.config.rewind
    }

    /// The server stops: what the storage has not taken within `patience` goes into the spool, and into the recordings at
    /// the next start.
    pub fn stop_within(&self, patience: Duration) {
        self.give_up_at.send_replace(Some(Instant::now() + patience));
    }

    /// Returns when the storage is no longer to be waited for.
    async fn is_given_up(&self) {
        let mut give_up_at = self.give_up_at.subscribe();
        // The sender is this recorder's own, so there is no error to speak of.
        let at = give_up_at.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        tokio::time::sleep_until(at.unwrap_or_else(Instant::now)).await;
    }

    /// Waits until every recording is complete, or set aside: when all streams have ended.
    pub async fn finish(&self) {
        while self.running() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn follow(self: Arc<Self>) {
        let mut events = self.hub.events();
        self.hub.streams().into_iter().for_each(|stream| self.look_at(stream));
        loop {
            match events.recv().await {
                Ok(event) if event.kind == EventKind::PublishStarted => {
                    self.hub.get(&event.path).into_iter().for_each(|stream| self.look_at(stream));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    self.hub.streams().into_iter().for_each(|stream| self.look_at(stream));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Records a stream from now on if the archive wants it. A publisher that comes back while its stream is held goes
    /// on in the same recording.
    fn look_at(self: &Arc<Self>, stream: Arc<Stream>) {
        let key = Arc::as_ptr(&stream).addr();
        if self.streams().insert(key, stream.clone()).is_some() {
            return;
        }
        let recorder = self.clone();
        tokio::spawn(async move {
            if recorder.archive.wants(stream.path()).await {
                recording::record(&recorder, &stream).await;
            }
            recorder.streams().remove(&key);
        });
    }

    fn look_at_disk(&self) {
        let Some(free_bytes) = self.objects.free_bytes() else { return };
        let free_bytes_min = self.config.free_bytes_min;
        let needed = match self.is_full() {
            false => free_bytes_min,
            true => free_bytes_min.saturating_add(free_bytes_min / ROOM_PART),
        };
        self.set_full(free_bytes < needed, free_bytes);
    }

    /// Pauses, or goes on, and says so once.
    fn set_full(&self, is_full: bool, free_bytes: u64) {
        if self.is_full.swap(is_full, Relaxed) == is_full {
            return;
        }
        let free_bytes_min = self.config.free_bytes_min;
        match is_full {
            true => tracing::warn!(
                free_bytes,
                free_bytes_min,
                "recording pauses: the disk with the media files is nearly full (record.free_bytes_min)"
            ),
            false => tracing::info!(free_bytes, "recording goes on: there is room again"),
        }
        self.archive.paused(is_full);
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<usize, Arc<Stream>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn watch_disk(recorder: std::sync::Weak<Recorder>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let Some(recorder) = recorder.upgrade() else { return };
        recorder.look_at_disk();
    }
}
