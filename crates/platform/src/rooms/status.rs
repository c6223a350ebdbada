//! What a room's status may become, and the broadcasts that begin and end with it.

use super::{ENDED, IDLE, LIVE, PAUSED, Room, by_name, cuts, get};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::webhooks::{self, Happening};
use crate::{Error, Platform, Result, notifications};
use hub::{EventKind, StopReason, StreamPath, StreamState};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use std::sync::{Arc, Weak};
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

/// What happens to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The host goes on air.
    Play,
    /// The host takes a break.
    Pause,
    /// The host ends it, for good.
    Stop,
    /// Somebody publishes into it.
    #[serde(skip)]
    Publish,
    /// Its stream is gone, also after the hold.
    #[serde(skip)]
    Lost,
}

/// The status as a word.
pub fn name(status: i64) -> &'static str {
    match status {
        IDLE => "idle",
        LIVE => "live",
        PAUSED => "paused",
        _ => "ended",
    }
}

/// What follows on `status`; nothing when it stays. 409 when the room has ended, which is final.
pub fn next(status: i64, act: Act) -> Result<Option<i64>> {
    let next = match (status, act) {
        (ENDED | IDLE, Act::Lost) => return Ok(None),
        (ENDED, _) => return Err(Error::conflict("room_ended", "This room has ended; make another one.")),
        (_, Act::Publish | Act::Play) => LIVE,
        (_, Act::Pause | Act::Lost) => PAUSED,
        (_, Act::Stop) => ENDED,
    };
    Ok((next != status).then_some(next))
}

/// Changes the status of a room, begins or ends its broadcast, and tells everybody.
pub async fn apply(platform: &Platform, room_id: i64, act: Act) -> Result<Room> {
    let now = now_ms();
    let mut tx = platform.db.begin().await?;
    let locked = format!("SELECT status FROM rooms WHERE id = $1{}", tx.for_update());
    let found: Option<(i64,)> = tx.maybe(sql(AssertSqlSafe(locked)).bind(room_id)).await?;
    let Some((before,)) = found else {
        return Err(Error::not_found("room_not_found", "There is no such room."));
    };
    let changed = next(before, act)?;
    if let Some(status) = changed {
        let update = sql("UPDATE rooms SET status = $2, updated_at = $3 WHERE id = $1");
        tx.execute(update.bind(room_id).bind(status).bind(now)).await?;
    }
    let status = changed.unwrap_or(before);
    let mut has_begun = false;
    if status == LIVE {
        let begin =
            sql("INSERT INTO broadcasts (room_id, started_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        has_begun = tx.execute(begin.bind(room_id).bind(now)).await? > 0;
    } else if status == ENDED || act == Act::Lost {
        let end = sql("UPDATE broadcasts SET ended_at = $2 WHERE room_id = $1 AND ended_at IS NULL");
        if tx.execute(end.bind(room_id).bind(now)).await? > 0 {
            webhooks::tell(&mut tx, Happening::Ended(room_id)).await?;
        }
        tx.execute(sql("UPDATE rooms SET viewer_count = 0 WHERE id = $1").bind(room_id)).await?;
    }
    if has_begun {
        webhooks::tell(&mut tx, Happening::WentLive(room_id)).await?;
    }
    tx.commit().await?;
    let room = get(&platform.db, room_id).await?;
    if changed.is_some() {
        platform.bus.tell(Event::RoomChanged { room_id });
    }
    if has_begun {
        notifications::went_live(platform, &room).await?;
    }
    if status == ENDED {
        cuts::end(platform, &room.path()?);
    }
    Ok(room)
}

/// Follows the streams, until the platform is gone: publishing makes a room live, a stream that is gone makes it paused.
pub fn follow(platform: &Arc<Platform>) {
    let mut events = platform.hub.events();
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            let done = match events.recv().await {
                Ok(event) => match event.kind {
                    EventKind::PublishStarted | EventKind::StreamEnded => settle(&weak, &event.path).await,
                    _ => Ok(()),
                },
                Err(RecvError::Lagged(_)) => settle_all(&weak).await,
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "a room could not follow its stream");
            }
        }
    });
}

/// Makes the room at `path` what its stream is now: events may come late.
async fn settle(platform: &Weak<Platform>, path: &StreamPath) -> Result<()> {
    let Some(platform) = platform.upgrade() else { return Ok(()) };
    let room = match by_name(&platform.db, path.name()).await? {
        Some(room) if room.path()? == *path => room,
        _ => return Ok(()),
    };
    let act = match platform.hub.get(path).map(|stream| stream.state()) {
        Some(StreamState::Live | StreamState::Held) => Act::Publish,
        Some(StreamState::Ended(_)) | None => Act::Lost,
    };
    match apply(&platform, room.id, act).await {
        // Let in just before the end.
        Err(error) if error.code == "room_ended" => drop(platform.hub.end(path, StopReason::Kicked)),
        other => drop(other?),
    }
    Ok(())
}

/// Makes every room what its stream is: after missed events, and after a crash, when rooms are live without one.
pub(crate) async fn settle_all(weak: &Weak<Platform>) -> Result<()> {
    let Some(platform) = weak.upgrade() else { return Ok(()) };
    for stream in platform.hub.streams() {
        settle(weak, stream.path()).await?;
    }
    for (room_name,) in platform.db.all::<(String,)>(sql("SELECT name FROM rooms WHERE status = 1")).await? {
        let path =
            StreamPath::from_app_and_name("live", &room_name).map_err(|error| Error::internal(&error))?;
        if platform.hub.get(&path).is_none() {
            settle(weak, &path).await?;
        }
    }
    Ok(())
}
