//! Fetching a body of no known end over HTTP/1.1 (RFC 9112): redirects are followed, the body is read as it comes.

use super::dial::{DialError, dial};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Redirects that are followed at most.
pub const REDIRECTS_MAX: usize = 5;
/// The head of an answer must be complete within this time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a head at most, and of the body that are read ahead.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// An `http` or `https` address; does not print its query or credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    /// Whether TLS goes below.
    is_tls: bool,
    /// A name or an address; IPv6 without brackets.
    host: String,
    port: u16,
    /// What goes into the `Host` header.
    authority: String,
    path_and_query: String,
    /// From `http://user:password@…`.
    authorization: Option<HeaderValue>,
}

/// Why a body cannot be fetched. Never holds a query or credentials.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be used.
    #[error("expected an address such as http://host/live/name.flv: {0}")]
    Url(&'static str),
    /// There is no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection broke, or what came was not HTTP.
    #[error("HTTP with {host}")]
    Http {
        /// Who was asked.
        host: String,
        /// What went wrong.
        source: hyper::Error,
    },
    /// No answer in time.
    #[error("{0} accepted the connection and did not answer within {HEAD_TIMEOUT:?}")]
    HeadTimeout(String),
    /// Another answer than the body.
    #[error("{host} answered {status}, expected 200 OK")]
    Status {
        /// Who answered.
        host: String,
        /// What.
        status: StatusCode,
    },
    /// Sent round in circles.
    #[error("more than {REDIRECTS_MAX} redirects")]
    TooManyRedirects,
    /// A redirect to nowhere.
    #[error("{0} answered with a redirect without a usable Location")]
    Location(String),
}

/// An answer whose body is still coming; dropping it closes the connection.
pub struct Answer {
    /// Who sends it.
    pub remote: IpAddr,
    /// What it says the body is.
    pub content_type: Option<String>,
    host: String,
    body: Incoming,
    _connection: CloseOnDrop,
}

impl HttpUrl {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, HttpError> {
        let uri: Uri = url.parse().map_err(|_| HttpError::Url("this is not a URL"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(HttpError::Url("it must begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or(HttpError::Url("it has no host"))?;
        if authority.host().is_empty() {
            return Err(HttpError::Url("it has no host"));
        }
        let (userinfo, host_and_port) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, authority.as_str()),
        };
        let authorization = userinfo.map(basic).transpose()?;
        Ok(Self {
            is_tls,
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: host_and_port.to_owned(),
            path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            authorization,
        })
    }

    /// The address a `Location` means, seen from this one (RFC 3986 §5.2, without dot segments). Credentials stay with
    /// the host they are for.
    fn join(&self, location: &str) -> Result<Self, HttpError> {
        let scheme = if self.is_tls { "https" } else { "http" };
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let authority = &self.authority;
        let mut joined = match location {
            _ if location.starts_with("//") => Self::parse(&format!("{scheme}:{location}"))?,
            _ if location.starts_with('/') => Self::parse(&format!("{scheme}://{authority}{location}"))?,
            _ if location.starts_with('?') => {
                Self::parse(&format!("{scheme}://{authority}{path}{location}"))?
            }
            _ if location.split(['/', '?']).next().is_some_and(|first| first.contains(':')) => {
                Self::parse(location)?
            }
            _ => Self::parse(&format!("{scheme}://{authority}{folder}/{location}"))?,
        };
        let is_same_origin =
            (joined.is_tls, &joined.host, joined.port) == (self.is_tls, &self.host, self.port);
        if joined.authorization.is_none() && is_same_origin {
            joined.authorization = self.authorization.clone();
        }
        Ok(joined)
    }
}

impl std::fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        write!(f, "{}://{}{path}", if self.is_tls { "https" } else { "http" }, self.authority)
    }
}

