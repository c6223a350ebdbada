//! The files of one stream, one after the other.

use super::file::{FlvFile, Found};
use super::{Counts, Done, FlvRecorder, name};
use crate::delivery::PacketFormat;
use crate::delivery::flv::Flv;
use bytes::BytesMut;
use hub::{Batch, Session, Start, Stream, StreamPath, StreamState, Subscriber};
use media::{MediaKind, Packet, Timestamp, Track};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};

/// What an operator wants of a stream.
pub(super) enum Command {
    /// A file, from the last keyframe on.
    Begin(oneshot::Sender<std::result::Result<Option<PathBuf>, String>>),
    /// The end of the file.
    End(oneshot::Sender<Option<PathBuf>>),
}

/// So much waits in memory before it is written, or so long.
const WRITE_BYTES: usize = 256 << 10;
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Files with the same name but for a number, at most.
const NUMBERS_MAX: u32 = 1000;
/// In a file that is gone on with, the next tag is so much later than the last one.
const APPEND_STEP_MS: i64 = 40;

/// Writes the files of a stream until it ends.
pub(super) async fn run(
    recorder: Arc<FlvRecorder>,
    stream: Arc<Stream>,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut writer = Writer {
        format: Flv::over_http(recorder.config.selection()),
        subscriber: (!recorder.config.is_manual).then(|| Subscriber::new(stream.clone())),
        recorder,
        stream,
        start: None,
        open: None,
        next_at: None,
    };
    let mut ticks = tokio::time::interval(WRITE_EVERY);
    loop {
        tokio::select! {
            batch = next(&mut writer.subscriber) => match batch {
                Some(batch) => writer.take(batch).await,
                None => break,
            },
            Some(command) = commands.recv() => writer.obey(command).await,
            _ = ticks.tick() => {
                writer.write_out().await;
                if writer.subscriber.is_none() && matches!(writer.stream.state(), StreamState::Ended(_)) {
                    break;
                }
            }
        }
    }
    writer.close().await;
}

/// What comes next; never anything while nothing is recorded.
async fn next(subscriber: &mut Option<Subscriber>) -> Option<Batch> {
    match subscriber {
        Some(subscriber) => subscriber.next().await,
        None => std::future::pending().await,
    }
}

struct Writer {
    recorder: Arc<FlvRecorder>,
    stream: Arc<Stream>,
    format: Flv,
    /// None while nothing is recorded.
    subscriber: Option<Subscriber>,
    /// The tracks at the place that was read last.
    start: Option<Start>,
    open: Option<Open>,
    /// After a file that ended at a limit, the next one begins here.
    next_at: Option<Timestamp>,
}

/// A file that is being written.
struct Open {
    file: Arc<Mutex<FlvFile>>,
    path: PathBuf,
    publisher: Option<Arc<Session>>,
    /// Tags that are not written yet.
    waiting: BytesMut,
    /// Bytes written and waiting.
    bytes: u64,
    /// Whether there is something in the file already, of an earlier broadcast.
    has_header: bool,
    /// Time of the first tag of this broadcast, in milliseconds...
    first_ms: i64,
    /// ...and on the stream's timeline, when there is one.
    base: Option<Timestamp>,
    last_ms: i64,
    frames: u64,
    /// Sound and pictures, as bits of the file header.
    kinds: u8,
}

impl Writer {
    async fn obey(&mut self, command: Command) {
        match command {
            Command::Begin(reply) => {
                let begun = match self.open.is_some() {
                    true => Ok(None),
                    false => self.open_file().await.map(Some),
                };
                if self.subscriber.is_none() && begun.is_ok() {
                    self.subscriber = Some(Subscriber::new(self.stream.clone()));
                }
                let _ = reply.send(begun.map_err(|error| error.to_string()));
            }
            Command::End(reply) => {
                self.subscriber = None;
                let path = self.open.as_ref().map(|open| open.path.clone());
                self.close().await;
                let _ = reply.send(path);
            }
        }
    }

    async fn take(&mut self, batch: Batch) {
        let packets = match batch {
            Batch::Start(start, packets) => {
                if let Some(open) = self.open.as_mut().filter(|open| open.base.is_some()) {
                    Counts::add(&self.recorder.counts.gaps, 1);
                    tracing::warn!(file = %open.path.display(), "there is a gap in an FLV file: the disk is too slow");
                    let at = Start { dts: open.place(start.dts), ..start.clone() };
                    open.push(&self.format.reopening(&at));
                }
                self.start = Some(start);
                packets
            }
            Batch::Packets(packets) => packets,
        };
        for packet in &packets {
            self.take_packet(packet).await;
            if self.subscriber.is_none() {
                return;
            }
        }
        if self.open.as_ref().is_some_and(|open| open.waiting.len() >= WRITE_BYTES) {
            self.write_out().await;
        }
    }

