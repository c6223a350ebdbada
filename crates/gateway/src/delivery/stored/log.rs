//! Recordings: the segments that were live, as a video. The playlists come from the index, which is read again after a
//! few seconds while somebody asks, so that a recording that is being made grows for its viewers.

use super::Stored;
use super::address::{Address, Item};
use super::answer::{REDIRECT_TTL, disposition, start_s};
use super::library::Video;
use super::log_run::LogRun;
use super::push::Run;
use super::respond::{About, Wanted, cache, redirect};
use super::source::Source;
use crate::delivery::http::{MediaError, MediaRequest};
use crate::delivery::segmented::Text;
use crate::record::read_log;
use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use http_body_util::StreamBody;
use hyper::body::Frame;
use mp4::Piece;
use objects::{Error, Objects};
use packaging::{dash, hls};
use std::collections::HashMap;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use store::{DashOptions, HlsOptions, LogBytes, Name, RecordedLog};
use tokio::sync::mpsc;

/// The indices of recordings that were asked for last.
#[derive(Default)]
pub(super) struct Logs(Mutex<HashMap<String, (Instant, Arc<RecordedLog>)>>);

/// An index is good for so long.
const FRESH: Duration = Duration::from_secs(5);
/// Indices kept at most, of up to a few MiB each.
const LOGS_MAX: usize = 64;
/// The folder of a recording's playlist and segments.
const FOLDER: &str = "log";
/// What segments of recordings were asked to last: as `hls.segment_ms` was, give or take.
const TARGET: Duration = Duration::from_secs(2);
/// Segments read ahead of a download.
const PIECES_AHEAD: usize = 1;

