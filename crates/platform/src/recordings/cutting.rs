//! The jobs of the kind `clip`, for whoever cuts: what is wanted, and what becomes of the clip.

use super::clips::Cut;
use crate::db::sql;
use crate::jobs::Job;
use crate::videos::{self, FileKind, NewFile, State, Video};
use crate::{Platform, Result, recordings::Measured};

/// What a job wants: from where to where, and of which video. `None` when that is gone.
pub async fn wanted(platform: &Platform, job: &Job) -> Result<Option<(Video, Cut)>> {
    let Ok(cut) = serde_json::from_str::<Cut>(&job.detail) else { return Ok(None) };
    Ok(videos::get(&platform.db, cut.from).await?.map(|from| (from, cut)))
}

/// The clip is cut: its file is in place as `source`. `starts_at` is the wall time of its first moment (unix ms), where
/// that is known better than when it was asked for.
pub async fn is_cut(
    platform: &Platform,
    clip: &Video,
    measured: &Measured,
    starts_at: Option<i64>,
) -> Result<()> {
    let Measured { duration_ms, width, height, bytes, .. } = *measured;
    let file = NewFile {
        video_id: clip.id,
        name: FileKind::Source.word().to_owned(),
        kind: FileKind::Source,
        path: source_path(clip),
        container: "mp4".to_owned(),
        codecs: measured.codecs.clone(),
        is_playable: true,
        width,
        height,
        frame_rate_milli: measured.frame_rate_milli,
        bits_per_second: bytes.saturating_mul(8000).checked_div(duration_ms).unwrap_or(0),
        bytes,
    };
    videos::add_file(&platform.db, file).await?;
    videos::measured(&platform.db, clip.id, duration_ms, width, height, bytes).await?;
    videos::set_stretches(&platform.db, clip.id, &measured.stretches).await?;
    if starts_at.is_some() {
        let update = sql("UPDATE videos SET starts_at = $2 WHERE id = $1");
        platform.db.execute(update.bind(clip.id).bind(starts_at)).await?;
    }
    videos::set_state(platform, clip.id, State::Ready, "").await
}

/// Where the file of a clip is.
pub fn source_path(clip: &Video) -> String {
    format!("{}/source", clip.objects_prefix())
}