fn basic(userinfo: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(userinfo)))
        .map_err(|_| HttpError::Url("its user and password cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Asks for `url` and gives its body once it begins.
pub async fn get(url: &HttpUrl) -> Result<Answer, HttpError> {
    let mut url = url.clone();
    for _ in 0..=REDIRECTS_MAX {
        match get_once(&url).await? {
            Got::Body(answer) => return Ok(answer),
            Got::Redirect(location) => {
                url = url.join(&location).map_err(|_| HttpError::Location(url.host))?;
            }
        }
    }
    Err(HttpError::TooManyRedirects)
}

enum Got {
    Body(Answer),
    Redirect(String),
}

async fn get_once(url: &HttpUrl) -> Result<Got, HttpError> {
    let failed = |source| HttpError::Http { host: url.host.clone(), source };
    let dialled = dial(&url.host, url.port, url.is_tls).await?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(BUFFER_BYTES_MAX)
        .handshake(TokioIo::new(dialled.io))
        .await
        .map_err(failed)?;
    let connection = tokio::spawn(async move {
        // What goes wrong here ends the body, where it is reported.
        let _ = connection.await;
    });
    let connection = CloseOnDrop(connection.abort_handle());
    let mut request = Request::get(&url.path_and_query)
        .header(header::HOST, &url.authority)
        .header(header::ACCEPT, "*/*")
        .header(header::USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = &url.authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let request =
        request.body(Empty::<Bytes>::new()).map_err(|_| HttpError::Url("its path cannot be sent"))?;
    let answer = timeout(HEAD_TIMEOUT, sender.send_request(request))
        .await
        .map_err(|_| HttpError::HeadTimeout(url.host.clone()))?
        .map_err(failed)?;
    let (head, body) = answer.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match head.status {
        StatusCode::OK => Ok(Got::Body(Answer {
            remote: dialled.remote,
            content_type: text(header::CONTENT_TYPE),
            host: url.host.clone(),
            body,
            _connection: connection,
        })),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => {
            text(header::LOCATION).map(Got::Redirect).ok_or_else(|| HttpError::Location(url.host.clone()))
        }
        status => Err(HttpError::Status { host: url.host.clone(), status }),
    }
}

impl Answer {
    /// The next bytes; nothing when the body is complete.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|source| HttpError::Http { host: self.host.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// Closes the connection when nobody wants its answer any more, also when the task that asked is cancelled.
struct CloseOnDrop(AbortHandle);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).unwrap()
    }

    #[test]
    fn an_address_has_a_host_a_port_and_maybe_credentials() {
        let plain = url("http://example.org/live/a.flv?sign=1");
        assert_eq!((plain.is_tls, plain.host.as_str(), plain.port), (false, "example.org", 80));
        assert_eq!(plain.path_and_query, "/live/a.flv?sign=1");
        let tls = url("https://u:p@[::1]:8443");
        assert_eq!((tls.is_tls, tls.host.as_str(), tls.port), (true, "::1", 8443));
        assert_eq!((tls.authority.as_str(), tls.path_and_query.as_str()), ("[::1]:8443", "/"));
        assert_eq!(tls.authorization.unwrap().to_str().unwrap(), "Basic dTpw");
        for wrong in ["ftp://h/a", "/live/a.flv", "http://", "http:///a", "http://a b/", ""] {
            assert!(HttpUrl::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_redirect_may_be_relative() {
        let base = url("https://h:8443/live/a.flv?x=1");
        for (location, joined) in [
            ("http://other/b", "http://other/b"),
            ("//other/b", "https://other/b"),
            ("/b?y=2", "https://h:8443/b?y=2"),
            ("b.flv", "https://h:8443/live/b.flv"),
            ("?y=2", "https://h:8443/live/a.flv?y=2"),
        ] {
            assert!(base.join(location).unwrap() == url(joined), "{location}");
        }
        assert!(base.join("file:///etc/passwd").is_err() && base.join("rtmp://h/a/b").is_err());
    }

    #[test]
    fn credentials_follow_a_redirect_only_on_the_same_host() {
        let base = url("http://u:p@h/a.flv");
        assert!(base.join("/b.flv").unwrap().authorization.is_some());
        assert!(base.join("http://h:81/b.flv").unwrap().authorization.is_none());
        assert!(base.join("http://other/b.flv").unwrap().authorization.is_none());
    }

    #[test]
    fn what_is_printed_holds_no_secret() {
        let printed = format!("{:?}", url("http://u:p@h/a.flv?sign=1"));
        assert_eq!(printed, "http://h/a.flv");
    }
}