    async fn take_packet(&mut self, packet: &Packet) {
        let config = &self.recorder.config;
        if packet.track_id.kind == MediaKind::Data || !config.selection().takes(packet) {
            return;
        }
        let (interval, bytes_max, frames_max) = (config.interval, config.bytes_max, config.frames_max);
        if packet.is_config() {
            self.learn(packet);
        } else if self.may_begin_at(packet) {
            let is_due =
                |base: Timestamp| !interval.is_zero() && packet.dts.saturating_since(base) >= interval;
            if self.open.as_ref().and_then(|open| open.base).is_some_and(is_due) {
                self.close().await;
            }
            if self.open.is_none() && self.next_at.is_none_or(|at| packet.dts >= at) {
                self.next_at = None;
                if let Err(error) = self.open_file().await {
                    return self.give_up(&error).await;
                }
            }
            self.begin_at(packet.dts);
        }
        let Some(open) = self.open.as_mut() else { return };
        let Some(base) = open.base else { return };
        open.push_packet(&self.format, packet);
        let is_full = bytes_max > 0 && open.bytes >= bytes_max || frames_max > 0 && open.frames >= frames_max;
        if is_full {
            self.close().await;
            match interval.is_zero() {
                true => self.subscriber = None,
                false => self.next_at = Some(base + interval),
            }
        }
    }

    /// Keeps the tracks as they are at the place that is read.
    fn learn(&mut self, config: &Packet) {
        let track = Track::from_config(config.track_id, config.codec, config.payload.clone());
        let (Some(start), Ok(track)) = (&mut self.start, track) else { return };
        let mut tracks = start.tracks.to_vec();
        tracks.retain(|other| other.id != track.id);
        tracks.push(Arc::new(track));
        tracks.sort_by_key(|track| track.id);
        start.tracks = tracks.into();
    }

    /// Whether a decoder can begin with this packet.
    fn may_begin_at(&self, packet: &Packet) -> bool {
        let has_video = self.recorder.config.selection().video
            && self
                .start
                .iter()
                .any(|start| start.tracks.iter().any(|track| track.id.kind == MediaKind::Video));
        !has_video || (packet.is_video() && packet.is_keyframe() && packet.track_id.index == 0)
    }

    /// The first tag of a file is to follow, if it has none yet.
    fn begin_at(&mut self, dts: Timestamp) {
        let Some(open) = self.open.as_mut().filter(|open| open.base.is_none()) else { return };
        let Some(start) = &self.start else { return };
        open.base = Some(dts);
        let metadata = self.stream.metadata();
        let at = Start { dts: Timestamp::from_millis(open.first_ms), metadata, ..start.clone() };
        let opening = match open.has_header {
            true => self.format.reopening(&at),
            false => self.format.file_opening(&at),
        };
        open.push(&opening);
    }

    async fn open_file(&mut self) -> Result<PathBuf> {
        let (recorder, stream) = (self.recorder.clone(), self.stream.path().clone());
        let (file, found) = blocking(move || open_file(&recorder, &stream)).await?;
        let has_header = found.bytes > 0;
        let first_ms = if has_header { i64::from(found.last_ms) + APPEND_STEP_MS } else { 0 };
        let path = file.path().to_owned();
        tracing::info!(stream = %self.stream.path(), file = %path.display(), "an FLV file begins");
        Counts::add(&self.recorder.counts.open, 1);
        self.open = Some(Open {
            file: Arc::new(Mutex::new(file)),
            path: path.clone(),
            publisher: self.stream.publisher(),
            waiting: BytesMut::new(),
            bytes: found.bytes,
            has_header,
            first_ms,
            base: None,
            last_ms: first_ms,
            frames: 0,
            kinds: 0,
        });
        Ok(path)
    }

    async fn write_out(&mut self) {
        let Some(open) = &mut self.open else { return };
        if let Err(error) = open.write(&self.recorder).await {
            self.give_up(&error).await;
        }
    }

    /// Nothing more is recorded of this stream, unless somebody asks for it.
    async fn give_up(&mut self, error: &Error) {
        Counts::add(&self.recorder.counts.failures, 1);
        tracing::warn!(stream = %self.stream.path(), %error, "recording to an FLV file ends; the stream goes on");
        self.subscriber = None;
        self.close().await;
    }

