//! Messages and their types (RTMP 1.0 §5.4, §6, §7.1).

use bytes::Bytes;

/// A message, put together from its chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What the message belongs to: 0 is the connection, others come from `createStream`.
    pub message_stream_id: u32,
    /// What it is (RTMP 1.0 §7.1).
    pub type_id: u8,
    /// Milliseconds on the sender's clock, which wraps around.
    pub timestamp_ms: u32,
    /// Its bytes.
    pub payload: Bytes,
}

/// What is written before the payload of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// The chunk stream, 2 to 65599 (RTMP 1.0 §5.3.1.1).
    pub chunk_stream_id: u32,
    /// What the message belongs to: 0 is the connection, others come from `createStream`.
    pub message_stream_id: u32,
    /// What it is (RTMP 1.0 §7.1).
    pub type_id: u8,
    /// Milliseconds on the sender's clock, which wraps around.
    pub timestamp_ms: u32,
}

impl MessageHeader {
    /// The header of a media message, on the chunk stream this crate uses for its kind.
    pub const fn media(kind: MediaKind, message_stream_id: u32, timestamp_ms: u32) -> Self {
        let (chunk_stream_id, type_id) = match kind {
            MediaKind::Audio => (chunk_stream::AUDIO, type_id::AUDIO),
            MediaKind::Video => (chunk_stream::VIDEO, type_id::VIDEO),
            MediaKind::Data => (chunk_stream::DATA, type_id::DATA_AMF0),
        };
        Self { chunk_stream_id, message_stream_id, type_id, timestamp_ms }
    }

    /// The header of a protocol or user control message (RTMP 1.0 §5.4, §6.2).
    pub(crate) const fn control(type_id: u8) -> Self {
        Self { chunk_stream_id: chunk_stream::CONTROL, message_stream_id: 0, type_id, timestamp_ms: 0 }
    }

    pub(crate) const fn command(message_stream_id: u32) -> Self {
        Self {
            chunk_stream_id: chunk_stream::COMMAND,
            message_stream_id,
            type_id: type_id::COMMAND_AMF0,
            timestamp_ms: 0,
        }
    }
}

/// The kinds of message that belong to a stream's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// The body of an FLV audio tag.
    Audio,
    /// The body of an FLV video tag.
    Video,
    /// The body of an FLV script tag, AMF0.
    Data,
}

impl MediaKind {
    pub(crate) const fn of_type(type_id: u8) -> Option<Self> {
        match type_id {
            type_id::AUDIO => Some(Self::Audio),
            type_id::VIDEO => Some(Self::Video),
            type_id::DATA_AMF0 | type_id::DATA_AMF3 => Some(Self::Data),
            _ => None,
        }
    }
}

/// The chunk streams we send on. 2 is fixed (RTMP 1.0 §5.4), the others are what encoders and servers commonly use.
mod chunk_stream {
    pub(super) const CONTROL: u32 = 2;
    pub(super) const COMMAND: u32 = 3;
    pub(super) const AUDIO: u32 = 4;
    pub(super) const DATA: u32 = 5;
    pub(super) const VIDEO: u32 = 6;
}

/// RTMP 1.0 §5.4 and §7.1.
pub(crate) mod type_id {
    pub(crate) const SET_CHUNK_SIZE: u8 = 1;
    pub(crate) const ABORT: u8 = 2;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 3;
    pub(crate) const USER_CONTROL: u8 = 4;
    pub(crate) const WINDOW_ACK_SIZE: u8 = 5;
    pub(crate) const SET_PEER_BANDWIDTH: u8 = 6;
    pub(crate) const AUDIO: u8 = 8;
    pub(crate) const VIDEO: u8 = 9;
    pub(crate) const DATA_AMF3: u8 = 15;
    pub(crate) const COMMAND_AMF3: u8 = 17;
    pub(crate) const DATA_AMF0: u8 = 18;
    pub(crate) const COMMAND_AMF0: u8 = 20;
    pub(crate) const AGGREGATE: u8 = 22;

    /// Whether a message of this type is content of a stream, and may be as long as content is.
    pub(crate) const fn is_media(type_id: u8) -> bool {
        matches!(type_id, AUDIO | VIDEO | DATA_AMF3 | DATA_AMF0 | AGGREGATE)
    }
}

/// User control events (RTMP 1.0 §7.1.7).
pub(crate) mod user_control {
    pub(crate) const STREAM_BEGIN: u16 = 0;
    pub(crate) const STREAM_EOF: u16 = 1;
    pub(crate) const STREAM_DRY: u16 = 2;
    pub(crate) const SET_BUFFER_LENGTH: u16 = 3;
    pub(crate) const PING_REQUEST: u16 = 6;
    pub(crate) const PING_RESPONSE: u16 = 7;
}

/// The first four bytes of a control message as a number.
pub(crate) fn first_u32(payload: &[u8], what: &'static str) -> Result<u32, crate::Error> {
    payload
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
        .ok_or(crate::Error::Truncated { what, bytes: payload.len() })
}
