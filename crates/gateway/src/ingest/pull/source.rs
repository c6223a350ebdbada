//! Where a pull fetches from: RTMP or FLV over HTTP.

use super::super::http_client::{HttpError, HttpUrl};
use super::super::http_flv::{HttpFlv, HttpFlvError};
use super::super::rtmp_client::{RtmpClient, RtmpClientError};
use flv::Tag;
use rtmp::ClientRole;
use std::fmt::Write;
use std::net::IpAddr;

/// The address of a source.
#[derive(Clone, Debug)]
pub enum SourceUrl {
    /// `rtmp://` or `rtmps://`
    Rtmp(rtmp::Url),
    /// `http://` or `https://`, whatever its path: the answer must be FLV.
    HttpFlv(HttpUrl),
}

/// Why an address is no source.
#[derive(Debug, thiserror::Error)]
pub enum SourceUrlError {
    /// Another way of fetching.
    #[error("expected rtmp://, rtmps://, http:// or https://")]
    Scheme,
    /// No address of a stream; the whole error would hold its query.
    #[error("expected an address such as rtmp://host/live/name: {0}")]
    Rtmp(&'static str),
    /// See there.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl SourceUrl {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, SourceUrlError> {
        match url.split_once("://") {
            Some(("rtmp" | "rtmps", _)) => match rtmp::Url::parse(url) {
                Ok(url) => Ok(Self::Rtmp(url)),
                Err(rtmp::Error::Url { expected, .. }) => Err(SourceUrlError::Rtmp(expected)),
                Err(_) => Err(SourceUrlError::Rtmp("it cannot be read")),
            },
            Some(("http" | "https", _)) => Ok(Self::HttpFlv(HttpUrl::parse(url)?)),
            _ => Err(SourceUrlError::Scheme),
        }
    }
}

/// An open connection to a source.
pub(super) enum Connection {
    Rtmp(Box<RtmpClient>),
    HttpFlv(Box<HttpFlv>),
}

/// Why nothing comes from a source. Never holds a query or credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Rtmp(#[from] RtmpClientError),
    #[error(transparent)]
    HttpFlv(#[from] HttpFlvError),
}

impl Connection {
    pub(super) async fn open(url: &SourceUrl) -> Result<Self, FetchError> {
        Ok(match url {
            SourceUrl::Rtmp(url) => Self::Rtmp(Box::new(RtmpClient::connect(ClientRole::Play, url).await?)),
            SourceUrl::HttpFlv(url) => Self::HttpFlv(Box::new(HttpFlv::connect(url).await?)),
        })
    }

    pub(super) fn remote(&self) -> IpAddr {
        match self {
            Self::Rtmp(client) => client.remote(),
            Self::HttpFlv(client) => client.remote(),
        }
    }

    /// Waits for media and appends it to `tags`. Giving up waiting loses nothing.
    pub(super) async fn read(&mut self, tags: &mut Vec<Tag>) -> Result<(), FetchError> {
        match self {
            Self::Rtmp(client) => client.read(tags).await?,
            Self::HttpFlv(client) => client.read(tags).await?,
        }
        Ok(())
    }
}

/// The address as it may be shown: credentials and the values of its query are stars.
pub fn masked(url: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(head, query)| (head, Some(query)));
    let (scheme, rest) = head.split_once("://").unwrap_or(("", head));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut shown = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => head.to_owned(),
    };
    for (at, arg) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        let separator = if at == 0 { '?' } else { '&' };
        let _ = match arg.split_once('=') {
            Some((key, _)) => write!(shown, "{separator}{key}=***"),
            None => write!(shown, "{separator}***"),
        };
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_schemes_that_can_be_fetched_are_sources() {
        for url in ["rtmp://h/live/a", "rtmps://h/live/a", "http://h/live/a.flv", "https://h/x?y"] {
            assert!(SourceUrl::parse(url).is_ok(), "{url}");
        }
        for url in ["file:///etc/passwd", "srt://h:9000", "h/live/a", "", "rtmp://h", "http://"] {
            assert!(SourceUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_shown_address_holds_no_secret() {
        for (url, shown) in [
            ("rtmp://h/live/a", "rtmp://h/live/a"),
            ("rtmp://h/live/a?sign=1-ab&x=2", "rtmp://h/live/a?sign=***&x=***"),
            ("http://u:p@h:8000/a.flv?token", "http://***@h:8000/a.flv?***"),
            ("http://u:p@x@h", "http://***@h"),
            ("http://h/a@b.flv", "http://h/a@b.flv"),
            ("http://h/a?k=v?w=http://u:p@h", "http://h/a?k=***"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
