//! Lists of rooms, and search.

use super::{LIVE, PAUSED, Room};
use crate::accounts::User;
use crate::db::{Query, Value, sql};
use crate::page::{Page, PageQuery};
use crate::text::grams;
use crate::{Platform, Result};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};

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
    /// All of the caller's, also those that are not public, the newest first.
    pub mine: Option<bool>,
    /// `newest`, `viewers` or `following` (those of hosts the caller follows first, which is the order for who is signed
    /// in when nothing is said).
    #[param(inline)]
    pub sort: Option<Sort>,
}

/// Characters of a search at most; what is longer is cut.
const SEARCH_CHARS_MAX: usize = 64;

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sort {
    /// The newest first.
    Newest,
    /// Those most people watch first.
    Viewers,
    /// Those of hosts the caller follows first, then the newest.
    Following,
}

/// A cursor of [`Sort::Viewers`] holds viewers and id: both stay whole in a number of JavaScript's.
const ID_BITS: u32 = 32;
const VIEWERS_MAX: i64 = (1 << 20) - 1;

/// Public rooms, or those of the caller.
pub(super) async fn find(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Room>> {
    if let (Some(true), Some(user)) = (filter.mine, user) {
        let filter = Filter { user_id: Some(user.id), ..filter.clone() };
        return find_any(platform, &filter, page).await;
    }
    let is_plain = filter.following != Some(true) && filter.user_id.is_none();
    let default = if user.is_some() && is_plain { Sort::Following } else { Sort::Newest };
    match (filter.sort.unwrap_or(default), user) {
        (Sort::Viewers, _) => by_viewers(platform, user, filter, page).await,
        (Sort::Following, Some(user)) => followed_first(platform, user, filter, page).await,
        _ => {
            let rooms =
                newest(platform, user, filter, Followed::Any, page.before_id(), page.limit() + 1).await?;
            Ok(Page::cut(rooms, page.limit(), |room: &Room| room.id))
        }
    }
}

/// All rooms, also those that are not public, the newest first.
pub(super) async fn find_any(platform: &Platform, filter: &Filter, page: PageQuery) -> Result<Page<Room>> {
    let mut select = Select::any("deleted_at IS NULL", None, filter, Followed::Any);
    let before = select.place(page.before_id());
    select.text += &format!(" AND id < {before}");
    Ok(Page::cut(select.rows(platform, "id DESC", page.limit() + 1).await?, page.limit(), |room| room.id))
}

/// The newest of hosts that are followed, then the newest of the others: a cursor below 0 is one of the others.
async fn followed_first(
    platform: &Platform,
    user: &User,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Room>> {
    let (limit, cursor) = (page.limit(), page.before_id());
    let mut rooms = Vec::new();
    if cursor > 0 {
        rooms = newest(platform, Some(user), filter, Followed::Yes, cursor, limit + 1).await?;
    }
    let followed = rooms.len();
    let left = limit + 1 - i64::try_from(followed).unwrap_or(limit + 1);
    if left > 0 {
        let before = if cursor > 0 { i64::MAX } else { cursor.saturating_neg() };
        rooms.extend(newest(platform, Some(user), filter, Followed::No, before, left).await?);
    }
    let is_followed: HashSet<i64> = rooms.iter().take(followed).map(|room| room.id).collect();
    // Between the two, the next page begins with the others from the top.
    Ok(Page::cut(rooms, limit, |room| if is_followed.contains(&room.id) { room.id } else { -room.id }))
}

async fn by_viewers(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Room>> {
    let (limit, cursor) = (page.limit(), page.before_id());
    let (viewers, id) = (cursor >> ID_BITS, cursor & ((1 << ID_BITS) - 1));
    let mut select = Select::new(user, filter, Followed::Any);
    let before = [viewers, viewers, id].map(|value| select.place(value));
    let [viewers, same, id] = before;
    select.text += &format!(" AND (viewer_count < {viewers} OR (viewer_count = {same} AND id < {id}))");
    let rows = select.rows(platform, "viewer_count DESC, id DESC", limit + 1).await?;
    let cursor = |room: &Room| (room.viewer_count.min(VIEWERS_MAX) << ID_BITS) | room.id;
    Ok(Page::cut(rows, limit, cursor))
}

/// Whether hosts that the caller follows are meant, or the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    Any,
    Yes,
    No,
}

async fn newest(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    followed: Followed,
    before_id: i64,
    count: i64,
) -> Result<Vec<Room>> {
    // When next to every room will do, walking down the ids finds a page at once; an index on privacy would have the
    // database sort all of them first, so it is kept from using one.
    let narrows = filter.live == Some(true)
        || filter.category.is_some()
        || filter.user_id.is_some()
        || filter.q.as_deref().is_some_and(|words| !words.trim().is_empty())
        || filter.following == Some(true)
        || followed == Followed::Yes;
    let which = if narrows { "privacy = 'public'" } else { "privacy || '' = 'public'" };
    let mut select = Select::any(which, user, filter, followed);
    let before = select.place(before_id);
    select.text += &format!(" AND id < {before}");
    select.rows(platform, "id DESC", count).await
}

/// A statement that grows.
struct Select {
    text: String,
    values: Vec<Value>,
}

impl Select {
    /// Public rooms that fit `filter`.
    fn new(user: Option<&User>, filter: &Filter, followed: Followed) -> Self {
        Self::any("privacy = 'public'", user, filter, followed)
    }

    fn any(which: &str, user: Option<&User>, filter: &Filter, followed: Followed) -> Self {
        let text = format!("SELECT {} FROM rooms WHERE {which}", room_columns!());
        let mut select = Self { text, values: Vec::new() };
        if filter.live == Some(true) {
            select.text += &format!(" AND status IN ({PAUSED}, {LIVE})");
        }
        if let Some(category) = &filter.category {
            let category = select.place(category.clone());
            select.text += &format!(" AND category = {category}");
        }
        if let Some(user_id) = filter.user_id {
            let user_id = select.place(user_id);
            select.text += &format!(" AND user_id = {user_id}");
        }
        let followed = if filter.following == Some(true) { Followed::Yes } else { followed };
        if followed != Followed::Any {
            let follower = select.place(user.map_or(0, |user| user.id));
            let not = if followed == Followed::No { "NOT " } else { "" };
            select.text +=
                &format!(" AND user_id {not}IN (SELECT user_id FROM follows WHERE follower_id = {follower})");
        }
        let words: String = filter.q.as_deref().unwrap_or_default().chars().take(SEARCH_CHARS_MAX).collect();
        for gram in words.split_whitespace().flat_map(grams) {
            let gram = select.place(gram);
            select.text += &format!(" AND id IN (SELECT room_id FROM room_grams WHERE gram = {gram})");
        }
        select
    }

    /// The placeholder of a value.
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    async fn rows(mut self, platform: &Platform, order: &str, count: i64) -> Result<Vec<Room>> {
        let count = self.place(count);
        self.text += &format!(" ORDER BY {order} LIMIT {count}");
        let query = self.values.into_iter().fold(sql(AssertSqlSafe(self.text)), Query::bind);
        Ok(platform.db.all(query).await?)
    }
}
