//! Lists of videos, and search.

use super::Video;
use crate::accounts::User;
use crate::db::{Db, Query, Value, sql};
use crate::page::{Page, PageQuery};
use crate::text::grams;
use crate::{Platform, Result};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use utoipa::{IntoParams, ToSchema};

/// Which videos are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words: videos whose title, owner or labels hold all of them. Two characters are enough.
    pub q: Option<String>,
    /// Only of this owner.
    pub user_id: Option<i64>,
    /// Only from this room.
    pub room_id: Option<i64>,
    /// Only of this category.
    pub category: Option<String>,
    /// Only with this label.
    pub label: Option<String>,
    /// Only `upload`, `import`, `added`, `recording` or `clip`.
    pub origin: Option<String>,
    /// Only of owners the caller follows.
    pub following: Option<bool>,
    /// The caller's own, whatever their privacy and however far they are.
    pub mine: Option<bool>,
    /// `newest` (when nothing is said), `views` or `likes`: what has most first.
    #[param(inline)]
    pub sort: Option<Sort>,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sort {
    /// What everybody can watch for the shortest time first; of all videos the last one made.
    Newest,
    /// What was viewed most first.
    Views,
    /// What most people like first.
    Likes,
}

/// Which videos admins want.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StateFilter {
    /// Only `waiting`, `probing`, `recording`, `ready` or `failed`.
    pub state: Option<String>,
    /// Only `public`, `unlisted`, `private` or `password`.
    pub privacy: Option<String>,
    /// Only those that were taken down, or only the others.
    pub taken_down: Option<bool>,
}

/// Characters of a search at most; what is longer is cut.
const SEARCH_CHARS_MAX: usize = 64;

/// What everybody may find. The words are those of the indexes in `migrations/0018_videos_around.sql`.
const PUBLIC: &str =
    "privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL";

/// Videos for the caller.
pub(super) async fn find(
    platform: &Platform,
    user: Option<&User>,
    filter: &Filter,
    page: PageQuery,
) -> Result<Page<Video>> {
    let mut select = if filter.mine == Some(true) {
        let mut select = Select::new("deleted_at IS NULL");
        select.equals("user_id", user.map_or(0, |user| user.id));
        select
    } else {
        Select::new(PUBLIC)
    };
    select.narrow(filter, user);
    let column = match filter.sort.unwrap_or(Sort::Newest) {
        Sort::Newest if filter.mine == Some(true) => "id",
        Sort::Newest => "public_at",
        Sort::Views => "view_count",
        Sort::Likes => "like_count",
    };
    select.page(platform, column, page).await
}

/// All videos, also those that are not public, the last one made first. For admins.
pub(super) async fn find_any(
    platform: &Platform,
    filter: &Filter,
    states: &StateFilter,
    page: PageQuery,
) -> Result<Page<Video>> {
    let mut select = Select::new("deleted_at IS NULL");
    select.narrow(filter, None);
    for (column, wanted) in [("state", &states.state), ("privacy", &states.privacy)] {
        select.equals_if_said(column, wanted.as_deref());
    }
    match states.taken_down {
        Some(true) => select.text += " AND taken_down_at IS NOT NULL",
        Some(false) => select.text += " AND taken_down_at IS NULL",
        None => {}
    }
    select.page(platform, "id", page).await
}

/// A statement that grows.
struct Select {
    text: String,
    values: Vec<Value>,
}

impl Select {
    fn new(which: &str) -> Self {
        Self {
            text: format!("SELECT {} FROM videos WHERE {which}", super::video_columns!()),
            values: Vec::new(),
        }
    }

    /// The placeholder of a value.
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn equals(&mut self, column: &str, value: impl Into<Value>) {
        let value = self.place(value);
        self.text += &format!(" AND {column} = {value}");
    }

    /// Forms send an empty text for "all".
    fn equals_if_said(&mut self, column: &str, wanted: Option<&str>) {
        if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
            self.equals(column, wanted);
        }
    }

    fn narrow(&mut self, filter: &Filter, user: Option<&User>) {
        for (column, id) in [("user_id", filter.user_id), ("room_id", filter.room_id)] {
            if let Some(id) = id {
                self.equals(column, id);
            }
        }
        for (column, wanted) in [("category", &filter.category), ("origin", &filter.origin)] {
            self.equals_if_said(column, wanted.as_deref());
        }
        if let Some(label) = filter.label.as_ref().filter(|label| !label.is_empty()) {
            let label = self.place(label.to_lowercase());
            self.text += &format!(" AND id IN (SELECT video_id FROM video_labels WHERE label = {label})");
        }
        if filter.following == Some(true) {
            let follower = self.place(user.map_or(0, |user| user.id));
            self.text +=
                &format!(" AND user_id IN (SELECT user_id FROM follows WHERE follower_id = {follower})");
        }
        let words: String = filter.q.as_deref().unwrap_or_default().chars().take(SEARCH_CHARS_MAX).collect();
        for gram in words.split_whitespace().flat_map(grams) {
            let gram = self.place(gram);
            self.text += &format!(
                " AND (id IN (SELECT video_id FROM video_grams WHERE gram = {gram}) \
                 OR user_id IN (SELECT user_id FROM video_owner_grams WHERE gram = {gram}))"
            );
        }
    }

    /// A page by `column` from the highest down, and by id where it is the same. The cursor is the last video's number,
    /// so that a page goes on behind it also when it has moved.
    async fn page(mut self, platform: &Platform, column: &str, page: PageQuery) -> Result<Page<Video>> {
        if let Some(cursor) = page.cursor {
            let last = self.place(cursor);
            let place = format!("(SELECT {column} FROM videos WHERE id = {last})");
            self.text += &match column {
                "id" => format!(" AND id < {last}"),
                _ => format!(" AND {column} <= {place} AND ({column} < {place} OR id < {last})"),
            };
        }
        let count = self.place(page.limit() + 1);
        let order = if column == "id" { "id DESC".to_owned() } else { format!("{column} DESC, id DESC") };
        self.text += &format!(" ORDER BY {order} LIMIT {count}");
        let query = self.values.into_iter().fold(sql(AssertSqlSafe(self.text)), Query::bind);
        let found = platform.db.all(query).await?;
        Ok(Page::cut(found, page.limit(), |video: &Video| video.id))
    }
}

/// All videos, whatever their privacy and however far they are, the newest first.
pub async fn all(db: &Db, limit: i64) -> Result<Vec<Video>> {
    let text = concat!(
        "SELECT ",
        super::video_columns!(),
        " FROM videos WHERE deleted_at IS NULL ORDER BY id DESC LIMIT $1"
    );
    Ok(db.all(sql(text).bind(limit)).await?)
}
