//! When a video can be watched by everybody for the first time: programs of others and followers are told.

use super::{Video, video_columns};
use crate::clock::now_ms;
use crate::db::{Tx, sql};
use crate::webhooks::{self, Happening};
use crate::{Platform, Result, notifications};

/// Notes that everybody can watch the video now, if that is so and was not before; then it is given back, and to be
/// [`announce`]d after the commit.
pub(super) async fn go_public(tx: &mut Tx, id: i64) -> Result<Option<Video>> {
    let update = sql(concat!(
        "UPDATE videos SET public_at = $2 WHERE id = $1 AND public_at IS NULL AND privacy = 'public' \
         AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL RETURNING ",
        video_columns!()
    ));
    let video: Option<Video> = tx.maybe(update.bind(id).bind(now_ms())).await?;
    if let Some(video) = &video {
        webhooks::tell(tx, Happening::VideoPublished(video)).await?;
    }
    Ok(video)
}

/// Tells the followers of its owner. Not of recordings and clips: of the broadcast they were told when it began.
pub(super) async fn announce(platform: &Platform, video: Option<Video>) -> Result<()> {
    match video {
        Some(video) if !matches!(video.origin.as_str(), "recording" | "clip") => {
            notifications::video_published(platform, &video).await
        }
        _ => Ok(()),
    }
}
