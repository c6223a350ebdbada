//! Stored videos: HLS, DASH, fragments over HTTP and WebSocket, and downloads, straight from the files of the library.
//!
//! A file is packaged when it is asked for: tables are written, media is copied from the object. Kept are only what is
//! known of the files that are open, within `vod.open_bytes_max`, and segments that several ask for, within
//! `vod.kept_bytes_max`. Not here: which videos there are and who may watch them (the [`Library`] and the gate say so),
//! how a file becomes a video, live streams.

mod address;
mod admitted;
mod answer;
mod chunks;
mod fragments;
mod kept;
mod library;
mod log;
mod log_run;
mod open;
mod push;
mod respond;
mod side_files;
mod source;
#[cfg(test)]
pub(in crate::delivery) mod tests;
mod ts_list;

pub use library::{
    CaptionsFile, FileKind, Library, LibraryAway, LibraryFuture, StoredFile, StoredFiles, Video,
};

use admitted::Admitted;
use objects::Objects;
use open::OpenVideos;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The first part of the paths of all videos.
pub const APP: &str = "streams";

/// Settings of `[vod]`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Wanted length of a segment.
    pub segment: Duration,
    /// Memory of all open files at most.
    pub open_bytes_max: usize,
    /// Memory of all segments that are kept because several ask for them.
    pub kept_bytes_max: usize,
    /// How far fragments over a WebSocket run ahead of the time that has passed.
    pub ahead: Duration,
}

/// Stored videos.
pub struct Stored {
    library: Arc<dyn Library>,
    objects: Objects,
    open: Arc<OpenVideos>,
    kept: kept::Kept,
    logs: log::Logs,
    admitted: Admitted,
    ahead: Duration,
    bytes: AtomicU64,
}

impl Stored {
    /// The videos of `library`, whose files are `objects`.
    pub fn new(config: &Config, library: Arc<dyn Library>, objects: Objects) -> Self {
        let open = OpenVideos::new(objects.clone(), config.segment, config.open_bytes_max);
        Self {
            library,
            objects,
            open: Arc::new(open),
            kept: kept::Kept::new(config.kept_bytes_max),
            logs: log::Logs::default(),
            admitted: Admitted::default(),
            ahead: config.ahead,
            bytes: AtomicU64::new(0),
        }
    }

    /// How many files are open, and the memory that takes.
    pub fn open_files(&self) -> (usize, usize) {
        self.open.sizes()
    }

    /// Media bytes of answers that were begun so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }
}
