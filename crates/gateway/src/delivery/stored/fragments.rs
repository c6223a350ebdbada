//! A stored video as fragments, one behind the other, for media sources and for players that know only MP4.
//!
//! Over HTTP they are read as the viewer takes them. Over a WebSocket, whose messages a browser takes whatever becomes of
//! them, they also keep the pace of the clock, some time ahead of it.

use super::Stored;
use super::answer::start_s;
use super::chunks::{Chunks, More};
use super::library::Video;
use super::open::OpenVideo;
use crate::delivery::http::{MediaError, MediaRequest, selection, switch_to_websocket};
use crate::websocket;
use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header};
use hyper_util::rt::TokioIo;
use media::{MediaKind, Timestamp, TrackId};
use mp4::Piece;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf};
use tokio::time::{Instant, sleep_until, timeout};

/// What of a video a viewer gets, and how far it is.
struct Run {
    open: Arc<OpenVideo>,
    tracks: Vec<TrackId>,
    /// The next segment; none before the init segment.
    next: Option<u64>,
    first: u64,
}

/// A viewer that takes nothing for this long is gone: a pause of the player closes no socket before.
const STALL_MAX: Duration = Duration::from_secs(600);
/// A viewer may take this long to say goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(5);
/// RFC 6455 §7.4.1: the purpose is fulfilled; something unexpected happened.
const CLOSE_NORMAL: u16 = 1000;
const CLOSE_ERROR: u16 = 1011;

impl Stored {
    /// Fragments from `?start=` on, of the pictures and the sound `?audio=` of `?file=`.
    pub(super) async fn fragments(
        self: &Arc<Self>,
        video: &Video,
        request: MediaRequest,
    ) -> Result<Response, MediaError> {
        let ladder = video.ladder();
        let file = match request.args.get("file") {
            Some(name) => ladder.iter().find(|file| file.name == name),
            None => ladder.first(),
        };
        let file =
            file.ok_or_else(|| MediaError::NotFound("this video has no such file to play".to_owned()))?;
        let open = self.open.open(file).await?;
        let run = Run::new(open, &request)?;
        if request.is_websocket() {
            let response = switch_to_websocket(&request.headers)?;
            let Some(upgrade) = request.upgrade else {
                return Err(MediaError::BadRequest("this connection cannot become a WebSocket".to_owned()));
            };
            let stored = self.clone();
            tokio::spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    stored.push(TokioIo::new(upgraded), run).await;
                }
            });
            return Ok(response);
        }
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if request.method != Method::HEAD {
            let chunks = Chunks::endless(run.open.source.clone(), self.more(run)).begin().await?;
            *response.body_mut() = chunks.into_body(None);
        }
        Ok(response)
    }

    fn more(self: &Arc<Self>, mut run: Run) -> More {
        let stored = self.clone();
        Box::new(move || {
            let pieces = run.next()?;
            if let Ok(pieces) = &pieces {
                stored.count(pieces.iter().map(Piece::bytes).sum());
            }
            Some(pieces)
        })
    }

    /// Sends a message for each segment until one of both ends it.
    async fn push(&self, io: impl AsyncRead + AsyncWrite + Send + 'static, mut run: Run) {
        let (mut from, mut to) = tokio::io::split(io);
        let mut viewer = Hearing::default();
        let began = Instant::now();
        let status = loop {
            let due = began + run.ahead_of_start().saturating_sub(self.ahead);
            match viewer.hear_until(&mut from, due).await {
                Ok(answers) if answers.is_empty() => {}
                Ok(answers) => {
                    for answer in answers {
                        if write(&mut to, &answer).await.is_err() {
                            return;
                        }
                    }
                    if viewer.is_leaving {
                        return;
                    }
                    continue;
                }
                Err(Left) => return,
            }
            let pieces = match run.next() {
                None => break CLOSE_NORMAL,
                Some(Ok(pieces)) => pieces,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a video cannot be sent any further");
                    break CLOSE_ERROR;
                }
            };
            match self.message(&run, pieces, &mut to).await {
                Ok(()) => {}
                Err(Stop::Left) => return,
                Err(Stop::Unreadable(error)) => {
                    tracing::warn!(%error, "a video cannot be sent any further");
                    // In the middle of a message there is no goodbye.
                    return;
                }
            }
        };
        if write(&mut to, &websocket::close(status)).await.is_ok() {
            let _ = timeout(GOODBYE_MAX, viewer.hear_until(&mut from, began + DAY)).await;
            let _ = to.shutdown().await;
        }
    }

    async fn message(
        &self,
        run: &Run,
        pieces: Vec<Piece>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Stop> {
        let bytes = pieces.iter().map(Piece::bytes).sum();
        let mut head = BytesMut::with_capacity(websocket::HEADER_BYTES_MAX);
        websocket::put_binary_header(usize::try_from(bytes).unwrap_or(usize::MAX), &mut head);
        let chunks = Chunks::new(run.open.source.clone(), pieces);
        let mut chunks = chunks.begin().await.map_err(Stop::Unreadable)?;
        write(to, &head).await.map_err(|_| Stop::Left)?;
        while let Some(chunk) = chunks.next().await.map_err(Stop::Unreadable)? {
            write(to, &chunk).await.map_err(|_| Stop::Left)?;
        }
        self.count(bytes);
        Ok(())
    }
}

