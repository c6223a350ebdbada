//! The chunk stream: messages cut into chunks and put together again (RTMP 1.0 §5.3).

mod reader;
mod writer;

pub use reader::ChunkReader;
pub use writer::{encode_message, message_pieces};

/// Bytes of payload in a chunk before anybody has set another size (RTMP 1.0 §5.4.1).
pub(crate) const CHUNK_SIZE_INITIAL: u32 = 128;

/// RTMP 1.0 §5.4.1: no message is longer, so a larger size means the same.
pub(crate) const CHUNK_SIZE_MAX: u32 = 0xFF_FFFF;

/// RTMP 1.0 §5.3.1.2.1: this in the timestamp field means that four bytes more follow the header.
const TIMESTAMP_EXTENDED: u32 = 0xFF_FFFF;
