//! Streams fetched from other servers, all the time or while somebody watches.
//!
//! A source is RTMP or FLV over HTTP. Each has one task that connects, holds the stream's lease like any publisher and
//! tries again when the source is lost. Where somebody publishes the same path here, the task waits until they have
//! gone.
//!
//! Addresses of sources come from the operator's settings only, so they are not filtered beyond their scheme: an
//! operator may well want to fetch from a private address. Should anybody else ever be able to name one, it must be
//! checked after its name was looked up and at every redirect.

mod back_off;
mod source;

pub use source::{SourceUrl, SourceUrlError, masked};

use back_off::BackOff;
use flv::{BodyDemuxer, Tag, TagType};
use hub::{
    Action, Args, ClientInfo, Credential, Hub, Protocol, PublishError, Publisher, PushError, Request,
    Session, SessionId, StopReason, Stream, StreamPath, StreamState,
};
use sha2::{Digest, Sha256};
use source::{Connection, FetchError};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How sources are treated.
#[derive(Clone, Debug)]
pub struct Config {
    /// Wait before trying a source again, at first.
    pub retry: Duration,
    /// The same at most, after doubling.
    pub retry_max: Duration,
    /// A source fetched on demand is let go when nobody has watched it for this long.
    pub idle_stop: Duration,
    /// From the open connection to the first packet.
    pub first_packet_timeout: Duration,
    /// Between two packets.
    pub silence_timeout: Duration,
    /// A viewer waits this long for a source to begin.
    pub start_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            retry: Duration::from_secs(1),
            retry_max: Duration::from_secs(30),
            idle_stop: Duration::from_secs(30),
            first_packet_timeout: Duration::from_secs(20),
            silence_timeout: Duration::from_secs(10),
            start_timeout: Duration::from_secs(10),
        }
    }
}

/// One stream to fetch.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it becomes here.
    pub path: StreamPath,
    /// Where it is.
    pub url: SourceUrl,
    /// The address as it may be shown; see [`masked`].
    pub shown_url: String,
    /// Only while somebody watches.
    pub on_demand: bool,
}

impl Source {
    /// A source of `path` at `url`.
    pub fn new(path: StreamPath, url: &str, on_demand: bool) -> Result<Self, SourceUrlError> {
        Ok(Self { path, url: SourceUrl::parse(url)?, shown_url: masked(url), on_demand })
    }
}

/// What a pull is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Nobody watches.
    Idle,
    /// On the way to the first picture.
    Connecting,
    /// Packets come in.
    Live,
    /// Until the next attempt, or until whoever publishes the path here has gone.
    Waiting,
}

impl PullState {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Waiting => "waiting",
        }
    }
}

/// How a pull is doing.
#[derive(Clone, Debug)]
pub struct PullStatus {
    /// What it is doing.
    pub state: PullState,
    /// Since when, unix milliseconds.
    pub since_ms: u64,
    /// Attempts to connect so far.
    pub attempts: u64,
    /// What the last attempt came to; never holds a query or credentials.
    pub last_error: Option<String>,
    /// When it is tried again, if it waits for that.
    pub next_attempt_at: Option<Instant>,
}

/// All pulls.
#[derive(Default)]
pub struct Pulls {
    pulls: HashMap<StreamPath, Arc<Pull>>,
    start_timeout: Duration,
}

/// One source and its task.
struct Pull {
    source: Source,
    config: Config,
    hub: Arc<Hub>,
    credential: Credential,
    status: watch::Sender<PullStatus>,
    /// When somebody last asked for the stream.
    wanted_at: watch::Sender<Option<Instant>>,
}

/// Why an attempt is over.
#[derive(Debug, thiserror::Error)]
enum Over {
    #[error("nobody watches")]
    Idle,
    #[error("somebody publishes it here")]
    Busy,
    #[error("the server is stopping")]
    Stopping,
    #[error(transparent)]
    Publish(PublishError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the source's media cannot be read")]
    Media(#[from] flv::Error),
    #[error("the source's media cannot be used")]
    Push(#[from] PushError),
    #[error("the source sent nothing for {0:?}")]
    Silent(Duration),
    #[error("closed from here")]
    Kicked,
}

impl From<PublishError> for Over {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Busy(_) => Self::Busy,
            PublishError::Stopping => Self::Stopping,
            error @ PublishError::TooManyStreams(_) => Self::Publish(error),
        }
    }
}

impl Pulls {
    /// Starts a task for each of `sources`; of several for one path only the last counts. Must be called on a tokio
    /// runtime.
    pub fn start(hub: &Arc<Hub>, config: &Config, sources: Vec<Source>) -> Arc<Self> {
        let mut pulls = HashMap::new();
        for source in sources {
            pulls.insert(source.path.clone(), Arc::new(Pull::new(source, config.clone(), hub.clone())));
        }
        for pull in pulls.values() {
            tokio::spawn(pull.clone().run());
        }
        Arc::new(Self { pulls, start_timeout: config.start_timeout })
    }

