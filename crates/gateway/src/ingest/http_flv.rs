//! FLV over HTTP, as fetched from another server.

use super::http_client::{Answer, HttpError, HttpUrl, get};
use flv::{Demuxer, Tag};
use std::net::IpAddr;

/// Bytes of one tag at most; as much as of one RTMP message.
const TAG_BYTES_MAX: usize = 8 << 20;

/// An answer whose body is FLV.
pub struct HttpFlv {
    answer: Answer,
    demuxer: Demuxer,
}

/// Why nothing more comes.
#[derive(Debug, thiserror::Error)]
pub enum HttpFlvError {
    /// The body cannot be fetched.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body is not FLV.
    #[error("what the server sends ({content_type}) cannot be read")]
    Flv {
        /// What the server says it sends.
        content_type: String,
        /// What is wrong with it.
        source: flv::Error,
    },
    /// The server says that this is all.
    #[error("the server ended the stream")]
    Ended,
}

impl HttpFlv {
    /// Asks for `url`.
    pub async fn connect(url: &HttpUrl) -> Result<Self, HttpFlvError> {
        Ok(Self { answer: get(url).await?, demuxer: Demuxer::new(TAG_BYTES_MAX) })
    }

    /// Who answered.
    pub fn remote(&self) -> IpAddr {
        self.answer.remote
    }

    /// Waits for media and appends it to `tags`. Giving up waiting loses nothing.
    pub async fn read(&mut self, tags: &mut Vec<Tag>) -> Result<(), HttpFlvError> {
        let before = tags.len();
        while tags.len() == before {
            let bytes = self.answer.chunk().await?.ok_or(HttpFlvError::Ended)?;
            self.demuxer.push(&bytes);
            while let Some(tag) = self.demuxer.poll_tag().map_err(|source| self.unreadable(source))? {
                tags.push(tag);
            }
        }
        Ok(())
    }

    fn unreadable(&self, source: flv::Error) -> HttpFlvError {
        let content_type = self.answer.content_type.clone().unwrap_or_else(|| "no Content-Type".into());
        HttpFlvError::Flv { content_type, source }
    }
}
