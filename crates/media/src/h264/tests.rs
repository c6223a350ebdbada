use super::*;
use crate::testing::{hex, with_flipped_bits};
use crate::{Codec, Track, TrackId, TrackInfo};
use h264_reader::nal::sps::SeqParameterSet;
use proptest::prelude::*;

/// What x264 made, as `avcC` of an MP4 file: 1920x1080 High with B-frames, 30 pictures a second.
const HIGH_1080: &str = "01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c65801000668ebe3cb22c0\
                         fdf8f800";
/// 642x482, cropped on both axes, 30000/1001.
const CROPPED: &str = "0164001effe1001a6764001eacd940a43fe222301100000303e90000ea600f162d9601000668ebe3cb22c0\
                       fdf8f800";
/// 1280x720 Constrained Baseline.
const BASELINE: &str = "0142c01fffe100196742c01fd9005005bb0110000003001000000303c0f183248001000568cb83cb20";
/// 1280x720 Main with `bf=0`.
const MAIN_IN_ORDER: &str =
    "014d401fffe10019674d401fd9005005bb0110000003001000000303c0f183248001000568ebc3cb20";
/// 1280x720, 4:2:2 in 10 bits.
const HIGH_422: &str = "017a001fffe1001a677a001fb6cd9405005bb0110000030001000003003c0f18319601000668ebe3cb22c0\
                        fefafa00";
/// 1280x720, 4:4:4.
const HIGH_444: &str = "01f4001fffe1001a67f4001f919b280a00b76022000003000200000300781e30632c01000668ebe3c44844\
                        fff8f800";
/// 1280x720 interlaced, with scaling matrices and HRD parameters.
const INTERLACED: &str = "01640020ffe1002467640020acd940500bbf2e022000000300200000078c08001e848003d09c98601f162d96\
                          01000668fbacb3002cfdf8f800";
const ALL: [&str; 7] = [HIGH_1080, CROPPED, BASELINE, MAIN_IN_ORDER, HIGH_422, HIGH_444, INTERLACED];

fn info(record: &str) -> VideoInfo {
    match Track::from_config(TrackId::VIDEO, Codec::H264, hex(record)).unwrap().info {
        TrackInfo::Video(info) => info,
        TrackInfo::Audio(_) => panic!("sound"),
    }
}

fn video(width: u32, height: u32, frame_rate: f64, profile: &'static str, level_tenths: u32) -> VideoInfo {
    VideoInfo { width, height, frame_rate: Some(frame_rate), profile, level_tenths, may_reorder: true }
}

#[test]
fn a_track_knows_what_its_config_says() {
    assert_eq!(info(HIGH_1080), video(1920, 1080, 30.0, "High", 40));
    assert_eq!(info(CROPPED), video(642, 482, 30000.0 / 1001.0, "High", 30));
    let in_order = |info| VideoInfo { may_reorder: false, ..info };
    assert_eq!(info(BASELINE), in_order(video(1280, 720, 30.0, "Constrained Baseline", 31)));
    assert_eq!(info(MAIN_IN_ORDER), in_order(video(1280, 720, 30.0, "Main", 31)));
    assert_eq!(info(HIGH_422), video(1280, 720, 30.0, "High 4:2:2", 31));
    assert_eq!(info(HIGH_444), video(1280, 720, 30.0, "High 4:4:4 Predictive", 31));
    assert_eq!(info(INTERLACED), video(1280, 720, 30.0, "High", 32));
}

#[test]
fn codec_strings_name_profile_constraints_and_level() {
    let string =
        |record| Track::from_config(TrackId::VIDEO, Codec::H264, hex(record)).unwrap().codec_string();
    assert_eq!(string(HIGH_1080), "avc1.640028");
    assert_eq!(string(BASELINE), "avc1.42c01f");
}

#[test]
fn a_record_made_of_parameter_sets_is_the_one_they_came_from() {
    for record in ALL {
        let config = DecoderConfig::parse(&hex(record)).unwrap();
        assert_eq!(config.to_bytes(), hex(record));
        let made = DecoderConfig::from_parameter_sets(config.sps.clone(), config.pps.clone()).unwrap();
        assert_eq!(made, config);
        assert_eq!(length_size(&hex(record)), Ok(4));
        let kinds: Vec<_> = config.parameter_sets().map(|set| nal_unit_type(set[0])).collect();
        assert_eq!(kinds, [NAL_SPS, NAL_PPS]);
    }
}

