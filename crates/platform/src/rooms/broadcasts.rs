//! Broadcasts: the on-air periods of a room, and how many watched.

use super::{by_name, may_view, routes::visible};
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result, audience, row};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often viewers are counted for the peak.
const COUNT_EVERY: Duration = Duration::from_secs(5);

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list))
}

row! {
    /// One on-air period.
    #[derive(Debug, Serialize, ToSchema)]
    struct Broadcast {
        /// Its number.
        id: i64,
        /// Unix ms.
        started_at: i64,
        /// Unix ms; nothing while it is on.
        ended_at: Option<i64>,
        /// Most viewers at once.
        viewers_peak: i64,
        /// People who were signed in and came to the room.
        viewers_total: i64,
        /// Coins of its gifts.
        coin: i64,
    }
}

/// The on-air periods of a room, the newest first.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/broadcasts", tag = "rooms", params(PageQuery),
    responses((status = 200, body = Page<Broadcast>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Broadcast>>> {
    let room = visible(&platform, id, &caller).await?;
    may_view(&platform, &room, caller.user.as_deref()).await?;
    let query = sql("SELECT id, started_at, ended_at, viewers_peak, viewers_total, coin FROM broadcasts \
         WHERE room_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    Page::read(&platform.db, query.bind(id).bind(page.before_id()), page, |broadcast: &Broadcast| {
        broadcast.id
    })
    .await
}

row! {
    /// An on-air period in one of a host's rooms.
    #[derive(Debug, Serialize, ToSchema)]
    pub(crate) struct Aired {
        /// Its number.
        id: i64,
        /// The room.
        room_id: i64,
        /// The room's title now.
        title: String,
        /// Unix ms.
        started_at: i64,
        /// Unix ms; nothing while it is on.
        ended_at: Option<i64>,
        /// Most viewers at once.
        viewers_peak: i64,
        /// People who were signed in and came to the room.
        viewers_total: i64,
        /// Coins of its gifts.
        coin: i64,
    }
}

/// The last `limit` broadcasts of a host that began at `since` or later, the newest first.
pub(crate) async fn of_host(db: &Db, host_id: i64, since: i64, limit: i64) -> Result<Vec<Aired>> {
    let query =
        sql("SELECT broadcasts.id, room_id, title, started_at, ended_at, viewers_peak, viewers_total, \
         broadcasts.coin FROM rooms JOIN broadcasts ON room_id = rooms.id \
         WHERE user_id = $1 AND started_at >= $2 ORDER BY started_at DESC, broadcasts.id DESC LIMIT $3");
    Ok(db.all(query.bind(host_id).bind(since).bind(limit)).await?)
}

/// Broadcasts of a host by days of 24 hours that begin at `since`: when each began, how many, and how long they were or
/// have been until `now`, ms.
pub(crate) async fn by_day(db: &Db, host_id: i64, since: i64, now: i64) -> Result<Vec<(i64, i64, i64)>> {
    let query = sql("SELECT $2 + (started_at - $2) / 86400000 * 86400000 AS at, COUNT(*), \
         CAST(SUM(COALESCE(ended_at, $3) - started_at) AS BIGINT) FROM rooms JOIN broadcasts ON room_id = rooms.id \
         WHERE user_id = $1 AND started_at >= $2 GROUP BY at");
    Ok(db.all(query.bind(host_id).bind(since).bind(now)).await?)
}

/// The number of a room's broadcast that is on air.
pub(crate) async fn current(db: &Db, room_id: i64) -> Result<Option<i64>> {
    let query =
        sql("SELECT id FROM broadcasts WHERE room_id = $1 AND ended_at IS NULL ORDER BY id DESC LIMIT 1");
    Ok(db.maybe::<(i64,)>(query.bind(room_id)).await?.map(|(id,)| id))
}

/// Counts viewers of what is on air until the platform is gone.
pub(crate) fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        let mut look = tokio::time::interval(COUNT_EVERY);
        loop {
            look.tick().await;
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = count(&platform).await {
                tracing::debug!(%error, "viewers of broadcasts were not counted");
            }
        }
    });
}

pub(super) async fn count(platform: &Platform) -> Result<()> {
    for stream in platform.hub.streams() {
        let Some(room) = by_name(&platform.db, stream.path().name()).await? else { continue };
        let viewers = i64::try_from(audience::count(platform, &room)).unwrap_or(i64::MAX);
        let now =
            sql("UPDATE rooms SET viewer_count = $2 WHERE id = $1 AND viewer_count <> $2 AND status = 1");
        platform.db.execute(now.bind(room.id).bind(viewers)).await?;
        let update = sql(
            "UPDATE broadcasts SET viewers_peak = CASE WHEN viewers_peak < $2 THEN $2 ELSE viewers_peak END, \
             viewers_total = (SELECT COUNT(*) FROM room_visits WHERE room_visits.room_id = broadcasts.room_id \
             AND last_at >= broadcasts.started_at AND last_at <= $3) WHERE ended_at IS NULL AND room_id = $1",
        );
        platform.db.execute(update.bind(room.id).bind(viewers).bind(now_ms())).await?;
    }
    Ok(())
}
