use super::*;
use crate::golden::assert_golden;

const NOON_MS: i64 = 1_795_262_400_000;

fn timed(times: &[(u64, u64)]) -> Vec<TimedSegment> {
    times.iter().map(|&(start_ticks, duration_ticks)| TimedSegment { start_ticks, duration_ticks }).collect()
}

fn video(offset: u64, init_id: u64, times: &[(u64, u64)]) -> AdaptationSet {
    AdaptationSet {
        id: 1,
        kind: AdaptationKind::Video,
        language: None,
        independent_segments: true,
        timescale: 90_000,
        presentation_time_offset: offset,
        init_uri: format!("$RepresentationID$-{init_id}.mp4"),
        media_uri: format!("$RepresentationID$-{init_id}-$Time$.m4s"),
        segments: timed(times),
        representations: vec![Representation {
            id: "video0".to_owned(),
            codecs: "avc1.64001f".to_owned(),
            bandwidth_bps: 2_660_000,
            width: 1280,
            height: 720,
            frame_rate: Some(29.97),
            ..Representation::default()
        }],
    }
}

fn audio(offset: u64, init_id: u64, times: &[(u64, u64)]) -> AdaptationSet {
    AdaptationSet {
        id: 2,
        kind: AdaptationKind::Audio,
        language: Some("zh-TW".to_owned()),
        timescale: 48_000,
        representations: vec![Representation {
            id: "audio0".to_owned(),
            codecs: "mp4a.40.2".to_owned(),
            bandwidth_bps: 128_000,
            sample_rate: 48_000,
            channels: 2,
            ..Representation::default()
        }],
        ..video(offset, init_id, times)
    }
}

fn live() -> Mpd {
    let before = Period {
        id: "0".to_owned(),
        start: Duration::from_secs(1),
        adaptation_sets: vec![
            video(
                90_000,
                1,
                &[(450_000, 180_000), (630_000, 180_000), (810_000, 180_000), (990_000, 90_000)],
            ),
            audio(48_000, 1, &[(240_000, 96_256), (336_256, 95_232), (431_488, 95_232), (526_720, 49_152)]),
        ],
    };
    let after = Period {
        id: "1".to_owned(),
        start: Duration::from_micros(20_500_000),
        adaptation_sets: vec![
            video(1_845_000, 9, &[(1_845_000, 180_000)]),
            audio(984_000, 9, &[(983_900, 96_000)]),
        ],
    };
    Mpd {
        presentation: Presentation::Live(Live {
            availability_start_ms: NOON_MS,
            publish_time_ms: NOON_MS + 23_001,
            update_period: Duration::from_secs(2),
            time_shift: Duration::from_secs(12),
            suggested_delay: Duration::from_secs(5),
            utc_timing_uri: "/api/v1/time?a=1&b=2".to_owned(),
        }),
        target: Duration::from_secs(2),
        query: "sign=1-ab&x=$Time$".to_owned(),
        periods: vec![before, after],
    }
}

fn ended() -> Mpd {
    Mpd {
        presentation: Presentation::Ended { duration: Duration::from_millis(22_500) },
        query: String::new(),
        ..live()
    }
}

#[test]
fn manifests_read_as_before() {
    assert_golden("live.mpd", &live().to_string());
    assert_golden("ended.mpd", &ended().to_string());
}

/// The `S` elements of one track, as text.
fn timeline(times: &[(u64, u64)]) -> Vec<String> {
    let period = Period { adaptation_sets: vec![video(0, 1, times)], ..Period::default() };
    let mpd = Mpd { periods: vec![period], ..ended() };
    let text = mpd.to_string();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("<S "))
        .map(|line| line.trim_end_matches("/>").to_owned())
        .collect()
}

#[test]
fn segments_of_one_duration_are_one_run() {
    assert_eq!(
        timeline(&[(10, 5), (15, 5), (20, 5), (25, 4), (29, 4)]),
        [r#"t="10" d="5" r="2""#, r#"d="4" r="1""#]
    );
}

#[test]
fn a_hole_starts_a_new_run_with_its_own_time() {
    assert_eq!(timeline(&[(10, 5), (15, 5), (25, 5)]), [r#"t="10" d="5" r="1""#, r#"t="25" d="5""#]);
}

#[test]
fn a_segment_never_reaches_into_the_next_one() {
    assert_eq!(timeline(&[(10, 9), (15, 5), (15, 5), (20, 0), (20, 5)]), [r#"t="10" d="5" r="2""#]);
}

#[test]
fn text_from_outside_stays_inside_its_attribute() {
    let mut mpd = live();
    mpd.query = "\"/><Period id='x'>".to_owned();
    mpd.periods[0].adaptation_sets[1].language = Some("\"/><Period>".to_owned());
    assert_eq!(mpd.to_string().matches("<Period").count(), 2);
    assert_eq!(mpd.to_string().lines().count(), live().to_string().lines().count());
}

#[test]
fn frame_rates_are_fractions_of_whole_numbers() {
    for (hz, text) in [
        (30.0, "frameRate=\"30\""),
        (30_000.0 / 1001.0, "frameRate=\"30000/1001\""),
        (23.976, "frameRate=\"24000/1001\""),
        (59.94, "frameRate=\"60000/1001\""),
        (12.5, "frameRate=\"12500/1000\""),
    ] {
        let mut mpd = live();
        mpd.periods[0].adaptation_sets[0].representations[0].frame_rate = Some(hz);
        assert!(mpd.to_string().contains(text), "{hz}");
    }
    for hz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let mut mpd = ended();
        mpd.periods.truncate(1);
        mpd.periods[0].adaptation_sets[0].representations[0].frame_rate = Some(hz);
        assert!(!mpd.to_string().contains("frameRate"), "{hz}");
    }
}

#[test]
fn captions_are_one_file_in_a_set_of_their_own() {
    let mut mpd = live();
    mpd.query = "sign=1&a=b".to_owned();
    mpd.periods[0].adaptation_sets.push(AdaptationSet {
        id: 3,
        kind: AdaptationKind::Captions,
        language: Some("de".to_owned()),
        media_uri: "captions-de.vtt".to_owned(),
        representations: vec![Representation { id: "captions-de".to_owned(), ..Representation::default() }],
        ..AdaptationSet::default()
    });
    let text = mpd.to_string();
    let (_, set) = text.split_once("<AdaptationSet id=\"3\"").unwrap();
    let (set, _) = set.split_once("</AdaptationSet>").unwrap();
    assert!(set.contains("mimeType=\"text/vtt\" lang=\"de\""), "{set}");
    assert!(set.contains("<BaseURL>captions-de.vtt?sign=1&amp;a=b</BaseURL>"), "{set}");
    assert!(!set.contains("SegmentTemplate") && !set.contains("segmentAlignment"), "{set}");
}
