use super::*;
use crate::Codec;
use bytes::Bytes;
use proptest::prelude::*;

const ORIGIN: Timestamp = Timestamp::from_millis(1000);
const RTMP_WRAP_MS: i64 = 1 << 32;
const RTMP_WRAP: Option<Duration> = Some(Duration::from_millis(1 << 32));

/// A packet as it comes from the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wire {
    id: TrackId,
    ms: i64,
}

/// A packet as it was placed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Placed {
    id: TrackId,
    wire_ms: i64,
    micros: i64,
    is_jump: bool,
}

fn packet(id: TrackId, kind: PacketKind, dts_ms: i64) -> Packet {
    let time = Timestamp::from_millis(dts_ms);
    let codec = if id.kind == MediaKind::Audio { Codec::Aac } else { Codec::H264 };
    Packet { track_id: id, codec, kind, dts: time, pts: time, discontinuity: false, payload: Bytes::new() }
}

fn place(timeline: &mut Timeline, wire: Wire) -> Placed {
    let mut packet = packet(wire.id, PacketKind::Frame, wire.ms);
    timeline.place(&mut packet);
    assert_eq!(packet.dts, packet.pts);
    Placed { id: wire.id, wire_ms: wire.ms, micros: packet.dts.as_micros(), is_jump: packet.discontinuity }
}

fn place_all(timeline: &mut Timeline, packets: &[Wire]) -> Vec<Placed> {
    packets.iter().map(|&wire| place(timeline, wire)).collect()
}

/// 25 pictures and 48 000 samples a second, in the order of their times, as an encoder rounds them for RTMP.
/// `fast_ppm` is how much too fast the clock of the sound is.
fn encoder(start_ms: i64, length_ms: i64, fast_ppm: i64) -> Vec<Wire> {
    let video = (0..length_ms / 40).map(|n| Wire { id: TrackId::VIDEO, ms: start_ms + 40 * n });
    let audio = (0..)
        .map(|n| (n * 1024 * (1_000_000 - fast_ppm) + 24_000_000) / 48_000_000)
        .take_while(|&ms| ms < length_ms)
        .map(|ms| Wire { id: TrackId::AUDIO, ms: start_ms + ms });
    let mut packets: Vec<_> = video.chain(audio).collect();
    packets.sort_by_key(|packet| (packet.ms, packet.id));
    packets
}

fn timeline() -> Timeline {
    let mut timeline = Timeline::new(ORIGIN, RTMP_WRAP);
    timeline.set_audio_clock(TrackId::AUDIO, 1024, 48_000);
    timeline
}

fn of(id: TrackId, placed: &[Placed]) -> Vec<Placed> {
    placed.iter().filter(|packet| packet.id == id).copied().collect()
}

fn jumps(id: TrackId, placed: &[Placed]) -> usize {
    placed.iter().filter(|packet| packet.id == id && packet.is_jump).count()
}

fn assert_never_back(placed: &[Placed]) {
    for id in [TrackId::VIDEO, TrackId::AUDIO] {
        for pair in of(id, placed).windows(2) {
            assert!(pair[0].micros <= pair[1].micros, "{pair:?}");
        }
    }
}

/// How much later sound is placed against pictures than the wire said, between packets of about one wire time.
fn skew_micros(placed: &[Placed]) -> i64 {
    let offset = |packet: &Placed| packet.micros - packet.wire_ms * 1000;
    let video = of(TrackId::VIDEO, placed);
    let mut worst = 0;
    for audio in of(TrackId::AUDIO, placed) {
        let near = video.iter().filter(|video| (video.wire_ms - audio.wire_ms).abs() <= 40);
        if let Some(skew) = near.map(|video| (offset(&audio) - offset(video)).abs()).min() {
            worst = worst.max(skew);
        }
    }
    worst
}

