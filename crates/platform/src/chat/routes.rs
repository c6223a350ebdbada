use super::comments::{self, Comment};
use crate::caller::Caller;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, moderation, rooms};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(of_room)).routes(routes!(mine)).routes(routes!(delete))
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words in the message; only moderators may search.
    q: Option<String>,
}

/// What was said in a room, newest first. Moderators also see what was taken away, and may search.
#[utoipa::path(get, path = "/api/v1/rooms/{id}/comments", tag = "chat",
    params(("id" = i64, Path), Search, PageQuery), responses((status = 200, body = Page<Comment>)))]
async fn of_room(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(room_id): Path<i64>,
    Query(search): Query<Search>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Comment>>> {
    let room = rooms::get(&platform.db, room_id).await?;
    moderation::may_enter(&platform, &room, caller.user.as_deref()).await?;
    let is_moderator = match &caller.user {
        Some(user) => moderation::authority(&platform.db, &room, user).await?.is_moderator(),
        None => false,
    };
    let words = search.q.unwrap_or_default();
    if words.chars().count() > 100 {
        return Err(Error::invalid("q", "q has at most 100 characters."));
    }
    if !words.is_empty() {
        caller.user()?;
    }
    if !words.is_empty() && !is_moderator {
        return Err(Error::forbidden(
            "moderators_only",
            "Only moderators of the room may search its messages.",
        ));
    }
    Ok(Json(comments::of_room(&platform.db, room_id, &words, is_moderator, page).await?))
}

/// What the caller said, newest first.
#[utoipa::path(get, path = "/api/v1/me/comments", tag = "chat", params(PageQuery),
    responses((status = 200, body = Page<Comment>)))]
async fn mine(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Comment>>> {
    Ok(Json(comments::of_user(&platform.db, caller.user()?.id, page).await?))
}

/// Takes a message away: one's own, or, as a moderator of the room, anybody's.
#[utoipa::path(delete, path = "/api/v1/comments/{comment_id}", tag = "chat", params(("comment_id" = i64, Path)),
    responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(comment_id): Path<i64>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let comment = comments::get(&platform.db, comment_id).await?;
    if comment.user.id == user.id {
        comments::set_deleted(&platform, &comment, true).await?;
    } else {
        moderation::delete_comment(&platform, user, &comment).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
