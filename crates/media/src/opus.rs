//! Opus: the identification header (RFC 7845 §5.1) both ways, and how long a packet lasts (RFC 6716 §3.1).

use crate::{AudioInfo, Error};
use bytes::{BufMut, Bytes, BytesMut};

/// An identification header, from `OpusHead` on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpusHead {
    /// Channels that are heard, 1 to 255.
    pub channels: u8,
    /// Samples at 48 kHz to throw away at the start.
    pub pre_skip: u16,
    /// The rate of what was encoded, for information; decoders work at 48 kHz.
    pub input_sample_rate: u32,
    /// Gain in 1/256 dB.
    pub output_gain: i16,
    /// How channels are mapped; none for family 0, mono or stereo.
    pub mapping: Option<ChannelMapping>,
}

/// How coded streams become channels (RFC 7845 §5.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelMapping {
    /// The family, 1 to 255.
    pub family: u8,
    /// Streams in a packet.
    pub streams: u8,
    /// How many of them are stereo.
    pub coupled: u8,
    /// One entry per channel.
    pub table: Bytes,
}

impl OpusHead {
    /// A header for mono or stereo without gain.
    pub fn new(channels: u8, pre_skip: u16, input_sample_rate: u32) -> Result<Self, Error> {
        if !matches!(channels, 1 | 2) {
            return Err(channels_error(channels, "1 or 2 in mapping family 0"));
        }
        Ok(Self { channels, pre_skip, input_sample_rate, output_gain: 0, mapping: None })
    }

    /// Reads a header.
    pub fn parse(header: &[u8]) -> Result<Self, Error> {
        let truncated = Error::Truncated { what: HEADER };
        let rest = header.strip_prefix(MAGIC).ok_or(Error::Missing {
            what: "the word OpusHead at the start of an identification header",
            section: "RFC 7845 §5.1",
        })?;
        let [version, channels, s0, s1, r0, r1, r2, r3, g0, g1, family, rest @ ..] = rest else {
            return Err(truncated);
        };
        // The upper four bits are the major version.
        if version >> 4 != 0 {
            return Err(Error::Invalid {
                what: "version of an Opus identification header",
                value: u64::from(*version),
                expected: "0 to 15",
                section: "RFC 7845 §5.1",
            });
        }
        let mapping = match (*family, *channels) {
            (_, 0) => return Err(channels_error(0, "at least 1")),
            (0, 1 | 2) => None,
            (0, channels) => return Err(channels_error(channels, "1 or 2 in mapping family 0")),
            (family, channels) => {
                let [streams, coupled, table @ ..] = rest else { return Err(truncated) };
                let table = table.get(..usize::from(channels)).ok_or(truncated)?;
                let table = Bytes::copy_from_slice(table);
                Some(ChannelMapping { family, streams: *streams, coupled: *coupled, table })
            }
        };
        Ok(Self {
            channels: *channels,
            pre_skip: u16::from_le_bytes([*s0, *s1]),
            input_sample_rate: u32::from_le_bytes([*r0, *r1, *r2, *r3]),
            output_gain: i16::from_le_bytes([*g0, *g1]),
            mapping,
        })
    }

    /// The header's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(21 + usize::from(self.channels));
        out.put_slice(MAGIC);
        out.put_slice(&[1, self.channels]);
        out.put_u16_le(self.pre_skip);
        out.put_u32_le(self.input_sample_rate);
        out.put_i16_le(self.output_gain);
        match &self.mapping {
            None => out.put_u8(0),
            Some(mapping) => {
                out.put_slice(&[mapping.family, mapping.streams, mapping.coupled]);
                out.put_slice(&mapping.table);
            }
        }
        out.freeze()
    }
}

/// Samples at 48 kHz in a packet (RFC 6716 §3.1, §3.2); `None` when it is empty or claims more than 120 ms.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let &toc = packet.first()?;
    let frame_samples = match toc >> 3 {
        silk @ 0..=11 => [480, 960, 1920, 2880].get(usize::from(silk & 3)).copied()?,
        hybrid @ 12..=15 => 480 << (hybrid & 1),
        celt => 120 << (celt & 3),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frame_samples * frames;
    (1..=PACKET_SAMPLES_MAX).contains(&samples).then_some(samples)
}

/// Decoders give out 48 000 samples per second, whatever was encoded.
pub const SAMPLE_RATE: u32 = 48_000;

pub(crate) fn audio_info(header: &[u8]) -> Result<AudioInfo, Error> {
    let head = OpusHead::parse(header)?;
    // The length of packets may change from one to the next.
    Ok(AudioInfo { sample_rate: SAMPLE_RATE, channels: head.channels, samples_per_packet: None, profile: "" })
}

fn channels_error(channels: u8, expected: &'static str) -> Error {
    Error::Invalid {
        what: "channel count of an Opus identification header",
        value: u64::from(channels),
        expected,
        section: "RFC 7845 §5.1",
    }
}

const MAGIC: &[u8] = b"OpusHead";
const HEADER: &str = "an Opus identification header (RFC 7845 §5.1)";
/// 120 ms (RFC 6716 §3.4, R5).
const PACKET_SAMPLES_MAX: u32 = 5760;

#[cfg(test)]
mod tests;
