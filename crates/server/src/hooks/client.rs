//! The HTTP client of the hooks: no redirects, one time limit for the whole call, bounded answers.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Bytes of an answer that are read at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Calls under way at once; more wait, within their time limit.
const CALLS_AT_ONCE_MAX: usize = 256;
/// Connections kept open for the next call, per hook.
const IDLE_CONNECTIONS_MAX: usize = 8;

/// Makes the calls of all hooks.
pub(super) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    places: Semaphore,
}

/// What a dialect wants sent.
pub(super) struct Form {
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Bytes,
}

/// Why a hook could not be asked. Never holds its URL, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("no answer within {0:?} (hooks.timeout_ms)")]
    Timeout(Duration),
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    #[error("the answer breaks off: {0}")]
    Broken(String),
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("cannot be called: {0}")]
    Form(#[from] http::Error),
}

/// Where a hook is: what is called, and how the caller shows who it is.
pub(super) struct Address {
    uri: http::Uri,
    /// From `http://user:password@…`.
    authorization: Option<HeaderValue>,
}

impl Address {
    /// Takes credentials out of the URL, since a request line must not hold them.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        use anyhow::Context;
        use base64::Engine;
        let uri: http::Uri = url.parse().context("a hook's url is no URL (hooks.targets.url)")?;
        let mut parts = uri.into_parts();
        let authority = parts.authority.as_ref().context("a hook's url has no host (hooks.targets.url)")?;
        let mut authorization = None;
        if let Some((userinfo, host)) = authority.as_str().rsplit_once('@') {
            let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(userinfo));
            let mut value = HeaderValue::from_str(&basic)?;
            value.set_sensitive(true);
            authorization = Some(value);
            parts.authority = Some(host.parse().context("a hook's url has no host (hooks.targets.url)")?);
        }
        Ok(Self { uri: http::Uri::from_parts(parts)?, authorization })
    }

    /// Host and port, for logs.
    pub(super) fn host(&self) -> &str {
        self.uri.authority().map_or("", http::uri::Authority::as_str)
    }

    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
    }
}

impl Client {
    /// Reads the system's certificate authorities when there is an `https` hook.
    pub(super) fn new(timeout: Duration, needs_tls: bool) -> anyhow::Result<Self> {
        use anyhow::Context;
        let connector = HttpsConnectorBuilder::new();
        let connector = match needs_tls {
            true => connector.with_native_roots().context(
                "an https hook needs certificate authorities; install the package ca-certificates or set SSL_CERT_FILE",
            )?,
            false => {
                let nobody = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
                connector.with_tls_config(nobody)
            }
        };
        let connector = connector.https_or_http().enable_http1().build();
        let http = HyperClient::builder(TokioExecutor::new())
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .build(connector);
        Ok(Self { http, timeout, places: Semaphore::new(CALLS_AT_ONCE_MAX) })
    }

    /// Posts `form` to `address` and reads the answer.
    pub(super) async fn post(&self, address: &Address, form: &Form) -> Result<Answer, CallError> {
        match timeout(self.timeout, self.post_without_limit(address, form)).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::Timeout(self.timeout)),
        }
    }

    async fn post_without_limit(&self, address: &Address, form: &Form) -> Result<Answer, CallError> {
        let _place =
            self.places.acquire().await.map_err(|error| CallError::Unreachable(error.to_string()))?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&address.uri)
            .header(header::CONTENT_TYPE, form.content_type)
            .header(header::USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &address.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in &form.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(form.body.clone())))?;
        let answer =
            self.http.request(request).await.map_err(|error| CallError::Unreachable(chain(&error)))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| {
            match error.downcast_ref::<LengthLimitError>() {
                Some(_) => CallError::TooLong,
                None => CallError::Broken(error.to_string()),
            }
        })?;
        let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        Ok(Answer { status: head.status, location: location.map(str::to_owned), body: body.to_bytes() })
    }
}

/// An error and what it came from; the outermost one says little here.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_address_for_a_header() {
        let address = Address::parse("http://mark:secret@127.0.0.1:3000/hook?x=1").unwrap();
        assert_eq!(address.host(), "127.0.0.1:3000");
        assert_eq!(address.uri.to_string(), "http://127.0.0.1:3000/hook?x=1");
        assert_eq!(address.authorization.unwrap().to_str().unwrap(), "Basic bWFyazpzZWNyZXQ=");
        assert!(Address::parse("http:///hook").is_err());
        assert!(Address::parse("http://a b/").is_err());
    }
}
