//! HLS and DASH: streams cut into segments that are fetched like files.
//!
//! A stream is packaged when somebody asks for it (or from its start on, with `hls.always_on`), once per kind of
//! segments: MPEG-TS for HLS, CMAF for HLS and DASH. Each kind has a task that reads the stream and appends to a
//! window in memory ([`store::LiveWindow`]). One keeper per stream forgets viewers who stopped asking, stops what
//! nobody wants any more, and lets go of everything some time after the stream ended.

mod address;
mod answer;
mod body;
mod muxer;
mod packager;
mod rewind;
#[cfg(test)]
pub(crate) mod testing;
mod viewers;

pub(crate) use answer::{QUERY_BYTES_MAX, is_piece};
pub(crate) use body::{Asked, Text, range};

use crate::record::Recording;
use hub::{Batch, EventKind, Hub, StopReason, Stream, StreamPath, StreamState, Subscriber};
use packager::{Kind, Packager};
use packaging::SegmenterLimits;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::{LiveWindow, WindowKind};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use viewers::Viewers;

/// How streams are cut into segments, and what is kept of them.
#[derive(Clone, Debug)]
pub struct Config {
    /// Wanted length of a segment.
    pub target: Duration,
    /// Length at which a segment without a keyframe is cut all the same.
    pub segment_max: Duration,
    /// Segments in a playlist.
    pub window_segments: usize,
    /// Segments kept beyond the playlist.
    pub keep_segments: usize,
    /// Whether playlists list everything since packaging began.
    pub is_event: bool,
    /// Bytes of segments kept per stream and kind at most.
    pub window_bytes_max: usize,
    /// Whether streams are packaged from their start on.
    pub always_on: bool,
    /// What nobody asked for this long is no longer packaged.
    pub idle_stop: Duration,
}

/// HLS and DASH of all streams.
pub struct Segmented {
    config: Config,
    streams: Mutex<HashMap<StreamPath, Arc<Packaged>>>,
    /// More than any number a segment of this process ever had.
    next_sequence: AtomicU64,
}

/// HLS and DASH of one stream.
pub(crate) struct Packaged {
    stream: Arc<Stream>,
    viewers: Viewers,
    logs: Mutex<[Option<Arc<Log>>; 2]>,
    /// What is kept of it, if it is recorded.
    recording: Mutex<Option<Arc<Recording>>>,
}

/// The CMAF segments of a stream, made for as long as somebody holds this.
pub(crate) struct LiveLog {
    packaged: Arc<Packaged>,
    log: Arc<Log>,
}

/// The segments of one stream in one kind, and the task that makes them.
pub(crate) struct Log {
    window: Arc<LiveWindow>,
    task: AbortHandle,
    last_request: Mutex<Instant>,
    /// Texts made from the window, by what they are and the prefix of their names.
    texts: Mutex<Vec<CachedText>>,
}

struct CachedText {
    item: address::Item,
    prefix: String,
    query: String,
    is_delta: bool,
    version: u64,
    text: Arc<Text>,
}

/// Numbers are counted from 2026-01-01, because some players read them into 32 bits.
const NUMBERS_SINCE_MS: i64 = 1_767_225_600_000;
/// The keeper looks this often.
const KEEPER_PERIOD: Duration = Duration::from_secs(1);
/// A viewer who asked for nothing for three target durations is gone, but not before this.
const VIEWER_IDLE_MIN: Duration = Duration::from_secs(10);
/// The end of a stream can be fetched for three segments, the distance players keep, but not for less than this.
const LINGER_MIN: Duration = Duration::from_secs(10);

impl Segmented {
    /// For the streams of `hub`. Must be called on a tokio runtime.
    pub fn new(config: Config, hub: &Arc<Hub>) -> Arc<Self> {
        let segmented =
            Arc::new(Self { config, streams: Mutex::default(), next_sequence: AtomicU64::new(0) });
        if segmented.config.always_on {
            tokio::spawn(package_always(segmented.clone(), hub.clone()));
        }
        segmented
    }

    /// What is packaged of the stream at `path`, live or just ended.
    fn find(&self, path: &StreamPath) -> Option<Arc<Packaged>> {
        self.streams().get(path).cloned()
    }

