//! How a codec's normal form is dressed in a PES packet: start codes, delimiters and parameter sets for pictures,
//! ADTS headers for AAC.

use crate::Error;
use crate::pes::PesWriter;
use bytes::Bytes;
use media::aac::AudioSpecificConfig;
use media::{Codec, Packet, aac, h264, h265, nal};

/// What is put before and around the payloads of a track.
#[derive(Debug)]
pub(crate) enum Format {
    /// H.264 and H.265: length-prefixed NAL units become Annex B.
    Nal { length_size: u8, parameter_sets: Vec<Bytes> },
    /// A header before every access unit.
    Adts(AudioSpecificConfig),
    /// Frames that carry their own headers.
    Frames,
}

impl Format {
    /// For what a decoder config says.
    pub(crate) fn new(codec: Codec, config: &Bytes) -> Result<Self, Error> {
        Self::read(codec, config).map_err(|source| Error::Codec { codec, source })
    }

    fn read(codec: Codec, config: &Bytes) -> Result<Self, media::Error> {
        Ok(match codec {
            Codec::H264 => {
                let config = h264::DecoderConfig::parse(config)?;
                let parameter_sets = config.parameter_sets().cloned().collect();
                Self::Nal { length_size: config.length_size, parameter_sets }
            }
            Codec::H265 => {
                let config = h265::DecoderConfig::parse(config)?;
                let parameter_sets = config.parameter_sets().cloned().collect();
                Self::Nal { length_size: config.length_size, parameter_sets }
            }
            Codec::Aac => Self::Adts(AudioSpecificConfig::parse(config)?),
            _ => Self::Frames,
        })
    }

    /// How many bytes [`put`](Self::put) will write, and whether the payload can be written at all.
    pub(crate) fn coded_bytes(&self, packet: &Packet) -> Result<usize, Error> {
        let failed = |source| Error::Codec { codec: packet.codec, source };
        match self {
            Self::Nal { length_size, parameter_sets } => {
                let mut bytes = delimiter(packet.codec).len();
                if packet.is_keyframe() {
                    bytes += parameter_sets.iter().map(|set| START_CODE.len() + set.len()).sum::<usize>();
                }
                for nal in nal::length_prefixed(&packet.payload, *length_size) {
                    let nal = nal.map_err(failed)?;
                    if !is_delimiter(packet.codec, nal) {
                        bytes += START_CODE.len() + nal.len();
                    }
                }
                Ok(bytes)
            }
            Self::Adts(config) => {
                let header = aac::adts_header(config, packet.payload.len()).map_err(failed)?;
                Ok(header.len() + packet.payload.len())
            }
            Self::Frames => Ok(packet.payload.len()),
        }
    }

    /// Writes a payload that [`coded_bytes`](Self::coded_bytes) has found good.
    pub(crate) fn put(&self, packet: &Packet, pes: &mut PesWriter<'_>) {
        match self {
            Self::Nal { length_size, parameter_sets } => {
                pes.put(delimiter(packet.codec));
                if packet.is_keyframe() {
                    for set in parameter_sets {
                        pes.put(START_CODE);
                        pes.put(set);
                    }
                }
                for nal in nal::length_prefixed(&packet.payload, *length_size).flatten() {
                    // The one above stands for it: a second one would begin another access unit.
                    if !is_delimiter(packet.codec, nal) {
                        pes.put(START_CODE);
                        pes.put(nal);
                    }
                }
            }
            Self::Adts(config) => {
                if let Ok(header) = aac::adts_header(config, packet.payload.len()) {
                    pes.put(&header);
                    pes.put(&packet.payload);
                }
            }
            Self::Frames => pes.put(&packet.payload),
        }
    }
}

/// An access unit delimiter for pictures of any type, with which every picture in a transport stream begins
/// (ISO/IEC 13818-1 §2.14.1, §2.17.1).
fn delimiter(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::H265 => &[0, 0, 0, 1, h265::NAL_AUD << 1, 1, 0x50],
        _ => &[0, 0, 0, 1, h264::NAL_AUD, 0xf0],
    }
}

fn is_delimiter(codec: Codec, nal: &[u8]) -> bool {
    nal.first().is_some_and(|&header| match codec {
        Codec::H265 => h265::nal_unit_type(header) == h265::NAL_AUD,
        _ => h264::nal_unit_type(header) == h264::NAL_AUD,
    })
}

/// With the zero byte that parameter sets and the first unit must have (H.264 §B.1.2).
const START_CODE: &[u8] = &[0, 0, 0, 1];
