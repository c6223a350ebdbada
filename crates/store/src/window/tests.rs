use super::*;
use crate::testing::{SEGMENT_BYTES, broken, init, segment};
use crate::{HlsOptions, Media, Name};
use bytes::Bytes;
use media::Timestamp;
use proptest::prelude::*;
use std::pin::pin;
use std::task::{Context, Waker};

const LIMITS: Limits = Limits {
    kind: WindowKind::Live,
    window_duration: Duration::from_secs(8),
    window_segments: 100,
    keep_after_list: 2,
    bytes_max: 1 << 20,
};

fn window(limits: Limits) -> LiveWindow {
    let window = LiveWindow::new(limits, 0);
    window.set_init(init());
    window
}

/// Appends `count` segments of two seconds.
fn append_many(window: &LiveWindow, count: u64) {
    for index in 0..count {
        window.append(segment(index * 2, 2)).unwrap();
    }
}

fn listed(snapshot: &Snapshot) -> Vec<u64> {
    snapshot.listed().iter().map(|segment| segment.sequence).collect()
}

#[test]
fn a_live_list_covers_the_window_and_keeps_a_little_behind_it() {
    let window = window(LIMITS);
    append_many(&window, 10);
    let snapshot = window.snapshot();
    assert_eq!(listed(&snapshot), [6, 7, 8, 9]);
    assert!(snapshot.segment(4).is_some() && snapshot.segment(3).is_none() && snapshot.segment(10).is_none());
    assert_eq!(snapshot.bytes(), 6 * SEGMENT_BYTES);
    assert_eq!(snapshot.dropped_for_bytes(), 0);
}

#[test]
fn a_live_list_has_no_more_segments_than_allowed_and_never_less_than_three() {
    let window_duration = Duration::from_secs(60);
    let few = window(Limits { window_segments: 5, window_duration, ..LIMITS });
    append_many(&few, 10);
    assert_eq!(listed(&few.snapshot()), [5, 6, 7, 8, 9]);
    for limits in
        [Limits { window_segments: 0, ..LIMITS }, Limits { window_duration: Duration::ZERO, ..LIMITS }]
    {
        let window = window(limits);
        append_many(&window, 10);
        assert_eq!(listed(&window.snapshot()), [7, 8, 9]);
    }
}

#[test]
fn long_segments_leave_three_in_the_list() {
    let window = window(LIMITS);
    for index in 0..6 {
        window.append(segment(index * 10, 10)).unwrap();
    }
    assert_eq!(listed(&window.snapshot()), [3, 4, 5]);
    assert_eq!(window.snapshot().longest(), Duration::from_secs(10));
}

#[test]
fn the_bytes_limit_takes_what_is_behind_the_list_first_and_counts_what_it_takes_from_the_list() {
    let behind = window(Limits { bytes_max: 5 * SEGMENT_BYTES, ..LIMITS });
    append_many(&behind, 10);
    assert_eq!(listed(&behind.snapshot()), [6, 7, 8, 9]);
    assert_eq!((behind.snapshot().bytes(), behind.snapshot().dropped_for_bytes()), (5 * SEGMENT_BYTES, 0));

    let listed_too = window(Limits { bytes_max: 2 * SEGMENT_BYTES + 1, ..LIMITS });
    append_many(&listed_too, 10);
    assert_eq!(listed(&listed_too.snapshot()), [8, 9]);
    assert_eq!(
        (listed_too.snapshot().bytes(), listed_too.snapshot().dropped_for_bytes()),
        (2 * SEGMENT_BYTES, 8)
    );
}

#[test]
fn a_segment_larger_than_the_whole_log_is_refused_and_harms_nothing() {
    let window = window(Limits { bytes_max: SEGMENT_BYTES, ..LIMITS });
    append_many(&window, 1);
    let mut large = segment(2, 2);
    large.media = Media::Ts(Bytes::from(vec![0; SEGMENT_BYTES + 1]));
    let version = window.snapshot().version();
    let error = window.append(large).unwrap_err();
    assert_eq!(error, Error::TooLarge { start: Timestamp::from_millis(2000), bytes: 101, bytes_max: 100 });
    assert!(error.to_string().contains("bytes_max"), "{error}");
    assert_eq!(window.snapshot().version(), version);
    window.append(segment(4, 2)).unwrap();
    assert_eq!(listed(&window.snapshot()), [1]);
}

