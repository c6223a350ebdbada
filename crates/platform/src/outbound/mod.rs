//! Calls to addresses people typed in: to the internet, and not into the network the server stands in.
//!
//! A name is looked up once; every address it stands for is checked, and a checked address is what is connected to, so
//! a name that means something else a moment later gains nothing. Redirects are not followed. Of what is posted somewhere
//! only the answer's status is read; what is fetched is read up to a limit, and shown to nobody as it is.

mod address;
mod allow;
mod download;
#[cfg(test)]
mod tests;

pub use allow::{Allowed, AllowedError};
pub use download::Download;

use bytes::Bytes;
use http::request::Builder;
use http::uri::Scheme;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// Settings of `[outbound]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub allow: Vec<Allowed>,
}

/// Bytes of an address at most.
pub const URL_BYTES_MAX: usize = 2000;
/// Bytes of an answer's head at most, and of the answer that are taken in at all.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Why an address is not called, or gave no answer. Never holds its path or query, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none we call.
    #[error("expected an address such as https://example.org/hook: {0}")]
    Url(&'static str),
    /// Nobody knows the name.
    #[error("{host} cannot be looked up: {source}")]
    Lookup {
        /// The name.
        host: String,
        /// What went wrong.
        source: io::Error,
    },
    /// It means the network the server stands in, or nobody's.
    #[error(
        "{host} is {address}, which is no address of the public internet; an operator can allow it (outbound.allow)"
    )]
    Local {
        /// What was typed in.
        host: String,
        /// What it stands for.
        address: IpAddr,
    },
    /// Nobody listens there, or the certificate is wrong.
    #[error("{host}:{port} cannot be connected to: {source}")]
    Connect {
        /// Who was called.
        host: String,
        /// At which port.
        port: u16,
        /// What went wrong.
        source: io::Error,
    },
    /// What came was no answer.
    #[error("{host} gave no answer: {source}")]
    Http {
        /// Who was called.
        host: String,
        /// What went wrong.
        source: hyper::Error,
    },
    /// More came than is read, or the connection broke.
    #[error("what {host} sent has more than {bytes_max} bytes, or did not come whole")]
    Body {
        /// Who was called.
        host: String,
        /// Bytes that are read at most.
        bytes_max: usize,
    },
    /// Nothing came in time.
    #[error("{host} did not answer within {limit:?}")]
    Timeout {
        /// Who was called.
        host: String,
        /// How long was waited.
        limit: Duration,
    },
}

/// An `http` or `https` address, in its parts.
struct Target {
    is_tls: bool,
    /// A name or an address; IPv6 without brackets.
    host: String,
    port: u16,
    /// For the `Host` header.
    authority: String,
    path_and_query: String,
}

/// Whether `url` may be called as things stand; what it means is looked up, within `limit`.
pub async fn check(config: &Config, url: &str, limit: Duration) -> Result<(), Error> {
    let target = Target::parse(url)?;
    match timeout(limit, look_up(config, &target)).await {
        Ok(found) => found.map(drop),
        Err(_) => Err(Error::Timeout { host: target.host, limit }),
    }
}

/// Posts `body` to `url` and gives the answer's status, all within `limit`.
pub async fn post(
    config: &Config,
    url: &str,
    headers: HeaderMap,
    body: Bytes,
    limit: Duration,
) -> Result<StatusCode, Error> {
    let target = Target::parse(url)?;
    let mut request = Request::post(&target.path_and_query);
    if let Some(own) = request.headers_mut() {
        own.extend(headers);
    }
    let (status, _) = call(config, target, request, body, 0, limit).await?;
    Ok(status)
}

/// Fetches what is at `url`, `bytes_max` of it at most, all within `limit`.
pub async fn get(
    config: &Config,
    url: &str,
    bytes_max: usize,
    limit: Duration,
) -> Result<(StatusCode, Bytes), Error> {
    let target = Target::parse(url)?;
    let request = Request::get(&target.path_and_query);
    call(config, target, request, Bytes::new(), bytes_max, limit).await
}

/// Fetches what is at `url` piece by piece: the head of the answer must come within `limit`, each piece as
/// [`Download::next`] says.
pub async fn download(
    config: &Config,
    url: &str,
    headers: HeaderMap,
    limit: Duration,
) -> Result<Download, Error> {
    let target = Target::parse(url)?;
    let mut request = Request::get(&target.path_and_query);
    if let Some(own) = request.headers_mut() {
        own.extend(headers);
    }
    let request = whole(&target, request, Bytes::new())?;
    match timeout(limit, connect_and_send(config, &target, request)).await {
        Ok(answered) => answered.map(|(answer, connection)| Download::new(target.host, answer, connection)),
        Err(_) => Err(Error::Timeout { host: target.host, limit }),
    }
}

