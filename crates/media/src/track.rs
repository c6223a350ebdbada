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

    /// Takes the picture size from a keyframe, for the codecs whose config need not state it (VP8, VP9, AV1).
    /// Returns whether that changed the track.
    pub fn learn_size(&mut self, keyframe: &[u8]) -> bool {
        let TrackInfo::Video(info) = &mut self.info else { return false };
        let size = match self.codec {
            Codec::Vp8 => vp9::vp8_keyframe_size(keyframe),
            Codec::Vp9 => vp9::keyframe_size(keyframe),
            Codec::Av1 if info.width == 0 => av1::find_sequence_header(keyframe)
                .map(|header| header.map(|header| (header.width, header.height))),
            _ => return false,
        };
        // A keyframe that cannot be read is the decoder's business.
        match size {
            Ok(Some(size)) if size != (info.width, info.height) => {
                (info.width, info.height) = size;
                true
            }
            _ => false,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn size(track: &Track) -> (u32, u32) {
        match &track.info {
            TrackInfo::Video(info) => (info.width, info.height),
            TrackInfo::Audio(_) => panic!("sound"),
        }
    }

    #[test]
    fn a_picture_size_the_config_lacks_is_learnt_from_a_keyframe() {
        let mut track =
            Track::from_config(TrackId::VIDEO, Codec::Vp9, hex("01000000001f820202020000")).unwrap();
        assert_eq!(size(&track), (0, 0));
        let keyframe = hex("8249834200281016960c38241c184a10");
        assert!(track.learn_size(&keyframe));
        assert_eq!(size(&track), (642, 362));
        assert!(!track.learn_size(&keyframe) && !track.learn_size(&[0x86, 0]) && !track.learn_size(&[]));

        let mut track = Track::from_config(TrackId::VIDEO, Codec::Av1, hex("81050c00")).unwrap();
        assert!(track.learn_size(&hex("12000a0b0000002d4cffb3ccaf9004")));
        assert_eq!(size(&track), (1280, 720));
    }

    #[test]
    fn a_size_that_the_config_states_stays() {
        let config =
            hex("0142c01fffe100196742c01fd9005005bb0110000003001000000303c0f183248001000568cb83cb20");
        let mut track = Track::from_config(TrackId::VIDEO, Codec::H264, config).unwrap();
        assert!(!track.learn_size(&hex("8249834200281016960c38241c184a10")));
        assert_eq!(size(&track), (1280, 720));
    }

    #[test]
    fn script_data_and_configs_beyond_all_measure_make_no_track() {
        let refused = |codec, config| Track::from_config(TrackId::VIDEO, codec, config).unwrap_err();
        assert_eq!(refused(Codec::ScriptData, Bytes::new()), Error::NoConfig(Codec::ScriptData));
        let error = refused(Codec::H264, Bytes::from(vec![1; CONFIG_BYTES_MAX + 1]));
        assert_eq!(error.to_string(), "bytes of a decoder config: 65537 is more than the limit of 65536");
    }

    #[test]
    fn no_codec_makes_a_track_of_nothing() {
        for codec in [
            Codec::H264,
            Codec::H265,
            Codec::Av1,
            Codec::Vp8,
            Codec::Vp9,
            Codec::Aac,
            Codec::Mp3,
            Codec::Opus,
            Codec::Flac,
            Codec::Ac3,
            Codec::Eac3,
        ] {
            assert!(Track::from_config(TrackId::VIDEO, codec, Bytes::new()).is_err(), "{codec}");
        }
    }
}
