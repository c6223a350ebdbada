//! The library: uploads, imports, recordings of broadcasts, and clips.
//!
//! `GET /api/v1/videos` lists the public ones that can be played, from the newest (`q`, `user_id`, `room_id`, `mine`);
//! `GET|PATCH|DELETE /api/v1/videos/{id}` read, change and take away one. A video is kept in one or more forms
//! ([`File`]): as it came, as renditions, as a recording; players reach all of them under `/streams/{id}/`.

#[cfg(test)]
mod tests;

mod edit;
mod files;
mod list;
mod routes;

pub(crate) use edit::clear_deleted;
pub use edit::{Change, delete};
pub use files::{File, FileKind, NewFile, add_file, bytes_of, files, remove_file};
pub use routes::routes;

use crate::accounts::User;
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Error, Platform, Result, jobs, random, rooms, row};
use hub::StreamPath;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The columns of a [`Video`].
macro_rules! video_columns {
    () => {
        "id, public_id, user_id, room_id, broadcast_id, origin, name, title, description, category, labels, chapters, \
         privacy, password_hash, state, failure, duration_ms, width, height, bytes, cover, has_storyboard, view_count, \
         like_count, comment_count, starts_at, created_at, published_at, updated_at"
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

    /// Whether it can be played.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready.word()
    }
}

/// Makes a video.
pub async fn create(db: &Db, new: NewVideo) -> Result<Video> {
    let mut title: String = new.title.split_whitespace().collect::<Vec<_>>().join(" ");
    title.retain(|c| !c.is_control());
    let mut title: String = title.chars().take(TITLE_CHARS_MAX).collect();
    if title.is_empty() {
        title = new.origin.word().to_owned();
    }
    if let Some(name) = &new.name {
        StreamPath::from_app_and_name(APP, name)
            .map_err(|error| Error::invalid("name", error.to_string()))?;
    }
    let insert = sql(concat!(
        "INSERT INTO videos (public_id, user_id, room_id, broadcast_id, origin, name, title, privacy, state, starts_at, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING ",
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
        .bind(now_ms());
    Ok(db.one(insert).await?)
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

/// Says how far a video is, and tells who listens. `failure` is empty unless it failed.
pub async fn set_state(platform: &Platform, id: i64, state: State, failure: &str) -> Result<()> {
    let update = sql("UPDATE videos SET state = $2, failure = $3, updated_at = $4, \
         published_at = CASE WHEN $2 = 'ready' THEN COALESCE(published_at, $4) ELSE published_at END \
         WHERE id = $1 AND deleted_at IS NULL");
    platform.db.execute(update.bind(id).bind(state.word()).bind(failure).bind(now_ms())).await?;
    platform.bus.tell(Event::VideoChanged { video_id: id });
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

/// The bytes of a video are complete: it is looked at next.
pub async fn arrived(platform: &Platform, id: i64) -> Result<()> {
    set_state(platform, id, State::Probing, "").await?;
    jobs::enqueue(&platform.db, id, "probe", &serde_json::json!({}), jobs::PRIORITY).await?;
    Ok(())
}

/// Whether `user` may watch; else why not.
pub async fn may_watch(platform: &Platform, video: &Video, user: Option<&User>) -> Result<()> {
    let is_open = matches!(video.privacy.as_str(), "public" | "unlisted");
    if is_open || is_owner(video, user) || user.is_some_and(User::is_admin) {
        return Ok(());
    }
    if video.privacy == "private"
        && let Some(room_id) = video.room_id
        && let Some(room) = rooms::by_id(&platform.db, room_id).await?
        && room.privacy == "private"
        && rooms::may_view(platform, &room, user).await.is_ok()
    {
        return Ok(());
    }
    let message = match video.privacy.as_str() {
        "password" => "This video needs its password.",
        _ => "This video is private.",
    };
    Err(Error::forbidden("video_private", message))
}

/// Whether the video is `user`'s.
pub fn is_owner(video: &Video, user: Option<&User>) -> bool {
    user.is_some_and(|user| user.id == video.user_id)
}
