//! Captions: what is said in a video, in one or more languages.
//!
//! What is uploaded is WebVTT or SRT; it is read and printed anew ([`parse`]), so that the object
//! `videos/{public_id}/captions-{language}.vtt` holds plain cues and nothing else.

pub(super) mod cue;
mod language;
mod parse;

use super::Video;
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Error, Platform, Result, row};
use axum::body::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

row! {
    /// Captions in one language.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct Caption {
        /// BCP 47: `en`, `zh-Hant-TW`.
        pub language: String,
        /// Bytes.
        pub bytes: i64,
        /// Unix ms.
        pub updated_at: i64,
    }
}

/// The captions of a video, by language.
pub async fn captions(db: &Db, video_id: i64) -> Result<Vec<Caption>> {
    let query =
        sql("SELECT language, bytes, updated_at FROM video_captions WHERE video_id = $1 ORDER BY language");
    Ok(db.all(query.bind(video_id)).await?)
}

/// The object that holds captions.
fn object(video: &Video, language: &str) -> String {
    format!("{}/captions-{language}.vtt", video.objects_prefix())
}

/// The language tag in its usual capitals; else 400.
fn tag(language: &str) -> Result<String> {
    language::canonical(language).ok_or_else(|| {
        let found: String = language.chars().take(40).collect();
        let message =
            format!("{found:?} is no language; a tag such as en, pt-BR or zh-Hant-TW is expected (BCP 47).");
        Error::invalid("language", message)
    })
}

/// Stores captions, in place of those in the same language.
pub(super) async fn put(platform: &Platform, video: &Video, language: &str, body: Bytes) -> Result<Caption> {
    let language = tag(language)?;
    // Megabytes of text take a while to read.
    let read = tokio::task::spawn_blocking(move || parse::webvtt(&body)).await;
    let vtt = read
        .map_err(|error| Error::internal(&error))?
        .map_err(|fault| Error::invalid("captions", format!("Line {}: {}.", fault.line, fault.what)))?;
    let max = platform.config.videos.captions_max;
    let count = sql("SELECT COUNT(*) FROM video_captions WHERE video_id = $1 AND language <> $2");
    if platform.db.one::<(i64,)>(count.bind(video.id).bind(&language)).await?.0 >= max {
        let message =
            format!("The video has captions in {max} languages, which is the most (videos.captions_max).");
        return Err(Error::conflict("too_many_captions", message));
    }
    let bytes = i64::try_from(vtt.len()).unwrap_or(i64::MAX);
    platform.objects.put(&object(video, &language), Bytes::from(vtt)).await?;
    let upsert = sql(
        "INSERT INTO video_captions (video_id, language, bytes, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (video_id, language) DO UPDATE SET bytes = excluded.bytes, updated_at = excluded.updated_at \
         RETURNING language, bytes, updated_at",
    );
    let upsert = upsert.bind(video.id).bind(&language).bind(bytes).bind(now_ms());
    let caption = platform.db.one(upsert).await?;
    platform.bus.tell(Event::VideoChanged { video_id: video.id });
    Ok(caption)
}

/// Captions as WebVTT; 404 when there are none in this language.
pub(super) async fn read(platform: &Platform, video: &Video, language: &str) -> Result<Bytes> {
    let language = tag(language)?;
    let query = sql("SELECT language FROM video_captions WHERE video_id = $1 AND language = $2");
    platform
        .db
        .maybe::<(String,)>(query.bind(video.id).bind(&language))
        .await?
        .ok_or_else(|| Error::not_found("captions_not_found", "There are no captions in this language."))?;
    Ok(platform.objects.read_all(&object(video, &language)).await?)
}

/// Takes captions away.
pub(super) async fn delete(platform: &Platform, video: &Video, language: &str) -> Result<()> {
    let language = tag(language)?;
    let delete = sql("DELETE FROM video_captions WHERE video_id = $1 AND language = $2");
    if platform.db.execute(delete.bind(video.id).bind(&language)).await? > 0 {
        platform.objects.delete(&object(video, &language)).await?;
        platform.bus.tell(Event::VideoChanged { video_id: video.id });
    }
    Ok(())
}
