//! AC-3 and E-AC-3 (ETSI TS 102 366): sync frame headers (§4.3, annex E.1), and the bodies of the `dac3` and `dec3`
//! boxes (annex F) made of them and read back.

use crate::bits::{BitReader, BitWriter};
use crate::{AudioInfo, Error};
use bytes::Bytes;

/// The header of a sync frame of either codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncFrame {
    /// `fscod`: 0 48 kHz, 1 44.1 kHz, 2 32 kHz, 3 (E-AC-3) half of what `sample_rate` doubled says.
    pub rate_code: u8,
    /// Samples per second.
    pub sample_rate: u32,
    /// `bsid`: at most 8 is AC-3, 16 is E-AC-3.
    pub bitstream_id: u8,
    /// `bsmod`: the kind of service; 0 is the main one.
    pub service: u8,
    /// `acmod`: which channels there are.
    pub channel_mode: u8,
    /// Whether there is a low frequency channel.
    pub has_lfe: bool,
    /// Bytes of the frame with its header.
    pub frame_bytes: usize,
    /// Samples per channel.
    pub samples: u32,
    /// What only one of the codecs has.
    pub kind: Kind,
}

/// What tells an AC-3 frame from an E-AC-3 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AC-3.
    Ac3 {
        /// The upper bits of `frmsizecod`: an index of bit rates.
        bit_rate_code: u8,
    },
    /// E-AC-3.
    Eac3 {
        /// `strmtyp` 1: adds channels to the frame before it.
        is_dependent: bool,
        /// `substreamid`.
        substream: u8,
        /// The channels a dependent frame adds (`chanmap`), when it says so.
        channel_map: Option<u16>,
    },
}

impl SyncFrame {
    /// Reads the header a frame begins with. [`HEADER_BYTES_MAX`] bytes are always enough.
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(frame, FRAME);
        let sync_word = bits.bits(16)?;
        if sync_word != SYNC_WORD {
            return Err(invalid(
                "sync word of an AC-3 frame",
                sync_word,
                "0x0B77",
                "ETSI TS 102 366 §4.4.1.1",
            ));
        }
        // bsid is at the same place in both codecs, so that either decoder can tell (annex E.1.3.1.6).
        let bitstream_id = frame.get(5).ok_or(Error::Truncated { what: FRAME })? >> 3;
        match bitstream_id {
            0..=8 => Self::parse_ac3(&mut bits),
            11..=16 => Self::parse_eac3(&mut bits, bitstream_id),
            _ => Err(invalid(
                "bsid of an AC-3 frame",
                u32::from(bitstream_id),
                "0 to 8 or 11 to 16",
                "ETSI TS 102 366 §4.4.2.1",
            )),
        }
    }

    fn parse_ac3(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        bits.skip(16)?; // crc1
        let rate_code = bits.bits8(2)?;
        let sample_rate = rate_of(rate_code)?;
        let frame_size_code = bits.bits8(6)?;
        let bit_rate_code = frame_size_code >> 1;
        let kbps = BIT_RATES_KBPS.get(usize::from(bit_rate_code)).copied();
        let kbps = kbps.ok_or(invalid(
            "frmsizecod of an AC-3 frame",
            u32::from(frame_size_code),
            "0 to 37",
            "ETSI TS 102 366 §4.4.1.4",
        ))?;
        // Table 4.13: whole words of 16 bits; at 44.1 kHz every other frame is one longer.
        let words = AC3_SAMPLES / 16 * kbps * 1000 / sample_rate
            + u32::from(rate_code == 1 && frame_size_code & 1 == 1);
        let bitstream_id = bits.bits8(5)?;
        let service = bits.bits8(3)?;
        let channel_mode = bits.bits8(3)?;
        // The mix levels that some channel modes have.
        if channel_mode & 1 == 1 && channel_mode != 1 {
            bits.skip(2)?;
        }
        if channel_mode & 4 != 0 {
            bits.skip(2)?;
        }
        if channel_mode == 2 {
            bits.skip(2)?;
        }
        let has_lfe = bits.flag()?;
        Ok(Self {
            rate_code,
            sample_rate,
            bitstream_id,
            service,
            channel_mode,
            has_lfe,
            frame_bytes: words as usize * 2,
            samples: AC3_SAMPLES,
            kind: Kind::Ac3 { bit_rate_code },
        })
    }

    /// Annex E.1.2.2.
    fn parse_eac3(bits: &mut BitReader<'_>, bitstream_id: u8) -> Result<Self, Error> {
        let stream_type = bits.bits8(2)?;
        if stream_type == 3 {
            return Err(invalid(
                "strmtyp of an E-AC-3 frame",
                3,
                "0 to 2",
                "ETSI TS 102 366 annex E.1.3.1.1",
            ));
        }
        let substream = bits.bits8(3)?;
        let words = bits.bits(11)? + 1;
        let rate_code = bits.bits8(2)?;
        let (sample_rate, blocks) = if rate_code == 3 {
            (rate_of(bits.bits8(2)?)? / 2, 6)
        } else {
            let blocks = [1, 2, 3, 6].get(bits.bits(2)? as usize).copied().unwrap_or(6);
            (rate_of(rate_code)?, blocks)
        };
        let channel_mode = bits.bits8(3)?;
        let has_lfe = bits.flag()?;
        bits.skip(5 + 5)?; // bsid, dialnorm
        if bits.flag()? {
            bits.skip(8)?; // compr
        }
        if channel_mode == 0 {
            bits.skip(5)?; // dialnorm2
            if bits.flag()? {
                bits.skip(8)?;
            }
        }
        let is_dependent = stream_type == 1;
        let channel_map = if is_dependent && bits.flag()? { Some(bits.bits(16)? as u16) } else { None };
        Ok(Self {
            rate_code,
            sample_rate,
            bitstream_id,
            // bsmod stands behind all mixing metadata; a main service, 0, is what is met.
            service: 0,
            channel_mode,
            has_lfe,
            frame_bytes: words as usize * 2,
            samples: blocks * SAMPLES_PER_BLOCK,
            kind: Kind::Eac3 { is_dependent, substream, channel_map },
        })
    }

    /// Number of channels in this frame.
    pub fn channels(&self) -> u8 {
        channel_count(self.channel_mode, self.has_lfe)
    }
}

