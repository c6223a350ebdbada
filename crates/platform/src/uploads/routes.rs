use super::{COLUMNS, Upload, import, storage, tus};
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Query};
use crate::page::{Page, PageQuery};
use crate::{Platform, Result, videos};
use axum::extract::State;
use axum::middleware::from_fn;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    let tus = OpenApiRouter::new()
        .routes(routes!(tus::discover, tus::create, mine))
        .routes(routes!(tus::ask, tus::bring, tus::end, tus::overridden))
        .layer(from_fn(tus::resumable));
    tus.routes(routes!(import::begin_import))
        .routes(routes!(storage::mine))
        .routes(routes!(storage::of, storage::set))
}

/// An upload under way.
#[derive(Serialize, ToSchema)]
struct UploadView {
    /// Its address is `/api/v1/uploads/{id}`.
    id: String,
    /// The video that it becomes.
    video_id: String,
    /// The title of the video.
    title: String,
    /// What the file is called, or empty.
    filename: String,
    /// Bytes of the whole file; nothing while that is not known.
    bytes: Option<i64>,
    /// Bytes that are safe here.
    received_bytes: i64,
    /// Whether this server fetches it from an address.
    is_import: bool,
    /// Unix ms.
    created_at: i64,
    /// When it is given up unless more comes, unix ms.
    expires_at: i64,
}

/// The caller's uploads under way, the newest first.
#[utoipa::path(get, path = "/api/v1/uploads", tag = "uploads", params(PageQuery),
    responses((status = 200, body = Page<UploadView>)))]
async fn mine(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<UploadView>>> {
    let text = format!(
        "SELECT {COLUMNS} FROM uploads WHERE user_id = $1 AND finished_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let query = sql(sqlx::AssertSqlSafe(text)).bind(caller.user()?.id).bind(page.before_id());
    let rows: Vec<Upload> = platform.db.all(query.bind(page.limit() + 1)).await?;
    let Page { items, next } = Page::cut(rows, page.limit(), |upload: &Upload| upload.id);
    let mut views = Vec::with_capacity(items.len());
    for upload in items {
        let Some(video) = videos::get(&platform.db, upload.video_id).await? else { continue };
        views.push(UploadView {
            id: upload.public_id,
            video_id: video.public_id,
            title: video.title,
            filename: upload.filename,
            bytes: upload.bytes,
            received_bytes: upload.received_bytes,
            is_import: !upload.source.is_empty(),
            created_at: upload.created_at,
            expires_at: upload.expires_at,
        });
    }
    Ok(Json(Page { items: views, next }))
}
