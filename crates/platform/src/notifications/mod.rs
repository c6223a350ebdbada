//! What people are told while they are away: that somebody they follow went live or published a video.
//!
//! `GET /api/v1/me/notifications` lists them from the newest, with the number of unread ones; `POST …/read` marks all as
//! read, `DELETE …/{id}` takes one away, `GET|PATCH …/choices` are which kinds one wants at all. Who is connected hears of a
//! new one as the socket event `notification`.

mod choices;
mod routes;
#[cfg(test)]
mod tests;

pub use routes::routes;

use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::rooms::Room;
use crate::videos::Video;
use crate::{Platform, Result, follows};
use serde::Deserialize;
use serde_json::json;

/// Settings of `[notifications]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub per_user_max: i64,
    pub again_after_s: i64,
}

/// Followers told with one statement.
const BATCH: i64 = 500;

/// Tells the followers of the room's host that it went live; who was told of this room a moment ago is not told again.
/// Only of public rooms, since who follows need not know of the others.
pub async fn went_live(platform: &Platform, room: &Room) -> Result<()> {
    if room.privacy != "public" {
        return Ok(());
    }
    let now = now_ms();
    let since = now - platform.config.notifications.again_after_s * 1000;
    let payload =
        json!({"kind": "went_live", "room_id": room.id, "title": room.title, "host_id": room.user_id});
    let mut after_id = 0;
    loop {
        let followers = follows::followers(&platform.db, room.user_id, after_id, BATCH).await?;
        let (Some(first), Some(last)) = (followers.first(), followers.last()) else { return Ok(()) };
        let insert = sql("INSERT INTO notifications (user_id, kind, room_id, created_at) \
             SELECT follower_id, 'went_live', $1, $2 FROM follows WHERE user_id = $3 \
             AND follower_id BETWEEN $4 AND $5 AND is_told = TRUE AND NOT EXISTS (SELECT 1 FROM unwanted_notifications \
             WHERE unwanted_notifications.user_id = follower_id AND kind = 'went_live') \
             AND NOT EXISTS (SELECT 1 FROM notifications \
             WHERE room_id = $1 AND notifications.user_id = follower_id AND created_at > $6) RETURNING user_id");
        let insert = insert.bind(room.id).bind(now).bind(room.user_id).bind(*first).bind(*last).bind(since);
        for (user_id,) in platform.db.all::<(i64,)>(insert).await? {
            let event = "notification".to_owned();
            platform.bus.tell(Event::ToUser { user_id, event, payload: payload.clone() });
        }
        after_id = *last;
    }
}

/// Tells the followers of a video's owner that everybody can watch it now.
pub async fn video_published(platform: &Platform, video: &Video) -> Result<()> {
    let now = now_ms();
    let payload = json!({"kind": "video_published", "video": video.public_id, "title": video.title,
        "host_id": video.user_id});
    let mut after_id = 0;
    loop {
        let followers = follows::followers(&platform.db, video.user_id, after_id, BATCH).await?;
        let (Some(first), Some(last)) = (followers.first(), followers.last()) else { return Ok(()) };
        let insert = sql("INSERT INTO notifications (user_id, kind, video_id, created_at) \
             SELECT follower_id, 'video_published', $1, $2 FROM follows WHERE user_id = $3 \
             AND follower_id BETWEEN $4 AND $5 AND is_told = TRUE AND NOT EXISTS (SELECT 1 FROM unwanted_notifications \
             WHERE unwanted_notifications.user_id = follower_id AND kind = 'video_published') RETURNING user_id");
        let insert = insert.bind(video.id).bind(now).bind(video.user_id).bind(*first).bind(*last);
        for (user_id,) in platform.db.all::<(i64,)>(insert).await? {
            let event = "notification".to_owned();
            platform.bus.tell(Event::ToUser { user_id, event, payload: payload.clone() });
        }
        after_id = *last;
    }
}
