//! Messages as rows. Many are written with one commit, since a commit waits for the disk.

use crate::accounts::PublicUser;
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::{self, Db, sql};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, row};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

/// Something that was said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Comment {
    /// Its number.
    pub id: i64,
    /// The room.
    pub live_id: i64,
    /// Who said it.
    pub user: PublicUser,
    /// Plain text.
    pub content: String,
    /// `#rrggbb`.
    pub colour: String,
    /// `scroll`, `top` or `bottom`.
    pub mode: String,
    /// Position on the stream's timeline, ms.
    pub stream_ms: Option<i64>,
    /// Unix ms.
    pub created_at: i64,
    /// Whether a moderator or its author took it away.
    pub is_deleted: bool,
}

impl Comment {
    pub(super) fn tell(&self, platform: &Platform) {
        let payload = json!(self);
        platform.bus.tell(Event::ToRoom { room_id: self.live_id, event: "comment".to_owned(), payload });
    }
}

row! {
    struct Row {
        id: i64,
        room_id: i64,
        content: String,
        colour: String,
        mode: String,
        stream_ms: Option<i64>,
        created_at: i64,
        deleted_at: Option<i64>,
        user_id: i64,
        username: String,
        nickname: String,
        avatar: String,
    }
}

impl From<Row> for Comment {
    fn from(row: Row) -> Self {
        let name = if row.nickname.is_empty() { row.username.clone() } else { row.nickname };
        Self {
            id: row.id,
            live_id: row.room_id,
            user: PublicUser { id: row.user_id, username: row.username, name, avatar: row.avatar },
            content: row.content,
            colour: row.colour,
            mode: row.mode,
            stream_ms: row.stream_ms,
            created_at: row.created_at,
            is_deleted: row.deleted_at.is_some(),
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.room_id, c.content, c.colour, c.mode, c.stream_ms, c.created_at, c.deleted_at, c.user_id, \
             u.username, u.nickname, u.avatar FROM comments c JOIN users u ON u.id = c.user_id WHERE ",
            $rest
        )
    };
}

/// The last messages of a room, oldest first.
pub(super) async fn last(db: &Db, room_id: i64, count: u32) -> Result<Vec<Comment>> {
    let query = sql(select!("c.room_id = $1 AND c.deleted_at IS NULL ORDER BY c.id DESC LIMIT $2"));
    let rows: Vec<Row> = db.all(query.bind(room_id).bind(count)).await?;
    Ok(rows.into_iter().rev().map(Comment::from).collect())
}

/// A page of a room's messages, newest first; for moderators also those taken away, and those with `words` in them.
pub(super) async fn of_room(
    db: &Db,
    room_id: i64,
    words: &str,
    with_deleted: bool,
    page: PageQuery,
) -> Result<Page<Comment>> {
    let query = sql(select!(
        "c.room_id = $1 AND c.id < $2 AND (c.deleted_at IS NULL OR $3) AND ($4 = '' OR LOWER(c.content) LIKE $5 ESCAPE '!') \
         ORDER BY c.id DESC LIMIT $6"
    ));
    let words = words.to_lowercase();
    let escaped: String = words
        .chars()
        .flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c]))
        .collect();
    let query = query
        .bind(room_id)
        .bind(page.before_id())
        .bind(with_deleted)
        .bind(words)
        .bind(format!("%{escaped}%"));
    page_of(db, query, page).await
}

/// A page of what one user said, newest first.
pub(super) async fn of_user(db: &Db, user_id: i64, page: PageQuery) -> Result<Page<Comment>> {
    let query =
        sql(select!("c.user_id = $1 AND c.id < $2 AND c.deleted_at IS NULL ORDER BY c.id DESC LIMIT $3"));
    page_of(db, query.bind(user_id).bind(page.before_id()), page).await
}

async fn page_of(db: &Db, query: db::Query, page: PageQuery) -> Result<Page<Comment>> {
    let rows: Vec<Row> = db.all(query.bind(page.limit() + 1)).await?;
    Ok(Page::cut(rows.into_iter().map(Comment::from).collect(), page.limit(), |comment: &Comment| comment.id))
}

