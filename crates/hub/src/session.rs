use crate::gate::{Action, Args, ClientInfo, Request};
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Names one session: 8 characters of A–Z and 0–9, as Node-Media-Server's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 8]);

impl SessionId {
    /// A fresh one.
    pub fn random() -> Self {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        Self(std::array::from_fn(|_| ALPHABET[rand::random_range(0..ALPHABET.len())]))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How media comes in or goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Protocol {
    Rtmp,
    HttpFlv,
    WsFlv,
    HttpFmp4,
    WsFmp4,
    HttpTs,
    Hls,
    Dash,
    /// A source the server itself fetched.
    Pull,
}

impl Protocol {
    /// The name in the API, metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::HttpFlv => "http-flv",
            Self::WsFlv => "ws-flv",
            Self::HttpFmp4 => "http-fmp4",
            Self::WsFmp4 => "ws-fmp4",
            Self::HttpTs => "http-ts",
            Self::Hls => "hls",
            Self::Dash => "dash",
            Self::Pull => "pull",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One publisher's or viewer's session, as the API and the hooks see it.
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// What it was let in to do.
    pub action: Action,
    /// What it speaks.
    pub protocol: Protocol,
    /// Address of the peer.
    pub remote: IpAddr,
    /// When it was let in, unix milliseconds.
    pub started_at_ms: u64,
    /// The arguments of its URL.
    pub args: Args,
    /// What an RTMP client said of itself.
    pub client: Arc<ClientInfo>,
    /// Media bytes that came from or went to the peer. Viewers' counts are brought up to date now and then.
    pub bytes: AtomicU64,
    /// How often a slow viewer was moved forward to a keyframe.
    pub skips: AtomicU64,
    /// How far a viewer was behind the stream at the last look, in milliseconds. What the kernel has taken counts as
    /// sent.
    pub lag_ms: AtomicU64,
    kicked: AtomicBool,
    on_kick: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Session {
    /// The session of a request that was let in.
    pub fn new(request: &Request) -> Self {
        Self {
            id: request.session_id,
            action: request.action,
            protocol: request.protocol,
            remote: request.remote,
            started_at_ms: unix_ms(),
            args: request.args.clone(),
            client: request.client.clone(),
            bytes: AtomicU64::new(0),
            skips: AtomicU64::new(0),
            lag_ms: AtomicU64::new(0),
            kicked: AtomicBool::new(false),
            on_kick: OnceLock::new(),
        }
    }

    /// What to do when the session is to be closed from outside. Only the first one set counts.
    pub fn set_on_kick(&self, on_kick: impl Fn() + Send + Sync + 'static) {
        if self.on_kick.set(Box::new(on_kick)).is_ok() && self.kicked.load(Relaxed) {
            self.kick();
        }
    }

    /// Ends the session.
    pub fn kick(&self) {
        self.kicked.store(true, Relaxed);
        if let Some(on_kick) = self.on_kick.get() {
            on_kick();
        }
    }

    /// Whether somebody ended it.
    pub fn is_kicked(&self) -> bool {
        self.kicked.load(Relaxed)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} from {}", self.protocol, self.id, self.remote)
    }
}

/// The wall clock, unix milliseconds.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
