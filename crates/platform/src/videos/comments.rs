//! What people say under videos: comments, and replies to them, one level deep.

use super::Video;
use crate::accounts::{PublicUser, User};
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, blocks, moderation, rooms, row, text};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use utoipa::{IntoParams, ToSchema};

/// Something that was said under a video.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct VideoComment {
    /// Its number.
    id: i64,
    /// The comment it replies to.
    parent_id: Option<i64>,
    /// Who said it; nothing when it was taken away.
    user: Option<PublicUser>,
    /// Plain text with line breaks; empty when it was taken away.
    content: String,
    /// Replies to it.
    reply_count: i64,
    /// Unix ms.
    created_at: i64,
    /// Whether it was taken away. It is listed as long as there are replies to it.
    is_deleted: bool,
}

row! {
    struct Row {
        id: i64,
        video_id: i64,
        parent_id: Option<i64>,
        content: String,
        reply_count: i64,
        created_at: i64,
        deleted_at: Option<i64>,
        user_id: i64,
        username: String,
        nickname: String,
        avatar: String,
    }
}

impl From<Row> for VideoComment {
    fn from(row: Row) -> Self {
        let is_deleted = row.deleted_at.is_some();
        let name = if row.nickname.is_empty() { row.username.clone() } else { row.nickname };
        let user = PublicUser { id: row.user_id, username: row.username, name, avatar: row.avatar };
        Self {
            id: row.id,
            parent_id: row.parent_id,
            user: (!is_deleted).then_some(user),
            content: if is_deleted { String::new() } else { row.content },
            reply_count: row.reply_count,
            created_at: row.created_at,
            is_deleted,
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.video_id, c.parent_id, c.content, c.reply_count, c.created_at, c.deleted_at, c.user_id, \
             u.username, u.nickname, u.avatar FROM video_comments c JOIN users u ON u.id = c.user_id WHERE ",
            $rest
        )
    };
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// How comments are listed.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// `newest` or `oldest` first. When nothing is said comments begin with the newest and replies with the oldest.
    #[param(inline)]
    pub order: Option<Order>,
}

/// A page of the comments under a video.
pub(super) async fn of_video(
    db: &Db,
    video: &Video,
    reader: Option<&User>,
    order: Order,
    page: PageQuery,
) -> Result<Page<VideoComment>> {
    let query = match order {
        Order::Newest => {
            select!(
                "c.video_id = $1 AND c.parent_id IS NULL AND c.id < $2 AND (c.deleted_at IS NULL OR c.reply_count > 0) \
                 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = $4 AND blocked_id = c.user_id) \
                 ORDER BY c.id DESC LIMIT $3"
            )
        }
        Order::Oldest => {
            select!(
                "c.video_id = $1 AND c.parent_id IS NULL AND c.id > $2 AND (c.deleted_at IS NULL OR c.reply_count > 0) \
                 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = $4 AND blocked_id = c.user_id) \
                 ORDER BY c.id LIMIT $3"
            )
        }
    };
    read(db, sql(query).bind(video.id), reader, order, page).await
}

/// A page of the replies to a comment.
pub(super) async fn replies(
    db: &Db,
    video: &Video,
    parent_id: i64,
    reader: Option<&User>,
    order: Order,
    page: PageQuery,
) -> Result<Page<VideoComment>> {
    get(db, video, parent_id).await?;
    let query = match order {
        Order::Newest => {
            select!(
                "c.parent_id = $1 AND c.id < $2 AND c.deleted_at IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = $4 AND blocked_id = c.user_id) \
                 ORDER BY c.id DESC LIMIT $3"
            )
        }
        Order::Oldest => {
            select!(
                "c.parent_id = $1 AND c.id > $2 AND c.deleted_at IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = $4 AND blocked_id = c.user_id) \
                 ORDER BY c.id LIMIT $3"
            )
        }
    };
    read(db, sql(query).bind(parent_id), reader, order, page).await
}

/// A page, without what those say whom the reader blocks.
async fn read(
    db: &Db,
    query: crate::db::Query,
    reader: Option<&User>,
    order: Order,
    page: PageQuery,
) -> Result<Page<VideoComment>> {
    let from = match order {
        Order::Newest => page.before_id(),
        Order::Oldest => page.cursor.unwrap_or(0),
    };
    let rows: Vec<Row> =
        db.all(query.bind(from).bind(page.limit() + 1).bind(reader.map_or(0, |reader| reader.id))).await?;
    let comments = rows.into_iter().map(VideoComment::from).collect();
    Ok(Page::cut(comments, page.limit(), |comment: &VideoComment| comment.id))
}