#[test]
fn an_event_keeps_everything_until_the_bytes_are_used_up_and_says_when_it_slides() {
    let window = window(Limits { kind: WindowKind::Event, bytes_max: 50 * SEGMENT_BYTES, ..LIMITS });
    append_many(&window, 50);
    let playlist = |window: &LiveWindow| window.snapshot().media_playlist(&HlsOptions::default()).to_string();
    assert_eq!(window.snapshot().listed().len(), 50);
    assert!(window.snapshot().is_whole_event());
    assert!(playlist(&window).contains("#EXT-X-PLAYLIST-TYPE:EVENT"));
    window.append(segment(100, 2)).unwrap();
    assert_eq!(listed(&window.snapshot())[0], 1);
    assert!(!window.snapshot().is_whole_event());
    assert_eq!(window.snapshot().dropped_for_bytes(), 1);
    assert!(!playlist(&window).contains("PLAYLIST-TYPE"), "an event may not lose segments");
}

#[test]
fn a_discontinuity_is_counted_when_its_mark_has_left_the_list() {
    let window = window(LIMITS);
    window.append(segment(0, 2)).unwrap();
    window.append(broken(segment(2, 2))).unwrap();
    let mut seen = Vec::new();
    for index in 2..9 {
        window.append(segment(index * 2, 2)).unwrap();
        let snapshot = window.snapshot();
        let marks = snapshot.listed().iter().filter(|segment| segment.span.discontinuity).count();
        seen.push((listed(&snapshot)[0], snapshot.discontinuity_sequence(), marks));
    }
    assert_eq!(seen, [(0, 0, 1), (0, 0, 1), (1, 0, 1), (2, 1, 0), (3, 1, 0), (4, 1, 0), (5, 1, 0)]);
}

#[test]
fn a_period_keeps_its_start_when_its_first_segments_are_gone() {
    let window = window(LIMITS);
    append_many(&window, 2);
    window.append(broken(segment(10, 2))).unwrap();
    for index in 6..20 {
        window.append(segment(index * 2, 2)).unwrap();
    }
    let snapshot = window.snapshot();
    assert!(snapshot.segment_at(Timestamp::from_millis(10_000)).is_none());
    assert!(snapshot.listed().iter().all(|segment| segment.period_start == Timestamp::from_millis(10_000)));
}

#[test]
fn a_snapshot_does_not_change_while_the_log_goes_on() {
    let window = window(LIMITS);
    append_many(&window, 4);
    let before = window.snapshot();
    for index in 4..20 {
        window.append(segment(index * 2, 2)).unwrap();
    }
    window.end();
    assert_eq!((listed(&before), before.is_ended()), (vec![0, 1, 2, 3], false));
    assert_eq!(before.read(&Name::Fmp4 { sequence: 0 }).unwrap().concat().len(), SEGMENT_BYTES);
    assert!(window.snapshot().version() > before.version());
    assert!(window.snapshot().is_ended());
}

#[test]
fn muxed_and_single_track_segments_share_their_bytes() {
    let window = window(LIMITS);
    append_many(&window, 3);
    let snapshot = window.snapshot();
    let both = snapshot.read(&Name::Fmp4 { sequence: 1 }).unwrap();
    let video = snapshot.read(&"video0-0-180000.m4s".parse().unwrap()).unwrap();
    let audio = snapshot.read(&"audio0-0-96000.m4s".parse().unwrap()).unwrap();
    assert_eq!([both[0].as_ptr(), both[2].as_ptr()], [video[0].as_ptr(), video[1].as_ptr()]);
    assert_eq!([both[1].as_ptr(), both[3].as_ptr()], [audio[0].as_ptr(), audio[1].as_ptr()]);
    assert_eq!((both.len(), video.len(), audio.len()), (4, 2, 2));
}

#[test]
fn names_of_what_is_not_there_read_nothing() {
    let window = window(LIMITS);
    append_many(&window, 1);
    for text in [
        "0.ts",
        "1.m4s",
        "init-9.mp4",
        "video1-0-0.m4s",
        "video0-1-0.m4s",
        "video0-0-1.m4s",
        "video0-9.mp4",
        "audio1-0.mp4",
    ] {
        assert!(window.snapshot().read(&text.parse().unwrap()).is_none(), "{text}");
    }
    let ts = LiveWindow::new(LIMITS, 7);
    ts.set_init(NewInit { tracks: Vec::new(), bytes: Bytes::new() });
    ts.append(NewSegment { media: Media::Ts(Bytes::from_static(b"ts")), ..segment(0, 2) }).unwrap();
    assert_eq!(ts.snapshot().read(&"7.ts".parse().unwrap()).unwrap().concat(), b"ts");
    assert!(ts.snapshot().read(&"7.m4s".parse().unwrap()).is_none());
    assert!(ts.snapshot().read(&"init-7.mp4".parse().unwrap()).is_none());
}

