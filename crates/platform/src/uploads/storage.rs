//! How much somebody has here, and may have.

use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path};
use crate::{Error, Platform, Result, accounts, admin, videos};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How much somebody has, may have, and may send at once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Storage {
    /// Bytes of all videos, with their renditions.
    videos_bytes: i64,
    /// Bytes that uploads under way will have.
    under_way_bytes: i64,
    /// Bytes of both together at most.
    quota_bytes: i64,
    /// Bytes that are left.
    left_bytes: i64,
    /// Uploads under way.
    under_way: i64,
    /// Uploads under way at most.
    under_way_max: i64,
    /// Bytes of a file at most.
    upload_bytes_max: i64,
    /// Bytes of one request of an upload at most. Proxies on the way often take less; 8 MiB get through most.
    chunk_bytes_max: i64,
    /// Where files can be fetched from; nothing: imports are off.
    import_hosts: Vec<String>,
}

/// As things stand.
async fn storage(platform: &Platform, user_id: i64) -> Result<Storage> {
    let config = &platform.config.uploads;
    let under_way =
        sql("SELECT COUNT(*), CAST(COALESCE(SUM(COALESCE(bytes, received_bytes)), 0) AS BIGINT) \
         FROM uploads WHERE user_id = $1 AND finished_at IS NULL");
    let (under_way, under_way_bytes) = platform.db.one::<(i64, i64)>(under_way.bind(user_id)).await?;
    let own = sql("SELECT bytes FROM user_quotas WHERE user_id = $1").bind(user_id);
    let own = platform.db.maybe::<(i64,)>(own).await?;
    let quota_bytes = own.map_or(config.quota_bytes, |(bytes,)| bytes);
    let videos_bytes = videos::bytes_of(&platform.db, user_id).await?;
    Ok(Storage {
        videos_bytes,
        under_way_bytes,
        quota_bytes,
        left_bytes: quota_bytes.saturating_sub(videos_bytes).saturating_sub(under_way_bytes).max(0),
        under_way,
        under_way_max: config.under_way_per_user_max,
        upload_bytes_max: config.bytes_max,
        chunk_bytes_max: config.chunk_bytes_max,
        import_hosts: config.import_hosts.clone(),
    })
}

/// Whether `bytes` more are within what `user_id` may have.
pub(super) async fn check_quota(platform: &Platform, user_id: i64, bytes: i64) -> Result<()> {
    let Storage { left_bytes, quota_bytes, .. } = storage(platform, user_id).await?;
    if bytes <= left_bytes {
        return Ok(());
    }
    let message = format!(
        "The file has {bytes} bytes, and you have {left_bytes} left of the {quota_bytes} this server gives you \
         (uploads.quota_bytes); take away videos you no longer need."
    );
    Err(Error::too_large("quota_exceeded", message))
}

/// Bytes that `user_id` may have more.
pub(super) async fn left(platform: &Platform, user_id: i64) -> Result<i64> {
    Ok(storage(platform, user_id).await?.left_bytes)
}

/// How much the caller has here, and may have and send.
#[utoipa::path(get, path = "/api/v1/me/storage", tag = "uploads", responses((status = 200, body = Storage)))]
pub(super) async fn mine(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Storage>> {
    Ok(Json(storage(&platform, caller.user()?.id).await?))
}

/// How much somebody has here, and may have, for admins.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}/storage", tag = "uploads",
    responses((status = 200, body = Storage)))]
pub(super) async fn of(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Storage>> {
    caller.admin()?;
    exists(&platform, id).await?;
    Ok(Json(storage(&platform, id).await?))
}

/// How much somebody may have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    /// Bytes of videos and uploads under way together; nothing: as everybody (`uploads.quota_bytes`).
    #[schema(minimum = 0)]
    quota_bytes: Option<i64>,
}

/// Says how much somebody may have.
#[utoipa::path(put, path = "/api/v1/admin/users/{id}/storage", tag = "uploads", request_body = Quota,
    responses((status = 200, body = Storage)))]
pub(super) async fn set(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(Quota { quota_bytes }): Json<Quota>,
) -> Result<Json<Storage>> {
    let admin = caller.admin()?;
    if quota_bytes.is_some_and(|bytes| bytes < 0) {
        return Err(Error::invalid("quota_bytes", "quota_bytes is 0 or more, or left out."));
    }
    exists(&platform, id).await?;
    let mut tx = platform.db.begin().await?;
    let before = sql("SELECT bytes FROM user_quotas WHERE user_id = $1").bind(id);
    let before = tx.maybe::<(i64,)>(before).await?.map(|(bytes,)| bytes);
    match quota_bytes {
        Some(bytes) => {
            let upsert = sql("INSERT INTO user_quotas (user_id, bytes) VALUES ($1, $2) \
                 ON CONFLICT (user_id) DO UPDATE SET bytes = excluded.bytes");
            tx.execute(upsert.bind(id).bind(bytes)).await?;
        }
        None => {
            tx.execute(sql("DELETE FROM user_quotas WHERE user_id = $1").bind(id)).await?;
        }
    }
    let text = |bytes: Option<i64>| bytes.map_or("default".to_owned(), |bytes| bytes.to_string());
    let (before, after) = (text(before), text(quota_bytes));
    admin::record(&mut tx, admin, "quota_changed", &format!("user {id}"), &before, &after).await?;
    tx.commit().await?;
    Ok(Json(storage(&platform, id).await?))
}

async fn exists(platform: &Platform, id: i64) -> Result<()> {
    let found = accounts::users::by_id(&platform.db, id).await?;
    found.map(drop).ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))
}
