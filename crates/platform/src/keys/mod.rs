//! Stream keys: the secret each host puts into the encoder. The hub maps it to the public path of the host's room, so
//! it is in no address a viewer sees.

mod routes;

pub use routes::routes;

use crate::accounts::{User, users};
use crate::clock::now_ms;
use crate::db::sql;
use crate::rooms::cuts;
use crate::{Error, Platform, Result, random};
use hub::StreamPath;

/// What a stream key begins with, so that it is known for a secret wherever it turns up.
pub const PREFIX: &str = "sk_";

/// Makes a new key for `user` and gives it; the one before is good for nothing, and what publishes with it is cut.
pub async fn rotate(platform: &Platform, user: &User) -> Result<String> {
    let key = format!("{PREFIX}{}", random::token());
    let upsert = sql("INSERT INTO stream_keys (user_id, key_digest, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET key_digest = excluded.key_digest, created_at = excluded.created_at");
    platform.db.execute(upsert.bind(user.id).bind(random::digest(&key)).bind(now_ms())).await?;
    cut(platform, user).await?;
    Ok(key)
}

/// Takes the key away.
pub async fn revoke(platform: &Platform, user: &User) -> Result<()> {
    platform.db.execute(sql("DELETE FROM stream_keys WHERE user_id = $1").bind(user.id)).await?;
    cut(platform, user).await
}

/// When the key in force was made, unix ms; nothing when there is none.
pub async fn made_at(platform: &Platform, user: &User) -> Result<Option<i64>> {
    let query = sql("SELECT created_at FROM stream_keys WHERE user_id = $1").bind(user.id);
    Ok(platform.db.maybe::<(i64,)>(query).await?.map(|(at,)| at))
}

/// Whose key it is.
pub async fn owner(platform: &Platform, key: &str) -> Result<Option<User>> {
    let query = sql("SELECT user_id FROM stream_keys WHERE key_digest = $1").bind(random::digest(key));
    let Some((user_id,)) = platform.db.maybe::<(i64,)>(query).await? else { return Ok(None) };
    Ok(users::by_id(&platform.db, user_id).await?.filter(|user| !user.is_disabled))
}

/// Ends what `user` publishes, on whichever server; the rooms wait for the next publisher.
async fn cut(platform: &Platform, user: &User) -> Result<()> {
    let query = sql("SELECT name FROM rooms WHERE user_id = $1 AND status <> 3").bind(user.id);
    for (name,) in platform.db.all::<(String,)>(query).await? {
        let path = StreamPath::from_app_and_name("live", &name).map_err(|error| Error::internal(&error))?;
        cuts::cut(platform, &path);
    }
    Ok(())
}