    async fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let counts = &self.recorder.counts;
        let path = open.path.clone();
        let failed = |error: Error| {
            Counts::add(&counts.failures, 1);
            tracing::warn!(file = %path.display(), %error, "an FLV file could not be completed");
        };
        open.write(&self.recorder).await.unwrap_or_else(failed);
        let duration_ms = u64::try_from(open.last_ms).unwrap_or(0);
        let (file, kinds) = (open.file.clone(), open.kinds);
        let finished = blocking(move || {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.finish(kinds, duration_ms).map(|()| file.bytes())
        });
        let bytes = finished.await.unwrap_or_else(|error| {
            failed(error);
            open.bytes
        });
        self.recorder.names().remove(&open.path);
        counts.open.fetch_sub(1, Relaxed);
        if open.base.is_none() {
            return;
        }
        Counts::add(&counts.files, 1);
        tracing::info!(stream = %self.stream.path(), file = %open.path.display(), bytes, "an FLV file is complete");
        (self.recorder.told)(Done {
            stream: self.stream.path().clone(),
            publisher: open.publisher,
            file: open.path,
            bytes,
            duration: Duration::from_millis(duration_ms),
        });
    }
}

impl Open {
    /// A time of the stream as a time of the file.
    fn place(&self, time: Timestamp) -> Timestamp {
        let since = self.base.map_or(0, |base| time.micros_since(base));
        Timestamp::from_micros(self.first_ms * 1000 + since.max(0))
    }

    fn push(&mut self, tags: &[u8]) {
        self.waiting.extend_from_slice(tags);
        self.bytes += tags.len() as u64;
    }

    fn push_packet(&mut self, format: &Flv, packet: &Packet) {
        let packet = Packet { dts: self.place(packet.dts), pts: self.place(packet.pts), ..packet.clone() };
        let before = self.waiting.len();
        format.append(&packet, &mut self.waiting);
        self.bytes += (self.waiting.len() - before) as u64;
        self.last_ms = self.last_ms.max(packet.dts.as_millis());
        self.frames += u64::from(packet.is_video() && !packet.is_config() && packet.track_id.index == 0);
        self.kinds |= if packet.is_video() { HAS_VIDEO } else { HAS_AUDIO };
    }

    async fn write(&mut self, recorder: &FlvRecorder) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let tags = self.waiting.split().freeze();
        let (file, folder, free_bytes_min) =
            (self.file.clone(), recorder.config.folder.clone(), recorder.config.free_bytes_min);
        let len = tags.len() as u64;
        blocking(move || {
            has_room(&folder, free_bytes_min)?;
            file.lock().unwrap_or_else(PoisonError::into_inner).add(&tags)
        })
        .await?;
        Counts::add(&recorder.counts.bytes, len);
        Ok(())
    }
}

/// The bits of the file header that say what is inside.
const HAS_VIDEO: u8 = 1;
const HAS_AUDIO: u8 = 4;

/// Does what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::other(error)))
}

/// A file of this stream that nobody else writes.
fn open_file(recorder: &FlvRecorder, stream: &StreamPath) -> Result<(FlvFile, Found)> {
    let config = &recorder.config;
    std::fs::create_dir_all(&config.folder)?;
    has_room(&config.folder, config.free_bytes_min)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    for number in 0..NUMBERS_MAX {
        let path = name::path(&config.folder, stream, config.is_unique, number, &config.suffix, now_ms);
        if !recorder.names().insert(path.clone()) {
            continue;
        }
        let opened = match config.is_append {
            true => FlvFile::open(&path),
            false => FlvFile::create(&path).map(|file| (file, Found::default())),
        };
        let error = match opened {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        recorder.names().remove(&path);
        if error.kind() != ErrorKind::AlreadyExists {
            return Err(Error::new(error.kind(), format!("{}: {error} (record.flv.path)", path.display())));
        }
    }
    let expected = "record.flv.suffix with a time, or record.flv.unique";
    Err(Error::other(format!("there are {NUMBERS_MAX} files of {stream} already; expected {expected}")))
}

fn has_room(folder: &Path, free_bytes_min: u64) -> Result<()> {
    match objects::free_bytes(folder) {
        Some(free_bytes) if free_bytes < free_bytes_min => Err(Error::new(
            ErrorKind::StorageFull,
            format!(
                "{free_bytes} bytes are free in {}, expected {free_bytes_min} (record.free_bytes_min)",
                folder.display()
            ),
        )),
        _ => Ok(()),
    }
}