/// The decoder config of the AC-3 track a frame belongs to: the body of its `dac3` box (annex F.4).
pub fn ac3_config_of(frame: &[u8]) -> Result<Bytes, Error> {
    let frame = SyncFrame::parse(frame)?;
    let Kind::Ac3 { bit_rate_code } = frame.kind else {
        return Err(invalid(
            "bsid of an AC-3 frame",
            u32::from(frame.bitstream_id),
            "0 to 8",
            "ETSI TS 102 366 §4.4.2.1",
        ));
    };
    let mut out = BitWriter::default();
    out.put(frame.rate_code, 2);
    out.put(frame.bitstream_id, 5);
    out.put(frame.service, 3);
    out.put(frame.channel_mode, 3);
    out.put(frame.has_lfe, 1);
    out.put(bit_rate_code, 5);
    out.put(0u8, 5); // reserved
    Ok(out.finish())
}

/// The decoder config of the E-AC-3 track a packet of whole sync frames belongs to: the body of its `dec3` box
/// (annex F.6), with the first program and the channels its dependent frames add.
pub fn eac3_config_of(packet: &[u8]) -> Result<Bytes, Error> {
    let first = SyncFrame::parse(packet)?;
    if !matches!(first.kind, Kind::Eac3 { is_dependent: false, .. }) {
        return Err(invalid(
            "bsid of the first E-AC-3 frame",
            u32::from(first.bitstream_id),
            "11 to 16, in an independent substream",
            "ETSI TS 102 366 annex E.1.3.1.1",
        ));
    }
    let (mut dependents, mut locations, mut packet_bytes) = (0u8, 0u16, first.frame_bytes);
    let mut rest = packet.get(first.frame_bytes..).unwrap_or(&[]);
    while let Ok(frame) = SyncFrame::parse(rest) {
        let Kind::Eac3 { is_dependent: true, channel_map, .. } = frame.kind else { break };
        dependents = dependents.saturating_add(1).min(15);
        locations |= channel_locations(channel_map.unwrap_or(0));
        packet_bytes = packet_bytes.saturating_add(frame.frame_bytes);
        rest = rest.get(frame.frame_bytes..).unwrap_or(&[]);
    }
    // Peak rate in kbit/s of what this packet is like.
    let kbps = packet_bytes as u64 * 8 * u64::from(first.sample_rate) / u64::from(first.samples) / 1000;
    let mut out = BitWriter::default();
    out.put(kbps.min(0x1fff), 13);
    out.put(0u8, 3); // num_ind_sub: one program
    out.put(first.rate_code, 2);
    out.put(first.bitstream_id, 5);
    out.put(0u8, 2); // reserved, asvc
    out.put(first.service, 3);
    out.put(first.channel_mode, 3);
    out.put(first.has_lfe, 1);
    out.put(0u8, 3); // reserved
    out.put(dependents, 4);
    match dependents {
        0 => out.put(0u8, 1), // reserved
        _ => out.put(locations, 9),
    }
    Ok(out.finish())
}