/// A stream that jumps once: from `start_ms` on, and after two seconds by `jump_ms`.
fn with_jump(start_ms: i64, jump_ms: i64) -> (Vec<Placed>, Vec<Placed>) {
    let mut timeline = timeline();
    let wrapped = |mut packets: Vec<Wire>| {
        packets.iter_mut().for_each(|packet| packet.ms = packet.ms.rem_euclid(RTMP_WRAP_MS));
        packets
    };
    let before = place_all(&mut timeline, &wrapped(encoder(start_ms, 2000, 0)));
    let after = place_all(&mut timeline, &wrapped(encoder(start_ms + 2000 + jump_ms, 2000, 0)));
    (before, after)
}

#[test]
fn a_stream_begins_at_the_origin_wherever_its_wire_time_begins() {
    let times = |start_ms: i64| {
        let (mut placed, after) = with_jump(start_ms, 0);
        placed.extend(after);
        placed.into_iter().map(|packet| (packet.id, packet.micros, packet.is_jump)).collect::<Vec<_>>()
    };
    let expected = times(0);
    assert_eq!(expected[0], (TrackId::VIDEO, 1_000_000, false));
    assert!(expected.iter().all(|&(_, _, is_jump)| !is_jump));
    for start_ms in [0xff_ff00, 0xffff_0000, 0xffff_f000, 0xffff_ffff, 0x7fff_ff00, 1 << 31] {
        assert_eq!(times(start_ms), expected, "from {start_ms:#x}");
    }
}

#[test]
fn a_stream_goes_on_without_a_mark_where_the_wire_clock_wraps() {
    let mut timeline = timeline();
    let mut packets = encoder(RTMP_WRAP_MS - 1000, 2000, 0);
    packets.iter_mut().for_each(|packet| packet.ms %= RTMP_WRAP_MS);
    let placed = place_all(&mut timeline, &packets);
    assert_never_back(&placed);
    assert_eq!(placed.iter().filter(|packet| packet.is_jump).count(), 0);
    let video = of(TrackId::VIDEO, &placed);
    assert!(video.windows(2).all(|pair| pair[1].micros - pair[0].micros == 40_000));
}

#[test]
fn the_presentation_time_keeps_its_distance_across_a_wrap() {
    let mut timeline = Timeline::new(ORIGIN, RTMP_WRAP);
    let mut packet = packet(TrackId::VIDEO, PacketKind::Keyframe, RTMP_WRAP_MS - 20);
    packet.pts = Timestamp::from_millis(60);
    timeline.place(&mut packet);
    assert_eq!((packet.dts, packet.pts), (ORIGIN, Timestamp::from_millis(1080)));
}

#[test]
fn both_tracks_jump_once_and_stay_together() {
    for jump_ms in [-5000, -1100, -2_000_000, 10_500, 3_600_000, 1 << 31, (1 << 31) - 1, -(1 << 31)] {
        let (before, after) = with_jump(10_000_000, jump_ms);
        let all: Vec<_> = before.iter().chain(&after).copied().collect();
        assert_never_back(&all);
        for id in [TrackId::VIDEO, TrackId::AUDIO] {
            assert_eq!(jumps(id, &before), 0);
            assert_eq!(jumps(id, &after), 1, "{id:?} after {jump_ms}");
            assert!(of(id, &after)[0].is_jump);
            let step = of(id, &after)[0].micros - of(id, &before).last().unwrap().micros;
            assert!((0..100_000).contains(&step), "{step} after {jump_ms}");
        }
        assert!(skew_micros(&after) <= 1500, "{} after {jump_ms}", skew_micros(&after));
    }
}

#[test]
fn a_gap_stays_and_a_long_one_is_closed_and_marked() {
    let (before, after) = with_jump(0, 9000);
    assert_eq!(after.iter().filter(|packet| packet.is_jump).count(), 0);
    assert_eq!(after[0].micros - before[0].micros, 11_000_000);
    let (before, after) = with_jump(0, 10_000);
    assert_eq!((jumps(TrackId::VIDEO, &after), jumps(TrackId::AUDIO, &after)), (1, 1));
    assert!(after[0].micros - before[0].micros < 2_100_000);
}

