//! Recording to FLV files, as nginx-rtmp does: a file per broadcast in a folder, for whoever takes it from there.
//!
//! A stream that is wanted has one task, which reads it as a viewer does, from the hub's ring, and adds whole tags to a
//! file; nobody waits for it. A disk that is too slow costs a gap, one that is full ends the file. A file says how long
//! it is when it is complete; one whose server died lacks that, and its last second, and can be read all the same.
//!
//! Not here: the library's recordings ([`super`]), who is told of files.

mod file;
mod name;
mod task;
#[cfg(test)]
mod tests;

pub use name::check_suffix;

use crate::delivery::Selection;
use hub::{EventKind, Hub, Session, Stream, StreamPath};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use task::Command;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot};

/// What goes into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Nothing.
    Off,
    /// Pictures and sound.
    All,
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// How files are made. Limits that are 0 are none.
#[derive(Clone, Debug)]
pub struct Config {
    /// What goes into them.
    pub what: What,
    /// Whether only those begin that somebody asks for.
    pub is_manual: bool,
    /// The first parts of the paths of streams that are recorded; none: of all.
    pub apps: Vec<String>,
    /// Where they are: below it a folder for each app.
    pub folder: PathBuf,
    /// What stands behind the stream's name ([`check_suffix`]).
    pub suffix: String,
    /// Whether the time is part of the name.
    pub is_unique: bool,
    /// Whether a file that is there is gone on with. Otherwise the new one has a number in its name.
    pub is_append: bool,
    /// A file ends at this size...
    pub bytes_max: u64,
    /// ...or after so many pictures...
    pub frames_max: u64,
    /// ...and a new one begins at the first keyframe after this time.
    pub interval: Duration,
    /// A file ends while fewer bytes are free on the disk.
    pub free_bytes_min: u64,
}

/// A file that is complete.
#[derive(Clone)]
pub struct Done {
    /// The stream.
    pub stream: StreamPath,
    /// Who published it when the file began, if somebody did.
    pub publisher: Option<Arc<Session>>,
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// How long it is.
    pub duration: Duration,
}

/// What is told of files that are complete. Must return at once.
pub type Told = Box<dyn Fn(Done) + Send + Sync>;

/// Why nothing was begun or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The settings record nothing.
    #[error("nothing is recorded to FLV files (record.flv.what is \"off\")")]
    Off,
    /// The settings leave this app out.
    #[error("streams of this app are not recorded to FLV files (record.flv.apps)")]
    App,
    /// There is no such stream.
    #[error("{0} is not live")]
    NotLive(StreamPath),
    /// The file cannot be written.
    #[error("{0}")]
    File(String),
}

/// Writes the streams of a hub into files.
pub struct FlvRecorder {
    config: Config,
    hub: Arc<Hub>,
    told: Told,
    /// The tasks of streams, by the stream.
    running: Mutex<HashMap<usize, Running>>,
    /// Files that are being written.
    names: Mutex<HashSet<PathBuf>>,
    counts: Counts,
}

struct Running {
    /// Keeps its address from becoming that of another one.
    _stream: Arc<Stream>,
    commands: mpsc::Sender<Command>,
}

/// What files came to, for the metrics.
#[derive(Debug, Default)]
pub struct Counts {
    /// Files that are being written.
    pub open: AtomicU64,
    /// Files that are complete.
    pub files: AtomicU64,
    /// Bytes written.
    pub bytes: AtomicU64,
    /// Files that ended for trouble with the disk, or could not begin.
    pub failures: AtomicU64,
    /// Gaps: the disk was slower than the stream for too long.
    pub gaps: AtomicU64,
}

/// Commands that wait for one stream at most.
const COMMANDS: usize = 4;

impl FlvRecorder {
    /// Records the streams of `hub` from now on. Must be called on a tokio runtime.
    pub fn start(config: Config, hub: &Arc<Hub>, told: Told) -> Arc<Self> {
        let recorder = Arc::new(Self {
            config,
            hub: hub.clone(),
            told,
            running: Mutex::default(),
            names: Mutex::default(),
            counts: Counts::default(),
        });
        if recorder.config.what != What::Off {
            tokio::spawn(recorder.clone().follow());
        }
        recorder
    }

    /// What files came to.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Begins a file of a stream and says which; `None` when there is one already.
    pub async fn begin(self: &Arc<Self>, path: &StreamPath) -> Result<Option<PathBuf>, ControlError> {
        let (reply, answer) = oneshot::channel();
        self.command(path, Command::Begin(reply)).await?;
        let begun = answer.await.map_err(|_| ControlError::NotLive(path.clone()))?;
        begun.map_err(ControlError::File)
    }

    /// Ends the file of a stream and says which; `None` when there is none.
    pub async fn end(self: &Arc<Self>, path: &StreamPath) -> Result<Option<PathBuf>, ControlError> {
        let (reply, answer) = oneshot::channel();
        self.command(path, Command::End(reply)).await?;
        answer.await.map_err(|_| ControlError::NotLive(path.clone()))
    }

    /// Waits until every file is complete: when all streams have ended.
    pub async fn finish(&self) {
        while !self.running().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn command(self: &Arc<Self>, path: &StreamPath, command: Command) -> Result<(), ControlError> {
        if self.config.what == What::Off {
            return Err(ControlError::Off);
        }
        if !self.config.takes(path) {
            return Err(ControlError::App);
        }
        let stream = self.hub.get(path).ok_or_else(|| ControlError::NotLive(path.clone()))?;
        let commands = self.task(&stream);
        commands.send(command).await.map_err(|_| ControlError::NotLive(path.clone()))
    }

    async fn follow(self: Arc<Self>) {
        let mut events = self.hub.events();
        self.hub.streams().iter().for_each(|stream| self.look_at(stream));
        loop {
            match events.recv().await {
                Ok(event) if event.kind == EventKind::PublishStarted => {
                    self.hub.get(&event.path).iter().for_each(|stream| self.look_at(stream));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    self.hub.streams().iter().for_each(|stream| self.look_at(stream));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn look_at(self: &Arc<Self>, stream: &Arc<Stream>) {
        if !self.config.is_manual && self.config.takes(stream.path()) {
            self.task(stream);
        }
    }

    /// The task of a stream, started if there is none.
    fn task(self: &Arc<Self>, stream: &Arc<Stream>) -> mpsc::Sender<Command> {
        let key = Arc::as_ptr(stream).addr();
        let mut running = self.running();
        if let Some(running) = running.get(&key) {
            return running.commands.clone();
        }
        let (commands, receiver) = mpsc::channel(COMMANDS);
        running.insert(key, Running { _stream: stream.clone(), commands: commands.clone() });
        let (recorder, stream) = (self.clone(), stream.clone());
        tokio::spawn(async move {
            task::run(recorder.clone(), stream, receiver).await;
            recorder.running().remove(&key);
        });
        drop(running);
        commands
    }

    fn names(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<usize, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Config {
    fn takes(&self, path: &StreamPath) -> bool {
        let first = path.as_str().split('/').next().unwrap_or_default();
        self.apps.is_empty() || self.apps.iter().any(|app| app == first)
    }

    fn selection(&self) -> Selection {
        Selection { audio: self.what != What::Video, video: self.what != What::Audio }
    }
}

impl Counts {
    fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }
}
