use super::{Image, ImageRow, Kind, path_of};
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(mine)).routes(routes!(delete))
}

/// Where the pictures themselves are served.
pub fn files() -> Router<Arc<Platform>> {
    Router::new().route("/media/images/{name}", get(file))
}

/// What is uploaded.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Upload {
    /// What it is for: `avatar`, `cover` or `gift`.
    #[param(inline)]
    kind: Kind,
}

/// Uploads a picture: the body is a JPEG, PNG or WebP file. It is made smaller as its kind needs and encoded anew.
#[utoipa::path(post, path = "/api/v1/images", tag = "images", params(Upload),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Image)))]
async fn upload(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(upload): Query<Upload>,
    body: Body,
) -> Result<(StatusCode, Json<Image>)> {
    let user = caller.user()?;
    platform.images.by_user.check(&user.id)?;
    let max = platform.config.images.upload_bytes_max;
    let file = axum::body::to_bytes(body, max).await.map_err(|_| {
        let message =
            format!("The file is larger than {max} bytes (images.upload_bytes_max), or did not come whole.");
        Error::too_large("image_too_large", message)
    })?;
    Ok((StatusCode::CREATED, Json(super::add(&platform, user, upload.kind, file).await?)))
}

/// Pictures the caller uploaded, the newest first.
#[utoipa::path(get, path = "/api/v1/me/images", tag = "images", params(PageQuery),
    responses((status = 200, body = Page<Image>)))]
async fn mine(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Image>>> {
    let query = sql("SELECT id, name, kind, width, height, bytes, created_at FROM images \
         WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let query = query.bind(caller.user()?.id).bind(page.before_id()).bind(page.limit() + 1);
    let rows: Vec<ImageRow> = platform.db.all(query).await?;
    let images = rows.into_iter().map(Image::from).collect();
    Ok(Json(Page::cut(images, page.limit(), |image: &Image| image.id)))
}

/// Takes a picture away: one's own, or, as an admin, anybody's. Where it is used, nothing is shown.
#[utoipa::path(delete, path = "/api/v1/images/{id}", tag = "images", responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let user = caller.user()?;
    let query = sql("SELECT name, user_id FROM images WHERE id = $1").bind(id);
    let found = platform.db.maybe::<(String, i64)>(query).await?;
    let found = found.filter(|(_, owner)| *owner == user.id || user.is_admin());
    let (name, _) =
        found.ok_or_else(|| Error::not_found("image_not_found", "There is no such picture of yours."))?;
    super::remove(&platform, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A picture is never changed, and is nothing but a picture, whatever is in it.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];

async fn file(State(platform): State<Arc<Platform>>, Path(name): Path<String>) -> Response {
    let path = path_of(&platform.config.data_dir, &name);
    let bytes = match path {
        Some(path) => tokio::fs::read(path).await.ok(),
        None => None,
    };
    let Some(bytes) = bytes else {
        return Error::not_found("image_not_found", "There is no such picture.").into_response();
    };
    let content_type = if name.ends_with(".png") { "image/png" } else { "image/jpeg" };
    (HEADERS, [(header::CONTENT_TYPE, content_type)], bytes).into_response()
}
