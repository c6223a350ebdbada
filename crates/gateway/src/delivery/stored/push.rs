//! Fragments over a WebSocket. A browser takes its messages whatever becomes of them, so they keep the pace of the clock,
//! some time ahead of it.

use super::Stored;
use super::chunks::Chunks;
use super::fragments::FileRun;
use super::log_run::LogRun;
use super::source::Source;
use crate::delivery::http::{MediaError, MediaRequest, switch_to_websocket};
use crate::websocket;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use hyper_util::rt::TokioIo;
use mp4::Piece;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf};
use tokio::time::{Instant, sleep_until, timeout};

/// What a viewer gets, and how far it is.
pub(super) enum Run {
    /// Of a file.
    File(FileRun),
    /// Of a recording.
    Log(LogRun),
}

/// One message.
pub(super) enum Message {
    /// These bytes.
    Whole(Bytes),
    /// Pieces of a source, read as the viewer takes them.
    Pieces(Source, Vec<Piece>),
}

/// A viewer that takes nothing for this long is gone: a pause of the player closes no socket before.
const STALL_MAX: Duration = Duration::from_secs(600);
/// A viewer may take this long to say goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(5);
/// RFC 6455 §7.4.1: the purpose is fulfilled; something unexpected happened.
const CLOSE_NORMAL: u16 = 1000;
const CLOSE_ERROR: u16 = 1011;
const DAY: Duration = Duration::from_secs(86_400);

impl Run {
    /// How long after the first moment of the run the next message is presented.
    fn ahead_of_start(&self) -> Duration {
        match self {
            Self::File(run) => run.ahead_of_start(),
            Self::Log(run) => run.ahead_of_start(),
        }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self, stored: &Stored) -> Option<Result<Message, String>> {
        match self {
            Self::File(run) => {
                let pieces = run.next()?.map_err(|error| error.to_string());
                Some(pieces.map(|pieces| Message::Pieces(run.source(), pieces)))
            }
            Self::Log(run) => Some(run.next(stored).await?.map(Message::Whole)),
        }
    }
}

impl Stored {
    /// Makes the connection a WebSocket, and sends a run over it.
    pub(super) fn push_over_websocket(
        self: &Arc<Self>,
        request: MediaRequest,
        run: Run,
    ) -> Result<Response, MediaError> {
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
        Ok(response)
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
            let message = match run.next(self).await {
                None => break CLOSE_NORMAL,
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a video cannot be sent any further");
                    break CLOSE_ERROR;
                }
            };
            match self.send_message(message, &mut to).await {
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

    async fn send_message(&self, message: Message, to: &mut (impl AsyncWrite + Unpin)) -> Result<(), Stop> {
        let bytes = match &message {
            Message::Whole(bytes) => bytes.len() as u64,
            Message::Pieces(_, pieces) => pieces.iter().map(Piece::bytes).sum(),
        };
        let mut head = BytesMut::with_capacity(websocket::HEADER_BYTES_MAX);
        websocket::put_binary_header(usize::try_from(bytes).unwrap_or(usize::MAX), &mut head);
        match message {
            Message::Whole(bytes) => {
                write(to, &head).await.map_err(|_| Stop::Left)?;
                write(to, &bytes).await.map_err(|_| Stop::Left)?;
            }
            Message::Pieces(source, pieces) => {
                let chunks = Chunks::new(source, pieces);
                let mut chunks = chunks.begin().await.map_err(Stop::Unreadable)?;
                write(to, &head).await.map_err(|_| Stop::Left)?;
                while let Some(chunk) = chunks.next().await.map_err(Stop::Unreadable)? {
                    write(to, &chunk).await.map_err(|_| Stop::Left)?;
                }
            }
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
