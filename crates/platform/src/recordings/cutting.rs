//! The jobs that cut clips, for whoever cuts: taken one at a time, under a lease, and tried again when they fail.

use super::clips::{Cut, JOB};
use crate::clock::now_ms;
use crate::db::sql;
use crate::videos::{self, FileKind, NewFile, State, Video};
use crate::{Error, Platform, Result, recordings::Measured};

/// A clip to be cut.
#[derive(Clone, Debug)]
pub struct Task {
    job_id: i64,
    attempts: i64,
    /// What it becomes.
    pub clip: Video,
    /// What it is cut out of.
    pub from: Video,
    /// From where to where.
    pub cut: Cut,
}

/// Who cuts is taken for dead after this; copying a few minutes of media takes seconds.
const LEASE_MS: i64 = 300_000;
const ATTEMPTS_MAX: i64 = 3;
const RETRY_MS: i64 = 2000;

/// Takes the next clip to cut, if there is one.
pub async fn next_cut(platform: &Platform) -> Result<Option<Task>> {
    let now = now_ms();
    let take = sql(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = $2, lease_until = $3 WHERE id = \
         (SELECT id FROM jobs WHERE kind = $1 AND ((state = 'waiting' AND run_after <= $2) \
         OR (state = 'running' AND lease_until < $2)) ORDER BY priority DESC, id LIMIT 1) \
         AND (state = 'waiting' OR lease_until < $2) RETURNING id, video_id, detail, attempts",
    );
    let take = take.bind(JOB).bind(now).bind(now + LEASE_MS);
    let Some((job_id, video_id, detail, attempts)) =
        platform.db.maybe::<(i64, i64, String, i64)>(take).await?
    else {
        return Ok(None);
    };
    let cut: Cut = serde_json::from_str(&detail).map_err(|error| Error::internal(&error))?;
    let clip = videos::get(&platform.db, video_id).await?;
    let from = videos::get(&platform.db, cut.from).await?;
    match (clip, from) {
        (Some(clip), Some(from)) => Ok(Some(Task { job_id, attempts, clip, from, cut })),
        (clip, _) => {
            let reason = "What it was to be cut out of is gone.";
            end(platform, job_id, "failed", reason).await?;
            if let Some(clip) = clip {
                videos::set_state(platform, clip.id, State::Failed, reason).await?;
            }
            Ok(None)
        }
    }
}

/// The clip is cut: its file is in place as `source`.
pub async fn cut_done(platform: &Platform, task: &Task, measured: &Measured) -> Result<()> {
    let Measured { duration_ms, width, height, bytes, .. } = *measured;
    let file = NewFile {
        video_id: task.clip.id,
        name: FileKind::Source.word().to_owned(),
        kind: FileKind::Source,
        path: source_path(&task.clip),
        container: "mp4".to_owned(),
        codecs: measured.codecs.clone(),
        is_playable: true,
        width,
        height,
        frame_rate_milli: measured.frame_rate_milli,
        bits_per_second: bytes.saturating_mul(8000).checked_div(duration_ms).unwrap_or(0),
        bytes,
    };
    videos::add_file(&platform.db, file).await?;
    videos::measured(&platform.db, task.clip.id, duration_ms, width, height, bytes).await?;
    videos::set_state(platform, task.clip.id, State::Ready, "").await?;
    end(platform, task.job_id, "done", "").await
}

/// It could not be cut; a few times it is tried again.
pub async fn cut_failed(platform: &Platform, task: &Task, reason: &str) -> Result<()> {
    if task.attempts < ATTEMPTS_MAX {
        let again = sql("UPDATE jobs SET state = 'waiting', run_after = $2, failure = $3 WHERE id = $1");
        let again = again.bind(task.job_id).bind(now_ms() + RETRY_MS * task.attempts).bind(reason);
        platform.db.execute(again).await?;
        return Ok(());
    }
    end(platform, task.job_id, "failed", reason).await?;
    videos::set_state(platform, task.clip.id, State::Failed, reason).await
}

async fn end(platform: &Platform, job_id: i64, state: &'static str, failure: &str) -> Result<()> {
    let end = sql("UPDATE jobs SET state = $2, failure = $3, finished_at = $4 WHERE id = $1");
    platform.db.execute(end.bind(job_id).bind(state).bind(failure).bind(now_ms())).await?;
    Ok(())
}

/// Where the file of a clip is.
pub fn source_path(clip: &Video) -> String {
    format!("{}/source", clip.objects_prefix())
}
