//! Messages into bytes.
//!
//! Every message begins with a full header (type 0), so its bytes depend on nothing sent before and one encoding serves
//! every connection with the same chunk size and message stream.

use super::{CHUNK_SIZE_MAX, TIMESTAMP_EXTENDED};
use crate::message::MessageHeader;
use bytes::{BufMut, Bytes, BytesMut};

/// Appends the message whose payload is `parts` one after the other. A payload of more than 0xFFFFFF bytes, which no
/// header can express, is not written.
pub fn encode_message(out: &mut BytesMut, header: &MessageHeader, parts: &[&[u8]], chunk_size: u32) {
    let payload_bytes = parts.iter().map(|part| part.len()).sum();
    let Some(length) = declared_length(payload_bytes) else { return };
    let mut cutter = Cutter::new(chunk_size, payload_bytes);
    out.reserve(
        START_BYTES_MAX.saturating_add(payload_bytes).saturating_add(cutter.continuations_bytes_max()),
    );
    put_start(out, header, length);
    for part in parts {
        let mut rest = *part;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at_checked(cutter.advance(rest.len())).unwrap_or((rest, &[]));
            out.put_slice(piece);
            if cutter.needs_header() {
                put_continuation(out, header);
            }
            rest = behind;
        }
    }
}

/// Appends the same bytes in pieces for a vectored write: `payload` is not copied. `prefix` stands before it in the
/// message, as an FLV body header does.
pub fn message_pieces(
    out: &mut Vec<Bytes>,
    header: &MessageHeader,
    prefix: &[u8],
    mut payload: Bytes,
    chunk_size: u32,
) {
    let payload_bytes = prefix.len().saturating_add(payload.len());
    let Some(length) = declared_length(payload_bytes) else { return };
    let mut cutter = Cutter::new(chunk_size, payload_bytes);
    let mut start = BytesMut::with_capacity(START_BYTES_MAX.saturating_add(prefix.len()));
    put_start(&mut start, header, length);
    let mut rest = prefix;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at_checked(cutter.advance(rest.len())).unwrap_or((rest, &[]));
        start.put_slice(piece);
        if cutter.needs_header() {
            put_continuation(&mut start, header);
        }
        rest = behind;
    }
    out.push(start.freeze());
    let mut continuation = Bytes::new();
    while !payload.is_empty() {
        let count = cutter.advance(payload.len()).min(payload.len());
        out.push(payload.split_to(count));
        if cutter.needs_header() {
            if continuation.is_empty() {
                let mut bytes = BytesMut::with_capacity(CONTINUATION_BYTES_MAX);
                put_continuation(&mut bytes, header);
                continuation = bytes.freeze();
            }
            out.push(continuation.clone());
        }
    }
}

/// Basic header 3, message header 11, extended timestamp 4.
const START_BYTES_MAX: usize = 18;

/// Basic header 3, extended timestamp 4.
const CONTINUATION_BYTES_MAX: usize = 7;

fn declared_length(payload_bytes: usize) -> Option<u32> {
    u32::try_from(payload_bytes).ok().filter(|bytes| *bytes <= CHUNK_SIZE_MAX)
}

/// Says where chunks end.
struct Cutter {
    chunk_size: usize,
    left_in_chunk: usize,
    left_in_message: usize,
}

impl Cutter {
    fn new(chunk_size: u32, payload_bytes: usize) -> Self {
        let chunk_size = usize::try_from(chunk_size.clamp(1, CHUNK_SIZE_MAX)).unwrap_or(usize::MAX);
        Self { chunk_size, left_in_chunk: chunk_size, left_in_message: payload_bytes }
    }

    fn continuations_bytes_max(&self) -> usize {
        self.left_in_message.checked_div(self.chunk_size).unwrap_or(0).saturating_mul(CONTINUATION_BYTES_MAX)
    }

    /// How many of `available` bytes still go into the chunk; they count as written.
    fn advance(&mut self, available: usize) -> usize {
        let count = self.left_in_chunk.min(available);
        self.left_in_chunk = self.left_in_chunk.saturating_sub(count);
        self.left_in_message = self.left_in_message.saturating_sub(count);
        count
    }

    /// Whether the chunk is full and the message is not; the next chunk then counts as begun.
    fn needs_header(&mut self) -> bool {
        let needs = self.left_in_chunk == 0 && self.left_in_message > 0;
        if needs {
            self.left_in_chunk = self.chunk_size;
        }
        needs
    }
}

/// A type 0 chunk header (RTMP 1.0 §5.3.1.2.1).
fn put_start(out: &mut BytesMut, header: &MessageHeader, length: u32) {
    put_basic_header(out, 0, header.chunk_stream_id);
    put_u24(out, header.timestamp_ms.min(TIMESTAMP_EXTENDED));
    put_u24(out, length);
    out.put_u8(header.type_id);
    out.put_u32_le(header.message_stream_id);
    put_extended_timestamp(out, header);
}

/// A type 3 chunk header (RTMP 1.0 §5.3.1.2.4).
fn put_continuation(out: &mut BytesMut, header: &MessageHeader) {
    put_basic_header(out, 3, header.chunk_stream_id);
    put_extended_timestamp(out, header);
}

fn put_extended_timestamp(out: &mut BytesMut, header: &MessageHeader) {
    if header.timestamp_ms >= TIMESTAMP_EXTENDED {
        out.put_u32(header.timestamp_ms);
    }
}

/// RTMP 1.0 §5.3.1.1: ids up to 63 fit the first byte, up to 319 need one more, the others two.
fn put_basic_header(out: &mut BytesMut, header_type: u8, chunk_stream_id: u32) {
    let first = header_type << 6;
    match (u8::try_from(chunk_stream_id), u8::try_from(chunk_stream_id.saturating_sub(64))) {
        (Ok(id @ 2..=63), _) => out.put_u8(first | id),
        (_, Ok(offset)) => out.put_slice(&[first, offset]),
        _ => {
            out.put_u8(first | 1);
            out.put_u16_le(u16::try_from(chunk_stream_id.saturating_sub(64)).unwrap_or(u16::MAX));
        }
    }
}

fn put_u24(out: &mut BytesMut, value: u32) {
    let [_, high, middle, low] = value.to_be_bytes();
    out.put_slice(&[high, middle, low]);
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
