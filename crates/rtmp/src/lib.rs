//! RTMP as a value: bytes in, events and bytes out. No sockets, no tasks, no clock.
//!
//! | What | Where it is written down |
//! |---|---|
//! | handshake, chunks, protocol control, commands | Adobe RTMP 1.0 (2012-12-21) |
//! | digest ("complex") handshake | nowhere; as Flash Player and every later client and server do it |
//! | capabilities in `connect` | Enhanced RTMP v2, "Enhancing NetConnection connect Command" |
//!
//! A [`ServerSession`] or [`ClientSession`] is driven the same way:
//!
//! 1. give it what the socket read: `handle_input`;
//! 2. take events until there are none: `poll_event`, and answer requests (`accept_publish`, `refuse`, …);
//! 3. when the socket can take more, write what `poll_transmit` gives.
//!
//! Media payloads are FLV tag bodies and pass through unread. They need not be sent through a session: media for many
//! players is encoded once with [`encode_message`] or [`message_pieces`], whose bytes depend on no earlier message,
//! and written between the answers of each session.
//!
//! Not here: RTMPE (encryption), RTMPT (tunnels), shared objects, playlists, seeking.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod capabilities;
mod chunk;
mod command;
mod error;
mod handshake;
mod limits;
mod message;
mod session;
mod url;

pub use capabilities::Capabilities;
pub use chunk::{ChunkReader, encode_message, message_pieces};
pub use error::Error;
pub use limits::Limits;
pub use message::{MediaKind, Message, MessageHeader};
pub use session::{
    ClientEvent, ClientRole, ClientSession, Connect, Event, Media, PublishType, RequestId, ServerSession,
    StreamEvent, status,
};
pub use url::{QUERY_ARGS_MAX, Target, Url, query_args, split_query};
