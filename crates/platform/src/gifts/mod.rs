//! Gifts: the catalogue, and giving: one transaction that takes the coins, credits the host and writes it all down;
//! the room hears of it afterwards, or not at all.

mod catalogue;
mod leaders;
mod routes;

#[cfg(test)]
mod tests;

pub use catalogue::Gift;
pub use routes::routes;

use crate::accounts::User;
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::rooms::{self, ENDED, IDLE, Room};
use crate::wallet::{self, Account};
use crate::webhooks::{self, Happening};
use crate::{Error, Platform, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Settings of `[gifts]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub num_max: i64,
    pub combo_window_ms: i64,
    pub price_max: i64,
    pub retry_days: i64,
}

/// A gift that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sent {
    /// Its number.
    pub id: i64,
    /// Coins it cost in all.
    pub coin: i64,
    /// How many of it.
    pub num: i64,
    /// How many in a row, with these.
    pub combo: i64,
    /// What is left to spend.
    pub balance: i64,
}

/// Gives `num` of a gift to the host of `room`. With a `key` the same wish counts once, however often it is sent.
pub async fn send(
    platform: &Platform,
    user: &User,
    room: &Room,
    gift_id: i64,
    num: i64,
    key: Option<&str>,
) -> Result<Sent> {
    let max = platform.settings().gift_num_max;
    if !(1..=max).contains(&num) {
        let message = format!("{num} of a gift cannot be given; 1 to {max} are expected (gift_num_max).");
        return Err(Error::invalid("num", message));
    }
    if key.is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Err(Error::invalid("idempotency_key", "The Idempotency-Key has 1 to 200 bytes."));
    }
    let closed = match room.status {
        IDLE => Some(Error::conflict("room_idle", "The room is not live yet.")),
        ENDED => Some(Error::conflict("room_ended", "The room has ended.")),
        _ => rooms::may_view(platform, room, Some(user)).await.err(),
    };
    let mut tx = platform.db.begin().await?;
    if let Some(key) = key
        && let Some(answer) = answered(&mut tx, user.id, key, &format!("{} {gift_id} {num}", room.id)).await?
    {
        return Ok(answer);
    }
    // Only now: who asks again about a gift that was paid gets the answer, whatever became of the room.
    if let Some(error) = closed {
        return Err(error);
    }
    let gift = catalogue::active(&mut tx, gift_id).await?;
    let gift = gift.ok_or_else(|| Error::not_found("gift_not_found", "There is no such gift."))?;
    let coin = gift.coin * num;
    let sent = pay(&mut tx, platform, user, room, &gift, num, coin).await?;
    if let Some(key) = key {
        let answer = serde_json::to_string(&sent).map_err(|error| Error::internal(&error))?;
        let store = sql("UPDATE gift_requests SET answer = $3 WHERE user_id = $1 AND key = $2");
        tx.execute(store.bind(user.id).bind(key).bind(answer)).await?;
    }
    webhooks::tell(&mut tx, Happening::Gift { room, user, gift: &gift, num, coin }).await?;
    tx.commit().await?;
    platform.bus.tell(Event::ToRoom {
        room_id: room.id,
        event: "gift".into(),
        payload: serde_json::json!({
            "avatar": user.avatar, "username": user.name(), "gift_image": gift.image, "gift_name": gift.name,
            "num": num, "combo": sent.combo, "coin": coin, "gift_id": gift.id, "id": sent.id, "user_id": user.id,
        }),
    });
    Ok(sent)
}

/// Coins of the gifts to a host by days of 24 hours that begin at `since`: when each began, and how many.
pub async fn by_day(db: &Db, host_id: i64, since: i64) -> Result<Vec<(i64, i64)>> {
    let query = sql("SELECT $2 + (gift_events.created_at - $2) / 86400000 * 86400000 AS at, \
         CAST(SUM(gift_events.coin) AS BIGINT) FROM rooms JOIN gift_events ON gift_events.room_id = rooms.id \
         WHERE rooms.user_id = $1 AND gift_events.created_at >= $2 GROUP BY at");
    Ok(db.all(query.bind(host_id).bind(since)).await?)
}

/// The answer an equal request got; nothing when this is the first, which holds the key from now on.
async fn answered(tx: &mut Tx, user_id: i64, key: &str, body: &str) -> Result<Option<Sent>> {
    let claim = sql("INSERT INTO gift_requests (user_id, key, body, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, key) DO NOTHING");
    if tx.execute(claim.bind(user_id).bind(key).bind(body).bind(now_ms())).await? > 0 {
        return Ok(None);
    }
    let query =
        sql("SELECT body, answer FROM gift_requests WHERE user_id = $1 AND key = $2").bind(user_id).bind(key);
    let (known, answer): (String, String) = tx.one(query).await?;
    if known != body {
        let message = "This Idempotency-Key was used for another gift; use a new one.";
        return Err(Error::conflict("idempotency_conflict", message));
    }
    serde_json::from_str(&answer).map(Some).map_err(|error| Error::internal(&error))
}

async fn pay(
    tx: &mut Tx,
    platform: &Platform,
    user: &User,
    room: &Room,
    gift: &Gift,
    num: i64,
    coin: i64,
) -> Result<Sent> {
    let (from, to) = (Account::User(user.id), Account::Earned(room.user_id));
    let transfer = wallet::transfer(tx, "gift", &gift.name, from, to, coin).await?;
    let now = now_ms();
    let total = sql("UPDATE rooms SET coin = coin + $2 WHERE id = $1").bind(room.id).bind(coin);
    tx.execute(total).await?;
    let on_air =
        sql("UPDATE broadcasts SET coin = coin + $2 WHERE room_id = $1 AND ended_at IS NULL RETURNING id");
    let broadcast = tx.maybe::<(i64,)>(on_air.bind(room.id).bind(coin)).await?.map(|(id,)| id);
    let last = sql(
        "SELECT combo FROM gift_events WHERE user_id = $1 AND room_id = $2 AND gift_id = $3 AND created_at > $4 \
         ORDER BY id DESC LIMIT 1",
    );
    let last =
        last.bind(user.id).bind(room.id).bind(gift.id).bind(now - platform.config.gifts.combo_window_ms);
    let combo = num + tx.maybe::<(i64,)>(last).await?.map_or(0, |(combo,)| combo);
    let insert = sql(
        "INSERT INTO gift_events (room_id, broadcast_id, user_id, gift_id, num, combo, coin, transfer_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
    );
    let insert =
        insert.bind(room.id).bind(broadcast).bind(user.id).bind(gift.id).bind(num).bind(combo).bind(coin);
    let (id,): (i64,) = tx.one(insert.bind(transfer).bind(now)).await?;
    let left = sql("SELECT balance FROM coin_accounts WHERE kind = 'user' AND owner_id = $1").bind(user.id);
    let (balance,): (i64,) = tx.one(left).await?;
    Ok(Sent { id, coin, num, combo, balance })
}
