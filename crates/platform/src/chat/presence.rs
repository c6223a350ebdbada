//! Who is in a room: each person once, however many sockets it has there, and gone with the last of them.

use crate::accounts::PublicUser;
use socketioxide::socket::Sid;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The rooms somebody is in.
#[derive(Default)]
pub(super) struct Presence(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    rooms: HashMap<i64, Room>,
    /// The rooms of each socket, and as whom it is there.
    sockets: HashMap<Sid, HashMap<i64, i64>>,
    /// Number of the next arrival; orders people by when they came.
    arrivals: u64,
}

#[derive(Default)]
struct Room {
    people: HashMap<i64, Person>,
    by_arrival: BTreeMap<u64, i64>,
    told_at: Option<Instant>,
}

struct Person {
    user: PublicUser,
    arrival: u64,
    sockets: HashSet<Sid>,
}

/// What is shown of a room.
pub(super) struct Shown {
    /// Sockets.
    pub clients: Vec<Sid>,
    /// People, the last to come first.
    pub people: Vec<PublicUser>,
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a socket; false when it would be in more than `rooms_max` rooms. The person may have been there already.
    pub(super) fn join(&self, room_id: i64, socket: Sid, user: PublicUser, rooms_max: usize) -> bool {
        let mut inner = self.lock();
        let rooms = inner.sockets.entry(socket).or_default();
        if rooms.len() >= rooms_max && !rooms.contains_key(&room_id) {
            return false;
        }
        let before = rooms.insert(room_id, user.id);
        if let Some(before) = before.filter(|before| *before != user.id) {
            inner.remove_from(room_id, socket, before);
        }
        inner.arrivals += 1;
        let arrival = inner.arrivals;
        let room = inner.rooms.entry(room_id).or_default();
        let by_arrival = &mut room.by_arrival;
        let person = room.people.entry(user.id).or_insert_with(|| {
            by_arrival.insert(arrival, user.id);
            Person { user: user.clone(), arrival, sockets: HashSet::new() }
        });
        person.user = user;
        person.sockets.insert(socket);
        true
    }

    /// Removes a socket from a room. The person, when it was there, and whether it is gone with it.
    pub(super) fn leave(&self, room_id: i64, socket: Sid) -> Option<(PublicUser, bool)> {
        let mut inner = self.lock();
        let rooms = inner.sockets.get_mut(&socket)?;
        let user_id = rooms.remove(&room_id)?;
        if rooms.is_empty() {
            inner.sockets.remove(&socket);
        }
        inner.remove_from(room_id, socket, user_id)
    }

    /// The rooms a socket is in.
    pub(super) fn rooms_of(&self, socket: Sid) -> Vec<i64> {
        self.lock().sockets.get(&socket).map(|rooms| rooms.keys().copied().collect()).unwrap_or_default()
    }

    /// Whether a socket is in a room as this user.
    pub(super) fn is_in(&self, room_id: i64, socket: Sid, user_id: i64) -> bool {
        self.lock().sockets.get(&socket).and_then(|rooms| rooms.get(&room_id)) == Some(&user_id)
    }

    /// The sockets of a person in a room.
    pub(super) fn sockets_of(&self, room_id: i64, user_id: i64) -> Vec<Sid> {
        let inner = self.lock();
        let person = inner.rooms.get(&room_id).and_then(|room| room.people.get(&user_id));
        person.map(|person| person.sockets.iter().copied().collect()).unwrap_or_default()
    }

    /// Numbers of the people in a room.
    pub(super) fn people_of(&self, room_id: i64) -> Vec<i64> {
        self.lock().rooms.get(&room_id).map(|room| room.people.keys().copied().collect()).unwrap_or_default()
    }

    /// Rooms with people in them.
    pub(super) fn rooms(&self) -> Vec<i64> {
        self.lock().rooms.keys().copied().collect()
    }

    /// People in a room, in this process.
    pub(super) fn count(&self, room_id: i64) -> usize {
        self.lock().rooms.get(&room_id).map_or(0, |room| room.people.len())
    }

    /// Whether a room was not told of comings and goings for this long; counts as telling.
    pub(super) fn may_tell(&self, room_id: i64, pause: Duration) -> bool {
        let mut inner = self.lock();
        let Some(room) = inner.rooms.get_mut(&room_id) else { return false };
        let may = room.told_at.is_none_or(|told_at| told_at.elapsed() >= pause);
        if may {
            room.told_at = Some(Instant::now());
        }
        may
    }

    /// What is shown of a room, `max` of each.
    pub(super) fn shown(&self, room_id: i64, max: usize) -> Shown {
        let inner = self.lock();
        let Some(room) = inner.rooms.get(&room_id) else {
            return Shown { clients: Vec::new(), people: Vec::new() };
        };
        let newest = || room.by_arrival.values().rev().filter_map(|id| room.people.get(id));
        Shown {
            clients: newest().flat_map(|person| &person.sockets).take(max).copied().collect(),
            people: newest().take(max).map(|person| person.user.clone()).collect(),
        }
    }
}

impl Inner {
    fn remove_from(&mut self, room_id: i64, socket: Sid, user_id: i64) -> Option<(PublicUser, bool)> {
        let room = self.rooms.get_mut(&room_id)?;
        let person = room.people.get_mut(&user_id)?;
        person.sockets.remove(&socket);
        let (user, arrival, is_gone) = (person.user.clone(), person.arrival, person.sockets.is_empty());
        if is_gone {
            room.people.remove(&user_id);
            room.by_arrival.remove(&arrival);
        }
        if room.people.is_empty() {
            self.rooms.remove(&room_id);
        }
        Some((user, is_gone))
    }
}
