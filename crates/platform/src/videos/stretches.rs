//! Wall time and positions of a recording: players put the stretches before and behind an interruption one behind the
//! other, the clock does not.

use super::Video;
use crate::Result;
use crate::db::{Db, sql};
use serde::{Deserialize, Serialize};

/// A stretch without interruption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Where players have its beginning.
    pub position_ms: i64,
    /// Wall time of that, unix ms.
    pub starts_at: i64,
    /// How long it is.
    pub duration_ms: i64,
}

/// Stretches that are noted at most; all behind go for the last.
const STRETCHES_MAX: usize = 1000;

/// Notes the stretches of a video; nothing for one that was never interrupted.
pub async fn set_stretches(db: &Db, video_id: i64, stretches: &[Stretch]) -> Result<()> {
    let stretches = if stretches.len() > 1 { stretches } else { &[] };
    let stretches = stretches.get(..STRETCHES_MAX).unwrap_or(stretches);
    let update = sql("UPDATE videos SET stretches = $2 WHERE id = $1").bind(video_id);
    db.execute(update.bind(serde_json::to_string(stretches).unwrap_or_default())).await?;
    Ok(())
}

/// The stretches of a video, at least one. One that is being made has one without an end.
pub(super) async fn of_video(db: &Db, video: &Video) -> Result<Vec<Stretch>> {
    let query = sql("SELECT stretches FROM videos WHERE id = $1").bind(video.id);
    let (text,): (String,) = db.one(query).await?;
    let stretches: Vec<Stretch> = serde_json::from_str(&text).unwrap_or_default();
    if !stretches.is_empty() {
        return Ok(stretches);
    }
    let duration_ms = if video.duration_ms > 0 { video.duration_ms } else { i64::MAX };
    Ok(vec![Stretch { position_ms: 0, starts_at: video.starts_at.unwrap_or(0), duration_ms }])
}

/// Where players are at a wall time: within an interruption, at the end of what was before.
pub(super) fn position_ms(stretches: &[Stretch], wall_ms: i64) -> i64 {
    let behind = stretches.partition_point(|stretch| stretch.starts_at <= wall_ms);
    let Some(stretch) = behind.checked_sub(1).and_then(|at| stretches.get(at)) else { return 0 };
    let within = wall_ms.saturating_sub(stretch.starts_at).min(stretch.duration_ms);
    stretch.position_ms.saturating_add(within)
}

/// Wall time of the end, unix ms.
pub(super) fn ends_at(stretches: &[Stretch]) -> i64 {
    stretches.last().map_or(i64::MAX, |last| last.starts_at.saturating_add(last.duration_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_an_interruption_positions_go_on_and_within_it_they_stand_still() {
        let stretch = |position_ms, starts_at, duration_ms| Stretch { position_ms, starts_at, duration_ms };
        let stretches = [stretch(0, 1000, 500), stretch(500, 4000, 300)];
        for (wall_ms, expected) in
            [(0, 0), (1000, 0), (1200, 200), (1500, 500), (2500, 500), (4000, 500), (4100, 600), (9000, 800)]
        {
            assert_eq!(position_ms(&stretches, wall_ms), expected, "at {wall_ms}");
        }
        assert_eq!(ends_at(&stretches), 4300);
        assert_eq!(position_ms(&[stretch(0, 5, i64::MAX)], i64::MAX), i64::MAX - 5);
    }
}
