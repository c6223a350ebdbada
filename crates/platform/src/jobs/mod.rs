//! Work on videos that takes a while: a queue in the database, from which the server and workers beside it take.
//!
//! A worker takes a job for as long as a lease lasts and says again and again that it is at it ([`queue`]); when it is
//! gone, another one takes the job after the lease. What goes wrong is tried again up to [`ATTEMPTS_MAX`] times, then
//! the job has failed, with its reason. The owner of a video reads its jobs under `/api/v1/videos/{id}/jobs` and hears
//! of their progress as the socket event `job`; admins have all of them under `/api/v1/admin/jobs`. Not here: what is
//! done, which is the workers' (`server`).

mod others;
pub mod queue;
mod routes;
#[cfg(test)]
mod tests;
pub mod workers;

pub use routes::routes;

pub(crate) use others::follow;

use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::videos::{self, State};
use crate::{Platform, Result, row};
use serde_json::{Value, json};

/// What a job is of when nothing speaks for doing it earlier or later.
pub const PRIORITY: i64 = 0;
/// Of what makes a video playable: before everything that only makes it better.
pub const PRIORITY_FIRST: i64 = 100;
/// Of finding out what a file is.
pub const PRIORITY_PROBE: i64 = 200;
/// Of cutting a clip, which takes a moment that somebody waits for.
pub const PRIORITY_CLIP: i64 = 300;
/// Of what takes seconds.
pub const PRIORITY_SHORT: i64 = 50;
/// Times a job is begun at most.
pub const ATTEMPTS_MAX: i64 = 3;

/// The kinds of jobs.
pub mod kinds {
    /// Finds out what a file is, and what is to be done with it.
    pub const PROBE: &str = "probe";
    /// Makes other forms of it.
    pub const TRANSCODE: &str = "transcode";
    /// Makes its pictures.
    pub const THUMBNAILS: &str = "thumbnails";
    /// Cuts a clip, the only one that needs no ffmpeg.
    pub const CLIP: &str = "clip";
}

row! {
    /// A job.
    #[derive(Clone, Debug)]
    pub struct Job {
        /// Its number.
        pub id: i64,
        /// The video.
        pub video_id: i64,
        /// One of [`kinds`].
        pub kind: String,
        /// What is wanted, as JSON.
        pub detail: String,
        /// Higher ones first.
        pub priority: i64,
        /// `waiting`, `running`, `done`, `failed` or `cancelled`.
        pub state: String,
        /// How often it was begun.
        pub attempts: i64,
        /// Who runs it, or empty.
        pub worker: String,
        /// 0 to 1000.
        pub progress_milli: i64,
        /// Milliseconds.
        pub eta_ms: Option<i64>,
        /// Why the last attempt failed, or empty.
        pub failure: String,
        /// Unix ms.
        pub created_at: i64,
        /// Unix ms.
        pub started_at: Option<i64>,
        /// Unix ms.
        pub finished_at: Option<i64>,
    }
}

/// The columns of a [`Job`].
macro_rules! job_columns {
    () => {
        "id, video_id, kind, detail, priority, state, attempts, worker, progress_milli, eta_ms, failure, created_at, \
         started_at, finished_at"
    };
}
pub(crate) use job_columns;

impl Job {
    /// What is wanted.
    pub fn detail(&self) -> Value {
        serde_json::from_str(&self.detail).unwrap_or_default()
    }
}

/// A job to be.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its kind.
    pub kind: &'static str,
    /// What is wanted.
    pub detail: Value,
    /// Higher ones first.
    pub priority: i64,
}

/// Puts work on a video into the queue and gives its number.
pub async fn enqueue(db: &Db, video_id: i64, kind: &str, detail: &Value, priority: i64) -> Result<i64> {
    let insert =
        sql("INSERT INTO jobs (video_id, kind, detail, priority, created_at) VALUES ($1, $2, $3, $4, $5) \
         RETURNING id");
    let insert = insert.bind(video_id).bind(kind).bind(detail.to_string()).bind(priority).bind(now_ms());
    let (id,) = db.one::<(i64,)>(insert).await?;
    queue::NEWS.notify_waiters();
    Ok(id)
}

