//! What of a video people may have as MP4 files.

use super::{File, FileKind, Video, files};
use crate::Result;
use crate::db::{Db, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a recording with the same tracks from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Position in the recording.
    pub start_ms: i64,
    /// How long it is.
    pub duration_ms: i64,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Bytes of the file.
    pub bytes: i64,
}

/// Parts that are listed at most. `download.mp4?part=` gives all.
const PARTS_MAX: usize = 100;

/// An MP4 file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Download {
    /// Its address, without `sign`.
    address: String,
    /// `source`, `720p`…; of a recording `log`.
    file: String,
    /// Of a recording whose encoder changed its tracks: which of its parts, from 1 on. A file has only one of them.
    part: Option<i64>,
    /// Position in the video at which it begins, ms.
    start_ms: i64,
    /// Ms.
    duration_ms: i64,
    /// Pixels.
    width: i64,
    /// Pixels.
    height: i64,
    /// Bytes; of a recording that is being made, those there were lately.
    bytes: i64,
}

/// Notes the parts of a recording; nothing for one that has one part.
pub async fn set_parts(db: &Db, video_id: i64, parts: &[Part]) -> Result<()> {
    let parts = if parts.len() > 1 { parts } else { &[] };
    let parts = serde_json::to_string(parts.get(..PARTS_MAX).unwrap_or(parts)).unwrap_or_default();
    let update = sql("UPDATE video_files SET parts = $3 WHERE video_id = $1 AND kind = $2");
    db.execute(update.bind(video_id).bind(FileKind::Log.word()).bind(parts)).await?;
    Ok(())
}

/// All of a video, the largest picture first, a recording's parts in order.
pub(super) async fn of_video(db: &Db, video: &Video) -> Result<Vec<Download>> {
    let mut downloads = Vec::new();
    for file in files(db, video.id).await? {
        if file.kind == FileKind::Log.word() {
            let query = sql("SELECT parts FROM video_files WHERE id = $1").bind(file.id);
            let (parts,): (String,) = db.one(query).await?;
            let parts: Vec<Part> = serde_json::from_str(&parts).unwrap_or_default();
            if parts.is_empty() {
                downloads.push(of_file(video, &file, ""));
            }
            downloads.extend((1..).zip(parts).map(|(number, part)| of_part(video, number, &part)));
        } else if file.is_mp4() {
            downloads.push(of_file(video, &file, &format!("?file={}", file.name)));
        }
    }
    Ok(downloads)
}

fn of_file(video: &Video, file: &File, query: &str) -> Download {
    Download {
        address: format!("/streams/{}/download.mp4{query}", video.public_id),
        file: file.name.clone(),
        part: None,
        start_ms: 0,
        duration_ms: video.duration_ms,
        width: file.width,
        height: file.height,
        bytes: file.bytes,
    }
}

fn of_part(video: &Video, number: i64, part: &Part) -> Download {
    Download {
        address: format!("/streams/{}/download.mp4?part={number}", video.public_id),
        file: FileKind::Log.word().to_owned(),
        part: Some(number),
        start_ms: part.start_ms,
        duration_ms: part.duration_ms,
        width: part.width,
        height: part.height,
        bytes: part.bytes,
    }
}
