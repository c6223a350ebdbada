use super::*;
use crate::testing::{broken, init, segment};
use crate::{Limits, LiveWindow, NewInit};
use bytes::Bytes;
use packaging::dash::Mpd;

const TARGET: Duration = Duration::from_secs(2);

/// Segments 0 to 3 from 4 s on, a hole from 12 s to 20 s, then segments 4 to 6.
fn window_with_a_hole() -> LiveWindow {
    let window = LiveWindow::new(Limits { window_duration: Duration::from_secs(60), ..Limits::default() }, 0);
    window.set_init(init());
    for start_s in [4, 6, 8, 10] {
        window.append(segment(start_s, 2)).unwrap();
    }
    window.set_init(NewInit { bytes: Bytes::from_static(b"another"), ..init() });
    window.append(broken(segment(20, 2))).unwrap();
    for start_s in [22, 24] {
        window.append(segment(start_s, 2)).unwrap();
    }
    window
}

fn mpd(window: &LiveWindow) -> Mpd {
    let options = DashOptions {
        target: TARGET,
        time_shift: Duration::from_secs(60),
        prefix: "demo/".to_owned(),
        now_ms: 1_030_000,
        utc_timing_uri: "/api/v1/time".to_owned(),
        ..DashOptions::default()
    };
    window.snapshot().mpd(&options)
}

#[test]
fn every_file_a_playlist_names_can_be_read() {
    let window = window_with_a_hole();
    let options = HlsOptions { target: TARGET, prefix: "demo/".to_owned(), ..HlsOptions::default() };
    let text = window.snapshot().media_playlist(&options).to_string();
    let maps = text
        .lines()
        .filter_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\""))
        .map(|uri| uri.trim_end_matches('"'));
    let names: Vec<_> = maps.chain(text.lines().filter(|line| !line.starts_with('#'))).collect();
    assert_eq!(names.len(), 2 + 7);
    for name in names {
        let name = name.strip_prefix("demo/").unwrap().parse().unwrap();
        assert!(window.snapshot().read(&name).is_some(), "{name}");
    }
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
}

#[test]
fn every_file_a_manifest_names_can_be_read() {
    let window = window_with_a_hole();
    let mut count = 0;
    for set in mpd(&window).periods.iter().flat_map(|period| &period.adaptation_sets) {
        let id = &set.representations[0].id;
        let times = set.segments.iter().map(|segment| segment.start_ticks.to_string());
        let segments = times.map(|time| set.media_uri.replace("$Time$", &time));
        for uri in segments.chain([set.init_uri.replace("$RepresentationID$", id)]) {
            let name = uri.strip_prefix("demo/").unwrap().parse().unwrap();
            assert!(window.snapshot().read(&name).is_some(), "{uri}");
            count += 1;
        }
    }
    assert_eq!(count, 2 * (7 + 2));
}

#[test]
fn a_discontinuity_starts_a_period_whose_start_and_offset_are_the_same_moment() {
    let window = window_with_a_hole();
    let mpd = mpd(&window);
    let periods: Vec<_> =
        mpd.periods.iter().map(|period| (period.id.as_str(), period.start.as_secs())).collect();
    assert_eq!(periods, [("0", 4), ("1", 20)]);
    for period in &mpd.periods {
        let ids: Vec<_> = period.adaptation_sets.iter().map(|set| set.id).collect();
        assert_eq!(ids, [1, 2]);
        for set in &period.adaptation_sets {
            assert_eq!(set.presentation_time_offset, period.start.as_secs() * u64::from(set.timescale));
        }
    }
}

#[test]
fn a_live_manifest_never_lists_a_segment_that_is_not_over_yet() {
    let window = window_with_a_hole();
    let Presentation::Live(live) = mpd(&window).presentation else { panic!() };
    let newest = window.snapshot().listed().last().unwrap().clone();
    let end = newest.span.start + newest.span.duration;
    assert_eq!(live.availability_start_ms, 1_000_000);
    assert_eq!(live.availability_start_ms + end.as_millis(), newest.wall_time_ms + 2000);
}

#[test]
fn a_stream_that_ended_says_how_long_it_was() {
    let window = window_with_a_hole();
    window.end();
    let Presentation::Ended { duration } = mpd(&window).presentation else { panic!() };
    assert_eq!(duration, Duration::from_secs(26));
    assert!(window.snapshot().media_playlist(&HlsOptions::default()).is_ended);
}

#[test]
fn a_variant_tells_codecs_size_and_measured_rates() {
    let empty = LiveWindow::new(Limits::default(), 0);
    assert!(empty.snapshot().variant("a.m3u8".to_owned(), TARGET).is_none());
    let variant = window_with_a_hole().snapshot().variant("a.m3u8".to_owned(), TARGET).unwrap();
    assert_eq!(variant.codecs, ["avc1.64001f", "mp4a.40.2"]);
    assert_eq!(variant.resolution, Some(Resolution { width: 640, height: 360 }));
    assert_eq!((variant.bandwidth_bps, variant.average_bandwidth_bps), (400, Some(400)));
}

#[test]
fn the_rate_of_a_track_is_of_its_own_bytes() {
    let sets = &mpd(&window_with_a_hole()).periods[0].adaptation_sets;
    let rates: Vec<_> = sets.iter().map(|set| set.representations[0].bandwidth_bps).collect();
    assert_eq!(rates, [85 * 8 / 2, 15 * 8 / 2]);
}
