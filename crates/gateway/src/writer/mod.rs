//! The writers: a few threads that own the sockets of live viewers.
//!
//! A writer is woken once per picture and stream, takes the shared bytes of each format that is watched, and hands
//! them to one socket after the other without waiting. A socket that takes no more is left alone until the kernel
//! says it is writable; then its viewer catches up from the stream's ring. Nothing is queued per viewer but the rest
//! of a piece that was written in part. Why it is so: `docs/decisions/001-writers.md`.

mod peer;
mod thread;
mod viewer;

pub(crate) use peer::Answer;
pub use peer::Peer;
pub(crate) use thread::{Command, Writer};

use crate::delivery::Feed;
use crate::{Connected, Permit};
use bytes::Bytes;
use hub::{Session, SessionId};
use mio::Waker;
use std::collections::VecDeque;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread as threads};

/// How the writers work.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of threads.
    pub threads: usize,
    /// A viewer whose socket takes nothing for this long is closed.
    pub stall_max: Duration,
}

/// A viewer whose socket the writers take over.
pub struct NewViewer {
    /// The socket; its other users must be gone.
    pub socket: TcpStream,
    /// Bytes to send before anything else, such as an HTTP head.
    pub head: VecDeque<Bytes>,
    /// What to send.
    pub feed: Arc<Feed>,
    /// How to understand what the viewer says.
    pub peer: Peer,
    /// Who it is. It was announced to the stream already.
    pub session: Arc<Session>,
    /// Its connection, which is over when the viewer is gone.
    pub connected: Option<Arc<Connected>>,
    /// Its place among the connections there may be.
    pub permit: Option<Permit>,
}

/// All writers.
pub struct Writers {
    writers: Vec<Arc<Writer>>,
    handles: Mutex<Vec<threads::JoinHandle<()>>>,
    next: AtomicUsize,
}

/// Where a writer gets its work.
pub(crate) struct Mailbox {
    commands: Mutex<Vec<Command>>,
    waker: Waker,
    awake: AtomicBool,
}

impl Mailbox {
    pub(crate) fn send(&self, command: Command) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command);
        self.wake();
    }

    fn wake(&self) {
        if !self.awake.swap(true, SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "a writer cannot be woken");
        }
    }

    /// Takes all commands; whoever sends one after this wakes the writer again.
    fn take(&self, into: &mut Vec<Command>) {
        self.awake.store(false, SeqCst);
        std::mem::swap(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner), into);
    }
}

impl Writers {
    /// Starts the threads. They end with the process, or after [`Writers::stop`].
    pub fn start(config: &Config) -> io::Result<Arc<Self>> {
        let (mut writers, mut handles) = (Vec::new(), Vec::new());
        for number in 0..config.threads.max(1) {
            let poll = mio::Poll::new()?;
            let mailbox = Mailbox {
                commands: Mutex::default(),
                waker: Waker::new(poll.registry(), thread::WAKE)?,
                awake: AtomicBool::new(false),
            };
            let writer = Arc::new(Writer::new(poll.registry().try_clone()?, mailbox, config.clone()));
            writers.push(writer.clone());
            handles.push(
                threads::Builder::new().name(format!("writer-{number}")).spawn(move || writer.run(poll))?,
            );
        }
        Ok(Arc::new(Self { writers, handles: Mutex::new(handles), next: AtomicUsize::new(0) }))
    }

    /// Gives a viewer to the next writer.
    pub fn add(self: &Arc<Self>, viewer: NewViewer) {
        let at = self.next.fetch_add(1, Relaxed) % self.writers.len();
        let Some(writer) = self.writers.get(at) else { return };
        let (session, id) = (viewer.session.clone(), viewer.session.id);
        writer.mailbox.send(Command::Add(Box::new(viewer)));
        let writer = writer.clone();
        session.set_on_kick(move || writer.mailbox.send(Command::Kick(id)));
    }

    /// Takes leave of all viewers and waits for the threads to end.
    pub fn stop(&self) {
        for writer in &self.writers {
            writer.mailbox.send(Command::Stop);
        }
        for handle in self.handles.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = handle.join();
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Add(_) => "add",
            Self::Advanced(_) => "advanced",
            Self::Kick(_) => "kick",
            Self::Stop => "stop",
        })
    }
}

/// Only for reading: which session a kick is for.
pub(crate) type Kicked = SessionId;
