use super::*;
use crate::bits::BitWriter;
use crate::testing::{hex, with_flipped_bits};
use crate::{Codec, Track, TrackId, TrackInfo, video};
use proptest::prelude::*;
use scuffle_h265::SpsNALUnit;

/// What x265 made: VPS, SPS, PPS. 1920x1080 Main with B-frames, 25 pictures a second.
const MAIN_1080: [&str; 3] = [
    "40010c01ffff016000000300900000030000030078959809",
    "420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84",
    "4401c172b46240",
];
/// 642x482 Main 10, High tier, no B-frames, 30000/1001.
const MAIN_10_HIGH_TIER: [&str; 3] = [
    "40010c01ffff222000000300900000030000030078928090",
    "420101222000000300900000030000030078a0051201e9c9236592a49395e02d0100000303e90000753008",
    "4401c172b46240",
];
/// 1280x720, 4:4:4 with HRD parameters.
const RANGE_EXTENSIONS: [&str; 3] = [
    "40010c01ffff0408000003009e0800000300005d959809",
    "4201010408000003009e0800000300005d9000501005a2cb2b349265780b404000000300400000079805259b8003d090007a1220",
    "4401c172860c4624",
];
const ALL: [[&str; 3]; 3] = [MAIN_1080, MAIN_10_HIGH_TIER, RANGE_EXTENSIONS];

fn config(sets: [&str; 3]) -> DecoderConfig {
    let [vps, sps, pps] = sets.map(|set| vec![hex(set)]);
    DecoderConfig::from_parameter_sets(vps, sps, pps).unwrap()
}

fn track(sets: [&str; 3]) -> Track {
    Track::from_config(TrackId::VIDEO, Codec::H265, config(sets).to_bytes()).unwrap()
}

fn info(sets: [&str; 3]) -> VideoInfo {
    match track(sets).info {
        TrackInfo::Video(info) => info,
        TrackInfo::Audio(_) => panic!("sound"),
    }
}

#[test]
fn a_track_knows_what_its_config_says() {
    let expected = VideoInfo {
        width: 1920,
        height: 1080,
        frame_rate: Some(25.0),
        profile: "Main",
        level_tenths: 40,
        may_reorder: true,
    };
    assert_eq!(info(MAIN_1080), expected);
    let expected = VideoInfo {
        width: 642,
        height: 482,
        frame_rate: Some(30000.0 / 1001.0),
        profile: "Main 10",
        may_reorder: false,
        ..expected
    };
    assert_eq!(info(MAIN_10_HIGH_TIER), expected);
    let expected = VideoInfo {
        width: 1280,
        height: 720,
        frame_rate: Some(30.0),
        profile: "Range Extensions",
        level_tenths: 31,
        may_reorder: true,
    };
    assert_eq!(info(RANGE_EXTENSIONS), expected);
}

#[test]
fn codec_strings_name_profile_compatibility_tier_level_and_constraints() {
    assert_eq!(track(MAIN_1080).codec_string(), "hvc1.1.6.L120.90");
    assert_eq!(track(MAIN_10_HIGH_TIER).codec_string(), "hvc1.2.4.H120.90");
    assert_eq!(track(RANGE_EXTENSIONS).codec_string(), "hvc1.4.10.L93.9E.8");
    // The example of the standard's annex.
    let example = hex("01 01 60000000 b00000000000 5d");
    assert_eq!(codec_string(&example).unwrap(), "hvc1.1.6.L93.B0");
}

#[test]
fn a_record_made_of_parameter_sets_gives_them_back() {
    for sets in ALL {
        let made = config(sets);
        let record = made.to_bytes();
        assert_eq!(DecoderConfig::parse(&record), Ok(made.clone()));
        assert_eq!(length_size(&record), Ok(4));
        let kinds: Vec<_> = made.parameter_sets().map(|set| nal_unit_type(set[0])).collect();
        assert_eq!(kinds, [NAL_VPS, NAL_SPS, NAL_PPS]);
    }
    // The head that ffmpeg wrote for the first, but for array_count: it adds an SEI.
    assert_eq!(config(MAIN_1080).to_bytes()[..22], hex("01016000000090000000000078f000fcfdf8f800000f")[..]);
    assert_eq!(
        config(MAIN_10_HIGH_TIER).to_bytes()[..22],
        hex("01222000000090000000000078f000fcfdfafa00000f")[..]
    );
    assert_eq!(
        config(RANGE_EXTENSIONS).to_bytes()[..22],
        hex("0104080000009e08000000005df000fcfff8f800000f")[..]
    );
}

