//! The library: uploads, imports, recordings of broadcasts, and clips.
//!
//! `GET /api/v1/videos` lists the public ones that can be played (`q`, `user_id`, `room_id`, `category`, `label`,
//! `following`, `mine`, `sort`); `GET|PATCH|DELETE /api/v1/videos/{id}` read, change and take away one, `POST …/enter` opens
//! one with its password. A video is kept in one or more forms ([`File`]): as it came, as renditions, as a recording;
//! players reach all of them under `/streams/{id}/`. Around a video are `…/comments` and their `…/replies`, `…/like`,
//! `…/progress` (views and where somebody stopped: [`plays`]), `…/captions/{language}`, `…/chapters.vtt` and, for recordings,
//! `…/danmaku`. `GET /api/v1/me/videos/{history,continue,later,liked}` are the caller's; `/api/v1/admin/videos` and
//! `/api/v1/admin/storage` are for admins.

#[cfg(test)]
mod tests;

mod admin;
mod around;
mod captions;
mod chapters;
mod comments;
mod danmaku;
mod downloads;
mod edit;
mod files;
mod history;
mod later;
mod likes;
mod list;
pub mod plays;
mod publish;
mod rights;
mod routes;
mod search;
mod stretches;
mod view;

pub use captions::{Caption, captions};
pub use chapters::Chapter;
pub use downloads::{Part, set_parts};
pub use edit::{Change, delete, delete_beside};
pub use files::{File, FileKind, NewFile, add_file, bytes_of, files, remove_file};
pub use list::all;
use rights::may_keep_order;
pub use rights::{is_owner, may_watch};
pub(crate) use rights::{own, visible};
pub use routes::routes;
pub use search::index_owner;
pub use stretches::{Stretch, set_stretches};

use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::limiter::Limiter;
use crate::webhooks::{self, Happening};
use crate::{Error, Platform, Result, jobs, random, row, text};
use hub::StreamPath;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

/// Settings of `[videos]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub comment_chars_max: usize,
    pub comments_per_minute: u32,
    pub comments_burst: u32,
    pub likes_per_minute: u32,
    pub likes_burst: u32,
    pub captions_max: i64,
    pub captions_bytes_max: usize,
    pub reports_per_minute: u32,
    pub reports_burst: u32,
    pub reports_per_minute_network: u32,
    pub reports_burst_network: u32,
    pub strangers_per_minute: u32,
    pub strangers_burst: u32,
}

/// What videos keep in memory.
pub struct Memory {
    comments_by_user: Limiter<i64>,
    likes_by_user: Limiter<i64>,
    plays: plays::Plays,
}

impl Memory {
    /// Must be called on a tokio runtime.
    pub(crate) fn start(config: &Config, db: &Db) -> Self {
        Self {
            comments_by_user: Limiter::new(config.comments_per_minute, config.comments_burst),
            likes_by_user: Limiter::new(config.likes_per_minute, config.likes_burst),
            plays: plays::Plays::start(config, db),
        }
    }
}

/// Throws away what is of no use any more: files of deleted videos, plays that are over.
pub(crate) async fn tidy(platform: &Platform) -> Result<()> {
    plays::tidy(&platform.db).await?;
    edit::clear_deleted(platform).await
}

/// The columns of a [`Video`].
macro_rules! video_columns {
    () => {
        "id, public_id, user_id, room_id, broadcast_id, origin, name, title, description, category, labels, chapters, \
         privacy, password_hash, state, failure, duration_ms, width, height, bytes, cover, has_storyboard, view_count, \
         like_count, comment_count, starts_at, created_at, published_at, public_at, taken_down_at, taken_down_reason, \
         updated_at"
    };
}
use video_columns;