#[test]
fn a_jump_that_is_just_long_enough_for_one_track_is_one_for_the_other() {
    for (first, second) in [(TrackId::VIDEO, TrackId::AUDIO), (TrackId::AUDIO, TrackId::VIDEO)] {
        for jump_ms in [9_950, -950] {
            let mut timeline = Timeline::new(ORIGIN, RTMP_WRAP);
            let mut wire = encoder(50_000, 2000, 0);
            wire.retain(|packet| packet.id != first || packet.ms < 51_900);
            place_all(&mut timeline, &wire);
            let mut wire = encoder(52_000 + jump_ms, 2000, 0);
            wire.sort_by_key(|packet| packet.id == second && packet.ms < 52_050 + jump_ms);
            let placed = place_all(&mut timeline, &wire);
            // Whatever was thought of the first packets, in the end they are together.
            let settled: Vec<_> = placed.into_iter().skip(100).collect();
            assert!(skew_micros(&settled) <= 1500, "{} after {jump_ms} of {first:?}", skew_micros(&settled));
        }
    }
}

#[test]
fn packets_from_before_a_jump_keep_their_place() {
    let mut timeline = timeline();
    place_all(&mut timeline, &encoder(60_000, 2000, 0));
    let now = timeline.now().as_micros();
    // Pictures are already back at 30 s, sound is not yet.
    let late = [
        (TrackId::VIDEO, 30_000),
        (TrackId::AUDIO, 62_016),
        (TrackId::VIDEO, 30_040),
        (TrackId::AUDIO, 30_010),
    ];
    let late = late.map(|(id, ms)| Wire { id, ms });
    let placed = place_all(&mut timeline, &late);
    assert_eq!(placed.iter().map(|packet| packet.is_jump).collect::<Vec<_>>(), [true, false, false, true]);
    assert!((placed[1].micros - now).abs() < 60_000);
    assert_never_back(&placed);
}

#[test]
fn a_single_mad_time_does_not_part_sound_from_pictures() {
    let mut timeline = timeline();
    let mut wire = encoder(60_000, 60_000, 0);
    let sounds: Vec<_> = (0..wire.len()).filter(|&at| wire[at].id == TrackId::AUDIO).collect();
    for &at in sounds.iter().step_by(50).skip(1) {
        wire[at].ms = 3_000_000_000;
    }
    let mut placed = place_all(&mut timeline, &wire);
    assert_never_back(&placed);
    placed.retain(|packet| packet.wire_ms != 3_000_000_000);
    let settled: Vec<_> = placed.split_off(placed.len() - 50);
    assert!(skew_micros(&settled) <= 60_000, "{}", skew_micros(&settled));
    assert_eq!(jumps(TrackId::VIDEO, &placed), 0);
}

#[test]
fn equal_times_stay_in_order() {
    let mut timeline = timeline();
    let mut wire = encoder(0, 2000, 0);
    wire.iter_mut().for_each(|packet| packet.ms = 77);
    let placed = place_all(&mut timeline, &wire);
    assert_never_back(&placed);
    assert!(placed.iter().all(|packet| !packet.is_jump && (1_000_000..1_040_000).contains(&packet.micros)));
}

#[test]
fn sound_out_of_order_is_put_in_order() {
    let mut timeline = timeline();
    let mut wire = encoder(0, 10_000, 0);
    for at in (0..wire.len() - 4).step_by(7) {
        wire.swap(at, at + 3);
    }
    let placed = place_all(&mut timeline, &wire);
    assert_never_back(&placed);
    assert!(placed.iter().all(|packet| !packet.is_jump));
    assert!(skew_micros(&placed) <= 100_000);
}

#[test]
fn steps_back_do_not_add_up_to_a_standstill() {
    let mut timeline = timeline();
    let mut last = Vec::new();
    for step in 0..20 {
        let wire = Wire { id: TrackId::VIDEO, ms: 100_000 - 900 * step };
        last.push(place(&mut timeline, wire));
    }
    assert_never_back(&last);
    assert!(jumps(TrackId::VIDEO, &last) >= 5);
}

