//! H.265 (ITU-T H.265, ISO/IEC 23008-2): the decoder configuration record of ISO/IEC 14496-15 §8.3.3 both ways, and
//! what a sequence parameter set says of the pictures. Slices, and the contents of video parameter sets, are not
//! parsed; the multilayer extensions are not either.

use crate::bits::BitReader;
use crate::nal::check_length_size;
use crate::{Error, VideoInfo};
use bytes::{BufMut, Bytes, BytesMut};

mod sps;
pub use sps::{ProfileTierLevel, Sps};

/// An `HEVCDecoderConfigurationRecord` (14496-15 §8.3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecoderConfig {
    /// Profile, tier and level of the whole stream.
    pub general: ProfileTierLevel,
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// The video parameter sets, each a whole NAL unit without start code.
    pub vps: Vec<Bytes>,
    /// The sequence parameter sets.
    pub sps: Vec<Bytes>,
    /// The picture parameter sets.
    pub pps: Vec<Bytes>,
}

impl DecoderConfig {
    /// Reads a record. The parameter sets share its bytes; other NAL units in it, such as SEI, are left out.
    pub fn parse(record: &Bytes) -> Result<Self, Error> {
        let truncated = Error::Truncated { what: RECORD };
        let (head, _) = record.split_at_checked(RECORD_HEAD_BYTES).ok_or(truncated.clone())?;
        let mut bits = BitReader::new(head, RECORD);
        let version = bits.bits8(8)?;
        // Encoders older than the standard wrote 0.
        if version > 1 {
            return Err(Error::Invalid {
                what: "configurationVersion of an HEVCDecoderConfigurationRecord",
                value: u64::from(version),
                expected: "1",
                section: "ISO/IEC 14496-15 §8.3.3.1.2",
            });
        }
        let general = ProfileTierLevel::read(&mut bits)?;
        // min_spatial_segmentation_idc, parallelismType, chromaFormat, bit depths, avgFrameRate,
        // constantFrameRate, numTemporalLayers, temporalIdNested
        bits.skip(70)?;
        let length_size = check_length_size(bits.bits8(2)? + 1)?;
        let array_count = bits.bits8(8)?;
        let mut config = Self { general, length_size, vps: vec![], sps: vec![], pps: vec![] };
        let mut at = RECORD_HEAD_BYTES;
        for _ in 0..array_count {
            let Some(&[kind, high, low]) = record.get(at..).and_then(<[u8]>::first_chunk) else {
                return Err(truncated);
            };
            at += 3;
            for _ in 0..u16::from_be_bytes([high, low]) {
                let nal = crate::nal::read_parameter_set(record, &mut at, RECORD)?;
                match kind & 0x3f {
                    NAL_VPS => config.vps.push(nal),
                    NAL_SPS => config.sps.push(nal),
                    NAL_PPS => config.pps.push(nal),
                    _ => {}
                }
                check_count("parameter sets of an H.265 track", config.parameter_sets().count())?;
            }
        }
        Ok(config)
    }

    /// A record for these parameter sets, with 4-byte lengths. At least one of each is needed.
    pub fn from_parameter_sets(vps: Vec<Bytes>, sps: Vec<Bytes>, pps: Vec<Bytes>) -> Result<Self, Error> {
        const SECTION: &str = "ISO/IEC 14496-15 §8.3.3.1";
        if vps.is_empty() {
            return Err(Error::Missing { what: "an H.265 video parameter set", section: SECTION });
        }
        if pps.is_empty() {
            return Err(Error::Missing { what: "an H.265 picture parameter set", section: SECTION });
        }
        let general = Sps::parse(sps.first().ok_or(NO_SPS)?)?.general;
        let config = Self { general, length_size: 4, vps, sps, pps };
        check_count("parameter sets of an H.265 track", config.parameter_sets().count())?;
        let longest = config.parameter_sets().map(Bytes::len).max().unwrap_or(0);
        if longest > usize::from(u16::MAX) {
            return Err(Error::Limit {
                what: "bytes of a parameter set",
                value: longest as u64,
                max: u64::from(u16::MAX),
            });
        }
        Ok(config)
    }

