//! Moderation: who keeps order in a room, its rules, bans and timeouts, what was done by whom, and reports.
//!
//! Hosts name moderators (`GET /api/v1/rooms/{id}/moderators`, `PUT|DELETE …/{user_id}`); host, moderators and admins set
//! the rules (`/rules`: slow mode, links, blocked words), ban or silence people (`/bans`), pin a message (`/pinned`),
//! read the log (`/moderation-log`) and undo what it holds. Members of the room see it at once as the events `rules`,
//! `pinned`, `comment_deleted`, `comment_restored` and, the one it hits, `banned`. Everybody may report
//! (`POST /api/v1/reports`); admins read and close reports under `/api/v1/admin/reports`. What a room's rules forbid is
//! decided here ([`may_enter`], [`may_say`], [`is_banned`]); messages themselves are [`crate::chat`].

mod actions;
mod reports;
mod routes;

#[cfg(test)]
mod tests;

pub use actions::delete_comment;
pub use routes::routes;

use crate::accounts::User;
use crate::chat::Comment;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::limiter::Limiter;
use crate::rooms::Room;
use crate::{Error, Platform, Result, follows, row};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Settings of `[moderation]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub reports_per_minute: u32,
    pub reports_burst: u32,
}

/// What moderation keeps in memory.
pub struct State {
    reports: Limiter<i64>,
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self { reports: Limiter::new(config.reports_per_minute, config.reports_burst) }
    }
}

/// Event for somebody who may no longer be in a room: the sockets leave it.
pub(crate) const BANNED_EVENT: &str = "banned";

/// What somebody may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// What everybody may.
    Viewer,
    /// Keep order.
    Moderator,
    /// Also name moderators: the host, and admins.
    Host,
}

impl Authority {
    /// Whether it may keep order.
    pub fn is_moderator(self) -> bool {
        self >= Self::Moderator
    }
}

/// What `user` may do in `room`: the one place that decides it.
pub async fn authority(db: &Db, room: &Room, user: &User) -> Result<Authority> {
    if user.id == room.user_id || user.is_admin() {
        return Ok(Authority::Host);
    }
    let query = sql("SELECT user_id FROM room_moderators WHERE room_id = $1 AND user_id = $2");
    let row: Option<(i64,)> = db.maybe(query.bind(room.id).bind(user.id)).await?;
    Ok(if row.is_some() { Authority::Moderator } else { Authority::Viewer })
}

/// Rules of a room's chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Seconds between two messages of one person, 0 to 3600; 0: as fast as they like.
    pub slow_seconds: i64,
    /// Whether messages with links are refused.
    pub links_off: bool,
    /// Whether only followers of the host may write.
    #[serde(default)]
    pub followers_only: bool,
    /// Words that are refused: 100 of 40 characters at most.
    pub blocked_words: Vec<String>,
}

row! {
    struct RulesRow {
        slow_seconds: i64,
        links_off: bool,
        followers_only: bool,
        blocked_words: String,
    }
}

/// The rules of a room.
pub async fn rules(db: &Db, room_id: i64) -> Result<Rules> {
    let query = sql(
        "SELECT slow_seconds, links_off, followers_only, blocked_words FROM room_rules WHERE room_id = $1",
    );
    let row: Option<RulesRow> = db.maybe(query.bind(room_id)).await?;
    Ok(row.map_or_else(Rules::default, |row| Rules {
        slow_seconds: row.slow_seconds,
        links_off: row.links_off,
        followers_only: row.followers_only,
        blocked_words: serde_json::from_str(&row.blocked_words).unwrap_or_default(),
    }))
}

/// The message shown above all others.
pub async fn pinned(db: &Db, room_id: i64) -> Result<Option<Comment>> {
    let query = sql("SELECT pinned_comment_id FROM room_rules WHERE room_id = $1");
    let row: Option<(Option<i64>,)> = db.maybe(query.bind(room_id)).await?;
    let Some(id) = row.and_then(|(id,)| id) else { return Ok(None) };
    Ok(Some(crate::chat::get(db, id).await?).filter(|comment| !comment.is_deleted))
}

/// What is in force against somebody in a room: `ban` before `timeout`.
async fn in_force(db: &Db, room_id: i64, user_id: i64) -> Result<Option<String>> {
    let query = sql("SELECT kind FROM room_bans WHERE room_id = $1 AND user_id = $2 AND lifted_at IS NULL \
         AND (until_at IS NULL OR until_at > $3) AND (broadcast_id IS NULL OR broadcast_id = \
         (SELECT id FROM broadcasts WHERE room_id = $1 AND ended_at IS NULL)) ORDER BY kind LIMIT 1");
    let row: Option<(String,)> = db.maybe(query.bind(room_id).bind(user_id).bind(now_ms())).await?;
    Ok(row.map(|(kind,)| kind))
}

/// Whether somebody may not be in a room.
pub async fn is_banned(db: &Db, room_id: i64, user_id: i64) -> Result<bool> {
    Ok(in_force(db, room_id, user_id).await?.as_deref() == Some("ban"))
}

/// Whether somebody may be in a room and read it; else 403.
pub async fn may_enter(platform: &Platform, room: &Room, user: Option<&User>) -> Result<()> {
    let authority = match user {
        Some(user) => authority(&platform.db, room, user).await?,
        None => Authority::Viewer,
    };
    if authority.is_moderator() {
        return Ok(());
    }
    crate::rooms::may_view(platform, room, user).await?;
    if let Some(user) = user
        && is_banned(&platform.db, room.id, user.id).await?
    {
        return Err(Error::forbidden("banned", "You are banned from this room."));
    }
    Ok(())
}

/// Whether somebody may say this in a room now; else why not. Moderators may say anything.
pub async fn may_say(platform: &Platform, room: &Room, user: &User, content: &str) -> Result<()> {
    let db = &platform.db;
    if authority(db, room, user).await?.is_moderator() {
        return Ok(());
    }
    match in_force(db, room.id, user.id).await?.as_deref() {
        Some("ban") => return Err(Error::forbidden("banned", "You are banned from this room.")),
        Some(_) => return Err(Error::forbidden("silenced", "You may not write in this room for a while.")),
        None => {}
    }
    let rules = rules(db, room.id).await?;
    rules.check(db, room, user, content).await?;
    if rules.slow_seconds > 0 {
        let query = sql("SELECT MAX(created_at) FROM comments WHERE user_id = $1 AND room_id = $2");
        let (last,): (Option<i64>,) = db.one(query.bind(user.id).bind(room.id)).await?;
        let wait = last.map_or(0, |last| last + rules.slow_seconds * 1000 - now_ms());
        if let Ok(wait) = u64::try_from(wait)
            && wait > 0
        {
            let seconds = wait.div_ceil(1000);
            let message = format!("Slow mode: wait {seconds} s.");
            return Err(Error::too_many("slow_mode", message, Duration::from_millis(wait)));
        }
    }
    Ok(())
}

/// Whether somebody may say this under a recording of a room; else why not. As [`may_say`], but who is silenced or slow
/// is so in the chat alone.
pub async fn may_comment(platform: &Platform, room: &Room, user: &User, content: &str) -> Result<()> {
    let db = &platform.db;
    if authority(db, room, user).await?.is_moderator() {
        return Ok(());
    }
    if is_banned(db, room.id, user.id).await? {
        return Err(Error::forbidden("banned", "You are banned from this room."));
    }
    rules(db, room.id).await?.check(db, room, user, content).await
}

impl Rules {
    /// What holds for every text, whenever it is said.
    async fn check(&self, db: &Db, room: &Room, user: &User, content: &str) -> Result<()> {
        if self.followers_only && !follows::is_following(db, user.id, room.user_id).await? {
            let message = "Only followers of the host may write in this room.";
            return Err(Error::forbidden("followers_only", message));
        }
        let small = content.to_lowercase();
        if self.links_off && has_link(&small) {
            return Err(Error::forbidden("links_off", "Links are off in this room."));
        }
        if self.blocked_words.iter().any(|word| small.contains(word.as_str())) {
            let message = "The message has a word that is blocked in this room.";
            return Err(Error::forbidden("blocked_word", message));
        }
        Ok(())
    }
}

/// Addresses with a scheme, `www.`, and words with a dot before two letters or more and a slash or the end.
fn has_link(small: &str) -> bool {
    small.split_whitespace().any(|word| {
        let host = word.split(['/', '?', '#']).next().unwrap_or_default();
        let top = host.rsplit_once('.').filter(|(name, _)| !name.is_empty()).map_or("", |(_, top)| top);
        word.contains("://")
            || word.contains("www.")
            || (top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()))
    })
}