/// Asks for the forms of a profile: `ladder` or `tutorial`. Its bytes must be complete.
pub async fn transcode(db: &Db, video_id: i64, profile: &str) -> Result<i64> {
    enqueue(db, video_id, kinds::TRANSCODE, &json!({"profile": profile}), PRIORITY).await
}

/// Whether renditions of a video are being made or wait for it.
pub async fn is_transcoding(db: &Db, video_id: i64) -> Result<bool> {
    let query = sql("SELECT id FROM jobs WHERE video_id = $1 AND kind = 'transcode' \
         AND state IN ('waiting', 'running') LIMIT 1");
    Ok(db.maybe::<(i64,)>(query.bind(video_id)).await?.is_some())
}

/// Jobs of a video, the newest first.
pub async fn of_video(db: &Db, video_id: i64) -> Result<Vec<Job>> {
    let query =
        concat!("SELECT ", job_columns!(), " FROM jobs WHERE video_id = $1 ORDER BY id DESC LIMIT 100");
    Ok(db.all(sql(query).bind(video_id)).await?)
}

/// Takes a job out of the queue, also one that runs: its worker stops when it says next that it is at it.
pub async fn cancel(platform: &Platform, id: i64) -> Result<bool> {
    let cancel = concat!(
        "UPDATE jobs SET state = 'cancelled', finished_at = $2, eta_ms = NULL \
         WHERE id = $1 AND state IN ('waiting', 'running') RETURNING ",
        job_columns!()
    );
    let Some(job) = platform.db.maybe::<Job>(sql(cancel).bind(id).bind(now_ms())).await? else {
        return Ok(false);
    };
    not_to_be(platform, &job, "It was cancelled before it could be played.").await?;
    tell(platform, &job).await?;
    Ok(true)
}

/// Puts a job that failed or was cancelled into the queue again, as if it were new.
pub async fn retry(platform: &Platform, id: i64) -> Result<bool> {
    let again = concat!(
        "UPDATE jobs SET state = 'waiting', attempts = 0, run_after = 0, worker = '', progress_milli = 0, \
         eta_ms = NULL, failure = '', finished_at = NULL WHERE id = $1 AND state IN ('failed', 'cancelled') RETURNING ",
        job_columns!()
    );
    let Some(job) = platform.db.maybe::<Job>(sql(again).bind(id)).await? else { return Ok(false) };
    if let Some(video) = videos::get(&platform.db, job.video_id).await?
        && video.state == State::Failed.word()
    {
        videos::set_state(platform, video.id, State::Probing, "").await?;
    }
    tell(platform, &job).await?;
    Ok(true)
}

/// A job will not be done: a video that waited for it to be playable never will be.
async fn not_to_be(platform: &Platform, job: &Job, why: &str) -> Result<()> {
    if !matches!(job.kind.as_str(), kinds::PROBE | kinds::TRANSCODE | kinds::CLIP) {
        return Ok(());
    }
    if let Some(video) = videos::get(&platform.db, job.video_id).await?
        && video.state == State::Probing.word()
    {
        videos::set_state(platform, video.id, State::Failed, why).await?;
    }
    Ok(())
}

/// Tells the owner of the video how far a job is.
async fn tell(platform: &Platform, job: &Job) -> Result<()> {
    if let Some((user_id, payload)) = event(platform, job).await? {
        platform.bus.tell(Event::ToUser { user_id, event: EVENT.to_owned(), payload });
    }
    Ok(())
}

/// Whom a job is told, and as what.
async fn event(platform: &Platform, job: &Job) -> Result<Option<(i64, Value)>> {
    let Some(video) = videos::get(&platform.db, job.video_id).await? else { return Ok(None) };
    let view = routes::JobView::new(platform, job, video.public_id).await?;
    let payload = serde_json::to_value(view).unwrap_or_default();
    Ok(Some((video.user_id, payload)))
}

/// The socket event.
const EVENT: &str = "job";
