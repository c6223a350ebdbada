//! Changing videos, and taking them away.

use super::{TITLE_CHARS_MAX, Video};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Error, Platform, Result, text};
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// 1-120 characters.
    pub title: Option<String>,
    /// Up to 5 000 characters.
    pub description: Option<String>,
    /// Up to 32 characters.
    pub category: Option<String>,
    /// The labels.
    pub labels: Option<Vec<String>>,
    /// `public`, `unlisted`, `private` or `password`.
    pub privacy: Option<String>,
}

const DESCRIPTION_CHARS_MAX: usize = 5000;
const CATEGORY_CHARS_MAX: usize = 32;

/// Changes a video.
pub(super) async fn change(platform: &Platform, video: Video, change: Change) -> Result<Video> {
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
    let update = sql(concat!(
        "UPDATE videos SET title = $2, description = $3, category = $4, labels = $5, privacy = $6, updated_at = $7 \
         WHERE id = $1 AND deleted_at IS NULL RETURNING ",
        super::video_columns!()
    ));
    let update = update
        .bind(video.id)
        .bind(title.unwrap_or(video.title))
        .bind(description.unwrap_or(video.description))
        .bind(category.unwrap_or(video.category))
        .bind(labels.unwrap_or(video.labels))
        .bind(change.privacy.unwrap_or(video.privacy))
        .bind(now_ms());
    let video: Video = platform.db.maybe(update).await?.ok_or_else(super::routes::no_such_video)?;
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    Ok(video)
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

/// Takes a video away: nobody finds it any more, and its objects go.
pub async fn delete(platform: &Platform, video: &Video) -> Result<()> {
    let now = now_ms();
    let mut tx = platform.db.begin().await?;
    let delete = sql(
        "UPDATE videos SET deleted_at = $2, name = NULL, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL",
    );
    tx.execute(delete.bind(video.id).bind(now)).await?;
    let stop = sql("UPDATE jobs SET state = 'cancelled', finished_at = $2 \
         WHERE video_id = $1 AND state IN ('waiting', 'running')");
    tx.execute(stop.bind(video.id).bind(now)).await?;
    tx.commit().await?;
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    if let Err(error) = clear_away(platform, video.id, &video.objects_prefix()).await {
        tracing::warn!(%error, video = video.public_id, "the files of a deleted video stay until the next try");
    }
    Ok(())
}

/// Deletes the objects of videos that are gone, those whose first try failed too.
pub(crate) async fn clear_deleted(platform: &Platform) -> Result<()> {
    let query = sql("SELECT id, public_id FROM videos WHERE deleted_at IS NOT NULL \
         AND id IN (SELECT video_id FROM video_files) ORDER BY id LIMIT 100");
    let gone: Vec<(i64, String)> = platform.db.all(query).await?;
    for (id, public_id) in gone {
        clear_away(platform, id, &format!("videos/{public_id}")).await?;
    }
    Ok(())
}

async fn clear_away(platform: &Platform, id: i64, prefix: &str) -> Result<()> {
    platform.objects.delete_all(prefix).await?;
    platform.db.execute(sql("DELETE FROM video_files WHERE video_id = $1").bind(id)).await?;
    Ok(())
}
