use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

fn track(config: &str) -> Track {
    Track::from_config(TrackId::AUDIO, Codec::Aac, hex(config)).unwrap()
}

fn info(config: &str) -> AudioInfo {
    match track(config).info {
        TrackInfo::Audio(info) => info,
        TrackInfo::Video(_) => panic!("pictures"),
    }
}

fn sound(sample_rate: u32, channels: u8, samples: u32, profile: &'static str) -> AudioInfo {
    AudioInfo { sample_rate, channels, samples_per_packet: Some(samples), profile }
}

#[test]
fn a_track_knows_what_its_config_says() {
    // What ffmpeg makes of stereo and 5.1; the tail says that there is no SBR.
    assert_eq!(info("121056e500"), sound(44_100, 2, 1024, "LC"));
    assert_eq!(info("11b056e500"), sound(48_000, 6, 1024, "LC"));
    assert_eq!(info("1190"), sound(48_000, 2, 1024, "LC"));
    assert_eq!(info("11b8"), sound(48_000, 8, 1024, "LC"));
    // 960 samples per access unit, as in radio.
    assert_eq!(info("1194"), sound(48_000, 2, 960, "LC"));
}

#[test]
fn sbr_and_parametric_stereo_are_heard_at_twice_the_rate_and_channels() {
    assert_eq!(info("2b920800"), sound(44_100, 2, 2048, "HE-AAC"));
    assert_eq!(info("eb8a0800"), sound(44_100, 2, 2048, "HE-AACv2"));
    // The same, signalled so that old decoders do not see it.
    assert_eq!(info("139056e5a0"), sound(44_100, 2, 2048, "HE-AAC"));
    assert_eq!(info("138856e5a54880"), sound(44_100, 2, 2048, "HE-AACv2"));
}

#[test]
fn a_rate_outside_the_table_is_written_out() {
    // Index 15, then 24 bits: 50 000 Hz.
    let config = AudioSpecificConfig::aac_lc(50_000, 2).unwrap();
    assert_eq!(config.to_bytes(), hex("178061a810"));
    assert_eq!(info("178061a810"), sound(50_000, 2, 1024, "LC"));
}

#[test]
fn channels_without_a_number_are_counted_in_the_program_config_element() {
    // What ffmpeg makes of quad, hexagonal and 7.1(wide).
    assert_eq!(info("118004c4040021100d4c61766335392e33372e31303056e500").channels, 4);
    assert_eq!(info("118004c808002008840d4c61766335392e33372e31303056e500").channels, 6);
    assert_eq!(info("118004c848002000c6400d4c61766335392e33372e31303056e500").channels, 8);
    // It may be in the access units instead.
    assert_eq!(info("1180"), sound(48_000, 0, 1024, "LC"));
}

#[test]
fn codec_strings_name_the_object_type() {
    let strings = ["1190", "2b920800", "eb8a0800", "139056e5a0"].map(|config| track(config).codec_string());
    assert_eq!(strings, ["mp4a.40.2", "mp4a.40.5", "mp4a.40.29", "mp4a.40.5"]);
    // xHE-AAC: object type 42 behind the escape.
    assert_eq!(codec_string(&hex("f9464040")).unwrap(), "mp4a.40.42");
}

#[test]
fn a_broken_config_is_refused() {
    let refused = |config: &str| Track::from_config(TrackId::AUDIO, Codec::Aac, hex(config)).unwrap_err();
    assert_eq!(refused("11"), Error::Truncated { what: CONFIG });
    // Rate index 13, rate 0, channel configuration 15.
    assert!(matches!(refused("1690"), Error::Invalid { what: "samplingFrequencyIndex", value: 13, .. }));
    assert!(matches!(refused("178000000010"), Error::Invalid { what: "sampling frequency", value: 0, .. }));
    assert!(matches!(refused("11f8"), Error::Invalid { what: "channelConfiguration", value: 15, .. }));
}