row! {
    /// A video.
    #[derive(Clone, Debug)]
    pub struct Video {
        /// Its number.
        pub id: i64,
        /// What addresses name.
        pub public_id: String,
        /// The owner.
        pub user_id: i64,
        /// The room it came from.
        pub room_id: Option<i64>,
        /// The broadcast it came from.
        pub broadcast_id: Option<i64>,
        /// `upload`, `import`, `added`, `recording` or `clip`.
        pub origin: String,
        /// Of the flat address.
        pub name: Option<String>,
        /// The title.
        pub title: String,
        /// What it is about.
        pub description: String,
        /// The category, or empty.
        pub category: String,
        /// JSON array of texts.
        pub labels: String,
        /// JSON array of chapters.
        pub chapters: String,
        /// `public`, `unlisted`, `private` or `password`.
        pub privacy: String,
        /// PHC form of the password.
        pub(crate) password_hash: Option<String>,
        /// One of [`State`], by its word.
        pub state: String,
        /// Why it failed, or empty.
        pub failure: String,
        /// Milliseconds.
        pub duration_ms: i64,
        /// Pixels.
        pub width: i64,
        /// Pixels.
        pub height: i64,
        /// Of all its objects.
        pub bytes: i64,
        /// Address of the picture, or empty.
        pub cover: String,
        /// Whether there are pictures for the seek bar.
        pub has_storyboard: bool,
        /// Views.
        pub view_count: i64,
        /// People who like it.
        pub like_count: i64,
        /// Comments and replies.
        pub comment_count: i64,
        /// Wall time of its first moment, unix ms.
        pub starts_at: Option<i64>,
        /// Unix ms.
        pub created_at: i64,
        /// When it became ready first, unix ms.
        pub published_at: Option<i64>,
        /// When everybody could watch it first, unix ms.
        pub public_at: Option<i64>,
        /// When an admin took it down, unix ms.
        pub taken_down_at: Option<i64>,
        /// Why an admin took it down, or empty.
        pub taken_down_reason: String,
        /// Unix ms.
        pub updated_at: i64,
    }
}

/// How a video came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody uploaded it.
    Upload,
    /// Fetched from an address.
    Import,
    /// An operator added a file.
    Added,
    /// A broadcast was recorded.
    Recording,
    /// Cut out of another video or a live stream.
    Clip,
}

impl Origin {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Import => "import",
            Self::Added => "added",
            Self::Recording => "recording",
            Self::Clip => "clip",
        }
    }
}

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its bytes are not complete.
    Waiting,
    /// It is being looked at.
    Probing,
    /// It is being written.
    Recording,
    /// It can be played.
    Ready,
    /// It never will be.
    Failed,
}

impl State {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Probing => "probing",
            Self::Recording => "recording",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

/// A video to be.
#[derive(Clone, Debug)]
pub struct NewVideo {
    /// The owner.
    pub user_id: i64,
    /// The room it comes from.
    pub room_id: Option<i64>,
    /// The broadcast it comes from.
    pub broadcast_id: Option<i64>,
    /// How it comes in.
    pub origin: Origin,
    /// For the flat address.
    pub name: Option<String>,
    /// The title; what is too long is cut, nothing becomes a plain word.
    pub title: String,
    /// `public`, `unlisted`, `private` or `password`.
    pub privacy: String,
    /// How far it is.
    pub state: State,
    /// Wall time of its first moment, unix ms.
    pub starts_at: Option<i64>,
}

/// Characters of a title at most.
pub const TITLE_CHARS_MAX: usize = 120;
/// Letters and digits of a public id.
const PUBLIC_ID_CHARS: usize = 12;
/// The app that all videos are in: their paths are `streams/{public_id}`.
pub const APP: &str = "streams";

impl Video {
    /// Where players find it, for the gate.
    pub fn path(&self) -> Result<StreamPath> {
        StreamPath::from_app_and_name(APP, &self.public_id).map_err(|error| Error::internal(&error))
    }

    /// What the paths of its objects begin with.
    pub fn objects_prefix(&self) -> String {
        format!("videos/{}", self.public_id)
    }

    /// Whether everybody who has its address may watch it.
    pub fn is_open(&self) -> bool {
        matches!(self.privacy.as_str(), "public" | "unlisted") && self.taken_down_at.is_none()
    }

    /// Whether it can be played.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready.word()
    }
}

/// Makes a video.
pub async fn create(db: &Db, new: NewVideo) -> Result<Video> {
    let title = new.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = text::line("title", &title, 0, usize::MAX)?;
    let mut title: String = title.chars().take(TITLE_CHARS_MAX).collect();
    if title.is_empty() {
        title = new.origin.word().to_owned();
    }
    if let Some(name) = &new.name {
        StreamPath::from_app_and_name(APP, name)
            .map_err(|error| Error::invalid("name", error.to_string()))?;
    }
    let now = now_ms();
    let is_ready = new.state == State::Ready;
    let is_public = is_ready && new.privacy == "public";
    let insert = sql(concat!(
        "INSERT INTO videos (public_id, user_id, room_id, broadcast_id, origin, name, title, privacy, state, starts_at, \
         created_at, updated_at, published_at, public_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13) RETURNING ",
        video_columns!()
    ));
    let insert = insert
        .bind(random::letters(PUBLIC_ID_CHARS))
        .bind(new.user_id)
        .bind(new.room_id)
        .bind(new.broadcast_id)
        .bind(new.origin.word())
        .bind(new.name)
        .bind(title)
        .bind(new.privacy)
        .bind(new.state.word())
        .bind(new.starts_at)
        .bind(now)
        .bind(is_ready.then_some(now))
        .bind(is_public.then_some(now));
    let mut tx = db.begin().await?;
    let video = tx.one(insert).await?;
    search::index_new(&mut tx, &video).await?;
    tx.commit().await?;
    Ok(video)
}

