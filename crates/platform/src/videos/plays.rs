//! Playing: views, watch time and where somebody stopped.
//!
//! Players say every ten seconds, at the start, on pauses and at the end where they are and how much they have played
//! since they said so last. **A view** is somebody for whom, by the clock here, ten seconds or 30 % of the video (what is
//! less) have been played; the same viewer counts again six hours later. The owner does not count. What is said to have
//! been played is believed up to the time that has passed since the viewer was heard of, so a view takes two reports and
//! the time between them, however often somebody calls; and one network has so many new strangers a minute
//! (`videos.strangers_per_minute`). All that wait are written with one commit.

use super::Video;
use crate::accounts::User;
use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::limiter::Limiter;
use crate::{Error, Result, random, row};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

/// Played milliseconds that make a view.
const VIEW_MS: i64 = 10_000;
/// Percent of a short video that make one.
const VIEW_PERCENT: i64 = 30;
/// The same viewer counts again after this long, ms.
const AGAIN_MS: i64 = 6 * 3_600_000;
/// Believed of one report at most, ms: pages in the background report once a minute.
const REPORT_MS_MAX: i64 = 65_000;
/// Watched to this percent is watched to the end.
const FINISHED_PERCENT: i64 = 95;
/// Characters of a stranger's viewer id, as the API gives it.
const VIEWER_CHARS: usize = 16;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Figures by hour and day are kept this long, ms.
const FIGURES_MS: i64 = 400 * DAY_MS;
/// Reports that may wait to be written; more are refused.
const WAITING_MAX: usize = 2048;
/// Reports of one commit at most.
const COMMIT_MAX: usize = 256;

/// How far a player is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Where playback is, ms.
    position_ms: i64,
    /// Played since the report before, ms; 0 at the start.
    played_ms: i64,
    /// Of who is not signed in: `viewer` as the API gave it.
    #[serde(default)]
    viewer: Option<String>,
}

/// A report on its way into the database.
#[derive(Debug)]
struct Report {
    video_id: i64,
    owner_id: i64,
    duration_ms: i64,
    user_id: Option<i64>,
    /// As `video_plays` has it.
    viewer: String,
    network: IpAddr,
    position_ms: i64,
    played_ms: i64,
    at: i64,
}

type Waiting = (Report, oneshot::Sender<Result<()>>);

/// What is kept in memory of those who play.
pub(super) struct Plays {
    waiting: mpsc::Sender<Waiting>,
    by_viewer: Limiter<(i64, String)>,
    by_network: Limiter<IpAddr>,
}

impl Plays {
    /// Must be called on a tokio runtime.
    pub(super) fn start(config: &super::Config, db: &Db) -> Self {
        let (waiting, comes) = mpsc::channel(WAITING_MAX);
        let strangers = Limiter::new(config.strangers_per_minute, config.strangers_burst);
        tokio::spawn(work(db.clone(), comes, strangers));
        Self {
            waiting,
            by_viewer: Limiter::new(config.reports_per_minute, config.reports_burst),
            by_network: Limiter::new(config.reports_per_minute_network, config.reports_burst_network),
        }
    }

    /// Takes a report; done when it is written. The caller made sure that who plays may watch.
    pub(super) async fn report(&self, video: &Video, caller: &Caller, progress: &Progress) -> Result<()> {
        let network = network(caller.address);
        let user_id = caller.user.as_ref().map(|user| user.id);
        let viewer = match (user_id, progress.viewer.as_deref()) {
            (Some(id), _) => format!("u{id}"),
            (None, Some(id))
                if id.len() == VIEWER_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                format!("v{}", random::digest(id))
            }
            _ => {
                let message =
                    format!("viewer is the {VIEWER_CHARS} letters that came with the video, or sign in.");
                return Err(Error::invalid("viewer", message));
            }
        };
        self.by_network.check(&network)?;
        self.by_viewer.check(&(video.id, viewer.clone()))?;
        let report = Report {
            video_id: video.id,
            owner_id: video.user_id,
            duration_ms: video.duration_ms,
            user_id,
            viewer,
            network,
            position_ms: progress.position_ms.clamp(0, video.duration_ms.max(0)),
            played_ms: progress.played_ms.clamp(0, REPORT_MS_MAX),
            at: now_ms(),
        };
        let (asker, answer) = oneshot::channel();
        if self.waiting.try_send((report, asker)).is_err() {
            let wait = Duration::from_secs(5);
            return Err(Error::too_many("too_busy", "Too many players report; try again in a moment.", wait));
        }
        answer.await.map_err(|error| Error::internal(&error))?
    }
}

