//! Pictures: avatars, covers and gifts that people upload.
//!
//! `POST /api/v1/images?kind=avatar|cover|gift` takes the bytes of a JPEG, PNG or WebP file and gives the address to put
//! into a profile, room or gift; `GET /media/images/{name}` serves it. Nothing of the upload is kept: it is decoded within
//! limits, made as small as its kind allows and encoded anew, so that no script, no place where it was taken and no bomb
//! gets through. A web address in a cover, an avatar or a gift's picture is fetched and becomes one of ours ([`adopt`]). The
//! files are in `data_dir/media/images`.

mod encode;
mod routes;

#[cfg(test)]
mod tests;

pub use routes::{files, routes};

use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::sql;
use crate::limiter::Limiter;
use crate::{Error, Platform, Result, outbound, random, row, text};
use encode::Encoded;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// Settings of `[images]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub upload_bytes_max: usize,
    pub pixels_max: u64,
    pub per_user_max: i64,
    pub uploads_per_minute: u32,
    pub uploads_burst: u32,
    pub at_once_max: usize,
    pub fetch_timeout_ms: u64,
}

/// What images keep in memory.
pub struct State {
    by_user: Limiter<i64>,
    /// Decoding takes memory; a few at once.
    turns: Arc<Semaphore>,
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            by_user: Limiter::new(config.uploads_per_minute, config.uploads_burst),
            turns: Arc::new(Semaphore::new(config.at_once_max.max(1))),
        }
    }
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Of a person: a square of 256 pixels.
    Avatar,
    /// Of a room or video: within 1280 x 720 pixels.
    Cover,
    /// Within 256 x 256 pixels.
    Gift,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Cover => "cover",
            Self::Gift => "gift",
        }
    }
}

/// Where all pictures are.
pub(crate) const ADDRESS: &str = "/media/images/";
/// Characters of a picture's address at most.
const ADDRESS_CHARS_MAX: usize = 500;
/// Letters of a picture's name.
const NAME_CHARS: usize = 24;

row! {
    struct ImageRow {
        id: i64,
        name: String,
        kind: String,
        width: i64,
        height: i64,
        bytes: i64,
        created_at: i64,
    }
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Image {
    /// Its number.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// What it is for.
    pub kind: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Bytes.
    pub bytes: i64,
    /// Unix ms.
    pub created_at: i64,
}

impl From<ImageRow> for Image {
    fn from(row: ImageRow) -> Self {
        let ImageRow { id, name, kind, width, height, bytes, created_at } = row;
        Self { id, url: format!("{ADDRESS}{name}"), kind, width, height, bytes, created_at }
    }
}

/// Makes a picture of `user` from the file at a web address, as the internet sees it ([`crate::outbound`]).
pub async fn fetch(platform: &Platform, user: &User, kind: Kind, url: &str) -> Result<Image> {
    let config = &platform.config.images;
    let limit = Duration::from_millis(config.fetch_timeout_ms);
    let fetched = outbound::get(&platform.config.outbound, url, config.upload_bytes_max, limit).await;
    let (status, file) = fetched.map_err(|error| Error::invalid("image_unreachable", format!("{error}.")))?;
    if status != StatusCode::OK {
        let message = format!("The address answered {status}, not a picture; redirects are not followed.");
        return Err(Error::invalid("image_unreachable", message));
    }
    add(platform, user, kind, file).await
}

/// The address to store for a picture field: one of ours as it is; a web address is fetched and made one of ours, so
/// that nobody's page asks a stranger's server.
pub async fn adopt(
    platform: &Platform,
    user: &User,
    kind: Kind,
    field: &str,
    address: &str,
) -> Result<String> {
    let address = picture_address(field, address)?;
    if address.is_empty() || address.starts_with(ADDRESS) {
        return Ok(address);
    }
    platform.images.by_user.check(&user.id)?;
    Ok(fetch(platform, user, kind, &address).await?.url)
}

/// One of our pictures or a web address, never `javascript:` and the like.
fn picture_address(name: &str, address: &str) -> Result<String> {
    let address = text::line(name, address, 0, ADDRESS_CHARS_MAX)?;
    let is_ours = address.starts_with(ADDRESS) && !address.contains("..");
    let is_web = || {
        let uri = address.parse::<http::Uri>().ok();
        uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        })
    };
    if address.is_empty() || is_ours || is_web() {
        return Ok(address);
    }
    let message =
        format!("{name} is the address of one of our pictures (/media/images/…), http(s)://… or empty.");
    Err(Error::invalid("picture_address", message))
}

