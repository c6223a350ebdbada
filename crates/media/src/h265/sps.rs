//! The sequence parameter set of H.265 (§7.3.2.2), up to the timing in its VUI.

use super::{NAL_SPS, NO_SPS, nal_unit_type};
use crate::bits::BitReader;
use crate::{Error, video};
use bytes::BufMut;
use std::fmt::Write;

/// Profile, tier and level (H.265 §7.3.3), as far as they speak of the whole stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileTierLevel {
    /// `general_profile_space`, 0 so far.
    pub profile_space: u8,
    /// Whether it is the High tier.
    pub is_high_tier: bool,
    /// `general_profile_idc`.
    pub profile_idc: u8,
    /// The 32 compatibility flags, flag 0 in the highest bit.
    pub compatibility: u32,
    /// The 48 bits from `general_progressive_source_flag` on.
    pub constraints: [u8; 6],
    /// `general_level_idc`: 30 times the level.
    pub level_idc: u8,
}

impl ProfileTierLevel {
    /// The 12 bytes that the parameter sets and the decoder configuration record share.
    pub(super) fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        let profile_space = bits.bits8(2)?;
        let is_high_tier = bits.flag()?;
        let profile_idc = bits.bits8(5)?;
        let compatibility = bits.bits(32)?;
        let mut constraints = [0; 6];
        for byte in &mut constraints {
            *byte = bits.bits8(8)?;
        }
        let level_idc = bits.bits8(8)?;
        Ok(Self { profile_space, is_high_tier, profile_idc, compatibility, constraints, level_idc })
    }

    pub(super) fn write(&self, out: &mut impl BufMut) {
        out.put_u8(self.profile_space << 6 | u8::from(self.is_high_tier) << 5 | self.profile_idc);
        out.put_u32(self.compatibility);
        out.put_slice(&self.constraints);
        out.put_u8(self.level_idc);
    }

    /// Name of the profile for people (H.265 annex A).
    pub fn profile(&self) -> &'static str {
        match self.profile_idc {
            1 => "Main",
            2 => "Main 10",
            3 => "Main Still Picture",
            4 => "Range Extensions",
            5 => "High Throughput",
            9 => "Screen Content",
            11 => "High Throughput Screen Content",
            _ => "unknown",
        }
    }

    /// The level in tenths.
    pub fn level_tenths(&self) -> u32 {
        u32::from(self.level_idc) / 3
    }

    /// ISO/IEC 14496-15 annex E.3.
    pub(super) fn codec_string(&self) -> String {
        let space = ["", "A", "B", "C"].get(usize::from(self.profile_space)).copied().unwrap_or("");
        let tier = if self.is_high_tier { 'H' } else { 'L' };
        // The flags are printed with flag 0 as the lowest bit.
        let compatibility = self.compatibility.reverse_bits();
        let mut string =
            format!("hvc1.{space}{}.{compatibility:X}.{tier}{}", self.profile_idc, self.level_idc);
        let used = self.constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        for byte in self.constraints.iter().take(used) {
            // Writing to a String cannot fail.
            let _ = write!(string, ".{byte:X}");
        }
        string
    }
}

/// What a sequence parameter set says (H.265 §7.4.3.2.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Sps {
    /// Profile, tier and level.
    pub general: ProfileTierLevel,
    /// Number of temporal sub-layers, 1 to 7.
    pub temporal_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub is_temporal_id_nested: bool,
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
    pub reorder_depth: u32,
}

impl Sps {
    /// Reads an SPS NAL unit, its two header bytes first, emulation prevention bytes in place.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::rbsp(nal, SPS);
        if nal_unit_type(bits.bits8(8)?) != NAL_SPS {
            return Err(NO_SPS);
        }
        bits.skip(8 + 4)?; // the header's second byte, sps_video_parameter_set_id
        let sub_layers_minus1 = bits.bits8(3)?;
        if sub_layers_minus1 > 6 {
            return Err(Error::Invalid {
                what: "sps_max_sub_layers_minus1",
                value: u64::from(sub_layers_minus1),
                expected: "0 to 6",
                section: "H.265 §7.4.3.2.1",
            });
        }
        let is_temporal_id_nested = bits.flag()?;
        let general = ProfileTierLevel::read(&mut bits)?;
        skip_sub_layer_levels(&mut bits, sub_layers_minus1)?;