/// The network an address is in: itself, or of IPv6 the 64 bits that one customer gets.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

async fn work(db: Db, mut comes: mpsc::Receiver<Waiting>, strangers: Limiter<(i64, IpAddr)>) {
    let mut batch = Vec::with_capacity(COMMIT_MAX);
    while comes.recv_many(&mut batch, COMMIT_MAX).await > 0 {
        let (mut reports, askers): (Vec<Report>, Vec<_>) = batch.drain(..).unzip();
        // Servers on one database that hold the same rows hold them in the same order.
        reports.sort_by(|a, b| (a.video_id, &a.viewer, a.at).cmp(&(b.video_id, &b.viewer, b.at)));
        let written = write(&db, &reports, &strangers).await;
        for asker in askers {
            // Who went away meanwhile needs no answer.
            let _ = asker.send(written.clone());
        }
    }
}

/// What is added up before it is written.
#[derive(Clone, Copy, Default)]
struct Sum {
    views: i64,
    watched_ms: i64,
}

async fn write(db: &Db, reports: &[Report], strangers: &Limiter<(i64, IpAddr)>) -> Result<()> {
    let mut tx = db.begin().await?;
    let mut sums: BTreeMap<(i64, i64, i64), Sum> = BTreeMap::new();
    for report in reports {
        if let Some(user_id) = report.user_id {
            stopped_at(&mut tx, report, user_id).await?;
        }
        if report.user_id != Some(report.owner_id) {
            let sum = sums.entry((report.video_id, report.owner_id, report.at / HOUR_MS)).or_default();
            let Sum { views, watched_ms } = count(&mut tx, report, strangers).await?;
            sum.views += views;
            sum.watched_ms += watched_ms;
        }
    }
    let mut hours: BTreeMap<(i64, i64), Sum> = BTreeMap::new();
    for ((video_id, owner_id, hour), sum) in sums {
        add_up(&mut tx, video_id, owner_id, hour * HOUR_MS / DAY_MS, sum).await?;
        let of_owner = hours.entry((owner_id, hour)).or_default();
        of_owner.views += sum.views;
        of_owner.watched_ms += sum.watched_ms;
    }
    for ((owner_id, hour), sum) in hours.into_iter().filter(|(_, sum)| sum.watched_ms > 0) {
        let upsert =
            sql("INSERT INTO video_hours (user_id, hour, views, watched_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (user_id, hour) DO UPDATE SET views = video_hours.views + excluded.views, \
             watched_ms = video_hours.watched_ms + excluded.watched_ms");
        tx.execute(upsert.bind(owner_id).bind(hour).bind(sum.views).bind(sum.watched_ms)).await?;
    }
    Ok(tx.commit().await?)
}

async fn add_up(tx: &mut Tx, video_id: i64, owner_id: i64, day: i64, sum: Sum) -> Result<()> {
    if sum.views > 0 {
        let views = sql("UPDATE videos SET view_count = view_count + $2 WHERE id = $1");
        tx.execute(views.bind(video_id).bind(sum.views)).await?;
    }
    if sum.watched_ms > 0 {
        let upsert = sql(
            "INSERT INTO video_days (user_id, day, video_id, views, watched_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (user_id, day, video_id) DO UPDATE SET views = video_days.views + excluded.views, \
             watched_ms = video_days.watched_ms + excluded.watched_ms",
        );
        let upsert = upsert.bind(owner_id).bind(day).bind(video_id);
        tx.execute(upsert.bind(sum.views).bind(sum.watched_ms)).await?;
    }
    Ok(())
}

/// Notes where somebody is in a video.
async fn stopped_at(tx: &mut Tx, report: &Report, user_id: i64) -> Result<()> {
    let is_finished = report.duration_ms > 0
        && report.position_ms.saturating_mul(100) >= report.duration_ms.saturating_mul(FINISHED_PERCENT);
    let upsert = sql("INSERT INTO video_visits (video_id, user_id, position_ms, is_finished, last_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (video_id, user_id) DO UPDATE SET position_ms = excluded.position_ms, \
         is_finished = excluded.is_finished, last_at = excluded.last_at");
    let upsert = upsert.bind(report.video_id).bind(user_id).bind(report.position_ms).bind(is_finished);
    tx.execute(upsert.bind(report.at)).await?;
    Ok(())
}