#[test]
fn a_record_without_parameter_sets_or_cut_short_is_refused() {
    let record = config(MAIN_1080).to_bytes();
    for length in 0..record.len() {
        assert_eq!(DecoderConfig::parse(&record.slice(..length)), Err(Error::Truncated { what: RECORD }));
    }
    let mut without = record[..23].to_vec();
    without[22] = 0;
    assert_eq!(Track::from_config(TrackId::VIDEO, Codec::H265, without.into()), Err(NO_SPS));
    // 255 arrays of 65535 empty sets each would be a lot of work for a few bytes.
    let mut many = record[..23].to_vec();
    many[22] = 1;
    many.extend([NAL_PPS, 0xff, 0xff]);
    many.resize(40_000, 0);
    assert!(matches!(DecoderConfig::parse(&many.into()), Err(Error::Limit { .. })));
}

#[test]
fn a_picture_to_start_at_is_told_from_others() {
    assert!(is_irap(&[19 << 1, 1]) && is_irap(&[21 << 1, 1]));
    assert!(!is_irap(&[1 << 1, 1]) && !is_irap(&[NAL_SPS << 1, 1]) && !is_irap(&[]));
}

fn put_ue(out: &mut BitWriter, value: u32) {
    let code = u64::from(value) + 1;
    let length = 64 - code.leading_zeros();
    out.put(0u8, length - 1);
    out.put(code, length);
}

/// An SPS with everything on the way to the timing: sub-layers, scaling lists, PCM, reference picture sets of which
/// each is written as a change to the one before, long-term pictures, display window.
fn sps_with_everything(lists: &[bool], kept: &[bool], timescale: u32) -> Vec<u8> {
    let mut out = BitWriter::default();
    out.put(0x4201u32, 16);
    out.put(0x02u8, 8); // VPS 0, two sub-layers, not nested
    out.put(0x01u8, 8);
    out.put(0x6000_0000u32, 32);
    out.put(0x9000_0000u32, 32);
    out.put(0u8, 16);
    out.put(93u8, 8);
    out.put(0b10u8, 2); // the sub-layer has a profile and no level: the other parser trips over both
    out.put(0u8, 14);
    for _ in 0..11 {
        out.put(0x10u8, 8);
    }
    for value in [0, 1, 1280, 720] {
        put_ue(&mut out, value);
    }
    out.put(1u8, 1);
    for value in [0, 4, 0, 2, 0, 0, 4] {
        put_ue(&mut out, value); // cropping, bit depths, POC bits
    }
    out.put(1u8, 1);
    for value in [2, 1, 0, 4, 2, 0] {
        put_ue(&mut out, value); // limits of both sub-layers
    }
    for value in [0, 3, 0, 3, 0, 0] {
        put_ue(&mut out, value); // block sizes
    }
    out.put(0b11u8, 2); // scaling lists, in the SPS
    for (list, (size, is_written)) in
        [16usize, 16, 16, 16, 16, 16].into_iter().chain([64; 14]).zip(lists.iter().cycle()).enumerate()
    {
        out.put(*is_written, 1);
        if *is_written {
            for _ in 0..size + usize::from(list >= 12) {
                put_ue(&mut out, 1);
            }
        } else {
            put_ue(&mut out, 0);
        }
    }
    out.put(0b111u8, 3); // AMP, SAO, PCM
    out.put(0x77u8, 8);
    put_ue(&mut out, 0);
    put_ue(&mut out, 0);
    out.put(0u8, 1);
    let mut pictures = 3;
    put_ue(&mut out, 1 + kept.len() as u32);
    put_ue(&mut out, pictures);
    put_ue(&mut out, 0);
    for _ in 0..pictures {
        put_ue(&mut out, 0);
        out.put(1u8, 1);
    }
    for &is_kept in kept {
        out.put(0b11u8, 2); // predicted, negative
        put_ue(&mut out, 0);
        let mut next = 0;
        for picture in 0..=pictures {
            match (is_kept, picture % 3) {
                (true, _) if next < 4 => {
                    out.put(1u8, 1);
                    next += 1;
                }
                (false, 0) => {
                    out.put(0b01u8, 2); // not used now, but kept
                    next += 1;
                }
                _ => out.put(0u8, 2),
            }
        }
        pictures = next;
    }
    out.put(1u8, 1);
    put_ue(&mut out, 2);
    out.put(0x155u32, 18); // two long-term pictures of 8 bits and a flag
    out.put(0b111u8, 3); // temporal MVP, strong smoothing, VUI
    out.put(0x1ffu32, 9); // extended aspect ratio
    out.put(0x0001_0001u32, 32);
    out.put(0b11u8, 2); // overscan
    out.put(0b11_0111u8, 6); // signal type with colours
    out.put(0x01_0101u32, 24);
    out.put(1u8, 1);
    put_ue(&mut out, 0);
    put_ue(&mut out, 0);
    out.put(0u8, 3);
    out.put(1u8, 1);
    for _ in 0..4 {
        put_ue(&mut out, 0);
    }
    out.put(1u8, 1);
    out.put(1000u32, 32);
    out.put(timescale, 32);
    out.put(0u8, 4); // no POC timing, HRD, restrictions; no extension
    out.put(1u8, 1);
    with_emulation_prevention(&out.finish())
}