        bits.ue_max(15, "sps_seq_parameter_set_id (H.265 §7.4.3.2.1)")?;
        let chroma_format_idc = bits.ue_max(3, "chroma_format_idc (H.265 §7.4.3.2.1)")? as u8;
        let is_separate_planes = chroma_format_idc == 3 && bits.flag()?;
        let coded_width = bits.ue_max(video::SIDE_MAX, "pic_width_in_luma_samples (H.265 §7.4.3.2.1)")?;
        let coded_height = bits.ue_max(video::SIDE_MAX, "pic_height_in_luma_samples (H.265 §7.4.3.2.1)")?;
        let unit = match chroma_format_idc {
            1 if !is_separate_planes => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let crop = video::Cropping::read(&mut bits)?;
        let (width, height) = crop.apply((coded_width, coded_height), unit, "H.265 §7.4.3.2.1")?;
        let bit_depth_luma = 8 + bits.ue_max(8, "bit_depth_luma_minus8 (H.265 §7.4.3.2.1)")? as u8;
        let bit_depth_chroma = 8 + bits.ue_max(8, "bit_depth_chroma_minus8 (H.265 §7.4.3.2.1)")? as u8;
        let poc_lsb_bits = 4 + bits.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4 (H.265 §7.4.3.2.1)")?;

        // One set of limits per sub-layer, or one for all; the last is that of the whole stream.
        let limits = if bits.flag()? { sub_layers_minus1 + 1 } else { 1 };
        let mut reorder_depth = 0;
        for _ in 0..limits {
            bits.ue()?; // sps_max_dec_pic_buffering_minus1
            reorder_depth = bits.ue_max(16, "sps_max_num_reorder_pics (H.265 §7.4.3.2.1)")?;
            bits.ue()?; // sps_max_latency_increase_plus1
        }
        // The VUI is advice at the end of a long structure: what is wrong on the way there only hides it.
        let frame_rate = read_frame_rate(&mut bits, poc_lsb_bits).unwrap_or(None);
        Ok(Self {
            general,
            temporal_layers: sub_layers_minus1 + 1,
            is_temporal_id_nested,
            chroma_format_idc,
            bit_depth_luma,
            bit_depth_chroma,
            width,
            height,
            frame_rate,
            reorder_depth,
        })
    }
}

/// The end of `profile_tier_level` (§7.3.3).
fn skip_sub_layer_levels(bits: &mut BitReader<'_>, sub_layers_minus1: u8) -> Result<(), Error> {
    if sub_layers_minus1 == 0 {
        return Ok(());
    }
    let mut skipped_bits = 0;
    for _ in 0..sub_layers_minus1 {
        skipped_bits += if bits.flag()? { 88 } else { 0 };
        skipped_bits += if bits.flag()? { 8 } else { 0 };
    }
    bits.skip(2 * (8 - u32::from(sub_layers_minus1)))?; // reserved_zero_2bits
    bits.skip(skipped_bits)
}

/// From `log2_min_luma_coding_block_size_minus3` to the timing in the VUI (§7.3.2.2.1, §E.2.1).
fn read_frame_rate(bits: &mut BitReader<'_>, poc_lsb_bits: u32) -> Result<Option<f64>, Error> {
    for _ in 0..6 {
        bits.ue()?; // sizes of coding and transform blocks
    }
    if bits.flag()? && bits.flag()? {
        skip_scaling_list_data(bits)?;
    }
    bits.skip(2)?; // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.flag()? {
        bits.skip(8)?; // PCM bit depths
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    skip_short_term_sets(bits)?;
    if bits.flag()? {
        for _ in 0..bits.ue_max(32, "num_long_term_ref_pics_sps (H.265 §7.4.3.2.1)")? {
            bits.skip(poc_lsb_bits + 1)?;
        }
    }
    bits.skip(2)?; // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    if !bits.flag()? {
        return Ok(None);
    }
    video::skip_vui_appearance(bits)?;
    bits.skip(3)?; // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
    if bits.flag()? {
        for _ in 0..4 {
            bits.ue()?; // default display window
        }
    }
    if !bits.flag()? {
        return Ok(None);
    }
    let tick = bits.bits(32)?;
    let timescale = bits.bits(32)?;
    Ok(video::frame_rate(u64::from(timescale), u64::from(tick)))
}

/// §7.3.4.
fn skip_scaling_list_data(bits: &mut BitReader<'_>) -> Result<(), Error> {
    for size_id in 0..4u32 {
        // The largest blocks have lists for luma only; with 4:4:4 chroma takes those of smaller blocks (§7.4.5).
        let lists = if size_id == 3 { 2 } else { 6 };
        for _ in 0..lists {
            if !bits.flag()? {
                bits.ue()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size_id > 1 {
                bits.se()?; // scaling_list_dc_coef_minus8
            }
            for _ in 0..64.min(1 << (4 + (size_id << 1))) {
                bits.se()?;
            }
        }
    }
    Ok(())
}

/// All `st_ref_pic_set` (§7.3.7). A set may be written as a change to the one before, whose size must be known then.
fn skip_short_term_sets(bits: &mut BitReader<'_>) -> Result<(), Error> {
    const PICTURES: &str = "pictures of a reference picture set (H.265 §7.4.8)";
    let mut previous_pictures = 0u32;
    for set in 0..bits.ue_max(64, "num_short_term_ref_pic_sets (H.265 §7.4.3.2.1)")? {
        let is_predicted = set > 0 && bits.flag()?;
        if is_predicted {
            bits.skip(1)?; // delta_rps_sign
            bits.ue()?; // abs_delta_rps_minus1
            let mut pictures = 0;
            for _ in 0..=previous_pictures {
                let is_used = bits.flag()?;
                // One that would land on the current picture itself does not count (7-61); encoders keep none.
                let is_kept = is_used || bits.flag()?;
                pictures += u32::from(is_kept);
            }
            previous_pictures = pictures;
        } else {
            let negative = bits.ue_max(16, PICTURES)?;
            let positive = bits.ue_max(16, PICTURES)?;
            previous_pictures = negative + positive;
            for _ in 0..previous_pictures {
                bits.ue()?; // delta_poc_minus1
                bits.skip(1)?; // used_by_curr_pic_flag
            }
        }
        if previous_pictures > 32 {
            return Err(Error::Limit { what: PICTURES, value: u64::from(previous_pictures), max: 32 });
        }
    }
    Ok(())
}

const SPS: &str = "an H.265 sequence parameter set (§7.3.2.2)";
