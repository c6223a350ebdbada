//! Aggregate messages: FLV tags one after the other in one message (RTMP 1.0 §7.1.6).

use crate::Error;
use crate::message::{MediaKind, Message};
use crate::session::Media;

/// Tags in one message at most; servers that send aggregates put some tens in one.
const TAGS_MAX: usize = 4096;

/// FLV 10.1 §E.4.1.
const TAG_HEADER_BYTES: usize = 11;

/// Behind each tag: its size, which nobody needs here.
const BACK_POINTER_BYTES: usize = 4;

/// The media in `message`. Only the first tag's time is that of the message; the others keep their distance to it.
pub(super) fn split(message: &Message) -> Result<Vec<Media>, Error> {
    let truncated =
        || Error::Truncated { what: "an aggregate message (RTMP 1.0 §7.1.6)", bytes: message.payload.len() };
    let mut rest = message.payload.clone();
    let mut media = Vec::new();
    let mut first_ms = None;
    let mut count: usize = 0;
    while !rest.is_empty() {
        count = count.saturating_add(1);
        if count > TAGS_MAX {
            return Err(Error::TooManyTags { max: TAGS_MAX });
        }
        let header: [u8; TAG_HEADER_BYTES] = *rest.first_chunk().ok_or_else(truncated)?;
        let [tag_type, a, b, c, low, middle, high, top, ..] = header;
        let body_bytes = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let timestamp_ms = u32::from_be_bytes([top, low, middle, high]);
        let end = TAG_HEADER_BYTES.saturating_add(body_bytes);
        if rest.len() < end {
            return Err(truncated());
        }
        let offset_ms = timestamp_ms.wrapping_sub(*first_ms.get_or_insert(timestamp_ms));
        if let Some(kind) = MediaKind::of_type(tag_type) {
            media.push(Media {
                message_stream_id: message.message_stream_id,
                kind,
                timestamp_ms: message.timestamp_ms.wrapping_add(offset_ms),
                payload: rest.slice(TAG_HEADER_BYTES..end),
            });
        }
        // The last back pointer is left out by some.
        rest = rest.slice(end.saturating_add(BACK_POINTER_BYTES).min(rest.len())..);
    }
    Ok(media)
}
