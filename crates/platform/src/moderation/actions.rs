//! What moderators do: each is written with its line in the log, then told.

use super::{Authority, BANNED_EVENT, Rules, authority};
use crate::accounts::{User, users};
use crate::bus::Event;
use crate::chat::{self, Comment};
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::rooms::{self, Room};
use crate::{Error, Platform, Result, row, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Words blocked in one room, and characters of one, at most.
const BLOCKED_WORDS_MAX: usize = 100;
const BLOCKED_WORD_CHARS_MAX: usize = 40;
/// Minutes of a ban or timeout at most: a year.
const MINUTES_MAX: i64 = 525_600;

/// The room, when `user` may keep order there; else 403.
pub(super) async fn as_moderator(platform: &Platform, user: &User, room_id: i64) -> Result<Room> {
    let room = rooms::get(&platform.db, room_id).await?;
    if authority(&platform.db, &room, user).await?.is_moderator() {
        return Ok(room);
    }
    Err(Error::forbidden("moderators_only", "Only moderators of the room may do this."))
}

/// The room, when `user` is its host or an admin; else 403.
pub(super) async fn as_host(platform: &Platform, user: &User, room_id: i64) -> Result<Room> {
    let room = rooms::get(&platform.db, room_id).await?;
    match authority(&platform.db, &room, user).await? {
        Authority::Host => Ok(room),
        _ => Err(Error::forbidden("host_only", "Only the host of the room may do this.")),
    }
}

async fn log(db: &Db, room_id: i64, user: &User, action: &str, target_id: i64) -> Result<()> {
    log_change(db, room_id, user, action, target_id, "").await
}

/// [`log`], with how it was before.
async fn log_change(
    db: &Db,
    room_id: i64,
    user: &User,
    action: &str,
    target_id: i64,
    before: &str,
) -> Result<()> {
    let query = sql("INSERT INTO moderation_log (room_id, user_id, action, target_id, before, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)");
    let query = query.bind(room_id).bind(user.id).bind(action).bind(target_id).bind(before);
    db.execute(query.bind(now_ms())).await?;
    Ok(())
}

fn tell(platform: &Platform, room_id: i64, event: &str, payload: Value) {
    platform.bus.tell(Event::ToRoom { room_id, event: event.to_owned(), payload });
}

/// Takes somebody's message away, as a moderator of its room.
pub async fn delete_comment(platform: &Platform, user: &User, comment: &Comment) -> Result<()> {
    as_moderator(platform, user, comment.live_id).await?;
    if chat::set_deleted(platform, comment, true).await? {
        log(&platform.db, comment.live_id, user, "delete", comment.id).await?;
    }
    Ok(())
}

/// Names a moderator, or takes it back.
pub(super) async fn set_moderator(
    platform: &Platform,
    user: &User,
    room_id: i64,
    who: i64,
    is_one: bool,
) -> Result<()> {
    as_host(platform, user, room_id).await?;
    let db = &platform.db;
    if users::by_id(db, who).await?.is_none() {
        return Err(Error::not_found("user_not_found", "There is no such user."));
    }
    let query = match is_one {
        true => sql("INSERT INTO room_moderators (room_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(room_id)
            .bind(who)
            .bind(now_ms()),
        false => sql("DELETE FROM room_moderators WHERE room_id = $1 AND user_id = $2").bind(room_id).bind(who),
    };
    if db.execute(query).await? > 0 {
        log(db, room_id, user, if is_one { "moderator_add" } else { "moderator_remove" }, who).await?;
    }
    Ok(())
}

/// Sets the rules of a room.
pub(super) async fn set_rules(platform: &Platform, user: &User, room_id: i64, rules: Rules) -> Result<Rules> {
    as_moderator(platform, user, room_id).await?;
    if !(0..=3600).contains(&rules.slow_seconds) {
        return Err(Error::invalid("slow_seconds", "slow_seconds is 0 to 3600."));
    }
    if rules.blocked_words.len() > BLOCKED_WORDS_MAX {
        return Err(Error::invalid(
            "blocked_words",
            format!("At most {BLOCKED_WORDS_MAX} words can be blocked."),
        ));
    }
    let words = rules.blocked_words.iter();
    let words =
        words.map(|word| Ok(text::line("a blocked word", word, 1, BLOCKED_WORD_CHARS_MAX)?.to_lowercase()));
    let rules = Rules { blocked_words: words.collect::<Result<_>>()?, ..rules };
    let before = json!(super::rules(&platform.db, room_id).await?).to_string();
    let query = sql(
        "INSERT INTO room_rules (room_id, slow_seconds, links_off, followers_only, blocked_words, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (room_id) DO UPDATE SET slow_seconds = excluded.slow_seconds, \
         links_off = excluded.links_off, followers_only = excluded.followers_only, \
         blocked_words = excluded.blocked_words, updated_at = excluded.updated_at",
    );
    let query = query.bind(room_id).bind(rules.slow_seconds).bind(rules.links_off).bind(rules.followers_only);
    platform.db.execute(query.bind(json!(rules.blocked_words).to_string()).bind(now_ms())).await?;
    log_change(&platform.db, room_id, user, "rules", 0, &before).await?;
    // Everybody hears what is asked of them; the blocked words are for the moderators.
    let told = json!({"live_id": room_id, "slow_seconds": rules.slow_seconds,
        "links_off": rules.links_off, "followers_only": rules.followers_only});
    tell(platform, room_id, "rules", told);
    Ok(rules)
}

/// Pins a message of the room, or none.
pub(super) async fn pin(
    platform: &Platform,
    user: &User,
    room_id: i64,
    comment_id: Option<i64>,
) -> Result<()> {
    as_moderator(platform, user, room_id).await?;
    let comment = match comment_id {
        Some(id) => Some(chat::get(&platform.db, id).await?),
        None => None,
    };
    if comment.as_ref().is_some_and(|comment| comment.live_id != room_id || comment.is_deleted) {
        return Err(Error::not_found("comment_not_found", "There is no such message in this room."));
    }
    let before = super::pinned(&platform.db, room_id).await?;
    let before = json!(before.map(|comment| comment.id)).to_string();
    let query = sql("INSERT INTO room_rules (room_id, pinned_comment_id, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (room_id) DO UPDATE SET pinned_comment_id = excluded.pinned_comment_id, updated_at = excluded.updated_at");
    platform.db.execute(query.bind(room_id).bind(comment_id).bind(now_ms())).await?;
    log_change(&platform.db, room_id, user, "pin", comment_id.unwrap_or(0), &before).await?;
    tell(platform, room_id, "pinned", json!({"live_id": room_id, "comment": comment}));
    Ok(())
}

/// Whom to keep out or quiet, and how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBan {
    /// Whom.
    user_id: i64,
    /// `timeout` (may watch, not write) or `ban` (may not come in).
    kind: String,
    /// Only until the broadcast that is on ends.
    #[serde(default)]
    this_show: bool,
    /// Minutes, 1 to 525600; nothing: for good, unless `this_show`.
    minutes: Option<i64>,
    /// For the other moderators.
    #[serde(default)]
    reason: String,
}

row! {
    /// A ban or timeout.
    #[derive(Serialize, ToSchema)]
    pub(super) struct Ban {
        /// Its number.
        pub id: i64,
        /// Whom it hits.
        pub user_id: i64,
        /// `timeout` or `ban`.
        pub kind: String,
        /// The broadcast it holds for.
        pub broadcast_id: Option<i64>,
        /// When it ends, unix ms.
        pub until_at: Option<i64>,
        /// Why.
        pub reason: String,
        /// The moderator.
        pub by_user_id: i64,
        /// Unix ms.
        pub created_at: i64,
        /// When it was taken back, unix ms.
        pub lifted_at: Option<i64>,
    }
}

/// Keeps somebody out or quiet. Moderators cannot do it to each other, nobody to the host or an admin.
pub(super) async fn ban(platform: &Platform, user: &User, room_id: i64, new: NewBan) -> Result<Ban> {
    let room = as_moderator(platform, user, room_id).await?;
    let db = &platform.db;
    let hit = users::by_id(db, new.user_id).await?;
    let hit = hit.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))?;
    if authority(db, &room, &hit).await? >= authority(db, &room, user).await? || hit.id == room.user_id {
        return Err(Error::forbidden(
            "not_over_them",
            "Moderators, hosts and admins cannot be banned by you.",
        ));
    }
    if !matches!(new.kind.as_str(), "timeout" | "ban") {
        return Err(Error::invalid("kind", "kind is timeout or ban."));
    }
    if new.minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
        return Err(Error::invalid("minutes", format!("minutes is 1 to {MINUTES_MAX}.")));
    }
    let mut broadcast_id = None;
    if new.this_show {
        let query = sql("SELECT id FROM broadcasts WHERE room_id = $1 AND ended_at IS NULL").bind(room_id);
        let on_air: Option<(i64,)> = db.maybe(query).await?;
        let (id,) =
            on_air.ok_or_else(|| Error::conflict("not_on_air", "No broadcast is on in this room."))?;
        broadcast_id = Some(id);
    }
    let now = now_ms();
    let insert = sql(
        "INSERT INTO room_bans (room_id, user_id, kind, broadcast_id, until_at, reason, by_user_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id, user_id, kind, broadcast_id, until_at, reason, \
         by_user_id, created_at, lifted_at",
    );
    let insert = insert.bind(room_id).bind(hit.id).bind(&new.kind).bind(broadcast_id);
    let insert = insert.bind(new.minutes.map(|minutes| now + minutes * 60_000));
    let insert = insert.bind(text::line("reason", &new.reason, 0, 200)?).bind(user.id).bind(now);
    let ban: Ban = db.one(insert).await?;
    log(db, room_id, user, "ban", ban.id).await?;
    let event = if ban.kind == "ban" { BANNED_EVENT } else { "silenced" };
    let payload = json!({"live_id": room_id, "kind": ban.kind, "until_at": ban.until_at});
    platform.bus.tell(Event::ToUser { user_id: hit.id, event: event.to_owned(), payload });
    tell(platform, room_id, "moderated", json!({"live_id": room_id, "user_id": hit.id, "kind": ban.kind}));
    Ok(ban)
}

