use crate::{Codec, Error, MediaKind, aac, ac3, av1, flac, h264, h265, mp3, opus, vp9};
use bytes::Bytes;

/// Names one track of a stream: its kind, and its number among the tracks of that kind (0 is the default one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId {
    /// Pictures, sound or data.
    pub kind: MediaKind,
    /// The number within the kind; Enhanced RTMP's `trackId`.
    pub index: u8,
}

impl TrackId {
    /// The default video track.
    pub const VIDEO: Self = Self { kind: MediaKind::Video, index: 0 };
    /// The default audio track.
    pub const AUDIO: Self = Self { kind: MediaKind::Audio, index: 0 };
    /// The default data track.
    pub const DATA: Self = Self { kind: MediaKind::Data, index: 0 };
}

/// One line of pictures or sound of a stream, as its latest decoder config describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Which track of the stream.
    pub id: TrackId,
    /// How its packets are coded.
    pub codec: Codec,
    /// The decoder config in the codec's normal form ([`Codec`]).
    pub config: Bytes,
    /// What the decoder config says.
    pub info: TrackInfo,
}

impl Track {
    /// The track that a decoder config in the codec's normal form ([`Codec`]) describes.
    pub fn from_config(id: TrackId, codec: Codec, config: Bytes) -> Result<Self, Error> {
        if config.len() > CONFIG_BYTES_MAX {
            return Err(Error::Limit {
                what: "bytes of a decoder config",
                value: config.len() as u64,
                max: CONFIG_BYTES_MAX as u64,
            });
        }
        let info = match codec {
            Codec::H264 => TrackInfo::Video(h264::video_info(&config)?),
            Codec::H265 => TrackInfo::Video(h265::video_info(&config)?),
            Codec::Av1 => TrackInfo::Video(av1::video_info(&config)?),
            Codec::Vp8 | Codec::Vp9 => TrackInfo::Video(vp9::video_info(&config)?),
            Codec::Aac => TrackInfo::Audio(aac::audio_info(&config)?),
            Codec::Mp3 => TrackInfo::Audio(mp3::audio_info(&config)?),
            Codec::Opus => TrackInfo::Audio(opus::audio_info(&config)?),
            Codec::Flac => TrackInfo::Audio(flac::audio_info(&config)?),
            Codec::Ac3 => TrackInfo::Audio(ac3::ac3_audio_info(&config)?),
            Codec::Eac3 => TrackInfo::Audio(ac3::eac3_audio_info(&config)?),
            Codec::ScriptData => return Err(Error::NoConfig(codec)),
        };
        Ok(Self { id, codec, config, info })
    }

    /// The codec string for playlists and media sources (RFC 6381), such as `avc1.64001f`.
    ///
    /// MP3 is named `mp4a.40.34`, as MP4 and HLS want it; a media source for bare MP3 is `audio/mpeg` without one.
    pub fn codec_string(&self) -> String {
        // The bare name is for a track whose config was put together by hand and cannot be read.
        let (string, bare) = match self.codec {
            Codec::H264 => (h264::codec_string(&self.config), "avc1"),
            Codec::H265 => (h265::codec_string(&self.config), "hvc1"),
            Codec::Av1 => (av1::codec_string(&self.config), "av01"),
            Codec::Vp8 => (vp9::codec_string(&self.config, "vp08"), "vp08"),
            Codec::Vp9 => (vp9::codec_string(&self.config, "vp09"), "vp09"),
            Codec::Aac => (aac::codec_string(&self.config), "mp4a.40.2"),
            Codec::Mp3 => (None, "mp4a.40.34"),
            Codec::Opus => (None, "opus"),
            Codec::Flac => (None, "fLaC"),
            Codec::Ac3 => (None, "ac-3"),
            Codec::Eac3 => (None, "ec-3"),
            Codec::ScriptData => (None, ""),
        };
        string.unwrap_or_else(|| bare.to_owned())
    }
}

/// Real decoder configs are a few hundred bytes; this one is kept, and repeated in every init segment.
const CONFIG_BYTES_MAX: usize = 64 * 1024;

/// What a decoder config says of a track.
#[derive(Clone, Debug, PartialEq)]
pub enum TrackInfo {
    /// Of pictures.
    Video(VideoInfo),
    /// Of sound.
    Audio(AudioInfo),
}

/// What a decoder config says of pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoInfo {
    /// Width in luma samples after cropping; 0 when the config does not say.
    pub width: u32,
    /// Height in luma samples after cropping; 0 when the config does not say.
    pub height: u32,
    /// Pictures per second, when the bit stream states it.
    pub frame_rate: Option<f64>,
    /// Name of the profile for people, such as `High`.
    pub profile: &'static str,
    /// Level in tenths (31 is level 3.1); 0 when the codec has none.
    pub level_tenths: u32,
    /// Whether pictures may leave the decoder in another order than they enter it.
    pub may_reorder: bool,
}

/// What a decoder config says of sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioInfo {
    /// Samples per second of what is heard.
    pub sample_rate: u32,
    /// Number of channels; 0 when the config does not say.
    pub channels: u8,
    /// Samples per packet at `sample_rate`, when that is fixed (1024 for AAC-LC).
    pub samples_per_packet: Option<u32>,
    /// Name of the profile for people, such as `LC`; empty when the codec has none.
    pub profile: &'static str,
}

/// What an encoder says of its stream as a whole; never trusted for decoding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Name of the encoder program.
    pub encoder: Option<String>,
    /// Pictures per second.
    pub frame_rate: Option<f64>,
    /// Video bit rate in bits per second.
    pub video_bps: Option<u32>,
    /// Audio bit rate in bits per second.
    pub audio_bps: Option<u32>,
}
