use super::*;
use crate::testing::hex;
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;

/// What libopus made of stereo and of 5.1.
const STEREO: &str = "4f707573486561640102380180bb0000000000";
const SURROUND: &str = "4f707573486561640106380180bb0000000001 0402000401020305";

#[test]
fn a_track_knows_what_its_config_says() {
    let track = Track::from_config(TrackId::AUDIO, Codec::Opus, hex(SURROUND)).unwrap();
    let expected = AudioInfo { sample_rate: 48_000, channels: 6, samples_per_packet: None, profile: "" };
    assert_eq!(track.info, TrackInfo::Audio(expected));
    assert_eq!(track.codec_string(), "opus");
}

#[test]
fn a_header_survives_the_way_there_and_back() {
    for header in [STEREO, SURROUND] {
        assert_eq!(OpusHead::parse(&hex(header)).unwrap().to_bytes(), hex(header));
    }
    assert_eq!(OpusHead::new(2, 312, 48_000).unwrap().to_bytes(), hex(STEREO));
    assert!(matches!(OpusHead::new(3, 312, 48_000), Err(Error::Invalid { value: 3, .. })));
}

#[test]
fn a_broken_header_is_refused() {
    let header = hex(SURROUND);
    for length in 0..header.len() {
        assert!(OpusHead::parse(&header[..length]).is_err());
    }
    let with = |at: usize, value: u8| {
        let mut header = header.to_vec();
        header[at] = value;
        OpusHead::parse(&header)
    };
    assert!(matches!(with(0, 0), Err(Error::Missing { .. })));
    assert!(matches!(with(8, 16), Err(Error::Invalid { value: 16, .. })));
    assert!(matches!(with(9, 0), Err(Error::Invalid { value: 0, .. })));
    assert!(matches!(with(18, 0), Err(Error::Invalid { value: 6, .. })));
}

#[test]
fn packets_say_how_long_they_last() {
    // RFC 6716 table 2: SILK 10 and 60 ms, hybrid 20 ms, CELT 2.5 and 20 ms.
    let samples = [0x00, 0x18, 0x68, 0x80, 0x98].map(|toc| packet_samples(&[toc]));
    assert_eq!(samples, [480, 2880, 960, 120, 960].map(Some));
    // Two frames, and as many as the next byte says.
    assert_eq!(packet_samples(&[0x99]), Some(1920));
    assert_eq!(packet_samples(&[0x9b, 0x43]), Some(2880));
    assert_eq!(packet_samples(&[0x9b, 0x3f]), None);
    assert_eq!(packet_samples(&[0x9b]), None);
    assert_eq!(packet_samples(&[]), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = packet_samples(&bytes);
        if let Ok(head) = OpusHead::parse(&[b"OpusHead\x01", &bytes[..]].concat()) {
            prop_assert_eq!(OpusHead::parse(&head.to_bytes()), Ok(head));
        }
    }
}