/// Takes a ban back.
pub(super) async fn lift(platform: &Platform, user: &User, room_id: i64, ban_id: i64) -> Result<()> {
    as_moderator(platform, user, room_id).await?;
    let query =
        sql("UPDATE room_bans SET lifted_at = $1 WHERE id = $2 AND room_id = $3 AND lifted_at IS NULL");
    if platform.db.execute(query.bind(now_ms()).bind(ban_id).bind(room_id)).await? == 0 {
        return Err(Error::not_found("ban_not_found", "There is no such ban in force in this room."));
    }
    log(&platform.db, room_id, user, "lift", ban_id).await
}

row! {
    /// A line of the log.
    #[derive(Serialize, ToSchema)]
    pub(super) struct Done {
        /// Its number.
        pub id: i64,
        /// Who did it.
        pub user_id: i64,
        /// ban, lift, delete, restore, rules, pin, moderator_add or moderator_remove.
        pub action: String,
        /// Number of the ban, message or user.
        pub target_id: i64,
        /// Unix ms.
        pub created_at: i64,
        /// When it was undone, unix ms.
        pub undone_at: Option<i64>,
    }
}

/// Undoes what a line of the log says, once; who undoes must be allowed to do it.
pub(super) async fn undo(platform: &Platform, user: &User, room_id: i64, done_id: i64) -> Result<()> {
    let room = as_moderator(platform, user, room_id).await?;
    let query = sql("SELECT action, target_id, before FROM moderation_log WHERE id = $1 AND room_id = $2 \
         AND undone_at IS NULL");
    let done: Option<(String, i64, String)> = platform.db.maybe(query.bind(done_id).bind(room_id)).await?;
    let cannot = || Error::conflict("cannot_undo", "This cannot be undone, or was already.");
    let (action, target_id, before) = done.ok_or_else(cannot)?;
    let is_hosts = action.starts_with("moderator_");
    if !matches!(action.as_str(), "ban" | "delete" | "rules" | "pin") && !is_hosts {
        return Err(cannot());
    }
    if is_hosts && authority(&platform.db, &room, user).await? != Authority::Host {
        return Err(Error::forbidden("host_only", "Only the host of the room may do this."));
    }
    // Of two at once one undoes it.
    let mark = sql("UPDATE moderation_log SET undone_at = $1 WHERE id = $2 AND undone_at IS NULL");
    if platform.db.execute(mark.bind(now_ms()).bind(done_id)).await? == 0 {
        return Err(cannot());
    }
    match action.as_str() {
        "ban" => lift(platform, user, room_id, target_id).await,
        "rules" => {
            let before = serde_json::from_str(&before).map_err(|error| Error::internal(&error))?;
            set_rules(platform, user, room_id, before).await.map(drop)
        }
        "pin" => pin(platform, user, room_id, serde_json::from_str(&before).unwrap_or(None)).await,
        "delete" => {
            let comment = chat::get(&platform.db, target_id).await?;
            chat::set_deleted(platform, &comment, false).await?;
            log(&platform.db, room_id, user, "restore", comment.id).await
        }
        _ => set_moderator(platform, user, room_id, target_id, action == "moderator_remove").await,
    }
}
