//! Databases for tests: SQLite in a folder of its own, or, when `TEST_DATABASE_URL` names a PostgreSQL, a schema
//! of its own there.

use super::{Config, Db};
use std::time::Duration;

/// An empty database that is gone with the process.
pub async fn empty() -> Db {
    let config = |url: String| Config { url, connections_max: 8, wait_max: Duration::from_secs(10) };
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        let folder = tempfile::tempdir().unwrap().keep();
        return Db::open(&config(String::new()), &folder).await.unwrap();
    };
    let schema = format!("test_{}", crate::random::token().to_lowercase());
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(&pool).await.unwrap();
    pool.close().await;
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-csearch_path%3D{schema}");
    Db::open(&config(url), std::path::Path::new("/nonexistent")).await.unwrap()
}
