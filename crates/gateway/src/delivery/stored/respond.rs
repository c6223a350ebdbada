//! Answers with bytes that do not change: whole or a range, now or not at all.

use crate::delivery::http::{MediaError, MediaRequest};
use crate::delivery::segmented::{Asked, range};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::ops::Range;

/// What is said of the bytes of an answer.
pub(super) struct About {
    pub(super) mime_type: &'static str,
    /// Names these bytes: others have another one.
    pub(super) etag: String,
    /// How many there are.
    pub(super) bytes: u64,
    /// Who may keep them, and for how long.
    pub(super) cache: &'static str,
}

/// What is to be sent.
pub(super) enum Wanted {
    /// This answer as it is: nothing changed, or there is no such range, or only the head is wanted.
    Nothing(Response),
    /// This range behind this head.
    Range(Response, Range<u64>),
}

/// Segments of public videos: for ever, by anybody.
pub(super) const CACHE_PUBLIC: &str = "public, max-age=31536000, immutable";
/// Segments of other videos: by the viewer alone, who may not be one tomorrow.
pub(super) const CACHE_PRIVATE: &str = "private, max-age=3600, immutable";

pub(super) const fn cache(is_public: bool) -> &'static str {
    if is_public { CACHE_PUBLIC } else { CACHE_PRIVATE }
}

impl About {
    /// The head of the answer to a request, and what of the bytes it asks for.
    pub(super) fn wanted_by(&self, request: &MediaRequest) -> Wanted {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        if let Ok(etag) = HeaderValue::try_from(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        if is_known(&request.headers, &self.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Wanted::Nothing(response);
        }
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let total = self.bytes;
        let range = match self.asked(&request.headers) {
            Asked::Everything => 0..total,
            Asked::Part(range) => {
                let content_range = format!("bytes {}-{}/{total}", range.start, range.end.saturating_sub(1));
                insert(headers, header::CONTENT_RANGE, content_range);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                range
            }
            Asked::Impossible => {
                insert(headers, header::CONTENT_RANGE, format!("bytes */{total}"));
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                return Wanted::Nothing(response);
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.mime_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        if request.method == Method::HEAD {
            return Wanted::Nothing(response);
        }
        Wanted::Range(response, range)
    }

    fn asked(&self, headers: &HeaderMap) -> Asked {
        // RFC 9110 §13.1.5: another version is wanted whole. Dates are not given, so none can be the right one.
        let condition = headers.get(header::IF_RANGE);
        if condition.is_some_and(|condition| condition.as_bytes() != self.etag.as_bytes()) {
            return Asked::Everything;
        }
        range(headers, self.bytes)
    }
}

/// Whether `If-None-Match` names this tag (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == etag || tag == "*")
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Sends the viewer to where the object itself is; the address is good for a while only.
pub(super) fn redirect(url: &str) -> Result<Response, MediaError> {
    let location = HeaderValue::try_from(url)
        .map_err(|_| MediaError::StorageAway("the storage gave an address that is none".to_owned()))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