    /// The record's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let sets: usize = self.parameter_sets().map(|set| set.len() + 2).sum();
        let mut out = BytesMut::with_capacity(RECORD_HEAD_BYTES + 9 + sets);
        let sps = self.sps.first().and_then(|nal| Sps::parse(nal).ok());
        let (chroma_format_idc, depth_luma, depth_chroma, layers, is_nested) =
            sps.map_or((1, 8, 8, 1, false), |sps| {
                let depths = (sps.bit_depth_luma, sps.bit_depth_chroma);
                (sps.chroma_format_idc, depths.0, depths.1, sps.temporal_layers, sps.is_temporal_id_nested)
            });
        out.put_u8(1);
        self.general.write(&mut out);
        // No minimum segmentation, parallelism unknown; reserved bits are ones.
        out.put_slice(&[0xf0, 0, 0xfc, 0xfc | chroma_format_idc]);
        out.put_slice(&[0xf8 | (depth_luma - 8), 0xf8 | (depth_chroma - 8)]);
        out.put_u16(0); // average frame rate unknown
        out.put_u8(layers << 3 | u8::from(is_nested) << 2 | (self.length_size - 1));
        let arrays = [(NAL_VPS, &self.vps), (NAL_SPS, &self.sps), (NAL_PPS, &self.pps)];
        out.put_u8(arrays.len() as u8);
        for (kind, sets) in arrays {
            out.put_u8(0x80 | kind); // array_completeness: none are in the stream that are not here
            // The counts and lengths were checked when the config was made.
            out.put_u16(sets.len() as u16);
            for set in sets {
                out.put_u16(set.len() as u16);
                out.put_slice(set);
            }
        }
        out.freeze()
    }

    /// All parameter sets in the order a decoder wants them.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &Bytes> {
        self.vps.iter().chain(&self.sps).chain(&self.pps)
    }
}

/// Whether a NAL unit is a slice of a picture that can be decoded without an earlier one (IRAP, H.265 §3.67).
pub fn is_irap(nal: &[u8]) -> bool {
    nal.first().is_some_and(|&header| NAL_IRAP.contains(&nal_unit_type(header)))
}

/// Bytes of the length before each NAL unit, from a decoder configuration record.
pub fn length_size(record: &[u8]) -> Result<u8, Error> {
    let sizes = record.get(RECORD_HEAD_BYTES - 2).ok_or(Error::Truncated { what: RECORD })?;
    check_length_size((sizes & 3) + 1)
}

/// `nal_unit_type` of the first of a NAL unit's two header bytes (H.265 §7.3.1.2).
pub fn nal_unit_type(header: u8) -> u8 {
    header >> 1 & 0x3f
}

/// The `nal_unit_type`s of slices of IRAP pictures, the reserved ones included.
pub const NAL_IRAP: std::ops::RangeInclusive<u8> = 16..=23;
/// `nal_unit_type` of a video parameter set.
pub const NAL_VPS: u8 = 32;
/// `nal_unit_type` of a sequence parameter set.
pub const NAL_SPS: u8 = 33;
/// `nal_unit_type` of a picture parameter set.
pub const NAL_PPS: u8 = 34;
/// `nal_unit_type` of an access unit delimiter.
pub const NAL_AUD: u8 = 35;

pub(crate) fn video_info(record: &Bytes) -> Result<VideoInfo, Error> {
    let config = DecoderConfig::parse(record)?;
    let sps = Sps::parse(config.sps.first().ok_or(NO_SPS)?)?;
    Ok(VideoInfo {
        width: sps.width,
        height: sps.height,
        frame_rate: sps.frame_rate,
        profile: sps.general.profile(),
        level_tenths: sps.general.level_tenths(),
        may_reorder: sps.reorder_depth != 0,
    })
}

/// `hvc1.PROFILE.COMPATIBILITY.TIERLEVEL.CONSTRAINTS` (ISO/IEC 14496-15 annex E.3).
pub(crate) fn codec_string(record: &[u8]) -> Option<String> {
    let mut bits = BitReader::new(record, RECORD);
    bits.skip(8).ok()?;
    ProfileTierLevel::read(&mut bits).ok().map(|general| general.codec_string())
}

fn check_count(what: &'static str, count: usize) -> Result<(), Error> {
    if count > PARAMETER_SETS_MAX {
        return Err(Error::Limit { what, value: count as u64, max: PARAMETER_SETS_MAX as u64 });
    }
    Ok(())
}

const RECORD: &str = "an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1)";
const RECORD_HEAD_BYTES: usize = 23;
const NO_SPS: Error =
    Error::Missing { what: "an H.265 sequence parameter set", section: "ISO/IEC 14496-15 §8.3.3.1" };
/// 16 video, 16 sequence and 64 picture parameter sets can have different numbers (H.265 §7.4.3).
const PARAMETER_SETS_MAX: usize = 96;

#[cfg(test)]
mod tests;