impl Logs {
    pub(super) async fn get(&self, objects: &Objects, prefix: &str) -> Result<Arc<RecordedLog>, MediaError> {
        let known = self.lock().get(prefix).cloned();
        if let Some((at, log)) = known
            && at.elapsed() < FRESH
        {
            return Ok(log);
        }
        let log = Arc::new(read_log(objects, prefix).await?);
        let mut logs = self.lock();
        if logs.len() >= LOGS_MAX {
            let oldest = logs.iter().min_by_key(|(_, (at, _))| *at).map(|(prefix, _)| prefix.clone());
            oldest.into_iter().for_each(|prefix| drop(logs.remove(&prefix)));
        }
        logs.insert(prefix.to_owned(), (Instant::now(), log.clone()));
        Ok(log)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Arc<RecordedLog>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    pub(super) async fn recording(
        self: &Arc<Self>,
        video: &Video,
        prefix: &str,
        address: &Address,
        request: MediaRequest,
    ) -> Result<Response, MediaError> {
        let log = self.logs.get(&self.objects, prefix).await?;
        if log.is_empty() {
            return Err(MediaError::NotReady("nothing of this recording is written yet".to_owned()));
        }
        if address.item == Item::Fragments && request.is_websocket() {
            let run = LogRun::new(prefix, log, &request)?;
            return self.push_over_websocket(request, Run::Log(run));
        }
        let (query, request) = (request.query.clone(), &request);
        match &address.item {
            Item::FlatPlaylist | Item::Multivariant => {
                let variants =
                    log.variant(format!("{}{FOLDER}/{}", address.prefix, super::address::LIST), TARGET);
                let playlist = hls::MultivariantPlaylist {
                    independent_segments: log.segments().iter().all(|segment| segment.span.independent),
                    query,
                    variants: variants.into_iter().collect(),
                    ..hls::MultivariantPlaylist::default()
                };
                Ok(Text::new(hls::MIME_TYPE, playlist.to_string()).respond(&request.headers).0)
            }
            Item::List(folder) if folder == FOLDER => {
                let options = HlsOptions { target: TARGET, query, ..HlsOptions::default() };
                let mut playlist = log.media_playlist(&options);
                playlist.start_offset_s = start_s(request)?;
                Ok(Text::new(hls::MIME_TYPE, playlist.to_string()).respond(&request.headers).0)
            }
            Item::Manifest => {
                let prefix = format!("{}{FOLDER}/", address.prefix);
                let options = DashOptions { target: TARGET, prefix, query, ..DashOptions::default() };
                let mpd = log.mpd(&options);
                Ok(Text::new(dash::MIME_TYPE, mpd.to_string()).respond(&request.headers).0)
            }
            Item::Piece(folder, name) if folder == FOLDER => {
                self.piece_of_log(video, prefix, &log, name, request).await
            }
            Item::Download | Item::Fragments => self.log_as_file(video, prefix, &log, request),
            _ => Err(MediaError::NotFound(format!("the recording {} has no such form", video.id))),
        }
    }

    async fn piece_of_log(
        &self,
        video: &Video,
        prefix: &str,
        log: &RecordedLog,
        name: &Name,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let found =
            log.read(name).ok_or_else(|| MediaError::NotFound(format!("{} has no {name}", video.id)))?;
        let (path, pieces) = match found {
            // No object is read; one that is there stands for it.
            LogBytes::Bytes(bytes) => (store::index_part_name(0), vec![Piece::Bytes(bytes)]),
            LogBytes::Object { sequence, ranges } => {
                (Name::Fmp4 { sequence }.to_string(), ranges.into_iter().map(Piece::Copy).collect())
            }
        };
        let path = format!("{prefix}/{path}");
        if matches!(name, Name::Fmp4 { .. })
            && let Some(url) = self.objects.signed_url(&path, REDIRECT_TTL).await
        {
            return redirect(&url);
        }
        let about = About {
            mime_type: name.mime_type(),
            etag: format!("\"{FOLDER}-{name}\""),
            bytes: pieces.iter().map(Piece::bytes).sum(),
            cache: cache(video.is_public),
        };
        let source = Source::open(&self.objects, &path).await?;
        self.send(&about, source, pieces, request).await
    }

    /// All segments of a part one after the other: a fragmented MP4 file.
    fn log_as_file(
        &self,
        video: &Video,
        prefix: &str,
        log: &RecordedLog,
        request: &MediaRequest,
    ) -> Result<Response, MediaError> {
        let log = part_of(log, request)?;
        let bytes = log.download_bytes();
        let first = log.segments().first().map_or(0, |segment| segment.sequence);
        let about = About {
            mime_type: "video/mp4",
            // It grows while it is being made.
            etag: format!("\"{FOLDER}-{first}-{bytes}\""),
            bytes,
            cache: if video.is_public { "public, no-cache" } else { "private, no-cache" },
        };
        let (mut response, range) = match about.wanted_by(request) {
            Wanted::Nothing(response) => return Ok(response),
            Wanted::Range(response, range) => (response, range),
        };
        if let Ok(disposition) = HeaderValue::try_from(disposition(&video.title)) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        self.count(range.end - range.start);
        let (pieces, body) = mpsc::channel(PIECES_AHEAD);
        tokio::spawn(send_file(self.objects.clone(), prefix.to_owned(), log, range, pieces));
        *response.body_mut() = Body::new(StreamBody::new(Received(body)));
        Ok(response)
    }
}

/// The part that `?part=` names, or the longest.
fn part_of(log: &RecordedLog, request: &MediaRequest) -> Result<RecordedLog, MediaError> {
    let Some(text) = request.args.get("part") else { return Ok(log.of_one_init()) };
    let parts = log.parts();
    let count = parts.len();
    let wanted = text.parse::<usize>().ok().and_then(|number| parts.into_iter().nth(number.checked_sub(1)?));
    wanted.ok_or_else(|| {
        MediaError::NotFound(format!("part is {text:?}, expected 1 to {count}: so many parts it has"))
    })
}

/// Reads a range of the file piece by piece, as fast as somebody takes them.
async fn send_file(
    objects: Objects,
    prefix: String,
    log: RecordedLog,
    range: Range<u64>,
    pieces: mpsc::Sender<Result<Frame<Bytes>, Error>>,
) {
    for piece in log.download(range) {
        let read = match piece {
            LogBytes::Bytes(bytes) => Ok(vec![bytes]),
            LogBytes::Object { sequence, ranges } => {
                let path = format!("{prefix}/{}", Name::Fmp4 { sequence });
                objects.read_all(&path).await.map(|bytes| from_nought(&log, sequence, bytes, &ranges))
            }
        };
        let frames = match read {
            Ok(parts) => parts.into_iter().map(|part| Ok(Frame::data(part))).collect(),
            Err(error) => {
                tracing::warn!(%error, "a download of a recording breaks off");
                vec![Err(error)]
            }
        };
        for frame in frames {
            let is_broken = frame.is_err();
            if pieces.send(frame).await.is_err() || is_broken {
                return;
            }
        }
    }
}

/// Parts of a segment of a file that begins at 0, whenever the stream did, and has no holes.
fn from_nought(log: &RecordedLog, sequence: u64, segment: Bytes, ranges: &[Range<u64>]) -> Vec<Bytes> {
    let mut segment = BytesMut::from(segment);
    if let Err(error) = mp4::rebase_fragments(&mut segment, |number| log.origin_ticks(sequence, number)) {
        tracing::warn!(%error, "a segment of a recording keeps its times in a download");
    }
    let segment = segment.freeze();
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(segment.len());
    ranges.iter().map(|range| segment.slice(at(range.start).min(at(range.end))..at(range.end))).collect()
}

struct Received(mpsc::Receiver<Result<Frame<Bytes>, Error>>);

impl futures_core::Stream for Received {
    type Item = Result<Frame<Bytes>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
