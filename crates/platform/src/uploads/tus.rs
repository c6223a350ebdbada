//! tus 1.0: the core protocol with the extensions creation, creation-with-upload, termination, expiration and checksum.

use super::begin::{NewUpload, begin};
use super::checksum::{ALGORITHMS, Checksum};
use super::receive::{Part, open, receive};
use super::{Upload, finish, metadata, of_user, remove};
use crate::accounts::User;
use crate::caller::Caller;
use crate::extract::Path;
use crate::videos::Video;
use crate::{Error, Platform, Result, videos};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// The one version there is.
pub(super) const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";
const BODY_TYPE: &str = "application/offset+octet-stream";
/// Where an upload is.
const ADDRESS: &str = "/api/v1/uploads/";

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// The `id` of the video that an upload becomes.
const VIDEO: HeaderName = HeaderName::from_static("weir-video-id");

/// What this server can do: `Tus-Version`, `Tus-Extension`, `Tus-Max-Size` and `Tus-Checksum-Algorithm`.
#[utoipa::path(options, path = "/api/v1/uploads", tag = "uploads", responses((status = 204)))]
pub(super) async fn discover(State(platform): State<Arc<Platform>>) -> Response {
    let headers = [
        ("tus-version", VERSION.to_owned()),
        ("tus-extension", EXTENSIONS.to_owned()),
        ("tus-max-size", platform.config.uploads.bytes_max.to_string()),
        ("tus-checksum-algorithm", ALGORITHMS.to_owned()),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Begins an upload (tus 1.0, creation), and its video: `Location` is the upload, `Weir-Video-Id` the video.
/// `Upload-Metadata` may have `filename`, `filetype`, `title` and `privacy` (`public`, `unlisted`, `password` or `private`, which
/// it is when nothing is said). With a body of the type `application/offset+octet-stream` the first bytes come along.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads",
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = i64, Header, description = "Bytes of the whole file"),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a name and a text in Base64"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256, and the sum in Base64"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 201, headers(
        ("Location" = String), ("Weir-Video-Id" = String), ("Upload-Offset" = i64), ("Upload-Expires" = String)))))]
pub(super) async fn create(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let user = checked(&platform, &caller, &headers)?;
    let bytes = number(&headers, &LENGTH)?;
    let bytes = bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        let message = "Upload-Length is expected: the bytes of the whole file, 1 at least.";
        Error::invalid("upload_length", message)
    })?;
    let metadata = text(&headers, &METADATA)?.unwrap_or_default();
    let mut texts = metadata::parse(metadata)?;
    let mut text = |name: &str| texts.remove(name).unwrap_or_default();
    let new = NewUpload {
        bytes: Some(bytes),
        filename: text("filename"),
        title: text("title"),
        privacy: text("privacy"),
        metadata: metadata.to_owned(),
        source: String::new(),
    };
    let has_body = headers.get(CONTENT_TYPE).is_some_and(|value| value == BODY_TYPE);
    let part = if has_body { Some(part(&headers, 0)?) } else { None };
    let (mut upload, video) = begin(&platform, user, new).await?;
    if let Some(part) = part {
        upload = receive(&platform, upload.id, part, body).await?;
    }
    let location = format!("{ADDRESS}{}", upload.public_id);
    let answer = [(LOCATION, header(&location)), (VIDEO, header(&video.public_id))];
    Ok((StatusCode::CREATED, answer, state(&upload)).into_response())
}

/// How far an upload is (tus 1.0): `Upload-Offset` bytes are safe here. Ends a request for it that still hangs.
#[utoipa::path(head, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, headers(
        ("Upload-Offset" = i64), ("Upload-Length" = i64), ("Upload-Metadata" = String), ("Weir-Video-Id" = String),
        ("Upload-Expires" = String)))))]
pub(super) async fn ask(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let user = checked(&platform, &caller, &headers)?;
    let mut upload = sent(&platform, user, &id).await?;
    if upload.finished_at.is_none() {
        let turn = platform.uploads.turns.take(upload.id).await?;
        upload = of_user(&platform, user, &id).await?;
        if upload.is_complete() {
            tokio::spawn(finish::finish(platform.clone(), upload.clone(), turn));
        } else {
            upload = open(&platform, upload).await?.0;
        }
    }
    let mut answer = HeaderMap::new();
    if !upload.metadata.is_empty() {
        answer.insert(METADATA, header(&upload.metadata));
    }
    if let Some(Video { public_id, .. }) = videos::get(&platform.db, upload.video_id).await? {
        answer.insert(VIDEO, header(&public_id));
    }
    answer.insert(LENGTH, upload.bytes.unwrap_or(0).into());
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((StatusCode::OK, answer, state(&upload)).into_response())
}

/// Brings bytes (tus 1.0): the body goes to `Upload-Offset`, which must be where the upload is. What came of a body that
/// breaks off is kept, unless it was to be checked (`Upload-Checksum`).
#[utoipa::path(patch, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(
        ("id" = String, Path),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = i64, Header, description = "Where the bytes go"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256, and the sum in Base64"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, headers(("Upload-Offset" = i64), ("Upload-Expires" = String)))))]
