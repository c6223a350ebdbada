//! Rooms: where somebody goes live, and the broadcasts in them.
//!
//! `POST /api/v1/rooms` makes one; `GET /api/v1/rooms` lists the public ones from the newest (`q`, `category`, `live`,
//! `following`, `user_id`, `cursor`); `GET|PATCH /api/v1/rooms/{id}` read and change one, `GET …/by-name/{name}` finds an
//! unlisted one; `POST …/{id}/status` takes the host's `play`, `pause` and `stop`, `POST …/{id}/enter` a private room's
//! password, `GET|PUT|DELETE …/{id}/members` say who needs none, `POST …/{id}/publish-token` signs what an encoder shows,
//! `DELETE …/{id}` takes it away. What may follow on what is in [`status`].

#[cfg(test)]
mod tests;

pub use edit::{Change, NewRoom, change, create, reindex};
pub use routes::routes;
pub(crate) use routes::visible;

use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::{Error, Platform, Result, row};
use hub::StreamPath;
use serde::Deserialize;

/// Settings of `[rooms]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub per_user_max: i64,
    pub title_chars_max: usize,
    pub labels_max: usize,
    pub label_chars_max: usize,
}

/// The columns of a [`Room`].
macro_rules! room_columns {
    () => {
        "id, user_id, name, title, cover, category, labels, privacy, password_hash, scheduled_at, status, look_count, \
         coin, viewer_count, is_recorded, keep_days, clips, created_at, updated_at"
    };
}

pub(crate) mod broadcasts;
pub mod cuts;
mod edit;
mod list;
mod members;
mod routes;
pub mod status;

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
        /// People who watch now, as of a few seconds ago.
        pub viewer_count: i64,
        /// Whether its broadcasts are recorded.
        pub is_recorded: bool,
        /// Days its recordings are kept; as long as the site keeps them when not said.
        pub keep_days: Option<i64>,
        /// Who may cut clips: `all`, `host` or `off`.
        pub clips: String,
        /// Unix ms.
        pub created_at: i64,
        /// Unix ms.
        pub updated_at: i64,
    }
}

impl Room {
    /// Where its stream is.
    pub fn path(&self) -> Result<StreamPath> {
        StreamPath::from_app_and_name("live", &self.name).map_err(|error| Error::internal(&error))
    }
}

/// The room with this number.
pub async fn by_id(db: &Db, id: i64) -> Result<Option<Room>> {
    Ok(db
        .maybe(
            sql(concat!("SELECT ", room_columns!(), " FROM rooms WHERE id = $1 AND deleted_at IS NULL"))
                .bind(id),
        )
        .await?)
}

/// The room with this number, seen from within a transaction.
pub async fn by_id_in(tx: &mut Tx, id: i64) -> Result<Option<Room>> {
    Ok(tx.maybe(sql(concat!("SELECT ", room_columns!(), " FROM rooms WHERE id = $1")).bind(id)).await?)
}

/// The room with this number; else 404.
pub async fn get(db: &Db, id: i64) -> Result<Room> {
    by_id(db, id).await?.ok_or_else(|| Error::not_found("room_not_found", "There is no such room."))
}

/// Letters and digits of a room's stream name.
const NAME_CHARS: usize = 20;

/// The room whose stream has this name. What has not the form of one is not looked up, so that streams that are no rooms
/// cost the database nothing.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<Room>> {
    if name.len() != NAME_CHARS || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let query = concat!("SELECT ", room_columns!(), " FROM rooms WHERE name = $1 AND deleted_at IS NULL");
    Ok(db.maybe(sql(query).bind(name)).await?)
}

/// Public rooms by number, `limit` after the first `offset`: pages for the tutorial's clients.
pub async fn public_page(db: &Db, limit: i64, offset: i64) -> Result<Vec<Room>> {
    let query = concat!(
        "SELECT ",
        room_columns!(),
        " FROM rooms WHERE privacy = 'public' ORDER BY id LIMIT $1 OFFSET $2"
    );
    Ok(db.all(sql(query).bind(limit).bind(offset)).await?)
}

/// Stream names of rooms that are on and not for everybody's eyes.
pub async fn hidden_names(db: &Db) -> Result<Vec<String>> {
    let query = sql("SELECT name FROM rooms WHERE privacy IN ('unlisted', 'private') AND status IN (1, 2)");
    Ok(db.all::<(String,)>(query).await?.into_iter().map(|(name,)| name).collect())
}

/// Whether `user` is the host.
pub fn is_host(room: &Room, user: Option<&User>) -> bool {
    user.is_some_and(|user| user.id == room.user_id)
}

/// Whether `user` may watch and talk here: everybody in public and unlisted rooms; in private ones the host, admins,
/// members, and who showed the password and became one.
pub async fn may_view(platform: &Platform, room: &Room, user: Option<&User>) -> Result<()> {
    if room.privacy != "private" || is_host(room, user) || user.is_some_and(User::is_admin) {
        return Ok(());
    }
    if let Some(user) = user
        && members::is_one(platform, room.id, user.id).await?
    {
        return Ok(());
    }
    Err(Error::forbidden("room_private", "This room is private: its password or an invitation is needed."))
}

/// Whether somebody may enter a private room without its password: the host let it in, or it showed the password.
pub async fn is_member(platform: &Platform, room_id: i64, user_id: i64) -> Result<bool> {
    members::is_one(platform, room_id, user_id).await
}

/// Notes that `user` was here; the first time counts as a look.
pub async fn note_visit(platform: &Platform, room_id: i64, user_id: i64) -> Result<()> {
    let mut tx = platform.db.begin().await?;
    let now = now_ms();
    let insert =
        sql("INSERT INTO room_visits (room_id, user_id, first_at, last_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (room_id, user_id) DO NOTHING");
    if tx.execute(insert.bind(room_id).bind(user_id).bind(now)).await? > 0 {
        tx.execute(sql("UPDATE rooms SET look_count = look_count + 1 WHERE id = $1").bind(room_id)).await?;
    } else {
        let again =
            sql("UPDATE room_visits SET last_at = $3, is_hidden = FALSE WHERE room_id = $1 AND user_id = $2");
        tx.execute(again.bind(room_id).bind(user_id).bind(now)).await?;
    }
    Ok(tx.commit().await?)
}

/// The room `user` goes live in: its newest that has not ended, or a new one.
pub async fn current_of(platform: &Platform, user: &User) -> Result<Room> {
    let query = sql(concat!(
        "SELECT ",
        room_columns!(),
        " FROM rooms WHERE user_id = $1 AND status <> 3 ORDER BY id DESC LIMIT 1"
    ));
    match platform.db.maybe(query.bind(user.id)).await? {
        Some(room) => Ok(room),
        None => {
            create(platform, user, &NewRoom { title: user.name().to_owned(), ..NewRoom::default() }).await
        }
    }
}
