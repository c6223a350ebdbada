//! What can go wrong, and how it is said over HTTP: the one place where an error becomes an answer.

use axum::response::{IntoResponse, Json, Response};
use http::{HeaderValue, StatusCode, header};
use std::borrow::Cow;
use std::time::Duration;

/// A refusal or a failure, with a code for programs and a sentence for people. Answers look like
/// `{"error":{"code":"room_not_found","message":"There is no such room."}}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable; what a client translates.
    pub code: &'static str,
    /// What was wrong and what is expected, in English. Never holds a secret.
    pub message: Cow<'static, str>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// What a handler or a feature's function gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How long clients are told to wait for a database or a storage that does not answer.
const RETRY: Duration = Duration::from_secs(2);

impl Error {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400: a value is wrong. The message names it and what was expected.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: nobody is signed in, or the credential is wrong.
    pub fn unauthorized(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403: known, and not allowed.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404.
    pub fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: it fits not with what is there.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 413: an upload or text is too large.
    pub fn too_large(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    }

    /// 429: too often.
    pub fn too_many(code: &'static str, message: impl Into<Cow<'static, str>>, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    /// 500: our own fault; the reason goes to the log, not to the client.
    pub fn internal(reason: &(impl std::fmt::Display + ?Sized)) -> Self {
        tracing::error!(%reason, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server made a mistake; its log says more.",
        )
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's BUSY and LOCKED; PostgreSQL's lock_timeout, statement_timeout, shutdowns and "starting up".
        const PASSING: [&str; 10] =
            ["5", "6", "261", "517", "55P03", "57014", "57P01", "57P02", "57P03", "53300"];
        let passes = match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| PASSING.contains(&code.as_ref())),
            _ => false,
        };
        if crate::db::is_taken(&error) {
            return Self::conflict("taken", "Such a thing is there already.");
        }
        if !passes {
            return Self::internal(&error);
        }
        tracing::warn!(%error, "the database does not answer");
        let message = "The database does not answer; try again in a moment.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message);
        Self { retry_after: Some(RETRY), ..error }
    }
}

impl From<objects::Error> for Error {
    fn from(error: objects::Error) -> Self {
        use objects::Error as E;
        match error {
            E::NotFound(_) => Self::not_found("file_not_found", "The file is not there any more."),
            E::Full(_) => {
                tracing::error!(%error, "no room for a media file");
                let message = "This server's disk is full; its operator has to make room.";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message)
            }
            E::Path(_) => Self::internal(&error),
            E::Away { .. } => {
                tracing::warn!(%error, "the media storage does not answer");
                let message = "The media storage does not answer; try again in a moment.";
                let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable", message);
                Self { retry_after: Some(RETRY), ..error }
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = serde_json::json!({"error": {"code": self.code, "message": self.message}});
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds as u64));
        }
        response
    }
}
