use crate::StreamPath;
use crate::session::{Protocol, SessionId};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// What somebody asks to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open a media session at all (Node-Media-Server's `preConnect`, nginx-rtmp's `on_connect`).
    Connect,
    /// Send media into a stream.
    Publish,
    /// Watch a stream.
    Play,
}

/// Query arguments, in order of appearance. Secrets live here: it prints no values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Args(Vec<(String, String)>);

impl Args {
    /// From decoded pairs.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The last value of `name`, which is the one a later part of the URL set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Args {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

/// Who asks for what.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked.
    pub action: Action,
    /// The path as the client wrote it; for [`Action::Connect`] over RTMP only the app is known and the name is `-`.
    pub path: StreamPath,
    /// Query arguments of every part of the URL, later parts last.
    pub args: Args,
    /// Address of the peer.
    pub remote: IpAddr,
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// The session that asks.
    pub session_id: SessionId,
    /// What an RTMP client said of itself in `connect`; empty for others.
    pub client: Arc<ClientInfo>,
}

/// What an RTMP client says of itself; hooks pass it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// `flashVer`.
    pub flash_ver: String,
    /// `tcUrl` without its query.
    pub tc_url: String,
    /// `pageUrl`.
    pub page_url: String,
    /// `swfUrl`.
    pub swf_url: String,
}

/// Yes, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The public path: what a stream key maps to, or the path asked for.
    pub path: StreamPath,
    /// What proves that a later publisher is the same one.
    pub credential: Credential,
}

/// What a publisher was let in by. Two publishers with equal proofs are the same one, so the later takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Let in without proof; never equal to anybody, so it can take over from nobody.
    None,
    /// A digest of the stream key or token.
    Digest([u8; 32]),
}

impl Credential {
    /// Whether a publisher with `self` may take over from one with `other`.
    pub fn proves_same_as(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Digest(a), Self::Digest(b)) if a == b)
    }
}

/// No, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Which kind of no.
    pub kind: RefusalKind,
    /// For the one who asked: what was wrong and what is expected. Never holds a secret.
    pub message: String,
}

/// Kinds of no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The credential is missing, wrong or expired.
    Unauthorized,
    /// The credential may be right, the answer is no all the same (banned, hook said no).
    Forbidden,
    /// The one who decides could not be asked.
    Unavailable,
}

impl Refusal {
    /// A refusal of `kind` with a sentence for the one who asked.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// The answer, later.
pub type GateFuture<'a> = Pin<Box<dyn Future<Output = Result<Grant, Refusal>> + Send + 'a>>;

/// Decides who may publish and play. Every way in and out asks before it opens a stream.
pub trait Gate: Send + Sync + 'static {
    /// May this be done? The grant's path is what the hub opens.
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a>;
}
