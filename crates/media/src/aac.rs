//! AAC (ISO/IEC 14496-3): `AudioSpecificConfig` (§1.6.2.1) and ADTS headers (§1.A.2.2), both ways. Access units are
//! not parsed, so SBR that only they reveal (implicit signalling) is not seen.

use crate::bits::{BitReader, BitWriter};
use crate::{AudioInfo, Error};
use bytes::Bytes;

/// An `AudioSpecificConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// Audio object type of the core coder: 2 is AAC-LC.
    pub object_type: u8,
    /// Samples per second of the core coder.
    pub sample_rate: u32,
    /// `channelConfiguration`; 0 when a program config element says which channels there are.
    pub channel_configuration: u8,
    /// Number of channels of the core coder; 0 when that is not said.
    pub channels: u8,
    /// Samples per access unit of the core coder, for the object types where the config says so.
    pub frame_samples: Option<u32>,
    /// Samples per second after spectral band replication, when SBR is signalled.
    pub sbr_sample_rate: Option<u32>,
    /// Whether parametric stereo is signalled: one coded channel is heard as two.
    pub has_parametric_stereo: bool,
}

impl AudioSpecificConfig {
    /// AAC-LC with 1024 samples per access unit. `channel_configuration` as in table 1.19; 7 means 7.1.
    pub fn aac_lc(sample_rate: u32, channel_configuration: u8) -> Result<Self, Error> {
        check_sample_rate(sample_rate)?;
        Ok(Self {
            object_type: OBJECT_AAC_LC,
            sample_rate,
            channel_configuration,
            channels: channel_count(channel_configuration)?,
            frame_samples: Some(1024),
            sbr_sample_rate: None,
            has_parametric_stereo: false,
        })
    }

    /// Reads a config; what follows it is not looked at.
    pub fn parse(config: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(config, CONFIG);
        let mut object_type = read_object_type(&mut bits)?;
        let sample_rate = read_sample_rate(&mut bits)?;
        let channel_configuration = bits.bits8(4)?;
        let has_parametric_stereo = object_type == OBJECT_PS;
        let mut sbr_sample_rate = None;
        if matches!(object_type, OBJECT_SBR | OBJECT_PS) {
            // Hierarchical signalling (§1.6.5.3): the extension stands first, then the core coder.
            sbr_sample_rate = Some(read_sample_rate(&mut bits)?);
            object_type = read_object_type(&mut bits)?;
            if object_type == OBJECT_ER_BSAC {
                bits.skip(4)?; // extensionChannelConfiguration
            }
        }
        let mut config = Self {
            object_type,
            sample_rate,
            channel_configuration,
            channels: channel_count(channel_configuration)?,
            frame_samples: None,
            sbr_sample_rate,
            has_parametric_stereo,
        };
        match object_type {
            1..=4 | 6 | 7 | 17 | 19..=23 => config.read_general_audio(&mut bits)?,
            OBJECT_ER_AAC_ELD => config.frame_samples = Some(if bits.flag()? { 480 } else { 512 }),
            _ => {}
        }
        if config.sbr_sample_rate.is_none() && matches!(object_type, 1..=4) {
            // An extension that is not there or cut off means there is none.
            config.read_backward_compatible_extension(&mut bits).unwrap_or_default();
        }
        Ok(config)
    }

    /// `GASpecificConfig` (§4.4.1).
    fn read_general_audio(&mut self, bits: &mut BitReader<'_>) -> Result<(), Error> {
        let is_short = bits.flag()?;
        self.frame_samples = Some(match (self.object_type, is_short) {
            (23, false) => 512, // ER AAC LD
            (23, true) => 480,
            (_, false) => 1024,
            (_, true) => 960,
        });
        if bits.flag()? {
            bits.skip(14)?; // coreCoderDelay
        }
        let has_extension = bits.flag()?;
        if self.channel_configuration == 0 {
            // Encoders are seen that leave the element out; the access units then carry it.
            self.channels = read_program_config_channels(bits).unwrap_or(0);
        }
        if matches!(self.object_type, 6 | 20) {
            bits.skip(3)?; // layerNr
        }
        if has_extension {
            match self.object_type {
                22 => bits.skip(16)?,
                17 | 19 | 20 | 23 => bits.skip(3)?,
                _ => {}
            }
            bits.skip(1)?; // extensionFlag3
        }
        Ok(())
    }