/// The message with this number; else 404.
pub(crate) async fn get(db: &Db, id: i64) -> Result<Comment> {
    let row: Option<Row> = db.maybe(sql(select!("c.id = $1")).bind(id)).await?;
    row.map(Comment::from).ok_or_else(|| Error::not_found("comment_not_found", "There is no such message."))
}

/// Takes a message away or brings it back, and tells the room; false when it was so already.
pub async fn set_deleted(platform: &Platform, comment: &Comment, is_deleted: bool) -> Result<bool> {
    let query = match is_deleted {
        true => sql("UPDATE comments SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
            .bind(comment.id)
            .bind(now_ms()),
        false => sql("UPDATE comments SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NOT NULL")
            .bind(comment.id),
    };
    let has_changed = platform.db.execute(query).await? > 0;
    if has_changed {
        let event = if is_deleted { "comment_deleted" } else { "comment_restored" };
        let payload = json!(Comment { is_deleted, ..comment.clone() });
        let payload =
            if is_deleted { json!({"live_id": comment.live_id, "id": comment.id}) } else { payload };
        platform.bus.tell(Event::ToRoom { room_id: comment.live_id, event: event.to_owned(), payload });
    }
    Ok(has_changed)
}

/// A message to be written.
pub(super) struct New {
    pub room_id: i64,
    pub user: PublicUser,
    pub content: String,
    pub colour: String,
    pub mode: String,
    pub stream_ms: Option<i64>,
}

/// Writes messages, all that wait with one commit.
pub(super) struct Store(mpsc::Sender<Waiting>);

type Waiting = (New, oneshot::Sender<Result<Comment>>);

/// Messages that may wait to be written; more are refused.
const WAITING_MAX: usize = 1024;
/// Messages of one commit at most.
const COMMIT_MAX: usize = 256;

impl Store {
    pub(super) fn start(db: Db) -> Self {
        let (waiting, mut comes) = mpsc::channel::<Waiting>(WAITING_MAX);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(COMMIT_MAX);
            while comes.recv_many(&mut batch, COMMIT_MAX).await > 0 {
                // Who was told that it takes too long is not heard after all.
                batch.retain(|(_, asker)| !asker.is_closed());
                if batch.is_empty() {
                    continue;
                }
                let (messages, askers): (Vec<New>, Vec<_>) = batch.drain(..).unzip();
                match write(&db, messages).await {
                    Ok(comments) => {
                        for (asker, comment) in askers.into_iter().zip(comments) {
                            let _ = asker.send(Ok(comment));
                        }
                    }
                    Err(error) => {
                        for asker in askers {
                            let _ = asker.send(Err(error.clone()));
                        }
                    }
                }
            }
        });
        Self(waiting)
    }

    pub(super) async fn add(&self, message: New) -> Result<Comment> {
        let (asker, answer) = oneshot::channel();
        if self.0.try_send((message, asker)).is_err() {
            let wait = std::time::Duration::from_secs(1);
            return Err(Error::too_many("too_busy", "Too many messages wait; try again in a moment.", wait));
        }
        answer.await.map_err(|error| Error::internal(&error))?
    }
}

async fn write(db: &Db, messages: Vec<New>) -> Result<Vec<Comment>> {
    let mut tx = db.begin().await?;
    let mut comments = Vec::with_capacity(messages.len());
    for new in messages {
        let created_at = now_ms();
        let insert = sql(
            "INSERT INTO comments (room_id, broadcast_id, user_id, content, colour, mode, stream_ms, created_at) \
             VALUES ($1, (SELECT id FROM broadcasts WHERE room_id = $1 AND ended_at IS NULL), $2, $3, $4, $5, $6, $7) \
             RETURNING id",
        );
        let insert = insert.bind(new.room_id).bind(new.user.id).bind(&new.content).bind(&new.colour);
        let (id,): (i64,) = tx.one(insert.bind(&new.mode).bind(new.stream_ms).bind(created_at)).await?;
        comments.push(Comment {
            id,
            live_id: new.room_id,
            user: new.user,
            content: new.content,
            colour: new.colour,
            mode: new.mode,
            stream_ms: new.stream_ms,
            created_at,
            is_deleted: false,
        });
    }
    tx.commit().await?;
    Ok(comments)
}
