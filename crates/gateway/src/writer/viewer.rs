use super::peer::{Answer, Peer};
use crate::delivery::{Batch, Feed, FeedRead, Lag};
use crate::{Connected, Permit};
use bytes::{Buf, Bytes};
use hub::{Session, StreamState};
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// One viewer's socket and how far it has got.
pub(super) struct Viewer {
    pub(super) socket: TcpStream,
    /// Index of its feed with the writer.
    pub(super) feed: usize,
    pub(super) session: Arc<Session>,
    peer: Peer,
    /// The next thing to read from the feed; nothing while a keyframe is awaited.
    cursor: Option<u64>,
    /// What was begun and has to be finished first.
    pending: VecDeque<Bytes>,
    /// Where in the feed that began.
    pending_from: Option<u64>,
    lag: Lag,
    /// Since when the socket takes nothing.
    blocked_since: Option<Instant>,
    has_joined: bool,
    is_paused: bool,
    bytes: u64,
    /// Kept as long as the socket is open.
    _while_open: WhileOpen,
}

/// What a viewer's socket stands for: a connection others were told of, and a place among those there may be.
type WhileOpen = (Option<Arc<Connected>>, Option<Permit>);

/// Whether a viewer stays.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Leaves,
}

/// Pieces handed to the kernel in one call at most (UIO_MAXIOV is 1024).
const SLICES_MAX: usize = 128;
/// Bytes of answers to what a viewer says that may wait for a blocked socket.
const ANSWERS_MAX_BYTES: usize = 16 << 10;

impl Viewer {
    pub(super) fn new(
        socket: TcpStream,
        feed: usize,
        session: Arc<Session>,
        peer: Peer,
        head: VecDeque<Bytes>,
        while_open: WhileOpen,
    ) -> Self {
        Self {
            socket,
            feed,
            session,
            peer,
            cursor: None,
            pending: head,
            pending_from: None,
            lag: Lag::default(),
            blocked_since: None,
            has_joined: false,
            is_paused: false,
            bytes: 0,
            _while_open: while_open,
        }
    }

    pub(super) fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    pub(super) fn peer_mut(&mut self) -> &mut Peer {
        &mut self.peer
    }

    /// Hands out a batch that was just made: for most viewers, one write of shared bytes.
    pub(super) fn advance(&mut self, batch: &Batch, feed: &Feed) -> Fate {
        if self.blocked_since.is_some() {
            return Fate::Stays;
        }
        if self.cursor != Some(batch.first) || self.is_paused || !self.pending.is_empty() {
            return self.catch_up(feed);
        }
        match self.socket.write(&batch.bytes) {
            Ok(written) => {
                self.bytes += written as u64;
                self.cursor = Some(batch.end);
                if written < batch.bytes.len() {
                    self.pending.push_back(batch.bytes.slice(written..));
                    self.pending_from = Some(batch.first);
                    self.block();
                }
                Fate::Stays
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.block();
                Fate::Stays
            }
            Err(_) => Fate::Leaves,
        }
    }

    /// The socket takes bytes again.
    pub(super) fn unblock(&mut self, feed: &Feed) -> Fate {
        self.blocked_since = None;
        self.catch_up(feed)
    }

    /// Writes what is pending and what the feed has, until the socket takes no more or there is no more.
    pub(super) fn catch_up(&mut self, feed: &Feed) -> Fate {
        loop {
            if !self.pending.is_empty() {
                match self.write_pending() {
                    Ok(true) => {}
                    Ok(false) => return Fate::Stays,
                    Err(_) => return Fate::Leaves,
                }
            }
            if self.is_paused {
                return Fate::Stays;
            }
            match self.cursor {
                None => {
                    let place = if self.has_joined { feed.rejoin() } else { feed.join() };
                    let Some((opening, cursor)) = place else { break };
                    self.has_joined = true;
                    self.cursor = Some(cursor);
                    self.pending_from = Some(cursor);
                    self.pending.push_back(opening);
                    // The first picture goes with the opening, in the same call.
                    if let FeedRead::Next(next) = feed.read(cursor, &mut self.pending) {
                        self.cursor = Some(next);
                    }
                }
                Some(cursor) => match feed.read(cursor, &mut self.pending) {
                    FeedRead::Next(next) => {
                        self.cursor = Some(next);
                        self.pending_from = Some(cursor);
                    }
                    FeedRead::UpToDate => break,
                    FeedRead::Lagged => {
                        self.cursor = None;
                        self.session.skips.fetch_add(1, Relaxed);
                        feed.stream().counters().add_skip(feed.protocol());
                    }
                },
            }
        }
        match feed.stream().state() {
            StreamState::Ended(_) => {
                self.peer.farewell(&mut self.pending);
                let _ = self.write_pending();
                Fate::Leaves
            }
            StreamState::Live | StreamState::Held => Fate::Stays,
        }
    }

    /// Writes until all is written (true) or the socket takes no more (false).
    fn write_pending(&mut self) -> io::Result<bool> {
        while !self.pending.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(&self.pending) {
                *slice = IoSlice::new(piece);
                count += 1;
            }
            match self.socket.write_vectored(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(mut written) => {
                    self.bytes += written as u64;
                    while let Some(front) = self.pending.front_mut() {
                        if written < front.len() {
                            front.advance(written);
                            break;
                        }
                        written -= front.len();
                        self.pending.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.block();
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // A join leaves room for many pieces behind, which thousands of viewers need not keep.
        self.pending.shrink_to_fit();
        Ok(true)
    }

    fn block(&mut self) {
        self.blocked_since = Some(Instant::now());
    }

    /// Reads and answers what the viewer says, until there is nothing more.
    pub(super) fn read(&mut self, scratch: &mut [u8], feed: &Feed) -> Fate {
        loop {
            match self.socket.read(scratch) {
                Ok(0) => return Fate::Leaves,
                Ok(count) => {
                    let said = scratch.get(..count).unwrap_or_default();
                    let answer = self.peer.hear(said, &mut self.pending);
                    match answer {
                        Ok(Answer::Nothing) => {}
                        Ok(Answer::Pause(paused)) => {
                            self.is_paused = paused;
                            if !paused {
                                self.cursor = None;
                            }
                        }
                        Ok(Answer::Leave) => {
                            let _ = self.write_pending();
                            return Fate::Leaves;
                        }
                        Err(reason) => {
                            tracing::debug!(session = %self.session.id, %reason, "a viewer broke its protocol");
                            return Fate::Leaves;
                        }
                    }
                    let waiting: usize = self.pending.iter().map(Bytes::len).sum();
                    if self.blocked_since.is_some()
                        && self.pending.len() > SLICES_MAX
                        && waiting > ANSWERS_MAX_BYTES
                    {
                        return Fate::Leaves;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Fate::Leaves,
            }
        }
        if self.blocked_since.is_none() { self.catch_up(feed) } else { Fate::Stays }
    }

    /// Says goodbye if the socket takes it.
    pub(super) fn dismiss(&mut self) {
        if self.pending.is_empty() {
            self.peer.farewell(&mut self.pending);
            let _ = self.write_pending();
        }
    }

    /// Notes how far behind it is; who pauses is not.
    pub(super) fn look_at_lag(&mut self, feed: &Feed) {
        let unsent = if self.pending.is_empty() { self.cursor } else { self.pending_from };
        let lag = self.lag.look(feed, unsent.filter(|_| !self.is_paused));
        self.session.lag_ms.store(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Bytes written since the last time.
    pub(super) fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }
}
