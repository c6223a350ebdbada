//! The server's half of a WebSocket that carries media one way: RFC 6455, no extensions.
//!
//! Frames of the server are not masked, so one framed buffer serves every viewer. What a viewer sends is heard only for
//! ping and close; anything else is skipped without being kept.

use bytes::{BufMut, Bytes, BytesMut};
use sha1::{Digest, Sha1};
use std::collections::VecDeque;

/// Payload bytes of one frame from a viewer at most; media sockets are not spoken to at length.
const FRAME_BYTES_MAX: u64 = 64 << 10;
/// Control frames carry at most this (§5.5).
const CONTROL_BYTES_MAX: usize = 125;

const OPCODE_BINARY: u8 = 2;
const OPCODE_CLOSE: u8 = 8;
const OPCODE_PING: u8 = 9;
const OPCODE_PONG: u8 = 10;

/// Header bytes of a frame at most.
pub const HEADER_BYTES_MAX: usize = 10;

/// Why a viewer's frames cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// §5.1.
    #[error("frames from a client must be masked (RFC 6455 §5.1)")]
    NotMasked,
    /// §5.2.
    #[error("reserved bits or opcode {0:#x} without an extension that uses them (RFC 6455 §5.2)")]
    Reserved(u8),
    /// §5.5.
    #[error("control frames carry at most 125 bytes in one piece (RFC 6455 §5.5)")]
    LongControl,
    /// Ours.
    #[error("a frame of {0} bytes on a media socket, at most {FRAME_BYTES_MAX} are read")]
    TooLarge(u64),
}

/// The value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (§4.2.2).
pub fn accept_key(key: &[u8]) -> String {
    use base64::Engine;
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    base64::engine::general_purpose::STANDARD.encode(hash.finalize())
}

/// Appends the header of a binary message of `len` bytes.
pub fn put_binary_header(len: usize, out: &mut BytesMut) {
    put_header(OPCODE_BINARY, len, out);
}

fn put_header(opcode: u8, len: usize, out: &mut BytesMut) {
    const FINAL: u8 = 0x80;
    out.put_u8(FINAL | opcode);
    if len < 126 {
        out.put_u8(len as u8);
    } else if let Ok(len) = u16::try_from(len) {
        out.put_u8(126);
        out.put_u16(len);
    } else {
        out.put_u8(127);
        out.put_u64(len as u64);
    }
}

/// One binary message.
pub fn binary(payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(HEADER_BYTES_MAX + payload.len());
    put_binary_header(payload.len(), &mut out);
    out.put_slice(payload);
    out.freeze()
}

/// A close frame with a status code (§7.4).
pub fn close(status: u16) -> Bytes {
    control(OPCODE_CLOSE, &status.to_be_bytes())
}

fn control(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(2 + payload.len());
    put_header(opcode, payload.len(), &mut out);
    out.put_slice(payload);
    out.freeze()
}

/// Reads what a viewer sends.
#[derive(Debug, Default)]
pub struct Reader {
    /// The header as far as it has come; headers have 6 to 14 bytes.
    header: Vec<u8>,
    /// The frame being read.
    frame: Option<Frame>,
}

#[derive(Debug)]
struct Frame {
    opcode: u8,
    mask: [u8; 4],
    left: u64,
    /// Payload of a control frame.
    control: Vec<u8>,
}

