//! Figures for hosts: what became of their broadcasts, videos and followers, day by day.
//!
//! `GET /api/v1/me/analytics` adds up what the features themselves keep: views and watch time by hour
//! ([`crate::videos::plays`]), follows, gifts, broadcasts. A day begins at midnight of the caller's clock
//! (`utc_offset_minutes`). Nothing is estimated, and nothing says who watched.

#[cfg(test)]
mod tests;

use crate::caller::Caller;
use crate::clock::now_ms;
use crate::extract::{Json, Query};
use crate::rooms::broadcasts::{self, Aired};
use crate::videos::plays::{self, Played};
use crate::{Error, Platform, Result, follows, gifts};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Days of one answer at most.
const DAYS_MAX: i64 = 365;
/// Days when nothing is said.
const DAYS: i64 = 28;
/// Broadcasts listed at most, the last ones.
const BROADCASTS_MAX: i64 = 100;
/// Videos listed at most, those watched longest.
const VIDEOS_MAX: i64 = 20;
/// The farthest clocks are 14 hours from UTC.
const OFFSET_MINUTES_MAX: i64 = 14 * 60;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Which days.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// How many days up to today, 1 to 365; 28 when not said.
    days: Option<i64>,
    /// How far the caller's clock is ahead of UTC, -840 to 840; 0 when not said.
    utc_offset_minutes: Option<i64>,
}

/// What happened on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct Day {
    /// When it began, unix ms.
    starts_at: i64,
    /// Views of videos, as docs/videos.md defines them.
    views: i64,
    /// Videos played, ms.
    watched_ms: i64,
    /// Who followed and still does.
    followers: i64,
    /// Coins of gifts.
    coin: i64,
    /// Broadcasts that began.
    broadcasts: i64,
    /// How long they were, ms; of one that is on, up to now.
    live_ms: i64,
}

/// Figures of a host.
#[derive(Debug, Serialize, ToSchema)]
struct Analytics {
    /// All days, from the first to today.
    days: Vec<Day>,
    /// The last broadcasts that began on these days, the newest first.
    broadcasts: Vec<Aired>,
    /// The videos that were watched longest on these days. Their days are those of UTC.
    videos: Vec<Played>,
}

/// Figures of the caller's broadcasts, videos and followers.
#[utoipa::path(get, path = "/api/v1/me/analytics", tag = "analytics", params(Span),
    responses((status = 200, body = Analytics)))]
async fn read(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(span): Query<Span>,
) -> Result<Json<Analytics>> {
    let user = caller.user()?;
    let (count, offset) = (span.days.unwrap_or(DAYS), span.utc_offset_minutes.unwrap_or(0));
    if !(1..=DAYS_MAX).contains(&count) {
        return Err(Error::invalid("days", format!("days is {count}; 1 to {DAYS_MAX} is expected.")));
    }
    if !(-OFFSET_MINUTES_MAX..=OFFSET_MINUTES_MAX).contains(&offset) {
        let message =
            format!("utc_offset_minutes is {offset}; {OFFSET_MINUTES_MAX} at most is expected, either way.");
        return Err(Error::invalid("utc_offset_minutes", message));
    }
    let (now, db) = (now_ms(), &platform.db);
    let mut days = Days::new(now, count, offset * MINUTE_MS);
    let since = days.since;
    for (hour, views, watched_ms) in plays::by_hour(db, user.id, since.div_euclid(HOUR_MS)).await? {
        days.at(hour * HOUR_MS, |day| {
            day.views += views;
            day.watched_ms += watched_ms;
        });
    }
    for (at, followers) in follows::by_day(db, user.id, since).await? {
        days.at(at, |day| day.followers += followers);
    }
    for (at, coin) in gifts::by_day(db, user.id, since).await? {
        days.at(at, |day| day.coin += coin);
    }
    for (at, broadcasts, live_ms) in broadcasts::by_day(db, user.id, since, now).await? {
        days.at(at, |day| {
            day.broadcasts += broadcasts;
            day.live_ms += live_ms;
        });
    }
    Ok(Json(Analytics {
        broadcasts: broadcasts::of_host(db, user.id, since, BROADCASTS_MAX).await?,
        videos: plays::most_watched(db, user.id, since.div_euclid(DAY_MS), VIDEOS_MAX).await?,
        days: days.days,
    }))
}

/// Days in their order, to which things are added by their time.
struct Days {
    /// When the first begins, unix ms.
    since: i64,
    days: Vec<Day>,
}

impl Days {
    /// `count` of them up to that of `now`, of a clock that is `offset_ms` ahead of UTC.
    fn new(now: i64, count: i64, offset_ms: i64) -> Self {
        let today = (now + offset_ms).div_euclid(DAY_MS);
        let since = (today - count + 1) * DAY_MS - offset_ms;
        let days = (0..count).map(|at| Day { starts_at: since + at * DAY_MS, ..Day::default() }).collect();
        Self { since, days }
    }

    /// Adds to the day of a moment; what is before the first day is of none.
    fn at(&mut self, moment: i64, add: impl FnOnce(&mut Day)) {
        let at = usize::try_from((moment - self.since).div_euclid(DAY_MS));
        if let Some(day) = at.ok().and_then(|at| self.days.get_mut(at)) {
            add(day);
        }
    }
}
