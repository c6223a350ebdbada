//! AV1: `AV1CodecConfigurationRecord` (AV1 in ISO-BMFF §2.3) both ways, and the sequence header in it (AV1 bitstream
//! §5.5). Frames are not parsed; OBUs are only told apart.

use crate::bits::BitReader;
use crate::{Error, VideoInfo, video};
use bytes::Bytes;

/// A sequence header OBU's contents (AV1 §5.5.1), as far as somebody outside a decoder wants to know them.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceHeader {
    /// `seq_profile`: 0 Main, 1 High, 2 Professional.
    pub profile: u8,
    /// `seq_level_idx` of the first operating point; 31 means no limits.
    pub level_idx: u8,
    /// Whether it is the High tier.
    pub is_high_tier: bool,
    /// Largest width of a picture.
    pub width: u32,
    /// Largest height of a picture.
    pub height: u32,
    /// Pictures per second, when every picture is shown as long.
    pub frame_rate: Option<f64>,
    /// The colour format.
    pub color: ColorConfig,
}

/// `color_config` (AV1 §5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColorConfig {
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// No chroma.
    pub is_monochrome: bool,
    /// Chroma has half the width.
    pub is_subsampled_x: bool,
    /// Chroma has half the height.
    pub is_subsampled_y: bool,
    /// Where chroma samples are: 0 unknown, 1 vertical, 2 colocated.
    pub chroma_sample_position: u8,
    /// Colour primaries, transfer characteristics and matrix coefficients (ISO/IEC 23091-4); 2 is unspecified.
    pub description: [u8; 3],
    /// Whether samples use all their values.
    pub is_full_range: bool,
}

impl SequenceHeader {
    /// Reads the contents of a sequence header OBU, its header and size taken off.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(payload, SEQUENCE_HEADER);
        let profile = bits.bits8(3)?;
        if profile > 2 {
            return Err(Error::Invalid {
                what: "seq_profile",
                value: u64::from(profile),
                expected: "0 to 2",
                section: "AV1 §6.4.1",
            });
        }
        bits.skip(1)?; // still_picture
        let is_reduced = bits.flag()?;
        let mut frame_rate = None;
        let (level_idx, is_high_tier) = if is_reduced {
            (bits.bits8(5)?, false)
        } else {
            let timing = Timing::read(&mut bits)?;
            frame_rate = timing.frame_rate;
            read_operating_points(&mut bits, timing.buffer_delay_bits)?
        };
        let width_bits = bits.bits(4)? + 1;
        let height_bits = bits.bits(4)? + 1;
        let width = video::check_side("max_frame_width (AV1 §6.4.1)", bits.bits64(width_bits)? + 1)?;
        let height = video::check_side("max_frame_height (AV1 §6.4.1)", bits.bits64(height_bits)? + 1)?;
        skip_tools(&mut bits, is_reduced)?;
        let color = ColorConfig::read(&mut bits, profile)?;
        Ok(Self { profile, level_idx, is_high_tier, width, height, frame_rate, color })
    }

    /// The decoder config for a stream that starts with this sequence header OBU (`obu`: the whole OBU, with its size
    /// field): an `AV1CodecConfigurationRecord` that holds it.
    pub fn config(&self, obu: &[u8]) -> Bytes {
        let color = &self.color;
        let flags = [
            self.is_high_tier,
            color.bit_depth > 8,
            color.bit_depth == 12,
            color.is_monochrome,
            color.is_subsampled_x,
            color.is_subsampled_y,
        ];
        let flags = flags.iter().fold(0u8, |flags, &flag| flags << 1 | u8::from(flag));
        let mut record = Vec::with_capacity(RECORD_HEAD_BYTES + obu.len());
        record.extend([
            0x81,
            self.profile << 5 | self.level_idx,
            flags << 2 | color.chroma_sample_position,
            0,
        ]);
        record.extend_from_slice(obu);
        record.into()
    }
}

impl ColorConfig {
    fn read(bits: &mut BitReader<'_>, profile: u8) -> Result<Self, Error> {
        let is_high_depth = bits.flag()?;
        let bit_depth = match (is_high_depth, profile) {
            (true, 2) if bits.flag()? => 12,
            (true, _) => 10,
            (false, _) => 8,
        };
        let is_monochrome = profile != 1 && bits.flag()?;
        let mut description = [UNSPECIFIED; 3];
        if bits.flag()? {
            for value in &mut description {
                *value = bits.bits8(8)?;
            }
        }
        let mut color = Self {
            bit_depth,
            is_monochrome,
            is_subsampled_x: true,
            is_subsampled_y: true,
            chroma_sample_position: 0,
            description,
            is_full_range: false,
        };
        if is_monochrome {
            color.is_full_range = bits.flag()?;
            return Ok(color);
        }
        if description == SRGB {
            color.is_full_range = true;
            (color.is_subsampled_x, color.is_subsampled_y) = (false, false);
            return Ok(color);
        }
        color.is_full_range = bits.flag()?;
        (color.is_subsampled_x, color.is_subsampled_y) = match (profile, bit_depth) {
            (0, _) => (true, true),
            (1, _) => (false, false),
            (_, 12) => {
                let is_subsampled_x = bits.flag()?;
                (is_subsampled_x, is_subsampled_x && bits.flag()?)
            }
            _ => (true, false),
        };
        if color.is_subsampled_x && color.is_subsampled_y {
            color.chroma_sample_position = bits.bits8(2)?;
        }
        Ok(color)
    }
}

