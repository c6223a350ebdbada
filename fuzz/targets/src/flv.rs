//! FLV and AMF.

use crate::input::{Input, pieces};
use crate::remux::remux;
use bytes::{Bytes, BytesMut};
use flv::{BodyDemuxer, Demuxer, TagType, amf0, amf3};

/// Small, so that a fuzzer finds the limit.
const TAG_BYTES_MAX: usize = 64 << 10;

/// A stream of tags means the same whatever the pieces it comes in; its packets can be written in every format.
pub fn flv_stream(data: &[u8]) {
    let (whole, in_pieces) = (tags([data]), tags(pieces(data)));
    assert_eq!(whole, in_pieces);
    let mut demuxer = BodyDemuxer::new();
    let mut packets = Vec::new();
    for tag in whole.0 {
        let _ = demuxer.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut packets);
    }
    remux(&packets);
}

fn tags<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> (Vec<flv::Tag>, Option<flv::Error>) {
    let mut demuxer = Demuxer::new(TAG_BYTES_MAX);
    let mut tags = Vec::new();
    for piece in input {
        demuxer.push(piece);
        loop {
            match demuxer.poll_tag() {
                Ok(Some(tag)) => tags.push(tag),
                Ok(None) => break,
                Err(error) => return (tags, Some(error)),
            }
        }
    }
    (tags, None)
}

/// Tag bodies, as RTMP messages carry them too: each behind its type and a length of two bytes.
pub fn flv_body(data: &[u8]) {
    let mut input = Input(data);
    let mut demuxer = BodyDemuxer::new();
    let mut packets = Vec::new();
    while !input.is_empty() {
        let tag_type = match input.u8() % 3 {
            0 => TagType::Audio,
            1 => TagType::Video,
            _ => TagType::Script,
        };
        let timestamp_ms = input.u32();
        let body_bytes = usize::from(input.u16());
        let body = Bytes::copy_from_slice(input.take(body_bytes));
        if let Err(error) = demuxer.demux(tag_type, timestamp_ms, body, &mut packets) {
            let _ = error.to_string();
        }
    }
    remux(&packets);
}

/// What AMF0 was read can be written, and reads as the same again.
pub fn amf0(data: &[u8]) {
    let Ok(values) = amf0::decode_all(data) else { return };
    let written = encode(&values);
    let again = amf0::decode_all(&written).expect("what was written can be read");
    // As bytes: a number that is none is not equal to itself.
    assert_eq!(encode(&again), written, "{values:?}");
}

/// AMF3 values become AMF0 values, which can be written.
pub fn amf3(data: &[u8]) {
    if let Ok(values) = amf3::decode_all(data) {
        encode(&values);
    }
}

fn encode(values: &[amf0::Value]) -> BytesMut {
    let mut out = BytesMut::new();
    for value in values {
        amf0::encode(value, &mut out);
    }
    out
}
