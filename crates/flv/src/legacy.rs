//! Tag bodies as before Enhanced RTMP: a codec number and, for H.264 and AAC, a packet type (FLV 10.1 annex E.4.2,
//! E.4.3).

use crate::body::{Content, Skipped, Stop, Unit};
use crate::reader::Reader;
use crate::{Error, TagType};
use bytes::Bytes;
use media::{Codec, PacketKind, TrackId};

pub(crate) const CODEC_AVC: u8 = 7;
/// Never standardised, but sent and read by encoders and players in China since 2016.
const CODEC_HEVC: u8 = 12;

pub(crate) const AVC_END_OF_SEQUENCE: u8 = 2;

pub(crate) const SOUND_MP3: u8 = 2;
pub(crate) const SOUND_AAC: u8 = 10;
/// MP3 at 8 kHz, for which the two bits of the sample rate have no value.
pub(crate) const SOUND_MP3_8K: u8 = 14;

pub(crate) const FRAME_KEY: u8 = 1;
pub(crate) const FRAME_INTER: u8 = 2;
const FRAME_GENERATED_KEY: u8 = 4;
pub(crate) const FRAME_COMMAND: u8 = 5;

/// Reads a video body.
pub(crate) fn video_unit(body: &Bytes) -> Result<Unit, Stop> {
    let mut reader = Reader::new(body, "video tag body");
    let first = reader.u8()?;
    let (frame_type, codec_id) = (first >> 4, first & 0x0F);
    if frame_type == FRAME_COMMAND {
        return Err(Skipped::Command.into());
    }
    let codec = match codec_id {
        CODEC_AVC => Codec::H264,
        CODEC_HEVC => Codec::H265,
        number => return Err(unsupported(VIDEO_NAMES, number, "video codec")),
    };
    let packet_type = reader.u8()?;
    if packet_type == AVC_END_OF_SEQUENCE {
        return Ok(Unit { track_id: TrackId::VIDEO, codec, content: Content::Nothing });
    }
    let composition_ms = reader.i24()?;
    let data = body.slice_ref(reader.rest());
    let content = match packet_type {
        0 => Content::Config(data),
        1 => Content::Coded {
            kind: coded_kind(frame_type),
            composition_micros: i64::from(composition_ms).saturating_mul(1000),
            payload: data,
        },
        packet_type => return Err(Skipped::PacketType { tag_type: TagType::Video, packet_type }.into()),
    };
    Ok(Unit { track_id: TrackId::VIDEO, codec, content })
}

/// Reads an audio body.
pub(crate) fn audio_unit(body: &Bytes) -> Result<Unit, Stop> {
    let mut reader = Reader::new(body, "audio tag body");
    let (codec, packet_type) = match reader.u8()? >> 4 {
        // Some encoders send the bare first byte to say that the sound ends.
        _ if reader.is_empty() => return Err(Skipped::Empty.into()),
        SOUND_AAC => (Codec::Aac, reader.u8()?),
        SOUND_MP3 | SOUND_MP3_8K => (Codec::Mp3, 1),
        number => return Err(unsupported(SOUND_NAMES, number, "sound format")),
    };
    let data = body.slice_ref(reader.rest());
    let content = match packet_type {
        0 => Content::Config(data),
        1 => Content::Coded { kind: PacketKind::Frame, composition_micros: 0, payload: data },
        packet_type => return Err(Skipped::PacketType { tag_type: TagType::Audio, packet_type }.into()),
    };
    Ok(Unit { track_id: TrackId::AUDIO, codec, content })
}

/// Whether a coded picture can be started at, by its frame type.
pub(crate) fn coded_kind(frame_type: u8) -> PacketKind {
    match frame_type {
        FRAME_KEY | FRAME_GENERATED_KEY => PacketKind::Keyframe,
        _ => PacketKind::Frame,
    }
}

fn unsupported(names: &[(u8, &'static str)], number: u8, what: &str) -> Stop {
    let known = names.iter().find(|(known, _)| *known == number);
    let name = known.map_or_else(|| format!("{what} {number}"), |(_, name)| (*name).to_owned());
    Error::UnsupportedCodec { name }.into()
}

const VIDEO_NAMES: &[(u8, &str)] = &[
    (1, "JPEG"),
    (2, "Sorenson H.263"),
    (3, "Screen video"),
    (4, "VP6"),
    (5, "VP6 with alpha"),
    (6, "Screen video 2"),
    (8, "H.263"),
    (9, "MPEG-4 part 2"),
];

const SOUND_NAMES: &[(u8, &str)] = &[
    (0, "PCM"),
    (1, "ADPCM"),
    (3, "PCM"),
    (4, "Nellymoser"),
    (5, "Nellymoser"),
    (6, "Nellymoser"),
    (7, "G.711 A-law"),
    (8, "G.711 µ-law"),
    (11, "Speex"),
];
