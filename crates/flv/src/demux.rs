//! An FLV byte stream, from a file or an HTTP answer, into tags (FLV 10.1 annex E.2 to E.4).

use crate::reader::Reader;
use crate::{Error, Tag, TagType};
use bytes::{Buf, BytesMut};

/// How far behind its start a stream may say that its tags begin.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// How many tags of unknown types in a row are passed over before the stream is taken for something else.
const UNKNOWN_TAGS_MAX: u32 = 16;

const FILE_HEADER_BYTES: usize = 9;
const TAG_HEADER_BYTES: usize = 11;
const PREVIOUS_TAG_SIZE_BYTES: usize = 4;

/// Cuts an FLV byte stream into tags, whatever the pieces it arrives in.
///
/// Call [`push`](Self::push) with what arrived and [`poll_tag`](Self::poll_tag) until it has no more; the buffer then
/// holds less than one tag. The sizes of previous tags are not looked at: many writers get them wrong.
#[derive(Debug)]
pub struct Demuxer {
    buffer: BytesMut,
    /// Bytes that still have to be passed over before the next tag header.
    skip_bytes: usize,
    has_file_header: bool,
    unknown_tags: u32,
    tag_bytes_max: usize,
}

impl Demuxer {
    /// A tag with a body of more than `tag_bytes_max` bytes ends the stream with an error.
    pub fn new(tag_bytes_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            skip_bytes: 0,
            has_file_header: false,
            unknown_tags: 0,
            tag_bytes_max,
        }
    }

    /// Adds what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next tag; `None` when more bytes are needed.
    pub fn poll_tag(&mut self) -> Result<Option<Tag>, Error> {
        if !self.has_file_header {
            let Some(tags_start) = read_file_header(&self.buffer)? else { return Ok(None) };
            self.skip_bytes = tags_start.saturating_add(PREVIOUS_TAG_SIZE_BYTES);
            self.has_file_header = true;
        }
        loop {
            let skipped = self.skip_bytes.min(self.buffer.len());
            self.buffer.advance(skipped);
            self.skip_bytes = self.skip_bytes.saturating_sub(skipped);
            if self.skip_bytes > 0 {
                return Ok(None);
            }
            let Some(header) = TagHeader::read(&self.buffer) else { return Ok(None) };
            if header.body_bytes > self.tag_bytes_max {
                return Err(Error::TagTooLarge { bytes: header.body_bytes, max_bytes: self.tag_bytes_max });
            }
            let tag_bytes = TAG_HEADER_BYTES.saturating_add(header.body_bytes);
            if self.buffer.len() < tag_bytes {
                return Ok(None);
            }
            let tag_type = TagType::try_from(header.tag_type);
            if tag_type.is_err() && self.unknown_tags < UNKNOWN_TAGS_MAX {
                self.unknown_tags = self.unknown_tags.saturating_add(1);
                self.skip_bytes = tag_bytes.saturating_add(PREVIOUS_TAG_SIZE_BYTES);
                continue;
            }
            let tag_type = tag_type?;
            self.unknown_tags = 0;
            self.skip_bytes = PREVIOUS_TAG_SIZE_BYTES;
            let mut body = self.buffer.split_to(tag_bytes);
            body.advance(TAG_HEADER_BYTES);
            return Ok(Some(Tag { tag_type, timestamp_ms: header.timestamp_ms, body: body.freeze() }));
        }
    }
}

/// Where the tags begin; `None` when more bytes are needed.
fn read_file_header(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let signature = bytes.get(..3).unwrap_or(bytes);
    if !b"FLV".starts_with(signature) {
        return Err(Error::NotFlv);
    }
    let Some(&[.., a, b, c, d]) = bytes.get(..FILE_HEADER_BYTES) else { return Ok(None) };
    // E.2: the length of the header; writers of nonsense below 9 mean 9.
    let header_bytes = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if header_bytes > HEADER_BYTES_MAX {
        return Err(Error::HeaderTooLarge { bytes: header_bytes, max_bytes: HEADER_BYTES_MAX });
    }
    Ok(Some(header_bytes.max(FILE_HEADER_BYTES)))
}

struct TagHeader {
    tag_type: u8,
    body_bytes: usize,
    timestamp_ms: u32,
}

impl TagHeader {
    /// E.4.1; `None` when more bytes are needed.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes.get(..TAG_HEADER_BYTES)?, "FLV tag header");
        let tag_type = reader.u8().ok()?;
        let body_bytes = usize::try_from(reader.u24().ok()?).ok()?;
        let timestamp_low = reader.u24().ok()?;
        let timestamp_high = u32::from(reader.u8().ok()?);
        Some(Self { tag_type, body_bytes, timestamp_ms: timestamp_high << 24 | timestamp_low })
    }
}

#[cfg(test)]
#[path = "demux_tests.rs"]
mod tests;