#[test]
fn an_init_segment_stays_while_a_kept_segment_needs_it() {
    let window = window(LIMITS);
    append_many(&window, 2);
    window.set_init(NewInit { bytes: Bytes::from_static(b"second"), ..init() });
    let read = |id| window.snapshot().read(&Name::Init { id }).map(|pieces| pieces.concat());
    window.append(broken(segment(4, 2))).unwrap();
    assert_eq!((read(0), read(2)), (Some(b"init of both".to_vec()), Some(b"second".to_vec())));
    for index in 3..20 {
        window.append(segment(index * 2, 2)).unwrap();
    }
    assert_eq!((read(0), read(2)), (None, Some(b"second".to_vec())));
}

#[test]
fn a_publisher_that_comes_back_as_it_went_needs_no_new_init_segment() {
    let window = window(LIMITS);
    append_many(&window, 2);
    window.set_init(init());
    assert_eq!(window.append(broken(segment(10, 2))).unwrap().init.id, 0);
    window.set_init(NewInit { tracks: Vec::new(), ..init() });
    assert_eq!(window.append(broken(segment(12, 2))).unwrap().init.id, 3);
}

#[test]
fn segments_are_found_by_time() {
    let window = window(LIMITS);
    append_many(&window, 3);
    let at = |ms| window.snapshot().segment_at(Timestamp::from_millis(ms)).map(|segment| segment.sequence);
    assert_eq!([at(-1), at(0), at(1999), at(2000), at(99_999)], [None, Some(0), Some(0), Some(1), Some(2)]);
}

#[test]
fn what_does_not_belong_into_the_log_is_refused() {
    let empty = LiveWindow::new(LIMITS, 0);
    assert_eq!(empty.append(segment(0, 2)).unwrap_err(), Error::NoInit { start: Timestamp::ZERO });
    let window = window(LIMITS);
    window.append(segment(4, 2)).unwrap();
    assert!(matches!(window.append(segment(3, 2)), Err(Error::StartWentBack { .. })));
    window.end();
    assert!(matches!(window.append(segment(6, 2)), Err(Error::Ended { .. })));
}

#[tokio::test]
async fn a_first_request_waits_for_the_first_segment() {
    let window = LiveWindow::new(LIMITS, 5);
    window.set_init(init());
    let mut waiting = pin!(window.wait_for_first_segment());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    window.append(segment(0, 2)).unwrap();
    let snapshot = waiting.await;
    assert_eq!(listed(&snapshot), [5]);
    let snapshot = window.wait_for_segment(2).await;
    assert_eq!(listed(&snapshot), [5], "what is past is not waited for");
}

#[tokio::test]
async fn nobody_waits_for_a_segment_of_a_stream_that_ended() {
    let window = window(LIMITS);
    let mut waiting = pin!(window.wait_for_segment(3));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    window.end();
    assert!(waiting.await.is_ended());
}

proptest! {
    #[test]
    fn numbers_never_go_back_and_limits_hold(
        steps in prop::collection::vec((0u64..12, 0usize..300, prop::bool::weighted(0.2)), 1..80),
        kind in prop_oneof![Just(WindowKind::Live), Just(WindowKind::Event)],
        window_segments in 0usize..8,
        keep_after_list in 0usize..4,
        bytes_max in 300usize..2000,
    ) {
        let limits = Limits { kind, window_segments, keep_after_list, bytes_max, ..LIMITS };
        let window = window(limits);
        let (mut start_s, mut last, mut discontinuities) = (0, (0, 0, 0, 0), 0);
        for (index, (duration_s, bytes, is_broken)) in steps.into_iter().enumerate() {
            let mut new = segment(start_s, duration_s);
            new.media = Media::Ts(Bytes::from(vec![0; bytes]));
            new.span.discontinuity = is_broken;
            window.append(new).unwrap();
            (start_s, discontinuities) = (start_s + duration_s, discontinuities + u64::from(is_broken));
            let snapshot = window.snapshot();
            let playlist = snapshot.media_playlist(&HlsOptions::default());
            let numbers = (snapshot.version(), playlist.media_sequence, playlist.discontinuity_sequence, playlist.target_duration_s());
            prop_assert!(numbers.0 > last.0 && numbers.1 >= last.1 && numbers.2 >= last.2 && numbers.3 >= last.3);
            last = numbers;
            let sequences = listed(&snapshot);
            prop_assert_eq!(sequences.last(), Some(&(index as u64)));
            prop_assert!(sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            let marks = playlist.segments.iter().filter(|segment| segment.discontinuity).count() as u64;
            prop_assert_eq!(playlist.discontinuity_sequence + marks, discontinuities, "every mark is seen or counted");
            prop_assert!(snapshot.bytes() <= bytes_max);
            let kept = (0..=index as u64).filter_map(|sequence| snapshot.segment(sequence));
            prop_assert_eq!(kept.map(|segment| segment.len()).sum::<usize>(), snapshot.bytes());
        }
    }
}
