use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

fn header(bytes: &str) -> FrameHeader {
    FrameHeader::parse(&hex(bytes)).unwrap().unwrap()
}

#[test]
fn headers_are_read_as_lame_writes_them() {
    let expected = FrameHeader {
        version: Version::Mpeg1,
        sample_rate: 44_100,
        channels: 1,
        bitrate_bps: 128_000,
        frame_bytes: 417,
    };
    assert_eq!(header("fffb90c4"), expected);
    assert_eq!(header("fffb92c4"), FrameHeader { frame_bytes: 418, ..expected });
    let lower = FrameHeader {
        version: Version::Mpeg2,
        sample_rate: 22_050,
        channels: 2,
        bitrate_bps: 64_000,
        frame_bytes: 208,
    };
    assert_eq!(header("fff38064"), lower);
    let lowest = FrameHeader {
        version: Version::Mpeg25,
        sample_rate: 8000,
        channels: 2,
        bitrate_bps: 16_000,
        frame_bytes: 144,
    };
    assert_eq!(header("ffe32864"), lowest);
    let samples = [expected, lower, lowest].map(|header| header.samples_per_frame());
    assert_eq!(samples, [1152, 576, 576]);
}

#[test]
fn a_track_knows_what_its_config_says() {
    let frame = hex("fffb90c400001454952055b7800b2138231b3d40");
    let config = config_of(&frame).unwrap();
    assert_eq!(config, frame[..4]);
    let track = Track::from_config(TrackId::AUDIO, Codec::Mp3, config).unwrap();
    assert_eq!(track.codec_string(), "mp4a.40.34");
    let expected =
        AudioInfo { sample_rate: 44_100, channels: 1, samples_per_packet: Some(1152), profile: "" };
    assert_eq!(track.info, TrackInfo::Audio(expected));
}

#[test]
fn a_variable_bit_rate_is_one_format() {
    assert!(header("fffbc464").is_same_format(&header("fffb5464")));
    assert!(!header("fffb90c4").is_same_format(&header("fffb9064")));
    assert!(!header("fffb90c4").is_same_format(&header("fff38064")));
}

#[test]
fn a_header_that_is_not_all_there_is_waited_for_and_others_are_refused() {
    assert_eq!(FrameHeader::parse(&hex("fffb90")), Ok(None));
    assert_eq!(config_of(&hex("fffb90")), Err(HEADER_TRUNCATED));
    // No sync word, reserved version, layer II, free format, bit rate 15, rate 3.
    for bytes in ["49443303", "ffeb90c4", "fffd90c4", "fffb00c4", "fffbf0c4", "fffb9cc4"] {
        let refused = FrameHeader::parse(&hex(bytes));
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{bytes}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in any::<[u8; 4]>()) {
        let [_, b1, b2, b3] = bytes;
        if let Ok(Some(header)) = FrameHeader::parse(&[0xff, b1 | 0xe0, b2, b3]) {
            prop_assert!((24..=1441).contains(&header.frame_bytes));
        }
        let _ = FrameHeader::parse(&bytes);
    }
}