/// The OBUs of a payload, each with its size field; after an error nothing follows.
pub fn obus(payload: &[u8]) -> Obus<'_> {
    Obus { rest: payload }
}

/// See [`obus`].
#[derive(Clone, Debug)]
pub struct Obus<'a> {
    rest: &'a [u8],
}

/// An open bitstream unit (AV1 §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obu<'a> {
    /// `obu_type`.
    pub obu_type: u8,
    /// With header and size field.
    pub whole: &'a [u8],
    /// Without them.
    pub payload: &'a [u8],
}

impl<'a> Iterator for Obus<'a> {
    type Item = Result<Obu<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let obu = split_obu(self.rest);
        self.rest = obu.as_ref().ok().and_then(|obu| self.rest.get(obu.whole.len()..)).unwrap_or(&[]);
        Some(obu)
    }
}

/// `obu_type` of a sequence header.
pub const OBU_SEQUENCE_HEADER: u8 = 1;
/// `obu_type` of a temporal delimiter.
pub const OBU_TEMPORAL_DELIMITER: u8 = 2;

/// The first sequence header in a payload of OBUs with sizes.
pub fn find_sequence_header(payload: &[u8]) -> Result<Option<SequenceHeader>, Error> {
    for obu in obus(payload) {
        let obu = obu?;
        if obu.obu_type == OBU_SEQUENCE_HEADER {
            return SequenceHeader::parse(obu.payload).map(Some);
        }
    }
    Ok(None)
}

pub(crate) fn video_info(record: &[u8]) -> Result<VideoInfo, Error> {
    let (head, obus) = split_record(record)?;
    // The record may leave the sequence header to the keyframes (AV1-ISOBMFF §2.3.4).
    let header = find_sequence_header(obus)?;
    let (profile, level_idx) = (head.profile, head.level_idx);
    Ok(VideoInfo {
        width: header.as_ref().map_or(0, |header| header.width),
        height: header.as_ref().map_or(0, |header| header.height),
        frame_rate: header.and_then(|header| header.frame_rate),
        profile: match profile {
            0 => "Main",
            1 => "High",
            2 => "Professional",
            _ => "unknown",
        },
        level_tenths: match level_idx {
            0..=23 => 10 * (2 + u32::from(level_idx >> 2)) + u32::from(level_idx & 3),
            _ => 0,
        },
        // Frames that are not shown travel inside the temporal unit of one that is.
        may_reorder: false,
    })
}

/// `av01.P.LLT.DD`, with colours behind it when they are not those of ordinary video (AV1-ISOBMFF §5).
pub(crate) fn codec_string(record: &[u8]) -> Option<String> {
    let (head, obus) = split_record(record).ok()?;
    let color = match find_sequence_header(obus) {
        Ok(Some(header)) => header.color,
        _ => head.color,
    };
    let tier = if head.is_high_tier { 'H' } else { 'M' };
    let mut string = format!("av01.{}.{:02}{tier}.{:02}", head.profile, head.level_idx, color.bit_depth);
    let is_420 = color.is_subsampled_x && color.is_subsampled_y && color.chroma_sample_position == 0;
    let is_ordinary = |&value: &u8| matches!(value, BT_709 | UNSPECIFIED);
    if color.is_monochrome || !is_420 || color.is_full_range || !color.description.iter().all(is_ordinary) {
        // Unspecified is printed as what players take it for.
        let [primaries, transfer, matrix] =
            color.description.map(|value| if value == UNSPECIFIED { BT_709 } else { value });
        string += &format!(
            ".{}.{}{}{}.{primaries:02}.{transfer:02}.{matrix:02}.{}",
            u8::from(color.is_monochrome),
            u8::from(color.is_subsampled_x),
            u8::from(color.is_subsampled_y),
            color.chroma_sample_position,
            u8::from(color.is_full_range),
        );
    }
    Some(string)
}

/// The four bytes before the OBUs (AV1-ISOBMFF §2.3.3).
struct RecordHead {
    profile: u8,
    level_idx: u8,
    is_high_tier: bool,
    color: ColorConfig,
}

fn split_record(record: &[u8]) -> Result<(RecordHead, &[u8]), Error> {
    let (head, obus) =
        record.split_first_chunk::<RECORD_HEAD_BYTES>().ok_or(Error::Truncated { what: RECORD })?;
    let mut bits = BitReader::new(head, RECORD);
    let marker_and_version = bits.bits8(8)?;
    if marker_and_version != 0x81 {
        return Err(Error::Invalid {
            what: "marker and version of an AV1CodecConfigurationRecord",
            value: u64::from(marker_and_version),
            expected: "0x81",
            section: "AV1 in ISO-BMFF §2.3.4",
        });
    }
    let profile = bits.bits8(3)?;
    let level_idx = bits.bits8(5)?;
    let is_high_tier = bits.flag()?;
    let bit_depth = match (bits.flag()?, bits.flag()?) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    let color = ColorConfig {
        bit_depth,
        is_monochrome: bits.flag()?,
        is_subsampled_x: bits.flag()?,
        is_subsampled_y: bits.flag()?,
        chroma_sample_position: bits.bits8(2)?,
        description: [UNSPECIFIED; 3],
        is_full_range: false,
    };
    Ok((RecordHead { profile, level_idx, is_high_tier, color }, obus))
}

