//! Decoder configs of codecs that send none, made from the header of a frame.

use bytes::Bytes;
use media::Codec;

/// Whether `codec`'s frames say all there is to know.
pub(crate) fn has_config(codec: Codec) -> bool {
    matches!(codec, Codec::Mp3 | Codec::Ac3 | Codec::Eac3)
}

/// The decoder config of the frame that `payload` begins with.
pub(crate) fn config(codec: Codec, payload: &[u8]) -> Option<Bytes> {
    match codec {
        Codec::Mp3 => mp3(payload),
        Codec::Ac3 => ac3(payload),
        Codec::Eac3 => eac3(payload),
        _ => None,
    }
}

/// Whether two decoder configs set up the same decoder. Bit rate, padding and stereo mode change from frame to frame
/// within a track.
pub(crate) fn is_same(codec: Codec, one: &[u8], other: &[u8]) -> bool {
    let mask: &[u8] = match codec {
        Codec::Mp3 => {
            let is_mono = |config: &[u8]| config.last().is_some_and(|last| last >> 6 == 0b11);
            if is_mono(one) != is_mono(other) {
                return false;
            }
            // version and layer; sample rate
            &[0, 0b0001_1110, 0b0000_1100, 0]
        }
        Codec::Ac3 => &[0xFF, 0b1111_1100, 0b0001_1111],
        Codec::Eac3 => &[0, 0b0000_0111, 0xFF, 0xFF, 0xFF],
        _ => return one == other,
    };
    one.len() == other.len()
        && one.iter().zip(other).zip(mask).all(|((one, other), mask)| (one ^ other) & mask == 0)
}

/// ISO/IEC 11172-3 §2.4.1.3: the header itself.
fn mp3(frame: &[u8]) -> Option<Bytes> {
    let header = frame.first_chunk::<4>()?;
    let [sync, version_layer, rates, _] = *header;
    let is_layer_3 = version_layer >> 1 & 0b11 == 0b01;
    let has_version = version_layer >> 3 & 0b11 != 0b01;
    let has_rates = rates >> 4 != 0b1111 && rates >> 2 & 0b11 != 0b11;
    let is_mp3 = sync == 0xFF && version_layer >> 5 == 0b111 && is_layer_3 && has_version && has_rates;
    is_mp3.then(|| Bytes::copy_from_slice(header))
}

/// ETSI TS 102 366 §4.3 to §F.4.
fn ac3(frame: &[u8]) -> Option<Bytes> {
    let &[0x0B, 0x77, _, _, rates, mode, layout, ..] = frame else { return None };
    let (sample_rate_code, frame_size_code) = (rates >> 6, rates & 0x3F);
    let (bsid, bsmod, acmod) = (mode >> 3, mode & 0b111, layout >> 5);
    // §5.4.2: mix levels stand between acmod and lfeon, where the channels give them a meaning.
    let has_centre_mix = acmod & 1 != 0 && acmod != 1;
    let mix_fields = u8::from(has_centre_mix) + u8::from(acmod & 4 != 0) + u8::from(acmod == 2);
    let lfeon = layout >> (4 - 2 * mix_fields) & 1;
    let fields = u32::from(sample_rate_code) << 22
        | u32::from(bsid) << 17
        | u32::from(bsmod) << 14
        | u32::from(acmod) << 11
        | u32::from(lfeon) << 10
        | u32::from(frame_size_code >> 1) << 5;
    let [_, body @ ..] = fields.to_be_bytes();
    (sample_rate_code != 0b11 && bsid <= 8).then(|| Bytes::copy_from_slice(&body))
}

/// ETSI TS 102 366 §E.1.2 to §F.6; for one independent substream.
fn eac3(frame: &[u8]) -> Option<Bytes> {
    let &[0x0B, 0x77, size_high, size_low, layout, bsid_byte, ..] = frame else { return None };
    let frame_bytes =
        (u32::from(size_high & 0b111) << 8 | u32::from(size_low)).saturating_add(1).saturating_mul(2);
    let (sample_rate_code, second_code) = (layout >> 6, layout >> 4 & 0b11);
    let (sample_rate, blocks) = match (sample_rate_code, second_code) {
        (0, blocks) => (48_000, BLOCKS.get(usize::from(blocks))?),
        (1, blocks) => (44_100, BLOCKS.get(usize::from(blocks))?),
        (2, blocks) => (32_000, BLOCKS.get(usize::from(blocks))?),
        (_, 0) => (24_000, &6),
        (_, 1) => (22_050, &6),
        (_, 2) => (16_000, &6),
        _ => return None,
    };
    let (acmod, lfeon, bsid) = (layout >> 1 & 0b111, layout & 1, bsid_byte >> 3);
    let data_rate_kbps =
        frame_bytes.saturating_mul(8).saturating_mul(sample_rate).checked_div(blocks * 256 * 1000)?;
    let fields = u64::from(data_rate_kbps & 0x1FFF) << 27
        | u64::from(sample_rate_code) << 22
        | u64::from(bsid) << 17
        | u64::from(acmod) << 9
        | u64::from(lfeon) << 8;
    let [_, _, _, body @ ..] = fields.to_be_bytes();
    (11..=16).contains(&bsid).then(|| Bytes::copy_from_slice(&body))
}

/// §E.1.3.1: audio blocks per frame by numblkscod.
const BLOCKS: [u32; 4] = [1, 2, 3, 6];
