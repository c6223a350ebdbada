//! Lists of rooms, and search.

use super::edit::grams;
use super::{LIVE, PAUSED, Room};
use crate::accounts::User;
use crate::db::sql;
use crate::page::{Page, PageQuery};
use crate::{Platform, Result};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use utoipa::IntoParams;

/// Which rooms are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words: rooms whose title, host or labels hold all of them. Two characters are enough.
    pub q: Option<String>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only live ones (paused ones count as live).
    pub live: Option<bool>,
    /// Only of hosts the caller follows.
    pub following: Option<bool>,
    /// Only of this host.
    pub user_id: Option<i64>,
}

/// Characters of a search at most; what is longer is cut.
const SEARCH_CHARS_MAX: usize = 64;

/// Public rooms, the newest first.
pub(super) async fn find(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Room>> {
    let limit = page.limit();
    let mut text = format!("SELECT {} FROM rooms WHERE privacy = 'public' AND id < $1", room_columns!());
    let mut values: Vec<crate::db::Value> = vec![page.before_id().into()];
    let mut add = |condition: &dyn Fn(usize) -> String, value: crate::db::Value| {
        values.push(value);
        text += " AND ";
        text += &condition(values.len());
    };
    if filter.live == Some(true) {
        add(&|n| format!("status IN ({PAUSED}, ${n})"), LIVE.into());
    }
    if let Some(category) = &filter.category {
        add(&|n| format!("category = ${n}"), category.clone().into());
    }
    if let Some(user_id) = filter.user_id {
        add(&|n| format!("user_id = ${n}"), user_id.into());
    }
    if filter.following == Some(true) {
        let id = user.map_or(0, |user| user.id);
        add(&|n| format!("user_id IN (SELECT user_id FROM follows WHERE follower_id = ${n})"), id.into());
    }
    let words: String = filter.q.as_deref().unwrap_or_default().chars().take(SEARCH_CHARS_MAX).collect();
    for gram in words.split_whitespace().flat_map(grams) {
        add(&|n| format!("id IN (SELECT room_id FROM room_grams WHERE gram = ${n})"), gram.into());
    }
    add(&|n| format!("id > 0 ORDER BY id DESC LIMIT ${n}"), (limit + 1).into());
    let query = values.into_iter().fold(sql(AssertSqlSafe(text)), crate::db::Query::bind);
    Ok(Page::cut(platform.db.all(query).await?, limit, |room: &Room| room.id))
}
