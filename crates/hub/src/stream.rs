use crate::StreamPath;
use crate::event::{Event, EventKind};
use crate::gate::{Action, Credential};
use crate::publisher::PushError;
use crate::ring::{Limits, Ring, Tracks};
use crate::session::{Protocol, Session, SessionId, unix_ms};
use arc_swap::ArcSwap;
use media::{Metadata, Packet, Timeline, Timestamp, Track, TrackId, TrackInfo};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, watch};

/// One live source, named by its path: who publishes it, its last packets, who watches.
pub struct Stream {
    path: StreamPath,
    started_at_ms: u64,
    merge: Duration,
    hold: Duration,
    tracks_max: usize,
    inner: Mutex<Inner>,
    progress: watch::Sender<Progress>,
    observers: ArcSwap<Vec<(ObserverId, Arc<dyn Observer>)>>,
    viewers: Mutex<HashMap<SessionId, Arc<Session>>>,
    counters: Counters,
    events: broadcast::Sender<Event>,
}

/// Whether somebody publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// A publisher holds the lease.
    Live,
    /// The publisher is gone and may come back; viewers stay.
    Held,
    /// Nobody came back.
    Ended(StopReason),
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The publisher stayed away for longer than the hold.
    PublisherGone,
    /// Somebody with the right to do so ended it.
    Kicked,
    /// The server stops.
    Shutdown,
}

/// How far a stream may be read, and whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) readable_end: u64,
    pub(crate) state: StreamState,
}

struct Inner {
    ring: Ring,
    timeline: Timeline,
    tracks: Tracks,
    /// Tracks of an earlier publisher of which the present one has sent nothing yet.
    stale_tracks: Vec<TrackId>,
    /// When the present publisher's first packet came, while there are such tracks.
    stale_since: Option<Timestamp>,
    metadata: Metadata,
    /// One past the last packet subscribers may read; audio waits here for the next picture.
    readable_end: u64,
    /// Decode time of the last packet when packets last became readable.
    handed_out_at: Option<Timestamp>,
    state: StreamState,
    /// Counts publishers; a push from an earlier one is refused.
    epoch: u64,
    credential: Credential,
    publisher: Option<Arc<Session>>,
    left_at: Option<Instant>,
    ingest: IngestStats,
}

/// What came in, for the API and the metrics.
#[derive(Clone, Debug, Default)]
pub struct IngestStats {
    /// Media bytes of pictures.
    pub video_bytes: u64,
    /// Media bytes of sound.
    pub audio_bytes: u64,
    /// Coded pictures.
    pub video_packets: u64,
    /// Coded sound packets.
    pub audio_packets: u64,
    /// Time between the last two keyframes.
    pub keyframe_interval: Option<Duration>,
    /// Bits per second over the last seconds.
    pub video_bps: u64,
    /// Bits per second over the last seconds.
    pub audio_bps: u64,
    /// Packets that belonged to no announced track.
    pub dropped_packets: u64,
    /// Time of the newest sound minus time of the newest picture, milliseconds.
    pub av_skew_ms: i64,
    last_keyframe: Option<Timestamp>,
    last_video: Option<Timestamp>,
    window: Option<(Timestamp, u64, u64)>,
}

/// Media that went out and what it took, by protocol.
#[derive(Default)]
pub struct Counters {
    bytes: [AtomicU64; PROTOCOLS],
    joins: [AtomicU64; PROTOCOLS],
    skips: [AtomicU64; PROTOCOLS],
}

const PROTOCOLS: usize = 9;

impl Counters {
    /// Counts bytes written to viewers of `protocol`.
    pub fn add_bytes(&self, protocol: Protocol, bytes: u64) {
        self.bytes[protocol as usize].fetch_add(bytes, Relaxed);
    }
    /// Counts a slow viewer of `protocol` moved forward.
    pub fn add_skip(&self, protocol: Protocol) {
        self.skips[protocol as usize].fetch_add(1, Relaxed);
    }
    /// Bytes written, viewers that joined, skips.
    pub fn of(&self, protocol: Protocol) -> (u64, u64, u64) {
        let at = protocol as usize;
        (self.bytes[at].load(Relaxed), self.joins[at].load(Relaxed), self.skips[at].load(Relaxed))
    }
    /// Bytes written in all protocols.
    pub fn bytes_total(&self) -> u64 {
        self.bytes.iter().map(|bytes| bytes.load(Relaxed)).sum()
    }
}

