//! From what encoders put into a body to the normal form of [`media::Codec`].

use bytes::{BufMut, Bytes, BytesMut};
use media::Codec;

/// Version 1 and no flags, which stand before the record in a `vpcC` box but not in a tag (VP-ISOBMFF §2.2).
pub(crate) const VPCC_VERSION_AND_FLAGS: [u8; 4] = [1, 0, 0, 0];
/// The record without codec initialization data, which VP8 and VP9 do not have.
const VPCC_RECORD_BYTES: usize = 8;

const FLAC_MARKER: &[u8] = b"fLaC";
/// RFC 9639 §8.1: the last metadata block, type STREAMINFO, 34 bytes.
const FLAC_STREAMINFO_HEADER: [u8; 4] = [0x80, 0, 0, 34];
const FLAC_STREAMINFO_BYTES: usize = 34;

/// The decoder config in its normal form, in memory of its own so that it keeps no tag alive; `None` for a header
/// that is none.
pub(crate) fn config(codec: Codec, bytes: &[u8]) -> Option<Bytes> {
    match codec {
        Codec::Vp8 | Codec::Vp9 => {
            let has_version = bytes.starts_with(&VPCC_VERSION_AND_FLAGS)
                && bytes.len() >= VPCC_VERSION_AND_FLAGS.len().saturating_add(VPCC_RECORD_BYTES);
            if !has_version {
                return Some(concat(&[&VPCC_VERSION_AND_FLAGS, bytes]));
            }
        }
        Codec::Flac => {
            // With or without the marker, and the block with or without its header.
            let block = bytes.strip_prefix(FLAC_MARKER).unwrap_or(bytes);
            let info = match block.len() {
                FLAC_STREAMINFO_BYTES => block,
                _ => block.get(4..)?.get(..FLAC_STREAMINFO_BYTES)?,
            };
            return Some(concat(&[FLAC_MARKER, &FLAC_STREAMINFO_HEADER, info]));
        }
        // RFC 7845 §5.2: comments for people.
        Codec::Opus if bytes.starts_with(b"OpusTags") => return None,
        _ => {}
    }
    Some(Bytes::copy_from_slice(bytes))
}

/// A coded payload in its normal form.
pub(crate) fn coded(codec: Codec, payload: Bytes) -> Bytes {
    // AV1-ISOBMFF §2.4: no temporal delimiter (an OBU of type 2 with a size field that says 0).
    match payload.strip_prefix(&[0x12, 0x00]) {
        Some(rest) if codec == Codec::Av1 && !rest.is_empty() => payload.slice_ref(rest),
        _ => payload,
    }
}

fn concat(parts: &[&[u8]]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        bytes.put_slice(part);
    }
    bytes.freeze()
}
