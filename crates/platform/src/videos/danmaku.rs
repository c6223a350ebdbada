//! The chat of a broadcast, for its recording: what was said, and when in the video.

use super::{Origin, Video, stretches};
use crate::db::{Db, sql};
use crate::{Error, Result, row};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Messages of one answer at most.
const MESSAGES_MAX: i64 = 1000;
/// Milliseconds of one question at most: ten minutes.
const SPAN_MS_MAX: i64 = 600_000;

/// Which part of the video.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// From this moment of the video on, ms.
    from_ms: i64,
    /// Up to this one, ms, not included; ten minutes later at most.
    to_ms: i64,
}

row! {
    /// A message of the room.
    struct Said {
        id: i64,
        at_ms: i64,
        user_id: i64,
        content: String,
        colour: String,
        mode: String,
    }
}

/// A message at its moment in the video.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Shot {
    /// Its number, as in the room's chat.
    id: i64,
    /// When it was said, ms after the video's first moment by the wall clock: where players of HLS have the time of day
    /// (`EXT-X-PROGRAM-DATE-TIME`), that less `starts_at` is the moment also behind a gap.
    at_ms: i64,
    /// Where players are then, ms: as `at_ms`, less the time for which the encoder was away or the recording paused.
    position_ms: i64,
    /// Who said it.
    user_id: i64,
    /// Plain text.
    content: String,
    /// `#rrggbb`.
    colour: String,
    /// `scroll`, `top` or `bottom`.
    mode: String,
}

/// What was said in a part of a video.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Danmaku {
    /// In the order it was said.
    items: Vec<Shot>,
    /// `from_ms` of the rest, when there is more than one answer holds.
    next_ms: Option<i64>,
}

/// What was said in its room while that part of the video was live. Nothing for videos that are of no broadcast.
pub(super) async fn of_video(db: &Db, video: &Video, span: Span) -> Result<Danmaku> {
    let Span { from_ms, to_ms } = span;
    if from_ms < 0 || to_ms <= from_ms || to_ms - from_ms > SPAN_MS_MAX {
        let message = format!("from_ms is 0 or more, and to_ms above it by {SPAN_MS_MAX} at most.");
        return Err(Error::invalid("span", message));
    }
    let (Some(room_id), Some(starts_at)) = (video.room_id, video.starts_at) else {
        return Ok(Danmaku { items: Vec::new(), next_ms: None });
    };
    // A recording has what was said in its broadcast, which lasts longer than what is left of it when the encoder was
    // away for a while. A clip has what was said within it.
    let broadcast_id = video.broadcast_id.filter(|_| video.origin == Origin::Recording.word());
    let stretches = stretches::of_video(db, video).await?;
    let lasts_ms = stretches::ends_at(&stretches).saturating_sub(starts_at);
    let end_ms = if broadcast_id.is_none() { to_ms.min(lasts_ms) } else { to_ms };
    let query = sql("SELECT id, created_at - $2 AS at_ms, user_id, content, colour, mode FROM comments \
         WHERE room_id = $1 AND created_at >= $3 AND created_at < $4 AND deleted_at IS NULL \
         AND ($5 = 0 OR broadcast_id = $5) ORDER BY created_at, id LIMIT $6");
    let query = query.bind(room_id).bind(starts_at).bind(starts_at.saturating_add(from_ms));
    let query = query.bind(starts_at.saturating_add(end_ms)).bind(broadcast_id.unwrap_or(0));
    let query = query.bind(MESSAGES_MAX + 1);
    let said = db.all::<Said>(query).await?.into_iter();
    let shots = said.map(|said| Shot {
        id: said.id,
        at_ms: said.at_ms,
        position_ms: stretches::position_ms(&stretches, starts_at.saturating_add(said.at_ms)),
        user_id: said.user_id,
        content: said.content,
        colour: said.colour,
        mode: said.mode,
    });
    Ok(cut(shots.collect(), usize::try_from(MESSAGES_MAX).unwrap_or(0)))
}

/// `max` of what was read, one more of which says that there is more. The rest begins with a moment of its own.
fn cut(mut items: Vec<Shot>, max: usize) -> Danmaku {
    let Some(beyond) = items.get(max).map(|shot| shot.at_ms) else {
        return Danmaku { items, next_ms: None };
    };
    items.truncate(max);
    if items.first().is_some_and(|shot| shot.at_ms == beyond) {
        // More at one moment than one answer holds; the others are not shown, which nobody could read anyway.
        return Danmaku { items, next_ms: Some(beyond + 1) };
    }
    items.retain(|shot| shot.at_ms < beyond);
    Danmaku { items, next_ms: Some(beyond) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shots(moments: &[i64]) -> Vec<Shot> {
        let shot = |(id, at_ms): (usize, &i64)| Shot {
            id: id as i64,
            at_ms: *at_ms,
            position_ms: *at_ms,
            user_id: 1,
            content: String::new(),
            colour: String::new(),
            mode: String::new(),
        };
        moments.iter().enumerate().map(shot).collect()
    }

    #[test]
    fn what_is_beyond_one_answer_comes_with_the_next_and_nothing_twice() {
        for (moments, given, next_ms) in [
            (vec![1, 2], 2, None),
            (vec![1, 2, 3], 3, None),
            (vec![1, 2, 3, 4], 3, Some(4)),
            (vec![1, 2, 3, 3], 2, Some(3)),
            (vec![5, 5, 5, 5], 3, Some(6)),
        ] {
            let cut = cut(shots(&moments), 3);
            assert_eq!((cut.items.len(), cut.next_ms), (given, next_ms), "{moments:?}");
        }
    }
}
