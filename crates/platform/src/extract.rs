//! axum's extractors, whose refusals are in the words and the form of our [`Error`]s.

use crate::Error;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A JSON body, in or out.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub struct Json<T>(pub T);

/// What stands in the path.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub struct Path<T>(pub T);

/// What stands behind the `?`.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub struct Query<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        match rejection {
            JsonRejection::MissingJsonContentType(_) => Self::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "json_expected",
                "The body is JSON, with the header Content-Type: application/json.",
            ),
            JsonRejection::JsonSyntaxError(_) => {
                Self::invalid("json", format!("The body is no JSON: {text}"))
            }
            JsonRejection::JsonDataError(_) => Self::invalid("body", text),
            _ if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
                Self::too_large("body_too_large", "The body is larger than is read here.")
            }
            _ => Self::invalid("body", text),
        }
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::invalid("path", rejection.body_text())
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid("query", rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Client, platform};
    use http::{Method, StatusCode};
    use serde_json::json;

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_in_the_form_of_every_other_error() {
        let platform = platform().await;
        let nobody = Client::anonymous(&platform);
        for (method, path, body, code) in [
            (Method::POST, "/api/v1/session", Some(json!({"username": 7})), "body"),
            (Method::POST, "/api/v1/session", None, "json_expected"),
            (Method::GET, "/api/v1/rooms/abc", None, "path"),
            (Method::GET, "/api/v1/rooms?limit=many", None, "query"),
        ] {
            let (status, answer) = nobody.call(method, path, body).await;
            assert!(status.is_client_error() && status != StatusCode::NOT_FOUND, "{path}: {status}");
            assert_eq!(answer["error"]["code"], code, "{path}: {answer}");
            assert!(answer["error"]["message"].as_str().unwrap().len() > 10, "{answer}");
        }
    }
}
