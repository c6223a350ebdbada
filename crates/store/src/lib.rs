//! The log of a stream's finished segments, addressed by sequence number and by time.
//!
//! Today the log is a [`LiveWindow`]: the newest segments, in memory, within limits. One window holds one kind of
//! media: CMAF (which HLS with fMP4 and DASH share) or MPEG-TS. Its [`Snapshot`] answers what a player asks: the
//! playlists, and the bytes behind the [`Name`]s that stand in them.
//!
//! A recording is a [`RecordedLog`]: the same segments on disk or in object storage, known by an index that is written
//! along with them. A stored MP4 file is a [`StoredVideo`]: the same kinds of playlists and names, its segments made on request.
//!
//! Not here: muxing, where to cut (`packaging` decides), reading and writing files, HTTP.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod error;
mod manifest;
mod name;
mod recorded;
mod segment;
mod snapshot;
#[cfg(test)]
mod testing;
mod vod;
mod window;

pub use error::Error;
pub use manifest::{DashOptions, HlsOptions};
pub use name::{Name, NotAName, playlist_name, track_of_playlist};
pub use recorded::{IndexWriter, LogBytes, LogEntry, Recorded, RecordedLog, Run, index_part_name};
pub use segment::{Fragment, Init, Media, NewInit, NewSegment, Segment, TrackInit, TrackSpan};
pub use snapshot::Snapshot;
pub use vod::{Captions, Ladder, StoredVideo, TARGET_MIN, VodOptions};
pub use window::{Limits, LiveWindow, WindowKind};