/// Told when a stream can be read further or changed its state. Must return at once.
pub trait Observer: Send + Sync {
    /// There is something new to read, or [`Stream::state`] changed.
    fn advanced(&self);
}

/// Names an observer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObserverId(u64);

/// Where a subscriber begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// Sequence number of the first packet to read.
    pub sequence: u64,
    /// The tracks as they are at that packet.
    pub tracks: Arc<[Arc<Track>]>,
    /// What the encoder said of itself.
    pub metadata: Metadata,
    /// Decode time of that packet.
    pub dts: Timestamp,
}

/// What became of a wish to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Packets were added; read on from here.
    Next(u64),
    /// Nothing new yet.
    UpToDate,
    /// Too far behind: ask for a [`Start`] again.
    Lagged,
}

impl Stream {
    pub(crate) fn new(
        path: StreamPath,
        limits: Limits,
        merge: Duration,
        hold: Duration,
        events: broadcast::Sender<Event>,
    ) -> Self {
        let tracks_max = limits.tracks_max;
        Self {
            path,
            started_at_ms: unix_ms(),
            merge,
            hold,
            tracks_max,
            inner: Mutex::new(Inner {
                ring: Ring::new(limits),
                timeline: Timeline::new(ORIGIN, None),
                tracks: Arc::new([]),
                stale_tracks: Vec::new(),
                stale_since: None,
                metadata: Metadata::default(),
                readable_end: 0,
                handed_out_at: None,
                state: StreamState::Held,
                epoch: 0,
                credential: Credential::None,
                publisher: None,
                left_at: None,
                ingest: IngestStats::default(),
            }),
            progress: watch::Sender::new(Progress { readable_end: 0, state: StreamState::Held }),
            observers: ArcSwap::default(),
            viewers: Mutex::default(),
            counters: Counters::default(),
            events,
        }
    }

    /// Its public name.
    pub fn path(&self) -> &StreamPath {
        &self.path
    }

    /// When its first publisher came, unix milliseconds.
    pub fn started_at_ms(&self) -> u64 {
        self.started_at_ms
    }

    /// Whether somebody publishes.
    pub fn state(&self) -> StreamState {
        self.lock().state
    }

    /// The tracks announced so far.
    pub fn tracks(&self) -> Arc<[Arc<Track>]> {
        self.lock().tracks.clone()
    }

    /// The session that publishes now.
    pub fn publisher(&self) -> Option<Arc<Session>> {
        self.lock().publisher.clone()
    }

    /// What came in.
    pub fn ingest(&self) -> IngestStats {
        self.lock().ingest.clone()
    }

    /// The newest decode time on the stream's timeline.
    pub fn last_dts(&self) -> Timestamp {
        self.lock().ring.last_dts().unwrap_or(ORIGIN)
    }

    /// What the encoder said of itself.
    pub fn metadata(&self) -> Metadata {
        self.lock().metadata.clone()
    }

    /// What went out.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Everybody who watches.
    pub fn viewers(&self) -> Vec<Arc<Session>> {
        let viewers = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.values().cloned().collect()
    }

    /// How many watch.
    pub fn viewer_count(&self) -> usize {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// A viewer came. Pair it with [`Stream::remove_viewer`].
    pub fn add_viewer(&self, session: &Arc<Session>) {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner).insert(session.id, session.clone());
        self.counters.joins[session.protocol as usize].fetch_add(1, Relaxed);
        let _ = self.events.send(Event::of(EventKind::PlayStarted, &self.path, session));
    }

    /// A viewer is gone.
    pub fn remove_viewer(&self, session: &Session) {
        if self.viewers.lock().unwrap_or_else(PoisonError::into_inner).remove(&session.id).is_some() {
            let _ = self.events.send(Event::of(EventKind::PlayEnded, &self.path, session));
        }
    }

