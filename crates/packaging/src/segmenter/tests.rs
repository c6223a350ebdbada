use super::*;
use proptest::prelude::*;

const LIMITS: SegmenterLimits =
    SegmenterLimits { target: Duration::from_secs(2), segment_max: Duration::from_secs(6) };

fn video(ms: i64, is_keyframe: bool) -> Unit {
    Unit { track_id: TrackId::VIDEO, dts: Timestamp::from_millis(ms), is_keyframe, discontinuity: false }
}

fn audio(ms: i64) -> Unit {
    Unit {
        track_id: TrackId::AUDIO,
        dts: Timestamp::from_millis(ms),
        is_keyframe: false,
        discontinuity: false,
    }
}

fn jump(unit: Unit) -> Unit {
    Unit { discontinuity: true, ..unit }
}

/// Pictures every 40 ms from `from_ms` to `to_ms`, a keyframe every `gop_ms`, sound every 20 ms.
fn stream(from_ms: i64, to_ms: i64, gop_ms: i64) -> Vec<Unit> {
    let times = (0..(to_ms - from_ms) / 20).map(|step| step * 20);
    let units = times.flat_map(|ms| {
        let picture = (ms % 40 == 0).then(|| video(from_ms + ms, ms % gop_ms == 0));
        picture.into_iter().chain([audio(from_ms + ms)])
    });
    units.collect()
}

fn spans(segmenter: &mut Segmenter, units: &[Unit]) -> Vec<Span> {
    let mut spans = Vec::new();
    for unit in units {
        if let Placement::Start { finished } = segmenter.place(unit) {
            spans.extend(finished);
        }
    }
    spans.extend(segmenter.finish());
    spans
}

/// (start, duration) in milliseconds.
fn times(spans: &[Span]) -> Vec<(i64, u128)> {
    spans.iter().map(|span| (span.start.as_millis(), span.duration.as_millis())).collect()
}

#[test]
fn pictures_are_cut_at_the_first_keyframe_after_the_target() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let spans = spans(&mut segmenter, &stream(1000, 8000, 1200));
    assert_eq!(times(&spans), [(1000, 2400), (3400, 2400), (5800, 2200)]);
    assert!(spans.iter().all(|span| span.independent && !span.discontinuity));
}

#[test]
fn a_keyframe_a_rounding_error_early_does_not_double_the_segment() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let units = [0, 1999, 3998, 5997, 7996].map(|ms| video(ms, true));
    assert_eq!(
        times(&spans(&mut segmenter, &units))[..4],
        [(0, 1999), (1999, 1999), (3998, 1999), (5997, 1999)]
    );
}

#[test]
fn sound_alone_is_cut_at_the_target() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::AUDIO);
    let units: Vec<_> = (0..300).map(|n| audio(n * 20)).collect();
    assert_eq!(times(&spans(&mut segmenter, &units)), [(0, 1960), (1960, 1960), (3920, 1960), (5880, 120)]);
}

#[test]
fn a_stream_begins_with_a_keyframe() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    for unit in [audio(0), video(10, false), audio(20), video(50, false)] {
        assert_eq!(segmenter.place(&unit), Placement::Skip);
    }
    assert_eq!(segmenter.place(&video(90, true)), Placement::Start { finished: None });
    assert_eq!(segmenter.place(&audio(100)), Placement::Inside);
}

#[test]
fn a_stream_whose_pictures_never_come_begins_without_them() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let units: Vec<_> = (0..600).map(|n| audio(n * 20)).collect();
    let spans = spans(&mut segmenter, &units);
    assert_eq!(times(&spans)[..2], [(6000, 1960), (7960, 1960)]);
    assert!(spans.iter().all(|span| span.independent));
}

#[test]
fn without_a_keyframe_the_maximum_cuts_and_the_rest_is_not_independent() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let spans = spans(&mut segmenter, &stream(0, 14_000, 100_000));
    assert_eq!(times(&spans), [(0, 6000), (6000, 6000), (12_000, 2000)]);
    assert_eq!(spans.iter().map(|span| span.independent).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn sound_goes_on_alone_when_the_pictures_stop() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let mut units = stream(0, 1000, 1000);
    units.extend((50..600).map(|n| audio(n * 20)));
    units.extend(stream(12_000, 14_000, 1000));
    let spans = spans(&mut segmenter, &units);
    assert_eq!(times(&spans)[..3], [(0, 6000), (6000, 1960), (7960, 1960)]);
    assert!(spans.iter().all(|span| span.independent));
}

#[test]
fn a_jump_that_shows_on_every_track_is_one_discontinuity() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let mut units = stream(0, 1000, 1000);
    let mut after = stream(9000, 11_000, 1000);
    after.swap(0, 1);
    after[0] = jump(after[0]);
    after[1] = jump(after[1]);
    units.extend(after);
    let spans = spans(&mut segmenter, &units);
    // The hole from 1000 to 9000 is in no segment.
    assert_eq!(times(&spans), [(0, 1000), (9000, 2000)]);
    assert_eq!(spans.iter().map(|span| span.discontinuity).collect::<Vec<_>>(), [false, true]);
    assert!(spans[1].independent, "sound came first, but the first picture is a keyframe");
}

