//! Who gave most.

use crate::clock::now_ms;
use crate::db::sql;
use crate::{Platform, Result, row};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

row! {
    /// One who gave.
    #[derive(Debug, Serialize, ToSchema)]
    pub(super) struct Leader {
        /// Who.
        pub user_id: i64,
        /// The name in addresses.
        pub username: String,
        /// The name that is shown; empty: the username.
        pub nickname: String,
        /// Address of the picture, or empty.
        pub avatar: String,
        /// Coins given.
        pub coin: i64,
    }
}

/// Since when it counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Period {
    /// The broadcast that is on, or the last one.
    Broadcast,
    /// The last 24 hours.
    Day,
    /// Ever.
    #[default]
    All,
}

/// Which leaders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LeadersQuery {
    /// `broadcast`, `day` or `all` (when not said).
    #[serde(default)]
    #[param(inline)]
    pub period: Period,
}

const LEADERS_MAX: i64 = 50;
const DAY_MS: i64 = 86_400_000;

/// Who gave most in a room.
pub(super) async fn of_room(platform: &Platform, room_id: i64, period: Period) -> Result<Vec<Leader>> {
    let since = match period {
        Period::All => 0,
        Period::Day => now_ms() - DAY_MS,
        Period::Broadcast => {
            let query = sql("SELECT started_at FROM broadcasts WHERE room_id = $1 ORDER BY id DESC LIMIT 1");
            platform.db.maybe::<(i64,)>(query.bind(room_id)).await?.map_or(i64::MAX, |(at,)| at)
        }
    };
    let query =
        sql("SELECT u.id AS user_id, u.username AS username, u.nickname AS nickname, u.avatar AS avatar, \
         CAST(SUM(e.coin) AS BIGINT) AS coin FROM gift_events e JOIN users u ON u.id = e.user_id \
         WHERE e.room_id = $1 AND e.created_at >= $2 GROUP BY u.id, u.username, u.nickname, u.avatar \
         ORDER BY coin DESC, u.id LIMIT $3");
    Ok(platform.db.all(query.bind(room_id).bind(since).bind(LEADERS_MAX)).await?)
}
