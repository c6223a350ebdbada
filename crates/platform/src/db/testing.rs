//! Databases for tests: SQLite in a folder of its own, or, when `TEST_DATABASE_URL` names a PostgreSQL, a schema
//! of its own there.

use super::{Config, Db};
use std::path::PathBuf;
use std::time::Duration;

/// An empty database that is gone with the process.
pub async fn empty() -> Db {
    let (config, folder) = place().await;
    Db::open(&config, &folder).await.unwrap()
}

/// The same without any table.
pub(super) async fn bare() -> Db {
    let (config, folder) = place().await;
    Db::connect(&config, &folder).await.unwrap()
}

async fn place() -> (Config, PathBuf) {
    let config = |url: String| Config { url, connections_max: 8, wait_max: Duration::from_secs(10) };
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        let folder = tempfile::tempdir().unwrap().keep();
        return (config(String::new()), folder);
    };
    let schema = format!("test_{}", crate::random::token().to_lowercase());
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(&pool).await.unwrap();
    pool.close().await;
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-csearch_path%3D{schema}");
    (config(url), PathBuf::from("/nonexistent"))
}
