//! H.264 (ITU-T H.264, ISO/IEC 14496-10): the decoder configuration record of ISO/IEC 14496-15 §5.3.3 both ways, and
//! what a sequence parameter set says of the pictures. Slices are not parsed.

use crate::bits::BitReader;
use crate::nal::check_length_size;
use crate::{Error, VideoInfo, video};
use bytes::{BufMut, Bytes, BytesMut};

/// An `AVCDecoderConfigurationRecord` (14496-15 §5.3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecoderConfig {
    /// `profile_idc`.
    pub profile_idc: u8,
    /// The constraint flags, first flag in the highest bit.
    pub constraints: u8,
    /// `level_idc`.
    pub level_idc: u8,
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// The sequence parameter sets, each a whole NAL unit without start code.
    pub sps: Vec<Bytes>,
    /// The picture parameter sets.
    pub pps: Vec<Bytes>,
}

impl DecoderConfig {
    /// Reads a record. The parameter sets share its bytes.
    pub fn parse(record: &Bytes) -> Result<Self, Error> {
        let [version, profile_idc, constraints, level_idc, sizes, sps_count, ..] = **record else {
            return Err(Error::Truncated { what: RECORD });
        };
        if version != 1 {
            return Err(Error::Invalid {
                what: "configurationVersion of an AVCDecoderConfigurationRecord",
                value: u64::from(version),
                expected: "1",
                section: "ISO/IEC 14496-15 §5.3.3.1.2",
            });
        }
        let length_size = check_length_size((sizes & 3) + 1)?;
        let mut at = 6;
        let sps = read_sets(record, &mut at, sps_count & 0x1f)?;
        let pps_count = *record.get(at).ok_or(Error::Truncated { what: RECORD })?;
        at += 1;
        let pps = read_sets(record, &mut at, pps_count)?;
        // What may follow for the high profiles repeats the SPS, but for SPS extensions, which only alpha needs.
        Ok(Self { profile_idc, constraints, level_idc, length_size, sps, pps })
    }

    /// A record for these parameter sets, with 4-byte lengths. At least one of each is needed.
    pub fn from_parameter_sets(sps: Vec<Bytes>, pps: Vec<Bytes>) -> Result<Self, Error> {
        let first = sps.first().ok_or(NO_SPS)?;
        let [header, profile_idc, constraints, level_idc, ..] = **first else {
            return Err(Error::Truncated { what: SPS });
        };
        if nal_unit_type(header) != NAL_SPS {
            return Err(NO_SPS);
        }
        if pps.is_empty() {
            return Err(Error::Missing {
                what: "a picture parameter set",
                section: "ISO/IEC 14496-15 §5.3.3.1",
            });
        }
        check_count("sequence parameter sets", sps.len(), SPS_MAX)?;
        check_count("picture parameter sets", pps.len(), PPS_MAX)?;
        for set in sps.iter().chain(&pps) {
            check_count("bytes of a parameter set", set.len(), usize::from(u16::MAX))?;
        }
        Ok(Self { profile_idc, constraints, level_idc, length_size: 4, sps, pps })
    }

    /// The record's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out =
            BytesMut::with_capacity(16 + self.parameter_sets().map(|set| set.len() + 2).sum::<usize>());
        out.put_slice(&[
            1,
            self.profile_idc,
            self.constraints,
            self.level_idc,
            0xfc | (self.length_size - 1),
        ]);
        put_sets(&mut out, 0xe0, &self.sps);
        put_sets(&mut out, 0, &self.pps);
        if has_chroma_format(self.profile_idc)
            && let Some(sps) = self.sps.first().and_then(|nal| Sps::parse(nal).ok())
        {
            out.put_slice(&[
                0xfc | sps.chroma_format_idc,
                0xf8 | (sps.bit_depth_luma - 8),
                0xf8 | (sps.bit_depth_chroma - 8),
                0,
            ]);
        }
        out.freeze()
    }

    /// All parameter sets in the order a decoder wants them.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &Bytes> {
        self.sps.iter().chain(&self.pps)
    }
}

