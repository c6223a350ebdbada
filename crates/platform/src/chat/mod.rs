//! Chat: the room socket (socket.io on `/socket.io/`, clients 2.x and 4.x), who is in a room, and what was said.
//!
//! The socket takes `joinLive {live_id, token, batch?}`, `comment {live_id, data, colour?, mode?, token}` and
//! `leaveLive {live_id, token}`; the token may also come with the connection (`auth.token`, a `token` header, or the
//! cookie of a page of this site). A room's members hear `online`, `comment` (or `comments`, an array, with `batch`),
//! and what other features tell ([`crate::bus::Event::ToRoom`]); who joins hears `history` once. A refusal comes as an
//! event named by the socket's id and in the ack. Over HTTP: `GET /api/v1/rooms/{id}/comments` (`q` for
//! moderators), `GET /api/v1/me/comments`, `DELETE /api/v1/comments/{comment_id}`. What is *not* here: rules, bans and
//! moderators are [`crate::moderation`]; who is there on other servers comes from [`crate::audience`].

mod comments;
mod presence;
mod routes;
mod socket;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use comments::get;
pub use comments::{Comment, set_deleted};
pub use routes::routes;
pub use socket::layer;

use crate::accounts::{PublicUser, User};
use crate::db::Db;
use crate::limiter::Limiter;
use crate::rooms::{self, Room};
use crate::{Error, Platform, Result, moderation, text};
use serde::Deserialize;
use socketioxide::socket::Sid;

/// Settings of `[chat]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub message_chars_max: usize,
    pub messages_per_minute_user: u32,
    pub messages_burst_user: u32,
    pub messages_per_minute_room: u32,
    pub messages_burst_room: u32,
    pub events_per_minute_socket: u32,
    pub events_burst_socket: u32,
    pub refusals_until_cut: u32,
    pub rooms_per_socket_max: usize,
    pub history: u32,
    pub online_shown_max: usize,
    pub event_bytes_max: usize,
    pub packets_waiting_max: usize,
}

/// What chat keeps in memory.
pub struct State {
    presence: presence::Presence,
    by_user: Limiter<i64>,
    by_room: Limiter<i64>,
    by_socket: Limiter<Sid>,
    store: comments::Store,
}

impl State {
    pub(crate) fn new(config: &Config, db: &Db) -> Self {
        Self {
            presence: presence::Presence::default(),
            by_user: Limiter::new(config.messages_per_minute_user, config.messages_burst_user),
            by_room: Limiter::new(config.messages_per_minute_room, config.messages_burst_room),
            by_socket: Limiter::new(config.events_per_minute_socket, config.events_burst_socket),
            store: comments::Store::start(db.clone()),
        }
    }
}

impl State {
    /// Numbers of the people in a room's socket here, and the last to come.
    pub(crate) fn people(&self, room_id: i64) -> (Vec<i64>, Vec<PublicUser>) {
        (self.presence.people_of(room_id), self.presence.shown(room_id, SHOWN_ELSEWHERE_MAX).people)
    }

    /// Rooms with people in their socket here.
    pub(crate) fn rooms(&self) -> Vec<i64> {
        self.presence.rooms()
    }
}

/// People of a room whom other servers can show, at most.
const SHOWN_ELSEWHERE_MAX: usize = 50;

/// What somebody wants to say.
#[derive(Debug)]
pub struct Message<'a> {
    /// The text.
    pub content: &'a str,
    /// `#rrggbb`.
    pub colour: &'a str,
    /// `scroll`, `top` or `bottom`.
    pub mode: &'a str,
}

/// The room, when it is one that people can be in now.
pub async fn open_room(platform: &Platform, room_id: i64) -> Result<Room> {
    let room = rooms::get(&platform.db, room_id).await?;
    match room.status {
        rooms::IDLE => Err(Error::conflict("room_idle", "The broadcast has not begun.")),
        rooms::ENDED => Err(Error::conflict("room_ended", "The broadcast has ended.")),
        _ => Ok(room),
    }
}

/// Says something in a room: checked, stored, then told. The caller makes sure that `user` is in the room.
pub async fn say(platform: &Platform, room_id: i64, user: &User, message: Message<'_>) -> Result<Comment> {
    let max = usize::try_from(platform.settings().message_chars_max).unwrap_or(0);
    let content = text::line("data", message.content, 1, max)?;
    let colour = colour(message.colour)?;
    if !matches!(message.mode, "scroll" | "top" | "bottom") {
        return Err(Error::invalid("mode", "mode is scroll, top or bottom."));
    }
    platform.chat.by_user.check(&user.id)?;
    let room = open_room(platform, room_id).await?;
    moderation::may_say(platform, &room, user, &content).await?;
    platform.chat.by_room.check(&room_id)?;
    let stream = platform.hub.get(&room.path()?);
    let stream_ms = stream.map(|stream| stream.last_dts().as_millis());
    platform
        .chat
        .store
        .add(comments::New {
            room_id,
            user: user.public(),
            content,
            colour,
            mode: message.mode.to_owned(),
            stream_ms,
        })
        .await
        .inspect(|comment| comment.tell(platform))
}

fn colour(text: &str) -> Result<String> {
    let is_right = text
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_right {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::invalid("colour", "colour is # and six hexadecimal digits, as #ffffff."))
}
