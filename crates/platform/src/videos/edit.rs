//! Changing videos, and taking them away.

use super::chapters::{self, Chapter};
use super::view::{THUMBS, thumb_address, thumb_object};
use super::{TITLE_CHARS_MAX, Video, publish, search};
use crate::accounts::{User, users};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::{Error, Platform, Result, admin, images, text};
use objects::Objects;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

/// What changes; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideoChange)]
pub struct Change {
    /// 1-120 characters.
    pub title: Option<String>,
    /// Up to 5 000 characters.
    pub description: Option<String>,
    /// Up to 32 characters.
    pub category: Option<String>,
    /// The labels.
    pub labels: Option<Vec<String>>,
    /// `public`, `unlisted`, `private` or `password`, which needs one.
    pub privacy: Option<String>,
    /// Who knows it may watch; null takes it away. A new one is asked of everybody again.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Option<String>>,
    /// Where the parts of the video begin; 200 at most.
    pub chapters: Option<Vec<Chapter>>,
    /// `thumb-0`, `thumb-1` or `thumb-2`, one of our pictures (`/media/images/…`), a web address, which is fetched and
    /// becomes one, or empty.
    pub cover: Option<String>,
}

/// Tells null from nothing.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

const DESCRIPTION_CHARS_MAX: usize = 5000;
const CATEGORY_CHARS_MAX: usize = 32;
/// Bytes of a video's password at most.
const PASSWORD_BYTES_MAX: usize = 256;

/// Changes a video, for its owner or for an admin, whose change is in the audit log.
pub(super) async fn change(platform: &Platform, by: &User, video: Video, change: Change) -> Result<Video> {
    let is_new_password = change.password.is_some();
    let says_other_words = change.title.is_some() || change.labels.is_some();
    let before = logged(&video);
    let wanted = checked(platform, &video, change).await?;
    let mut tx = platform.db.begin().await?;
    let update = sql(concat!(
        "UPDATE videos SET title = COALESCE($2, title), description = COALESCE($3, description), \
         category = COALESCE($4, category), labels = COALESCE($5, labels), privacy = COALESCE($6, privacy), \
         password_hash = CASE WHEN $7 THEN $8 ELSE password_hash END, chapters = COALESCE($9, chapters), \
         cover = COALESCE($10, cover), updated_at = $11 WHERE id = $1 AND deleted_at IS NULL RETURNING ",
        super::video_columns!()
    ));
    let update = update.bind(video.id).bind(wanted.title).bind(wanted.description).bind(wanted.category);
    let update =
        update.bind(wanted.labels).bind(wanted.privacy).bind(is_new_password).bind(wanted.password_hash);
    let update = update.bind(wanted.chapters).bind(wanted.cover).bind(now_ms());
    let video: Video = tx.maybe(update).await?.ok_or_else(super::rights::no_such_video)?;
    if video.privacy == "password" && video.password_hash.is_none() {
        return Err(Error::invalid("password", "A video of the privacy password needs a password."));
    }
    if is_new_password {
        tx.execute(sql("DELETE FROM video_guests WHERE video_id = $1").bind(video.id)).await?;
    }
    if says_other_words {
        search::index(&mut tx, &video).await?;
    }
    if by.id != video.user_id {
        let object = format!("video {}", video.public_id);
        admin::record(&mut tx, by, "video_changed", &object, &before, &logged(&video)).await?;
    }
    let published = publish::go_public(&mut tx, video.id).await?;
    tx.commit().await?;
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    let now = published.clone().unwrap_or(video);
    publish::announce(platform, published).await?;
    Ok(now)
}

/// As it stands in the audit log.
fn logged(video: &Video) -> String {
    json!({"title": video.title, "description": video.description, "privacy": video.privacy}).to_string()
}

/// A change as it is written; nothing stays as it is.
struct Checked {
    title: Option<String>,
    description: Option<String>,
    category: Option<String>,
    labels: Option<String>,
    privacy: Option<String>,
    password_hash: Option<String>,
    chapters: Option<String>,
    cover: Option<String>,
}

async fn checked(platform: &Platform, video: &Video, change: Change) -> Result<Checked> {
    if let Some(privacy) = &change.privacy
        && !matches!(privacy.as_str(), "public" | "unlisted" | "private" | "password")
    {
        return Err(Error::invalid("privacy", "privacy is public, unlisted, private or password."));
    }
    let title = change.title.map(|title| text::line("title", &title, 1, TITLE_CHARS_MAX)).transpose()?;
    let description = change
        .description
        .map(|description| text::lines("description", &description, 0, DESCRIPTION_CHARS_MAX))
        .transpose()?;
    let category = change
        .category
        .map(|category| text::line("category", &category, 0, CATEGORY_CHARS_MAX))
        .transpose()?;
    let labels = change.labels.map(|labels| checked_labels(platform, &labels)).transpose()?;
    let chapters = change
        .chapters
        .map(|chapters| {
            let chapters = chapters::checked(chapters, video.duration_ms)?;
            serde_json::to_string(&chapters).map_err(|error| Error::internal(&error))
        })
        .transpose()?;
    let password_hash = match change.password.flatten().filter(|password| !password.is_empty()) {
        Some(password) if password.len() > PASSWORD_BYTES_MAX => {
            let message = format!("A video's password has {PASSWORD_BYTES_MAX} bytes at most.");
            return Err(Error::invalid("password_length", message));
        }
        Some(password) => Some(platform.accounts.passwords.hash(password).await?),
        None => None,
    };
    let cover = match change.cover {
        Some(cover) => Some(checked_cover(platform, video, &cover).await?),
        None => None,
    };
    Ok(Checked {
        title,
        description,
        category,
        labels,
        privacy: change.privacy,
        password_hash,
        chapters,
        cover,
    })
}