/// Makes a picture of `user` from the bytes of a file.
pub async fn add(platform: &Platform, user: &User, kind: Kind, file: axum::body::Bytes) -> Result<Image> {
    let pixels_max = platform.config.images.pixels_max;
    let turn =
        platform.images.turns.clone().acquire_owned().await.map_err(|error| Error::internal(&error))?;
    let work = move || {
        let encoded = encode::anew(&file, kind, pixels_max);
        drop(turn);
        encoded
    };
    let encoded = tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal(&error))??;
    make_room(platform, user).await?;
    let name = format!("{}.{}", random::letters(NAME_CHARS), encoded.ending);
    store(&platform.config.data_dir, &name, &encoded.bytes).await.map_err(|error| unwritable(&error))?;
    let insert = sql("INSERT INTO images (name, user_id, kind, width, height, bytes, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id, name, kind, width, height, bytes, created_at");
    let Encoded { width, height, bytes, .. } = encoded;
    let bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let insert = insert.bind(name).bind(user.id).bind(kind.word()).bind(width).bind(height).bind(bytes);
    let row: ImageRow = platform.db.one(insert.bind(now_ms())).await?;
    Ok(row.into())
}

fn unwritable(error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Error::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk_full",
            "The server's disk is full; its operator must make room.",
        );
    }
    Error::internal(error)
}

/// When somebody has as many pictures as allowed, the oldest that is used nowhere goes.
async fn make_room(platform: &Platform, user: &User) -> Result<()> {
    let max = platform.config.images.per_user_max;
    let count = sql("SELECT COUNT(*) FROM images WHERE user_id = $1").bind(user.id);
    if platform.db.one::<(i64,)>(count).await?.0 < max {
        return Ok(());
    }
    let oldest = sql("SELECT i.name FROM images i WHERE i.user_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = $1 AND avatar = $2 || i.name) \
         AND NOT EXISTS (SELECT 1 FROM rooms WHERE rooms.user_id = $1 AND cover = $2 || i.name) \
         AND NOT EXISTS (SELECT 1 FROM videos WHERE videos.user_id = $1 AND cover = $2 || i.name) \
         AND NOT EXISTS (SELECT 1 FROM gifts WHERE image = $2 || i.name) ORDER BY i.id LIMIT 1");
    let oldest = platform.db.maybe::<(String,)>(oldest.bind(user.id).bind(ADDRESS)).await?;
    let Some((name,)) = oldest else {
        let message = format!("You have {max} pictures that are all in use (images.per_user_max).");
        return Err(Error::conflict("too_many_images", message));
    };
    remove(platform, &name).await
}

/// Takes a picture away.
async fn remove(platform: &Platform, name: &str) -> Result<()> {
    platform.db.execute(sql("DELETE FROM images WHERE name = $1").bind(name)).await?;
    if let Some(path) = path_of(&platform.config.data_dir, name) {
        // Gone already is as good.
        let _ = tokio::fs::remove_file(path).await;
    }
    Ok(())
}

/// The file of a picture; nothing when the name is none of ours.
pub(crate) fn path_of(data_dir: &Path, name: &str) -> Option<PathBuf> {
    let (letters, ending) = name.split_once('.')?;
    let is_ours = letters.len() == NAME_CHARS
        && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && matches!(ending, "jpg" | "png");
    is_ours.then(|| folder(data_dir).join(letters.get(..2).unwrap_or_default()).join(name))
}

/// Where the files are.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("media").join("images")
}

/// Writes a file so that it is whole or not there.
async fn store(data_dir: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let path = path_of(data_dir, name).ok_or(std::io::ErrorKind::InvalidFilename)?;
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await?;
    }
    let unfinished = path.with_extension("part");
    let mut file = tokio::fs::File::create(&unfinished).await?;
    let written = async {
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&unfinished, &path).await
    };
    let written = written.await;
    if written.is_err() {
        let _ = tokio::fs::remove_file(&unfinished).await;
    }
    written
}
