//! Answers from memory: a range of a segment, a playlist as it is or compressed.

use axum::body::Body;
use axum::response::Response;
use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::io::Write;
use std::ops::Range;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

/// A segment never changes; a viewer needs it for minutes at most.
const CACHE_SEGMENT: HeaderValue = HeaderValue::from_static("max-age=3600, immutable");
/// A playlist is asked for anew each time: half a target duration is less than most caches round to.
const CACHE_PLAYLIST: HeaderValue = HeaderValue::from_static("no-cache");
/// Smaller texts fit into one packet on the wire whatever is done to them.
const GZIP_BYTES_MIN: usize = 400;

/// The text of a playlist or manifest, compressed when somebody wants that.
pub(crate) struct Text {
    mime_type: &'static str,
    plain: Bytes,
    gzip: OnceLock<Bytes>,
}

impl Text {
    pub(crate) fn new(mime_type: &'static str, text: String) -> Self {
        Self { mime_type, plain: text.into(), gzip: OnceLock::new() }
    }

    /// The answer to a request with these headers, and how many bytes its body has.
    pub(crate) fn respond(&self, request: &HeaderMap) -> (Response, usize) {
        let is_gzip = self.plain.len() >= GZIP_BYTES_MIN && accepts_gzip(request);
        let body = if is_gzip { self.gzip.get_or_init(|| gzip(&self.plain)) } else { &self.plain };
        let mut response = Response::new(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.mime_type));
        headers.insert(header::CACHE_CONTROL, CACHE_PLAYLIST);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        (response, body.len())
    }
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::fast());
    // Writing into memory does not fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default().into()
}

/// Whether `Accept-Encoding` allows gzip (RFC 9110 §12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut gzip = None;
    let mut any = None;
    for entry in values.flat_map(|value| value.split(',')) {
        let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let weight =
            parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        let is_allowed = weight.is_none_or(|weight| weight > 0.0);
        match coding.trim() {
            coding if coding.eq_ignore_ascii_case("gzip") => gzip = Some(is_allowed),
            "*" => any = Some(is_allowed),
            _ => {}
        }
    }
    gzip.or(any).unwrap_or(false)
}

/// The answer with the bytes of a segment or init segment, and how many of them.
pub(crate) fn respond_pieces(
    mime_type: &'static str,
    pieces: Vec<Bytes>,
    request: &HeaderMap,
) -> (Response, usize) {
    let total = pieces.iter().map(Bytes::len).sum();
    // A range under the condition that nothing changed is none: answers here have no validator.
    let asked =
        if request.contains_key(header::IF_RANGE) { Asked::Everything } else { range(request, total as u64) };
    let (status, range) = match asked {
        Asked::Everything => (StatusCode::OK, 0..total),
        // Cannot truncate: it lies within the total.
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range.start as usize..range.end as usize),
        Asked::Impossible => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
    };
    let body = Pieces::of_range(pieces, range.clone());
    let len = body.left;
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    let content_range = match status {
        StatusCode::PARTIAL_CONTENT => {
            Some(format!("bytes {}-{}/{total}", range.start, range.end.saturating_sub(1)))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{total}")),
        _ => None,
    };
    if let Some(content_range) = content_range.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::CONTENT_RANGE, content_range);
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime_type));
        headers.insert(header::CACHE_CONTROL, CACHE_SEGMENT);
    }
    (response, len)
}

/// What a request asks for of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Everything,
    Part(Range<u64>),
    Impossible,
}

/// What `Range` asks for of `total` bytes (RFC 9110 §14). Several ranges, and what cannot be read, count as no range,
/// as the RFC allows.
pub(crate) fn range(request: &HeaderMap, total: u64) -> Asked {
    let value = request.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = value.and_then(|value| value.strip_prefix("bytes=")?.trim().split_once('-'))
    else {
        return Asked::Everything;
    };
    let number = |text: &str| {
        // `parse` would take a sign.
        let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (first, number(first), last, number(last)) {
        (_, Some(first), "", _) => first..total,
        (_, Some(first), _, Some(last)) if first <= last => first..total.min(last.saturating_add(1)),
        ("", _, _, Some(suffix)) => total.saturating_sub(suffix)..total,
        _ => return Asked::Everything,
    };
    if range.is_empty() { Asked::Impossible } else { Asked::Part(range) }
}

/// A body of a known length in several pieces, none of them copied.
struct Pieces {
    pieces: std::vec::IntoIter<Bytes>,
    left: usize,
}

impl Pieces {
    fn of_range(mut pieces: Vec<Bytes>, range: Range<usize>) -> Self {
        let (mut skip, mut left) = (range.start, range.len());
        pieces.retain_mut(|piece| {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            piece.advance(skipped);
            piece.truncate(left);
            left -= piece.len();
            !piece.is_empty()
        });
        Self { pieces: pieces.into_iter(), left: range.len() }
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.next();
        self.left -= piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests;
