//! FLAC (RFC 9639): the STREAMINFO block behind its `fLaC` marker. Frames are not parsed.

use crate::bits::BitReader;
use crate::{AudioInfo, Error};

/// A STREAMINFO block (RFC 9639 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Samples in the shortest frame but the last.
    pub block_samples_min: u16,
    /// Samples in the longest frame.
    pub block_samples_max: u16,
    /// Samples per second.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// 4 to 32.
    pub bits_per_sample: u8,
}

impl StreamInfo {
    /// Reads `fLaC` and the block behind it; blocks after it are not looked at.
    pub fn parse(config: &[u8]) -> Result<Self, Error> {
        let blocks = config
            .strip_prefix(MARKER)
            .ok_or(Error::Missing { what: "the fLaC marker of a FLAC stream", section: "RFC 9639 §6" })?;
        let mut bits = BitReader::new(blocks, BLOCK);
        bits.skip(1)?; // whether it is the last block
        let block_type = bits.bits8(7)?;
        if block_type != 0 {
            return Err(Error::Invalid {
                what: "type of the first FLAC metadata block",
                value: u64::from(block_type),
                expected: "0, STREAMINFO",
                section: "RFC 9639 §8.2",
            });
        }
        let block_bytes = bits.bits(24)?;
        if block_bytes != STREAM_INFO_BYTES {
            return Err(Error::Invalid {
                what: "length of a FLAC STREAMINFO block",
                value: u64::from(block_bytes),
                expected: "34",
                section: "RFC 9639 §8.2",
            });
        }
        // Cannot truncate: both have 16 bits.
        let (block_samples_min, block_samples_max) = (bits.bits(16)? as u16, bits.bits(16)? as u16);
        bits.skip(48)?; // frame sizes in bytes
        let sample_rate = bits.bits(20)?;
        let channels = bits.bits8(3)? + 1;
        let bits_per_sample = bits.bits8(5)? + 1;
        bits.skip(36)?; // number of samples
        bits.skip(128)?; // MD5 of the samples
        if sample_rate == 0 {
            return Err(Error::Invalid {
                what: "sample rate of a FLAC STREAMINFO block",
                value: 0,
                expected: "at least 1, as the stream is sound",
                section: "RFC 9639 §8.2",
            });
        }
        Ok(Self { block_samples_min, block_samples_max, sample_rate, channels, bits_per_sample })
    }
}

pub(crate) fn audio_info(config: &[u8]) -> Result<AudioInfo, Error> {
    let info = StreamInfo::parse(config)?;
    let is_fixed = info.block_samples_min == info.block_samples_max && info.block_samples_max > 0;
    Ok(AudioInfo {
        sample_rate: info.sample_rate,
        channels: info.channels,
        samples_per_packet: is_fixed.then_some(u32::from(info.block_samples_max)),
        profile: "",
    })
}

const MARKER: &[u8] = b"fLaC";
const BLOCK: &str = "a FLAC STREAMINFO block (RFC 9639 §8.2)";
const STREAM_INFO_BYTES: u32 = 34;

#[cfg(test)]
mod tests;
