use super::{Error, restore, write};
use crate::db::{self, Db, sql};
use crate::testing::{Client, platform};
use crate::{Platform, images};
use http::StatusCode;
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A platform with something in most tables.
async fn lived_in() -> Arc<Platform> {
    let platform = platform().await;
    let (host, fan) = (Client::new(&platform, "host").await, Client::new(&platform, "fan").await);
    let admin = Client::admin(&platform, "admin").await;
    let (_, room) =
        host.post("/api/v1/rooms", json!({"title": "深夜 \"吉他\"\n彈唱", "labels": ["音樂"]})).await;
    let path = |rest: &str| format!("/api/v1/rooms/{}{rest}", room["id"]);
    host.post(&path("/status"), json!({"type": "play"})).await;
    host.put(&path("/rules"), json!({"slow_seconds": 3, "links_off": true, "blocked_words": ["x"]})).await;
    fan.put(&format!("/api/v1/users/{}/follow", host.id), json!({})).await;
    let (_, gift) = admin.post("/api/v1/admin/gifts", json!({"name": "🚀", "coin": 7})).await;
    admin.post(&format!("/api/v1/admin/users/{}/coins", fan.id), json!({"coin": 100, "reason": "r"})).await;
    let given = fan.post(&path("/gifts"), json!({"gift_id": gift["id"], "num": 3})).await;
    assert_eq!(given.0, StatusCode::OK, "{}", given.1);
    host.post("/api/v1/me/stream-key", json!({})).await;
    let user = crate::accounts::users::by_id(&platform.db, fan.id).await.unwrap().unwrap();
    let pixels = image::DynamicImage::new_rgb8(40, 30);
    let mut file = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    images::add(&platform, &user, images::Kind::Cover, file.into_inner().into()).await.unwrap();
    std::fs::write(platform.config.data_dir.join("secret"), "a secret of 16 bytes or more").unwrap();
    platform
}

/// Every row of every table, as text.
async fn everything(db: &Db) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    let mut tx = db.snapshot().await.unwrap();
    for table in db::tables() {
        let columns: Vec<String> =
            tx.columns(table).await.unwrap().into_iter().map(|column| column.name).collect();
        let text = columns.iter().map(|name| format!("COALESCE(CAST({name} AS TEXT), 'null')"));
        let text = text.collect::<Vec<_>>().join(" || '|' || ");
        let rows: Vec<(String,)> =
            tx.all(sql(AssertSqlSafe(format!("SELECT {text} FROM {table} ORDER BY 1")))).await.unwrap();
        let plain = |(row,): (String,)| row.replace("true", "1").replace("false", "0");
        let mut rows: Vec<String> = rows.into_iter().map(plain).collect();
        rows.sort();
        all.insert(table, rows);
    }
    all
}

async fn sqlite(folder: &Path) -> Db {
    let config = db::Config { url: String::new(), connections_max: 4, wait_max: Duration::from_secs(5) };
    Db::open(&config, folder).await.unwrap()
}

#[tokio::test]
async fn what_is_restored_is_what_was_there_also_in_the_other_database() {
    let platform = lived_in().await;
    let (file, counts) = write(&platform.db, &platform.config.data_dir, Vec::new(), |_, _| ()).await.unwrap();
    assert_eq!(counts.images, 1);
    // What was on is not on any more.
    let off = sql("UPDATE rooms SET status = 2 WHERE status = 1");
    platform.db.execute(off).await.unwrap();
    platform.db.execute(sql("UPDATE broadcasts SET ended_at = 5 WHERE ended_at IS NULL")).await.unwrap();
    let before = everything(&platform.db).await;
    let folder = tempfile::tempdir().unwrap();
    for other in [db::testing::empty().await, sqlite(folder.path()).await] {
        let data_dir = tempfile::tempdir().unwrap();
        let restored = restore(&other, data_dir.path(), file.as_slice(), false, |_, _| ()).await.unwrap();
        assert_eq!((restored.rows, restored.images), (counts.rows, 2), "the picture and the secret");
        other.execute(sql("UPDATE broadcasts SET ended_at = 5")).await.unwrap();
        assert_eq!(everything(&other).await, before);
        assert!(crate::wallet::verify(&other).await.unwrap().is_right());
        let new = crate::accounts::users::create(&other, "newcomer", "", "").await.unwrap();
        assert_eq!(new.id, 4, "ids go on");
        let again = restore(&other, data_dir.path(), file.as_slice(), false, |_, _| ()).await;
        assert!(matches!(again, Err(Error::NotEmpty)), "{again:?}");
        restore(&other, data_dir.path(), file.as_slice(), true, |_, _| ()).await.unwrap();
        assert!(crate::accounts::users::by_username(&other, "newcomer").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_is_no_back_up_or_a_damaged_one_changes_nothing() {
    let platform = lived_in().await;
    let (file, _) = write(&platform.db, &platform.config.data_dir, Vec::new(), |_, _| ()).await.unwrap();
    let before = everything(&platform.db).await;
    let half = &file[..file.len() / 2];
    for bytes in [&b""[..], b"hello", half] {
        let error =
            restore(&platform.db, &platform.config.data_dir, bytes, true, |_, _| ()).await.unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{error}");
        assert_eq!(everything(&platform.db).await, before);
    }
}
