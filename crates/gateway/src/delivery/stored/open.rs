//! The files that are open: what is known of each is kept, within a limit, and found out once for all who wait.

use super::library::StoredFile;
use super::source::Source;
use crate::delivery::http::MediaError;
use mp4::IndexReader;
use objects::Objects;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::StoredVideo;
use tokio::sync::{Semaphore, SetOnce};

/// A file that can be packaged.
#[derive(Debug)]
pub(super) struct OpenVideo {
    /// Its segments.
    pub(super) video: StoredVideo,
    /// Its bytes.
    pub(super) source: Source,
}

/// The open files.
pub(super) struct OpenVideos {
    objects: Objects,
    /// Wanted length of a segment.
    segment: Duration,
    /// Memory of all of them at most (`vod.open_bytes_max`).
    bytes_max: usize,
    table: Mutex<Table>,
    opening: Arc<Semaphore>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<Key, Entry>,
    /// Counts uses: the one used longest ago has the smallest.
    uses: u64,
    /// Memory of those that are open.
    bytes: usize,
}

/// The path of the object, and which of all that were there.
type Key = (String, u32);

struct Entry {
    opened: Arc<SetOnce<Result<Arc<OpenVideo>, OpenError>>>,
    last_use: u64,
    bytes: usize,
}

/// Why a file cannot be packaged.
#[derive(Clone, Debug)]
enum OpenError {
    /// Nothing will change that.
    Broken(String),
    /// There is no such object.
    Gone,
    /// The next one may have more luck.
    Away(String),
}

/// Indexes read at once: each may take up to 128 MiB while it is read.
const OPENING_MAX: usize = 2;
/// Files open at most, whatever memory they take: each has a file handle.
const OPEN_MAX: usize = 1024;

impl OpenVideos {
    pub(super) fn new(objects: Objects, segment: Duration, bytes_max: usize) -> Self {
        let opening = Arc::new(Semaphore::new(OPENING_MAX));
        Self { objects, segment, bytes_max, table: Mutex::default(), opening }
    }

    /// Opens a file, or finds it open.
    pub(super) async fn open(self: &Arc<Self>, file: &StoredFile) -> Result<Arc<OpenVideo>, MediaError> {
        let key = (file.path.clone(), file.version);
        let opened = self.entry(&key);
        match opened.wait().await {
            Ok(video) => Ok(video.clone()),
            Err(OpenError::Broken(reason)) => {
                Err(MediaError::Unsupported(format!("this video cannot be packaged: {reason}")))
            }
            Err(OpenError::Gone) => Err(MediaError::NotFound(GONE.to_owned())),
            Err(OpenError::Away(reason)) => Err(MediaError::StorageAway(reason.clone())),
        }
    }

    /// How many are open, and the memory they take.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let table = self.table();
        (table.entries.len(), table.bytes)
    }

    /// What is open or being opened under this key; whoever asks first has it opened.
    fn entry(self: &Arc<Self>, key: &Key) -> Arc<SetOnce<Result<Arc<OpenVideo>, OpenError>>> {
        let mut table = self.table();
        table.uses += 1;
        let now = table.uses;
        if let Some(entry) = table.entries.get_mut(key) {
            entry.last_use = now;
            return entry.opened.clone();
        }
        let opened = Arc::new(SetOnce::new());
        let entry = Entry { opened: opened.clone(), last_use: now, bytes: 0 };
        table.entries.insert(key.clone(), entry);
        drop(table);
        // It goes on when nobody waits any more: the next one finds it.
        tokio::spawn(self.clone().fill(key.clone(), opened.clone()));
        opened
    }

    async fn fill(self: Arc<Self>, key: Key, opened: Arc<SetOnce<Result<Arc<OpenVideo>, OpenError>>>) {
        let found = self.read(&key.0).await;
        let mut table = self.table();
        if let Err(OpenError::Away(_) | OpenError::Gone) = found {
            table.entries.remove(&key);
        } else if let Some(entry) = table.entries.get_mut(&key) {
            entry.bytes = found.as_ref().map_or(0, |open| open.video.memory_bytes());
            table.bytes += found.as_ref().map_or(0, |open| open.video.memory_bytes());
            table.make_room(&key, self.bytes_max);
        }
        drop(table);
        // Nobody else sets it.
        let _ = opened.set(found);
    }

    async fn read(&self, path: &str) -> Result<Arc<OpenVideo>, OpenError> {
        let _permit = self.opening.acquire().await.map_err(|error| OpenError::Away(error.to_string()))?;
        let source = Source::open(&self.objects, path).await.map_err(of_objects)?;
        let segment = self.segment;
        let opened = tokio::task::spawn_blocking(move || {
            let mut reader = IndexReader::new(source.bytes());
            while let Some(range) = reader.wanted() {
                let bytes = source.read_blocking(range).map_err(of_objects)?;
                reader.push(&bytes).map_err(broken)?;
            }
            let index = reader.finish().map_err(broken)?;
            let video = StoredVideo::new(index, segment).map_err(broken)?;
            Ok(Arc::new(OpenVideo { video, source }))
        });
        opened.await.map_err(|error| OpenError::Broken(error.to_string()))?
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets those used longest ago, but never `newest`.
    fn make_room(&mut self, newest: &Key, bytes_max: usize) {
        while self.bytes > bytes_max || self.entries.len() > OPEN_MAX {
            let done =
                self.entries.iter().filter(|(key, entry)| *key != newest && entry.opened.initialized());
            let Some(oldest) = done.min_by_key(|(_, entry)| entry.last_use).map(|(key, _)| key.clone())
            else {
                return;
            };
            let gone = self.entries.remove(&oldest);
            self.bytes = self.bytes.saturating_sub(gone.map_or(0, |entry| entry.bytes));
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: mp4::Error) -> OpenError {
    OpenError::Broken(error.to_string())
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn of_objects(error: objects::Error) -> OpenError {
    match error {
        objects::Error::NotFound(_) => OpenError::Gone,
        error => OpenError::Away(error.to_string()),
    }
}

pub(super) const GONE: &str = "the file of this video is not there any more";
