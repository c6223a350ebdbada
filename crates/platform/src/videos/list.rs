//! Lists of videos.

use super::Video;
use crate::accounts::User;
use crate::db::{Query, Value, sql};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use utoipa::IntoParams;

/// Which videos are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only of this owner.
    pub user_id: Option<i64>,
    /// Only from this room.
    pub room_id: Option<i64>,
    /// Only of this category.
    pub category: Option<String>,
    /// The caller's own, whatever their privacy and however far they are.
    pub mine: Option<bool>,
}

/// Videos, the newest first.
pub(super) async fn find(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Video>> {
    let mut values: Vec<Value> = Vec::new();
    let mut place = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut text = format!("SELECT {} FROM videos WHERE deleted_at IS NULL", super::video_columns!());
    if filter.mine == Some(true) {
        let owner = place(user.map_or(0, |user| user.id).into());
        text += &format!(" AND user_id = {owner}");
    } else {
        text += " AND privacy = 'public' AND state = 'ready'";
    }
    for (column, id) in [("user_id", filter.user_id), ("room_id", filter.room_id)] {
        if let Some(id) = id {
            let id = place(id.into());
            text += &format!(" AND {column} = {id}");
        }
    }
    if let Some(category) = &filter.category {
        let category = place(category.clone().into());
        text += &format!(" AND category = {category}");
    }
    let before = place(page.before_id().into());
    let count = place((page.limit() + 1).into());
    text += &format!(" AND id < {before} ORDER BY id DESC LIMIT {count}");
    let query = values.into_iter().fold(sql(AssertSqlSafe(text)), Query::bind);
    let found = platform.db.all(query).await?;
    Ok(Page::cut(found, page.limit(), |video: &Video| video.id))
}
