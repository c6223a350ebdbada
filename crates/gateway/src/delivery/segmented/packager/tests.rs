use super::super::testing::*;
use super::*;
use bytes::Bytes;
use std::time::Duration;
use store::{Fragment, Limits, Media, Name, Snapshot, WindowKind};

const NOON_MS: i64 = 1_795_262_400_000;
const LIMITS: SegmenterLimits =
    SegmenterLimits { target: Duration::from_secs(2), segment_max: Duration::from_secs(20) };

fn packager(kind: Kind) -> (Packager, Arc<LiveWindow>) {
    let limits = Limits { kind: WindowKind::Event, ..Limits::default() };
    let window = Arc::new(LiveWindow::new(limits, 100));
    (Packager::new(kind, LIMITS, 1 << 20, window.clone()), window)
}

/// Pushes each packet as it would come live, from noon on.
fn push(packager: &mut Packager, packets: Vec<Packet>) {
    for packet in packets {
        let now_ms = NOON_MS + packet.dts.as_millis();
        packager.push(packet, now_ms);
    }
}

/// (start ms, duration ms, discontinuity)
fn spans(snapshot: &Snapshot) -> Vec<(i64, u128, bool)> {
    let spans = snapshot.listed().iter().map(|segment| segment.span);
    spans.map(|span| (span.start.as_millis(), span.duration.as_millis(), span.discontinuity)).collect()
}

/// Wall times of the segments' starts, milliseconds since noon.
fn walls(snapshot: &Snapshot) -> Vec<i64> {
    snapshot.listed().iter().map(|segment| segment.wall_time_ms - NOON_MS).collect()
}

/// To the millisecond the packets came at.
fn assert_near(actual: &[i64], expected: &[i64]) {
    let is_near = actual.iter().zip(expected).all(|(actual, expected)| actual.abs_diff(*expected) <= 20);
    assert!(actual.len() == expected.len() && is_near, "{actual:?}, expected {expected:?}");
}

fn packaged(kind: Kind, packets: Vec<Packet>) -> Arc<Snapshot> {
    let (mut packager, window) = packager(kind);
    packager.start(&tracks());
    push(&mut packager, packets);
    packager.finish();
    window.snapshot()
}

#[test]
fn segments_are_whole_picture_groups_in_both_kinds() {
    for kind in [Kind::Ts, Kind::Cmaf] {
        let snapshot = packaged(kind, stream(1000, 8000, 1000));
        let expected = [(1000, 2000, false), (3000, 2000, false), (5000, 2000, false), (7000, 1000, false)];
        assert_eq!(spans(&snapshot), expected, "{kind:?}");
        assert!(snapshot.listed().iter().all(|segment| segment.span.independent));
        assert_eq!(snapshot.listed()[0].sequence, 100);
    }
}

#[test]
fn a_ts_segment_begins_with_its_tables() {
    let snapshot = packaged(Kind::Ts, stream(1000, 5000, 1000));
    for segment in snapshot.listed() {
        let Media::Ts(bytes) = &segment.media else { panic!() };
        assert_eq!(bytes.len() % 188, 0);
        let pids: Vec<_> =
            bytes.chunks(188).map(|packet| u16::from_be_bytes([packet[1] & 0x1f, packet[2]])).collect();
        assert_eq!(pids[..3], [0, 0x1000, 0x100], "program association, program map, then the picture");
    }
}

#[test]
fn tracks_of_cmaf_go_on_without_a_hole_from_segment_to_segment() {
    let snapshot = packaged(Kind::Cmaf, stream(1000, 9000, 1000));
    for track_id in [TrackId::VIDEO, TrackId::AUDIO] {
        let tracks: Vec<_> =
            snapshot.listed().iter().map(|segment| *segment.track(track_id).unwrap()).collect();
        assert_eq!(tracks.len(), 4);
        for pair in tracks.windows(2) {
            assert_eq!(pair[0].start_ticks + pair[0].duration_ticks, pair[1].start_ticks, "{track_id:?}");
        }
    }
    let init = &snapshot.listed()[0].init;
    assert_eq!(&init.bytes[4..8], b"ftyp");
    assert_eq!(
        init.tracks.iter().map(|track| track.codec_string.as_str()).collect::<Vec<_>>(),
        ["avc1.4d401f", "mp4a.40.2"]
    );
    assert!(snapshot.read(&Name::TrackInit { track_id: TrackId::AUDIO, init_id: init.id }).is_some());
}

#[test]
fn sound_and_pictures_take_turns_within_a_segment() {
    let snapshot = packaged(Kind::Cmaf, stream(1000, 5000, 2000));
    let Media::Cmaf { fragments, .. } = &snapshot.listed()[0].media else { panic!() };
    let order: Vec<_> = fragments.iter().map(|fragment| fragment.track_id).collect();
    assert_eq!(order, [TrackId::VIDEO, TrackId::AUDIO].repeat(4));
    assert!(fragments.iter().all(|fragment| &fragment.bytes[4..8] == b"moof"));
    // moof, mfhd and its version stand before the number.
    let number = |fragment: &Fragment| u32::from_be_bytes(fragment.bytes[20..24].try_into().unwrap());
    assert!(fragments.windows(2).all(|pair| number(&pair[0]) + 2 == number(&pair[1])), "for VLC");
}

