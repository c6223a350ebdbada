//! Making and changing rooms, and what they are found by.

use super::status::{self, Act};
use super::{ENDED, Room, get, members};
use crate::accounts::{User, users};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Tx, sql};
use crate::{Error, Platform, Result, images, random, text};
use serde::{Deserialize, Deserializer};
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

/// A room to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoom {
    /// The title.
    pub title: String,
    /// One of our pictures (`/media/images/…`), a web address, which is fetched and becomes one, or empty.
    #[serde(default)]
    pub cover: String,
    /// Up to 32 characters.
    #[serde(default)]
    pub category: String,
    /// The labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// `public`, `unlisted` or `private`; public when not said.
    #[serde(default)]
    pub privacy: Option<String>,
    /// Of a private room.
    #[serde(default)]
    pub password: Option<String>,
    /// When it is planned to begin, unix ms.
    #[serde(default)]
    pub scheduled_at: Option<i64>,
}

/// What changes; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The title.
    pub title: Option<String>,
    /// One of our pictures (`/media/images/…`), a web address, which is fetched and becomes one, or empty.
    pub cover: Option<String>,
    /// Up to 32 characters.
    pub category: Option<String>,
    /// The labels.
    pub labels: Option<Vec<String>>,
    /// `public`, `unlisted` or `private`.
    pub privacy: Option<String>,
    /// Of a private room; null takes it away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Option<String>>,
    /// When it is planned to begin, unix ms; null takes it away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>)]
    pub scheduled_at: Option<Option<i64>>,
    /// Whether its broadcasts are recorded, from the next one on.
    pub is_recorded: Option<bool>,
    /// Days its recordings are kept; null: as long as the site keeps them.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>)]
    pub keep_days: Option<Option<i64>>,
    /// Who may cut clips out of its broadcasts and recordings: `all` who are signed in, the `host`, or `off`.
    pub clips: Option<String>,
}

/// Tells null from nothing.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Characters of a category at most.
const CATEGORY_CHARS_MAX: usize = 32;
/// Ten years.
const KEEP_DAYS_MAX: i64 = 3650;
/// Bytes of a room's password at most.
const PASSWORD_BYTES_MAX: usize = 256;

/// Makes a room of `user`.
pub async fn create(platform: &Platform, user: &User, new: &NewRoom) -> Result<Room> {
    let change = Change {
        title: Some(new.title.clone()),
        cover: Some(new.cover.clone()),
        category: Some(new.category.clone()),
        labels: Some(new.labels.clone()),
        privacy: Some(new.privacy.clone().unwrap_or_else(|| "public".to_owned())),
        password: Some(new.password.clone()),
        scheduled_at: Some(new.scheduled_at),
        ..Change::default()
    };
    let change = checked(platform, user, change).await?;
    let max = platform.settings().rooms_per_user_max;
    let mut tx = platform.db.begin().await?;
    // Held until the end, so that of two at once the later counts the earlier.
    let lock = format!("SELECT id FROM users WHERE id = $1{}", tx.for_update());
    tx.maybe::<(i64,)>(sql(AssertSqlSafe(lock)).bind(user.id)).await?;
    let count =
        sql("SELECT COUNT(*) FROM rooms WHERE user_id = $1 AND status <> $2").bind(user.id).bind(ENDED);
    if tx.one::<(i64,)>(count).await?.0 >= max {
        let message =
            format!("You have {max} rooms that have not ended; end one first (rooms_per_user_max).");
        return Err(Error::conflict("too_many_rooms", message));
    }
    let insert = concat!(
        "INSERT INTO rooms (user_id, name, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) RETURNING ",
        room_columns!()
    );
    let insert = sql(insert)
        .bind(user.id)
        .bind(random::letters(super::NAME_CHARS))
        .bind(change.title.clone().unwrap_or_default());
    let room: Room = tx.one(insert.bind(now_ms())).await?;
    let room = write(&mut tx, room, change, user).await?;
    tx.commit().await?;
    Ok(room)
}

/// Changes a room.
pub async fn change(platform: &Platform, room: Room, change: Change) -> Result<Room> {
    let host = users::by_id(&platform.db, room.user_id).await?;
    let host = host.ok_or_else(|| Error::not_found("user_not_found", "The room has no host any more."))?;
    let change = checked(platform, &host, change).await?;
    let mut tx = platform.db.begin().await?;
    let room = write(&mut tx, room, change, &host).await?;
    tx.commit().await?;
    platform.bus.tell(Event::RoomChanged { room_id: room.id });
    get(&platform.db, room.id).await
}

