//! The client's end of an RTMP connection, for pulls and for publishing elsewhere: moves bytes between a socket and an
//! [`rtmp::ClientSession`], and decides nothing else.

use super::dial::{DialError, Io, dial};
use flv::{Tag, TagType};
use rtmp::{ClientEvent, ClientRole, ClientSession, Limits, MediaKind, Url};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// From the open connection to the server's yes or no.
const READY_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that takes nothing for this long is given up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the chunks we send: large, so that a picture is few of them, and below what servers take at most.
const CHUNK_SIZE: u32 = 60_000;
/// Characters that are kept of what a server says.
const WORDS_CHARS_MAX: usize = 200;
/// Room for what is read at once.
const READ_BYTES: usize = 32 << 10;

/// A connection on which the server has accepted to be published to or played from.
pub struct RtmpClient {
    io: Box<dyn Io>,
    remote: IpAddr,
    session: ClientSession,
    buffer: Vec<u8>,
}

/// Why a connection does not come about, or is over. Never holds the address.
#[derive(Debug, thiserror::Error)]
pub enum RtmpClientError {
    /// There is no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection broke.
    #[error("the RTMP connection broke")]
    Io(#[from] io::Error),
    /// What the server sent cannot be read.
    #[error("the server does not speak RTMP as expected")]
    Protocol(#[from] rtmp::Error),
    /// The server said no.
    #[error("the server refused: {code} {description}")]
    Refused {
        /// Such as `NetStream.Publish.BadName`.
        code: String,
        /// The server's words.
        description: String,
    },
    /// The server ended what it had accepted.
    #[error("the server ended the stream: {0}")]
    Ended(String),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// Neither yes nor no.
    #[error("the server neither accepted nor refused within {READY_TIMEOUT:?}")]
    NotReady,
    /// The server takes nothing any more.
    #[error("the server took nothing for {WRITE_TIMEOUT:?}")]
    WriteTimeout,
}

impl RtmpClient {
    /// Connects and waits until the server has accepted.
    pub async fn connect(role: ClientRole, url: &Url) -> Result<Self, RtmpClientError> {
        let dialled = dial(&url.host, url.port, url.is_tls).await?;
        // Filling bytes of the handshake, no secret.
        let seed = RandomState::new().hash_one(0);
        let mut client = Self {
            io: dialled.io,
            remote: dialled.remote,
            session: ClientSession::new(role, url.clone(), Limits::default(), CHUNK_SIZE, seed),
            buffer: vec![0; READ_BYTES],
        };
        match timeout(READY_TIMEOUT, client.become_ready()).await {
            Ok(result) => result.map(|()| client),
            Err(_) => Err(RtmpClientError::NotReady),
        }
    }

    /// Who answered.
    pub fn remote(&self) -> IpAddr {
        self.remote
    }

    /// Waits for media of a played stream and appends it to `tags`. Giving up waiting loses nothing.
    pub async fn read(&mut self, tags: &mut Vec<Tag>) -> Result<(), RtmpClientError> {
        loop {
            let before = tags.len();
            // Media may have come right behind the server's yes.
            while let Some(event) = self.session.poll_event() {
                match event {
                    ClientEvent::Media(media) => tags.push(Tag {
                        tag_type: tag_type(media.kind),
                        timestamp_ms: media.timestamp_ms,
                        body: media.payload,
                    }),
                    event => not_over(event)?,
                }
            }
            if tags.len() > before {
                return Ok(());
            }
            self.flush().await?;
            self.receive().await?;
        }
    }

    /// Puts a tag's body, in `parts`, behind what waits for [`flush`](Self::flush).
    pub fn push(
        &mut self,
        tag_type: TagType,
        timestamp_ms: u32,
        parts: &[&[u8]],
    ) -> Result<(), RtmpClientError> {
        let kind = match tag_type {
            TagType::Audio => MediaKind::Audio,
            TagType::Video => MediaKind::Video,
            TagType::Script => MediaKind::Data,
        };
        Ok(self.session.send_media(kind, timestamp_ms, parts)?)
    }

    /// Writes what waits. To give up waiting leaves a connection that can only be closed.
    pub async fn flush(&mut self) -> Result<(), RtmpClientError> {
        while let Some(bytes) = self.session.poll_transmit() {
            timeout(WRITE_TIMEOUT, self.io.write_all(&bytes))
                .await
                .map_err(|_| RtmpClientError::WriteTimeout)??;
        }
        // TLS keeps bytes back until told.
        timeout(WRITE_TIMEOUT, self.io.flush()).await.map_err(|_| RtmpClientError::WriteTimeout)??;
        Ok(())
    }

    /// Listens to the server until `deadline` and answers it.
    pub async fn listen_until(&mut self, deadline: Instant) -> Result<(), RtmpClientError> {
        while let Ok(received) = timeout_at(deadline, self.receive()).await {
            received?;
            while let Some(event) = self.session.poll_event() {
                not_over(event)?;
            }
            self.flush().await?;
        }
        Ok(())
    }

    /// Takes leave of the server.
    pub async fn close(mut self) -> Result<(), RtmpClientError> {
        self.session.close();
        self.flush().await?;
        timeout(WRITE_TIMEOUT, self.io.shutdown()).await.map_err(|_| RtmpClientError::WriteTimeout)??;
        Ok(())
    }

    async fn become_ready(&mut self) -> Result<(), RtmpClientError> {
        loop {
            self.flush().await?;
            self.receive().await?;
            while let Some(event) = self.session.poll_event() {
                if let ClientEvent::Ready { .. } = event {
                    return Ok(());
                }
                not_over(event)?;
            }
        }
    }

    async fn receive(&mut self) -> Result<(), RtmpClientError> {
        let count = self.io.read(&mut self.buffer).await?;
        if count == 0 {
            return Err(RtmpClientError::Closed);
        }
        self.session.handle_input(self.buffer.get(..count).unwrap_or_default())?;
        Ok(())
    }
}

fn not_over(event: ClientEvent) -> Result<(), RtmpClientError> {
    match event {
        ClientEvent::Refused { code, description } => {
            Err(RtmpClientError::Refused { code: printable(&code), description: printable(&description) })
        }
        ClientEvent::Ended { code } => Err(RtmpClientError::Ended(printable(&code))),
        ClientEvent::Ready { .. } | ClientEvent::Media(_) => Ok(()),
    }
}

/// What a server says, for logs and terminals.
fn printable(text: &str) -> String {
    text.chars().take(WORDS_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn tag_type(kind: MediaKind) -> TagType {
    match kind {
        MediaKind::Audio => TagType::Audio,
        MediaKind::Video => TagType::Video,
        MediaKind::Data => TagType::Script,
    }
}