    /// Whether `path` has a source.
    pub fn has(&self, path: &StreamPath) -> bool {
        self.pulls.contains_key(path)
    }

    /// Somebody wants to watch `path`: if it has a source, waits a while until that has begun.
    pub async fn want(&self, path: &StreamPath) {
        let Some(pull) = self.pulls.get(path) else { return };
        pull.wanted_at.send_replace(Some(Instant::now()));
        let mut status = pull.status.subscribe();
        let is_live = status.wait_for(|status| status.state == PullState::Live);
        // Whether it came to life shows in the hub.
        let _ = timeout(self.start_timeout, is_live).await;
    }

    /// Each source and how it is doing, by path.
    pub fn statuses(&self) -> Vec<(&Source, PullStatus)> {
        let mut statuses: Vec<_> =
            self.pulls.values().map(|pull| (&pull.source, pull.status.borrow().clone())).collect();
        statuses.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        statuses
    }
}

impl Pull {
    fn new(source: Source, config: Config, hub: Arc<Hub>) -> Self {
        // The same for every connection of this pull, so that a later one takes over from an earlier one; nobody else
        // has it, as other credentials are digests of other things.
        let digest = Sha256::digest(format!("pull\0{}\0{:?}", source.path, source.url));
        let status = PullStatus {
            state: PullState::Idle,
            since_ms: unix_ms(),
            attempts: 0,
            last_error: None,
            next_attempt_at: None,
        };
        Self {
            source,
            config,
            hub,
            credential: Credential::Digest(digest.into()),
            status: watch::Sender::new(status),
            wanted_at: watch::Sender::new(None),
        }
    }

    /// Fetches the stream until the server stops.
    async fn run(self: Arc<Self>) {
        keep_trying(&self, || self.attempt()).await;
    }

    fn stream(&self) -> Option<Arc<Stream>> {
        self.hub.get(&self.source.path)
    }

    /// Whether the stream should be fetched now.
    fn is_wanted(&self) -> bool {
        !self.source.on_demand
            || self.wanted_at.borrow().is_some_and(|wanted_at| wanted_at.elapsed() < self.config.idle_stop)
            || self.stream().is_some_and(|stream| stream.viewer_count() > 0)
    }

    fn set_state(&self, state: PullState) {
        self.status.send_modify(|status| {
            if status.state != state {
                status.state = state;
                status.since_ms = unix_ms();
            }
            status.next_attempt_at = None;
        });
    }