/// What a sequence parameter set says (H.264 §7.4.2.1.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Sps {
    /// `profile_idc`.
    pub profile_idc: u8,
    /// The constraint flags, first flag in the highest bit.
    pub constraints: u8,
    /// `level_idc`.
    pub level_idc: u8,
    /// 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Width in luma samples after cropping.
    pub width: u32,
    /// Height in luma samples after cropping.
    pub height: u32,
    /// Pictures per second, from the VUI timing.
    pub frame_rate: Option<f64>,
    /// How many pictures may come before a picture in decoding order and after it in output order.
    pub reorder_depth: Option<u32>,
}

impl Sps {
    /// Reads an SPS NAL unit, its header byte first, emulation prevention bytes in place.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::rbsp(nal, SPS);
        if nal_unit_type(bits.bits8(8)?) != NAL_SPS {
            return Err(NO_SPS);
        }
        let profile_idc = bits.bits8(8)?;
        let constraints = bits.bits8(8)?;
        let level_idc = bits.bits8(8)?;
        bits.ue_max(31, "seq_parameter_set_id (H.264 §7.4.2.1.1)")?;

        let (mut chroma_format_idc, mut is_separate_planes) = (1, false);
        let (mut bit_depth_luma, mut bit_depth_chroma) = (8, 8);
        if has_chroma_format(profile_idc) {
            chroma_format_idc = bits.ue_max(3, "chroma_format_idc (H.264 §7.4.2.1.1)")? as u8;
            is_separate_planes = chroma_format_idc == 3 && bits.flag()?;
            bit_depth_luma += bits.ue_max(6, "bit_depth_luma_minus8 (H.264 §7.4.2.1.1)")? as u8;
            bit_depth_chroma += bits.ue_max(6, "bit_depth_chroma_minus8 (H.264 §7.4.2.1.1)")? as u8;
            bits.skip(1)?; // qpprime_y_zero_transform_bypass_flag
            if bits.flag()? {
                for list in 0..if chroma_format_idc == 3 { 12 } else { 8 } {
                    if bits.flag()? {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }

        bits.ue_max(12, "log2_max_frame_num_minus4 (H.264 §7.4.2.1.1)")?;
        let pic_order_cnt_type = bits.ue_max(2, "pic_order_cnt_type (H.264 §7.4.2.1.1)")?;
        match pic_order_cnt_type {
            0 => {
                bits.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4 (H.264 §7.4.2.1.1)")?;
            }
            1 => {
                bits.skip(1)?; // delta_pic_order_always_zero_flag
                bits.se()?;
                bits.se()?;
                for _ in 0..bits.ue_max(255, "num_ref_frames_in_pic_order_cnt_cycle (H.264 §7.4.2.1.1)")? {
                    bits.se()?;
                }
            }
            _ => {}
        }
        bits.ue_max(16, "max_num_ref_frames (H.264 §7.4.2.1.1)")?;
        bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag

        let width_mbs = bits.ue_max(video::SIDE_MAX / 16, "pic_width_in_mbs_minus1 (H.264 §7.4.2.1.1)")? + 1;
        let height_units =
            bits.ue_max(video::SIDE_MAX / 16, "pic_height_in_map_units_minus1 (H.264 §7.4.2.1.1)")? + 1;
        let is_frame_only = bits.flag()?;
        if !is_frame_only {
            bits.skip(1)?; // mb_adaptive_frame_field_flag
        }
        bits.skip(1)?; // direct_8x8_inference_flag
        let field_factor = if is_frame_only { 1 } else { 2 };

        // Cropping counts in chroma samples, and in fields when there may be any (equations 7-19 to 7-22).
        let (unit_x, unit_y) = match chroma_format_idc {
            1 if !is_separate_planes => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let crop = video::Cropping::read(&mut bits)?;
        let (width, height) = crop.apply(
            (width_mbs * 16, height_units * 16 * field_factor),
            (unit_x, unit_y * field_factor),
            "H.264 §7.4.2.1.1",
        )?;

        // Some encoders write a broken VUI; it is advice, and the pictures decode without it.
        let vui = if bits.flag()? { Vui::read(&mut bits).unwrap_or_default() } else { Vui::default() };
        let never_reorders =
            pic_order_cnt_type == 2 || profile_idc == 66 || is_intra_only(profile_idc, constraints);
        Ok(Self {
            profile_idc,
            constraints,
            level_idc,
            chroma_format_idc,
            bit_depth_luma,
            bit_depth_chroma,
            width,
            height,
            frame_rate: vui.frame_rate,
            reorder_depth: if never_reorders { Some(0) } else { vui.reorder_depth },
        })
    }

    /// Name of the profile for people (H.264 annex A).
    pub fn profile(&self) -> &'static str {
        match (self.profile_idc, self.constraints) {
            (66, constraints) if constraints & 0x40 != 0 => "Constrained Baseline",
            (66, _) => "Baseline",
            (77, _) => "Main",
            (88, _) => "Extended",
            (100, constraints) if constraints & 0x0c == 0x0c => "Constrained High",
            (100, _) => "High",
            (110, constraints) if constraints & 0x10 != 0 => "High 10 Intra",
            (110, _) => "High 10",
            (122, constraints) if constraints & 0x10 != 0 => "High 4:2:2 Intra",
            (122, _) => "High 4:2:2",
            (244, constraints) if constraints & 0x10 != 0 => "High 4:4:4 Intra",
            (244, _) => "High 4:4:4 Predictive",
            (44, _) => "CAVLC 4:4:4 Intra",
            (83 | 86, _) => "Scalable",
            (118 | 128 | 134 | 138 | 139, _) => "Multiview",
            _ => "unknown",
        }
    }

    /// The level in tenths; level 1b counts as 1.0.
    pub fn level_tenths(&self) -> u32 {
        // Annex A.3.1: level 1b is 9, or 11 with constraint_set3_flag in the profiles that had no 9 yet.
        match (self.level_idc, self.profile_idc) {
            (9, _) => 10,
            (11, 66 | 77 | 88) if self.constraints & 0x10 != 0 => 10,
            (level_idc, _) => u32::from(level_idc),
        }
    }
}

/// Whether a NAL unit is a slice of an IDR picture.
pub fn is_idr(nal: &[u8]) -> bool {
    nal.first().is_some_and(|&header| nal_unit_type(header) == NAL_IDR)
}

/// Bytes of the length before each NAL unit, from a decoder configuration record.
pub fn length_size(record: &[u8]) -> Result<u8, Error> {
    let sizes = record.get(4).ok_or(Error::Truncated { what: RECORD })?;
    check_length_size((sizes & 3) + 1)
}

/// `nal_unit_type` of a NAL unit's header byte (H.264 §7.3.1).
pub fn nal_unit_type(header: u8) -> u8 {
    header & 0x1f
}

/// `nal_unit_type` of a slice of an IDR picture.
pub const NAL_IDR: u8 = 5;
/// `nal_unit_type` of a sequence parameter set.
pub const NAL_SPS: u8 = 7;
/// `nal_unit_type` of a picture parameter set.
pub const NAL_PPS: u8 = 8;
/// `nal_unit_type` of an access unit delimiter.
pub const NAL_AUD: u8 = 9;

pub(crate) fn video_info(record: &Bytes) -> Result<VideoInfo, Error> {
    let config = DecoderConfig::parse(record)?;
    let sps = Sps::parse(config.sps.first().ok_or(NO_SPS)?)?;
    Ok(VideoInfo {
        width: sps.width,
        height: sps.height,
        frame_rate: sps.frame_rate,
        profile: sps.profile(),
        level_tenths: sps.level_tenths(),
        may_reorder: sps.reorder_depth != Some(0),
    })
}

/// `avc1.PPCCLL` (RFC 6381 §3.3).
pub(crate) fn codec_string(record: &[u8]) -> Option<String> {
    match record {
        [1, profile_idc, constraints, level_idc, ..] => {
            Some(format!("avc1.{profile_idc:02x}{constraints:02x}{level_idc:02x}"))
        }
        _ => None,
    }
}

#[derive(Default)]
struct Vui {
    frame_rate: Option<f64>,
    reorder_depth: Option<u32>,
}

impl Vui {
    /// H.264 §E.1.1.
    fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        video::skip_vui_appearance(bits)?;
        let mut vui = Self::default();
        if bits.flag()? {
            let tick = bits.bits(32)?;
            let timescale = bits.bits(32)?;
            bits.skip(1)?; // fixed_frame_rate_flag
            // A tick is the time of a field (§E.2.1), so a picture lasts two.
            vui.frame_rate = video::frame_rate(u64::from(timescale), u64::from(tick) * 2);
        }
        let has_nal_hrd = bits.flag()?;
        if has_nal_hrd {
            skip_hrd(bits)?;
        }
        let has_vcl_hrd = bits.flag()?;
        if has_vcl_hrd {
            skip_hrd(bits)?;
        }
        if has_nal_hrd || has_vcl_hrd {
            bits.skip(1)?; // low_delay_hrd_flag
        }
        bits.skip(1)?; // pic_struct_present_flag
        if bits.flag()? {
            bits.skip(1)?; // motion_vectors_over_pic_boundaries_flag
            for _ in 0..4 {
                bits.ue()?;
            }
            vui.reorder_depth = Some(bits.ue_max(16, "max_num_reorder_frames (H.264 §E.2.1)")?);
        }
        Ok(vui)
    }
}

/// H.264 §E.1.2.
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), Error> {
    let count = bits.ue_max(31, "cpb_cnt_minus1 (H.264 §E.2.2)")? + 1;
    bits.skip(8)?;
    for _ in 0..count {
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    bits.skip(20)
}

/// H.264 §7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut BitReader<'_>, size: u32) -> Result<(), Error> {
    let mut last = 8i32;
    for _ in 0..size {
        let next = last.wrapping_add(bits.se()?).rem_euclid(256);
        if next == 0 {
            break;
        }
        last = next;
    }
    Ok(())
}

