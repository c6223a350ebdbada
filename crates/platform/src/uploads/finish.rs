//! The end of an upload: its file becomes the video's, or it is given up and nothing is left of it.

use super::turns::Turn;
use super::{COLUMNS, Upload, by_id, folder, import, receive, remove};
use crate::clock::now_ms;
use crate::db::sql;
use crate::videos::{self, NewFile};
use crate::{Platform, Result};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often is looked for files that could not be moved to their place.
const AGAIN_EVERY: Duration = Duration::from_secs(15);
/// Uploads looked at in one go.
const AT_ONCE_MAX: i64 = 100;
/// A file without a row may be one whose row is just being made.
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
/// A complete file that cannot be moved to its place waits longer than one that lies still.
const COMPLETE_GRACE_MS: i64 = 7 * 86_400_000;

/// Moves the file of a complete upload to the objects of its video, which is looked at next. Says so in the log when it
/// does not get through; it is tried again.
pub(super) async fn finish(platform: Arc<Platform>, upload: Upload, turn: Turn) {
    if let Err(error) = arrive(&platform, upload.id).await {
        tracing::warn!(%error, upload = upload.public_id, "an upload is complete but not at its place yet");
    }
    drop(turn);
}

/// Any step may have been done before, by a server that was ended.
async fn arrive(platform: &Platform, id: i64) -> Result<()> {
    let Some(upload) = by_id(&platform.db, id).await? else { return Ok(()) };
    if upload.finished_at.is_some() || !upload.is_complete() {
        return Ok(());
    }
    let Some(video) = videos::get(&platform.db, upload.video_id).await? else {
        return remove(platform, &upload).await;
    };
    let (file, bytes) = (upload.file(platform), upload.received_bytes);
    let path = format!("{}/source", video.objects_prefix());
    if tokio::fs::try_exists(&file).await.unwrap_or(false) {
        platform.objects.put_file(&path, &file).await?;
        if let Some(folder) =
            platform.objects.local_path(&path).and_then(|path| Some(path.parent()?.to_owned()))
        {
            // The file's new name has to reach the disk too.
            receive::blocking(move || std::fs::File::open(folder)?.sync_all()).await?;
        }
    } else if platform.objects.size(&path).await? != Some(bytes.unsigned_abs()) {
        // Another server has the file and is at it.
        return Ok(());
    }
    if video.state == videos::State::Waiting.word() {
        videos::add_file(&platform.db, NewFile::source(video.id, path, bytes)).await?;
        videos::measured(&platform.db, video.id, 0, 0, 0, bytes).await?;
        videos::arrived(platform, video.id).await?;
    }
    // Kept for a while, for a client that has not heard of the end.
    let update = sql("UPDATE uploads SET finished_at = $1, expires_at = $2 WHERE id = $3");
    let update = update.bind(now_ms()).bind(platform.config.uploads.expires_at()).bind(upload.id);
    platform.db.execute(update).await?;
    if videos::get(&platform.db, video.id).await?.is_none() {
        // Taken away meanwhile.
        platform.objects.delete_all(&video.objects_prefix()).await?;
    }
    Ok(())
}

/// Looks from time to time for what could not be brought to its end, until the platform is gone.
pub(super) fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = finish_waiting(&platform).await {
                tracing::warn!(%error, "complete uploads could not be looked for");
            }
            drop(platform);
            tokio::time::sleep(AGAIN_EVERY).await;
        }
    });
}

async fn finish_waiting(platform: &Arc<Platform>) -> Result<()> {
    let text = format!(
        "SELECT {COLUMNS} FROM uploads WHERE finished_at IS NULL AND received_bytes = bytes ORDER BY id LIMIT $1"
    );
    for upload in platform.db.all::<Upload>(sql(sqlx::AssertSqlSafe(text)).bind(AT_ONCE_MAX)).await? {
        if let Some(turn) = platform.uploads.turns.take_free(upload.id) {
            finish(platform.clone(), upload, turn).await;
        }
    }
    Ok(())
}

/// Gives up what lay still for too long or has no video any more, forgets what is finished, and deletes files nobody
/// knows.
pub(crate) async fn tidy(platform: &Platform) -> Result<()> {
    let now = now_ms();
    let forget = sql("DELETE FROM uploads WHERE finished_at IS NOT NULL AND expires_at < $1").bind(now);
    platform.db.execute(forget).await?;
    let text = format!("SELECT {COLUMNS} FROM uploads WHERE finished_at IS NULL ORDER BY id");
    for upload in platform.db.all::<Upload>(sql(sqlx::AssertSqlSafe(text))).await? {
        let grace = if upload.is_complete() { COMPLETE_GRACE_MS } else { 0 };
        let is_over = upload.expires_at.saturating_add(grace) < now;
        if (is_over || videos::get(&platform.db, upload.video_id).await?.is_none())
            && let Some(_turn) = platform.uploads.turns.take_free(upload.id)
        {
            tracing::info!(upload = upload.public_id, user = upload.user_id, "an upload is given up");
            if upload.source.is_empty() {
                remove(platform, &upload).await?;
            } else {
                import::give_up(platform, &upload, "The address could not be reached for too long.").await?;
            }
        }
    }
    for file in forgotten_files(folder(platform)).await? {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let known = sql("SELECT 1 FROM uploads WHERE public_id = $1 AND finished_at IS NULL").bind(name);
        if platform.db.maybe::<(i32,)>(known).await?.is_none() {
            let _ = tokio::fs::remove_file(&file).await;
        }
    }
    Ok(())
}

/// Files that were not written for a while.
async fn forgotten_files(folder: PathBuf) -> Result<Vec<PathBuf>> {
    let look = move || {
        let Some(before) = SystemTime::now().checked_sub(ORPHAN_AGE) else { return Ok(Vec::new()) };
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let is_old = |entry: &std::fs::DirEntry| {
            entry.metadata().is_ok_and(|meta| meta.is_file() && meta.modified().is_ok_and(|at| at < before))
        };
        Ok(entries.filter_map(std::result::Result::ok).filter(is_old).map(|entry| entry.path()).collect())
    };
    receive::blocking(look).await
}
