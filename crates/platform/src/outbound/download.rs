use super::{Connection, Error};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::timeout;

/// An answer whose body is read piece by piece.
#[derive(Debug)]
pub struct Download {
    host: String,
    answer: Response<Incoming>,
    _connection: Connection,
}

impl Download {
    pub(super) fn new(host: String, answer: Response<Incoming>, connection: Connection) -> Self {
        Self { host, answer, _connection: connection }
    }

    /// Of the answer.
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// Of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The next piece, which must come within `limit`; nothing at the end.
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Bytes>, Error> {
        loop {
            let Ok(frame) = timeout(limit, self.answer.body_mut().frame()).await else {
                return Err(Error::Timeout { host: self.host.clone(), limit });
            };
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|source| Error::Http { host: self.host.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }
}
