//! The HTTP accept loop, and how the socket of a live viewer leaves the HTTP stack.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::{BufMut, Bytes, BytesMut};
use gateway::delivery::http::Takeover;
use gateway::writer::{NewViewer, Peer, Writers};
use gateway::{Limiter, Permit};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// What the accept loop needs.
#[derive(Clone)]
pub struct HttpServer {
    /// Answers every request.
    pub router: Router,
    /// Take live viewers over.
    pub writers: Arc<Writers>,
    /// How many connections there may be.
    pub limiter: Arc<Limiter>,
    /// A request's head must be complete within this time.
    pub header_timeout: Duration,
    /// Bytes of a request's head at most.
    pub header_bytes_max: usize,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// Pause after an error of accept, such as too many open files.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

impl HttpServer {
    /// Accepts connections until the server stops.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(self.stopping.clone()) => return,
            };
            match accepted {
                Ok((socket, remote)) => {
                    // Without a place the socket is closed at once: cheaper than an answer nobody may read.
                    let Some(permit) = self.limiter.admit(remote.ip()) else { continue };
                    let _ = socket.set_nodelay(true);
                    tokio::spawn(self.clone().plain(socket, remote, permit));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
            }
        }
    }

    /// Serves one connection whose socket can be handed over.
    async fn plain(self, socket: TcpStream, remote: SocketAddr, permit: Permit) {
        let slot = SocketSlot(Arc::new(Mutex::new(Some((socket, permit)))));
        let io = TokioIo::new(slot.clone());
        self.connection(io, remote, Some(slot)).await;
    }

    /// Serves one connection; `slot` holds its socket when that can be taken out.
    pub async fn connection<I>(&self, io: I, remote: SocketAddr, slot: Option<SocketSlot>)
    where
        I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(remote));
            // A socket that cannot be handed over has TLS between us and the other end.
            if slot.is_none() {
                request.extensions_mut().insert(OverTls);
            }
            let router = self.router.clone();
            let slot = slot.clone();
            let writers = self.writers.clone();
            async move {
                let mut response =
                    router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
                match (response.extensions_mut().remove::<Takeover>(), slot) {
                    (None, _) => Ok(response),
                    (Some(takeover), Some(slot)) => Err(hand_over(&writers, &slot, &response, takeover)),
                    (Some(takeover), None) => Ok(gateway::delivery::task::respond(response, takeover)),
                }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_buf_size(self.header_bytes_max)
            .serve_connection(io, service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let result = tokio::select! {
            result = connection.as_mut() => Some(result),
            () = stopped(self.stopping.clone()) => None,
        };
        let result = match result {
            Some(result) => result,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%remote, %error, "HTTP connection ended");
        }
    }
}

/// With a request that came over TLS to this server itself.
#[derive(Clone, Copy)]
pub struct OverTls;

/// Waits until the server stops.
pub async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that whoever would say so is gone, which is the same.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The connection goes on without the HTTP stack.
#[derive(Debug, thiserror::Error)]
#[error("the connection was handed over")]
struct HandedOver;

/// Gives the socket to the writers, with the head of `response` to send first.
fn hand_over(
    writers: &Arc<Writers>,
    slot: &SocketSlot,
    response: &Response<Body>,
    takeover: Takeover,
) -> HandedOver {
    let Takeover { feed, session, connected, is_websocket, .. } = takeover;
    let Some((socket, permit)) = slot.take() else { return HandedOver };
    match socket.into_std() {
        Ok(socket) => writers.add(NewViewer {
            socket,
            head: VecDeque::from([head(response, is_websocket)]),
            feed,
            peer: if is_websocket { Peer::WebSocket(Default::default()) } else { Peer::http() },
            session,
            connected: Some(connected),
            permit: Some(permit),
        }),
        Err(error) => {
            tracing::debug!(%error, "a viewer was gone before it began");
            feed.stream().remove_viewer(&session);
        }
    }
    HandedOver
}

/// The head of an answer whose body ends with the connection, or that switches protocols.
fn head(response: &Response<Body>, is_websocket: bool) -> Bytes {
    let mut out = BytesMut::with_capacity(512);
    let status = response.status();
    out.put_slice(b"HTTP/1.1 ");
    out.put_slice(status.as_str().as_bytes());
    out.put_slice(b" ");
    out.put_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.put_slice(b"\r\n");
    for (name, value) in response.headers().iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH) {
        out.put_slice(name.as_str().as_bytes());
        out.put_slice(b": ");
        out.put_slice(value.as_bytes());
        out.put_slice(b"\r\n");
    }
    if !is_websocket {
        out.put_slice(b"connection: close\r\n");
    }
    out.put_slice(b"\r\n");
    out.freeze()
}

/// A socket in the hands of the HTTP stack that can be taken out again.
#[derive(Clone)]
pub struct SocketSlot(Arc<Mutex<Option<(TcpStream, Permit)>>>);

impl SocketSlot {
    fn take(&self) -> Option<(TcpStream, Permit)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<T>(&self, act: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some((socket, _)) => act(Pin::new(socket)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncRead for SocketSlot {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_read(cx, buf))
    }
}

impl AsyncWrite for SocketSlot {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|socket| socket.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.with(|socket| socket.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_shutdown(cx))
    }
}
