//! Who follows whom.
//!
//! `PUT|DELETE /api/v1/users/{id}/follow` follow and unfollow, `PATCH` says whether the caller is told what the other does,
//! `GET` tells the counts and whether the caller follows;
//! `GET /api/v1/me/following` and `GET /api/v1/me/followers` list people, the caller's own only.

mod routes;
#[cfg(test)]
mod tests;

pub(crate) use routes::PersonRow;
pub use routes::routes;

use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::webhooks::{self, Happening};
use crate::{Error, Platform, Result, blocks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Settings of `[follows]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub following_max: i64,
}

/// How many follow a user, and how many it follows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Who follow the user.
    pub followers: i64,
    /// Whom the user follows.
    pub following: i64,
    /// Whether the caller follows the user.
    pub is_followed: bool,
    /// Whether the caller is told what the user does: went live, published a video.
    pub is_told: bool,
}

/// Makes `follower_id` follow `user_id`; true when it did not before.
pub async fn follow(platform: &Platform, follower_id: i64, user_id: i64) -> Result<bool> {
    if follower_id == user_id {
        return Err(Error::invalid("follow_self", "Nobody can follow oneself."));
    }
    let host = crate::accounts::users::by_id(&platform.db, user_id).await?;
    let host = host.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))?;
    if blocks::is_blocked(&platform.db, user_id, follower_id).await? {
        return Err(Error::forbidden("blocked", "This user has blocked you."));
    }
    let max = platform.settings().following_max;
    let insert = sql("INSERT INTO follows (follower_id, user_id, created_at) SELECT $1, $2, $3 FROM users \
         WHERE id = $1 AND (SELECT COUNT(*) FROM follows WHERE follower_id = $1) < $4 ON CONFLICT DO NOTHING");
    let insert = insert.bind(follower_id).bind(user_id).bind(now_ms()).bind(max);
    let mut tx = platform.db.begin().await?;
    let is_new = tx.execute(insert).await? > 0;
    if is_new {
        webhooks::tell(&mut tx, Happening::Follow { follower_id, host: &host }).await?;
    }
    tx.commit().await?;
    if !is_new && !is_following(&platform.db, follower_id, user_id).await? {
        let message = format!("You follow {max} people, which is the most (following_max).");
        return Err(Error::conflict("too_many_followed", message));
    }
    Ok(is_new)
}

/// Makes `follower_id` not follow `user_id`.
pub async fn unfollow(db: &Db, follower_id: i64, user_id: i64) -> Result<()> {
    let delete = sql("DELETE FROM follows WHERE follower_id = $1 AND user_id = $2");
    db.execute(delete.bind(follower_id).bind(user_id)).await?;
    Ok(())
}

/// Makes neither follow the other.
pub(crate) async fn part(tx: &mut Tx, one_id: i64, other_id: i64) -> Result<()> {
    let delete = sql("DELETE FROM follows WHERE (follower_id = $1 AND user_id = $2) \
         OR (follower_id = $2 AND user_id = $1)");
    tx.execute(delete.bind(one_id).bind(other_id)).await?;
    Ok(())
}

/// Whether `follower_id` follows `user_id`, as follower-only chat asks.
pub async fn is_following(db: &Db, follower_id: i64, user_id: i64) -> Result<bool> {
    let query = sql("SELECT user_id FROM follows WHERE follower_id = $1 AND user_id = $2");
    Ok(db.maybe::<(i64,)>(query.bind(follower_id).bind(user_id)).await?.is_some())
}

/// The counts of `user_id`, for `caller_id`.
pub async fn counts(db: &Db, user_id: i64, caller_id: Option<i64>) -> Result<Counts> {
    let query = sql("SELECT (SELECT COUNT(*) FROM follows WHERE user_id = $1), \
         (SELECT COUNT(*) FROM follows WHERE follower_id = $1)");
    let (followers, following): (i64, i64) = db.one(query.bind(user_id)).await?;
    let follow = sql("SELECT is_told FROM follows WHERE user_id = $1 AND follower_id = $2");
    let follow: Option<(bool,)> = db.maybe(follow.bind(user_id).bind(caller_id)).await?;
    let is_told = follow.is_some_and(|(is_told,)| is_told);
    Ok(Counts { followers, following, is_followed: follow.is_some(), is_told })
}

/// Whether `follower_id`, who follows `user_id`, is told what that one does.
pub async fn set_told(db: &Db, follower_id: i64, user_id: i64, is_told: bool) -> Result<()> {
    let update = sql("UPDATE follows SET is_told = $3 WHERE follower_id = $1 AND user_id = $2");
    if db.execute(update.bind(follower_id).bind(user_id).bind(is_told)).await? == 0 {
        return Err(Error::not_found("not_followed", "You do not follow this user."));
    }
    Ok(())
}

/// New followers of `user_id` by days of 24 hours that begin at `since`: when each began, and how many still follow.
pub async fn by_day(db: &Db, user_id: i64, since: i64) -> Result<Vec<(i64, i64)>> {
    let query = sql("SELECT $2 + (created_at - $2) / 86400000 * 86400000 AS at, COUNT(*) FROM follows \
         WHERE user_id = $1 AND created_at >= $2 GROUP BY at");
    Ok(db.all(query.bind(user_id).bind(since)).await?)
}

/// Followers of `user_id` after `after_id`, by number, `limit` at most.
pub async fn followers(db: &Db, user_id: i64, after_id: i64, limit: i64) -> Result<Vec<i64>> {
    let query = sql("SELECT follower_id FROM follows WHERE user_id = $1 AND follower_id > $2 \
         ORDER BY follower_id LIMIT $3");
    let ids: Vec<(i64,)> = db.all(query.bind(user_id).bind(after_id).bind(limit)).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}