/// One request, and of its answer the status and `bytes_max` bytes; what is larger fails.
async fn call(
    config: &Config,
    target: Target,
    request: Builder,
    body: Bytes,
    bytes_max: usize,
    limit: Duration,
) -> Result<(StatusCode, Bytes), Error> {
    let request = whole(&target, request, body)?;
    let exchange = async {
        let (answer, _connection) = connect_and_send(config, &target, request).await?;
        let status = answer.status();
        if bytes_max == 0 {
            return Ok((status, Bytes::new()));
        }
        let body = Limited::new(answer.into_body(), bytes_max).collect().await;
        let unread = |_| Error::Body { host: target.host.clone(), bytes_max };
        Ok((status, body.map_err(unread)?.to_bytes()))
    };
    match timeout(limit, exchange).await {
        Ok(answered) => answered,
        Err(_) => Err(Error::Timeout { host: target.host, limit }),
    }
}

fn whole(target: &Target, request: Builder, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
    request
        .header(header::HOST, &target.authority)
        .header(header::USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|_| Error::Url("its path cannot be sent"))
}

impl Target {
    fn parse(url: &str) -> Result<Self, Error> {
        if url.len() > URL_BYTES_MAX {
            return Err(Error::Url("it has more than 2000 bytes"));
        }
        let uri: Uri = url.parse().map_err(|_| Error::Url("this is no URL"))?;
        let is_tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(Error::Url("it must begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or(Error::Url("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(Error::Url("it holds a user or password, which is not sent"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(Error::Url("it has no host"));
        }
        // The parser lets `host:` and `host:99999` pass as if they named no port.
        let port = match authority.port_u16() {
            Some(port) => port,
            None if authority.as_str().len() > authority.host().len() => {
                return Err(Error::Url("its port is no number from 0 to 65535"));
            }
            None => {
                if is_tls {
                    443
                } else {
                    80
                }
            }
        };
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

/// What the target's name stands for. The system's resolver also reads addresses in their odd forms (`2130706433`,
/// `0x7f.1`, `0177.0.0.1`), so what is checked is what would be connected to.
async fn look_up(config: &Config, target: &Target) -> Result<Vec<SocketAddr>, Error> {
    let failed = |source| Error::Lookup { host: target.host.clone(), source };
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await.map_err(failed)?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() {
        return Err(failed(io::ErrorKind::NotFound.into()));
    }
    only_permitted(config, &target.host, &found)?;
    Ok(found)
}

/// One address in the local network is enough to refuse a name: whoever gave it that address means no good.
fn only_permitted(config: &Config, host: &str, found: &[SocketAddr]) -> Result<(), Error> {
    let is_permitted = |found: &&SocketAddr| {
        address::is_public(found.ip()) || config.allow.iter().any(|entry| entry.permits(host, **found))
    };
    match found.iter().find(|found| !is_permitted(found)) {
        Some(found) => Err(Error::Local { host: host.to_owned(), address: found.ip() }),
        None => Ok(()),
    }
}

/// Keeps a connection going until it is dropped, whatever else the other side may want to send.
type Connection = JoinSet<hyper::Result<()>>;

async fn connect_and_send(
    config: &Config,
    target: &Target,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection), Error> {
    let addresses = look_up(config, target).await?;
    let unconnected = |source| Error::Connect { host: target.host.clone(), port: target.port, source };
    let socket = TcpStream::connect(&addresses[..]).await.map_err(unconnected)?;
    if !target.is_tls {
        return send(socket, target, request).await;
    }
    let name = ServerName::try_from(target.host.clone())
        .map_err(|_| Error::Url("its host is none a certificate could be for"))?;
    let connector = tls().map_err(|error| unconnected(io::Error::other(error)))?;
    let secured = connector.connect(name, socket).await.map_err(unconnected)?;
    send(secured, target, request).await
}

async fn send(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    target: &Target,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection), Error> {
    let failed = |source| Error::Http { host: target.host.clone(), source };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(ANSWER_BYTES_MAX)
        .handshake(TokioIo::new(io))
        .await
        .map_err(failed)?;
    let mut running = Connection::new();
    running.spawn(connection);
    let answer = sender.send_request(request).await.map_err(failed)?;
    Ok((answer, running))
}

/// Trusts the system's certificate authorities, which are read when first needed.
fn tls() -> Result<TlsConnector, tokio_rustls::rustls::Error> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(TlsConnector::from(config.clone()));
    }
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() {
        tracing::warn!(
            "no certificate authorities are known, so no https address can be called; install the package ca-certificates or set SSL_CERT_FILE"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(TlsConnector::from(CONFIG.get_or_init(|| Arc::new(config)).clone()))
}
