//! Bytes into messages.

use super::{CHUNK_SIZE_INITIAL, CHUNK_SIZE_MAX, TIMESTAMP_EXTENDED};
use crate::message::{Message, first_u32, type_id};
use crate::{Error, Limits};
use bytes::Bytes;

/// Puts messages together from chunks.
///
/// The caller owns the read buffer; what is kept here is at most the part of a chunk header that has arrived, and the
/// payloads of messages that have not ended. Set Chunk Size and Abort concern chunks only; they are obeyed and not
/// handed out.
#[derive(Debug)]
pub struct ChunkReader {
    limits: Limits,
    message_bytes_max: usize,
    chunk_size: u32,
    streams: Vec<ChunkStream>,
    /// Where the payload of the chunk that is being read goes, and what is left of it.
    open: Option<OpenChunk>,
    unfinished_bytes: usize,
    header: [u8; HEADER_BYTES_MAX],
    header_len: usize,
}

#[derive(Clone, Copy, Debug)]
struct OpenChunk {
    stream: usize,
    left_bytes: usize,
}

/// What later chunk headers of a chunk stream leave out, and the message under way.
#[derive(Debug)]
struct ChunkStream {
    id: u32,
    timestamp_ms: u32,
    /// The timestamp field of the last header that had one, to be added by a message that has none.
    delta_ms: u32,
    is_extended: bool,
    length: usize,
    type_id: u8,
    message_stream_id: u32,
    payload: Vec<u8>,
    is_unfinished: bool,
}

/// Basic header 3, message header 11, extended timestamp 4.
const HEADER_BYTES_MAX: usize = 18;

/// A message's buffer starts with what was declared up to this length, then at most doubles as bytes arrive.
const FIRST_ALLOCATION_BYTES: usize = 64 << 10;

/// The same while other messages are unfinished, so that declaring many long messages costs the peer something.
const FIRST_ALLOCATION_BYTES_INTERLEAVED: usize = 4 << 10;

impl ChunkReader {
    /// Starts behind the handshake. Messages may be as long as [`Limits::message_bytes_max`].
    pub fn new(limits: Limits) -> Self {
        Self {
            message_bytes_max: limits.message_bytes_max,
            limits,
            chunk_size: CHUNK_SIZE_INITIAL,
            streams: Vec::new(),
            open: None,
            unfinished_bytes: 0,
            header: [0; HEADER_BYTES_MAX],
            header_len: 0,
        }
    }

    /// Sets what media messages that begin from now on may have at most.
    pub(crate) fn set_message_bytes_max(&mut self, bytes: usize) {
        self.message_bytes_max = bytes;
    }

