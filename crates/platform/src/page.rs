//! Lists in pages: a page says where the next one begins, so that what is added meanwhile shifts nothing.

use crate::Result;
use crate::db::{Db, Query, Row};
use crate::extract::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which page is wanted.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before; nothing for the first page.
    pub cursor: Option<i64>,
    /// Items wanted, 1 to 100; 20 when not said.
    pub limit: Option<i64>,
}

/// One page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// `cursor` of the next page; nothing on the last one.
    pub next: Option<i64>,
}

/// Items of a page when nothing is said.
const LIMIT: i64 = 20;
/// Items of a page at most.
const LIMIT_MAX: i64 = 100;

impl PageQuery {
    /// Items to give.
    pub fn limit(self) -> i64 {
        self.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
    }

    /// The cursor of lists that are read from the newest id down.
    pub fn before_id(self) -> i64 {
        self.cursor.unwrap_or(i64::MAX)
    }
}

impl<T: Row> Page<T> {
    /// The page that `query` reads, as an answer. The number of rows it may give is the last of its values, and bound
    /// here; `cursor` is of the last item given.
    pub async fn read(
        db: &Db,
        query: Query,
        page: PageQuery,
        cursor: impl Fn(&T) -> i64,
    ) -> Result<Json<Self>> {
        let items = db.all(query.bind(page.limit() + 1)).await?;
        Ok(Json(Self::cut(items, page.limit(), cursor)))
    }
}

impl<T> Page<T> {
    /// A page of `limit` out of `items`, of which there is one more when there is another page. `cursor` is of the last
    /// item given.
    pub fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = if has_more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
