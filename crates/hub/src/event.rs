use crate::StreamPath;
use crate::gate::{Action, Args, ClientInfo};
use crate::session::{Protocol, Session, SessionId};
use std::net::IpAddr;
use std::sync::Arc;

/// Something that happened to a session or a stream. What may still be refused is asked of the [`Gate`](crate::Gate) instead.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The stream's public path; of a connection, the path it asked for ([`Request::path`](crate::Request)).
    pub path: StreamPath,
    /// The session it happened to.
    pub session_id: SessionId,
    /// What the session was let in to do. At the end of a connection, what it did last.
    pub action: Action,
    /// The protocol of the session.
    pub protocol: Protocol,
    /// Address of the peer.
    pub remote: IpAddr,
    /// The arguments of its URL.
    pub args: Args,
    /// What an RTMP client said of itself.
    pub client: Arc<ClientInfo>,
    /// Media bytes of the session so far.
    pub bytes: u64,
    /// When, unix milliseconds.
    pub at_ms: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A media session was opened.
    Connected,
    /// A media session was closed.
    Disconnected,
    /// A publisher holds the stream's lease.
    PublishStarted,
    /// A publisher is gone; the stream may be held.
    PublishEnded,
    /// A viewer watches.
    PlayStarted,
    /// A viewer is gone.
    PlayEnded,
    /// The stream is gone: nobody came back while it was held.
    StreamEnded,
}

impl Event {
    /// An event of `session` on `path`, now.
    pub fn of(kind: EventKind, path: &StreamPath, session: &Session) -> Self {
        Self {
            kind,
            path: path.clone(),
            session_id: session.id,
            action: session.action,
            protocol: session.protocol,
            remote: session.remote,
            args: session.args.clone(),
            client: session.client.clone(),
            bytes: session.bytes.load(std::sync::atomic::Ordering::Relaxed),
            at_ms: crate::session::unix_ms(),
        }
    }
}