/// What a report adds.
async fn count(tx: &mut Tx, report: &Report, strangers: &Limiter<(i64, IpAddr)>) -> Result<Sum> {
    let query = format!(
        "SELECT heard_at, played_ms, COALESCE(counted_at, 0) FROM video_plays WHERE video_id = $1 AND viewer = $2{}",
        tx.for_update()
    );
    let query = sql(AssertSqlSafe(query)).bind(report.video_id).bind(&report.viewer);
    let before: Option<(i64, i64, i64)> = tx.maybe(query).await?;
    if before.is_none()
        && report.user_id.is_none()
        && strangers.count(&(report.video_id, report.network)).is_err()
    {
        return Ok(Sum::default());
    }
    let (heard_at, played_ms, counted_at) = before.unwrap_or((report.at, 0, 0));
    let watched_ms = report.played_ms.min((report.at - heard_at).max(0));
    let needed_ms = match report.duration_ms {
        0 => VIEW_MS,
        duration_ms => VIEW_MS.min(duration_ms * VIEW_PERCENT / 100).max(1),
    };
    let counts_again = report.at - counted_at >= AGAIN_MS;
    let played_ms = if counts_again { played_ms + watched_ms } else { 0 };
    let is_view = counts_again && played_ms >= needed_ms;
    let (played_ms, counted_at) = if is_view { (0, report.at) } else { (played_ms, counted_at) };
    let upsert = sql("INSERT INTO video_plays (video_id, viewer, heard_at, played_ms, counted_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (video_id, viewer) DO UPDATE SET heard_at = excluded.heard_at, \
         played_ms = excluded.played_ms, counted_at = excluded.counted_at");
    let upsert = upsert.bind(report.video_id).bind(&report.viewer).bind(report.at).bind(played_ms);
    tx.execute(upsert.bind((counted_at > 0).then_some(counted_at))).await?;
    Ok(Sum { views: i64::from(is_view), watched_ms })
}

/// Where somebody stopped in a video; nothing when it was watched to its end, or never.
pub(super) async fn position_ms(db: &Db, video: &Video, user: &User) -> Result<Option<i64>> {
    let query = sql(
        "SELECT position_ms FROM video_visits WHERE video_id = $1 AND user_id = $2 AND is_finished = FALSE",
    );
    Ok(db.maybe::<(i64,)>(query.bind(video.id).bind(user.id)).await?.map(|(position_ms,)| position_ms))
}

/// Forgets plays that cannot become a view any more, and figures older than anybody asks for.
pub(super) async fn tidy(db: &Db) -> Result<()> {
    let now = now_ms();
    for (delete, before) in [
        ("DELETE FROM video_plays WHERE heard_at < $1", now - DAY_MS),
        ("DELETE FROM video_hours WHERE hour < $1", (now - FIGURES_MS) / HOUR_MS),
        ("DELETE FROM video_days WHERE day < $1", (now - FIGURES_MS) / DAY_MS),
    ] {
        db.execute(sql(delete).bind(before)).await?;
    }
    Ok(())
}

/// Views and watch time (ms) of somebody's videos by hours since 1970, from `hour` on.
pub async fn by_hour(db: &Db, user_id: i64, hour: i64) -> Result<Vec<(i64, i64, i64)>> {
    let query = sql(
        "SELECT hour, views, watched_ms FROM video_hours WHERE user_id = $1 AND hour >= $2 ORDER BY hour",
    );
    Ok(db.all(query.bind(user_id).bind(hour)).await?)
}

row! {
    /// How a video was watched.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct Played {
        /// What addresses name it by.
        id: String,
        /// The title.
        title: String,
        /// Address of the picture, or empty.
        cover: String,
        /// Views.
        views: i64,
        /// Played, ms.
        watched_ms: i64,
    }
}

/// The videos of somebody that were watched longest from `day` (days since 1970) on.
pub async fn most_watched(db: &Db, user_id: i64, day: i64, limit: i64) -> Result<Vec<Played>> {
    let query = sql(
        "SELECT videos.public_id AS id, videos.title, videos.cover, CAST(SUM(views) AS BIGINT) AS views, \
         CAST(SUM(watched_ms) AS BIGINT) AS watched_ms FROM video_days JOIN videos ON videos.id = video_days.video_id \
         WHERE video_days.user_id = $1 AND day >= $2 AND videos.deleted_at IS NULL \
         GROUP BY videos.id, videos.public_id, videos.title, videos.cover \
         ORDER BY watched_ms DESC, videos.id DESC LIMIT $3",
    );
    Ok(db.all(query.bind(user_id).bind(day).bind(limit)).await?)
}
