//! One recording: taking segments from the window, writing them one after the other, reading them for who rewinds.

use super::files::{read_spooled, spool_content, spool_folder};
use super::segments::Segments;
use super::{Place, Recorder};
use crate::delivery::segmented::LiveLog;
use bytes::{Bytes, BytesMut};
use hub::Stream;
use objects::{Error, Objects};
use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use store::{IndexWriter, LogBytes, LogEntry, Name, RecordedLog, Segment};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A recording that is being made.
pub(crate) struct Recording {
    place: Place,
    objects: Objects,
    spool_folder: PathBuf,
    /// How far back viewers may go.
    pub(crate) rewind: Duration,
    /// All that was taken, written or about to be.
    log: RwLock<RecordedLog>,
    queue: Mutex<Queue>,
    changed: Notify,
    read: Segments,
}

/// What waits to be written, oldest first.
#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    memory_bytes: usize,
    /// Nothing follows.
    is_complete: bool,
}

#[derive(Clone)]
struct Item {
    entry: LogEntry,
    bytes: Waiting,
}

#[derive(Clone)]
enum Waiting {
    Memory(Arc<Segment>),
    Spool(PathBuf),
}

/// Bytes of a recording that wait in memory at most, beside its newest segment.
const MEMORY_BYTES_MAX: usize = 8 << 20;
/// Waits between attempts to write.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// The archive is told so often how far a recording is.
const NOTE_EVERY: Duration = Duration::from_secs(10);
/// How soon it is noticed that a stream ended without an end of its list.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Records a stream until it ends.
pub(super) async fn record(recorder: &Arc<Recorder>, stream: &Arc<Stream>) {
    let Some(live) = recorder.segmented.live_log(stream) else { return };
    let mut next = live.window().snapshot().first_sequence();
    let mut recording: Option<(Arc<Recording>, tokio::task::JoinHandle<()>)> = None;
    let mut after_gap = false;
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        // Looked at before the window: what is finished by now is in it.
        let is_over = live.is_over();
        let snapshot = live.window().snapshot();
        while next < snapshot.next_sequence() {
            let segment = snapshot.segment(next);
            next += 1;
            let Some(segment) = segment.filter(|_| !recorder.is_full()) else {
                recorder.counts.lost.fetch_add(1, Relaxed);
                after_gap = true;
                continue;
            };
            if recording.is_none() {
                recording = begin(recorder, stream, &live, segment.wall_time_ms).await;
            }
            let Some((recording, _)) = &recording else { break };
            let is_taken = recording.take(recorder, segment, after_gap).await;
            after_gap = !is_taken;
        }
        if is_over {
            break;
        }
        tokio::select! {
            _ = live.window().wait_for_segment(next) => {}
            _ = ticks.tick() => {}
        }
    }
    if let Some((recording, writer)) = recording {
        recording.queue().is_complete = true;
        recording.changed.notify_one();
        // A writer that panicked leaves the recording to be closed at the next start.
        let _ = writer.await;
    }
}

async fn begin(
    recorder: &Arc<Recorder>,
    stream: &Arc<Stream>,
    live: &LiveLog,
    starts_at_ms: i64,
) -> Option<(Arc<Recording>, tokio::task::JoinHandle<()>)> {
    let place = recorder.archive.open(stream.path(), starts_at_ms).await?;
    tracing::info!(stream = %stream.path(), prefix = %place.prefix, "recording begins");
    let recording = Arc::new(Recording {
        spool_folder: spool_folder(&recorder.config.spool_dir, &place.prefix),
        place,
        objects: recorder.objects.clone(),
        rewind: recorder.config.rewind,
        log: RwLock::default(),
        queue: Mutex::default(),
        changed: Notify::new(),
        read: Segments::default(),
    });
    live.set_recording(recording.clone());
    let writer = tokio::spawn(recording.clone().write(recorder.clone()));
    Some((recording, writer))
}

impl Recording {
    /// What was recorded so far.
    pub(crate) fn log(&self) -> RwLockReadGuard<'_, RecordedLog> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a name stands for; `None` for nothing in this recording.
    pub(crate) async fn read(&self, name: &Name) -> Option<Result<Vec<Bytes>, Error>> {
        let found = self.log().read(name)?;
        let (sequence, ranges) = match found {
            LogBytes::Bytes(bytes) => return Some(Ok(vec![bytes])),
            LogBytes::Object { sequence, ranges } => (sequence, ranges),
        };
        Some(self.segment(sequence).await.map(|bytes| slices(&bytes, &ranges)))
    }