    /// Where somebody who joins now begins: the last keyframe. Nothing while one is awaited.
    pub fn start(&self) -> Option<Start> {
        let inner = self.lock();
        let (sequence, tracks) = inner.ring.start(&inner.tracks, inner.readable_end)?;
        let dts = inner.ring.get(sequence)?.dts;
        Some(Start { sequence, tracks, metadata: inner.metadata.clone(), dts })
    }

    /// Appends up to `count` packets from sequence number `from` on to `out`.
    pub fn read(&self, from: u64, count: usize, out: &mut Vec<Packet>) -> Read {
        let inner = self.lock();
        let before = out.len();
        if !inner.ring.read(from, inner.readable_end, count, out) {
            return Read::Lagged;
        }
        match out.len() - before {
            0 => Read::UpToDate,
            n => Read::Next(from + n as u64),
        }
    }

    /// Decode time of the packet at `sequence`, or of the first one kept when that one is gone; nothing when there is no
    /// such packet to read yet.
    pub fn dts_at(&self, sequence: u64) -> Option<Timestamp> {
        let inner = self.lock();
        (sequence < inner.readable_end).then(|| inner.ring.get_or_first(sequence).map(|packet| packet.dts))?
    }

    /// One past the last sequence number that can be read.
    pub fn readable_end(&self) -> u64 {
        self.lock().readable_end
    }

    /// Calls `observer` whenever there is more to read, until [`Stream::unobserve`].
    pub fn observe(&self, observer: &Arc<impl Observer + 'static>) -> ObserverId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = ObserverId(NEXT.fetch_add(1, Relaxed));
        self.observers.rcu(|observers| {
            let mut observers = Vec::clone(observers);
            let observer: Arc<dyn Observer> = observer.clone();
            observers.push((id, observer));
            observers
        });
        id
    }

