use crate::delivery::Feed;
use crate::delivery::rtmp::RtmpPeer;
use crate::websocket;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// How to understand what a viewer says on its socket, and how to take leave of it.
pub enum Peer {
    /// Says nothing after its request; whatever it sends is ignored up to a limit.
    Http {
        /// Bytes ignored so far.
        ignored: usize,
    },
    /// Pings and closes.
    WebSocket(websocket::Reader),
    /// Acknowledges, pauses, selects tracks, leaves.
    Rtmp(Box<RtmpPeer>),
}

/// What follows from what a viewer said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Nothing,
    Pause(bool),
    Leave,
}

/// Bytes an HTTP viewer may send after its request.
const IGNORED_BYTES_MAX: usize = 16 << 10;
/// RFC 6455 §7.4.1: the stream is over as it should be.
const CLOSE_GOING_AWAY: u16 = 1001;

impl Peer {
    /// An HTTP viewer.
    pub const fn http() -> Self {
        Self::Http { ignored: 0 }
    }

    /// Takes what the viewer sent, appends answers to `out`.
    pub(crate) fn hear(&mut self, bytes: &[u8], out: &mut VecDeque<Bytes>) -> Result<Answer, String> {
        match self {
            Self::Http { ignored } => {
                *ignored += bytes.len();
                if *ignored > IGNORED_BYTES_MAX {
                    return Err(format!("{ignored} bytes after the request of an endless answer"));
                }
                Ok(Answer::Nothing)
            }
            Self::WebSocket(reader) => match reader.hear(bytes, out) {
                Ok(true) => Ok(Answer::Leave),
                Ok(false) => Ok(Answer::Nothing),
                Err(error) => Err(error.to_string()),
            },
            Self::Rtmp(peer) => peer.hear(bytes, out),
        }
    }

    /// The feed an RTMP viewer asked for instead of its present one, once.
    pub(crate) fn take_new_feed(&mut self) -> Option<Arc<Feed>> {
        match self {
            Self::Rtmp(peer) => peer.take_new_feed(),
            Self::Http { .. } | Self::WebSocket(_) => None,
        }
    }

    /// Appends what is said at the end of a stream.
    pub(crate) fn farewell(&mut self, out: &mut VecDeque<Bytes>) {
        match self {
            Self::Http { .. } => {}
            Self::WebSocket(_) => out.push_back(websocket::close(CLOSE_GOING_AWAY)),
            Self::Rtmp(peer) => peer.farewell(out),
        }
    }
}