async fn get(db: &Db, video: &Video, id: i64) -> Result<Row> {
    let row: Option<Row> =
        db.maybe(sql(select!("c.id = $1 AND c.video_id = $2")).bind(id).bind(video.id)).await?;
    row.ok_or_else(no_such_comment)
}

fn no_such_comment() -> Error {
    Error::not_found("comment_not_found", "There is no such comment under this video.")
}

/// A comment to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewComment {
    /// Plain text with line breaks; 2 000 characters at most (`videos.comment_chars_max`).
    content: String,
    /// The comment it replies to. A reply to a reply stands beside it.
    #[serde(default)]
    parent_id: Option<i64>,
}

/// Says something under a video. The caller made sure that `user` may watch it.
pub(super) async fn say(
    platform: &Platform,
    video: &Video,
    user: &User,
    new: &NewComment,
) -> Result<VideoComment> {
    let content = text::lines("content", &new.content, 1, platform.config.videos.comment_chars_max)?;
    platform.videos.comments_by_user.check(&user.id)?;
    if blocks::is_blocked(&platform.db, video.user_id, user.id).await? {
        return Err(Error::forbidden("blocked", "The owner of this video has blocked you."));
    }
    if let Some(room_id) = video.room_id
        && let Some(room) = rooms::by_id(&platform.db, room_id).await?
        && video.user_id != user.id
    {
        moderation::may_comment(platform, &room, user, &content).await?;
    }
    let mut parent_id = None;
    if let Some(id) = new.parent_id {
        let parent = get(&platform.db, video, id).await?;
        parent_id = Some(parent.parent_id.unwrap_or(parent.id));
    }
    let now = now_ms();
    let mut tx = platform.db.begin().await?;
    if let Some(parent_id) = parent_id {
        // Held until the end, so that it is not taken away meanwhile.
        let parent = format!("SELECT deleted_at FROM video_comments WHERE id = $1{}", tx.for_update());
        let (deleted_at,): (Option<i64>,) = tx.one(sql(AssertSqlSafe(parent)).bind(parent_id)).await?;
        if deleted_at.is_some() {
            return Err(no_such_comment());
        }
    }
    let insert = sql("INSERT INTO video_comments (video_id, parent_id, user_id, content, created_at) \
         VALUES ($1, $2, $3, $4, $5) RETURNING id");
    let insert = insert.bind(video.id).bind(parent_id).bind(user.id).bind(&content).bind(now);
    let (id,): (i64,) = tx.one(insert).await?;
    count(&mut tx, video.id, parent_id, 1).await?;
    tx.commit().await?;
    Ok(VideoComment {
        id,
        parent_id,
        user: Some(user.public()),
        content,
        reply_count: 0,
        created_at: now,
        is_deleted: false,
    })
}

/// Changes what the video and the comment replied to say how many there are.
async fn count(tx: &mut Tx, video_id: i64, parent_id: Option<i64>, by: i64) -> Result<()> {
    if let Some(parent_id) = parent_id {
        let replies = sql("UPDATE video_comments SET reply_count = reply_count + $2 WHERE id = $1");
        tx.execute(replies.bind(parent_id).bind(by)).await?;
    }
    let comments = sql("UPDATE videos SET comment_count = comment_count + $2 WHERE id = $1");
    tx.execute(comments.bind(video_id).bind(by)).await?;
    Ok(())
}

/// Takes a comment away: one's own; anybody's as the video's owner, a moderator of the room it came from, or an admin.
pub(super) async fn delete(platform: &Platform, video: &Video, user: &User, id: i64) -> Result<()> {
    let comment = get(&platform.db, video, id).await?;
    if comment.user_id != user.id && !super::may_keep_order(platform, video, user).await? {
        return Err(Error::forbidden(
            "not_your_comment",
            "Only who wrote a comment, the video's owner and moderators may take it away.",
        ));
    }
    let mut tx = platform.db.begin().await?;
    let delete = sql("UPDATE video_comments SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL");
    if tx.execute(delete.bind(id).bind(now_ms())).await? > 0 {
        count(&mut tx, comment.video_id, comment.parent_id, -1).await?;
    }
    Ok(tx.commit().await?)
}