/// Enough bytes to read any header this module reads.
pub const HEADER_BYTES_MAX: usize = 16;

pub(crate) fn ac3_audio_info(config: &[u8]) -> Result<AudioInfo, Error> {
    let mut bits = BitReader::new(config, "the body of a dac3 box (ETSI TS 102 366 annex F.4)");
    let sample_rate = rate_of(bits.bits8(2)?)?;
    bits.skip(5 + 3)?;
    let (channel_mode, has_lfe) = (bits.bits8(3)?, bits.flag()?);
    bits.skip(5)?; // bit_rate_code
    Ok(AudioInfo {
        sample_rate,
        channels: channel_count(channel_mode, has_lfe),
        samples_per_packet: Some(AC3_SAMPLES),
        profile: "",
    })
}

pub(crate) fn eac3_audio_info(config: &[u8]) -> Result<AudioInfo, Error> {
    let mut bits = BitReader::new(config, "the body of a dec3 box (ETSI TS 102 366 annex F.6)");
    bits.skip(16)?; // data_rate, num_ind_sub: the first program is what is played
    let sample_rate = match bits.bits8(2)? {
        // The box does not say which of the half rates it is.
        3 => 24_000,
        rate_code => rate_of(rate_code)?,
    };
    bits.skip(5 + 2 + 3)?;
    let (channel_mode, has_lfe) = (bits.bits8(3)?, bits.flag()?);
    bits.skip(3)?;
    let locations = if bits.bits(4)? > 0 { bits.bits(9)? } else { 0 };
    Ok(AudioInfo {
        sample_rate,
        channels: channel_count(channel_mode, has_lfe) + channels_at(locations),
        // A frame has 1, 2, 3 or 6 blocks, and the box does not say how many.
        samples_per_packet: None,
        profile: "",
    })
}

/// Table 4.3; mode 0 is two mono programs.
fn channel_count(channel_mode: u8, has_lfe: bool) -> u8 {
    let full = [2, 1, 2, 3, 3, 4, 4, 5].get(usize::from(channel_mode)).copied().unwrap_or(2);
    full + u8::from(has_lfe)
}

/// `chan_loc` (table F.6.1) for what `chanmap` (table E.1.5, first bit highest) names beside the 5.1 channels.
fn channel_locations(channel_map: u16) -> u16 {
    // Lc/Rc to Cvh are bits 5 to 12 of the one and 0 to 7 of the other, counted from opposite ends.
    let pairs_and_heights = (5..=12).filter(|bit| channel_map & (0x8000 >> bit) != 0);
    let locations = pairs_and_heights.fold(0, |locations, bit| locations | 1 << (bit - 5));
    let has_second_lfe = channel_map & (0x8000 >> 14) != 0;
    locations | u16::from(has_second_lfe) << 8
}

/// How many channels `chan_loc` names.
fn channels_at(locations: u32) -> u8 {
    /// Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh.
    const PAIRS: u32 = 0b0111_0011;
    // At most 9 bits and 5 pairs.
    (locations.count_ones() + (locations & PAIRS).count_ones()) as u8
}

/// Table 4.1.
fn rate_of(rate_code: u8) -> Result<u32, Error> {
    let rate = [48_000, 44_100, 32_000].get(usize::from(rate_code)).copied();
    rate.ok_or(invalid("fscod of an AC-3 frame", u32::from(rate_code), "0 to 2", "ETSI TS 102 366 §4.4.1.3"))
}

fn invalid(what: &'static str, value: u32, expected: &'static str, section: &'static str) -> Error {
    Error::Invalid { what, value: u64::from(value), expected, section }
}

const FRAME: &str = "an AC-3 frame header (ETSI TS 102 366 §4.3)";
const SYNC_WORD: u32 = 0x0b77;
const SAMPLES_PER_BLOCK: u32 = 256;
const AC3_SAMPLES: u32 = 6 * SAMPLES_PER_BLOCK;
/// Table 4.13.
const BIT_RATES_KBPS: [u32; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

#[cfg(test)]
mod tests;
