//! Live viewers whose bytes must go through somebody else's hands, such as TLS: a task each, on the same feeds.

use super::http::Takeover;
use super::{Feed, FeedRead, Lag};
use crate::writer::Peer;
use axum::body::Body;
use bytes::Bytes;
use http::{Response, header};
use http_body_util::StreamBody;
use hub::{Session, StreamState};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// Pieces on their way to an HTTP body at most.
const BODY_PIECES_MAX: usize = 64;
/// How often it is looked how far a viewer is behind.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A viewer that takes nothing for this long is closed.
const STALL_MAX: Duration = Duration::from_secs(10);

/// An answer whose body, or upgraded connection, is the feed.
pub fn respond(mut response: Response<Body>, takeover: Takeover) -> Response<Body> {
    let Takeover { feed, session, connected, is_websocket, upgrade } = takeover;
    if is_websocket {
        tokio::spawn(async move {
            let upgraded = match upgrade {
                Some(upgrade) => upgrade.await.ok(),
                None => None,
            };
            if let Some(upgraded) = upgraded {
                serve(
                    TokioIo::new(upgraded),
                    feed.clone(),
                    Peer::WebSocket(Default::default()),
                    &session,
                    VecDeque::new(),
                )
                .await;
            }
            feed.stream().remove_viewer(&session);
            drop(connected);
        });
    } else {
        let (pieces, body) = mpsc::channel(BODY_PIECES_MAX);
        tokio::spawn(async move {
            fill_body(&feed, &session, &pieces).await;
            feed.stream().remove_viewer(&session);
            drop(connected);
        });
        *response.body_mut() = Body::new(StreamBody::new(Pieces(body)));
        // The router counted the empty body that stood in for this one.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// A body that is sent as it comes.
struct Pieces(mpsc::Receiver<Bytes>);

impl futures_core::Stream for Pieces {
    type Item = Result<Frame<Bytes>, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

async fn fill_body(feed: &Arc<Feed>, session: &Arc<Session>, body: &mpsc::Sender<Bytes>) {
    let mut reader = FeedReader::new(feed.clone(), session.clone());
    while let Some(pieces) = reader.next().await {
        for piece in pieces {
            let len = piece.len() as u64;
            match tokio::time::timeout(STALL_MAX, body.send(piece)).await {
                Ok(Ok(())) => reader.count(len),
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }
}

/// Serves one viewer on its own connection until one of both ends it.
pub(crate) async fn serve<S>(
    io: S,
    feed: Arc<Feed>,
    mut peer: Peer,
    session: &Arc<Session>,
    mut pending: VecDeque<Bytes>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut from, mut to) = tokio::io::split(io);
    let mut scratch = vec![0; 4096];
    let mut reader = FeedReader::new(feed, session.clone());
    loop {
        if !pending.is_empty() {
            let len: usize = pending.iter().map(Bytes::len).sum();
            match tokio::time::timeout(STALL_MAX, write_all(&mut to, &mut pending)).await {
                Ok(Ok(())) => reader.count(len as u64),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        tokio::select! {
            pieces = reader.next() => match pieces {
                Some(pieces) => pending = pieces,
                None => {
                    peer.farewell(&mut pending);
                    let _ = tokio::time::timeout(STALL_MAX, write_all(&mut to, &mut pending)).await;
                    let _ = to.shutdown().await;
                    return;
                }
            },
            heard = from.read(&mut scratch) => {
                let Ok(count @ 1..) = heard else { return };
                match peer.hear(scratch.get(..count).unwrap_or_default(), &mut pending) {
                    Ok(crate::writer::Answer::Nothing) => {}
                    Ok(crate::writer::Answer::Pause(paused)) => reader.pause(paused),
                    Ok(crate::writer::Answer::Leave) => {
                        let _ = tokio::time::timeout(STALL_MAX, write_all(&mut to, &mut pending)).await;
                        return;
                    }
                    Err(reason) => {
                        tracing::debug!(session = %session.id, %reason, "a viewer broke its protocol");
                        return;
                    }
                }
                if let Some(feed) = peer.take_new_feed() {
                    reader.move_to(feed);
                }
            }
        }
    }
}

async fn write_all(to: &mut (impl AsyncWrite + Unpin), pending: &mut VecDeque<Bytes>) -> std::io::Result<()> {
    use bytes::Buf;
    while !pending.is_empty() {
        let mut slices = [IoSlice::new(&[]); 64];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pending.iter()) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        let mut written = to.write_vectored(slices.get(..count).unwrap_or_default()).await?;
        if written == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        while let Some(front) = pending.front_mut() {
            if written < front.len() {
                front.advance(written);
                break;
            }
            written -= front.len();
            pending.pop_front();
        }
    }
    to.flush().await
}

/// A position in a feed for a task that waits.
struct FeedReader {
    feed: Arc<Feed>,
    session: Arc<Session>,
    cursor: Option<u64>,
    has_joined: bool,
    is_paused: bool,
    lag: Lag,
    looked_at: Instant,
    observed: Observed,
}

/// A stream that wakes a task, for as long as this lives.
struct Observed {
    feed: Arc<Feed>,
    observer: hub::ObserverId,
    notify: Arc<Signal>,
}

struct Signal(Notify);

impl hub::Observer for Signal {
    fn advanced(&self) {
        self.0.notify_one();
    }
}

impl Observed {
    fn new(feed: Arc<Feed>) -> Self {
        let notify = Arc::new(Signal(Notify::new()));
        let observer = feed.stream().observe(&notify);
        Self { feed, observer, notify }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.feed.stream().unobserve(self.observer);
    }
}

impl FeedReader {
    fn new(feed: Arc<Feed>, session: Arc<Session>) -> Self {
        let observed = Observed::new(feed.clone());
        let signal = observed.notify.clone();
        session.set_on_kick(move || signal.0.notify_one());
        Self {
            feed,
            session,
            cursor: None,
            has_joined: false,
            is_paused: false,
            lag: Lag::default(),
            looked_at: Instant::now(),
            observed,
        }
    }

    fn pause(&mut self, paused: bool) {
        self.is_paused = paused;
        if !paused {
            self.cursor = None;
            self.observed.notify.0.notify_one();
        }
    }

    fn move_to(&mut self, feed: Arc<Feed>) {
        // The same stream in another selection of tracks: its observer and its cursors stay good.
        self.feed = feed;
        self.observed.notify.0.notify_one();
    }

    fn count(&self, bytes: u64) {
        self.session.bytes.fetch_add(bytes, Relaxed);
        self.feed.stream().counters().add_bytes(self.feed.protocol(), bytes);
    }

    /// Waits for the next pieces; nothing at the end of the stream.
    async fn next(&mut self) -> Option<VecDeque<Bytes>> {
        loop {
            if self.session.is_kicked() {
                return None;
            }
            let mut pieces = VecDeque::new();
            if !self.is_paused && self.poll(&mut pieces) {
                return Some(pieces);
            }
            if matches!(self.feed.stream().state(), StreamState::Ended(_)) {
                return None;
            }
            self.observed.notify.0.notified().await;
        }
    }

    /// Notes how far behind it was when it came back for more.
    fn look_at_lag(&mut self) {
        if self.looked_at.elapsed() >= LOOK_EVERY {
            self.looked_at = Instant::now();
            let lag = self.lag.look(&self.feed, self.cursor);
            self.session.lag_ms.store(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX), Relaxed);
        }
    }

    fn poll(&mut self, pieces: &mut VecDeque<Bytes>) -> bool {
        self.look_at_lag();
        if let Some(cursor) = self.cursor {
            match self.feed.read(cursor, pieces) {
                FeedRead::Next(next) => {
                    self.cursor = Some(next);
                    return true;
                }
                FeedRead::UpToDate => return false,
                FeedRead::Lagged => {
                    self.session.skips.fetch_add(1, Relaxed);
                    self.feed.stream().counters().add_skip(self.feed.protocol());
                }
            }
        }
        let place = if self.has_joined { self.feed.rejoin() } else { self.feed.join() };
        let Some((opening, cursor)) = place else { return false };
        self.has_joined = true;
        self.cursor = Some(cursor);
        pieces.push_back(opening);
        true
    }
}
