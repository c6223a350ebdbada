//! Work on videos that takes a while: a queue in the database, from which the server and workers beside it take.

use crate::Result;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use serde_json::Value;

/// What a job is of when nothing speaks for doing it earlier or later.
pub const PRIORITY: i64 = 0;

/// Puts work on a video into the queue and gives its number.
pub async fn enqueue(db: &Db, video_id: i64, kind: &str, detail: &Value, priority: i64) -> Result<i64> {
    let insert =
        sql("INSERT INTO jobs (video_id, kind, detail, priority, created_at) VALUES ($1, $2, $3, $4, $5) \
         RETURNING id");
    let insert = insert.bind(video_id).bind(kind).bind(detail.to_string()).bind(priority).bind(now_ms());
    Ok(db.one::<(i64,)>(insert).await?.0)
}
