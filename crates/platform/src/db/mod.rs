//! The database: SQLite or PostgreSQL behind one type, one SQL text for both.
//!
//! What keeps a statement portable: `$1` placeholders; BIGINT for ids, counts, coins and unix milliseconds; TEXT for
//! text and JSON; BOOLEAN; DOUBLE PRECISION; `CHECK`, partial indexes, `RETURNING`, `ON CONFLICT`. Sums are written
//! `CAST(SUM(x) AS BIGINT)`, since PostgreSQL sums BIGINT to NUMERIC. Ids come from the database (`{{id}}` in a
//! migration) and start at 1.

mod migrations;
mod query;
mod tables;
#[cfg(test)]
pub mod testing;

pub use query::{Query, Row, Value, sql};
pub use tables::{Column, ColumnKind, tables, version};

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool, Transaction};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// A database that could not do what was asked.
pub type Result<T, E = sqlx::Error> = std::result::Result<T, E>;

/// How to reach the database, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Config {
    /// `postgres://…`, or empty for SQLite in the data folder.
    pub url: String,
    /// Connections at most.
    pub connections_max: u32,
    /// How long a statement may wait for a connection or a lock.
    pub wait_max: Duration,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite. It has one writer at a time, so those who write queue for one connection instead of for its lock.
    Sqlite {
        /// For SELECT.
        read: SqlitePool,
        /// One connection, for everything else.
        write: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// A transaction; rolled back when it is dropped without [`Tx::commit`].
#[derive(Debug)]
pub enum Tx {
    /// Of SQLite: it holds the right to write from its beginning.
    Sqlite(Transaction<'static, Sqlite>),
    /// Of PostgreSQL, read committed: lock what is read and then written (`UPDATE … WHERE`, [`Tx::for_update`]).
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Opens the database, makes it when there is none, and brings its tables up to date.
    pub async fn open(config: &Config, data_dir: &Path) -> Result<Self> {
        let db = Self::connect(config, data_dir).await?;
        migrations::run(&db, i64::MAX).await?;
        Ok(db)
    }

    /// The database with whatever tables there are.
    async fn connect(config: &Config, data_dir: &Path) -> Result<Self> {
        Ok(if config.url.is_empty() {
            Self::open_sqlite(config, &data_dir.join("weir.db")).await?
        } else {
            let options = PgConnectOptions::from_str(&config.url)?;
            let wait_ms = config.wait_max.as_millis();
            let options = options.options([
                ("lock_timeout", format!("{wait_ms}")),
                ("statement_timeout", format!("{}", wait_ms * 4)),
            ]);
            let pool = PgPoolOptions::new()
                .max_connections(config.connections_max)
                .acquire_timeout(config.wait_max)
                .connect_with(options)
                .await?;
            Self::Postgres(pool)
        })
    }

    async fn open_sqlite(config: &Config, file: &Path) -> Result<Self> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit survives the process in any case, and with FULL the machine too.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(config.wait_max);
        let pool = SqlitePoolOptions::new().acquire_timeout(config.wait_max);
        let write = pool.clone().max_connections(1).connect_with(options.clone()).await?;
        let read = pool.max_connections(config.connections_max).connect_with(options.read_only(true)).await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// All rows.
    pub async fn all<T: Row>(&self, query: Query) -> Result<Vec<T>> {
        match self {
            Self::Sqlite { read, write } => {
                query.sqlite().fetch_all(if query.only_reads() { read } else { write }).await
            }
            Self::Postgres(pool) => query.postgres().fetch_all(pool).await,
        }
    }

    /// The first row, if there is one.
    pub async fn maybe<T: Row>(&self, query: Query) -> Result<Option<T>> {
        match self {
            Self::Sqlite { read, write } => {
                query.sqlite().fetch_optional(if query.only_reads() { read } else { write }).await
            }
            Self::Postgres(pool) => query.postgres().fetch_optional(pool).await,
        }
    }

    /// The one row there must be.
    pub async fn one<T: Row>(&self, query: Query) -> Result<T> {
        self.maybe(query).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Runs a statement; the number of rows it changed.
    pub async fn execute(&self, query: Query) -> Result<u64> {
        Ok(match self {
            Self::Sqlite { write, .. } => query.sqlite_statement().execute(write).await?.rows_affected(),
            Self::Postgres(pool) => query.postgres_statement().execute(pool).await?.rows_affected(),
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// All rows.
    pub async fn all<T: Row>(&mut self, query: Query) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(tx) => query.sqlite().fetch_all(&mut **tx).await,
            Self::Postgres(tx) => query.postgres().fetch_all(&mut **tx).await,
        }
    }

    /// The first row, if there is one.
    pub async fn maybe<T: Row>(&mut self, query: Query) -> Result<Option<T>> {
        match self {
            Self::Sqlite(tx) => query.sqlite().fetch_optional(&mut **tx).await,
            Self::Postgres(tx) => query.postgres().fetch_optional(&mut **tx).await,
        }
    }

    /// The one row there must be.
    pub async fn one<T: Row>(&mut self, query: Query) -> Result<T> {
        self.maybe(query).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Runs a statement; the number of rows it changed.
    pub async fn execute(&mut self, query: Query) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(tx) => query.sqlite_statement().execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => query.postgres_statement().execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// What to append to a SELECT whose rows are written later in the same transaction. SQLite needs nothing.
    pub fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR UPDATE",
        }
    }

    /// What to append to a SELECT of rows that are referred to later in the same transaction, and so must not be gone
    /// by then. Unlike [`Tx::for_update`] many may do so at once. SQLite needs nothing.
    pub fn for_reference(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR KEY SHARE",
        }
    }

    /// Makes what was done last.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Whether a statement failed because such a row is there already.
pub fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

/// Whether a statement failed because a `CHECK` forbids it.
pub fn is_forbidden_by_check(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_check_violation)
}

/// A struct read from a row by the names of its fields, on both databases.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($(#[$field_meta:meta])* $field_visibility:vis $field:ident : $kind:ty),* $(,)? }) => {
        $(#[$meta])*
        $visibility struct $name { $($(#[$field_meta])* $field_visibility $field: $kind),* }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>),*
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),* })
            }
        }
    };
}
