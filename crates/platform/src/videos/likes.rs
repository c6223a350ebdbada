//! Who likes a video.

use super::Video;
use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{Db, sql};
use crate::{Platform, Result};
use serde::Serialize;
use utoipa::ToSchema;

/// How a video is liked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Likes {
    /// People who like it.
    like_count: i64,
    /// Whether the caller does.
    is_liked: bool,
}

/// Whether somebody likes a video.
pub(super) async fn is_liked(db: &Db, video: &Video, user: &User) -> Result<bool> {
    let query = sql("SELECT user_id FROM video_likes WHERE video_id = $1 AND user_id = $2");
    Ok(db.maybe::<(i64,)>(query.bind(video.id).bind(user.id)).await?.is_some())
}

/// Makes somebody like a video or no longer; each counts once.
pub(super) async fn set(platform: &Platform, video: &Video, user: &User, is_liked: bool) -> Result<Likes> {
    platform.videos.likes_by_user.check(&user.id)?;
    let mut tx = platform.db.begin().await?;
    let (change, by) = match is_liked {
        true => (
            sql("INSERT INTO video_likes (video_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(video.id)
                .bind(user.id)
                .bind(now_ms()),
            1,
        ),
        false => (
            sql("DELETE FROM video_likes WHERE video_id = $1 AND user_id = $2").bind(video.id).bind(user.id),
            -1,
        ),
    };
    let by = if tx.execute(change).await? > 0 { by } else { 0 };
    let count = sql("UPDATE videos SET like_count = like_count + $2 WHERE id = $1 RETURNING like_count");
    let (like_count,): (i64,) = tx.one(count.bind(video.id).bind(by)).await?;
    tx.commit().await?;
    Ok(Likes { like_count, is_liked })
}
