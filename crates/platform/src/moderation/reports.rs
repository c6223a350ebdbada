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
    /// `user`, `comment`, `room`, `video` or `video_comment`.
    kind: String,
    /// Its number; of a video nothing.
    #[serde(default)]
    target_id: i64,
    /// What addresses name the video by, when that is what is reported.
    #[serde(default)]
    video: String,
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
        /// `user`, `comment`, `room`, `video` or `video_comment`.
        pub kind: String,
        /// Number of the reported one.
        pub target_id: i64,
        /// What addresses name the video by, or the video the comment is under.
        pub video: Option<String>,
        /// In the reporter's words.
        pub reason: String,
        /// `open`, `resolved` or `dismissed`.
        pub status: String,
        /// Unix ms.
        pub created_at: i64,
    }
}

/// Reports as lists read them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, kind, target_id, reason, status, created_at, \
             (SELECT public_id FROM videos WHERE videos.id = CASE kind WHEN 'video' THEN target_id \
             WHEN 'video_comment' THEN (SELECT video_id FROM video_comments WHERE video_comments.id = target_id) END) \
             AS video FROM reports WHERE ",
            $rest
        )
    };
}

/// Files a report.
pub(super) async fn file(db: &Db, user: &User, new: &NewReport) -> Result<Report> {
    let reason = text::lines("reason", &new.reason, 1, 1000)?;
    let target = match new.kind.as_str() {
        "user" => sql("SELECT id FROM users WHERE id = $1").bind(new.target_id),
        "comment" => sql("SELECT id FROM comments WHERE id = $1").bind(new.target_id),
        "room" => sql("SELECT id FROM rooms WHERE id = $1").bind(new.target_id),
        "video" => sql("SELECT id FROM videos WHERE public_id = $1 AND deleted_at IS NULL").bind(&new.video),
        "video_comment" => {
            sql("SELECT id FROM video_comments WHERE id = $1 AND deleted_at IS NULL").bind(new.target_id)
        }
        _ => return Err(Error::invalid("kind", "kind is user, comment, room, video or video_comment.")),
    };
    let target = db.maybe::<(i64,)>(target).await?;
    let (target_id,) =
        target.ok_or_else(|| Error::not_found("target_not_found", "What is reported is not there."))?;
    let insert = sql("INSERT INTO reports (user_id, kind, target_id, reason, created_at) \
         VALUES ($1, $2, $3, $4, $5) RETURNING id");
    let insert = insert.bind(user.id).bind(&new.kind).bind(target_id).bind(reason).bind(now_ms());
    let (id,): (i64,) = db.one(insert).await.map_err(|error| match db::is_taken(&error) {
        true => Error::conflict("reported_already", "You have reported this already."),
        false => error.into(),
    })?;
    Ok(db.one(sql(select!("id = $1")).bind(id)).await?)
}

/// A page of the reports that are `open`, `resolved` or `dismissed`, newest first.
pub(super) async fn list(db: &Db, status: &str, page: PageQuery) -> Result<Page<Report>> {
    let query = sql(select!("status = $1 AND id < $2 ORDER BY id DESC LIMIT $3"));
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
