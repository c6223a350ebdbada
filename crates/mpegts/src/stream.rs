//! What an elementary stream is: its PID and its stream type.

use media::{Codec, MediaKind, Track, TrackId, TrackInfo};

/// Bytes of a TS packet (ISO/IEC 13818-1 §2.4.3.2).
pub(crate) const PACKET_BYTES: usize = 188;
/// Where the program association table is.
pub(crate) const PID_PAT: u16 = 0;
/// Packets to be passed over; in a program map, that there is no clock.
pub(crate) const PID_NULL: u16 = 0x1fff;

/// `stream_type` in the program map (§2.4.4.9, and ATSC A/52 annex A for the last two).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamType {
    Mpeg1Audio = 0x03,
    Mpeg2Audio = 0x04,
    Adts = 0x0f,
    H264 = 0x1b,
    H265 = 0x24,
    Ac3 = 0x81,
    Eac3 = 0x87,
}

impl StreamType {
    /// What a track is carried as.
    pub(crate) fn of(track: &Track) -> Option<Self> {
        Some(match track.codec {
            Codec::H264 => Self::H264,
            Codec::H265 => Self::H265,
            Codec::Aac => Self::Adts,
            Codec::Mp3 => match &track.info {
                TrackInfo::Audio(audio) if audio.sample_rate < 32_000 => Self::Mpeg2Audio,
                _ => Self::Mpeg1Audio,
            },
            Codec::Ac3 => Self::Ac3,
            Codec::Eac3 => Self::Eac3,
            Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Opus | Codec::Flac | Codec::ScriptData => {
                return None;
            }
        })
    }

    /// What a program map entry says, with its descriptors; `None` for what is not read.
    pub(crate) fn read(stream_type: u8, descriptors: &[u8]) -> Option<Self> {
        /// PES packets with private data: descriptors say what it is.
        const PRIVATE: u8 = 0x06;
        Some(match stream_type {
            0x03 => Self::Mpeg1Audio,
            0x04 => Self::Mpeg2Audio,
            0x0f => Self::Adts,
            0x1b => Self::H264,
            0x24 => Self::H265,
            0x81 => Self::Ac3,
            0x87 => Self::Eac3,
            PRIVATE => return Self::read_descriptors(descriptors),
            _ => return None,
        })
    }

    /// Registration (§2.6.8), or the descriptors of DVB (ETSI EN 300 468 annex D).
    fn read_descriptors(mut descriptors: &[u8]) -> Option<Self> {
        while let [tag, length, rest @ ..] = descriptors {
            let (body, rest) = rest.split_at_checked(usize::from(*length))?;
            match (*tag, body) {
                (0x6a, _) | (0x05, b"AC-3") => return Some(Self::Ac3),
                (0x7a, _) | (0x05, b"EAC3") => return Some(Self::Eac3),
                (0x05, b"HEVC") => return Some(Self::H265),
                _ => descriptors = rest,
            }
        }
        None
    }

    /// The codec of its packets.
    pub(crate) fn codec(self) -> Codec {
        match self {
            Self::Mpeg1Audio | Self::Mpeg2Audio => Codec::Mp3,
            Self::Adts => Codec::Aac,
            Self::H264 => Codec::H264,
            Self::H265 => Codec::H265,
            Self::Ac3 => Codec::Ac3,
            Self::Eac3 => Codec::Eac3,
        }
    }

    /// The registration descriptor (§2.6.8) of types that are not of the standard itself.
    pub(crate) fn descriptors(self) -> &'static [u8] {
        match self {
            Self::Ac3 => b"\x05\x04AC-3",
            Self::Eac3 => b"\x05\x04EAC3",
            _ => b"",
        }
    }
}

/// The PID of a track of a written stream.
pub(crate) fn pid(track_id: TrackId) -> u16 {
    let first = if track_id.kind == MediaKind::Video { 0x100 } else { 0x101 };
    first + 2 * u16::from(track_id.index)
}

/// `stream_id` of a track's PES packets (§2.4.3.7).
pub(crate) fn stream_id(track_id: TrackId, stream_type: StreamType) -> u8 {
    const PRIVATE_STREAM_1: u8 = 0xbd;
    match stream_type {
        StreamType::H264 | StreamType::H265 => 0xe0 | track_id.index & 0x0f,
        StreamType::Adts | StreamType::Mpeg1Audio | StreamType::Mpeg2Audio => 0xc0 | track_id.index & 0x1f,
        StreamType::Ac3 | StreamType::Eac3 => PRIVATE_STREAM_1,
    }
}
