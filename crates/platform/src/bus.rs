//! What happens on the platform, told to every feature that listens.
//!
//! Told after the database has it, never before. Who listens too slowly misses events, so they are hints to look again
//! or to pass on, never the only copy of anything.

#[cfg(feature = "redis")]
mod redis;

use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A user was signed out: of one session, or of all.
    SignedOut {
        /// Whose.
        user_id: i64,
        /// Which; nothing: all.
        session_id: Option<i64>,
    },
    /// A room or its status is no longer what it was.
    RoomChanged {
        /// Which.
        room_id: i64,
    },
    /// A video is no longer what it was.
    VideoChanged {
        /// Which.
        video_id: i64,
    },
    /// An admin changed the settings.
    SettingsChanged,
    /// A stream is to be cut, on the server that carries it.
    Cut {
        /// Where it is.
        stream: String,
        /// Whether it ends for its viewers too; else it waits for the next publisher.
        is_final: bool,
    },
    /// People came to a room on this server, or left it.
    AudienceChanged {
        /// Which.
        room_id: i64,
        /// Its stream name.
        room_name: String,
    },
    /// Who watches a room through one server.
    Audience {
        /// Which server.
        server: String,
        /// Which room.
        room_id: i64,
        /// Who.
        part: crate::audience::Part,
    },
    /// For everybody in a room: an event of the room socket.
    ToRoom {
        /// Which.
        room_id: i64,
        /// Name of the socket event.
        event: String,
        /// What it carries.
        payload: serde_json::Value,
    },
    /// For one user, wherever it is connected: an event of the room socket.
    ToUser {
        /// Whose.
        user_id: i64,
        /// Name of the socket event.
        event: String,
        /// What it carries.
        payload: serde_json::Value,
    },
}

/// Events kept for a listener that is busy.
const BACKLOG_MAX: usize = 4096;

/// The way events go: to every listener in this process and, when connected, in every other server.
#[derive(Clone, Debug)]
pub struct Bus {
    local: broadcast::Sender<Event>,
    others: Option<mpsc::Sender<Event>>,
}

/// Why a bus cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("redis.url is no address of a Redis: {0}; redis://host:6379 is expected")]
    Address(String),
    /// Built without it.
    #[error("redis.url is set, but this program was built without the feature \"redis\"")]
    NotBuilt,
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// Within this process.
    pub fn new() -> Self {
        Self { local: broadcast::Sender::new(BACKLOG_MAX), others: None }
    }

    /// Between all servers that use the Redis or Valkey at `url`; within this process when it is empty.
    pub fn connect(url: &str) -> Result<Self, ConnectError> {
        let bus = Self::new();
        if url.is_empty() {
            return Ok(bus);
        }
        #[cfg(not(feature = "redis"))]
        return Err(ConnectError::NotBuilt);
        #[cfg(feature = "redis")]
        match redis::connect(&bus, url) {
            Ok(others) => Ok(Self { others: Some(others), ..bus }),
            Err(error) => Err(ConnectError::Address(error.to_string())),
        }
    }

    /// Tells everybody.
    pub fn tell(&self, event: Event) {
        self.tell_others(event.clone());
        self.tell_here(event);
    }

    /// Tells other servers alone.
    pub fn tell_others(&self, event: Event) {
        if let Some(others) = &self.others
            && others.try_send(event).is_err()
        {
            tracing::debug!("too many events wait for redis; other servers miss one");
        }
    }

    /// Whether there may be other servers.
    pub fn is_shared(&self) -> bool {
        self.others.is_some()
    }

    /// Tells everybody in this process.
    fn tell_here(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.local.send(event);
    }

    /// Everything from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.local.subscribe()
    }
}
