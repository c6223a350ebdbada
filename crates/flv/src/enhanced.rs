//! Tag bodies of Enhanced RTMP v1 and v2: FourCC codecs, several tracks in one body, ModEx (sections "Enhanced Audio"
//! and "Enhanced Video").

use crate::body::{Content, Outcome, Skipped, Stop, Unit};
use crate::legacy::{FRAME_COMMAND, coded_kind};
use crate::reader::Reader;
use crate::{Error, TagType};
use bytes::Bytes;
use media::{Codec, MediaKind, PacketKind, TrackId};

/// How many modifiers one body may have; one is defined.
const MOD_EX_MAX: usize = 8;

/// How many shares of tracks one body may have; a track is numbered by one byte.
const PARTS_MAX: usize = 256;

/// In place of a legacy sound format.
pub(crate) const SOUND_ENHANCED: u8 = 9;
/// In the first byte of a video body.
pub(crate) const VIDEO_ENHANCED: u8 = 0x80;

pub(crate) const SEQUENCE_START: u8 = 0;
pub(crate) const CODED_FRAMES: u8 = 1;
pub(crate) const SEQUENCE_END: u8 = 2;
/// Without a composition time, which is 0.
pub(crate) const VIDEO_CODED_FRAMES_X: u8 = 3;
const VIDEO_METADATA: u8 = 4;
pub(crate) const AUDIO_MULTITRACK: u8 = 5;
pub(crate) const VIDEO_MULTITRACK: u8 = 6;
const MOD_EX: u8 = 7;

pub(crate) const ONE_TRACK: u8 = 0;
const MANY_TRACKS: u8 = 1;
const MANY_TRACKS_MANY_CODECS: u8 = 2;

/// The only modifier defined: nanoseconds to add to the presentation time.
const MOD_EX_NANOSECONDS: u8 = 0;

/// FourCC and codec of what is supported.
const FOUR_CCS: [(&[u8; 4], Codec); 11] = [
    (b"avc1", Codec::H264),
    (b"hvc1", Codec::H265),
    (b"av01", Codec::Av1),
    (b"vp08", Codec::Vp8),
    (b"vp09", Codec::Vp9),
    (b"mp4a", Codec::Aac),
    (b".mp3", Codec::Mp3),
    (b"Opus", Codec::Opus),
    (b"fLaC", Codec::Flac),
    (b"ac-3", Codec::Ac3),
    (b"ec-3", Codec::Eac3),
];

/// The four characters that stand for `codec`; `None` for script data.
pub fn four_cc(codec: Codec) -> Option<[u8; 4]> {
    FOUR_CCS.iter().find(|(_, known)| *known == codec).map(|(four_cc, _)| **four_cc)
}

/// Whether `codec` writes a composition time with its coded frames.
pub(crate) fn has_composition_time(codec: Codec) -> bool {
    matches!(codec, Codec::H264 | Codec::H265)
}

pub(crate) fn is_video(first: u8) -> bool {
    first & VIDEO_ENHANCED != 0
}

pub(crate) fn is_audio(first: u8) -> bool {
    first >> 4 == SOUND_ENHANCED
}

/// One track's share of a body, its codec not yet looked at.
pub(crate) struct Part {
    track: u8,
    four_cc: [u8; 4],
    packet_type: u8,
    nanoseconds: u32,
    data: Bytes,
}

/// Hands each track's share of `body` to `each`. What is wrong with one track keeps none of the others back; the
/// first such thing is the answer.
pub(crate) fn parts(
    tag_type: TagType,
    body: &Bytes,
    mut each: impl FnMut(Part) -> Result<Outcome, Stop>,
) -> Result<Outcome, Stop> {
    let (what, multitrack) = match tag_type {
        TagType::Video => ("enhanced video body", VIDEO_MULTITRACK),
        _ => ("enhanced audio body", AUDIO_MULTITRACK),
    };
    let mut reader = Reader::new(body, what);
    let first = reader.u8()?;
    let (packet_type, nanoseconds) = read_modifiers(first & 0x0F, &mut reader)?;
    // A command has neither codec nor data; of metadata the frame type does not count.
    if tag_type == TagType::Video && packet_type != VIDEO_METADATA && first >> 4 & 0b111 == FRAME_COMMAND {
        return Err(Skipped::Command.into());
    }
    if packet_type != multitrack {
        let four_cc = reader.array()?;
        let data = body.slice_ref(reader.rest());
        return each(Part { track: 0, four_cc, packet_type, nanoseconds, data });
    }

    let types = reader.u8()?;
    let (multitrack_type, packet_type) = (types >> 4, types & 0x0F);
    if packet_type == multitrack || packet_type == MOD_EX {
        return Err(Skipped::PacketType { tag_type, packet_type }.into());
    }
    let one_codec = match multitrack_type {
        ONE_TRACK | MANY_TRACKS => Some(reader.array()?),
        MANY_TRACKS_MANY_CODECS => None,
        number => return Err(Skipped::MultitrackType(number).into()),
    };
    let mut answer = Ok(Outcome::Read);
    for _ in 0..PARTS_MAX {
        let four_cc = match one_codec {
            Some(four_cc) => four_cc,
            None => reader.array()?,
        };
        let track = reader.u8()?;
        let data = match multitrack_type {
            ONE_TRACK => reader.take(reader.rest().len())?,
            _ => {
                let len = reader.u24()?;
                reader.take(usize::try_from(len).unwrap_or(usize::MAX))?
            }
        };
        let data = body.slice_ref(data);
        let outcome = each(Part { track, four_cc, packet_type, nanoseconds, data });
        if matches!(answer, Ok(Outcome::Read)) {
            answer = outcome;
        }
        if reader.is_empty() {
            return answer;
        }
    }
    Err(Error::TooManyParts { max: PARTS_MAX }.into())
}

