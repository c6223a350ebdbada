//! Codecs that send no decoder config: it is made from the header of a frame.

use bytes::Bytes;
use media::{Codec, Timestamp, ac3, mp3};

/// How many packets one tag's MP3 frames are cut into; what is left stays with the last.
const MP3_FRAMES_MAX: u32 = 64;

/// Whether `codec`'s frames say all there is to know.
pub(crate) fn has_config(codec: Codec) -> bool {
    matches!(codec, Codec::Mp3 | Codec::Ac3 | Codec::Eac3)
}

/// The decoder config of the frame that `payload` begins with.
pub(crate) fn config(codec: Codec, payload: &[u8]) -> Option<Bytes> {
    match codec {
        Codec::Mp3 => mp3::config_of(payload).ok(),
        Codec::Ac3 => ac3::ac3_config_of(payload).ok(),
        Codec::Eac3 => ac3::eac3_config_of(payload).ok(),
        _ => None,
    }
}

/// Whether two decoder configs set up the same decoder. Bit rate, padding and stereo mode change from frame to frame
/// within a track.
pub(crate) fn is_same(codec: Codec, one: &[u8], other: &[u8]) -> bool {
    match codec {
        Codec::Mp3 => match (mp3::FrameHeader::parse(one), mp3::FrameHeader::parse(other)) {
            (Ok(Some(one)), Ok(Some(other))) => one.is_same_format(&other),
            _ => false,
        },
        // all but bit_rate_code (ETSI TS 102 366 annex F.4), all but data_rate (F.6)
        Codec::Ac3 => is_same_but(&[0, 0b0000_0011, 0b1110_0000], one, other),
        Codec::Eac3 => is_same_but(&[0xFF, 0b1111_1000], one, other),
        _ => one == other,
    }
}

/// Whether two byte strings are equal where `ignored` has no bits.
fn is_same_but(ignored: &[u8], one: &[u8], other: &[u8]) -> bool {
    let ignored = ignored.iter().chain(std::iter::repeat(&0));
    one.len() == other.len()
        && one.iter().zip(other).zip(ignored).all(|((one, other), ignored)| (one ^ other) & !ignored == 0)
}

/// Cuts what a tag holds into frames, each with the time from the first in microseconds. Only MP3 needs it: of the
/// others a packet may hold several frames ([`Codec`]).
pub(crate) fn frames(codec: Codec, payload: Bytes) -> impl Iterator<Item = (Bytes, i64)> {
    let mut rest = payload;
    let (mut count, mut micros) = (0u32, 0i64);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        count = count.saturating_add(1);
        let first =
            if codec == Codec::Mp3 && count < MP3_FRAMES_MAX { first_of_several(&rest) } else { None };
        let Some(first) = first else { return Some((std::mem::take(&mut rest), micros)) };
        let start_micros = micros;
        let samples = i64::from(first.samples_per_frame()).saturating_mul(count.into());
        micros = Timestamp::from_ticks(samples, first.sample_rate).as_micros();
        Some((rest.split_to(first.frame_bytes), start_micros))
    })
}

/// The header of the first frame, when another of the same format begins where it ends. If not, what is behind it is
/// left where it is.
fn first_of_several(bytes: &[u8]) -> Option<mp3::FrameHeader> {
    let first = mp3::FrameHeader::parse(bytes).ok()??;
    let second = mp3::FrameHeader::parse(bytes.get(first.frame_bytes..)?).ok()??;
    (first.frame_bytes > 0 && second.is_same_format(&first)).then_some(first)
}
