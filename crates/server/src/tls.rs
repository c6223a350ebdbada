//! HTTPS and RTMPS with one certificate.

use crate::config::Https;
use crate::http::{HttpServer, stopped};
use anyhow::Context;
use gateway::ingest::rtmp::RtmpServer;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A TLS handshake may take this long.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// From the files of the settings; nothing when no certificate is configured.
pub fn acceptor(https: &Https) -> anyhow::Result<Option<TlsAcceptor>> {
    if https.certificate.as_os_str().is_empty() {
        return Ok(None);
    }
    let chain =
        CertificateDer::pem_file_iter(&https.certificate).and_then(Iterator::collect).with_context(|| {
            format!("cannot read certificates from {} (https.certificate)", https.certificate.display())
        })?;
    let key = PrivateKeyDer::from_pem_file(&https.key)
        .with_context(|| format!("cannot read a private key from {} (https.key)", https.key.display()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and the key do not belong together (https.certificate, https.key)")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Accepts HTTPS connections until the server stops.
pub async fn serve_https(http: HttpServer, listener: TcpListener, tls: TlsAcceptor) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(http.stopping.clone()) => return,
        };
        let Ok((socket, remote)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(permit) = http.limiter.admit(remote.ip()) else { continue };
        let (http, tls) = (http.clone(), tls.clone());
        tokio::spawn(async move {
            if let Some(stream) = handshake(&tls, socket).await {
                http.connection(TokioIo::new(stream), remote, None).await;
            }
            drop(permit);
        });
    }
}

/// Accepts RTMPS connections until the server stops.
pub async fn serve_rtmps(rtmp: RtmpServer, listener: TcpListener, tls: TlsAcceptor) {
    loop {
        let Ok((socket, remote)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(permit) = rtmp.limiter.admit(remote.ip()) else { continue };
        let (rtmp, tls) = (rtmp.clone(), tls.clone());
        tokio::spawn(async move {
            if let Some(stream) = handshake(&tls, socket).await {
                rtmp.serve_stream(stream, remote.ip()).await;
            }
            drop(permit);
        });
    }
}

async fn handshake(tls: &TlsAcceptor, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
    let _ = socket.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(socket)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}