/// Follows the chain of modifiers to the packet type they modify.
fn read_modifiers(mut packet_type: u8, reader: &mut Reader<'_>) -> Result<(u8, u32), Error> {
    let mut nanoseconds = 0;
    for _ in 0..=MOD_EX_MAX {
        if packet_type != MOD_EX {
            return Ok((packet_type, nanoseconds));
        }
        // One byte holds sizes from 1 to 255; 256 says that two more bytes hold the size.
        let len = match reader.u8()? {
            0xFF => u32::from(reader.u16()?).saturating_add(1),
            len => u32::from(len).saturating_add(1),
        };
        let data = reader.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        let types = reader.u8()?;
        if types >> 4 == MOD_EX_NANOSECONDS {
            nanoseconds = Reader::new(data, "ModEx nanoseconds").u24()?;
        }
        packet_type = types & 0x0F;
    }
    Err(Error::TooManyModifiers { max: MOD_EX_MAX })
}

/// Reads one video track's share; `first` is the first byte of the body.
pub(crate) fn video_unit(first: u8, part: Part) -> Result<Unit, Stop> {
    let tag_type = TagType::Video;
    let Part { track, four_cc, packet_type, nanoseconds, data } = part;
    if packet_type == VIDEO_METADATA {
        return Err(Skipped::PacketType { tag_type, packet_type }.into());
    }
    let codec = find_codec(tag_type, four_cc)?;
    let content = match packet_type {
        SEQUENCE_START => Content::Config(data),
        SEQUENCE_END => Content::Nothing,
        CODED_FRAMES | VIDEO_CODED_FRAMES_X => {
            let mut reader = Reader::new(&data, "enhanced video body");
            let has_time = packet_type == CODED_FRAMES && has_composition_time(codec);
            let composition_ms = if has_time { reader.i24()? } else { 0 };
            Content::Coded {
                kind: coded_kind(first >> 4 & 0b111),
                composition_micros: micros(composition_ms, nanoseconds),
                payload: data.slice_ref(reader.rest()),
            }
        }
        packet_type => return Err(Skipped::PacketType { tag_type, packet_type }.into()),
    };
    Ok(Unit { track_id: TrackId { kind: MediaKind::Video, index: track }, codec, content })
}

/// Reads one audio track's share.
pub(crate) fn audio_unit(part: Part) -> Result<Unit, Stop> {
    let tag_type = TagType::Audio;
    let Part { track, four_cc, packet_type, nanoseconds, data } = part;
    let codec = find_codec(tag_type, four_cc)?;
    let content = match packet_type {
        SEQUENCE_START => Content::Config(data),
        SEQUENCE_END => Content::Nothing,
        CODED_FRAMES => Content::Coded {
            kind: PacketKind::Frame,
            composition_micros: micros(0, nanoseconds),
            payload: data,
        },
        packet_type => return Err(Skipped::PacketType { tag_type, packet_type }.into()),
    };
    Ok(Unit { track_id: TrackId { kind: MediaKind::Audio, index: track }, codec, content })
}

fn find_codec(tag_type: TagType, four_cc: [u8; 4]) -> Result<Codec, Stop> {
    if &four_cc == b"vvc1" {
        return Err(Error::UnsupportedCodec { name: "H.266 (vvc1)".to_owned() }.into());
    }
    FOUR_CCS
        .iter()
        .find(|(known, codec)| **known == four_cc && TagType::from(codec.media_kind()) == tag_type)
        .map(|(_, codec)| *codec)
        .ok_or_else(|| Skipped::FourCc { tag_type, four_cc }.into())
}

fn micros(millis: i32, nanoseconds: u32) -> i64 {
    i64::from(millis).saturating_mul(1000).saturating_add(i64::from(nanoseconds / 1000))
}
