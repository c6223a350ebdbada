use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

/// How frames begin that ffmpeg made of 5.1 at 48 kHz, stereo at 44.1 kHz; E-AC-3 5.1 at 48 kHz, mono at 32 kHz.
const AC3: &str = "0b7728191e40ebf8403eff99c2084108";
const AC3_44: &str = "0b77c2ea544043e106f575f0c0c21818";
const EAC3: &str = "0b77037f3f87c0002000000002000000";
const EAC3_MONO: &str = "0b77011fb287c00021067078e77d587e";

fn info(codec: Codec, config: Bytes) -> AudioInfo {
    match Track::from_config(TrackId::AUDIO, codec, config).unwrap().info {
        TrackInfo::Audio(info) => info,
        TrackInfo::Video(_) => panic!("pictures"),
    }
}

#[test]
fn headers_are_read_as_ffmpeg_writes_them() {
    let summary = |frame: &str| {
        let frame = SyncFrame::parse(&hex(frame)).unwrap();
        (frame.sample_rate, frame.channels(), frame.frame_bytes, frame.samples)
    };
    assert_eq!(summary(AC3), (48_000, 6, 1792, 1536));
    assert_eq!(summary(AC3_44), (44_100, 2, 834, 1536));
    assert_eq!(summary(EAC3), (48_000, 6, 1792, 1536));
    assert_eq!(summary(EAC3_MONO), (32_000, 1, 576, 1536));
}

#[test]
fn configs_are_the_boxes_ffmpeg_writes() {
    let config = ac3_config_of(&hex(AC3)).unwrap();
    assert_eq!(config, hex("103de0"));
    let expected =
        AudioInfo { sample_rate: 48_000, channels: 6, samples_per_packet: Some(1536), profile: "" };
    assert_eq!(info(Codec::Ac3, config), expected);
    let config = eac3_config_of(&hex(EAC3)).unwrap();
    assert_eq!(config, hex("0e00200f00"));
    assert_eq!(info(Codec::Eac3, config), AudioInfo { samples_per_packet: None, ..expected });
}

#[test]
fn the_channels_of_dependent_frames_are_counted() {
    // 5.1, then a dependent frame with Ls/Rs and Lrs/Rrs: 7.1.
    let mut packet = hex(EAC3).to_vec();
    packet.resize(1792, 0);
    let mut dependent = BitWriter::default();
    for (value, count) in
        [(0x0b77u32, 16), (1, 2), (0, 3), (255, 11), (0, 2), (3, 2), (6, 3), (0, 1), (16, 5), (0, 5), (0, 1)]
    {
        dependent.put(value, count);
    }
    dependent.put(1u8, 1);
    dependent.put(0b0001_1010_0000_0000u16, 16);
    let mut dependent = dependent.finish().to_vec();
    dependent.resize(512, 0);
    packet.extend(dependent);
    let config = eac3_config_of(&packet).unwrap();
    assert_eq!(config.len(), 6);
    assert_eq!(info(Codec::Eac3, config).channels, 8);
}

#[test]
fn half_rates_are_read() {
    let mut bits = BitWriter::default();
    for (value, count) in
        [(0x0b77u32, 16), (0, 2), (0, 3), (255, 11), (3, 2), (0, 2), (2, 3), (0, 1), (16, 5), (0, 6)]
    {
        bits.put(value, count);
    }
    let frame = SyncFrame::parse(&bits.finish()).unwrap();
    assert_eq!((frame.sample_rate, frame.samples, frame.channels()), (24_000, 1536, 2));
}

#[test]
fn a_broken_header_is_refused() {
    let refused = |frame: &str| SyncFrame::parse(&hex(frame)).unwrap_err();
    assert!(matches!(refused("0b7628191e40ebf8403e"), Error::Invalid { value: 0x0b76, .. }));
    assert!(matches!(refused("0b772819de40ebf8403e"), Error::Invalid { value: 3, .. }));
    assert!(matches!(refused("0b7728192640ebf8403e"), Error::Invalid { value: 38, .. }));
    assert!(matches!(refused("0b7728191e48ebf8403e"), Error::Invalid { value: 9, .. }));
    assert!(matches!(refused("0b7728191e"), Error::Truncated { .. }));
    assert!(ac3_config_of(&hex(EAC3)).is_err() && eac3_config_of(&hex(AC3)).is_err());
    let short = Track::from_config(TrackId::AUDIO, Codec::Ac3, hex("103d"));
    assert!(matches!(short, Err(Error::Truncated { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let frame = [&[0x0b, 0x77], &bytes[..]].concat();
        if let Ok(frame) = SyncFrame::parse(&frame) {
            prop_assert!(frame.frame_bytes > 0 && frame.samples > 0 && frame.channels() > 0);
        }
        if let Ok(config) = eac3_config_of(&frame) {
            prop_assert!(eac3_audio_info(&config).is_ok());
        }
        if let Ok(config) = ac3_config_of(&frame) {
            prop_assert!(ac3_audio_info(&config).is_ok());
        }
        let _ = (ac3_audio_info(&bytes), eac3_audio_info(&bytes));
    }

    #[test]
    fn sixteen_bytes_are_enough_for_a_header(bytes in any::<[u8; HEADER_BYTES_MAX - 2]>()) {
        let frame = [&[0x0b, 0x77], &bytes[..]].concat();
        let is_truncated = matches!(SyncFrame::parse(&frame), Err(Error::Truncated { .. }));
        prop_assert!(!is_truncated);
    }
}