    /// The next message. Advances `input` over what was read; `None` when all of it was.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        loop {
            let Some(chunk) = self.open else {
                if self.read_header(input)? {
                    continue;
                }
                return Ok(None);
            };
            if let Some(message) = self.read_payload(chunk, input)? {
                if !self.obey(&message)? {
                    return Ok(Some(message));
                }
            } else if self.open.is_some() {
                return Ok(None);
            }
        }
    }

    /// Carries out a message that concerns chunks only; `false` for any other.
    fn obey(&mut self, message: &Message) -> Result<bool, Error> {
        match message.type_id {
            type_id::SET_CHUNK_SIZE => {
                let bytes = first_u32(&message.payload, "Set Chunk Size (RTMP 1.0 §5.4.1)")?;
                // The first bit must be 0; some encoders set the largest 32-bit number for "never cut".
                let chunk_size = bytes.min(CHUNK_SIZE_MAX);
                if chunk_size < self.limits.chunk_size_min.max(1) {
                    return Err(Error::ChunkSize { bytes, min_bytes: self.limits.chunk_size_min });
                }
                self.chunk_size = chunk_size;
            }
            type_id::ABORT => {
                let id = first_u32(&message.payload, "Abort Message (RTMP 1.0 §5.4.2)")?;
                if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
                    self.unfinished_bytes = self.unfinished_bytes.saturating_sub(stream.payload.len());
                    stream.payload = Vec::new();
                    stream.is_unfinished = false;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads a chunk header and opens its chunk; `false` when it is not complete.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        let (header, used) = if self.header_len == 0 {
            match self.parse(input)? {
                Some(parsed) => parsed,
                None => {
                    self.keep(input);
                    *input = &[];
                    return Ok(false);
                }
            }
        } else {
            let kept = self.header_len;
            self.keep(input);
            match self.parse(self.header.get(..self.header_len).unwrap_or_default())? {
                Some((header, len)) => (header, len.saturating_sub(kept)),
                None => {
                    *input = &[];
                    return Ok(false);
                }
            }
        };
        self.header_len = 0;
        *input = input.get(used..).unwrap_or_default();
        self.open_chunk(&header)?;
        Ok(true)
    }

    /// Adds as much of `input` to the kept part of a header as there is room for.
    fn keep(&mut self, input: &[u8]) {
        let room = self.header.get_mut(self.header_len..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(input) {
            *place = *byte;
            self.header_len = self.header_len.saturating_add(1);
        }
    }

    /// The chunk header at the start of `bytes` and its length; `None` when it is not complete.
    fn parse(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, Error> {
        let mut rest = bytes;
        let Some(header) = self.parse_fields(&mut rest)? else { return Ok(None) };
        Ok(Some((header, bytes.len().saturating_sub(rest.len()))))
    }

    fn parse_fields(&self, rest: &mut &[u8]) -> Result<Option<Header>, Error> {
        let Some([first]) = take(rest) else { return Ok(None) };
        let (header_type, low) = (first >> 6, first & 0x3F);
        // RTMP 1.0 §5.3.1.1: 0 and 1 stand for one and two more bytes.
        let chunk_stream_id = match low {
            0 => match take(rest) {
                Some([low]) => 64 + u32::from(low),
                None => return Ok(None),
            },
            1 => match take(rest) {
                Some(bytes) => 64 + u32::from(u16::from_le_bytes(bytes)),
                None => return Ok(None),
            },
            id => u32::from(id),
        };
        let stream = self.streams.iter().position(|stream| stream.id == chunk_stream_id);
        let earlier = stream.and_then(|index| self.streams.get(index));
        // Type 1 as the first is wrong too, but librtmp starts its pings so, and nothing is missing in it.
        if earlier.is_none() && header_type >= 2 {
            return Err(Error::NoEarlierHeader { chunk_stream_id, header_type });
        }
        let mut header = Header {
            chunk_stream_id,
            stream,
            header_type,
            timestamp: None,
            is_extended: false,
            message: None,
            message_stream_id: None,
        };
        let mut is_extended = earlier.is_some_and(|stream| stream.is_extended);
        if header_type < 3 {
            let Some([high, middle, low]) = take(rest) else { return Ok(None) };
            let timestamp = u32::from_be_bytes([0, high, middle, low]);
            header.timestamp = Some(timestamp);
            is_extended = timestamp == TIMESTAMP_EXTENDED;
        }
        if header_type < 2 {
            let Some([high, middle, low, type_id]) = take(rest) else { return Ok(None) };
            header.message = Some((u32::from_be_bytes([0, high, middle, low]), type_id));
        }
        if header_type == 0 {
            let Some(id) = take(rest) else { return Ok(None) };
            // The only little-endian field of the protocol.
            header.message_stream_id = Some(u32::from_le_bytes(id));
        }
        if is_extended {
            // §5.3.1.3: also in type 3 chunks when the last other one had it.
            let Some(bytes) = take(rest) else { return Ok(None) };
            header.timestamp = Some(u32::from_be_bytes(bytes));
        }
        header.is_extended = is_extended;
        Ok(Some(header))
    }

    /// Takes over what a chunk header says and expects its payload.
    fn open_chunk(&mut self, header: &Header) -> Result<(), Error> {
        let index = match header.stream {
            Some(index) => index,
            None => self.add_stream(header.chunk_stream_id)?,
        };
        let chunk_size = usize::try_from(self.chunk_size).unwrap_or(usize::MAX);
        let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
        let missing_bytes = stream.length.saturating_sub(stream.payload.len());
        if stream.is_unfinished {
            if header.header_type < 3 {
                return Err(Error::UnfinishedMessage { chunk_stream_id: stream.id, missing_bytes });
            }
        } else {
            stream.begin_message(header);
            let is_media = type_id::is_media(stream.type_id);
            let max_bytes = if is_media { self.message_bytes_max } else { self.limits.command_bytes_max };
            if stream.length > max_bytes {
                return Err(Error::MessageTooLarge {
                    type_id: stream.type_id,
                    bytes: stream.length,
                    max_bytes,
                });
            }
        }
        let missing_bytes = stream.length.saturating_sub(stream.payload.len());
        self.open = Some(OpenChunk { stream: index, left_bytes: missing_bytes.min(chunk_size) });
        Ok(())
    }

    fn add_stream(&mut self, id: u32) -> Result<usize, Error> {
        let index = self.streams.len();
        if index >= self.limits.chunk_streams_max {
            return Err(Error::TooManyChunkStreams { max: self.limits.chunk_streams_max });
        }
        self.streams.push(ChunkStream {
            id,
            timestamp_ms: 0,
            delta_ms: 0,
            is_extended: false,
            length: 0,
            type_id: 0,
            message_stream_id: 0,
            payload: Vec::new(),
            is_unfinished: false,
        });
        Ok(index)
    }

    /// Reads payload up to the end of the chunk; gives the message if that is its end too.
    fn read_payload(&mut self, chunk: OpenChunk, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        let is_interleaved = self.unfinished_bytes > 0;
        let Some(stream) = self.streams.get_mut(chunk.stream) else { return Ok(None) };
        let count = chunk.left_bytes.min(input.len());
        let (payload, rest) = input.split_at_checked(count).unwrap_or_default();
        *input = rest;
        let left_bytes = chunk.left_bytes.saturating_sub(count);
        stream.append(payload, is_interleaved);
        self.unfinished_bytes = self.unfinished_bytes.saturating_add(count);
        self.open = (left_bytes > 0).then_some(OpenChunk { left_bytes, ..chunk });
        if stream.payload.len() == stream.length {
            self.unfinished_bytes = self.unfinished_bytes.saturating_sub(stream.length);
            return Ok(Some(stream.end_message()));
        }
        let max_bytes = self.message_bytes_max.saturating_mul(2);
        if self.unfinished_bytes > max_bytes {
            return Err(Error::TooMuchUnfinished { max_bytes });
        }
        Ok(None)
    }
}

impl ChunkStream {
    fn begin_message(&mut self, header: &Header) {
        if let Some(timestamp) = header.timestamp {
            // A type 3 header after a type 0 one adds that one's timestamp (§5.3.1.2.4); ffmpeg counts on it.
            self.delta_ms = timestamp;
        }
        self.timestamp_ms = if header.header_type == 0 {
            self.delta_ms
        } else {
            self.timestamp_ms.wrapping_add(self.delta_ms)
        };
        self.is_extended = header.is_extended;
        if let Some((length, type_id)) = header.message {
            self.length = usize::try_from(length).unwrap_or(usize::MAX);
            self.type_id = type_id;
        }
        if let Some(id) = header.message_stream_id {
            self.message_stream_id = id;
        }
        self.is_unfinished = true;
    }

    /// Adds payload. Room is made for what arrived, not for what was declared, but for a first step.
    fn append(&mut self, payload: &[u8], is_interleaved: bool) {
        let needed = self.payload.len().saturating_add(payload.len());
        if needed > self.payload.capacity() {
            let first =
                if is_interleaved { FIRST_ALLOCATION_BYTES_INTERLEAVED } else { FIRST_ALLOCATION_BYTES };
            let capacity = self.payload.capacity().saturating_mul(2).max(first).max(needed).min(self.length);
            self.payload.reserve_exact(capacity.saturating_sub(self.payload.len()));
        }
        self.payload.extend_from_slice(payload);
    }

    fn end_message(&mut self) -> Message {
        self.is_unfinished = false;
        Message {
            message_stream_id: self.message_stream_id,
            type_id: self.type_id,
            timestamp_ms: self.timestamp_ms,
            payload: Bytes::from(std::mem::take(&mut self.payload)),
        }
    }
}

/// A chunk header as it was sent (RTMP 1.0 §5.3.1.2).
#[derive(Debug)]
struct Header {
    chunk_stream_id: u32,
    /// Where that chunk stream is, if it is known.
    stream: Option<usize>,
    header_type: u8,
    /// Absolute in type 0, relative in the others, the extended one if there is one.
    timestamp: Option<u32>,
    is_extended: bool,
    /// Length and type.
    message: Option<(u32, u8)>,
    message_stream_id: Option<u32>,
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*bytes)
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
