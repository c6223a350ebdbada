//! What videos are found by: title and labels of each, and the names of their owners, once for all videos of one.

use super::Video;
use crate::accounts::{User, users};
use crate::db::Tx;
use crate::{Result, text};

/// Makes a video findable by what it says now.
pub(super) async fn index(tx: &mut Tx, video: &Video) -> Result<()> {
    let labels: Vec<String> = serde_json::from_str(&video.labels).unwrap_or_default();
    let said = format!("{} {}", video.title, labels.join(" "));
    tx.set_texts(("video_grams", "video_id", "gram"), video.id, text::all_grams(&said)).await?;
    let labels = labels.iter().map(|label| label.to_lowercase()).collect();
    tx.set_texts(("video_labels", "video_id", "label"), video.id, labels).await?;
    Ok(())
}

/// Makes the first video of somebody findable by its owner's names.
pub(super) async fn index_new(tx: &mut Tx, video: &Video) -> Result<()> {
    index(tx, video).await?;
    match users::by_id_in(tx, video.user_id).await? {
        Some(owner) => index_owner(tx, &owner).await,
        None => Ok(()),
    }
}

/// Makes the videos of `owner` findable by the names of now.
pub async fn index_owner(tx: &mut Tx, owner: &User) -> Result<()> {
    let names = format!("{} {}", owner.username, owner.nickname);
    Ok(tx.set_texts(("video_owner_grams", "user_id", "gram"), owner.id, text::all_grams(&names)).await?)
}
