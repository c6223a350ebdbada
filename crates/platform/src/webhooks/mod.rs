//! Webhooks: programs of others are told what happens here, signed, and again until they say that they heard it.
//!
//! What happens is written into an outbox in the transaction that makes it happen ([`tell`]), so nothing is lost when
//! the server dies right after; a worker posts what waits there. A receiver may hear of one event more than once
//! and not always in order; the event's `id` tells a repeat. Addresses go through [`outbound`](crate::outbound).
//!
//! Posted is `{"id", "type", "created_at", "data"}` with the headers `X-Weir-Event` (the type), `X-Weir-Delivery`,
//! `X-Weir-Timestamp` (unix seconds, of this attempt) and `X-Weir-Signature`: `sha256=` and the HMAC-SHA-256 of
//! `<timestamp>.<body>` in hexadecimal, with the secret shown when the webhook was made. Any 2xx says that it was heard.

mod routes;
mod targets;
mod worker;

#[cfg(test)]
mod tests;

pub use routes::routes;
pub(crate) use worker::start;

use crate::accounts::{User, users};
use crate::clock::now_ms;
use crate::db::{Tx, sql};
use crate::gifts::Gift;
use crate::rooms::{self, Room};
use crate::videos::Video;
use crate::{Error, Result, random};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// Settings of `[webhooks]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub targets_max: i64,
    pub timeout_ms: u64,
    pub attempts_max: i64,
    pub retry_ms: i64,
    pub at_once_max: usize,
    pub waiting_max: i64,
    pub keep_days: i64,
}

/// What happened.
#[derive(Clone, Copy)]
pub enum Happening<'a> {
    /// A broadcast began in the room with this number.
    WentLive(i64),
    /// The broadcast of the room with this number ended.
    Ended(i64),
    /// Somebody follows a host.
    Follow {
        /// Who.
        follower_id: i64,
        /// Whom.
        host: &'a User,
    },
    /// A gift was given.
    Gift {
        /// Where.
        room: &'a Room,
        /// By whom.
        user: &'a User,
        /// What.
        gift: &'a Gift,
        /// How many of it.
        num: i64,
        /// Coins in all.
        coin: i64,
    },
    /// A video can be played.
    VideoReady(&'a Video),
    /// A video can be watched by everybody.
    VideoPublished(&'a Video),
}

/// What a webhook can be told of.
const KINDS: [&str; 6] = ["went_live", "ended", "follow", "gift", "video_ready", "video_published"];
/// What it is told to see whether it hears.
const PING: &str = "ping";
/// Letters of an event's name: 119 bits.
const NAME_LETTERS: usize = 20;

/// Writes down what happens for those who are to be told, in the transaction that makes it happen.
pub async fn tell(tx: &mut Tx, happening: Happening<'_>) -> Result<()> {
    let kind = happening.kind();
    let wanting = format!(
        "SELECT id FROM webhooks WHERE is_active = TRUE AND (events = '[]' OR events LIKE $1){}",
        tx.for_reference()
    );
    let wanting = sql(AssertSqlSafe(wanting)).bind(format!("%\"{kind}\"%"));
    let wanting: Vec<(i64,)> = tx.all(wanting).await?;
    if wanting.is_empty() {
        return Ok(());
    }
    let data = happening.data(tx).await?;
    let wanting: Vec<i64> = wanting.into_iter().map(|(id,)| id).collect();
    write(tx, kind, &data, &wanting).await?;
    Ok(())
}

/// Puts an event into the outbox; the name receivers know it by.
async fn write(tx: &mut Tx, kind: &str, data: &Value, webhooks: &[i64]) -> Result<String> {
    let (now, name) = (now_ms(), random::letters(NAME_LETTERS));
    let event =
        sql("INSERT INTO webhook_events (name, kind, data, created_at) VALUES ($1, $2, $3, $4) RETURNING id");
    let event = event.bind(&name).bind(kind).bind(data.to_string()).bind(now);
    let (event_id,): (i64,) = tx.one(event).await?;
    for webhook_id in webhooks {
        let delivery =
            sql("INSERT INTO webhook_deliveries (webhook_id, event_id, due_at) VALUES ($1, $2, $3)");
        tx.execute(delivery.bind(*webhook_id).bind(event_id).bind(now)).await?;
    }
    Ok(name)
}

impl Happening<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::WentLive(_) => "went_live",
            Self::Ended(_) => "ended",
            Self::Follow { .. } => "follow",
            Self::Gift { .. } => "gift",
            Self::VideoReady(_) => "video_ready",
            Self::VideoPublished(_) => "video_published",
        }
    }

    async fn data(self, tx: &mut Tx) -> Result<Value> {
        Ok(match self {
            Self::WentLive(room_id) | Self::Ended(room_id) => {
                let room = rooms::by_id_in(tx, room_id).await?;
                let room = room.ok_or_else(|| Error::internal("a room is gone while its status changes"))?;
                json!({"room": room_data(tx, &room).await?})
            }
            Self::Follow { follower_id, host } => {
                json!({"user": user_data(tx, follower_id).await?, "host": {"id": host.id, "name": host.name()}})
            }
            Self::Gift { room, user, gift, num, coin } => json!({
                "room": room_data(tx, room).await?,
                "user": {"id": user.id, "name": user.name()},
                "gift": {"id": gift.id, "name": gift.name, "num": num, "coin": coin},
            }),
            Self::VideoReady(video) | Self::VideoPublished(video) => {
                json!({"video": {"id": video.public_id, "title": video.title, "origin": video.origin,
                    "privacy": video.privacy, "duration_ms": video.duration_ms, "room_id": video.room_id,
                    "owner": user_data(tx, video.user_id).await?}})
            }
        })
    }
}

async fn room_data(tx: &mut Tx, room: &Room) -> Result<Value> {
    Ok(json!({"id": room.id, "title": room.title, "host": user_data(tx, room.user_id).await?}))
}

async fn user_data(tx: &mut Tx, id: i64) -> Result<Value> {
    let user = users::by_id_in(tx, id).await?;
    Ok(json!({"id": id, "name": user.as_ref().map_or("", User::name)}))
}