    /// A place for what will be packaged of `stream`.
    fn open(self: &Arc<Self>, stream: &Arc<Stream>) -> Arc<Packaged> {
        let mut streams = self.streams();
        if let Some(packaged) =
            streams.get(stream.path()).filter(|packaged| Arc::ptr_eq(&packaged.stream, stream))
        {
            return packaged.clone();
        }
        let packaged = Arc::new(Packaged {
            stream: stream.clone(),
            viewers: Viewers::default(),
            logs: Mutex::default(),
            recording: Mutex::default(),
        });
        // What another stream of this path left behind is let go of by its own keeper.
        if let Some(before) = streams.insert(stream.path().clone(), packaged.clone()) {
            before.logs().iter().flatten().for_each(|log| self.pass_by(log));
        }
        tokio::spawn(self.clone().keep(packaged.clone()));
        packaged
    }

    /// The segments of a kind, made from now on if they are not yet; `None` when the stream is over.
    fn log(&self, packaged: &Packaged, kind: Kind) -> Option<Arc<Log>> {
        let mut logs = packaged.logs();
        let slot = &mut logs[kind as usize];
        if let Some(log) = slot {
            log.touch();
            return Some(log.clone());
        }
        if matches!(packaged.stream.state(), StreamState::Ended(_)) {
            return None;
        }
        let window = Arc::new(LiveWindow::new(self.window_limits(), self.first_sequence()));
        let limits = SegmenterLimits { target: self.config.target, segment_max: self.config.segment_max };
        let packager = Packager::new(kind, limits, self.config.window_bytes_max, window.clone());
        let task = tokio::spawn(package(packager, Subscriber::new(packaged.stream.clone()), window.clone()));
        tracing::debug!(stream = %packaged.stream.path(), ?kind, "packaging starts");
        let log = Arc::new(Log {
            window,
            task: task.abort_handle(),
            last_request: Mutex::new(Instant::now()),
            texts: Mutex::default(),
        });
        Some(slot.insert(log).clone())
    }

    /// The CMAF segments of a stream, made from now on if they are not yet; `None` when the stream is over.
    pub(crate) fn live_log(self: &Arc<Self>, stream: &Arc<Stream>) -> Option<LiveLog> {
        let packaged = self.open(stream);
        let log = self.log(&packaged, Kind::Cmaf)?;
        Some(LiveLog { packaged, log })
    }

    fn window_limits(&self) -> store::Limits {
        store::Limits {
            kind: if self.config.is_event { WindowKind::Event } else { WindowKind::Live },
            // The number of segments alone says how much is listed.
            window_duration: Duration::MAX,
            window_segments: self.config.window_segments,
            keep_after_list: self.config.keep_segments,
            bytes_max: self.config.window_bytes_max,
        }
    }

    /// Where the numbers of a new window begin: above all that were used before, by this process or an earlier one.
    ///
    /// The clock in seconds does that, as long as segments last a second on average; shorter ones need a finer clock.
    /// Discontinuities are counted by it too (`answer::discontinuities_before`), so that no player takes the segments of
    /// two windows, whose times have nothing to do with each other, for one stretch.
    fn first_sequence(&self) -> u64 {
        let tick_ms = i64::try_from(self.config.target.as_millis() / 2).unwrap_or(i64::MAX).clamp(1, 1000);
        let now = u64::try_from((unix_ms() - NUMBERS_SINCE_MS) / tick_ms).unwrap_or(0);
        now.max(self.next_sequence.load(Relaxed))
    }

    /// Looks after a stream until nothing is left to do.
    async fn keep(self: Arc<Self>, packaged: Arc<Packaged>) {
        let stream = &packaged.stream;
        let mut ticks = tokio::time::interval(KEEPER_PERIOD);
        let mut ended_at = None;
        loop {
            ticks.tick().await;
            packaged.viewers.sweep(stream, self.viewer_idle_max());
            if matches!(stream.state(), StreamState::Ended(_)) {
                ended_at.get_or_insert_with(Instant::now);
            } else if self.config.always_on
                && let Some(start) = stream.start()
            {
                // Asking for it keeps it from being idle, too.
                self.log(&packaged, Kind::preferred(&start.tracks));
            }
            let mut streams = self.streams();
            self.stop_idle(&packaged);
            let is_over = ended_at.is_some_and(|at| at.elapsed() >= packaged.linger(self.config.target));
            if is_over || self.is_unused(&packaged) {
                if streams.get(stream.path()).is_some_and(|other| Arc::ptr_eq(other, &packaged)) {
                    streams.remove(stream.path());
                }
                break;
            }
        }
        for log in packaged.logs().iter_mut().filter_map(Option::take) {
            self.stop(&log);
        }
        packaged.viewers.clear(stream);
        tracing::debug!(stream = %stream.path(), "packaging is over");
    }

