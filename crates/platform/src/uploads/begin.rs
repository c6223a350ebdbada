//! The beginning of an upload: the limits, the video, the row.

use super::{COLUMNS, Upload, folder, storage};
use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::sql;
use crate::videos::{self, NewVideo, Origin, Video};
use crate::{Error, Platform, Result, random, text};
use http::StatusCode;

/// An upload to be.
#[derive(Clone, Debug, Default)]
pub(super) struct NewUpload {
    /// Of the whole file, when it is known.
    pub(super) bytes: Option<i64>,
    /// Of the file, or empty.
    pub(super) filename: String,
    /// Empty: as the file is called.
    pub(super) title: String,
    /// Empty: private.
    pub(super) privacy: String,
    /// `Upload-Metadata`, as it came.
    pub(super) metadata: String,
    /// Where an import is fetched from, or empty.
    pub(super) source: String,
}

/// Letters and digits of an upload's address.
const ID_CHARS: usize = 24;
const FILENAME_CHARS_MAX: usize = 255;
/// A password is set afterwards; until then it is for the owner alone.
const PRIVACIES: [&str; 4] = ["public", "unlisted", "private", "password"];

/// Begins an upload of `user` within its limits, with its video.
pub(super) async fn begin(platform: &Platform, user: &User, new: NewUpload) -> Result<(Upload, Video)> {
    let filename = text::line("filename", &new.filename, 0, FILENAME_CHARS_MAX)?;
    let title = text::line("title", &new.title, 0, videos::TITLE_CHARS_MAX)?;
    let title = if title.is_empty() { without_ending(&filename).to_owned() } else { title };
    let privacy = if new.privacy.is_empty() { "private" } else { new.privacy.as_str() };
    if !PRIVACIES.contains(&privacy) {
        let message = format!("privacy is {privacy:?}; expected public, unlisted, private or password.");
        return Err(Error::invalid("privacy", message));
    }
    if let Some(bytes) = new.bytes {
        check_size(platform, bytes)?;
        check_disk(platform, bytes.unsigned_abs())?;
    }
    let _one_after_the_other = platform.uploads.beginning.lock().await;
    check_count(platform, user).await?;
    storage::check_quota(platform, user.id, new.bytes.unwrap_or(1)).await?;
    let video = NewVideo {
        user_id: user.id,
        room_id: None,
        broadcast_id: None,
        origin: if new.source.is_empty() { Origin::Upload } else { Origin::Import },
        name: None,
        title,
        privacy: privacy.to_owned(),
        state: videos::State::Waiting,
        starts_at: None,
    };
    let video = videos::create(&platform.db, video).await?;
    let insert = format!(
        "INSERT INTO uploads (public_id, user_id, video_id, bytes, metadata, filename, source, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {COLUMNS}"
    );
    let insert = sql(sqlx::AssertSqlSafe(insert))
        .bind(random::letters(ID_CHARS))
        .bind(user.id)
        .bind(video.id)
        .bind(new.bytes)
        .bind(new.metadata)
        .bind(filename)
        .bind(new.source)
        .bind(now_ms())
        .bind(platform.config.uploads.expires_at());
    Ok((platform.db.one(insert).await?, video))
}

/// Whether a file of so many bytes is small enough.
pub(super) fn check_size(platform: &Platform, bytes: i64) -> Result<()> {
    let max = platform.config.uploads.bytes_max;
    if bytes <= max {
        return Ok(());
    }
    let message = format!("The file has {bytes} bytes; this server takes {max} at most (uploads.bytes_max).");
    Err(Error::too_large("upload_too_large", message))
}

/// Whether so many more bytes leave the disk its reserve.
pub(super) fn check_disk(platform: &Platform, bytes: u64) -> Result<()> {
    let folder = folder(platform);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&error))?;
    // What cannot be asked is found out by writing.
    let Some(free) = objects::free_bytes(&folder) else { return Ok(()) };
    let reserve = platform.config.uploads.disk_reserve_bytes;
    if free >= reserve.saturating_add(bytes) {
        return Ok(());
    }
    let message = format!(
        "This server's disk has {free} bytes free, of which it keeps {reserve} (uploads.disk_reserve_bytes): not enough \
         for {bytes} more. Its operator has to make room."
    );
    Err(Error::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message))
}

/// What went wrong with the file of an upload.
pub(super) fn unwritable(error: &std::io::Error) -> Error {
    if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
        let message = "This server's disk is full; its operator has to make room. What came so far is kept.";
        return Error::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message);
    }
    Error::internal(error)
}

async fn check_count(platform: &Platform, user: &User) -> Result<()> {
    let max = platform.config.uploads.under_way_per_user_max;
    let count = sql("SELECT COUNT(*) FROM uploads WHERE user_id = $1 AND finished_at IS NULL").bind(user.id);
    let (count,) = platform.db.one::<(i64,)>(count).await?;
    if count < max {
        return Ok(());
    }
    let message = format!(
        "You have {count} uploads under way, as many as this server allows (uploads.under_way_per_user_max); finish or \
         end one first."
    );
    Err(Error::conflict("too_many_uploads", message))
}

/// `holiday` of `holiday.mp4`.
fn without_ending(filename: &str) -> &str {
    match filename.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => filename,
    }
}
