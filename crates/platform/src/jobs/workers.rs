//! Which workers there are, and whether they can work.

use super::kinds;
use crate::Result;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{random, row};
use serde::Serialize;
use std::sync::OnceLock;
use utoipa::ToSchema;

row! {
    /// A server or a worker beside it that does jobs.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct Worker {
        /// Machine and process.
        pub name: String,
        /// Version of Weir.
        pub version: String,
        /// Jobs it does at the same time.
        pub at_once: i64,
        /// Why it cannot do any, or empty.
        pub problem: String,
        /// When it was heard of last, unix ms.
        pub seen_at: i64,
    }
}

/// Who was not heard of for so long is gone. Workers say more often than that that they are there.
const GONE_AFTER_MS: i64 = 60_000;

/// The name of this process among the workers: the machine's, and something that no other process has.
pub fn own_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        format!("{}-{}", machine.trim(), random::letters(6))
    })
}

/// This process says that it does jobs, or why it cannot.
pub async fn seen(db: &Db, at_once: i64, problem: &str) -> Result<()> {
    let upsert =
        sql("INSERT INTO workers (name, version, at_once, problem, seen_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET at_once = excluded.at_once, problem = excluded.problem, \
         seen_at = excluded.seen_at");
    let now = now_ms();
    let upsert =
        upsert.bind(own_name()).bind(env!("CARGO_PKG_VERSION")).bind(at_once).bind(problem).bind(now);
    db.execute(upsert).await?;
    db.execute(sql("DELETE FROM workers WHERE seen_at < $1").bind(now - 10 * GONE_AFTER_MS)).await?;
    Ok(())
}

/// This process does no jobs any more.
pub async fn gone(db: &Db) -> Result<()> {
    db.execute(sql("DELETE FROM workers WHERE name = $1").bind(own_name())).await?;
    Ok(())
}

/// All that were heard of lately.
pub async fn all(db: &Db) -> Result<Vec<Worker>> {
    let query =
        sql("SELECT name, version, at_once, problem, seen_at FROM workers WHERE seen_at > $1 ORDER BY name");
    Ok(db.all(query.bind(now_ms() - GONE_AFTER_MS)).await?)
}

/// Why no job of a kind is begun, in plain words; empty when somebody can do it.
pub async fn problem(db: &Db, kind: &str) -> Result<String> {
    let workers = all(db).await?;
    // What workers lack is ffmpeg.
    if workers.iter().any(|worker| worker.problem.is_empty() || kind == kinds::CLIP) {
        return Ok(String::new());
    }
    Ok(workers.into_iter().next().map_or_else(
        || "No worker is running; it waits until one is.".to_owned(),
        |worker| format!("It waits: {}.", worker.problem),
    ))
}