fn with_emulation_prevention(rbsp: &[u8]) -> Vec<u8> {
    let mut nal: Vec<u8> = Vec::new();
    for &byte in rbsp {
        if byte <= 3 && nal.ends_with(&[0, 0]) {
            nal.push(3);
        }
        nal.push(byte);
    }
    nal
}

struct SecondOpinion {
    width: u64,
    height: u64,
    frame_rate: Option<f64>,
}

/// What another parser says, unless it refuses the SPS or trips over it.
fn second_opinion(nal: &[u8]) -> Option<SecondOpinion> {
    std::panic::catch_unwind(|| {
        let sps = SpsNALUnit::parse(std::io::Cursor::new(nal)).ok()?.rbsp;
        let (width, height) = (sps.cropped_width(), sps.cropped_height());
        let timing = sps.vui_parameters.and_then(|vui| vui.vui_timing_info);
        let frame_rate = timing.and_then(|timing| {
            video::frame_rate(u64::from(timing.time_scale.get()), u64::from(timing.num_units_in_tick.get()))
        });
        Some(SecondOpinion { width, height, frame_rate })
    })
    .ok()?
}

proptest! {
    #[test]
    fn the_frame_rate_is_found_behind_everything_that_may_stand_before_it(
        lists in proptest::collection::vec(any::<bool>(), 1..20),
        kept in proptest::collection::vec(any::<bool>(), 0..5),
        rate in 1u32..240,
    ) {
        let nal = sps_with_everything(&lists, &kept, rate * 1000);
        let sps = Sps::parse(&nal).unwrap();
        prop_assert_eq!((sps.width, sps.height), (1272, 716));
        prop_assert_eq!((sps.reorder_depth, sps.temporal_layers), (2, 2));
        prop_assert_eq!(sps.frame_rate, Some(f64::from(rate)));
        let other = second_opinion(&nal).unwrap();
        prop_assert_eq!((other.width, other.height, other.frame_rate), (1272, 716, sps.frame_rate));
    }

    #[test]
    fn another_parser_reads_the_same_from_a_damaged_sps(
        sets in proptest::sample::select(ALL.to_vec()),
        flips in proptest::collection::vec((2usize..50, 0u8..8), 0..4),
    ) {
        let nal = with_flipped_bits(&hex(sets[1]), &flips);
        if let (Ok(own), Some(other)) = (Sps::parse(&nal), second_opinion(&nal)) {
            prop_assert_eq!((u64::from(own.width), u64::from(own.height)), (other.width, other.height));
            prop_assert_eq!(own.frame_rate, other.frame_rate);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = Sps::parse(&[&[0x42, 1], &bytes[..]].concat());
        let _ = codec_string(&bytes);
        if let Ok(config) = DecoderConfig::parse(&[&[1], &bytes[..]].concat().into()) {
            let written = config.to_bytes();
            prop_assert_eq!(DecoderConfig::parse(&written), Ok(config));
        }
    }

    #[test]
    fn a_damaged_record_is_read_without_panic(
        sets in proptest::sample::select(ALL.to_vec()),
        flips in proptest::collection::vec((0usize..150, 0u8..8), 0..6),
    ) {
        let record = with_flipped_bits(&config(sets).to_bytes(), &flips).into();
        if let Ok(track) = Track::from_config(TrackId::VIDEO, Codec::H265, record) {
            prop_assert!(track.codec_string().starts_with("hvc1."));
        }
    }
}
