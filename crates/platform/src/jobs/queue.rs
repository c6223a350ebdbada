//! Who works on which job, for how long, and what becomes of it.

use super::{ATTEMPTS_MAX, Job, NewJob, job_columns, not_to_be, tell, workers};
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Platform, Result};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use tokio::sync::Notify;

/// Rings when this process puts work into the queue, so that its own workers need not look for it to begin at once.
pub static NEWS: Notify = Notify::const_new();

/// How long a job is taken for, and how long one that failed waits.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// A worker that was not heard of for so long has lost its job.
    pub lease: Duration,
    /// Before the second attempt; the next waits four times as long.
    pub retry: Duration,
}

/// Why a job could not be done.
#[derive(Clone, Debug)]
pub struct Failure {
    /// In plain words.
    pub reason: String,
    /// Whether it is no use to try again.
    pub is_final: bool,
}

/// Takes the next job of one of `kinds`, if there is one. One statement: two workers never get the same.
pub async fn take(platform: &Platform, kinds: &[&str], times: Times) -> Result<Option<Job>> {
    let now = now_ms();
    // A look costs nothing; to change something locks a database of one writer.
    let look = sql("SELECT id FROM jobs WHERE (state = 'waiting' AND run_after <= $1) \
         OR (state = 'running' AND lease_until < $1) LIMIT 1");
    if platform.db.maybe::<(i64,)>(look.bind(now)).await?.is_none() {
        return Ok(None);
    }
    give_up_lost(platform, now).await?;
    let skip_locked = match &platform.db {
        Db::Sqlite { .. } => "",
        Db::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    // Our own words.
    let kinds = kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
    let take = format!(
        "UPDATE jobs SET state = 'running', worker = $1, lease_until = $2, attempts = attempts + 1, started_at = $3, \
         progress_milli = 0, eta_ms = NULL WHERE id = (SELECT id FROM jobs WHERE kind IN ({kinds}) AND attempts < $4 \
         AND ((state = 'waiting' AND run_after <= $3) OR (state = 'running' AND lease_until < $3)) \
         ORDER BY priority DESC, id LIMIT 1 {skip_locked}) RETURNING {}",
        job_columns!()
    );
    let take = sql(AssertSqlSafe(take))
        .bind(workers::own_name())
        .bind(now + ms(times.lease))
        .bind(now)
        .bind(ATTEMPTS_MAX);
    let Some(job) = platform.db.maybe::<Job>(take).await? else { return Ok(None) };
    tell(platform, &job).await?;
    Ok(Some(job))
}

/// A worker is at its job still, so far. Whether the job is its own still: else it was cancelled or another has it.
pub async fn keep(
    platform: &Platform,
    job: &Job,
    progress_milli: i64,
    eta_ms: Option<i64>,
    times: Times,
) -> Result<bool> {
    let keep = concat!(
        "UPDATE jobs SET lease_until = $4, progress_milli = $5, eta_ms = $6 \
         WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running' RETURNING ",
        job_columns!()
    );
    let keep = sql(keep).bind(job.id).bind(&job.worker).bind(job.attempts).bind(now_ms() + ms(times.lease));
    let kept = platform.db.maybe::<Job>(keep.bind(progress_milli.clamp(0, 1000)).bind(eta_ms)).await?;
    if let Some(kept) = &kept
        && kept.progress_milli != 0
    {
        tell(platform, kept).await?;
    }
    Ok(kept.is_some())
}

/// A job is done, and others are to be done now. Whether the job was its worker's still; else nothing is noted.
pub async fn finish(platform: &Platform, job: &Job, next: &[NewJob]) -> Result<bool> {
    let mut tx = platform.db.begin().await?;
    let done = concat!(
        "UPDATE jobs SET state = 'done', progress_milli = 1000, eta_ms = NULL, failure = '', finished_at = $4 \
         WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running' RETURNING ",
        job_columns!()
    );
    let now = now_ms();
    let done = sql(done).bind(job.id).bind(&job.worker).bind(job.attempts).bind(now);
    let Some(done) = tx.maybe::<Job>(done).await? else { return Ok(false) };
    for new in next {
        let insert = sql(
            "INSERT INTO jobs (video_id, kind, detail, priority, created_at) VALUES ($1, $2, $3, $4, $5)",
        );
        let insert = insert.bind(job.video_id).bind(new.kind).bind(new.detail.to_string());
        tx.execute(insert.bind(new.priority).bind(now)).await?;
    }
    tx.commit().await?;
    NEWS.notify_waiters();
    tell(platform, &done).await?;
    Ok(true)
}

/// A job could not be done. It waits to be tried again, unless that is no use.
pub async fn fail(platform: &Platform, job: &Job, failure: &Failure, times: Times) -> Result<()> {
    let is_final = failure.is_final || job.attempts >= ATTEMPTS_MAX;
    if is_final {
        // Before the job is closed: who ends in between leaves a job that is taken again.
        not_to_be(platform, job, &failure.reason).await?;
    }
    let fail = concat!(
        "UPDATE jobs SET state = $4, failure = $5, run_after = $6, finished_at = $7, eta_ms = NULL \
         WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running' RETURNING ",
        job_columns!()
    );
    let now = now_ms();
    let exponent = u32::try_from(job.attempts - 1).unwrap_or(0).min(4);
    let run_after = now.saturating_add(ms(times.retry).saturating_mul(4i64.pow(exponent)));
    let fail = sql(fail).bind(job.id).bind(&job.worker).bind(job.attempts);
    let fail = fail.bind(if is_final { "failed" } else { "waiting" }).bind(&failure.reason).bind(run_after);
    if let Some(failed) = platform.db.maybe::<Job>(fail.bind(is_final.then_some(now))).await? {
        tell(platform, &failed).await?;
    }
    Ok(())
}

/// A worker stops and gives its job back, as if it had never had it.
pub async fn give_back(platform: &Platform, job: &Job) -> Result<()> {
    let back = concat!(
        "UPDATE jobs SET state = 'waiting', attempts = attempts - 1, worker = '', progress_milli = 0, eta_ms = NULL \
         WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running' RETURNING ",
        job_columns!()
    );
    let back = sql(back).bind(job.id).bind(&job.worker).bind(job.attempts);
    if let Some(job) = platform.db.maybe::<Job>(back).await? {
        tell(platform, &job).await?;
    }
    Ok(())
}

/// A job is of no use any more: its video is gone.
pub async fn drop_job(platform: &Platform, job: &Job) -> Result<()> {
    let cancel = sql("UPDATE jobs SET state = 'cancelled', finished_at = $2 WHERE id = $1");
    platform.db.execute(cancel.bind(job.id).bind(now_ms())).await?;
    Ok(())
}

/// Jobs whose last worker went away too are not tried again.
async fn give_up_lost(platform: &Platform, now: i64) -> Result<()> {
    let lost = concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE state = 'running' AND lease_until < $1 AND attempts >= $2 LIMIT 100"
    );
    for job in platform.db.all::<Job>(sql(lost).bind(now).bind(ATTEMPTS_MAX)).await? {
        let reason = "The program that worked on it ended again and again.";
        not_to_be(platform, &job, reason).await?;
        let close = concat!(
            "UPDATE jobs SET state = 'failed', failure = $4, finished_at = $5, eta_ms = NULL \
             WHERE id = $1 AND attempts = $2 AND lease_until < $3 AND state = 'running' RETURNING ",
            job_columns!()
        );
        let close = sql(close).bind(job.id).bind(job.attempts).bind(now).bind(reason).bind(now);
        if let Some(closed) = platform.db.maybe::<Job>(close).await? {
            tell(platform, &closed).await?;
        }
    }
    Ok(())
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 1024)
}