/// The profiles whose SPS states chroma format and bit depth (H.264 §7.3.2.1.1).
fn has_chroma_format(profile_idc: u8) -> bool {
    matches!(profile_idc, 44 | 83 | 86 | 100 | 110 | 118 | 122 | 128 | 134 | 135 | 138 | 139 | 244)
}

/// The profiles in which constraint_set3_flag means that every picture is intra coded (H.264 §A.2, §E.2.1).
fn is_intra_only(profile_idc: u8, constraints: u8) -> bool {
    profile_idc == 44 || (matches!(profile_idc, 86 | 100 | 110 | 122 | 244) && constraints & 0x10 != 0)
}

fn read_sets(record: &Bytes, at: &mut usize, count: u8) -> Result<Vec<Bytes>, Error> {
    let mut sets = Vec::with_capacity(usize::from(count).min(4));
    for _ in 0..count {
        sets.push(crate::nal::read_parameter_set(record, at, RECORD)?);
    }
    Ok(sets)
}

/// The counts and lengths were checked when the config was made.
fn put_sets(out: &mut BytesMut, count_bits: u8, sets: &[Bytes]) {
    out.put_u8(count_bits | sets.len() as u8);
    for set in sets {
        out.put_u16(set.len() as u16);
        out.put_slice(set);
    }
}

fn check_count(what: &'static str, count: usize, max: usize) -> Result<(), Error> {
    if count > max {
        return Err(Error::Limit { what, value: count as u64, max: max as u64 });
    }
    Ok(())
}

const RECORD: &str = "an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1)";
const SPS: &str = "an H.264 sequence parameter set (§7.3.2.1.1)";
const NO_SPS: Error =
    Error::Missing { what: "an H.264 sequence parameter set", section: "ISO/IEC 14496-15 §5.3.3.1" };
/// 14496-15 §5.3.3.1.1: the count has 5 bits.
const SPS_MAX: usize = 31;
/// 14496-15 §5.3.3.1.1: the count has 8 bits.
const PPS_MAX: usize = 255;

#[cfg(test)]
mod tests;
