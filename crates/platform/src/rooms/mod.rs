//! Rooms: where somebody goes live, and the broadcasts in them.

use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Error, Result, random, row, text};
use hub::StreamPath;

/// Idle: nothing was sent yet.
pub const IDLE: i64 = 0;
/// Live: the host sends.
pub const LIVE: i64 = 1;
/// Paused: the host paused, or its stream is gone.
pub const PAUSED: i64 = 2;
/// Ended, for good.
pub const ENDED: i64 = 3;

row! {
    /// A room.
    #[derive(Clone, Debug)]
    pub struct Room {
        /// Its number.
        pub id: i64,
        /// The host.
        pub user_id: i64,
        /// The public stream name.
        pub name: String,
        /// The title.
        pub title: String,
        /// Address of the picture, or empty.
        pub cover: String,
        /// The category, or empty.
        pub category: String,
        /// JSON array of texts.
        pub labels: String,
        /// `public`, `unlisted` or `private`.
        pub privacy: String,
        /// PHC form of a private room's password.
        pub(crate) password_hash: Option<String>,
        /// Unix ms.
        pub scheduled_at: Option<i64>,
        /// [`IDLE`], [`LIVE`], [`PAUSED`] or [`ENDED`].
        pub status: i64,
        /// Users who came at least once.
        pub look_count: i64,
        /// Coins of all gifts.
        pub coin: i64,
        /// Unix ms.
        pub created_at: i64,
        /// Unix ms.
        pub updated_at: i64,
    }
}

macro_rules! columns {
    () => {
        "id, user_id, name, title, cover, category, labels, privacy, password_hash, scheduled_at, status, look_count, \
         coin, created_at, updated_at"
    };
}

impl Room {
    /// Where its stream is.
    pub fn path(&self) -> Result<StreamPath> {
        StreamPath::from_app_and_name("live", &self.name).map_err(|error| Error::internal(&error))
    }
}

/// The room with this number.
pub async fn by_id(db: &Db, id: i64) -> Result<Option<Room>> {
    Ok(db.maybe(sql(concat!("SELECT ", columns!(), " FROM rooms WHERE id = $1")).bind(id)).await?)
}

/// The room with this number; else 404.
pub async fn get(db: &Db, id: i64) -> Result<Room> {
    by_id(db, id).await?.ok_or_else(|| Error::not_found("room_not_found", "There is no such room."))
}

/// The room whose stream has this name.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<Room>> {
    Ok(db.maybe(sql(concat!("SELECT ", columns!(), " FROM rooms WHERE name = $1")).bind(name)).await?)
}

/// Adds a room of `user_id`.
pub async fn create(db: &Db, user_id: i64, title: &str) -> Result<Room> {
    let title = text::line("title", title, 1, 80)?;
    let query = sql(concat!(
        "INSERT INTO rooms (user_id, name, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) RETURNING ",
        columns!()
    ));
    Ok(db.one(query.bind(user_id).bind(random::letters(20)).bind(title).bind(now_ms())).await?)
}
