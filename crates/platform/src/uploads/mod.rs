//! Files on their way to become videos: sent by people with tus 1.0, or fetched from an address.
//!
//! `POST /api/v1/uploads` begins one and makes its video (state `waiting`); the bytes go into
//! `data_dir/work/uploads/{id}` and the row says how many are on the disk for certain, so that an upload goes on where it
//! was after a lost connection, a reload or the end of the server. When the last byte is there, the file is moved to the
//! objects of its video and the video is looked at. What can be no video is refused by its first bytes ([`sniff`]); what
//! it really is, the probe says. Not here: what becomes of the video.

mod begin;
mod checksum;
mod finish;
mod import;
mod metadata;
mod operator;
mod receive;
mod routes;
mod sniff;
mod storage;
mod turns;
mod tus;

#[cfg(test)]
mod tests;

pub use operator::{LocalFile, add_local};
pub use routes::routes;

use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::limiter::Limiter;
use crate::{Error, Platform, Result, row, videos};
use http::StatusCode;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;
use turns::Turns;

pub(crate) use finish::tidy;

/// Settings of `[uploads]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub bytes_max: i64,
    pub chunk_bytes_max: i64,
    pub quota_bytes: i64,
    pub under_way_per_user_max: i64,
    pub requests_per_minute: u32,
    pub requests_burst: u32,
    pub idle_timeout_ms: u64,
    pub expire_hours: i64,
    pub sync_bytes: u64,
    pub disk_reserve_bytes: u64,
    pub import_hosts: Vec<String>,
    pub import_connect_timeout_ms: u64,
    pub import_breaks_max: u32,
}

/// Brings to their ends what a server before this one began, and fetches what is to be fetched, until the platform is gone.
pub(crate) fn start(platform: &Arc<Platform>) {
    finish::start(platform);
    import::start(platform);
}

impl Config {
    fn expires_at(&self) -> i64 {
        now_ms().saturating_add(self.expire_hours.saturating_mul(3_600_000))
    }
}

/// What uploads keep in memory.
pub struct State {
    turns: Turns,
    by_user: Limiter<i64>,
    /// Limits that count what is there are asked one after the other.
    beginning: tokio::sync::Mutex<()>,
    /// There is something to fetch.
    import_wanted: Arc<Notify>,
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            turns: Turns::default(),
            by_user: Limiter::new(config.requests_per_minute, config.requests_burst),
            beginning: tokio::sync::Mutex::default(),
            import_wanted: Arc::default(),
        }
    }
}

row! {
    /// A row of `uploads`.
    #[derive(Clone, Debug)]
    struct Upload {
        id: i64,
        public_id: String,
        user_id: i64,
        video_id: i64,
        bytes: Option<i64>,
        received_bytes: i64,
        metadata: String,
        filename: String,
        source: String,
        validator: String,
        created_at: i64,
        expires_at: i64,
        finished_at: Option<i64>,
    }
}

/// The columns of an [`Upload`].
const COLUMNS: &str = "id, public_id, user_id, video_id, bytes, received_bytes, metadata, filename, source, \
     validator, created_at, expires_at, finished_at";

impl Upload {
    fn is_complete(&self) -> bool {
        self.bytes == Some(self.received_bytes)
    }

    /// The file that grows.
    fn file(&self, platform: &Platform) -> PathBuf {
        folder(platform).join(&self.public_id)
    }
}

/// Where the files are that are not complete yet.
fn folder(platform: &Platform) -> PathBuf {
    platform.config.data_dir.join("work").join("uploads")
}

async fn by_id(db: &Db, id: i64) -> Result<Option<Upload>> {
    let text = format!("SELECT {COLUMNS} FROM uploads WHERE id = $1");
    Ok(db.maybe(sql(sqlx::AssertSqlSafe(text)).bind(id)).await?)
}

/// An upload of `user`. Others' are not there; neither is one whose video was taken away.
async fn of_user(platform: &Platform, user: &User, public_id: &str) -> Result<Upload> {
    let text = format!("SELECT {COLUMNS} FROM uploads WHERE public_id = $1 AND user_id = $2");
    let found = sql(sqlx::AssertSqlSafe(text)).bind(public_id).bind(user.id);
    let upload: Upload = platform.db.maybe(found).await?.ok_or_else(not_found)?;
    if upload.finished_at.is_none() && videos::get(&platform.db, upload.video_id).await?.is_none() {
        return Err(not_found());
    }
    if upload.finished_at.is_none() && upload.expires_at < now_ms() && !upload.is_complete() {
        let hours = platform.config.uploads.expire_hours;
        let message = format!("This upload lay still for {hours} hours (uploads.expire_hours); begin anew.");
        return Err(Error::new(StatusCode::GONE, "upload_expired", message));
    }
    Ok(upload)
}

fn not_found() -> Error {
    Error::not_found("upload_not_found", "There is no such upload of yours.")
}

/// Writes down how far an upload is; it is kept from now on for as long as one that just began.
async fn set_received(platform: &Platform, upload: &mut Upload, received_bytes: i64) -> Result<()> {
    let expires_at = platform.config.uploads.expires_at();
    let update = sql("UPDATE uploads SET received_bytes = $1, expires_at = $2 WHERE id = $3");
    let update = update.bind(received_bytes).bind(expires_at).bind(upload.id);
    if platform.db.execute(update).await? == 0 {
        return Err(not_found());
    }
    (upload.received_bytes, upload.expires_at) = (received_bytes, expires_at);
    Ok(())
}

/// Takes an upload away, with its file and its video. Must have the turn, or nobody.
async fn remove(platform: &Platform, upload: &Upload) -> Result<()> {
    let delete = sql("DELETE FROM uploads WHERE id = $1 AND finished_at IS NULL").bind(upload.id);
    if platform.db.execute(delete).await? == 0 {
        return Ok(());
    }
    // Gone already is as good.
    let _ = tokio::fs::remove_file(upload.file(platform)).await;
    if let Some(video) = videos::get(&platform.db, upload.video_id).await? {
        videos::delete(platform, &video).await?;
    }
    Ok(())
}