    /// Backward compatible signalling (§1.6.5.3): the extension stands behind a sync word after the core coder.
    fn read_backward_compatible_extension(&mut self, bits: &mut BitReader<'_>) -> Result<(), Error> {
        if bits.bits_left() < 16 || bits.bits(11)? != SYNC_EXTENSION_SBR {
            return Ok(());
        }
        if read_object_type(bits)? != OBJECT_SBR || !bits.flag()? {
            return Ok(());
        }
        self.sbr_sample_rate = Some(read_sample_rate(bits)?);
        if bits.bits_left() >= 12 && bits.bits(11)? == SYNC_EXTENSION_PS {
            self.has_parametric_stereo = bits.flag()?;
        }
        Ok(())
    }

    /// The config's bytes, for a core coder of general audio without a program config element; SBR and parametric
    /// stereo are signalled hierarchically.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BitWriter::default();
        let extension = match (self.sbr_sample_rate, self.has_parametric_stereo) {
            (_, true) => Some(OBJECT_PS),
            (Some(_), false) => Some(OBJECT_SBR),
            (None, false) => None,
        };
        put_object_type(&mut out, extension.unwrap_or(self.object_type));
        put_sample_rate(&mut out, self.sample_rate);
        out.put(self.channel_configuration, 4);
        if extension.is_some() {
            put_sample_rate(&mut out, self.sbr_sample_rate.unwrap_or(self.sample_rate));
            put_object_type(&mut out, self.object_type);
        }
        out.put(matches!(self.frame_samples, Some(960 | 480)), 1);
        out.put(0u8, 2); // dependsOnCoreCoder, extensionFlag
        out.finish()
    }

    /// The number of an RFC 6381 codec string: `mp4a.40.N`.
    fn codec_string_object_type(&self) -> u8 {
        match (self.has_parametric_stereo, self.sbr_sample_rate) {
            (true, _) => OBJECT_PS,
            (false, Some(_)) => OBJECT_SBR,
            (false, None) => self.object_type,
        }
    }
}

/// An ADTS header (ISO/IEC 14496-3 §1.A.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdtsHeader {
    /// Audio object type, 1 to 4.
    pub object_type: u8,
    /// Samples per second of the core coder.
    pub sample_rate: u32,
    /// `channel_configuration`; 0 when the access unit says it.
    pub channel_configuration: u8,
    /// Bytes of this header: 7, or 9 with a checksum.
    pub header_bytes: usize,
    /// Bytes of the frame with this header.
    pub frame_bytes: usize,
    /// Raw data blocks in the frame; more than one is rare.
    pub block_count: u8,
}

impl AdtsHeader {
    /// Reads the header a frame begins with; `None` when more bytes are needed.
    pub fn parse(frame: &[u8]) -> Result<Option<Self>, Error> {
        let [b0, b1, b2, b3, b4, b5, b6, ..] = *frame else { return Ok(None) };
        // syncword (12 bits), ID, layer (always 0), protection_absent
        if b0 != 0xff || b1 & 0xf6 != 0xf0 {
            return Err(Error::Invalid {
                what: "start of an ADTS header",
                value: u64::from(u16::from_be_bytes([b0, b1])),
                expected: "the sync word 0xFFF and layer 0",
                section: "ISO/IEC 14496-3 §1.A.2.2.1",
            });
        }
        let header_bytes = if b1 & 1 == 1 { 7 } else { 9 };
        let frame_bytes = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
        if frame_bytes < header_bytes {
            return Err(Error::Invalid {
                what: "aac_frame_length of an ADTS header",
                value: frame_bytes as u64,
                expected: "at least the header's own length",
                section: "ISO/IEC 14496-3 §1.A.2.2.1",
            });
        }
        Ok(Some(Self {
            object_type: (b2 >> 6) + 1,
            sample_rate: sample_rate_at(u32::from(b2 >> 2) & 0xf)?,
            channel_configuration: (b2 & 1) << 2 | b3 >> 6,
            header_bytes,
            frame_bytes,
            block_count: (b6 & 3) + 1,
        }))
    }

    /// The decoder config that says the same.
    pub fn config(&self) -> Result<AudioSpecificConfig, Error> {
        let config = AudioSpecificConfig::aac_lc(self.sample_rate, self.channel_configuration)?;
        Ok(AudioSpecificConfig { object_type: self.object_type, ..config })
    }
}