#[test]
fn sound_lies_at_exact_samples_although_the_wire_rounds() {
    // MP3 at 44.1 kHz: 26.12 ms, sent as 26 or 27.
    let mut timeline = Timeline::new(ORIGIN, RTMP_WRAP);
    timeline.set_audio_clock(TrackId::AUDIO, 1152, 44_100);
    let mut ticks = Vec::new();
    for n in 0..5000i64 {
        let mut packet = packet(TrackId::AUDIO, PacketKind::Frame, (n * 1_152_000 + 22_050) / 44_100);
        timeline.place(&mut packet);
        ticks.push(packet.dts.to_ticks(44_100));
    }
    assert!(ticks.windows(2).all(|pair| pair[1] - pair[0] == 1152));
}

#[test]
fn a_sound_clock_that_is_slow_or_fast_stays_with_the_pictures() {
    for ppm in [-100, 100, -2000, 2000] {
        let mut timeline = timeline();
        let placed = place_all(&mut timeline, &encoder(0, 600_000, ppm));
        assert_never_back(&placed);
        assert!(placed.iter().all(|packet| !packet.is_jump));
        assert!(skew_micros(&placed[placed.len() - 200..]) <= 31_000);
        // It is moved too little at a time to be heard.
        for pair in of(TrackId::AUDIO, &placed).windows(2) {
            let step = pair[1].micros - pair[0].micros;
            assert!((step - 21_333).abs() <= 1001, "{step}");
        }
    }
}

#[test]
fn sound_without_a_fixed_length_is_placed_as_the_wire_says() {
    let mut timeline = timeline();
    place_all(&mut timeline, &encoder(0, 2000, 0));
    timeline.set_audio_clock(TrackId::AUDIO, 0, 0);
    let placed = place_all(&mut timeline, &encoder(2000, 2000, 0));
    assert_eq!(skew_micros(&placed[10..]), 0);
}

#[test]
fn lost_sound_leaves_a_gap() {
    let mut timeline = timeline();
    let mut wire = encoder(0, 2000, 0);
    wire.retain(|packet| packet.id == TrackId::VIDEO || !(500..700).contains(&packet.ms));
    let placed = place_all(&mut timeline, &wire);
    assert!(skew_micros(&placed) <= 2000);
}

#[test]
fn the_offset_between_sound_and_pictures_at_the_start_is_kept() {
    for offset_ms in [-700, -21, 15, 3000] {
        let mut timeline = timeline();
        let mut wire = encoder(5000, 4000, 0);
        wire.iter_mut()
            .filter(|packet| packet.id == TrackId::AUDIO)
            .for_each(|packet| packet.ms += offset_ms);
        let mut config = packet(TrackId::AUDIO, PacketKind::Config, 0);
        timeline.place(&mut config);
        let placed = place_all(&mut timeline, &wire);
        assert!(placed.iter().all(|packet| !packet.is_jump));
        let first = |id| of(id, &placed)[0].micros;
        let difference = first(TrackId::AUDIO) - first(TrackId::VIDEO);
        assert!((difference - offset_ms * 1000).abs() <= 1000, "{difference} for {offset_ms}");
    }
}

#[test]
fn a_track_that_is_far_off_on_the_wire_begins_where_the_stream_is() {
    let mut timeline = timeline();
    place_all(
        &mut timeline,
        &encoder(0, 2000, 0).into_iter().filter(|p| p.id == TrackId::VIDEO).collect::<Vec<_>>(),
    );
    let now = timeline.now().as_micros();
    let first = place(&mut timeline, Wire { id: TrackId::AUDIO, ms: 90_000_000 });
    assert!((first.micros - now).abs() < 1000 && !first.is_jump);
}