    /// Stops kinds nobody asked for. Who waits for an answer holds the log.
    fn stop_idle(&self, packaged: &Packaged) {
        for slot in packaged.logs().iter_mut() {
            let is_idle = |log: &mut Arc<Log>| {
                Arc::strong_count(log) == 1 && log.last_request().elapsed() >= self.config.idle_stop
            };
            if let Some(log) = slot.take_if(is_idle) {
                self.stop(&log);
            }
        }
    }

    fn stop(&self, log: &Log) {
        log.task.abort();
        self.pass_by(log);
    }

    /// Lets no later window use the numbers of this one, nor that of the segment it may be about to finish.
    fn pass_by(&self, log: &Log) {
        self.next_sequence.fetch_max(log.window.snapshot().next_sequence() + 1, Relaxed);
    }

    /// Whether nothing is packaged, nobody watches, and no request is about to change that: beside the table and the
    /// keeper nobody holds it.
    fn is_unused(&self, packaged: &Arc<Packaged>) -> bool {
        !self.config.always_on
            && Arc::strong_count(packaged) <= 2
            && packaged.viewers.is_empty()
            && packaged.logs().iter().all(Option::is_none)
    }

    fn viewer_idle_max(&self) -> Duration {
        self.config.target.saturating_mul(3).max(VIEWER_IDLE_MIN)
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<StreamPath, Arc<Packaged>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Packaged {
    fn logs(&self) -> MutexGuard<'_, [Option<Arc<Log>>; 2]> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recording(&self) -> Option<Arc<Recording>> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long the segments stay after the end of the stream.
    fn linger(&self, target: Duration) -> Duration {
        let longest = self.logs().iter().flatten().map(|log| log.window.snapshot().longest()).max();
        longest.unwrap_or_default().max(target).saturating_mul(3).max(LINGER_MIN)
    }
}

impl LiveLog {
    /// The segments.
    pub(crate) fn window(&self) -> &LiveWindow {
        &self.log.window
    }

    /// Whether no segment follows those the window has now.
    pub(crate) fn is_over(&self) -> bool {
        self.log.task.is_finished() || self.log.window.snapshot().is_ended()
    }

    /// Lets viewers go back to what was recorded.
    pub(crate) fn set_recording(&self, recording: Arc<Recording>) {
        *self.packaged.recording.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
    }
}

impl Log {
    /// Somebody wants it.
    fn touch(&self) {
        *self.last_request.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last_request(&self) -> Instant {
        *self.last_request.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a stream into a window until the stream ends.
async fn package(mut packager: Packager, mut subscriber: Subscriber, window: Arc<LiveWindow>) {
    while let Some(batch) = subscriber.next().await {
        let packets = match batch {
            Batch::Start(start, packets) => {
                packager.start(&start.tracks);
                packets
            }
            Batch::Packets(packets) => packets,
        };
        let now_ms = unix_ms();
        for packet in packets {
            packager.push(packet, now_ms);
        }
    }
    packager.finish();
    // A server that stops does not end the stream: players that find no end go on when it is back.
    if subscriber.stream().state() != StreamState::Ended(StopReason::Shutdown) {
        window.end();
    }
}

/// Packages every stream of the hub from its start on.
async fn package_always(segmented: Arc<Segmented>, hub: Arc<Hub>) {
    let mut events = hub.events();
    let open = |stream: &Arc<Stream>| drop(segmented.open(stream));
    hub.streams().iter().for_each(open);
    loop {
        match events.recv().await {
            Ok(event) if event.kind == EventKind::PublishStarted => {
                if let Some(stream) = hub.get(&event.path) {
                    open(&stream);
                }
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => hub.streams().iter().for_each(open),
            Err(RecvError::Closed) => return,
        }
    }
}

/// The wall clock, milliseconds since 1970-01-01.
fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