async fn checked_cover(platform: &Platform, video: &Video, cover: &str) -> Result<String> {
    for thumb in THUMBS {
        let address = thumb_address(video, thumb);
        if cover != thumb && cover != address {
            continue;
        }
        if platform.objects.size(&thumb_object(video, thumb)).await?.is_none() {
            return Err(Error::not_found("thumb_not_found", "This picture of the video is not there (yet)."));
        }
        return Ok(address);
    }
    let owner = users::by_id(&platform.db, video.user_id).await?;
    let owner =
        owner.ok_or_else(|| Error::not_found("user_not_found", "The video has no owner any more."))?;
    images::adopt(platform, &owner, images::Kind::Cover, "cover", cover).await
}

fn checked_labels(platform: &Platform, labels: &[String]) -> Result<String> {
    let limits = &platform.config.rooms;
    if labels.len() > limits.labels_max {
        let message =
            format!("{} labels; {} are allowed (rooms.labels_max).", labels.len(), limits.labels_max);
        return Err(Error::invalid("labels", message));
    }
    let labels = labels.iter().map(|label| text::line("label", label, 1, limits.label_chars_max));
    let labels = labels.collect::<Result<Vec<_>>>()?;
    serde_json::to_string(&labels).map_err(|error| Error::internal(&error))
}

/// What goes with a video.
const AROUND: [&str; 8] = [
    "video_grams",
    "video_labels",
    "video_guests",
    "video_likes",
    "video_visits",
    "video_plays",
    "video_captions",
    "notifications",
];

/// Takes a video away: nobody finds it any more, and its objects go.
pub async fn delete(platform: &Platform, video: &Video) -> Result<()> {
    let mut tx = platform.db.begin().await?;
    delete_in(&mut tx, video).await?;
    tx.commit().await?;
    deleted(platform, video).await;
    Ok(())
}

/// [`delete`] for programs beside the server, whom nobody listens to.
pub async fn delete_beside(db: &Db, objects: &Objects, video: &Video) -> Result<()> {
    let mut tx = db.begin().await?;
    delete_in(&mut tx, video).await?;
    tx.commit().await?;
    clear_away_or_later(db, objects, video).await;
    Ok(())
}

/// The part of [`delete`] that is written; [`deleted`] follows the commit.
pub(super) async fn delete_in(tx: &mut Tx, video: &Video) -> Result<()> {
    let now = now_ms();
    let delete = sql(
        "UPDATE videos SET deleted_at = $2, name = NULL, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL",
    );
    tx.execute(delete.bind(video.id).bind(now)).await?;
    let stop = sql("UPDATE jobs SET state = 'cancelled', finished_at = $2 \
         WHERE video_id = $1 AND state IN ('waiting', 'running')");
    tx.execute(stop.bind(video.id).bind(now)).await?;
    for table in AROUND {
        let empty = format!("DELETE FROM {table} WHERE video_id = $1");
        tx.execute(sql(AssertSqlSafe(empty)).bind(video.id)).await?;
    }
    Ok(())
}

pub(super) async fn deleted(platform: &Platform, video: &Video) {
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    clear_away_or_later(&platform.db, &platform.objects, video).await;
}

async fn clear_away_or_later(db: &Db, objects: &Objects, video: &Video) {
    if let Err(error) = clear_away(db, objects, video.id, &video.objects_prefix()).await {
        tracing::warn!(%error, video = video.public_id, "the files of a deleted video stay until the next try");
    }
}

/// Deletes the objects of videos that are gone, those whose first try failed too.
pub(crate) async fn clear_deleted(platform: &Platform) -> Result<()> {
    let query = sql("SELECT id, public_id FROM videos WHERE deleted_at IS NOT NULL \
         AND id IN (SELECT video_id FROM video_files) ORDER BY id LIMIT 100");
    let gone: Vec<(i64, String)> = platform.db.all(query).await?;
    for (id, public_id) in gone {
        clear_away(&platform.db, &platform.objects, id, &format!("videos/{public_id}")).await?;
    }
    Ok(())
}

async fn clear_away(db: &Db, objects: &Objects, id: i64, prefix: &str) -> Result<()> {
    objects.delete_all(prefix).await?;
    db.execute(sql("DELETE FROM video_files WHERE video_id = $1").bind(id)).await?;
    Ok(())
}