/// The ADTS header for a raw access unit of `unit_bytes`, without checksum. SBR and parametric stereo stay implicit;
/// object types ADTS cannot name are refused.
pub fn adts_header(
    config: &AudioSpecificConfig,
    unit_bytes: usize,
) -> Result<[u8; ADTS_HEADER_BYTES], Error> {
    let profile = config.object_type.checked_sub(1).filter(|&profile| profile < 4).ok_or(Error::Invalid {
        what: "audio object type",
        value: u64::from(config.object_type),
        expected: "1 to 4, the ones ADTS can name",
        section: "ISO/IEC 14496-3 §1.A.2.2.1",
    })?;
    let frame_bytes = unit_bytes.saturating_add(ADTS_HEADER_BYTES);
    if frame_bytes > ADTS_FRAME_BYTES_MAX {
        return Err(Error::Limit {
            what: "bytes of an ADTS frame (ISO/IEC 14496-3 §1.A.2.2.1)",
            value: frame_bytes as u64,
            max: ADTS_FRAME_BYTES_MAX as u64,
        });
    }
    let channels = config.channel_configuration;
    if channels > 7 {
        return Err(Error::Invalid {
            what: "channelConfiguration",
            value: u64::from(channels),
            expected: "0 to 7, the ones ADTS can name",
            section: "ISO/IEC 14496-3 §1.A.2.2.1",
        });
    }
    let rate = nearest_rate_index(config.sample_rate);
    // Buffer fullness is all ones: variable rate.
    Ok([
        0xff,
        0xf1,
        profile << 6 | rate << 2 | channels >> 2,
        (channels & 3) << 6 | (frame_bytes >> 11) as u8 & 3,
        (frame_bytes >> 3) as u8,
        (frame_bytes << 5) as u8 | 0x1f,
        0xfc,
    ])
}

/// Bytes of the header [`adts_header`] makes.
pub const ADTS_HEADER_BYTES: usize = 7;

pub(crate) fn audio_info(config: &[u8]) -> Result<AudioInfo, Error> {
    let config = AudioSpecificConfig::parse(config)?;
    let sample_rate = config.sbr_sample_rate.unwrap_or(config.sample_rate);
    // An access unit lasts as long at either rate, so it has more samples after SBR.
    let samples_per_packet = config.frame_samples.and_then(|samples| {
        let samples = u64::from(samples) * u64::from(sample_rate) / u64::from(config.sample_rate);
        u32::try_from(samples).ok()
    });
    Ok(AudioInfo {
        sample_rate,
        channels: if config.has_parametric_stereo { 2 } else { config.channels },
        samples_per_packet,
        profile: match config.codec_string_object_type() {
            1 => "Main",
            OBJECT_AAC_LC => "LC",
            3 => "SSR",
            4 => "LTP",
            OBJECT_SBR => "HE-AAC",
            OBJECT_PS => "HE-AACv2",
            23 => "LD",
            OBJECT_ER_AAC_ELD => "ELD",
            42 => "xHE-AAC",
            _ => "",
        },
    })
}

/// `mp4a.40.N` (RFC 6381 §3.3).
pub(crate) fn codec_string(config: &[u8]) -> Option<String> {
    let config = AudioSpecificConfig::parse(config).ok()?;
    Some(format!("mp4a.40.{}", config.codec_string_object_type()))
}

/// Table 1.17, behind the escape that makes room for more than 31.
fn read_object_type(bits: &mut BitReader<'_>) -> Result<u8, Error> {
    match bits.bits8(5)? {
        31 => Ok(32 + bits.bits8(6)?),
        object_type => Ok(object_type),
    }
}

fn read_sample_rate(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let sample_rate = match bits.bits(4)? {
        RATE_ESCAPE => bits.bits(24)?,
        index => sample_rate_at(index)?,
    };
    check_sample_rate(sample_rate)?;
    Ok(sample_rate)
}

fn sample_rate_at(index: u32) -> Result<u32, Error> {
    SAMPLE_RATES.get(index as usize).copied().ok_or(Error::Invalid {
        what: "samplingFrequencyIndex",
        value: u64::from(index),
        expected: "0 to 12",
        section: "ISO/IEC 14496-3 table 1.18",
    })
}