fn split_obu(bytes: &[u8]) -> Result<Obu<'_>, Error> {
    let truncated = Error::Truncated { what: "an AV1 OBU (§5.3)" };
    let &header = bytes.first().ok_or(truncated.clone())?;
    if header & 0x02 == 0 {
        return Err(Error::Missing {
            what: "the size field of an AV1 OBU", section: "AV1 in ISO-BMFF §2.4"
        });
    }
    let mut at = if header & 0x04 != 0 { 2 } else { 1 };
    // leb128 (§4.10.5): at most 8 bytes, the value fits 32 bits.
    let mut size = 0u64;
    for position in 0..8 {
        let &byte = bytes.get(at).ok_or(truncated.clone())?;
        at += 1;
        size |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            break;
        }
    }
    let end = usize::try_from(size).ok().and_then(|size| at.checked_add(size)).ok_or(truncated.clone())?;
    let whole = bytes.get(..end).ok_or(truncated.clone())?;
    let payload = whole.get(at..).ok_or(truncated)?;
    Ok(Obu { obu_type: header >> 3 & 0xf, whole, payload })
}

#[derive(Default)]
struct Timing {
    frame_rate: Option<f64>,
    /// Width of the decoder model's delays, when there is a decoder model.
    buffer_delay_bits: Option<u32>,
}

impl Timing {
    /// `timing_info` and `decoder_model_info` (§5.5.3, §5.5.4), with the flags before them.
    fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        let mut timing = Self::default();
        if !bits.flag()? {
            return Ok(timing);
        }
        let tick = u64::from(bits.bits(32)?);
        let timescale = u64::from(bits.bits(32)?);
        if bits.flag()? {
            // uvlc() is written like ue(v).
            let ticks_per_picture = u64::from(bits.ue()?) + 1;
            timing.frame_rate = video::frame_rate(timescale, tick.saturating_mul(ticks_per_picture));
        }
        if bits.flag()? {
            timing.buffer_delay_bits = Some(bits.bits(5)? + 1);
            bits.skip(32 + 5 + 5)?;
        }
        Ok(timing)
    }
}

/// Level and tier of the first operating point; all are read.
fn read_operating_points(
    bits: &mut BitReader<'_>,
    buffer_delay_bits: Option<u32>,
) -> Result<(u8, bool), Error> {
    let has_display_delay = bits.flag()?;
    let count = bits.bits(5)? + 1;
    let mut first = None;
    for _ in 0..count {
        bits.skip(12)?; // operating_point_idc
        let level_idx = bits.bits8(5)?;
        let is_high_tier = level_idx > 7 && bits.flag()?;
        if let Some(delay_bits) = buffer_delay_bits
            && bits.flag()?
        {
            bits.skip(2 * delay_bits + 1)?;
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
        first = first.or(Some((level_idx, is_high_tier)));
    }
    Ok(first.unwrap_or_default())
}

/// The coding tools between the picture's size and its colours.
fn skip_tools(bits: &mut BitReader<'_>, is_reduced: bool) -> Result<(), Error> {
    if !is_reduced && bits.flag()? {
        bits.skip(4 + 3)?; // lengths of frame identifiers
    }
    bits.skip(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if !is_reduced {
        bits.skip(4)?; // interintra_compound, masked_compound, warped_motion, dual_filter
        let has_order_hint = bits.flag()?;
        if has_order_hint {
            bits.skip(2)?; // jnt_comp, ref_frame_mvs
        }
        // A tool may be chosen frame by frame, or set for all: screen content, and integer motion vectors with it.
        let is_screen_content_chosen = bits.flag()?;
        let may_be_screen_content = is_screen_content_chosen || bits.flag()?;
        if may_be_screen_content && !bits.flag()? {
            bits.skip(1)?;
        }
        if has_order_hint {
            bits.skip(3)?; // order_hint_bits_minus_1
        }
    }
    bits.skip(3) // enable_superres, enable_cdef, enable_restoration
}

const RECORD: &str = "an AV1CodecConfigurationRecord (AV1 in ISO-BMFF §2.3)";
const RECORD_HEAD_BYTES: usize = 4;
const SEQUENCE_HEADER: &str = "an AV1 sequence header (§5.5)";
const BT_709: u8 = 1;
const UNSPECIFIED: u8 = 2;
/// Primaries of BT.709, transfer of sRGB, identity matrix: RGB coded as it is (§5.5.2).
const SRGB: [u8; 3] = [1, 13, 0];

#[cfg(test)]
mod tests;