    /// Stops calling an observer.
    pub fn unobserve(&self, id: ObserverId) {
        self.observers.rcu(|observers| {
            let mut observers = Vec::clone(observers);
            observers.retain(|(other, _)| *other != id);
            observers
        });
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Ends the stream now, whoever publishes or watches.
    pub fn end(&self, reason: StopReason) {
        self.close(None, reason);
    }

    /// A new publisher takes the lease, or is told who has it.
    pub(crate) fn lease(
        &self,
        session: &Arc<Session>,
        credential: &Credential,
        wrap: Option<Duration>,
    ) -> Result<u64, LeaseError> {
        let mut inner = self.lock();
        let previous = match inner.state {
            StreamState::Ended(_) => return Err(LeaseError::Ended),
            StreamState::Live if !credential.proves_same_as(&inner.credential) => {
                return Err(LeaseError::Busy);
            }
            StreamState::Live => inner.publisher.take(),
            StreamState::Held => None,
        };
        let away = inner.left_at.take().map_or(Duration::ZERO, |left_at| left_at.elapsed());
        if inner.epoch > 0 {
            inner.timeline.resume(away);
            inner.ring.forget_gop();
            inner.stale_tracks = inner.tracks.iter().map(|track| track.id).collect();
            inner.stale_since = None;
        }
        inner.timeline.set_wrap(wrap);
        inner.epoch += 1;
        inner.state = StreamState::Live;
        inner.credential = credential.clone();
        inner.publisher = Some(session.clone());
        inner.ingest.window = None;
        let epoch = inner.epoch;
        drop(inner);
        if let Some(previous) = previous {
            tracing::info!(stream = %self.path, session = %previous.id, by = %session.id, "publisher taken over");
            previous.kick();
            let _ = self.events.send(Event::of(EventKind::PublishEnded, &self.path, &previous));
        }
        let _ = self.events.send(Event::of(EventKind::PublishStarted, &self.path, session));
        self.announce();
        Ok(epoch)
    }

    /// The publisher of `epoch` is gone. Returns how long the stream is held, if it is.
    pub(crate) fn left(&self, epoch: u64) -> Option<Duration> {
        let mut inner = self.lock();
        if inner.epoch != epoch || inner.state != StreamState::Live {
            return None;
        }
        inner.state = StreamState::Held;
        inner.left_at = Some(Instant::now());
        inner.readable_end = inner.ring.end();
        let session = inner.publisher.take();
        drop(inner);
        if let Some(session) = session {
            let _ = self.events.send(Event::of(EventKind::PublishEnded, &self.path, &session));
        }
        self.announce();
        Some(self.hold)
    }

    /// Ends the stream when it is still held since the publisher of `epoch` left.
    pub(crate) fn end_if_held(&self, epoch: u64) -> bool {
        let still_held = {
            let inner = self.lock();
            inner.epoch == epoch && inner.state == StreamState::Held
        };
        still_held && self.close(Some(epoch), StopReason::PublisherGone)
    }

    fn close(&self, only_epoch: Option<u64>, reason: StopReason) -> bool {
        let mut inner = self.lock();
        if matches!(inner.state, StreamState::Ended(_))
            || only_epoch.is_some_and(|epoch| epoch != inner.epoch)
        {
            return false;
        }
        inner.state = StreamState::Ended(reason);
        inner.readable_end = inner.ring.end();
        let session = inner.publisher.take();
        drop(inner);
        if let Some(session) = &session {
            session.kick();
            let _ = self.events.send(Event::of(EventKind::PublishEnded, &self.path, session));
        }
        let _ = self.events.send(Event {
            kind: EventKind::StreamEnded,
            path: self.path.clone(),
            session_id: session.as_ref().map_or_else(SessionId::random, |session| session.id),
            action: Action::Publish,
            protocol: session.as_ref().map_or(Protocol::Pull, |session| session.protocol),
            remote: session.as_ref().map_or(std::net::IpAddr::from([0, 0, 0, 0]), |session| session.remote),
            args: crate::Args::default(),
            client: Arc::default(),
            bytes: 0,
            at_ms: unix_ms(),
        });
        self.announce();
        true
    }

    /// Places a packet on the timeline and into the ring; tells observers when there is something to read.
    pub(crate) fn push(&self, epoch: u64, mut packet: Packet) -> Result<(), PushError> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        if inner.epoch != epoch || inner.state != StreamState::Live {
            return Err(PushError::LeaseLost);
        }
        if packet.is_config() {
            inner.set_config(&packet, self.tracks_max)?;
        } else if packet.track_id.kind != media::MediaKind::Data
            && !inner.tracks.iter().any(|track| track.id == packet.track_id && track.codec == packet.codec)
        {
            inner.ingest.dropped_packets += 1;
            return Ok(());
        }
        if packet.is_keyframe() {
            inner.learn_size(&packet);
        }
        inner.timeline.place(&mut packet);
        if !inner.stale_tracks.is_empty() {
            inner.forget_stale_tracks(&packet);
        }
        inner.ingest.count(&packet);
        let dts = packet.dts;
        let is_picture = packet.is_video() && !packet.is_config();
        inner.ring.push(packet, &inner.tracks);
        let waited = inner.handed_out_at.map_or(Duration::MAX, |at| dts.saturating_since(at));
        let due = if self.merge > Duration::ZERO {
            waited.saturating_add(CLOCK_ROUNDING) >= self.merge
        } else {
            is_picture || !inner.ring.has_video_now(dts) || waited >= RIDE_MAX
        };
        if due {
            inner.readable_end = inner.ring.end();
            inner.handed_out_at = Some(dts);
        }
        let progress = Progress { readable_end: inner.readable_end, state: inner.state };
        drop(guard);
        if due {
            self.tell(progress);
        }
        Ok(())
    }

    pub(crate) fn set_metadata(&self, metadata: Metadata) {
        self.lock().metadata = metadata;
    }

    fn announce(&self) {
        let inner = self.lock();
        let progress = Progress { readable_end: inner.readable_end, state: inner.state };
        drop(inner);
        self.tell(progress);
    }

    fn tell(&self, progress: Progress) {
        if self.progress.receiver_count() > 0 {
            self.progress.send_replace(progress);
        }
        for (_, observer) in self.observers.load().iter() {
            observer.advanced();
        }
    }