#[test]
fn a_track_that_was_silent_for_long_comes_back_without_a_mark() {
    let mut timeline = timeline();
    let mut wire = encoder(0, 60_000, 0);
    wire.retain(|packet| packet.id == TrackId::VIDEO || !(2000..50_000).contains(&packet.ms));
    let placed = place_all(&mut timeline, &wire);
    assert!(placed.iter().all(|packet| !packet.is_jump));
    assert!(skew_micros(&placed) <= 1500);
}

#[test]
fn configs_and_data_with_made_up_times_move_nothing() {
    let mut timeline = timeline();
    let mut metadata = packet(TrackId::DATA, PacketKind::Frame, 0);
    timeline.place(&mut metadata);
    let wire = encoder(90_000_000, 4000, 0);
    let mut plain = timeline.clone();
    let expected = place_all(&mut plain, &wire);
    let mut placed = Vec::new();
    for (n, &wire) in wire.iter().enumerate() {
        if n % 10 == 5 {
            for (id, kind) in [(TrackId::VIDEO, PacketKind::Config), (TrackId::DATA, PacketKind::Frame)] {
                let mut aside = packet(id, kind, if n % 20 == 5 { 0 } else { wire.ms });
                let before = timeline.now();
                timeline.place(&mut aside);
                assert!(!aside.discontinuity);
                assert!(aside.dts <= before && before.micros_since(aside.dts) <= 100_000);
            }
        }
        placed.push(place(&mut timeline, wire));
    }
    assert_eq!(placed, expected);
}

#[test]
fn a_publisher_that_came_back_goes_on_after_the_time_it_was_away() {
    let mut timeline = timeline();
    let before = place_all(&mut timeline, &encoder(500_000, 2000, 0));
    let last = timeline.now().as_micros();
    timeline.resume(Duration::from_secs(3));
    timeline.set_wrap(None);
    let mut config = packet(TrackId::VIDEO, PacketKind::Config, 0);
    timeline.place(&mut config);
    assert!(!config.discontinuity);
    let after = place_all(&mut timeline, &encoder(40, 2000, 0));
    assert_eq!(after[0].micros, last + 3_000_000);
    for id in [TrackId::VIDEO, TrackId::AUDIO] {
        assert_eq!(jumps(id, &after), 1);
        assert!(of(id, &after)[0].is_jump);
    }
    assert!(skew_micros(&after) <= 1500);
    assert_never_back(&before.into_iter().chain(after).collect::<Vec<_>>());
}

#[test]
fn a_publisher_that_left_before_it_sent_anything_leaves_no_mark() {
    let mut timeline = timeline();
    timeline.resume(Duration::ZERO);
    let placed = place_all(&mut timeline, &encoder(0, 200, 0));
    assert_eq!((placed[0].micros, placed[0].is_jump), (1_000_000, false));
}

#[test]
fn nothing_is_placed_below_zero() {
    let mut timeline = timeline();
    let wire = [(TrackId::VIDEO, 9000), (TrackId::AUDIO, 0), (TrackId::AUDIO, 7990), (TrackId::AUDIO, 8010)];
    let placed = place_all(&mut timeline, &wire.map(|(id, ms)| Wire { id, ms }));
    assert!(placed.iter().all(|packet| packet.micros >= 0));
    assert!((placed[3].micros - 10_000).abs() < 2000);
    let mut early = packet(TrackId::VIDEO, PacketKind::Frame, 9040);
    early.pts = Timestamp::from_millis(0);
    timeline.place(&mut early);
    assert!(early.pts >= Timestamp::ZERO);
}

/// Stretches of a stream, each with the jump before it.
fn stretches() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let jump = prop_oneof![-10_000_000i64..-2000, 10_500i64..10_000_000, Just(-5000), Just(1 << 31)];
    proptest::collection::vec((jump, 1500i64..4000), 1..6)
}

