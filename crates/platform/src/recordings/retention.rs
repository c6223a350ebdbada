//! Which recordings go, and when: those older than the room, else the site, keeps them, and the oldest of a room whose
//! recordings are too many bytes together. One that somebody came to watch in the last hours waits for the next round;
//! videos of other origins are never touched.

use super::Platform;
use crate::Result;
use crate::clock::now_ms;
use crate::db::sql;
use crate::videos;

const DAY_MS: i64 = 86_400_000;
/// Recordings looked at in a round.
const ROUND_MAX: i64 = 200;

/// Takes away what is kept no longer.
pub(crate) async fn tidy(platform: &Platform) -> Result<()> {
    let config = &platform.config.recordings;
    let old = sql("SELECT videos.id FROM videos LEFT JOIN rooms ON rooms.id = videos.room_id \
         WHERE videos.origin = 'recording' AND videos.state = 'ready' AND videos.deleted_at IS NULL \
         AND COALESCE(rooms.keep_days, $1) > 0 \
         AND videos.created_at < $2 - COALESCE(rooms.keep_days, $1) * $3 ORDER BY videos.id LIMIT $4");
    let old = old.bind(config.keep_days).bind(now_ms()).bind(DAY_MS).bind(ROUND_MAX);
    let mut gone: Vec<(i64,)> = platform.db.all(old).await?;
    if config.keep_bytes > 0 {
        // What is newer of the same room counts before.
        let many = sql("SELECT id FROM (SELECT id, SUM(bytes) OVER (PARTITION BY COALESCE(room_id, 0) \
             ORDER BY id DESC) AS so_far FROM videos WHERE origin = 'recording' AND state = 'ready' \
             AND deleted_at IS NULL) AS counted WHERE so_far > $1 ORDER BY id LIMIT $2");
        gone.extend(platform.db.all::<(i64,)>(many.bind(config.keep_bytes).bind(ROUND_MAX)).await?);
    }
    gone.sort_unstable();
    gone.dedup();
    for (id,) in gone {
        let Some(video) = videos::get(&platform.db, id).await? else { continue };
        if !platform.recordings.is_watched(&video.public_id) {
            tracing::info!(
                video = video.public_id,
                "a recording is kept no longer (record.keep_days, record.keep_bytes)"
            );
            videos::delete(platform, &video).await?;
        }
    }
    Ok(())
}
