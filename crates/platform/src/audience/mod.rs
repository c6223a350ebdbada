//! Who watches a room now: each person once, whatever they have open.
//!
//! Players bring a viewer id in their address (`?viewer=`, [`viewer_id`] for who is signed in, a random one for others);
//! sockets are of people, whose viewer ids are known. What has the same id is one viewer, and a player without an id is
//! one of its own. Servers on one database tell each other over the [`crate::bus`] every [`TELL_EVERY`]; what one told is
//! forgotten after [`FORGET_AFTER`], so that a server that died takes its viewers with it.

#[cfg(test)]
mod tests;

use crate::accounts::PublicUser;
use crate::bus::Event;
use crate::rooms::Room;
use crate::{Platform, Result, random};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// How often servers tell each other.
const TELL_EVERY: Duration = Duration::from_secs(3);
/// When what a server told counts no more.
const FORGET_AFTER: Duration = Duration::from_secs(10);
/// Viewers of a room a server names; more are told as a number.
const NAMED_MAX: usize = 5000;
/// Characters of a viewer id.
const ID_CHARS: usize = 16;

/// Who watches a room through one server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Viewer ids, of people and of players.
    pub viewers: Vec<String>,
    /// Players without one.
    pub others: usize,
    /// Numbers of the people in the room's socket.
    pub people: Vec<i64>,
    /// The last of them to come.
    pub shown: Vec<PublicUser>,
}

/// By room and server, with the time when it was told.
type Told = HashMap<i64, HashMap<String, (Part, Instant)>>;

/// What other servers told.
#[derive(Default)]
pub struct State(Mutex<Told>);

impl State {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, server: String, room_id: i64, part: Part) {
        self.lock().entry(room_id).or_default().insert(server, (part, Instant::now()));
    }

    fn forget(&self) {
        self.lock().retain(|_, servers| {
            servers.retain(|_, (_, heard_at)| heard_at.elapsed() < FORGET_AFTER);
            !servers.is_empty()
        });
    }

    fn of(&self, room_id: i64) -> Vec<Part> {
        let state = self.lock();
        let servers = state.get(&room_id).into_iter().flat_map(HashMap::values);
        servers.filter(|(_, at)| at.elapsed() < FORGET_AFTER).map(|(part, _)| part.clone()).collect()
    }
}

/// The viewer id of somebody in a room: the same for all they have open there, and of no use anywhere else.
pub fn viewer_id(room_name: &str, user_id: i64) -> String {
    let mut id = random::digest(&format!("viewer of {room_name}: {user_id}"));
    id.truncate(ID_CHARS);
    id
}

/// A viewer id for somebody who is not signed in.
pub fn anonymous_id() -> String {
    random::letters(ID_CHARS)
}

/// How many watch a room, on all servers.
pub fn count(platform: &Platform, room: &Room) -> usize {
    let mut parts = platform.audience.of(room.id);
    parts.push(here(platform, room.id, &room.name));
    let viewers: HashSet<&String> = parts.iter().flat_map(|part| &part.viewers).collect();
    viewers.len() + parts.iter().map(|part| part.others).sum::<usize>()
}

/// People in a room's socket on other servers: their numbers, and some of them.
pub(crate) fn elsewhere(platform: &Platform, room_id: i64) -> (HashSet<i64>, Vec<PublicUser>) {
    let parts = platform.audience.of(room_id);
    let people = parts.iter().flat_map(|part| &part.people).copied().collect();
    (people, parts.into_iter().flat_map(|part| part.shown).collect())
}

/// Who watches through this server.
fn here(platform: &Platform, room_id: i64, room_name: &str) -> Part {
    let (people, shown) = platform.chat.people(room_id);
    let mut viewers: HashSet<String> = people.iter().map(|id| viewer_id(room_name, *id)).collect();
    let mut others = 0;
    let path = hub::StreamPath::from_app_and_name("live", room_name).ok();
    for session in path.and_then(|path| platform.hub.get(&path)).iter().flat_map(|stream| stream.viewers()) {
        match session.args.get("viewer").filter(|id| id.len() == ID_CHARS) {
            Some(id) => drop(viewers.insert(id.to_owned())),
            None => others += 1,
        }
    }
    let beyond = viewers.len().saturating_sub(NAMED_MAX);
    let viewers = viewers.into_iter().take(NAMED_MAX).collect();
    Part { viewers, others: others + beyond, people: people.into_iter().take(NAMED_MAX).collect(), shown }
}

/// Ends what somebody has open to watch a room through this server.
pub(crate) fn turn_away(platform: &Platform, room: &Room, user_id: i64) -> Result<()> {
    let id = viewer_id(&room.name, user_id);
    for session in platform.hub.get(&room.path()?).iter().flat_map(|stream| stream.viewers()) {
        if session.args.get("viewer") == Some(&id) {
            session.kick();
        }
    }
    Ok(())
}

/// Tells the other servers who is here and hears who is there, until the platform is gone. Alone it does nothing.
pub(crate) fn share(platform: &Arc<Platform>) {
    if !platform.bus.is_shared() {
        return;
    }
    let mut events = platform.bus.listen();
    let weak = Arc::downgrade(platform);
    let server = random::letters(12);
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(TELL_EVERY);
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                _ = tick.tick() => {
                    let Some(platform) = weak.upgrade() else { return };
                    platform.audience.forget();
                    if let Err(error) = tell_all(&platform, &server).await {
                        tracing::debug!(%error, "other servers were not told who watches");
                    }
                    continue;
                }
            };
            let Some(platform) = weak.upgrade() else { return };
            match event {
                Ok(Event::Audience { server: other, room_id, part }) if other != server => {
                    platform.audience.hear(other, room_id, part);
                }
                Ok(Event::AudienceChanged { room_id, room_name }) => {
                    let part = here(&platform, room_id, &room_name);
                    platform.bus.tell_others(Event::Audience { server: server.clone(), room_id, part });
                }
                Err(RecvError::Closed) => return,
                _ => {}
            }
        }
    });
}

async fn tell_all(platform: &Platform, server: &str) -> Result<()> {
    let mut rooms: HashMap<i64, String> = HashMap::new();
    for stream in platform.hub.streams() {
        if let Some(room) = crate::rooms::by_name(&platform.db, stream.path().name()).await? {
            rooms.insert(room.id, room.name);
        }
    }
    for room_id in platform.chat.rooms() {
        if let std::collections::hash_map::Entry::Vacant(entry) = rooms.entry(room_id)
            && let Some(room) = crate::rooms::by_id(&platform.db, room_id).await?
        {
            entry.insert(room.name);
        }
    }
    for (room_id, name) in rooms {
        let part = here(platform, room_id, &name);
        platform.bus.tell_others(Event::Audience { server: server.to_owned(), room_id, part });
    }
    Ok(())
}
