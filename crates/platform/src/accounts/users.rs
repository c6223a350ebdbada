//! Users: the rows, and what others may see of them.

use crate::clock::now_ms;
use crate::db::{self, Db, Tx, sql};
use crate::{Error, Result, row, text};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

row! {
    /// A person with an account.
    #[derive(Clone)]
    pub struct User {
        /// Its number.
        pub id: i64,
        /// The name it signs in with.
        pub username: String,
        /// The name that is shown; empty: the username.
        pub nickname: String,
        /// Address of its picture, or empty.
        pub avatar: String,
        /// A few words about oneself.
        pub bio: String,
        /// `user` or `admin`.
        pub role: String,
        /// Whether an admin closed the account.
        pub is_disabled: bool,
        /// PHC form.
        pub(crate) password_hash: String,
        /// Unix ms.
        pub created_at: i64,
    }
}

/// The columns of a [`User`].
macro_rules! columns {
    () => {
        "id, username, nickname, avatar, bio, role, is_disabled, password_hash, created_at"
    };
}

/// Never with the hash.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User {{ id: {}, username: {:?}, role: {:?} }}", self.id, self.username, self.role)
    }
}

/// What everybody may see of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicUser {
    /// Its number.
    pub id: i64,
    /// The name in addresses.
    pub username: String,
    /// The name that is shown.
    pub name: String,
    /// Address of its picture, or empty.
    pub avatar: String,
}

impl User {
    /// The name that is shown.
    pub fn name(&self) -> &str {
        if self.nickname.is_empty() { &self.username } else { &self.nickname }
    }

    /// Whether it may do everything.
    pub fn is_admin(&self) -> bool {
        self.role == "admin"
    }

    /// What everybody may see.
    pub fn public(&self) -> PublicUser {
        let (username, avatar) = (self.username.clone(), self.avatar.clone());
        PublicUser { id: self.id, username, name: self.name().to_owned(), avatar }
    }
}

/// A user name as it is stored: 3 to 32 of a-z 0-9 _ -; capitals become small.
pub fn username(text: &str) -> Result<String> {
    let name = text.trim().to_lowercase();
    let is_right = (3..=32).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    if is_right {
        return Ok(name);
    }
    Err(Error::invalid("username", "A user name has 3 to 32 of the characters a-z, 0-9, _ and -."))
}

/// The user with this number.
pub async fn by_id(db: &Db, id: i64) -> Result<Option<User>> {
    Ok(db.maybe(sql(concat!("SELECT ", columns!(), " FROM users WHERE id = $1")).bind(id)).await?)
}

/// The user with this number, held by the transaction until its end; else 404.
pub async fn in_tx(tx: &mut Tx, id: i64) -> Result<User> {
    let query = format!("SELECT {} FROM users WHERE id = $1{}", columns!(), tx.for_update());
    let user = tx.maybe(sql(AssertSqlSafe(query)).bind(id)).await?;
    user.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))
}

/// The user with this number, seen from within a transaction.
pub async fn by_id_in(tx: &mut Tx, id: i64) -> Result<Option<User>> {
    Ok(tx.maybe(sql(concat!("SELECT ", columns!(), " FROM users WHERE id = $1")).bind(id)).await?)
}

/// The admin who has been one for longest, if there is any.
pub async fn first_admin(db: &Db) -> Result<Option<User>> {
    let query = concat!("SELECT ", columns!(), " FROM users WHERE role = 'admin' ORDER BY id LIMIT 1");
    Ok(db.maybe(sql(query)).await?)
}

/// The user with this name, as it is stored.
pub async fn by_username(db: &Db, username: &str) -> Result<Option<User>> {
    Ok(db
        .maybe(sql(concat!("SELECT ", columns!(), " FROM users WHERE username = $1")).bind(username))
        .await?)
}

/// Adds a user. `nickname` may be empty.
pub async fn create(db: &Db, name: &str, nickname: &str, password_hash: &str) -> Result<User> {
    let mut tx = db.begin().await?;
    let user = insert(&mut tx, name, nickname, password_hash, "user").await?;
    tx.commit().await?;
    Ok(user)
}

/// Adds a user within a transaction, as `user` or `admin`.
pub async fn insert(
    tx: &mut Tx,
    name: &str,
    nickname: &str,
    password_hash: &str,
    role: &str,
) -> Result<User> {
    let nickname = text::line("nickname", nickname, 0, 32)?;
    let query = sql(concat!(
        "INSERT INTO users (username, nickname, password_hash, role, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING ",
        columns!()
    ));
    let query = query.bind(username(name)?).bind(nickname).bind(password_hash).bind(role).bind(now_ms());
    tx.one(query).await.map_err(|error| match db::is_taken(&error) {
        true => Error::conflict("username_taken", "This user name is taken."),
        false => error.into(),
    })
}

/// Makes a user an admin; false when there is none of that name.
pub async fn make_admin(db: &Db, username: &str) -> Result<bool> {
    let update = sql("UPDATE users SET role = 'admin', updated_at = $2 WHERE username = $1");
    Ok(db.execute(update.bind(username).bind(now_ms())).await? > 0)
}