    /// What a receiver of [`Stream::watch`] would have seen last.
    pub(crate) fn progress(&self) -> Progress {
        let inner = self.lock();
        Progress { readable_end: inner.readable_end, state: inner.state }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held ended that session; the ring itself is consistent between statements.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Streams start here rather than at zero, so that sound a little older than the first picture keeps its place.
const ORIGIN: Timestamp = Timestamp::from_millis(1000);
/// Sound waits for the next picture this long at most.
const RIDE_MAX: Duration = Duration::from_millis(100);

/// How long the tracks of an earlier publisher stay announced while the present one sends none of them, nor a keyframe.
const STALE_TRACKS_MAX: Duration = Duration::from_secs(2);

/// Encoders round times to milliseconds, so three pictures of 33.3 ms may seem a little less than 100 ms.
const CLOCK_ROUNDING: Duration = Duration::from_millis(2);

/// Why the lease was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseError {
    Busy,
    Ended,
}

impl Inner {
    fn set_config(&mut self, packet: &Packet, tracks_max: usize) -> Result<(), PushError> {
        let track = Track::from_config(packet.track_id, packet.codec, packet.payload.clone())?;
        if let TrackInfo::Audio(audio) = &track.info {
            // Without a fixed packet length there is no clock, and none may stay from an earlier codec.
            self.timeline.set_audio_clock(track.id, audio.samples_per_packet.unwrap_or(0), audio.sample_rate);
        }
        let mut tracks = self.tracks.to_vec();
        tracks.retain(|other| other.id != track.id);
        if tracks.len() >= tracks_max {
            return Err(PushError::TooManyTracks(tracks_max));
        }
        tracks.push(Arc::new(track));
        tracks.sort_by_key(|track| track.id);
        self.tracks = tracks.into();
        Ok(())
    }
}

impl Inner {
    /// A publisher announces its tracks before its first keyframe. What an earlier one had beyond them is gone with that
    /// keyframe, or after a while without pictures, so that nobody who joins waits for it.
    fn forget_stale_tracks(&mut self, packet: &Packet) {
        self.stale_tracks.retain(|id| *id != packet.track_id);
        let since = *self.stale_since.get_or_insert(packet.dts);
        let begins_gop = packet.is_keyframe() && packet.track_id.index == 0;
        if begins_gop || packet.dts.saturating_since(since) > STALE_TRACKS_MAX {
            let stale = std::mem::take(&mut self.stale_tracks);
            self.tracks = self.tracks.iter().filter(|track| !stale.contains(&track.id)).cloned().collect();
        }
    }

    /// Some decoder configs do not state the picture size; the first keyframe does.
    fn learn_size(&mut self, keyframe: &Packet) {
        let lacks_size = |track: &Track| matches!(&track.info, TrackInfo::Video(video) if video.width == 0);
        let Some(at) =
            self.tracks.iter().position(|track| track.id == keyframe.track_id && lacks_size(track))
        else {
            return;
        };
        let mut tracks = self.tracks.to_vec();
        if let Some(track) = tracks.get_mut(at)
            && Arc::make_mut(track).learn_size(&keyframe.payload)
        {
            self.tracks = tracks.into();
        }
    }
}

impl IngestStats {
    fn count(&mut self, packet: &Packet) {
        let bytes = packet.payload.len() as u64;
        let dts = packet.dts;
        let (start, video, audio) = self.window.get_or_insert((dts, 0, 0));
        if packet.is_video() {
            *video += bytes;
        } else {
            *audio += bytes;
        }
        let span = dts.saturating_since(*start).as_micros() as u64;
        if span >= RATE_WINDOW_MICROS {
            self.video_bps = *video * 8_000_000 / span;
            self.audio_bps = *audio * 8_000_000 / span;
            self.window = Some((dts, 0, 0));
        }
        if packet.is_video() {
            self.video_bytes += bytes;
            if !packet.is_config() {
                self.video_packets += 1;
                self.last_video = Some(dts);
            }
            if packet.is_keyframe() && packet.track_id.index == 0 {
                self.keyframe_interval = self.last_keyframe.map(|last| dts.saturating_since(last));
                self.last_keyframe = Some(dts);
            }
        } else {
            self.audio_bytes += bytes;
            self.audio_packets += u64::from(!packet.is_config());
            if let Some(last) = self.last_video {
                self.av_skew_ms = dts.micros_since(last) / 1000;
            }
        }
    }
}

/// Bit rates are averaged over this long.
const RATE_WINDOW_MICROS: u64 = 3_000_000;