#[test]
fn the_first_segment_tells_when_it_was_live_though_it_was_read_later() {
    let (mut packager, window) = packager(Kind::Ts);
    packager.start(&tracks());
    // 1.8 s of the cached group come at once, when the newest of it is live.
    for packet in stream(1000, 9000, 2000) {
        let now_ms = NOON_MS + packet.dts.as_millis().max(2780);
        packager.push(packet, now_ms);
    }
    assert_near(&walls(&window.snapshot())[..3], &[1000, 3000, 5000]);
}

#[test]
fn wall_time_steps_only_with_a_discontinuity() {
    let (mut packager, window) = packager(Kind::Ts);
    packager.start(&tracks());
    push(&mut packager, stream(1000, 5000, 2000));
    // The clock of the encoder is half a second slow from here on: nothing to be seen…
    for packet in stream(5000, 9000, 2000) {
        let now_ms = NOON_MS + 500 + packet.dts.as_millis();
        packager.push(packet, now_ms);
    }
    // …until something else breaks the stream.
    for (index, mut packet) in stream(9000, 13_000, 2000).into_iter().enumerate() {
        packet.discontinuity = index == 0;
        let now_ms = NOON_MS + 500 + packet.dts.as_millis();
        packager.push(packet, now_ms);
    }
    packager.finish();
    let snapshot = window.snapshot();
    assert_near(&walls(&snapshot), &[1000, 3000, 5000, 7000, 9500, 11_500]);
    assert_eq!(snapshot.listed().iter().filter(|segment| segment.span.discontinuity).count(), 1);
}

#[test]
fn a_new_config_brings_a_new_init_and_a_discontinuity() {
    let (mut packager, window) = packager(Kind::Cmaf);
    packager.start(&tracks());
    push(&mut packager, stream(1000, 4000, 1000));
    // The same again changes nothing.
    push(&mut packager, vec![audio_config(), video_config()]);
    push(&mut packager, stream(4000, 5000, 1000));
    push(&mut packager, vec![other_audio_config()]);
    push(&mut packager, stream(5000, 8000, 1000));
    packager.finish();
    let snapshot = window.snapshot();
    assert_eq!(spans(&snapshot).iter().map(|span| span.2).collect::<Vec<_>>(), [false, false, true, false]);
    let inits: Vec<_> = snapshot.listed().iter().map(|segment| segment.init.id).collect();
    assert_eq!(inits, [100, 100, 102, 102]);
    assert_eq!(snapshot.listed()[3].init.tracks[1].timescale, 44_100);
}

#[test]
fn missed_packets_are_a_discontinuity() {
    let (mut packager, window) = packager(Kind::Cmaf);
    packager.start(&tracks());
    push(&mut packager, stream(1000, 4000, 1000));
    packager.start(&tracks());
    push(&mut packager, stream(10_000, 13_000, 1000));
    packager.finish();
    let snapshot = window.snapshot();
    assert_eq!(
        spans(&snapshot),
        [(1000, 2000, false), (3000, 1000, false), (10_000, 2000, true), (12_000, 1000, false)]
    );
    assert_eq!(snapshot.listed()[2].init.id, 100, "the same init as before");
}

#[test]
fn a_segment_larger_than_the_window_is_left_out_and_the_gap_is_marked() {
    let (mut packager, window) = packager(Kind::Cmaf);
    packager.start(&tracks());
    let mut packets = stream(1000, 8000, 1000);
    for packet in packets.iter_mut().filter(|packet| (3000..4000).contains(&packet.dts.as_millis())) {
        packet.payload = Bytes::from(vec![1; 100_000]);
    }
    push(&mut packager, packets);
    packager.finish();
    assert_eq!(spans(&window.snapshot()), [(1000, 2000, false), (5000, 2000, true), (7000, 1000, false)]);
}

#[test]
fn packets_of_further_tracks_and_data_are_passed_over() {
    let (mut packager, window) = packager(Kind::Ts);
    packager.start(&tracks());
    let mut packets = stream(1000, 3000, 1000);
    let second = TrackId { index: 1, ..TrackId::AUDIO };
    packets.push(Packet { track_id: second, ..audio(150) });
    packets.push(Packet { track_id: TrackId::DATA, codec: Codec::ScriptData, ..audio(150) });
    packets.push(Packet { codec: Codec::Opus, ..audio(150) });
    push(&mut packager, packets);
    packager.finish();
    assert_eq!(spans(&window.snapshot()), [(1000, 2000, false)]);
}

#[test]
fn mp3_plays_in_ts_and_newer_codecs_only_in_fmp4() {
    let track = |packet: Packet| Track::from_config(packet.track_id, packet.codec, packet.payload).unwrap();
    let with_mp3 = [track(video_config()), track(mp3_config())];
    assert_eq!(Kind::preferred(&with_mp3), Kind::Ts);
    assert_eq!(Kind::preferred(&tracks()), Kind::Cmaf);
    for codec in [Codec::H265, Codec::Av1, Codec::Vp9, Codec::Opus, Codec::Flac] {
        let mut tracks = tracks();
        tracks[0].codec = codec;
        assert!(!Kind::Ts.fits(&tracks) && Kind::Cmaf.fits(&tracks), "{codec}");
    }
    let mut further = tracks();
    further.push(Track {
        id: TrackId { index: 1, ..TrackId::AUDIO },
        codec: Codec::Opus,
        ..further[1].clone()
    });
    assert!(Kind::Ts.fits(&further), "tracks that are not packaged do not matter");
}