/// The change with its texts made uniform and its password hashed; else why not.
async fn checked(platform: &Platform, user: &User, change: Change) -> Result<Change> {
    let config = &platform.config.rooms;
    if let Some(privacy) = &change.privacy
        && !matches!(privacy.as_str(), "public" | "unlisted" | "private")
    {
        return Err(Error::invalid("privacy", "privacy is public, unlisted or private."));
    }
    if let Some(clips) = &change.clips
        && !matches!(clips.as_str(), "all" | "host" | "off")
    {
        return Err(Error::invalid("clips", "clips is all, host or off."));
    }
    if let Some(Some(days)) = change.keep_days
        && !(1..=KEEP_DAYS_MAX).contains(&days)
    {
        let message = format!("keep_days is {days}, expected 1 to {KEEP_DAYS_MAX}, or null.");
        return Err(Error::invalid("keep_days", message));
    }
    let title =
        change.title.map(|title| text::line("title", &title, 1, config.title_chars_max)).transpose()?;
    let category = change
        .category
        .map(|category| text::line("category", &category, 0, CATEGORY_CHARS_MAX))
        .transpose()?;
    let labels = match change.labels {
        Some(labels) if labels.len() > config.labels_max => {
            let message =
                format!("{} labels; {} are allowed (rooms.labels_max).", labels.len(), config.labels_max);
            return Err(Error::invalid("labels", message));
        }
        Some(labels) => {
            let line = |label: &String| text::line("label", label, 1, config.label_chars_max);
            Some(labels.iter().map(line).collect::<Result<Vec<_>>>()?)
        }
        None => None,
    };
    let password = match change.password {
        Some(Some(password)) if password.len() > PASSWORD_BYTES_MAX => {
            let message = format!("A room's password has {PASSWORD_BYTES_MAX} bytes at most.");
            return Err(Error::invalid("password_length", message));
        }
        Some(Some(password)) if !password.is_empty() => {
            Some(Some(platform.accounts.passwords.hash(password).await?))
        }
        Some(_) => Some(None),
        None => None,
    };
    let cover = match change.cover {
        Some(address) => Some(images::adopt(platform, user, images::Kind::Cover, "cover", &address).await?),
        None => None,
    };
    Ok(Change { title, cover, category, labels, password, ..change })
}

/// Writes what [`checked`] found good.
async fn write(tx: &mut Tx, room: Room, change: Change, host: &User) -> Result<Room> {
    if change.password.is_some() {
        members::forget_password_holders(tx, room.id).await?;
    }
    let labels = match change.labels {
        Some(labels) => serde_json::to_string(&labels).map_err(|error| Error::internal(&error))?,
        None => room.labels,
    };
    let update = sql(concat!(
        "UPDATE rooms SET title = $2, cover = $3, category = $4, labels = $5, privacy = $6, password_hash = $7, \
         scheduled_at = $8, updated_at = $9, is_recorded = $10, keep_days = $11, clips = $12 WHERE id = $1 RETURNING ",
        room_columns!()
    ));
    let update = update
        .bind(room.id)
        .bind(change.title.unwrap_or(room.title))
        .bind(change.cover.unwrap_or(room.cover))
        .bind(change.category.unwrap_or(room.category))
        .bind(labels)
        .bind(change.privacy.unwrap_or(room.privacy))
        .bind(change.password.unwrap_or(room.password_hash))
        .bind(change.scheduled_at.unwrap_or(room.scheduled_at))
        .bind(now_ms())
        .bind(change.is_recorded.unwrap_or(room.is_recorded))
        .bind(change.keep_days.unwrap_or(room.keep_days))
        .bind(change.clips.unwrap_or(room.clips));
    let room: Room = tx.one(update).await?;
    index(tx, &room, host).await?;
    Ok(room)
}

/// Makes the rooms of `host` that have not ended findable by the host's names of now.
pub async fn reindex(tx: &mut Tx, host: &User) -> Result<()> {
    let query = concat!("SELECT ", room_columns!(), " FROM rooms WHERE user_id = $1 AND status <> 3");
    let rooms: Vec<Room> = tx.all(sql(query).bind(host.id)).await?;
    for room in rooms {
        index(tx, &room, host).await?;
    }
    Ok(())
}

/// Takes a room away: it ends, and nobody finds it any more. What was given in it stays in the books.
pub(super) async fn delete(platform: &Platform, room: &Room) -> Result<()> {
    if room.status != ENDED {
        status::apply(platform, room.id, Act::Stop).await?;
    }
    let mut tx = platform.db.begin().await?;
    let delete = sql("UPDATE rooms SET deleted_at = $2, privacy = 'private', updated_at = $2 WHERE id = $1");
    tx.execute(delete.bind(room.id).bind(now_ms())).await?;
    for table in ["room_members", "room_grams", "notifications", "room_visits"] {
        let empty = format!("DELETE FROM {table} WHERE room_id = $1");
        tx.execute(sql(AssertSqlSafe(empty)).bind(room.id)).await?;
    }
    tx.commit().await?;
    platform.bus.tell(Event::RoomChanged { room_id: room.id });
    Ok(())
}

/// Makes the room findable by what it says now.
async fn index(tx: &mut Tx, room: &Room, host: &User) -> Result<()> {
    let labels: Vec<String> = serde_json::from_str(&room.labels).unwrap_or_default();
    let text = format!("{} {} {} {}", room.title, host.username, host.nickname, labels.join(" "));
    Ok(tx.set_texts(("room_grams", "room_id", "gram"), room.id, text::all_grams(&text)).await?)
}