    async fn segment(&self, sequence: u64) -> Result<Bytes, Error> {
        let waiting = self.queue().items.iter().find(|item| item.entry.sequence == sequence).cloned();
        if let Some(item) = waiting
            && let Ok(bytes) = item.bytes.read().await
        {
            return Ok(bytes);
        }
        if let Some(bytes) = self.read.get(sequence) {
            return Ok(bytes);
        }
        let bytes = self.objects.read_all(&self.path(&Name::Fmp4 { sequence }.to_string())).await?;
        self.read.put(sequence, bytes.clone());
        Ok(bytes)
    }

    /// Takes a finished segment. Returns false when there is no place for it.
    async fn take(&self, recorder: &Recorder, segment: &Arc<Segment>, after_gap: bool) -> bool {
        let Some(entry) = self.log().entry(segment, after_gap) else { return false };
        let is_in_memory = {
            let queue = self.queue();
            queue.items.is_empty() || queue.memory_bytes.saturating_add(segment.len()) <= MEMORY_BYTES_MAX
        };
        let bytes = match is_in_memory {
            true => Waiting::Memory(segment.clone()),
            false => match self.spool(recorder, &entry, segment).await {
                Some(path) => Waiting::Spool(path),
                None => {
                    recorder.counts.lost.fetch_add(1, Relaxed);
                    return false;
                }
            },
        };
        self.queue().push(Item { entry: entry.clone(), bytes });
        self.log.write().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.changed.notify_one();
        true
    }

    /// Writes a segment to the local disk, within the limit.
    async fn spool(&self, recorder: &Recorder, entry: &LogEntry, segment: &Segment) -> Option<PathBuf> {
        let content = spool_content(entry, &joined(segment));
        let spooled = &recorder.counts.spooled_bytes;
        let len = content.len() as u64;
        if spooled.fetch_add(len, Relaxed).saturating_add(len) <= recorder.config.spool_bytes_max {
            match write_spool(&self.spool_folder, entry.sequence, &content).await {
                Ok(path) => return Some(path),
                Err(error) => tracing::warn!(%error, "a segment could not be put into the spool"),
            }
        }
        spooled.fetch_sub(len, Relaxed);
        None
    }

    /// Writes what waits until nothing follows, then closes the recording.
    async fn write(self: Arc<Self>, recorder: Arc<Recorder>) {
        let mut index = IndexWriter::default();
        let mut noted_at = Instant::now();
        loop {
            let (next, is_complete) = {
                let queue = self.queue();
                (queue.items.front().cloned(), queue.is_complete)
            };
            let Some(item) = next else {
                if is_complete {
                    break;
                }
                self.changed.notified().await;
                continue;
            };
            if !self.write_item(&recorder, &item, &mut index).await {
                return self.set_aside(&recorder).await;
            }
            self.queue().pop();
            if noted_at.elapsed() >= NOTE_EVERY {
                noted_at = Instant::now();
                let log = self.log().clone();
                recorder.archive.note(self.place.id, &log).await;
            }
        }
        let _ = tokio::fs::remove_dir(&self.spool_folder).await;
        let log = self.log().clone();
        recorder.archive.close(self.place.id, &log).await;
        tracing::info!(prefix = %self.place.prefix, segments = log.segments().len(), "the recording is complete");
    }

    /// Puts what waits in memory into the spool until nothing follows. The recording is left to be completed at the next
    /// start.
    async fn set_aside(&self, recorder: &Recorder) {
        loop {
            let (next, is_complete) = {
                let queue = self.queue();
                let in_memory = |item: &&Item| matches!(item.bytes, Waiting::Memory(_));
                (queue.items.iter().find(in_memory).cloned(), queue.is_complete)
            };
            match next {
                Some(Item { entry, bytes: Waiting::Memory(segment) }) => {
                    let content = spool_content(&entry, &joined(&segment));
                    let len = content.len() as u64;
                    match write_spool(&self.spool_folder, entry.sequence, &content).await {
                        Ok(path) => {
                            recorder.counts.spooled_bytes.fetch_add(len, Relaxed);
                            self.queue().set_aside(entry.sequence, path);
                        }
                        Err(error) => {
                            tracing::warn!(%error, sequence = entry.sequence, "a segment is lost: the storage is away, and so is the spool");
                            recorder.counts.lost.fetch_add(1, Relaxed);
                            self.queue().items.retain(|item| item.entry.sequence != entry.sequence);
                        }
                    }
                }
                _ if is_complete => break,
                _ => self.changed.notified().await,
            }
        }
        let waiting = self.queue().items.len();
        tracing::warn!(prefix = %self.place.prefix, waiting, "segments wait in the spool for the next start: the storage is away");
    }

