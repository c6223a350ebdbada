use super::actions::{self, Ban, Done, NewBan};
use super::reports::{self, NewReport, Report};
use super::{Rules, rules};
use crate::accounts::PublicUser;
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::follows::PersonRow;
use crate::page::{Page, PageQuery};
use crate::{Platform, Result};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(get_rules, put_rules))
        .routes(routes!(moderators))
        .routes(routes!(add_moderator, remove_moderator))
        .routes(routes!(bans, ban))
        .routes(routes!(lift))
        .routes(routes!(pin))
        .routes(routes!(log))
        .routes(routes!(undo))
        .routes(routes!(report))
        .routes(routes!(list_reports))
        .routes(routes!(close_report))
}

type Shared = State<Arc<Platform>>;

/// The rules of a room's chat, for its moderators.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/rules", tag = "moderation", params(("id" = i64, Path)),
    responses((status = 200, body = Rules)))]
async fn get_rules(State(platform): Shared, caller: Caller, Path(room_id): Path<i64>) -> Result<Json<Rules>> {
    actions::as_moderator(&platform, caller.user()?, room_id).await?;
    Ok(Json(rules(&platform.db, room_id).await?))
}

/// Sets the rules of a room's chat.
#[utoipa::path(put, path = "/api/v1/rooms/{id}/rules", tag = "moderation", params(("id" = i64, Path)),
    request_body = Rules, responses((status = 200, body = Rules)))]
async fn put_rules(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Json(rules): Json<Rules>,
) -> Result<Json<Rules>> {
    Ok(Json(actions::set_rules(&platform, caller.user()?, room_id, rules).await?))
}

