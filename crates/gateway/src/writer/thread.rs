use super::viewer::{Fate, Viewer};
use super::{Config, Kicked, Mailbox, NewViewer};
use crate::delivery::{Batch, Feed};
use hub::{Observer, ObserverId, Stream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// The token of the waker; viewers count from 0.
pub(super) const WAKE: Token = Token(usize::MAX);

/// What a writer is told.
pub(crate) enum Command {
    /// Take over a viewer.
    Add(Box<NewViewer>),
    /// The stream with this index went on.
    Advanced(usize),
    /// Close a viewer.
    Kick(Kicked),
    /// Close all viewers and end.
    Stop,
}

/// One writer: what it owns, and how to reach it.
pub(crate) struct Writer {
    pub(super) mailbox: Mailbox,
    config: Config,
    /// Held by the thread while it works, and by a publisher that writes to a few viewers itself.
    owned: Mutex<Owned>,
}

/// The sockets and what they are sent.
struct Owned {
    registry: Registry,
    viewers: Slab<Viewer>,
    feeds: Slab<Watched>,
    streams: Slab<Observed>,
    /// By address of the stream.
    by_stream: HashMap<usize, usize>,
    scratch: Box<[u8]>,
    swept_at: Instant,
}

/// A feed with at least one viewer of this writer.
struct Watched {
    feed: Arc<Feed>,
    stream: usize,
    viewers: Vec<usize>,
}

/// A stream with at least one such feed.
struct Observed {
    stream: Arc<Stream>,
    notice: Arc<Notice>,
    observer: ObserverId,
    feeds: Vec<usize>,
}

/// Tells one writer that one stream went on.
struct Notice {
    writer: Arc<Writer>,
    stream: usize,
    viewers: AtomicUsize,
    /// Set while a command for it is on its way.
    is_sent: AtomicBool,
}

/// A publisher writes to this many viewers itself, which is cheaper than to wake a writer for them.
const INLINE_VIEWERS_MAX: usize = 4;
/// From this many viewers of a feed on a contiguous copy of what is new costs less than pieces for each.
const SHARED_FROM_VIEWERS: usize = 3;
/// Viewers who stall are looked for this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Room for what one viewer says at a time.
const SCRATCH_BYTES: usize = 16 << 10;

impl Observer for Notice {
    fn advanced(&self) {
        if self.viewers.load(Relaxed) <= INLINE_VIEWERS_MAX
            && let Some(mut owned) = self.writer.try_lock()
        {
            owned.fan_out(self.stream);
        } else if !self.is_sent.swap(true, SeqCst) {
            self.writer.mailbox.send(Command::Advanced(self.stream));
        }
    }
}

impl Writer {
    pub(super) fn new(registry: Registry, mailbox: Mailbox, config: Config) -> Self {
        let owned = Owned {
            registry,
            viewers: Slab::new(),
            feeds: Slab::new(),
            streams: Slab::new(),
            by_stream: HashMap::new(),
            scratch: vec![0; SCRATCH_BYTES].into(),
            swept_at: Instant::now(),
        };
        Self { mailbox, config, owned: Mutex::new(owned) }
    }

    fn lock(&self) -> MutexGuard<'_, Owned> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Owned>> {
        match self.owned.try_lock() {
            Ok(owned) => Some(owned),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The thread: waits for sockets and commands until it is stopped.
    pub(super) fn run(self: &Arc<Self>, mut poll: Poll) {
        let mut events = Events::with_capacity(1024);
        let mut commands = Vec::new();
        loop {
            if let Err(error) = poll.poll(&mut events, Some(SWEEP_EVERY))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a writer cannot wait for its sockets");
                return;
            }
            let mut owned = self.lock();
            for event in &events {
                if event.token() != WAKE {
                    owned.on_socket(self, event);
                }
            }
            self.mailbox.take(&mut commands);
            for command in commands.drain(..) {
                match command {
                    Command::Add(viewer) => owned.add(self, *viewer),
                    Command::Advanced(stream) => owned.fan_out(stream),
                    Command::Kick(session) => owned.kick(session),
                    Command::Stop => return owned.stop(),
                }
            }
            if owned.swept_at.elapsed() >= SWEEP_EVERY {
                owned.sweep(self.config.stall_max);
            }
        }
    }
}

impl Owned {
    fn add(&mut self, writer: &Arc<Writer>, viewer: NewViewer) {
        let NewViewer { socket, head, feed, peer, session, connected, permit } = viewer;
        let stream = feed.stream().clone();
        if let Err(error) = socket.set_nonblocking(true).and_then(|()| socket.set_nodelay(true)) {
            tracing::debug!(session = %session.id, %error, "a viewer was gone before it began");
            stream.remove_viewer(&session);
            return;
        }
        let socket = mio::net::TcpStream::from_std(socket);
        let at_feed = self.watch(writer, feed.clone());
        let key = self.viewers.insert(Viewer::new(socket, at_feed, session, peer, head, (connected, permit)));
        let Some(viewer) = self.viewers.get_mut(key) else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registered = self.registry.register(&mut viewer.socket, Token(key), interest);
        self.count_in(at_feed, key);
        let Some(viewer) = self.viewers.get_mut(key) else { return };
        if registered.is_err() || viewer.catch_up(&feed) == Fate::Leaves {
            self.remove(key);
        }
    }

    /// The index of a feed, which is observed from now on.
    fn watch(&mut self, writer: &Arc<Writer>, feed: Arc<Feed>) -> usize {
        let stream = feed.stream().clone();
        let at_stream = *self.by_stream.entry(Arc::as_ptr(&stream).addr()).or_insert_with(|| {
            let entry = self.streams.vacant_entry();
            let notice = Arc::new(Notice {
                writer: writer.clone(),
                stream: entry.key(),
                viewers: AtomicUsize::new(0),
                is_sent: AtomicBool::new(false),
            });
            let observer = stream.observe(&notice);
            let key = entry.key();
            entry.insert(Observed { stream, notice, observer, feeds: Vec::new() });
            key
        });
        let known = self.streams.get(at_stream).map(|observed| observed.feeds.as_slice()).unwrap_or_default();
        for &at_feed in known {
            if self.feeds.get(at_feed).is_some_and(|watched| Arc::ptr_eq(&watched.feed, &feed)) {
                return at_feed;
            }
        }
        let at_feed = self.feeds.insert(Watched { feed, stream: at_stream, viewers: Vec::new() });
        if let Some(observed) = self.streams.get_mut(at_stream) {
            observed.feeds.push(at_feed);
        }
        at_feed
    }

    /// The hot path: once per picture and stream.
    fn fan_out(&mut self, at_stream: usize) {
        let Some(observed) = self.streams.get(at_stream) else { return };
        // Cleared before reading, so that what comes while we write is told anew.
        observed.notice.is_sent.store(false, SeqCst);
        let mut leaving = Vec::new();
        for &at_feed in &observed.feeds {
            let Some(watched) = self.feeds.get(at_feed) else { continue };
            let batch =
                if watched.viewers.len() < SHARED_FROM_VIEWERS { None } else { watched.feed.latest() };
            let batch = batch.unwrap_or(Batch::NONE);
            for &key in &watched.viewers {
                if let Some(viewer) = self.viewers.get_mut(key)
                    && viewer.advance(&batch, &watched.feed) == Fate::Leaves
                {
                    leaving.push(key);
                }
            }
        }
        if !matches!(observed.stream.state(), hub::StreamState::Live | hub::StreamState::Held) {
            for &at_feed in &observed.feeds {
                let Some(watched) = self.feeds.get(at_feed) else { continue };
                for &key in &watched.viewers {
                    if let Some(viewer) = self.viewers.get_mut(key)
                        && viewer.blocked_since().is_none()
                        && viewer.catch_up(&watched.feed) == Fate::Leaves
                    {
                        leaving.push(key);
                    }
                }
            }
        }
        for key in leaving {
            self.remove(key);
        }
    }

    fn on_socket(&mut self, writer: &Arc<Writer>, event: &mio::event::Event) {
        let key = event.token().0;
        let Some(viewer) = self.viewers.get_mut(key) else { return };
        let Some(watched) = self.feeds.get(viewer.feed) else { return };
        let mut fate = Fate::Stays;
        if event.is_error() {
            fate = Fate::Leaves;
        }
        if fate == Fate::Stays && (event.is_readable() || event.is_read_closed()) {
            fate = viewer.read(&mut self.scratch, &watched.feed);
        }
        if fate == Fate::Stays && event.is_writable() && viewer.blocked_since().is_some() {
            fate = viewer.unblock(&watched.feed);
        }
        if fate == Fate::Leaves {
            self.remove(key);
            return;
        }
        let Some(viewer) = self.viewers.get_mut(key) else { return };
        if let Some(feed) = viewer.peer_mut().take_new_feed() {
            self.move_to_feed(writer, key, feed);
        }
    }

    /// A viewer asked for another selection of tracks.
    fn move_to_feed(&mut self, writer: &Arc<Writer>, key: usize, feed: Arc<Feed>) {
        let to = self.watch(writer, feed);
        let Some(viewer) = self.viewers.get_mut(key) else { return };
        let from = std::mem::replace(&mut viewer.feed, to);
        if from != to {
            self.count_in(to, key);
            self.unwatch(from, key);
        }
    }

    /// Adds a viewer to a feed that is watched.
    fn count_in(&mut self, at_feed: usize, key: usize) {
        let Some(watched) = self.feeds.get_mut(at_feed) else { return };
        watched.viewers.push(key);
        if let Some(observed) = self.streams.get(watched.stream) {
            observed.notice.viewers.fetch_add(1, Relaxed);
        }
    }

    fn kick(&mut self, session: Kicked) {
        let found = self.viewers.iter().find(|(_, viewer)| viewer.session.id == session).map(|(key, _)| key);
        if let Some(key) = found {
            if let Some(viewer) = self.viewers.get_mut(key) {
                viewer.dismiss();
            }
            self.remove(key);
        }
    }

    fn remove(&mut self, key: usize) {
        let Some(mut viewer) = self.viewers.try_remove(key) else { return };
        let _ = self.registry.deregister(&mut viewer.socket);
        if let Some(watched) = self.feeds.get(viewer.feed) {
            settle(&mut viewer, &watched.feed);
            watched.feed.stream().remove_viewer(&viewer.session);
        }
        self.unwatch(viewer.feed, key);
    }

    /// Takes a viewer off a feed, and the feed and its stream off the writer when nobody is left.
    fn unwatch(&mut self, at_feed: usize, key: usize) {
        let Some(watched) = self.feeds.get_mut(at_feed) else { return };
        if let Some(at) = watched.viewers.iter().position(|other| *other == key) {
            watched.viewers.swap_remove(at);
            if let Some(observed) = self.streams.get(watched.stream) {
                observed.notice.viewers.fetch_sub(1, Relaxed);
            }
        }
        if !watched.viewers.is_empty() {
            return;
        }
        let watched = self.feeds.remove(at_feed);
        let Some(observed) = self.streams.get_mut(watched.stream) else { return };
        observed.feeds.retain(|other| *other != at_feed);
        if observed.feeds.is_empty() {
            let observed = self.streams.remove(watched.stream);
            observed.stream.unobserve(observed.observer);
            self.by_stream.remove(&Arc::as_ptr(&observed.stream).addr());
        }
    }

    /// Closes who stalls and brings counts up to date.
    fn sweep(&mut self, stall_max: Duration) {
        self.swept_at = Instant::now();
        let mut stalled = Vec::new();
        for (key, viewer) in &mut self.viewers {
            if viewer.blocked_since().is_some_and(|since| since.elapsed() > stall_max) {
                stalled.push(key);
            }
            if let Some(watched) = self.feeds.get(viewer.feed) {
                settle(viewer, &watched.feed);
                viewer.look_at_lag(&watched.feed);
            }
        }
        for key in stalled {
            if let Some(viewer) = self.viewers.get(key) {
                tracing::info!(session = %viewer.session.id, "a viewer takes nothing any more, closed");
            }
            self.remove(key);
        }
    }

    fn stop(&mut self) {
        let keys: Vec<usize> = self.viewers.iter().map(|(key, _)| key).collect();
        for key in keys {
            if let Some(viewer) = self.viewers.get_mut(key) {
                viewer.dismiss();
            }
            self.remove(key);
        }
    }
}

/// Adds what was written to the session's and the stream's counts.
fn settle(viewer: &mut Viewer, feed: &Feed) {
    let bytes = viewer.take_bytes();
    if bytes > 0 {
        viewer.session.bytes.fetch_add(bytes, Relaxed);
        feed.stream().counters().add_bytes(feed.protocol(), bytes);
    }
}
