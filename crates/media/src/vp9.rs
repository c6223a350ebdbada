//! VP9 and VP8: the `VPCodecConfigurationRecord` both share (VP Codec ISO Media File Format Binding, v1.0), and the
//! picture size, which only their keyframes state (VP9 bitstream §6.2, RFC 6386 §9.1).

use crate::bits::BitReader;
use crate::{Error, VideoInfo, video};
use bytes::Bytes;

/// A `VPCodecConfigurationRecord` with its version and flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderConfig {
    /// 0 to 3.
    pub profile: u8,
    /// Ten times the level, such as 31; 0 when unknown.
    pub level: u8,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// 0 4:2:0 with vertical chroma, 1 4:2:0 colocated, 2 4:2:2, 3 4:4:4.
    pub chroma_subsampling: u8,
    /// Whether samples use all their values.
    pub is_full_range: bool,
    /// Colour primaries, transfer characteristics and matrix coefficients (ISO/IEC 23091-4).
    pub description: [u8; 3],
}

impl DecoderConfig {
    /// Reads a record.
    pub fn parse(record: &[u8]) -> Result<Self, Error> {
        let [version, _, _, _, profile, level, sampling, primaries, transfer, matrix, _, _, ..] = *record
        else {
            return Err(Error::Truncated { what: RECORD });
        };
        if version != 1 {
            return Err(Error::Invalid {
                what: "version of a VPCodecConfigurationRecord",
                value: u64::from(version),
                expected: "1",
                section: "VP Codec ISO Media File Format Binding v1.0",
            });
        }
        Ok(Self {
            profile,
            level,
            bit_depth: sampling >> 4,
            chroma_subsampling: sampling >> 1 & 7,
            is_full_range: sampling & 1 == 1,
            description: [primaries, transfer, matrix],
        })
    }

    /// The record's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let sampling =
            self.bit_depth << 4 | (self.chroma_subsampling & 7) << 1 | u8::from(self.is_full_range);
        let [primaries, transfer, matrix] = self.description;
        let record = [1, 0, 0, 0, self.profile, self.level, sampling, primaries, transfer, matrix, 0, 0];
        Bytes::copy_from_slice(&record)
    }

    /// `vp09.PP.LL.DD`, with colours behind it when they are not those of ordinary video.
    fn codec_string(&self, four_cc: &str) -> String {
        // Players refuse a level that does not exist, and an unknown one is written 0.
        let level = if self.level == 0 { LEVEL_LOWEST } else { self.level };
        let mut string = format!("{four_cc}.{:02}.{level:02}.{:02}", self.profile, self.bit_depth);
        let is_ordinary = |&value: &u8| matches!(value, 0 | BT_709 | UNSPECIFIED);
        if self.chroma_subsampling > 1 || self.is_full_range || !self.description.iter().all(is_ordinary) {
            let [primaries, transfer, matrix] = self.description;
            string += &format!(
                ".{:02}.{primaries:02}.{transfer:02}.{matrix:02}.{:02}",
                self.chroma_subsampling,
                u8::from(self.is_full_range)
            );
        }
        string
    }
}

/// Width and height in the header of a VP9 frame, when it is a keyframe (VP9 §6.2, §7.2).
pub fn keyframe_size(frame: &[u8]) -> Result<Option<(u32, u32)>, Error> {
    let mut bits = BitReader::new(frame, "a VP9 frame header (§6.2)");
    let marker = bits.bits(2)?;
    if marker != 2 {
        return Err(Error::Invalid {
            what: "frame_marker of a VP9 frame",
            value: u64::from(marker),
            expected: "2",
            section: "VP9 §7.2",
        });
    }
    let profile = bits.bits(1)? | bits.bits(1)? << 1;
    if profile == 3 {
        bits.skip(1)?; // reserved_zero
    }
    let shows_existing = bits.flag()?;
    // frame_type is 0 in a keyframe.
    if shows_existing || bits.flag()? {
        return Ok(None);
    }
    bits.skip(2)?; // show_frame, error_resilient_mode
    let sync_code = bits.bits(24)?;
    if sync_code != 0x49_8342 {
        return Err(Error::Invalid {
            what: "frame_sync_code of a VP9 keyframe",
            value: u64::from(sync_code),
            expected: "0x498342",
            section: "VP9 §7.2.1",
        });
    }
    if profile >= 2 {
        bits.skip(1)?; // ten_or_twelve_bit
    }
    const COLOR_SPACE_RGB: u32 = 7;
    let is_rgb = bits.bits(3)? == COLOR_SPACE_RGB;
    let has_subsampling = profile & 1 == 1;
    if !is_rgb {
        bits.skip(if has_subsampling { 1 + 3 } else { 1 })?; // color_range, subsampling, reserved_zero
    } else if has_subsampling {
        bits.skip(1)?; // reserved_zero
    }
    let width = video::check_side("frame_width (VP9 §7.2.3)", u64::from(bits.bits(16)?) + 1)?;
    let height = video::check_side("frame_height (VP9 §7.2.3)", u64::from(bits.bits(16)?) + 1)?;
    Ok(Some((width, height)))
}

/// Width and height in the header of a VP8 frame, when it is a keyframe (RFC 6386 §9.1).
pub fn vp8_keyframe_size(frame: &[u8]) -> Result<Option<(u32, u32)>, Error> {
    let &tag = frame.first().ok_or(Error::Truncated { what: VP8_FRAME })?;
    // key_frame is 0 in a keyframe.
    if tag & 1 == 1 {
        return Ok(None);
    }
    let [_, _, _, s0, s1, s2, w0, w1, h0, h1, ..] = *frame else {
        return Err(Error::Truncated { what: VP8_FRAME });
    };
    let start_code = u32::from_be_bytes([0, s0, s1, s2]);
    if start_code != 0x9d_012a {
        return Err(Error::Invalid {
            what: "start code of a VP8 keyframe",
            value: u64::from(start_code),
            expected: "0x9d012a",
            section: "RFC 6386 §9.1",
        });
    }
    // The upper two bits ask for upscaling, which nobody does.
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Ok(Some((side(w0, w1), side(h0, h1))))
}

pub(crate) fn video_info(record: &[u8]) -> Result<VideoInfo, Error> {
    let config = DecoderConfig::parse(record)?;
    Ok(VideoInfo {
        profile: match config.profile {
            0 => "Profile 0",
            1 => "Profile 1",
            2 => "Profile 2",
            3 => "Profile 3",
            _ => "unknown",
        },
        level_tenths: u32::from(config.level),
        // Hidden frames travel inside a superframe with one that is shown.
        may_reorder: false,
        ..VideoInfo::default()
    })
}

/// See [`DecoderConfig`]; `four_cc` is `vp09` or `vp08`.
pub(crate) fn codec_string(record: &[u8], four_cc: &str) -> Option<String> {
    DecoderConfig::parse(record).ok().map(|config| config.codec_string(four_cc))
}

const RECORD: &str = "a VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding v1.0)";
const VP8_FRAME: &str = "a VP8 frame header (RFC 6386 §9.1)";
const LEVEL_LOWEST: u8 = 10;
const BT_709: u8 = 1;
const UNSPECIFIED: u8 = 2;

#[cfg(test)]
mod tests;
