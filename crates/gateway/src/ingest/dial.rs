//! Connections to other servers, with TLS where the address asks for it.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// Looking the name up, connecting and, if so, agreeing on TLS may take this long together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a connection can do.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open connection.
pub struct Dialled {
    /// To read and write.
    pub io: Box<dyn Io>,
    /// Who answered.
    pub remote: IpAddr,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nobody answered in time.
    #[error("{host}:{port} did not answer within {CONNECT_TIMEOUT:?}")]
    Timeout {
        /// Who was called.
        host: String,
        /// At which port.
        port: u16,
    },
    /// The name is unknown, or nobody listens there, or the certificate is wrong.
    #[error("cannot connect to {host}:{port}")]
    Connect {
        /// Who was called.
        host: String,
        /// At which port.
        port: u16,
        /// What went wrong.
        source: io::Error,
    },
    /// The host is none a certificate could be for.
    #[error("{0:?} is no name or address of a host")]
    Host(String),
    /// There is nothing to check certificates with.
    #[error("no certificate authorities are known; install the package ca-certificates or set SSL_CERT_FILE")]
    NoAuthorities,
}

/// Opens a connection; `host` is a name or an address, IPv6 without brackets.
pub async fn dial(host: &str, port: u16, is_tls: bool) -> Result<Dialled, DialError> {
    match timeout(CONNECT_TIMEOUT, dial_without_limit(host, port, is_tls)).await {
        Ok(result) => result,
        Err(_) => Err(DialError::Timeout { host: host.to_owned(), port }),
    }
}

async fn dial_without_limit(host: &str, port: u16, is_tls: bool) -> Result<Dialled, DialError> {
    let failed = |source| DialError::Connect { host: host.to_owned(), port, source };
    let socket = TcpStream::connect((host, port)).await.map_err(failed)?;
    let _ = socket.set_nodelay(true);
    let remote = socket.peer_addr().map_err(failed)?.ip();
    if !is_tls {
        return Ok(Dialled { io: Box::new(socket), remote });
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::Host(host.to_owned()))?;
    let io = tls()?.connect(name, socket).await.map_err(failed)?;
    Ok(Dialled { io: Box::new(io), remote })
}

/// The system's certificate authorities, read when first needed.
fn tls() -> Result<TlsConnector, DialError> {
    static CONFIG: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut authorities = RootCertStore::empty();
        authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if authorities.is_empty() {
            return None;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        Some(Arc::new(config))
    });
    config.clone().map(TlsConnector::from).ok_or(DialError::NoAuthorities)
}