    /// Returns false when the server stops and the storage is away.
    async fn write_item(&self, recorder: &Recorder, item: &Item, index: &mut IndexWriter) -> bool {
        let counts = &recorder.counts;
        let bytes = match item.bytes.read().await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, sequence = item.entry.sequence, "a segment in the spool is lost");
                counts.lost.fetch_add(1, Relaxed);
                return true;
            }
        };
        let len = bytes.len() as u64;
        let name = Name::Fmp4 { sequence: item.entry.sequence }.to_string();
        if !self.put(recorder, &name, bytes).await {
            return false;
        }
        index.add(&item.entry);
        let (name, part) = index.part();
        if !self.put(recorder, &name, part).await {
            return false;
        }
        counts.segments.fetch_add(1, Relaxed);
        counts.bytes.fetch_add(len, Relaxed);
        if let Waiting::Spool(path) = &item.bytes {
            let on_disk = tokio::fs::metadata(path).await.map_or(len, |meta| meta.len());
            let _ = tokio::fs::remove_file(path).await;
            counts.spooled_bytes.fetch_sub(on_disk, Relaxed);
        }
        true
    }

    /// Tries until it is done, or the server stops.
    async fn put(&self, recorder: &Recorder, name: &str, bytes: Bytes) -> bool {
        tokio::select! {
            biased;
            () = self.put_at_last(recorder, name, bytes) => true,
            () = recorder.is_given_up() => false,
        }
    }

    async fn put_at_last(&self, recorder: &Recorder, name: &str, bytes: Bytes) {
        let path = self.path(name);
        let mut wait = RETRY_MIN;
        while let Err(error) = self.objects.put(&path, bytes.clone()).await {
            recorder.counts.failures.fetch_add(1, Relaxed);
            if wait == RETRY_MIN {
                tracing::warn!(%error, "a recording cannot be written now; it is tried again");
            }
            if matches!(error, Error::Full(_)) {
                recorder.set_full(true, recorder.objects.free_bytes().unwrap_or(0));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.place.prefix)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, item: Item) {
        self.memory_bytes += item.bytes.memory_bytes();
        self.items.push_back(item);
    }

    /// The bytes of a segment are on the disk now.
    fn set_aside(&mut self, sequence: u64, path: PathBuf) {
        if let Some(item) = self.items.iter_mut().find(|item| item.entry.sequence == sequence) {
            self.memory_bytes = self.memory_bytes.saturating_sub(item.bytes.memory_bytes());
            item.bytes = Waiting::Spool(path);
        }
    }

    fn pop(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.memory_bytes = self.memory_bytes.saturating_sub(item.bytes.memory_bytes());
        }
    }
}

impl Waiting {
    fn memory_bytes(&self) -> usize {
        match self {
            Self::Memory(segment) => segment.len(),
            Self::Spool(_) => 0,
        }
    }

    async fn read(&self) -> std::io::Result<Bytes> {
        match self {
            Self::Memory(segment) => Ok(joined(segment)),
            Self::Spool(path) => {
                let content = Bytes::from(tokio::fs::read(path).await?);
                let read = read_spooled(&content).map(|(_, media)| media);
                read.ok_or_else(|| std::io::Error::other("the file is not complete"))
            }
        }
    }
}

async fn write_spool(folder: &Path, sequence: u64, content: &[u8]) -> std::io::Result<PathBuf> {
    tokio::fs::create_dir_all(folder).await?;
    let path = folder.join(format!("{sequence}.spool"));
    let written = tokio::fs::write(&path, content).await;
    if written.is_err() {
        let _ = tokio::fs::remove_file(&path).await;
    }
    written.map(|()| path)
}

fn joined(segment: &Segment) -> Bytes {
    let mut bytes = BytesMut::with_capacity(segment.len());
    segment.media.all().for_each(|piece| bytes.extend_from_slice(piece));
    bytes.freeze()
}

fn slices(bytes: &Bytes, ranges: &[Range<u64>]) -> Vec<Bytes> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
    ranges.iter().map(|range| bytes.slice(at(range.start).min(at(range.end))..at(range.end))).collect()
}
