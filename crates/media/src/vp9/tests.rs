use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

/// What libvpx made, as `vpcC` of an MP4 file: 1280x720, and the same in 10 bits with BT.2020 and PQ.
const PROFILE_0: &str = "01000000001f820202020000";
const PROFILE_2: &str = "01000000021fa20910090000";

fn track(codec: Codec, record: &str) -> Track {
    Track::from_config(TrackId::VIDEO, codec, hex(record)).unwrap()
}

#[test]
fn a_track_knows_what_its_config_says() {
    let TrackInfo::Video(info) = track(Codec::Vp9, PROFILE_2).info else { panic!("sound") };
    let expected = VideoInfo { profile: "Profile 2", level_tenths: 31, ..VideoInfo::default() };
    assert_eq!(info, expected);
}

#[test]
fn codec_strings_name_colours_only_when_they_are_unusual() {
    assert_eq!(track(Codec::Vp9, PROFILE_0).codec_string(), "vp09.00.31.08");
    assert_eq!(track(Codec::Vp9, PROFILE_2).codec_string(), "vp09.02.31.10.01.09.16.09.00");
    assert_eq!(track(Codec::Vp8, PROFILE_0).codec_string(), "vp08.00.31.08");
    // A level nobody stated is not printed as 00, which players refuse.
    assert_eq!(track(Codec::Vp9, "010000000000820202020000").codec_string(), "vp09.00.10.08");
}

#[test]
fn a_record_survives_the_way_there_and_back() {
    for record in [PROFILE_0, PROFILE_2] {
        assert_eq!(DecoderConfig::parse(&hex(record)).unwrap().to_bytes(), hex(record));
    }
}

#[test]
fn keyframes_say_how_large_the_pictures_are() {
    // What libvpx made: 642x362.
    assert_eq!(keyframe_size(&hex("8249834200281016960c38241c184a10")), Ok(Some((642, 362))));
    assert_eq!(vp8_keyframe_size(&hex("70a9009d012a82026a01008708858588")), Ok(Some((642, 362))));
    assert_eq!(keyframe_size(&hex("8600400056")), Ok(None));
    assert_eq!(vp8_keyframe_size(&hex("b10200")), Ok(None));
}

#[test]
fn broken_headers_are_refused() {
    assert!(matches!(DecoderConfig::parse(&hex("01000000001f8202020200")), Err(Error::Truncated { .. })));
    assert!(matches!(DecoderConfig::parse(&hex("00000000001f820202020000")), Err(Error::Invalid { .. })));
    assert!(matches!(keyframe_size(&hex("8249834300281016960c")), Err(Error::Invalid { .. })));
    assert!(matches!(vp8_keyframe_size(&hex("70a900")), Err(Error::Truncated { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let _ = keyframe_size(&bytes);
        let _ = keyframe_size(&[&[0x82], &bytes[..]].concat());
        let _ = vp8_keyframe_size(&bytes);
        if let Ok(config) = DecoderConfig::parse(&[&[1], &bytes[..]].concat()) {
            prop_assert_eq!(DecoderConfig::parse(&config.to_bytes()), Ok(config));
            prop_assert!(config.codec_string("vp09").starts_with("vp09."));
        }
    }
}