#[test]
fn parameter_sets_share_the_bytes_of_the_record() {
    let record = hex(HIGH_1080);
    let config = DecoderConfig::parse(&record).unwrap();
    assert_eq!(config.sps[0].as_ptr(), record[8..].as_ptr());
}

#[test]
fn a_record_without_parameter_sets_or_cut_short_is_refused() {
    assert!(matches!(DecoderConfig::from_parameter_sets(vec![], vec![]), Err(Error::Missing { .. })));
    let empty = hex("01640028ffe000");
    assert_eq!(Track::from_config(TrackId::VIDEO, Codec::H264, empty), Err(NO_SPS));
    let record = hex(HIGH_1080);
    // The four bytes at the end are optional.
    for length in 0..record.len() - 4 {
        assert_eq!(DecoderConfig::parse(&record.slice(..length)), Err(Error::Truncated { what: RECORD }));
    }
    let mut three_byte_lengths = record.to_vec();
    three_byte_lengths[4] = 0xfe;
    let error = DecoderConfig::parse(&three_byte_lengths.into()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "size of a NAL unit length is 3, expected 1, 2 or 4 (ISO/IEC 14496-15 §5.3.3.1)"
    );
}

#[test]
fn a_cut_vui_hides_only_what_it_would_have_said() {
    let sps = DecoderConfig::parse(&hex(HIGH_1080)).unwrap().sps[0].clone();
    let cut = Sps::parse(&sps[..14]).unwrap();
    assert_eq!((cut.width, cut.height, cut.frame_rate, cut.reorder_depth), (1920, 1080, None, None));
}

#[test]
fn level_1b_is_below_1_1() {
    let sps = DecoderConfig::parse(&hex(BASELINE)).unwrap().sps[0].to_vec();
    let level = |constraints, level_idc| {
        let mut sps = sps.clone();
        (sps[2], sps[3]) = (constraints, level_idc);
        Sps::parse(&sps).unwrap().level_tenths()
    };
    assert_eq!((level(0x10, 11), level(0x00, 11), level(0x00, 9), level(0x00, 51)), (10, 11, 10, 51));
}

#[test]
fn an_idr_slice_is_told_from_others() {
    assert!(is_idr(&[0x65, 0x88]));
    assert!(!is_idr(&[0x41, 0x9a]));
    assert!(!is_idr(&[]));
}

/// What another parser says: width, height, reorder depth in the VUI.
fn second_opinion(nal: &[u8]) -> Option<(u32, u32, Option<u32>)> {
    let rbsp = h264_reader::rbsp::decode_nal(nal).ok()?;
    let sps = SeqParameterSet::from_bits(h264_reader::rbsp::BitReader::new(&rbsp[..])).ok()?;
    let (width, height) = sps.pixel_dimensions().ok()?;
    let vui = sps.vui_parameters.as_ref().and_then(|vui| vui.bitstream_restrictions.as_ref());
    Some((width, height, vui.map(|restrictions| restrictions.max_num_reorder_frames)))
}

proptest! {
    #[test]
    fn another_parser_reads_the_same_from_a_damaged_sps(
        record in proptest::sample::select(ALL.to_vec()),
        flips in proptest::collection::vec((1usize..40, 0u8..8), 0..4),
    ) {
        let sps = with_flipped_bits(&DecoderConfig::parse(&hex(record)).unwrap().sps[0], &flips);
        if let (Ok(own), Some((width, height, reorder))) = (Sps::parse(&sps), second_opinion(&sps)) {
            prop_assert_eq!((own.width, own.height), (width, height));
            prop_assert!(own.reorder_depth == Some(0) || own.reorder_depth == reorder);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Sps::parse(&[&[0x67], &bytes[..]].concat());
        let _ = length_size(&bytes);
        if let Ok(config) = DecoderConfig::parse(&bytes.into()) {
            let written = config.to_bytes();
            prop_assert_eq!(DecoderConfig::parse(&written), Ok(config));
        }
    }

    #[test]
    fn a_damaged_record_is_read_without_panic(
        record in proptest::sample::select(ALL.to_vec()),
        flips in proptest::collection::vec((0usize..60, 0u8..8), 0..6),
    ) {
        let record = Bytes::from(with_flipped_bits(&hex(record), &flips));
        if let Ok(track) = Track::from_config(TrackId::VIDEO, Codec::H264, record) {
            prop_assert!(track.codec_string().starts_with("avc1."));
        }
    }
}
