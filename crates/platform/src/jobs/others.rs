//! What workers beside this server do, told here: without a Redis their events do not reach us, the database does.

use super::{EVENT, Job, event, job_columns, workers};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Platform, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);
/// Jobs that ended so long ago are looked at once more.
const BACK_MS: i64 = 10_000;
/// Jobs looked at with one statement.
const JOBS_MAX: i64 = 200;

/// What was told of a job last: attempts, state and progress.
type Told = (i64, String, i64);

/// Works until the platform is gone, unless a Redis connects its servers.
pub(crate) fn follow(platform: &Arc<Platform>) {
    if platform.bus.is_shared() {
        return;
    }
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        let mut told = HashMap::new();
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = look(&platform, &mut told).await {
                tracing::debug!(%error, "what workers do could not be read");
            }
        }
    });
}

async fn look(platform: &Platform, told: &mut HashMap<i64, Told>) -> Result<()> {
    let query = concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE worker <> $1 AND (state = 'running' OR finished_at > $2) ORDER BY id DESC LIMIT $3"
    );
    let query = sql(query).bind(workers::own_name()).bind(now_ms() - BACK_MS).bind(JOBS_MAX);
    let jobs = platform.db.all::<Job>(query).await?;
    let mut now = HashMap::new();
    for job in jobs {
        let state = (job.attempts, job.state.clone(), job.progress_milli);
        if told.get(&job.id) != Some(&state)
            && let Some((user_id, payload)) = event(platform, &job).await?
        {
            platform.bus.tell(Event::ToUser { user_id, event: EVENT.to_owned(), payload });
            if job.state != "running" {
                platform.bus.tell(Event::VideoChanged { video_id: job.video_id });
            }
        }
        now.insert(job.id, state);
    }
    *told = now;
    Ok(())
}
