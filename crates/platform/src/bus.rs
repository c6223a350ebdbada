//! What happens on the platform, told to every feature that listens.
//!
//! Told after the database has it, never before. Who listens too slowly misses events, so they are hints to look again
//! or to pass on, never the only copy of anything.

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

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

/// The way events go.
#[derive(Clone, Debug)]
pub struct Bus {
    local: broadcast::Sender<Event>,
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// Within this process.
    pub fn new() -> Self {
        Self { local: broadcast::Sender::new(BACKLOG_MAX) }
    }

    /// Tells everybody.
    pub fn tell(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.local.send(event);
    }

    /// Everything from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.local.subscribe()
    }
}