/// The moderators of a room, for them and its host, the newest account first.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/moderators", tag = "moderation", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = Page<PublicUser>)))]
async fn moderators(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublicUser>>> {
    actions::as_moderator(&platform, caller.user()?, room_id).await?;
    let query = sql("SELECT users.id, username, nickname, avatar FROM room_moderators \
         JOIN users ON users.id = user_id WHERE room_id = $1 AND users.id < $2 ORDER BY users.id DESC LIMIT $3");
    let query = query.bind(room_id).bind(page.before_id()).bind(page.limit() + 1);
    let rows: Vec<PersonRow> = platform.db.all(query).await?;
    let people = rows.into_iter().map(PersonRow::public).collect();
    Ok(Json(Page::cut(people, page.limit(), |person: &PublicUser| person.id)))
}

/// Names a moderator.
#[utoipa::path(put, path = "/api/v1/rooms/{id}/moderators/{user_id}", tag = "moderation",
    params(("id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
async fn add_moderator(
    State(platform): Shared,
    caller: Caller,
    Path((room_id, user_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    actions::set_moderator(&platform, caller.user()?, room_id, user_id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a moderator's office back.
#[utoipa::path(delete, path = "/api/v1/rooms/{id}/moderators/{user_id}", tag = "moderation",
    params(("id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
async fn remove_moderator(
    State(platform): Shared,
    caller: Caller,
    Path((room_id, user_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    actions::set_moderator(&platform, caller.user()?, room_id, user_id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bans and timeouts of a room, newest first.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/bans", tag = "moderation",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Page<Ban>)))]
async fn bans(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Ban>>> {
    actions::as_moderator(&platform, caller.user()?, room_id).await?;
    let query =
        sql("SELECT id, user_id, kind, broadcast_id, until_at, reason, by_user_id, created_at, lifted_at \
         FROM room_bans WHERE room_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    Page::read(&platform.db, query.bind(room_id).bind(page.before_id()), page, |ban: &Ban| ban.id).await
}

/// Keeps somebody out of a room, or quiet in it.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/bans", tag = "moderation", params(("id" = i64, Path)),
    request_body = NewBan, responses((status = 201, body = Ban)))]
async fn ban(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Json(new): Json<NewBan>,
) -> Result<(StatusCode, Json<Ban>)> {
    Ok((StatusCode::CREATED, Json(actions::ban(&platform, caller.user()?, room_id, new).await?)))
}

/// Takes a ban or timeout back.
#[utoipa::path(delete, path = "/api/v1/rooms/{id}/bans/{ban_id}", tag = "moderation",
    params(("id" = i64, Path), ("ban_id" = i64, Path)), responses((status = 204)))]
async fn lift(
    State(platform): Shared,
    caller: Caller,
    Path((room_id, ban_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    actions::lift(&platform, caller.user()?, room_id, ban_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to pin.
#[derive(Deserialize, ToSchema)]
struct Pin {
    /// The message; nothing: none is pinned any more.
    comment_id: Option<i64>,
}

/// Pins a message above all others.
#[utoipa::path(put, path = "/api/v1/rooms/{id}/pinned", tag = "moderation", params(("id" = i64, Path)),
    request_body = Pin, responses((status = 204)))]
async fn pin(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Json(pin): Json<Pin>,
) -> Result<StatusCode> {
    actions::pin(&platform, caller.user()?, room_id, pin.comment_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What moderators of a room did, newest first.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/moderation-log", tag = "moderation",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Page<Done>)))]
async fn log(
    State(platform): Shared,
    caller: Caller,
    Path(room_id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Done>>> {
    actions::as_moderator(&platform, caller.user()?, room_id).await?;
    let query = sql("SELECT id, user_id, action, target_id, created_at, undone_at FROM moderation_log \
         WHERE room_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    Page::read(&platform.db, query.bind(room_id).bind(page.before_id()), page, |done: &Done| done.id).await
}

/// Undoes what a line of the log says, once.
#[utoipa::path(post, path = "/api/v1/rooms/{id}/moderation-log/{done_id}/undo", tag = "moderation",
    params(("id" = i64, Path), ("done_id" = i64, Path)), responses((status = 204)))]
async fn undo(
    State(platform): Shared,
    caller: Caller,
    Path((room_id, done_id)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    actions::undo(&platform, caller.user()?, room_id, done_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reports a user, a message, a room, a video or a comment to the admins.
#[utoipa::path(post, path = "/api/v1/reports", tag = "moderation", request_body = NewReport,
    responses((status = 201, body = Report)))]
async fn report(
    State(platform): Shared,
    caller: Caller,
    Json(new): Json<NewReport>,
) -> Result<(StatusCode, Json<Report>)> {
    let user = caller.user()?;
    platform.moderation.reports.check(&user.id)?;
    Ok((StatusCode::CREATED, Json(reports::file(&platform.db, user, &new).await?)))
}

/// Which reports.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `open` when not said, `resolved` or `dismissed`.
    status: Option<String>,
}

/// Reports, newest first, for admins.
#[utoipa::path(get, path = "/api/v1/admin/reports", tag = "moderation", params(Which, PageQuery),
    responses((status = 200, body = Page<Report>)))]
async fn list_reports(
    State(platform): Shared,
    caller: Caller,
    Query(which): Query<Which>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Report>>> {
    caller.admin()?;
    Ok(Json(reports::list(&platform.db, which.status.as_deref().unwrap_or("open"), page).await?))
}

/// How a report is closed.
#[derive(Deserialize, ToSchema)]
struct Closing {
    /// `resolved` or `dismissed`.
    status: String,
}

/// Closes a report, as an admin.
#[utoipa::path(patch, path = "/api/v1/admin/reports/{report_id}", tag = "moderation",
    params(("report_id" = i64, Path)), request_body = Closing, responses((status = 204)))]
async fn close_report(
    State(platform): Shared,
    caller: Caller,
    Path(report_id): Path<i64>,
    Json(closing): Json<Closing>,
) -> Result<StatusCode> {
    reports::close(&platform.db, caller.admin()?, report_id, &closing.status).await?;
    Ok(StatusCode::NO_CONTENT)
}
