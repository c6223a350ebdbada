//! Reports: what people tell the admins, and the queue of them.

use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{self, Db, sql};
use crate::page::{Page, PageQuery};
use crate::{Error, Result, row, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is reported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReport {
    /// `user`, `comment` or `room`.
    kind: String,
    /// Its number.
    target_id: i64,
    /// Why, 1 to 1000 characters.
    reason: String,
}

row! {
    /// A report.
    #[derive(Serialize, ToSchema)]
    pub(super) struct Report {
        /// Its number.
        pub id: i64,
        /// Who reports.
        pub user_id: i64,
        /// `user`, `comment` or `room`.
        pub kind: String,
        /// Number of the reported one.
        pub target_id: i64,
        /// In the reporter's words.
        pub reason: String,
        /// `open`, `resolved` or `dismissed`.
        pub status: String,
        /// Unix ms.
        pub created_at: i64,
    }
}

/// Files a report.
pub(super) async fn file(db: &Db, user: &User, new: &NewReport) -> Result<Report> {
    let reason = text::lines("reason", &new.reason, 1, 1000)?;
    let exists = match new.kind.as_str() {
        "user" => sql("SELECT id FROM users WHERE id = $1"),
        "comment" => sql("SELECT id FROM comments WHERE id = $1"),
        "room" => sql("SELECT id FROM rooms WHERE id = $1"),
        _ => return Err(Error::invalid("kind", "kind is user, comment or room.")),
    };
    if db.maybe::<(i64,)>(exists.bind(new.target_id)).await?.is_none() {
        return Err(Error::not_found("target_not_found", "What is reported is not there."));
    }
    let insert = sql(
        "INSERT INTO reports (user_id, kind, target_id, reason, created_at) VALUES ($1, $2, $3, $4, $5) \
         RETURNING id, user_id, kind, target_id, reason, status, created_at",
    );
    let insert = insert.bind(user.id).bind(&new.kind).bind(new.target_id).bind(reason).bind(now_ms());
    db.one(insert).await.map_err(|error| match db::is_taken(&error) {
        true => Error::conflict("reported_already", "You have reported this already."),
        false => error.into(),
    })
}

/// A page of the reports that are `open`, `resolved` or `dismissed`, newest first.
pub(super) async fn list(db: &Db, status: &str, page: PageQuery) -> Result<Page<Report>> {
    let query = sql("SELECT id, user_id, kind, target_id, reason, status, created_at FROM reports \
         WHERE status = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let rows = db.all(query.bind(status).bind(page.before_id()).bind(page.limit() + 1)).await?;
    Ok(Page::cut(rows, page.limit(), |report: &Report| report.id))
}

/// Closes a report.
pub(super) async fn close(db: &Db, admin: &User, id: i64, status: &str) -> Result<()> {
    if !matches!(status, "resolved" | "dismissed") {
        return Err(Error::invalid("status", "status is resolved or dismissed."));
    }
    let query = sql("UPDATE reports SET status = $1, closed_by = $2 WHERE id = $3 AND status = 'open'");
    if db.execute(query.bind(status).bind(admin.id).bind(id)).await? == 0 {
        return Err(Error::not_found("report_not_found", "There is no such open report."));
    }
    Ok(())
}
