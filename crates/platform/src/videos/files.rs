//! The forms a video is kept in.

use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Result, row};

/// What a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// As it came; any container.
    Source,
    /// An MP4 file of ours.
    Rendition,
    /// A playlist and its segments, as they are.
    List,
    /// A recording.
    Log,
}

impl FileKind {
    /// As the database has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Rendition => "rendition",
            Self::List => "list",
            Self::Log => "log",
        }
    }
}

row! {
    /// A form of a video.
    #[derive(Clone, Debug)]
    pub struct File {
        /// Its number.
        pub id: i64,
        /// The video.
        pub video_id: i64,
        /// `source`, `720p`, `tutorial`, `log`…
        pub name: String,
        /// One of [`FileKind`], by its word.
        pub kind: String,
        /// The object, or what the paths of its objects begin with.
        pub path: String,
        /// As ffprobe calls it, or empty.
        pub container: String,
        /// RFC 6381, with commas between.
        pub codecs: String,
        /// Whether it can be packaged for players as it is.
        pub is_playable: bool,
        /// Pixels.
        pub width: i64,
        /// Pixels.
        pub height: i64,
        /// Pictures per 1 000 seconds.
        pub frame_rate_milli: i64,
        /// Of all tracks together.
        pub bits_per_second: i64,
        /// Bytes.
        pub bytes: i64,
        /// Unix ms.
        pub created_at: i64,
    }
}

impl File {
    /// Whether it is an MP4 file, which people may have as it is.
    pub fn is_mp4(&self) -> bool {
        // The reader of MP4 is called mov, and reads QuickTime too: what players take as it is goes for MP4.
        let is_one_file = matches!(self.kind.as_str(), "source" | "rendition");
        is_one_file && (self.container == "mp4" || (self.container == "mov" && self.is_playable))
    }
}

/// A form that is there now.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "as the fields of File")]
pub struct NewFile {
    pub video_id: i64,
    pub name: String,
    pub kind: FileKind,
    pub path: String,
    pub container: String,
    pub codecs: String,
    pub is_playable: bool,
    pub width: i64,
    pub height: i64,
    pub frame_rate_milli: i64,
    pub bits_per_second: i64,
    pub bytes: i64,
}

impl NewFile {
    /// A file as it came, of which nothing else is known yet.
    pub fn source(video_id: i64, path: String, bytes: i64) -> Self {
        Self {
            video_id,
            name: FileKind::Source.word().to_owned(),
            kind: FileKind::Source,
            path,
            container: String::new(),
            codecs: String::new(),
            is_playable: false,
            width: 0,
            height: 0,
            frame_rate_milli: 0,
            bits_per_second: 0,
            bytes,
        }
    }
}

/// Lists a form from now on, in place of one of the same name.
pub async fn add_file(db: &Db, new: NewFile) -> Result<()> {
    let insert = sql(
        "INSERT INTO video_files (video_id, name, kind, path, container, codecs, is_playable, width, height, \
         frame_rate_milli, bits_per_second, bytes, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (video_id, name) DO UPDATE SET kind = excluded.kind, path = excluded.path, \
         container = excluded.container, codecs = excluded.codecs, is_playable = excluded.is_playable, \
         width = excluded.width, height = excluded.height, frame_rate_milli = excluded.frame_rate_milli, \
         bits_per_second = excluded.bits_per_second, bytes = excluded.bytes",
    );
    let insert = insert
        .bind(new.video_id)
        .bind(new.name)
        .bind(new.kind.word())
        .bind(new.path)
        .bind(new.container)
        .bind(new.codecs)
        .bind(new.is_playable)
        .bind(new.width)
        .bind(new.height)
        .bind(new.frame_rate_milli)
        .bind(new.bits_per_second)
        .bind(new.bytes)
        .bind(now_ms());
    db.execute(insert).await?;
    Ok(())
}

/// The forms of a video, the largest picture first.
pub async fn files(db: &Db, video_id: i64) -> Result<Vec<File>> {
    let query = sql(
        "SELECT id, video_id, name, kind, path, container, codecs, is_playable, width, height, frame_rate_milli, \
         bits_per_second, bytes, created_at FROM video_files WHERE video_id = $1 ORDER BY height DESC, id",
    );
    Ok(db.all(query.bind(video_id)).await?)
}

/// Lists a form no longer.
pub async fn remove_file(db: &Db, video_id: i64, name: &str) -> Result<()> {
    let delete = sql("DELETE FROM video_files WHERE video_id = $1 AND name = $2");
    db.execute(delete.bind(video_id).bind(name)).await?;
    Ok(())
}

/// Bytes of all forms of all videos of a user.
pub async fn bytes_of(db: &Db, user_id: i64) -> Result<i64> {
    let query = sql("SELECT CAST(COALESCE(SUM(video_files.bytes), 0) AS BIGINT) FROM video_files \
         JOIN videos ON videos.id = video_files.video_id WHERE videos.user_id = $1 AND videos.deleted_at IS NULL");
    Ok(db.one::<(i64,)>(query.bind(user_id)).await?.0)
}