proptest! {
    #[test]
    fn every_jump_is_marked_once_per_track_and_parts_nothing(
        stretches in stretches(),
        start_ms in 0..RTMP_WRAP_MS,
        audio_late_ms in 0i64..300,
    ) {
        let mut timeline = timeline();
        // Sound comes late, so that some of it arrives after pictures from behind the jump.
        let (mut packets, mut at, mut sent) = (Vec::new(), start_ms, 0);
        for (index, &(jump_ms, length_ms)) in stretches.iter().enumerate() {
            at += if index == 0 { 0 } else { jump_ms };
            for packet in encoder(at, length_ms, 0) {
                let late = if packet.id == TrackId::AUDIO { audio_late_ms } else { 0 };
                packets.push((sent + packet.ms - at + late, index, packet));
            }
            at += length_ms;
            sent += length_ms;
        }
        packets.sort_by_key(|&(arrival_ms, ..)| arrival_ms);
        let mut placed = Vec::new();
        for (_, index, wire) in packets {
            let sent = Wire { ms: wire.ms.rem_euclid(RTMP_WRAP_MS), ..wire };
            placed.push((index, Placed { wire_ms: wire.ms, ..place(&mut timeline, sent) }));
        }
        assert_never_back(&placed.iter().map(|&(_, packet)| packet).collect::<Vec<_>>());
        for index in 0..stretches.len() {
            let stretch: Vec<_> = placed.iter().filter(|(of, _)| *of == index).map(|&(_, packet)| packet).collect();
            for id in [TrackId::VIDEO, TrackId::AUDIO] {
                let marks: Vec<_> = of(id, &stretch).iter().map(|packet| packet.is_jump).collect();
                prop_assert_eq!(marks[0], index > 0);
                prop_assert!(marks[1..].iter().all(|is_jump| !is_jump));
            }
            // Where sound runs late it has to catch up first.
            prop_assert!(skew_micros(&stretch[stretch.len() / 2..]) <= 1500);
        }
    }

    #[test]
    fn any_times_whatever_stay_in_order(
        times in proptest::collection::vec((0u8..3, prop_oneof![any::<i64>(), 0i64..100_000], any::<i32>()), 1..200),
        wrap in prop_oneof![Just(None), Just(RTMP_WRAP), Just(Some(Duration::from_micros(95_443_717_688)))],
    ) {
        let mut timeline = Timeline::new(ORIGIN, wrap);
        timeline.set_audio_clock(TrackId::AUDIO, 1024, 48_000);
        let mut last = [Timestamp::ZERO; 3];
        for (track, micros, composition) in times {
            let id = [TrackId::VIDEO, TrackId::AUDIO, TrackId::DATA][usize::from(track)];
            let mut packet = packet(id, PacketKind::Frame, 0);
            packet.dts = Timestamp::from_micros(micros);
            packet.pts = Timestamp::from_micros(micros.saturating_add(i64::from(composition)));
            timeline.place(&mut packet);
            prop_assert!(packet.dts >= last[usize::from(track)]);
            prop_assert!(packet.pts >= Timestamp::ZERO);
            // A packet moves time by a jump limit at most, so a hostile one cannot exhaust it.
            let highest = last.iter().max().copied().unwrap_or_default().max(ORIGIN);
            prop_assert!(packet.dts.micros_since(highest) <= FORWARD_MAX_MICROS + NEAR_MICROS);
            last[usize::from(track)] = packet.dts;
        }
    }

    #[test]
    fn a_random_walk_stays_in_order(steps in proptest::collection::vec(-1500i64..2000, 10..300)) {
        let mut timeline = timeline();
        let (mut at, mut placed) = (1_000_000, Vec::new());
        for (n, step) in steps.iter().enumerate() {
            at += step;
            let id = if n % 2 == 0 { TrackId::VIDEO } else { TrackId::AUDIO };
            placed.push(place(&mut timeline, Wire { id, ms: at }));
        }
        assert_never_back(&placed);
        // Steps that are no jumps pass through, so time goes on with the wire or faster, never slower.
        let walked: i64 = steps[1..].iter().sum();
        prop_assert!(timeline.now().micros_since(ORIGIN) >= (walked - 2000) * 1000);
    }
}