#[test]
fn an_adts_header_is_read_as_ffmpeg_wrote_it_and_written_the_same() {
    let written = hex("fff14c8026dffc");
    let header = AdtsHeader::parse(&written).unwrap().unwrap();
    let expected = AdtsHeader {
        object_type: 2,
        sample_rate: 48_000,
        channel_configuration: 2,
        header_bytes: 7,
        frame_bytes: 310,
        block_count: 1,
    };
    assert_eq!(header, expected);
    assert_eq!(header.config().unwrap().to_bytes(), hex("1190"));
    assert_eq!(adts_header(&header.config().unwrap(), 303).unwrap(), written[..]);
}

#[test]
fn an_adts_header_that_is_not_all_there_is_waited_for() {
    assert_eq!(AdtsHeader::parse(&hex("fff14c8026df")), Ok(None));
    assert_eq!(AdtsHeader::parse(&[]), Ok(None));
}

#[test]
fn an_adts_header_that_is_none_is_refused() {
    let refused = |header: &str| AdtsHeader::parse(&hex(header)).unwrap_err();
    assert!(matches!(refused("fef14c8026dffc"), Error::Invalid { value: 0xfef1, .. }));
    // Layer 1, rate index 15, a frame shorter than its header.
    assert!(matches!(refused("fff34c8026dffc"), Error::Invalid { value: 0xfff3, .. }));
    assert!(matches!(refused("fff17c8026dffc"), Error::Invalid { what: "samplingFrequencyIndex", .. }));
    assert!(matches!(refused("fff14c8000dffc"), Error::Invalid { value: 6, .. }));
}

#[test]
fn adts_takes_the_core_coder_of_sbr_and_refuses_what_it_cannot_say() {
    let header = |config: &str, bytes| adts_header(&AudioSpecificConfig::parse(&hex(config)).unwrap(), bytes);
    let core = AdtsHeader::parse(&header("2b920800", 100).unwrap()).unwrap().unwrap();
    assert_eq!((core.object_type, core.sample_rate, core.frame_bytes), (2, 22_050, 107));
    // 50 000 Hz is nearest to the rates that index 3, 48 000 Hz, stands for.
    let near = AdtsHeader::parse(&header("178061a810", 100).unwrap()).unwrap().unwrap();
    assert_eq!(near.sample_rate, 48_000);
    assert!(matches!(header("1190", 8185), Err(Error::Limit { value: 8192, max: 8191, .. })));
    assert!(matches!(header("f8ec2000", 100), Err(Error::Invalid { what: "audio object type", .. })));
    let eight_channels = AudioSpecificConfig::aac_lc(48_000, 12).unwrap();
    assert!(matches!(adts_header(&eight_channels, 100), Err(Error::Invalid { value: 12, .. })));
}

proptest! {
    #[test]
    fn a_config_survives_the_way_there_and_back(
        object_type in prop_oneof![1u8..5, Just(17u8)],
        sample_rate in prop_oneof![proptest::sample::select(SAMPLE_RATES.to_vec()), 1u32..SAMPLE_RATE_MAX],
        channel_configuration in 1u8..8,
        is_short in any::<bool>(),
        sbr in proptest::option::of(1u32..SAMPLE_RATE_MAX),
        has_parametric_stereo in any::<bool>(),
    ) {
        let plain = AudioSpecificConfig::aac_lc(sample_rate, channel_configuration).unwrap();
        let config = AudioSpecificConfig {
            object_type,
            frame_samples: Some(if is_short { 960 } else { 1024 }),
            sbr_sample_rate: sbr,
            has_parametric_stereo: has_parametric_stereo && sbr.is_some(),
            ..plain
        };
        prop_assert_eq!(AudioSpecificConfig::parse(&config.to_bytes()), Ok(config));
    }

    #[test]
    fn an_adts_header_survives_the_way_there_and_back(
        rate in proptest::sample::select(SAMPLE_RATES.to_vec()),
        channel_configuration in 0u8..8,
        unit_bytes in 0usize..8185,
    ) {
        let config = AudioSpecificConfig::aac_lc(rate, channel_configuration).unwrap();
        let header = AdtsHeader::parse(&adts_header(&config, unit_bytes).unwrap()).unwrap().unwrap();
        prop_assert_eq!(header.config(), Ok(config));
        prop_assert_eq!((header.frame_bytes, header.block_count), (unit_bytes + 7, 1));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = AdtsHeader::parse(&bytes);
        let _ = audio_info(&bytes);
        let _ = codec_string(&bytes);
    }
}