fn check_sample_rate(sample_rate: u32) -> Result<(), Error> {
    if (1..=SAMPLE_RATE_MAX).contains(&sample_rate) {
        return Ok(());
    }
    Err(Error::Invalid {
        what: "sampling frequency",
        value: u64::from(sample_rate),
        expected: "1 to 768000 Hz",
        section: "ISO/IEC 14496-3 §1.6.3.4",
    })
}

/// Table 1.19.
fn channel_count(channel_configuration: u8) -> Result<u8, Error> {
    match channel_configuration {
        0..=6 => Ok(channel_configuration),
        7 | 12 | 14 => Ok(8),
        11 => Ok(7),
        13 => Ok(24),
        _ => Err(Error::Invalid {
            what: "channelConfiguration",
            value: u64::from(channel_configuration),
            expected: "0 to 7 or 11 to 14",
            section: "ISO/IEC 14496-3 table 1.19",
        }),
    }
}

/// How many channels a `program_config_element` (§4.4.1.1) lists.
fn read_program_config_channels(bits: &mut BitReader<'_>) -> Result<u8, Error> {
    bits.skip(10)?; // element_instance_tag, object_type, sampling_frequency_index
    let mut elements = 0;
    for _ in 0..3 {
        elements += bits.bits(4)?; // front, side, back
    }
    let lfe = bits.bits(2)?;
    let associated_data = bits.bits(3)?;
    let coupling = bits.bits(4)?;
    for mixdown_bits in [4, 4, 3] {
        if bits.flag()? {
            bits.skip(mixdown_bits)?;
        }
    }
    let mut channels = lfe;
    for _ in 0..elements {
        channels += 1 + bits.bits(1)?; // is_cpe: a channel pair
        bits.skip(4)?;
    }
    bits.skip(4 * lfe + 4 * associated_data + 5 * coupling)?;
    bits.align();
    let comment_bytes = bits.bits(8)?;
    bits.skip(8 * comment_bytes)?;
    // At most 3 * 15 pairs and 3 LFEs.
    Ok(channels as u8)
}

/// The index of the table rate that stands for `sample_rate` (table 4.82).
fn nearest_rate_index(sample_rate: u32) -> u8 {
    const LOWEST_OF_INDEX: [u32; 11] =
        [92_017, 75_132, 55_426, 46_009, 37_566, 27_713, 23_004, 18_783, 13_856, 11_502, 9391];
    // A stated rate of the table keeps its own index: 7350 has one, and none in table 4.82.
    let exact = SAMPLE_RATES.iter().position(|&rate| rate == sample_rate);
    let index = exact.or_else(|| LOWEST_OF_INDEX.iter().position(|&lowest| sample_rate >= lowest));
    index.unwrap_or(LOWEST_OF_INDEX.len()) as u8
}

fn put_object_type(out: &mut BitWriter, object_type: u8) {
    match object_type.checked_sub(32) {
        Some(above) => {
            out.put(31u8, 5);
            out.put(above, 6);
        }
        None => out.put(object_type, 5),
    }
}

fn put_sample_rate(out: &mut BitWriter, sample_rate: u32) {
    match SAMPLE_RATES.iter().position(|&rate| rate == sample_rate) {
        // One of 13.
        Some(index) => out.put(index as u8, 4),
        None => {
            out.put(RATE_ESCAPE, 4);
            out.put(sample_rate, 24);
        }
    }
}

const CONFIG: &str = "an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)";
const OBJECT_AAC_LC: u8 = 2;
const OBJECT_SBR: u8 = 5;
const OBJECT_ER_BSAC: u8 = 22;
const OBJECT_PS: u8 = 29;
const OBJECT_ER_AAC_ELD: u8 = 39;
const SYNC_EXTENSION_SBR: u32 = 0x2b7;
const SYNC_EXTENSION_PS: u32 = 0x548;
const RATE_ESCAPE: u32 = 15;
/// The highest rate any audio interface offers; more is a broken config.
const SAMPLE_RATE_MAX: u32 = 768_000;
/// `aac_frame_length` has 13 bits.
const ADTS_FRAME_BYTES_MAX: usize = 0x1fff;
/// ISO/IEC 14496-3 table 1.18.
const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

#[cfg(test)]
mod tests;