pub(super) async fn bring(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let user = checked(&platform, &caller, &headers)?;
    if headers.get(CONTENT_TYPE).is_none_or(|value| value != BODY_TYPE) {
        let message =
            format!("The body is the file's next bytes, with the header Content-Type: {BODY_TYPE}.");
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload_body_type", message));
    }
    let offset = number(&headers, &OFFSET)?;
    let offset = offset.ok_or_else(|| Error::invalid("upload_offset", "Upload-Offset is expected."))?;
    let part = part(&headers, offset)?;
    let upload = sent(&platform, user, &id).await?;
    let upload = receive(&platform, upload.id, part, body).await?;
    Ok((StatusCode::NO_CONTENT, state(&upload)).into_response())
}

/// Ends an upload (tus 1.0, termination) and takes its video away. One that is complete is a video already.
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204)))]
pub(super) async fn end(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let user = checked(&platform, &caller, &headers)?;
    let upload = of_user(&platform, user, &id).await?;
    let _turn = platform.uploads.turns.take(upload.id).await?;
    let upload = of_user(&platform, user, &id).await?;
    if upload.finished_at.is_some() {
        let message =
            "This upload is complete, and a video now; take that away (DELETE /api/v1/videos/{id}).";
        return Err(Error::conflict("upload_complete", message));
    }
    remove(&platform, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For clients behind what only lets GET and POST through: `X-HTTP-Method-Override` says what is meant, `PATCH`,
/// `DELETE` or `HEAD`.
#[utoipa::path(post, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(
        ("id" = String, Path),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("X-HTTP-Method-Override" = String, Header, description = "PATCH, DELETE or HEAD"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204)))]
pub(super) async fn overridden(
    platform: State<Arc<Platform>>,
    caller: Caller,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    caller.user()?;
    match headers.get(METHOD_OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"PATCH") => bring(platform, caller, id, headers, body).await,
        Some(b"DELETE") => Ok(end(platform, caller, id, headers).await?.into_response()),
        Some(b"HEAD") => ask(platform, caller, id, headers).await,
        _ => {
            let message = "X-HTTP-Method-Override is expected: PATCH, DELETE or HEAD.";
            Err(Error::invalid("method_override", message))
        }
    }
}

/// What every answer says.
pub(super) async fn resumable(request: Request, next: Next) -> Response {
    let asks_how_far = *request.method() == Method::HEAD;
    let mut answer = next.run(request).await;
    let status = answer.status();
    if asks_how_far && (status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
        // Clients take any other failure for the end of the upload and begin anew, with all of the file; this one makes
        // them ask again.
        *answer.status_mut() = StatusCode::LOCKED;
    }
    answer.headers_mut().insert(RESUMABLE, HeaderValue::from_static(VERSION));
    if answer.status() == StatusCode::PRECONDITION_FAILED {
        answer.headers_mut().insert("tus-version", HeaderValue::from_static(VERSION));
    }
    answer
}

/// Somebody who is signed in, not too busy, and speaks tus 1.0.
fn checked<'a>(platform: &Platform, caller: &'a Caller, headers: &HeaderMap) -> Result<&'a Arc<User>> {
    let user = caller.user()?;
    platform.uploads.by_user.check(&user.id)?;
    if headers.get(RESUMABLE).is_some_and(|version| version == VERSION) {
        return Ok(user);
    }
    let message =
        format!("The header Tus-Resumable: {VERSION} is expected; this server speaks no other version.");
    Err(Error::new(StatusCode::PRECONDITION_FAILED, "tus_version", message))
}

/// An upload that somebody sends, rather than this server fetches.
async fn sent(platform: &Platform, user: &User, id: &str) -> Result<Upload> {
    let upload = of_user(platform, user, id).await?;
    if upload.source.is_empty() { Ok(upload) } else { Err(super::not_found()) }
}

/// How far an upload is, and how long it is kept.
fn state(upload: &Upload) -> [(HeaderName, HeaderValue); 2] {
    let expires = UNIX_EPOCH + Duration::from_millis(upload.expires_at.unsigned_abs());
    [(OFFSET, upload.received_bytes.into()), (EXPIRES, header(&httpdate::fmt_http_date(expires)))]
}

fn header(text: &str) -> HeaderValue {
    // All of them are ASCII: what came as a header, or was made here.
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn part(headers: &HeaderMap, offset: i64) -> Result<Part> {
    let checksum = text(headers, &CHECKSUM)?.map(Checksum::parse).transpose()?;
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(Part { offset, length, checksum })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::invalid("header", format!("{name} is no ASCII text.")))?;
    Ok(Some(text))
}

/// A count of bytes: digits alone.
fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<i64>> {
    let Some(text) = text(headers, name)? else { return Ok(None) };
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(Some).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::invalid(
            "header",
            format!("{name} is {shown:?}; a count of bytes is expected, such as 1048576."),
        )
    })
}
