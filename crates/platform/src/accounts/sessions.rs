//! Sessions: a random token for each sign-in, stored as its digest.

use super::User;
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Platform, Result, random};
use std::sync::Arc;

/// `used_at` is written this often at most.
const USED_AT_EVERY_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Signs `user` in and gives the token, which is nowhere else. The oldest sessions beyond the limit end.
pub async fn open(
    platform: &Platform,
    user: &User,
    user_agent: &str,
    address: &str,
) -> Result<(String, i64)> {
    let config = &platform.config.accounts;
    let (token, now) = (random::token(), now_ms());
    let expires_at = now + i64::from(config.session_days) * DAY_MS;
    let insert = sql(
        "INSERT INTO sessions (token_digest, user_id, user_agent, address, created_at, used_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
    );
    let insert = insert.bind(random::digest(&token)).bind(user.id).bind(user_agent).bind(address);
    let (id,): (i64,) = platform.db.one(insert.bind(now).bind(expires_at)).await?;
    let surplus = sql("DELETE FROM sessions WHERE user_id = $1 AND (expires_at <= $2 OR id NOT IN \
         (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT $3)) RETURNING id");
    let surplus = surplus.bind(user.id).bind(now).bind(config.sessions_max);
    for (ended,) in platform.db.all::<(i64,)>(surplus).await? {
        platform.bus.tell(Event::SignedOut { user_id: user.id, session_id: Some(ended) });
    }
    Ok((token, id))
}

/// Whose token it is, and of which session. Nothing when it has ended or the account is closed.
pub async fn find(platform: &Platform, token: &str) -> Result<Option<(Arc<User>, i64)>> {
    let now = now_ms();
    let query = sql("SELECT id, user_id, used_at FROM sessions WHERE token_digest = $1 AND expires_at > $2");
    let query = query.bind(random::digest(token)).bind(now);
    let Some((id, user_id, used_at)) = platform.db.maybe::<(i64, i64, i64)>(query).await? else {
        return Ok(None);
    };
    let Some(user) = super::users::by_id(&platform.db, user_id).await? else { return Ok(None) };
    if user.is_disabled {
        return Ok(None);
    }
    if now - used_at > USED_AT_EVERY_MS {
        platform.db.execute(sql("UPDATE sessions SET used_at = $1 WHERE id = $2").bind(now).bind(id)).await?;
    }
    Ok(Some((Arc::new(user), id)))
}

/// Ends one session of a user; false when it has none such.
pub async fn end(platform: &Platform, user_id: i64, session_id: i64) -> Result<bool> {
    let query = sql("DELETE FROM sessions WHERE id = $1 AND user_id = $2").bind(session_id).bind(user_id);
    let is_ended = platform.db.execute(query).await? > 0;
    if is_ended {
        platform.bus.tell(Event::SignedOut { user_id, session_id: Some(session_id) });
    }
    Ok(is_ended)
}

/// Ends all sessions of a user but `except`.
pub async fn end_all(platform: &Platform, user_id: i64, except: Option<i64>) -> Result<()> {
    let query = sql("DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING id");
    let ended = platform.db.all::<(i64,)>(query.bind(user_id).bind(except.unwrap_or(0))).await?;
    for (session_id,) in ended {
        platform.bus.tell(Event::SignedOut { user_id, session_id: Some(session_id) });
    }
    Ok(())
}