#[test]
fn a_second_jump_of_the_same_track_is_a_second_discontinuity() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let units = [video(0, true), jump(video(5000, true)), jump(video(9000, true))];
    assert_eq!(spans(&mut segmenter, &units).iter().filter(|span| span.discontinuity).count(), 2);
}

#[test]
fn a_jump_into_the_middle_of_a_gop_is_not_independent() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let spans = spans(&mut segmenter, &[video(0, true), video(40, false), jump(video(9000, false))]);
    assert_eq!(spans.iter().map(|span| span.independent).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_new_decoder_config_opens_a_segment() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    segmenter.config_changed(TrackId::VIDEO);
    assert_eq!(segmenter.place(&video(0, true)), Placement::Start { finished: None });
    segmenter.config_changed(TrackId::VIDEO);
    let Placement::Start { finished: Some(first) } = segmenter.place(&video(400, true)) else { panic!() };
    assert!(!first.discontinuity, "the first config of a stream changes nothing");
    assert!(segmenter.finish().unwrap().discontinuity);
}

#[test]
fn data_and_further_tracks_never_cut() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let second = TrackId { kind: MediaKind::Video, index: 1 };
    assert_eq!(segmenter.place(&Unit { track_id: TrackId::DATA, ..video(0, true) }), Placement::Skip);
    assert_eq!(segmenter.place(&Unit { track_id: second, ..video(0, true) }), Placement::Skip);
    let _ = segmenter.place(&video(0, true));
    for track_id in [TrackId::DATA, TrackId::AUDIO, second] {
        assert_eq!(segmenter.place(&Unit { track_id, ..video(3000, true) }), Placement::Inside);
    }
}

#[test]
fn the_last_segment_lasts_until_its_last_picture_ends() {
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    assert_eq!(times(&spans(&mut segmenter, &stream(0, 2000, 2000))), [(0, 2000)]);
    assert_eq!(segmenter.finish(), None);
    let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
    let mut units = stream(0, 2000, 2000);
    units.push(video(2000, true));
    assert_eq!(
        times(&spans(&mut segmenter, &units)),
        [(0, 2000), (2000, 40)],
        "a picture lasts as the one before"
    );
}

fn any_unit() -> impl Strategy<Value = (u8, i64, bool, bool)> {
    (0u8..4, 0i64..700, prop::bool::weighted(0.1), prop::bool::weighted(0.02))
}

proptest! {
    #[test]
    fn segments_follow_each_other_and_none_grows_beyond_the_maximum(
        steps in prop::collection::vec(any_unit(), 1..400),
        lead_is_video in any::<bool>(),
    ) {
        let lead = if lead_is_video { TrackId::VIDEO } else { TrackId::AUDIO };
        let mut segmenter = Segmenter::new(LIMITS, lead);
        let (mut now_ms, mut placed, mut closed) = (0, false, Vec::new());
        for (track, step_ms, is_keyframe, discontinuity) in steps {
            now_ms += step_ms;
            // Sound lags up to 300 ms behind the pictures.
            let unit = match track {
                0 | 1 => video(now_ms, is_keyframe),
                2 => audio(now_ms - 300),
                _ => Unit { track_id: TrackId::DATA, ..video(now_ms, is_keyframe) },
            };
            match segmenter.place(&Unit { discontinuity, ..unit }) {
                Placement::Skip => prop_assert!(!placed),
                Placement::Inside => prop_assert!(placed),
                Placement::Start { finished } => {
                    prop_assert_eq!(finished.is_some(), placed);
                    closed.extend(finished);
                    placed = true;
                }
            }
        }
        closed.extend(segmenter.finish());
        for pair in closed.windows(2) {
            prop_assert!(pair[0].start + pair[0].duration <= pair[1].start);
            if !pair[1].discontinuity {
                prop_assert_eq!(pair[0].start + pair[0].duration, pair[1].start, "no hole without a mark");
            }
        }
        for span in closed {
            // A segment ends with the first unit at or after the maximum; the slowest track steps often enough.
            prop_assert!(span.duration < LIMITS.segment_max + Duration::from_secs(20), "{:?}", span);
        }
    }

    #[test]
    fn with_regular_keyframes_every_segment_is_whole_gops(gop in 1i64..100, seconds in 10i64..60) {
        let gop_ms = gop * 40;
        let mut segmenter = Segmenter::new(LIMITS, TrackId::VIDEO);
        let spans = spans(&mut segmenter, &stream(0, seconds * 1000, gop_ms));
        for span in &spans[..spans.len() - 1] {
            prop_assert!(span.independent && !span.discontinuity);
            prop_assert_eq!(span.start.as_millis() % gop_ms, 0);
            prop_assert!(span.duration + EARLY_MAX >= LIMITS.target);
            prop_assert!(span.duration <= LIMITS.target + Duration::from_millis(gop_ms as u64));
        }
    }
}
