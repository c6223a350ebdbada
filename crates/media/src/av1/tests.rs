use super::*;
use crate::testing::{hex, with_flipped_bits};
use crate::{Codec, Track, TrackId, TrackInfo};
use proptest::prelude::*;
use scuffle_av1::ObuHeader;
use scuffle_av1::seq::SequenceHeaderObu;

/// What libaom made: 1280x720, 4:2:0 in 8 bits.
const MAIN: &str = "81050c000a0b0000002d4cffb3ccaf9004";
/// BT.2020 with PQ, 10 bits.
const HDR: &str = "81054c000a0e0000002d4cffb3ccaf9509100904";
/// 640x360, 4:4:4.
const HIGH: &str = "812100000a0b2000000cc4ff6736be4080";
/// What SVT-AV1 made: 1280x720.
const SVT: &str = "81050c000a0b0000002d4cffb3c02f8004";
/// 64x64 at 25 pictures a second; and with a decoder model and times of its own for every picture.
const TIMING: &str = "81000c000a13040000000400000067400000baafff9b5f2008";
const DECODER_MODEL: &str = "81000c000a1d040000000400000065780000000a530000035f915f90baafff9b5f2008";
/// 200x100, a single picture without chroma.
const STILL: &str = "81001c000a06181db1f1b6a8";
const ALL: [&str; 7] = [MAIN, HDR, HIGH, SVT, TIMING, DECODER_MODEL, STILL];

fn track(record: &str) -> Track {
    Track::from_config(TrackId::VIDEO, Codec::Av1, hex(record)).unwrap()
}

fn info(record: &str) -> VideoInfo {
    match track(record).info {
        TrackInfo::Video(info) => info,
        TrackInfo::Audio(_) => panic!("sound"),
    }
}

#[test]
fn a_track_knows_what_its_config_says() {
    let expected = VideoInfo {
        width: 1280,
        height: 720,
        frame_rate: None,
        profile: "Main",
        level_tenths: 31,
        may_reorder: false,
    };
    assert_eq!(info(MAIN), expected);
    assert_eq!(info(HDR), expected);
    assert_eq!(info(SVT), expected);
    let expected = VideoInfo { width: 640, height: 360, profile: "High", level_tenths: 21, ..expected };
    assert_eq!(info(HIGH), expected);
    let expected = VideoInfo {
        width: 64,
        height: 64,
        profile: "Main",
        level_tenths: 20,
        frame_rate: Some(25.0),
        ..expected
    };
    assert_eq!(info(TIMING), expected);
    // Pictures of different lengths have no rate.
    assert_eq!(info(DECODER_MODEL), VideoInfo { frame_rate: None, ..expected.clone() });
    assert_eq!(info(STILL), VideoInfo { width: 200, height: 100, frame_rate: None, ..expected });
}

#[test]
fn codec_strings_name_colours_only_when_they_are_unusual() {
    assert_eq!(track(MAIN).codec_string(), "av01.0.05M.08");
    assert_eq!(track(HDR).codec_string(), "av01.0.05M.10.0.110.09.16.09.0");
    assert_eq!(track(HIGH).codec_string(), "av01.1.01M.08.0.000.01.01.01.0");
    assert_eq!(track(STILL).codec_string(), "av01.0.00M.08.1.110.01.01.01.1");
}

#[test]
fn a_record_may_leave_the_sequence_header_to_the_keyframes() {
    let track = track("81050c00");
    assert_eq!(track.codec_string(), "av01.0.05M.08");
    assert!(matches!(track.info, TrackInfo::Video(VideoInfo { width: 0, height: 0, level_tenths: 31, .. })));
    // A keyframe: temporal delimiter, sequence header, and a frame that is not looked at.
    let keyframe = hex("1200 0a0b0000002d4cffb3ccaf9004 3203000000");
    let header = find_sequence_header(&keyframe).unwrap().unwrap();
    assert_eq!((header.width, header.height), (1280, 720));
    assert_eq!(find_sequence_header(&hex("1200")), Ok(None));
}

#[test]
fn a_record_is_made_of_the_sequence_header() {
    for record in ALL {
        let record = hex(record);
        let header = find_sequence_header(&record[4..]).unwrap().unwrap();
        assert_eq!(header.config(&record[4..]), record);
    }
}

#[test]
fn obus_are_told_apart() {
    let payload = hex("1200 0a0b0000002d4cffb3ccaf9004 3203010203 3e0802 02");
    let items: Vec<_> = obus(&payload).collect();
    let kinds: Vec<_> = items.iter().flatten().map(|obu| (obu.obu_type, obu.payload.len())).collect();
    assert_eq!(kinds, [(OBU_TEMPORAL_DELIMITER, 0), (OBU_SEQUENCE_HEADER, 11), (6, 3)]);
    // The last has an extension and says that it is longer than what is left.
    assert!(matches!(items[3..], [Err(Error::Truncated { .. })]));
    assert!(matches!(obus(&hex("10")).next(), Some(Err(Error::Missing { .. }))));
}

#[test]
fn a_broken_record_is_refused() {
    let refused = |record: &str| Track::from_config(TrackId::VIDEO, Codec::Av1, hex(record)).unwrap_err();
    assert!(matches!(refused("810504"), Error::Truncated { .. }));
    assert!(matches!(refused("82050c00"), Error::Invalid { .. }));
    assert!(matches!(refused("81050c000a0b0000"), Error::Truncated { .. }));
}

proptest! {
    #[test]
    fn another_parser_reads_the_same_from_a_damaged_header(
        record in proptest::sample::select(ALL.to_vec()),
        flips in proptest::collection::vec((0usize..12, 0u8..8), 0..4),
    ) {
        let payload = with_flipped_bits(&hex(record)[6..], &flips);
        let other = std::panic::catch_unwind(|| {
            let header = ObuHeader::parse(&mut &[0x0a, payload.len() as u8][..]).unwrap();
            SequenceHeaderObu::parse(header, &mut &payload[..]).ok()
        });
        if let (Ok(own), Ok(Some(other))) = (SequenceHeader::parse(&payload), other) {
            prop_assert_eq!(u64::from(own.width), other.max_frame_width);
            prop_assert_eq!(u64::from(own.height), other.max_frame_height);
            prop_assert_eq!((own.profile, own.level_idx), (other.seq_profile, other.operating_points[0].seq_level_idx));
            let color = other.color_config;
            prop_assert_eq!(i32::from(own.color.bit_depth), color.bit_depth);
            prop_assert_eq!(own.color.is_monochrome, color.mono_chrome);
            prop_assert_eq!(own.color.is_full_range, color.full_color_range);
            prop_assert_eq!((own.color.is_subsampled_x, own.color.is_subsampled_y), (color.subsampling_x, color.subsampling_y));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = SequenceHeader::parse(&bytes);
        prop_assert!(obus(&bytes).flatten().map(|obu| obu.whole.len()).sum::<usize>() <= bytes.len());
        let _ = Track::from_config(TrackId::VIDEO, Codec::Av1, [&[0x81], &bytes[..]].concat().into());
        let _ = codec_string(&bytes);
    }
}
