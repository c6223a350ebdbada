//! What is of no use any more is thrown away, once an hour.

use crate::clock::now_ms;
use crate::db::sql;
use crate::{Platform, Result, recordings, uploads, videos};
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(3600);
/// Not among everything else that happens at the start.
const FIRST_AFTER: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;
/// Invitations nobody used are listed this long after their end.
const INVITATIONS_MS: i64 = 30 * DAY_MS;

/// Works until the platform is gone.
pub(crate) fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        tokio::time::sleep(FIRST_AFTER).await;
        loop {
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = tidy(&platform).await {
                tracing::warn!(%error, "what is of no use any more could not be thrown away");
            }
            drop(platform);
            tokio::time::sleep(EVERY).await;
        }
    });
}

async fn tidy(platform: &Platform) -> Result<()> {
    let now = now_ms();
    let answers_end = now - platform.config.gifts.retry_days * DAY_MS;
    for (delete, before) in [
        ("DELETE FROM sessions WHERE expires_at < $1", now),
        ("DELETE FROM api_tokens WHERE expires_at < $1", now),
        ("DELETE FROM gift_requests WHERE created_at < $1", answers_end),
        ("DELETE FROM invitations WHERE used_by IS NULL AND expires_at < $1", now - INVITATIONS_MS),
    ] {
        platform.db.execute(sql(delete).bind(before)).await?;
    }
    let surplus = sql("DELETE FROM notifications WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() \
         OVER (PARTITION BY user_id ORDER BY id DESC) AS place FROM notifications) AS placed WHERE place > $1)");
    platform.db.execute(surplus.bind(platform.config.notifications.per_user_max)).await?;
    uploads::tidy(platform).await?;
    recordings::retention::tidy(platform).await?;
    videos::tidy(platform).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, platform};

    #[tokio::test]
    async fn what_has_ended_long_ago_is_thrown_away_and_what_is_in_use_stays() {
        let platform = platform().await;
        let mark = Client::new(&platform, "mark").await;
        let (now, old) = (now_ms(), now_ms() - 40 * DAY_MS);
        for (insert, at) in [
            (
                "INSERT INTO sessions (token_digest, user_id, created_at, used_at, expires_at) VALUES ('a', 1, 1, 1, $1)",
                old,
            ),
            ("INSERT INTO gift_requests (user_id, key, body, created_at) VALUES (1, 'old', '', $1)", old),
            ("INSERT INTO gift_requests (user_id, key, body, created_at) VALUES (1, 'new', '', $1)", now),
            (
                "INSERT INTO invitations (code_digest, created_by, created_at, expires_at) VALUES ('a', 1, 1, $1)",
                old,
            ),
            (
                "INSERT INTO invitations (code_digest, created_by, created_at, expires_at) VALUES ('b', 1, 1, $1)",
                now,
            ),
        ] {
            platform.db.execute(sql(insert).bind(at)).await.unwrap();
        }
        tidy(&platform).await.unwrap();
        assert_eq!(mark.get("/api/v1/me").await.0, http::StatusCode::OK);
        for (table, left) in [("sessions", 1), ("gift_requests", 1), ("invitations", 1)] {
            let count = format!("SELECT COUNT(*) FROM {table}");
            let (count,) = platform.db.one::<(i64,)>(sql(sqlx::AssertSqlSafe(count))).await.unwrap();
            assert_eq!(count, left, "{table}");
        }
    }
}