/// The video with this number.
pub async fn get(db: &Db, id: i64) -> Result<Option<Video>> {
    let query = concat!("SELECT ", video_columns!(), " FROM videos WHERE id = $1 AND deleted_at IS NULL");
    Ok(db.maybe(sql(query).bind(id)).await?)
}

/// The video an address names, by its public id or its flat name.
pub async fn by_address(db: &Db, address: &str) -> Result<Option<Video>> {
    let query = concat!(
        "SELECT ",
        video_columns!(),
        " FROM videos WHERE (public_id = $1 OR name = $1) AND deleted_at IS NULL ORDER BY id LIMIT 1"
    );
    Ok(db.maybe(sql(query).bind(address)).await?)
}

/// Says how far a video is, and tells who listens. `failure` is empty unless it failed. The first time it is ready
/// programs of others hear of it, and followers when it is public.
pub async fn set_state(platform: &Platform, id: i64, state: State, failure: &str) -> Result<()> {
    let mut tx = platform.db.begin().await?;
    let before =
        format!("SELECT published_at FROM videos WHERE id = $1 AND deleted_at IS NULL{}", tx.for_update());
    let before: Option<(Option<i64>,)> = tx.maybe(sql(AssertSqlSafe(before)).bind(id)).await?;
    let Some((published_at,)) = before else { return Ok(()) };
    let is_ready = state == State::Ready;
    let update = sql(concat!(
        "UPDATE videos SET state = $2, failure = $3, updated_at = $4, \
         published_at = CASE WHEN $5 THEN COALESCE(published_at, $4) ELSE published_at END WHERE id = $1 RETURNING ",
        video_columns!()
    ));
    let update = update.bind(id).bind(state.word()).bind(failure).bind(now_ms()).bind(is_ready);
    let video: Video = tx.one(update).await?;
    if is_ready && published_at.is_none() {
        webhooks::tell(&mut tx, Happening::VideoReady(&video)).await?;
    }
    let published = publish::go_public(&mut tx, id).await?;
    tx.commit().await?;
    platform.bus.tell(Event::VideoChanged { video_id: id });
    publish::announce(platform, published).await
}

/// [`set_state`] for programs beside the server, whom nobody listens to: `Ready` is not for them.
pub async fn note_state(db: &Db, id: i64, state: State, failure: &str) -> Result<()> {
    let update = sql("UPDATE videos SET state = $2, failure = $3, updated_at = $4, \
         published_at = CASE WHEN $2 = 'ready' THEN COALESCE(published_at, $4) ELSE published_at END \
         WHERE id = $1 AND deleted_at IS NULL");
    db.execute(update.bind(id).bind(state.word()).bind(failure).bind(now_ms())).await?;
    Ok(())
}

/// Notes what was found out about a video.
pub async fn measured(db: &Db, id: i64, duration_ms: i64, width: i64, height: i64, bytes: i64) -> Result<()> {
    let update =
        sql("UPDATE videos SET duration_ms = $2, width = $3, height = $4, bytes = $5, updated_at = $6 \
         WHERE id = $1");
    let update = update.bind(id).bind(duration_ms).bind(width).bind(height).bind(bytes);
    db.execute(update.bind(now_ms())).await?;
    Ok(())
}

/// Notes which pictures of a video there are: the one it shows unless another was chosen, and those of the seek bar.
pub async fn pictured(db: &Db, id: i64, cover: &str, has_storyboard: bool) -> Result<()> {
    let update =
        sql("UPDATE videos SET cover = CASE WHEN cover = '' THEN $2 ELSE cover END, has_storyboard = $3, \
         updated_at = $4 WHERE id = $1");
    db.execute(update.bind(id).bind(cover).bind(has_storyboard).bind(now_ms())).await?;
    Ok(())
}

/// The bytes of a video are complete: it is looked at next.
pub async fn arrived(platform: &Platform, id: i64) -> Result<()> {
    set_state(platform, id, State::Probing, "").await?;
    jobs::enqueue(&platform.db, id, jobs::kinds::PROBE, &serde_json::json!({}), jobs::PRIORITY_PROBE).await?;
    Ok(())
}