enum Stop {
    Left,
    Unreadable(objects::Error),
}

/// The viewer is gone.
struct Left;

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), Left> {
    match timeout(STALL_MAX, to.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Left),
    }
}

/// What the viewer says.
#[derive(Default)]
struct Hearing {
    reader: websocket::Reader,
    is_leaving: bool,
}

impl Hearing {
    /// Hears the viewer until it says something that is to be answered, or until `due`.
    async fn hear_until<S: AsyncRead + AsyncWrite>(
        &mut self,
        from: &mut ReadHalf<S>,
        due: Instant,
    ) -> Result<VecDeque<Bytes>, Left> {
        let mut scratch = [0; 1024];
        let mut answers = VecDeque::new();
        loop {
            let heard = tokio::select! {
                biased;
                heard = from.read(&mut scratch) => heard,
                () = sleep_until(due) => return Ok(answers),
            };
            let Ok(count @ 1..) = heard else { return Err(Left) };
            match self.reader.hear(scratch.get(..count).unwrap_or_default(), &mut answers) {
                Ok(is_leaving) => self.is_leaving |= is_leaving,
                Err(reason) => {
                    tracing::debug!(%reason, "a viewer broke its protocol");
                    return Err(Left);
                }
            }
            if !answers.is_empty() {
                return Ok(answers);
            }
        }
    }
}

impl Run {
    fn new(open: Arc<OpenVideo>, request: &MediaRequest) -> Result<Self, MediaError> {
        let wanted = selection(&request.args);
        let audio = match request.args.get("audio") {
            None => 0,
            Some(text) => text.parse::<u8>().map_err(|_| {
                MediaError::BadRequest(format!(
                    "audio is {text:?}, expected the number of a track of sound from 0 on"
                ))
            })?,
        };
        let ids = open.video.index().tracks.iter().map(|track| track.track.id);
        let is_wanted = |track_id: &TrackId| match track_id.kind {
            MediaKind::Video => wanted.video && track_id.index == 0,
            MediaKind::Audio => wanted.audio && track_id.index == audio,
            MediaKind::Data => false,
        };
        let tracks: Vec<_> = ids.filter(is_wanted).collect();
        if tracks.is_empty() {
            return Err(MediaError::NotFound("this video has none of the tracks asked for".to_owned()));
        }
        let start = Duration::from_secs_f64(start_s(request)?.unwrap_or(0.0));
        let first = open.video.segment_at(Timestamp::ZERO + start).unwrap_or(0);
        Ok(Self { open, tracks, next: None, first })
    }

    /// How long after the first moment of the run the next segment is presented.
    fn ahead_of_start(&self) -> Duration {
        let start = |sequence| self.open.video.segment_span(sequence).map(|span| span.start);
        let next = self.next.and_then(start).zip(start(self.first));
        next.map_or(Duration::ZERO, |(next, first)| next.saturating_since(first))
    }

    /// The init segment, then one segment after the other.
    fn next(&mut self) -> Option<Result<Vec<Piece>, mp4::Error>> {
        let is_wanted = |track_id: TrackId| self.tracks.contains(&track_id);
        let video = &self.open.video;
        let Some(sequence) = self.next else {
            self.next = Some(self.first);
            return Some(video.init(is_wanted));
        };
        self.next = Some(sequence + 1);
        video.segment_of(sequence, is_wanted)
    }
}

const DAY: Duration = Duration::from_secs(86_400);