    /// From the connection to its end.
    async fn attempt(&self) -> Over {
        match self.fetch().await {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    async fn fetch(&self) -> Result<std::convert::Infallible, Over> {
        // Asking the source for what could not be published would only cost its bandwidth.
        if self.stream().is_some_and(|stream| stream.state() == StreamState::Live) {
            return Err(Over::Busy);
        }
        self.set_state(PullState::Connecting);
        self.status.send_modify(|status| status.attempts += 1);
        let mut connection = Connection::open(&self.source.url).await?;
        let kicked = Arc::new(Notify::new());
        let session = self.session(connection.remote(), &kicked);
        let mut tags = Vec::new();
        let mut fetched = Fetched { publisher: None, demuxer: BodyDemuxer::new(), packets: Vec::new() };
        let mut patience = self.config.first_packet_timeout;
        let mut is_live = false;
        loop {
            tokio::select! {
                biased;
                () = kicked.notified() => return Err(Over::Kicked),
                read = timeout_at(Instant::now() + patience, connection.read(&mut tags)) => {
                    read.map_err(|_| Over::Silent(patience))??;
                }
            }
            patience = self.config.silence_timeout;
            for tag in tags.drain(..) {
                fetched.take(tag, self, &session)?;
            }
            let Some(publisher) = &fetched.publisher else { continue };
            if !is_live && publisher.stream().start().is_some() {
                is_live = true;
                tracing::info!(stream = %self.source.path, session = %session.id, source = %self.source.shown_url, "pulling");
                self.set_state(PullState::Live);
                self.status.send_modify(|status| status.last_error = None);
            }
            self.stop_if_idle(publisher.stream())?;
        }
    }

    /// Notes whether somebody watches; if nobody has for long, ends the stream.
    fn stop_if_idle(&self, stream: &Stream) -> Result<(), Over> {
        if stream.viewer_count() > 0 {
            self.wanted_at.send_replace(Some(Instant::now()));
        }
        if self.is_wanted() {
            return Ok(());
        }
        self.hub.end(&self.source.path, StopReason::PublisherGone);
        Err(Over::Idle)
    }

    /// The session as the API and the hooks know it.
    fn session(&self, remote: IpAddr, kicked: &Arc<Notify>) -> Arc<Session> {
        let session = Arc::new(Session::new(&Request {
            action: Action::Publish,
            path: self.source.path.clone(),
            args: Args::default(),
            remote,
            protocol: Protocol::Pull,
            session_id: SessionId::random(),
            client: Arc::new(ClientInfo::default()),
        }));
        let kicked = kicked.clone();
        session.set_on_kick(move || kicked.notify_one());
        session
    }
}

/// What has become of the tags of one connection.
struct Fetched {
    /// From the first packet on: a source that sends nothing takes no lease.
    publisher: Option<Publisher>,
    demuxer: BodyDemuxer,
    packets: Vec<media::Packet>,
}

impl Fetched {
    fn take(&mut self, tag: Tag, pull: &Pull, session: &Arc<Session>) -> Result<(), Over> {
        session.bytes.fetch_add(tag.body.len() as u64, Relaxed);
        match self.demuxer.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut self.packets) {
            Ok(_) => {}
            // The stream's other tracks go on.
            Err(flv::Error::UnsupportedCodec { name }) => {
                tracing::debug!(stream = %pull.source.path, codec = name, "a track is left out: its codec is not supported");
            }
            Err(error) => return Err(error.into()),
        }
        if self.publisher.is_none() && !self.packets.is_empty() {
            let (path, wrap) = (&pull.source.path, Some(CLOCK_WRAP));
            self.publisher = Some(pull.hub.publish(path, session, &pull.credential, wrap)?);
            self.set_metadata();
        } else if tag.tag_type == TagType::Script {
            self.set_metadata();
        }
        if let Some(publisher) = &mut self.publisher {
            for packet in self.packets.drain(..) {
                publisher.push(packet)?;
            }
        }
        Ok(())
    }

    fn set_metadata(&mut self) {
        if let Some((publisher, metadata)) = self.publisher.as_mut().zip(self.demuxer.metadata()) {
            publisher.set_metadata(metadata.clone());
        }
    }
}

/// Attempts, and waits between them, until the server stops.
async fn keep_trying<A, F>(pull: &Pull, attempt: A)
where
    A: Fn() -> F,
    F: Future<Output = Over>,
{
    let mut back_off = BackOff::new(pull.config.retry, pull.config.retry_max);
    let mut wanted_at = pull.wanted_at.subscribe();
    loop {
        wanted_at.borrow_and_update();
        if !pull.is_wanted() {
            pull.set_state(PullState::Idle);
            back_off.reset();
            if wanted_at.changed().await.is_err() {
                return;
            }
            continue;
        }
        let over = attempt().await;
        if pull.status.borrow().state == PullState::Live {
            back_off.reset();
        }
        let wait = match &over {
            Over::Idle => continue,
            Over::Stopping => return,
            // Looking whether they have gone costs nothing.
            Over::Busy => pull.config.retry,
            over => {
                let wait = back_off.next(rand::random());
                let (stream, source) = (&pull.source.path, &pull.source.shown_url);
                tracing::warn!(%stream, %source, reason = chain(over), retry_ms = wait.as_millis() as u64, "a pull is interrupted");
                wait
            }
        };
        pull.set_state(PullState::Waiting);
        pull.status.send_modify(|status| {
            status.last_error = Some(chain(&over));
            status.next_attempt_at = Some(Instant::now() + wait);
        });
        sleep(wait).await;
    }
}

/// An error and what it came from.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// FLV and RTMP timestamps have 32 bits of milliseconds.
const CLOCK_WRAP: Duration = Duration::from_millis(1 << 32);

#[cfg(test)]
mod tests;
