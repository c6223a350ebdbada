use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

/// What ffmpeg made of 44.1 kHz stereo.
const STEREO: &str =
    "664c614300000022 1200 1200 000407 00050a 0ac442f000005622 8eb4f38c6d95c20efdc6beee632a277b";

#[test]
fn a_track_knows_what_its_config_says() {
    let track = Track::from_config(TrackId::AUDIO, Codec::Flac, hex(STEREO)).unwrap();
    let expected =
        AudioInfo { sample_rate: 44_100, channels: 2, samples_per_packet: Some(4608), profile: "" };
    assert_eq!(track.info, TrackInfo::Audio(expected));
    assert_eq!(track.codec_string(), "fLaC");
    assert_eq!(StreamInfo::parse(&hex(STEREO)).unwrap().bits_per_sample, 16);
}

#[test]
fn blocks_of_different_lengths_have_no_fixed_one() {
    let mut config = hex(STEREO).to_vec();
    config[9] = 1;
    assert_eq!(audio_info(&config).unwrap().samples_per_packet, None);
}

#[test]
fn a_broken_block_is_refused() {
    let config = hex(STEREO);
    for length in 0..config.len() {
        assert!(StreamInfo::parse(&config[..length]).is_err());
    }
    let with = |at: usize, value: u8| {
        let mut config = config.to_vec();
        config[at] = value;
        StreamInfo::parse(&config)
    };
    assert!(matches!(with(0, 0), Err(Error::Missing { .. })));
    assert!(matches!(with(4, 4), Err(Error::Invalid { value: 4, .. })));
    assert!(matches!(with(7, 33), Err(Error::Invalid { value: 33, .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = StreamInfo::parse(&[b"fLaC\x00\x00\x00\x22", &bytes[..]].concat());
    }
}
