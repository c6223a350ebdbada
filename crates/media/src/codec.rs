use std::fmt;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Timed data that is neither, such as FLV script data.
    Data,
}

/// How the payload of a track's packets is coded, and so which normal form it has.
///
/// The normal form is the one ISO-BMFF and FLV share, so that the usual ways through the server copy nothing:
///
/// | codec | a [`PacketKind::Config`](crate::PacketKind) payload | a coded payload |
/// |---|---|---|
/// | H.264 | `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3) | NAL units, each behind a length of the size the record states; never Annex B |
/// | H.265 | `HEVCDecoderConfigurationRecord` (14496-15 §8.3.3) | as H.264 |
/// | AV1 | `AV1CodecConfigurationRecord` (AV1-ISOBMFF §2.3) | OBUs with sizes, no temporal delimiter |
/// | VP8, VP9 | `VPCodecConfigurationRecord` with its 4 bytes of version and flags (VP-ISOBMFF) | one frame (or superframe) |
/// | AAC | `AudioSpecificConfig` (14496-3 §1.6.2.1) | one raw access unit, no ADTS |
/// | MP3 | the 4-byte header of the first frame | one frame with its header |
/// | Opus | the identification header, from `OpusHead` on (RFC 7845 §5.1) | one packet |
/// | FLAC | `fLaC` and the STREAMINFO block (RFC 9639 §8) | one frame |
/// | AC-3, E-AC-3 | the body of the `dac3` / `dec3` box (ETSI TS 102 366 annex F) | one or more whole sync frames |
/// | script data | – | AMF0 values, name first, as in an FLV script tag |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Codec {
    H264,
    H265,
    Av1,
    Vp8,
    Vp9,
    Aac,
    Mp3,
    Opus,
    Flac,
    Ac3,
    Eac3,
    ScriptData,
}

impl Codec {
    /// Whether the codec codes pictures, sound or neither.
    pub const fn media_kind(self) -> MediaKind {
        match self {
            Self::H264 | Self::H265 | Self::Av1 | Self::Vp8 | Self::Vp9 => MediaKind::Video,
            Self::Aac | Self::Mp3 | Self::Opus | Self::Flac | Self::Ac3 | Self::Eac3 => MediaKind::Audio,
            Self::ScriptData => MediaKind::Data,
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Av1 => "AV1",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Aac => "AAC",
            Self::Mp3 => "MP3",
            Self::Opus => "Opus",
            Self::Flac => "FLAC",
            Self::Ac3 => "AC-3",
            Self::Eac3 => "E-AC-3",
            Self::ScriptData => "script data",
        })
    }
}