impl Reader {
    /// Takes bytes from the viewer and appends answers to `out`. True when the viewer says goodbye.
    pub fn hear(&mut self, mut bytes: &[u8], out: &mut VecDeque<Bytes>) -> Result<bool, Error> {
        while !bytes.is_empty() || self.frame.as_ref().is_some_and(|frame| frame.left == 0) {
            let Some(frame) = &mut self.frame else {
                let Some((&byte, rest)) = bytes.split_first() else { break };
                bytes = rest;
                self.header.push(byte);
                self.frame = parse_header(&self.header)?;
                if self.frame.is_some() {
                    self.header.clear();
                }
                continue;
            };
            let take = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
            let (payload, rest) = bytes.split_at(take);
            bytes = rest;
            frame.left -= take as u64;
            if frame.opcode & 8 != 0 {
                frame.control.extend_from_slice(payload);
            }
            if frame.left > 0 {
                break;
            }
            let Some(mut frame) = self.frame.take() else { break };
            for (byte, mask) in frame.control.iter_mut().zip(frame.mask.iter().cycle()) {
                *byte ^= mask;
            }
            match frame.opcode {
                OPCODE_PING => out.push_back(control(OPCODE_PONG, &frame.control)),
                OPCODE_CLOSE => {
                    // §5.5.1: the answer repeats the status code, if there was one.
                    out.push_back(control(OPCODE_CLOSE, frame.control.get(..2).unwrap_or_default()));
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }
}

/// Nothing while bytes are missing.
fn parse_header(header: &[u8]) -> Result<Option<Frame>, Error> {
    let &[first, second, ref rest @ ..] = header else { return Ok(None) };
    let opcode = first & 0x0f;
    if first & 0x70 != 0
        || !matches!(opcode, 0 | 1 | OPCODE_BINARY | OPCODE_CLOSE | OPCODE_PING | OPCODE_PONG)
    {
        return Err(Error::Reserved(first));
    }
    if second & 0x80 == 0 {
        return Err(Error::NotMasked);
    }
    let (length, mask) = match (second & 0x7f, rest) {
        (126, [a, b, mask @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), mask),
        (127, [a, b, c, d, e, f, g, h, mask @ ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), mask)
        }
        (126 | 127, _) => return Ok(None),
        (short, mask) => (u64::from(short), mask),
    };
    let Ok(mask) = <[u8; 4]>::try_from(mask) else { return Ok(None) };
    let is_control = opcode & 8 != 0;
    if is_control && (length > CONTROL_BYTES_MAX as u64 || first & 0x80 == 0) {
        return Err(Error::LongControl);
    }
    if length > FRAME_BYTES_MAX {
        return Err(Error::TooLarge(length));
    }
    Ok(Some(Frame { opcode, mask, left: length, control: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 1, 2, 3, 4];
        frame.extend(payload.iter().zip([1u8, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    #[test]
    fn the_example_of_the_standard_gives_its_accept_key() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_ping_is_answered_also_when_it_comes_byte_by_byte() {
        let mut said = masked(OPCODE_BINARY, b"skipped");
        said.extend(masked(OPCODE_PING, b"hello"));
        said.extend(masked(OPCODE_PING, b""));
        let mut whole = VecDeque::new();
        assert_eq!(Reader::default().hear(&said, &mut whole), Ok(false));
        assert_eq!(whole, [Bytes::from_static(b"\x8a\x05hello"), Bytes::from_static(b"\x8a\x00")]);
        let (mut reader, mut single) = (Reader::default(), VecDeque::new());
        for byte in said {
            assert_eq!(reader.hear(&[byte], &mut single), Ok(false));
        }
        assert_eq!(single, whole);
    }

    #[test]
    fn a_close_is_answered_with_its_status() {
        let mut out = VecDeque::new();
        assert_eq!(Reader::default().hear(&masked(OPCODE_CLOSE, &[0x03, 0xe8, b'x']), &mut out), Ok(true));
        assert_eq!(out, [Bytes::from_static(b"\x88\x02\x03\xe8")]);
    }

    #[test]
    fn frames_that_lie_are_refused() {
        let mut out = VecDeque::new();
        assert_eq!(Reader::default().hear(&[0x82, 0x05], &mut out), Err(Error::NotMasked));
        assert_eq!(Reader::default().hear(&[0xc2, 0x85], &mut out), Err(Error::Reserved(0xc2)));
        assert_eq!(
            Reader::default().hear(&[0x89, 0xfe, 0, 200, 0, 0, 0, 0], &mut out),
            Err(Error::LongControl)
        );
        let huge = [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Reader::default().hear(&huge, &mut out), Err(Error::TooLarge(1 << 32)));
    }

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        let header = |len| {
            let mut out = BytesMut::new();
            put_binary_header(len, &mut out);
            out.to_vec()
        };
        assert_eq!(header(125), [0x82, 125]);
        assert_eq!(header(126), [0x82, 126, 0, 126]);
        assert_eq!(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_viewer_sends_is_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            let mut out = VecDeque::new();
            let _ = Reader::default().hear(&bytes, &mut out);
        }
    }
}
