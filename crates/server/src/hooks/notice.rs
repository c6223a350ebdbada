//! What a hook is told, whatever its dialect.

use gateway::record::flv::Done;
use hub::{Action, Args, ClientInfo, Event, EventKind, Protocol, Request, SessionId, StreamPath};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The events: those of Node-Media-Server under its names, and files that were recorded. `pre` events are questions, the others are news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum HookEvent {
    PreConnect,
    PostConnect,
    DoneConnect,
    PrePublish,
    PostPublish,
    DonePublish,
    PrePlay,
    PostPlay,
    DonePlay,
    RecordDone,
}

impl HookEvent {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PreConnect,
        Self::PostConnect,
        Self::DoneConnect,
        Self::PrePublish,
        Self::PostPublish,
        Self::DonePublish,
        Self::PrePlay,
        Self::PostPlay,
        Self::DonePlay,
        Self::RecordDone,
    ];

    /// The name in the settings and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreConnect => "preConnect",
            Self::PostConnect => "postConnect",
            Self::DoneConnect => "doneConnect",
            Self::PrePublish => "prePublish",
            Self::PostPublish => "postPublish",
            Self::DonePublish => "donePublish",
            Self::PrePlay => "prePlay",
            Self::PostPlay => "postPlay",
            Self::DonePlay => "donePlay",
            Self::RecordDone => "recordDone",
        }
    }

    /// The question to ask before an action.
    pub const fn before(action: Action) -> Self {
        match action {
            Action::Connect => Self::PreConnect,
            Action::Publish => Self::PrePublish,
            Action::Play => Self::PrePlay,
        }
    }

    /// The news that an event of the hub is, if it is any.
    pub const fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Connected => Some(Self::PostConnect),
            EventKind::Disconnected => Some(Self::DoneConnect),
            EventKind::PublishStarted => Some(Self::PostPublish),
            EventKind::PublishEnded => Some(Self::DonePublish),
            EventKind::PlayStarted => Some(Self::PostPlay),
            EventKind::PlayEnded => Some(Self::DonePlay),
            EventKind::StreamEnded => None,
        }
    }

    const fn is_of_connection(self) -> bool {
        matches!(self, Self::PreConnect | Self::PostConnect | Self::DoneConnect)
    }
}

/// One question or piece of news. `args` may hold secrets: they go to the hook, whose owner runs this server too, and
/// never into a log (their `Debug` prints names only).
#[derive(Clone, Debug)]
pub struct Notice {
    /// What happens.
    pub event: HookEvent,
    /// The path: as the client wrote it in a question, the public one afterwards.
    pub path: StreamPath,
    /// The session it happens to.
    pub session_id: SessionId,
    /// What the session does, or asks to do.
    pub action: Action,
    /// What the session speaks.
    pub protocol: Protocol,
    /// Address of the peer.
    pub remote: IpAddr,
    /// The arguments of its URL.
    pub args: Args,
    /// What an RTMP client said of itself.
    pub client: Arc<ClientInfo>,
    /// Media bytes of the session so far; nothing in a question.
    pub bytes: Option<u64>,
    /// When, unix milliseconds.
    pub at_ms: u64,
    /// The file that is complete, if that is the news.
    pub file: Option<Arc<RecordedFile>>,
}

/// A file that was recorded.
#[derive(Clone, Debug)]
pub struct RecordedFile {
    /// What recorded it (`record.flv.recorder`).
    pub recorder: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// How long it is.
    pub duration_ms: u64,
}

impl Notice {
    /// The question that goes before `request`.
    pub fn asking(request: &Request) -> Self {
        Self {
            event: HookEvent::before(request.action),
            path: request.path.clone(),
            session_id: request.session_id,
            action: request.action,
            protocol: request.protocol,
            remote: request.remote,
            args: request.args.clone(),
            client: request.client.clone(),
            bytes: None,
            at_ms: unix_ms(),
            file: None,
        }
    }

    /// The news that `recorder` completed a file.
    pub fn recorded(recorder: &str, done: Done) -> Self {
        let publisher = done.publisher.as_deref();
        let bytes = publisher.map(|session| session.bytes.load(std::sync::atomic::Ordering::Relaxed));
        let duration_ms = u64::try_from(done.duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            event: HookEvent::RecordDone,
            path: done.stream,
            session_id: publisher.map_or_else(SessionId::random, |session| session.id),
            action: Action::Publish,
            protocol: publisher.map_or(Protocol::Pull, |session| session.protocol),
            remote: publisher.map_or(Ipv4Addr::UNSPECIFIED.into(), |session| session.remote),
            args: publisher.map(|session| session.args.clone()).unwrap_or_default(),
            client: publisher.map(|session| session.client.clone()).unwrap_or_default(),
            bytes,
            at_ms: unix_ms(),
            file: Some(Arc::new(RecordedFile {
                recorder: recorder.to_owned(),
                path: done.file,
                bytes: done.bytes,
                duration_ms,
            })),
        }
    }

    /// The news that `event` is, if it is any.
    pub fn telling(event: &Event) -> Option<Self> {
        Some(Self {
            event: HookEvent::of(event.kind)?,
            path: event.path.clone(),
            session_id: event.session_id,
            action: event.action,
            protocol: event.protocol,
            remote: event.remote,
            args: event.args.clone(),
            client: event.client.clone(),
            bytes: Some(event.bytes),
            at_ms: event.at_ms,
            file: None,
        })
    }

    /// The stream's name; an RTMP connection has none yet ([`Request::path`]).
    pub fn name(&self) -> Option<&str> {
        let name = self.path.name();
        (!(self.event.is_of_connection() && name == "-")).then_some(name)
    }

    /// The address as people write it: IPv4 even when it came in over an IPv6 socket.
    pub fn ip(&self) -> String {
        self.remote.to_canonical().to_string()
    }

    /// The session's number for interfaces whose client ids are numbers.
    pub fn client_number(&self) -> u64 {
        client_number(self.session_id)
    }
}

fn unix_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

/// A number that stands for a session id and only for it: its characters read as digits to base 36.
pub fn client_number(id: SessionId) -> u64 {
    id.as_str().chars().fold(0, |number, c| number * 36 + u64::from(c.to_digit(36).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_know_every_event() {
        assert_eq!(HookEvent::ALL.map(HookEvent::as_str), crate::config::HOOK_EVENTS);
    }

    #[test]
    fn different_sessions_have_different_numbers_that_javascript_can_hold() {
        let ids: Vec<_> = (0..1000).map(|_| SessionId::random()).collect();
        let numbers: std::collections::HashSet<u64> = ids.iter().map(|id| client_number(*id)).collect();
        assert_eq!(numbers.len(), ids.iter().collect::<std::collections::HashSet<_>>().len());
        assert!(numbers.iter().all(|number| *number < 1 << 53));
    }
}
