//! MP3: the frame header of MPEG audio layer III (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3 §2.4.1.3, and the
//! unofficial MPEG 2.5). Layers I and II and free format are refused.

use crate::{AudioInfo, Error};
use bytes::Bytes;

/// What the 4 bytes at the start of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Which of the three standards.
    pub version: Version,
    /// Samples per second.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bits per second of this frame.
    pub bitrate_bps: u32,
    /// Bytes of this frame with its header.
    pub frame_bytes: usize,
}

/// The standard a frame follows; the later ones halve the sample rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// ISO/IEC 11172-3: 32 to 48 kHz.
    Mpeg1,
    /// ISO/IEC 13818-3: 16 to 24 kHz.
    Mpeg2,
    /// Unofficial: 8 to 12 kHz.
    Mpeg25,
}

impl FrameHeader {
    /// Reads the header a frame begins with; `None` when more bytes are needed.
    pub fn parse(frame: &[u8]) -> Result<Option<Self>, Error> {
        let [b0, b1, b2, b3, ..] = *frame else { return Ok(None) };
        let invalid = |what, value: u8, expected| Error::Invalid {
            what,
            value: u64::from(value),
            expected,
            section: "ISO/IEC 11172-3 §2.4.2.3",
        };
        if b0 != 0xff || b1 & 0xe0 != 0xe0 {
            return Err(invalid("start of an MP3 frame", b0, "the sync word, eleven bits set"));
        }
        let version = match b1 >> 3 & 3 {
            0 => Version::Mpeg25,
            2 => Version::Mpeg2,
            3 => Version::Mpeg1,
            reserved => return Err(invalid("MPEG version of an MP3 frame", reserved, "0, 2 or 3")),
        };
        let layer = b1 >> 1 & 3;
        if layer != 1 {
            return Err(invalid("layer bits of an MP3 frame", layer, "1, layer III"));
        }
        let bitrates = if version == Version::Mpeg1 { &BITRATES_KBPS_MPEG1 } else { &BITRATES_KBPS_MPEG2 };
        let bitrate_index = b2 >> 4;
        let bitrate_kbps = bitrates.get(usize::from(bitrate_index)).copied().filter(|&kbps| kbps > 0);
        let bitrate_bps =
            1000 * bitrate_kbps.ok_or(invalid("bit rate index of an MP3 frame", bitrate_index, "1 to 14"))?;
        let rate_index = b2 >> 2 & 3;
        let rate = SAMPLE_RATES_MPEG1.get(usize::from(rate_index)).copied();
        let rate = rate.ok_or(invalid("sampling frequency of an MP3 frame", rate_index, "0 to 2"))?;
        let sample_rate = match version {
            Version::Mpeg1 => rate,
            Version::Mpeg2 => rate / 2,
            Version::Mpeg25 => rate / 4,
        };
        let padding = u32::from(b2 >> 1 & 1);
        let frame_bytes = samples_per_frame(version) / 8 * bitrate_bps / sample_rate + padding;
        Ok(Some(Self {
            version,
            sample_rate,
            channels: if b3 >> 6 == 3 { 1 } else { 2 },
            bitrate_bps,
            frame_bytes: frame_bytes as usize,
        }))
    }

    /// Samples per frame and channel: 1152, or 576 for the lower sample rates.
    pub fn samples_per_frame(&self) -> u32 {
        samples_per_frame(self.version)
    }

    /// Whether a decoder set up for `other` goes on with this frame: bit rate and padding may differ.
    pub fn is_same_format(&self, other: &Self) -> bool {
        (self.version, self.sample_rate, self.channels) == (other.version, other.sample_rate, other.channels)
    }
}

/// The decoder config of the track a frame belongs to: its 4-byte header.
///
/// The bytes are copied, so that the config, which is kept, does not keep the frame.
pub fn config_of(frame: &[u8]) -> Result<Bytes, Error> {
    FrameHeader::parse(frame)?.ok_or(HEADER_TRUNCATED)?;
    Ok(Bytes::copy_from_slice(frame.get(..HEADER_BYTES).ok_or(HEADER_TRUNCATED)?))
}

pub(crate) fn audio_info(config: &[u8]) -> Result<AudioInfo, Error> {
    let header = FrameHeader::parse(config)?.ok_or(HEADER_TRUNCATED)?;
    Ok(AudioInfo {
        sample_rate: header.sample_rate,
        channels: header.channels,
        samples_per_packet: Some(header.samples_per_frame()),
        profile: "",
    })
}

fn samples_per_frame(version: Version) -> u32 {
    if version == Version::Mpeg1 { 1152 } else { 576 }
}

const HEADER_BYTES: usize = 4;
const HEADER_TRUNCATED: Error = Error::Truncated { what: "an MP3 frame header (ISO/IEC 11172-3 §2.4.1.3)" };
/// Index 0 is free format, 15 forbidden.
const BITRATES_KBPS_MPEG1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_KBPS_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES_MPEG1: [u32; 3] = [44_100, 48_000, 32_000];

#[cfg(test)]
mod tests;
