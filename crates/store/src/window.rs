use crate::{Error, NewInit, NewSegment, Segment, Snapshot};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The newest segments of a live stream, in memory.
///
/// One task appends; any number read. A reader takes a [`Snapshot`], which costs one short shared lock and one
/// reference count, and then works on it undisturbed. Appending copies the list of references (not the bytes) when
/// a reader still holds the last snapshot: once per segment, so cheap beside making the segment.
#[derive(Debug)]
pub struct LiveWindow {
    limits: Limits,
    sender: watch::Sender<Arc<Snapshot>>,
}

/// How much a window lists and keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether old segments leave the list.
    pub kind: WindowKind,
    /// A live list covers at least this much time, once the stream has lasted so long …
    pub window_duration: Duration,
    /// … but has no more segments than this. Never fewer than three are listed (RFC 8216 §6.2.2).
    pub window_segments: usize,
    /// Segments kept behind the list, for players that read an older list and are slow to fetch.
    pub keep_after_list: usize,
    /// Bytes of all segments kept at most; the oldest go first, listed or not.
    pub bytes_max: usize,
}

/// Whether old segments leave the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowKind {
    /// The list slides along with the stream.
    #[default]
    Live,
    /// The list keeps everything from the start, until [`Limits::bytes_max`] forces it to slide.
    Event,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            kind: WindowKind::Live,
            window_duration: Duration::from_secs(12),
            window_segments: 32,
            keep_after_list: 3,
            bytes_max: 256 << 20,
        }
    }
}

/// A playlist from which segments leave must cover three target durations (RFC 8216 §6.2.2).
pub(crate) const LISTED_MIN: usize = 3;

impl LiveWindow {
    /// An empty window. Its first segment will have the number `first_sequence`: for a stream path that had a
    /// window before, more than any number that one used, so that players and caches never see a number twice.
    pub fn new(limits: Limits, first_sequence: u64) -> Self {
        let snapshot = Snapshot::new(limits.kind, first_sequence);
        Self { limits, sender: watch::Sender::new(Arc::new(snapshot)) }
    }

    /// Sets what the segments appended from now on need. Setting the same again changes nothing: a publisher that
    /// comes back as it went keeps the names of its files, which some players (ffmpeg on DASH) cannot change.
    pub fn set_init(&self, init: NewInit) {
        self.sender.send_if_modified(|snapshot| {
            let is_new = !snapshot.has_init(&init);
            if is_new {
                Arc::make_mut(snapshot).set_init(init);
            }
            is_new
        });
    }

    /// Adds a finished segment and lets go of what the limits no longer allow.
    pub fn append(&self, segment: NewSegment) -> Result<Arc<Segment>, Error> {
        let mut result = Err(Error::Ended { start: segment.span.start });
        self.sender.send_if_modified(|snapshot| {
            result = snapshot
                .check(&segment, &self.limits)
                .map(|init| Arc::make_mut(snapshot).append(segment, init, &self.limits));
            result.is_ok()
        });
        result
    }

    /// Marks the end of the stream: what is kept stays, nothing follows.
    pub fn end(&self) {
        self.sender.send_modify(|snapshot| Arc::make_mut(snapshot).end());
    }

    /// The log as it is now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.sender.borrow())
    }

    /// Waits until the log has, or had, the segment `sequence`, or has ended. The caller sets the time limit.
    pub async fn wait_for_segment(&self, sequence: u64) -> Arc<Snapshot> {
        let mut receiver = self.sender.subscribe();
        let reached =
            receiver.wait_for(|snapshot| snapshot.next_sequence() > sequence || snapshot.is_ended());
        match reached.await {
            Ok(snapshot) => Arc::clone(&snapshot),
            // The sender lives as long as `self`.
            Err(_) => self.snapshot(),
        }
    }

    /// Waits for the first segment, or the end.
    pub async fn wait_for_first_segment(&self) -> Arc<Snapshot> {
        let first_sequence = self.sender.borrow().first_sequence();
        self.wait_for_segment(first_sequence).await
    }
}

#[cfg(test)]
mod tests;
