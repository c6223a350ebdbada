use super::*;
use crate::testing::{broken, segment};
use crate::{DashOptions, HlsOptions, Limits, LiveWindow, Media, NewInit, NewSegment, TrackInit};
use media::{Codec, Track};
use proptest::prelude::*;

const TARGET: Duration = Duration::from_secs(2);
/// `AVCDecoderConfigurationRecord`: Main profile, level 3.1, 1280x720.
const AVC_720: &[u8] = b"\x01\x4d\x40\x1f\xff\xe1\x00\x19\x67\x4d\x40\x1f\xd9\x00\x50\x05\xbb\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x83\x24\x80\x01\x00\x05\x68\xeb\xc3\xcb\x20";

fn init(name: &'static str) -> NewInit {
    let track = |id, codec, config: &'static [u8]| {
        let track = Track::from_config(id, codec, Bytes::from_static(config)).unwrap();
        TrackInit {
            codec_string: track.codec_string(),
            timescale: mp4::timescale(&track),
            bytes: Bytes::from(format!("{name} {codec}")),
            track,
        }
    };
    NewInit {
        tracks: vec![
            track(TrackId::VIDEO, Codec::H264, AVC_720),
            track(TrackId::AUDIO, Codec::Aac, b"\x11\x90"),
        ],
        bytes: Bytes::from_static(name.as_bytes()),
    }
}

/// Segments of 2 s as a recorder takes them: 0 to 8 s, then from 20 s on with another init segment, up to 26 s. Their
/// numbers begin at 70.
fn log() -> RecordedLog {
    let window =
        LiveWindow::new(Limits { window_duration: Duration::from_secs(60), ..Limits::default() }, 70);
    window.set_init(init("first"));
    let mut log = RecordedLog::default();
    for start_s in [0, 2, 4, 6] {
        assert!(append(&mut log, &window.append(segment(start_s, 2)).unwrap(), false));
    }
    window.set_init(init("second"));
    for segment in [broken(segment(20, 2)), segment(22, 2), segment(24, 2)] {
        assert!(append(&mut log, &window.append(segment).unwrap(), false));
    }
    log
}

fn append(log: &mut RecordedLog, segment: &Segment, after_gap: bool) -> bool {
    let entry = log.entry(segment, after_gap);
    let is_taken = entry.is_some();
    entry.into_iter().for_each(|entry| log.push(entry));
    is_taken
}

fn index(log: &RecordedLog) -> Vec<Bytes> {
    let (mut writer, mut parts) = (IndexWriter::default(), std::collections::BTreeMap::new());
    for segment in log.segments() {
        writer.add(segment);
        let (name, bytes) = writer.part();
        parts.insert(name.strip_prefix("index-").unwrap().parse::<u64>().unwrap(), bytes);
    }
    parts.into_values().collect()
}

fn read(parts: &[Bytes]) -> RecordedLog {
    RecordedLog::from_index(parts.iter().map(Bytes::as_ref))
}

fn shown(log: &RecordedLog) -> String {
    let options = HlsOptions { target: TARGET, prefix: "x/".to_owned(), query: "a=b".to_owned() };
    let dash = DashOptions { target: TARGET, ..DashOptions::default() };
    format!("{}{}", log.media_playlist(&options), log.mpd(&dash))
}

#[test]
fn what_was_written_is_read_back() {
    let log = log();
    let again = read(&index(&log));
    assert_eq!(shown(&again), shown(&log));
    assert_eq!((again.bytes(), again.longest()), (700, TARGET));
    assert_eq!((again.starts_at_ms(), again.duration()), (Some(1_000_000), Duration::from_secs(14)));
    let variant = again.variant("a.m3u8".to_owned(), TARGET).unwrap();
    assert_eq!(variant.codecs, ["avc1.4d401f", "mp4a.40.2"]);
    assert_eq!(variant.resolution.unwrap().width, 1280);
}

#[test]
fn a_line_that_was_cut_off_or_spoiled_costs_only_its_segment() {
    let log = log();
    let part = index(&log).concat();
    for end in part.len() - 60..part.len() {
        assert_eq!(read(&[Bytes::copy_from_slice(&part[..end])]).segments().len(), 6, "{end}");
    }
    let mut spoiled = part.clone();
    let at = part.windows(11).position(|window| window == b"segment 72 ").unwrap();
    spoiled[at + 9] = b'5';
    let left: Vec<_> = read(&[spoiled.into()]).segments().iter().map(|segment| segment.sequence).collect();
    assert_eq!(left, [70, 71, 73, 74, 75, 76]);
}

#[test]
fn a_long_index_has_parts_and_a_writer_goes_on_behind_those_of_another() {
    let window = LiveWindow::new(Limits::default(), 0);
    window.set_init(init("first"));
    let mut log = RecordedLog::default();
    for at in 0..600 {
        append(&mut log, &window.append(segment(at * 2, 2)).unwrap(), false);
    }
    let mut parts = index(&log);
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.len() < 64 << 10));
    assert_eq!(read(&parts).segments().len(), 600);
    let mut writer = IndexWriter::from_part(3);
    append(&mut log, &window.append(segment(1200, 2)).unwrap(), true);
    writer.add(log.segments().last().unwrap());
    assert_eq!(writer.part().0, "index-3");
    parts.push(writer.part().1);
    let again = read(&parts);
    assert_eq!(again.segments().len(), 601);
    assert!(again.segments().last().unwrap().span.discontinuity);
    assert_eq!(again.segments()[0].init.id, again.segments()[600].init.id);
}

#[test]
fn every_name_stands_for_the_bytes_it_stood_for_when_it_was_live() {
    let window =
        LiveWindow::new(Limits { window_duration: Duration::from_secs(60), ..Limits::default() }, 70);
    window.set_init(init("first"));
    let mut log = RecordedLog::default();
    for start_s in [0, 2] {
        append(&mut log, &window.append(segment(start_s, 2)).unwrap(), false);
    }
    let live = window.snapshot();
    let object: Vec<u8> = live.segment(71).unwrap().media.all().flatten().copied().collect();
    for name in [
        "init-70.mp4",
        "video0-70.mp4",
        "audio0-70.mp4",
        "71.m4s",
        "video0-70-180000.m4s",
        "audio0-70-96000.m4s",
    ] {
        let name = name.parse().unwrap();
        let expected = live.read(&name).unwrap().concat();
        let found = match log.read(&name).unwrap() {
            LogBytes::Bytes(bytes) => bytes.to_vec(),
            LogBytes::Object { sequence, ranges } => {
                assert_eq!(sequence, 71);
                ranges
                    .iter()
                    .flat_map(|range| &object[range.start as usize..range.end as usize])
                    .copied()
                    .collect()
            }
        };
        assert_eq!(found, expected, "{name}");
    }
    for name in ["72.m4s", "init-71.mp4", "71.ts", "video0-70-1.m4s", "video0-71-180000.m4s", "video1-70.mp4"]
    {
        assert_eq!(log.read(&name.parse().unwrap()), None, "{name}");
    }
}

#[test]
fn a_gap_is_a_discontinuity_that_takes_no_time_and_the_manifest_begins_at_nought() {
    let window = LiveWindow::new(Limits::default(), 0);
    window.set_init(init("first"));
    let mut log = RecordedLog::default();
    for (start_s, after_gap) in [(100, true), (102, false), (140, true)] {
        append(&mut log, &window.append(segment(start_s, 2)).unwrap(), after_gap);
    }
    let text = log.media_playlist(&HlsOptions { target: TARGET, ..HlsOptions::default() }).to_string();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");
    assert_eq!(text.matches("PROGRAM-DATE-TIME").count(), 2, "{text}");
    assert!(text.ends_with("#EXT-X-ENDLIST\n"));
    let mpd = log.mpd(&DashOptions { target: TARGET, ..DashOptions::default() });
    let starts: Vec<_> = mpd.periods.iter().map(|period| period.start.as_secs()).collect();
    assert_eq!(starts, [0, 4]);
    let set = &mpd.periods[1].adaptation_sets[0];
    assert_eq!(set.presentation_time_offset, 140 * 90_000);
}

#[test]
fn behind_a_gap_positions_go_on_as_players_have_them() {
    let log = log();
    assert_eq!((log.position(4), log.position(6)), (Duration::from_secs(8), Duration::from_secs(12)));
    assert_eq!(log.place_at(Duration::from_millis(10_100)), Some(5));
    let behind = log.between(Duration::from_secs(10), Duration::from_secs(12));
    assert_eq!(behind.segments().iter().map(|segment| segment.sequence).collect::<Vec<_>>(), [75]);
    // The sixth segment is from 22 s of the stream on.
    assert_eq!(log.origin_ticks(75, 1), 12 * 90_000, "it plays from 10 s on");
}

#[test]
fn a_part_begins_where_decoding_can() {
    let mut log = log();
    let part = log.between(Duration::from_millis(3500), Duration::from_millis(6001));
    let numbers: Vec<_> = part.segments().iter().map(|segment| segment.sequence).collect();
    assert_eq!(numbers, [71, 72, 73]);
    log.segments[1].span.independent = false;
    assert_eq!(log.between(Duration::from_secs(3), Duration::from_secs(4)).segments()[0].sequence, 70);
    assert!(log.between(Duration::from_secs(4), Duration::from_secs(2)).segments().len() <= 1);
    assert_eq!(log.place_at_wall(1_003_000), 1);
    assert_eq!(log.place_at_wall(i64::MAX), 7);
}

#[test]
fn there_is_a_part_for_each_init_segment() {
    let parts = log().parts();
    let numbers: Vec<Vec<u64>> =
        parts.iter().map(|part| part.segments().iter().map(|segment| segment.sequence).collect()).collect();
    assert_eq!(numbers, [vec![70, 71, 72, 73], vec![74, 75, 76]]);
    assert_eq!(parts[1].download_bytes(), 6 + 300);
    assert_eq!(parts[1].origin_ticks(76, 1), 20 * 90_000);
}

#[test]
fn a_download_is_one_file_in_any_ranges() {
    let log = log().of_one_init();
    let numbers: Vec<_> = log.segments().iter().map(|segment| segment.sequence).collect();
    assert_eq!(numbers, [70, 71, 72, 73], "those of the init segment that lasts longest");
    let total = log.download_bytes();
    assert_eq!(total, 5 + 400);
    let bytes = |range: Range<u64>| -> Vec<(u64, u64)> {
        let pieces = log.download(range).flat_map(|piece| match piece {
            LogBytes::Bytes(bytes) => vec![(0, bytes.len() as u64)],
            LogBytes::Object { sequence, ranges } => {
                ranges.iter().map(|range| (sequence, range.end - range.start)).collect()
            }
        });
        pieces.collect()
    };
    assert_eq!(bytes(0..total), [(0, 5), (70, 100), (71, 100), (72, 100), (73, 100)]);
    assert_eq!((log.origin_ticks(70, 1), log.origin_ticks(73, 2), log.origin_ticks(70, 9)), (0, 0, 0));
    let later = log.between(Duration::from_secs(4), Duration::from_secs(6));
    assert_eq!((later.origin_ticks(72, 1), later.origin_ticks(72, 2)), (4 * 90_000, 4 * 48_000));
    assert_eq!(bytes(3..7), [(0, 2), (70, 2)]);
    assert_eq!(bytes(104..106), [(70, 1), (71, 1)]);
    assert_eq!(bytes(total..total + 5), []);
}

#[test]
fn the_past_of_a_live_stream_keeps_the_numbers_and_marks_what_is_missing() {
    let mut log = log();
    log.segments.remove(5);
    let options = HlsOptions { target: TARGET, ..HlsOptions::default() };
    assert_eq!(log.rewind_start(Duration::from_secs(8)), 4);
    let playlist = log.rewind_playlist(1, &options);
    assert_eq!((playlist.media_sequence, playlist.discontinuity_sequence), (71, 0));
    let gaps: Vec<_> =
        playlist.segments.iter().map(|segment| (segment.uri.as_str(), segment.is_gap)).collect();
    assert_eq!(
        gaps,
        [
            ("71.m4s", false),
            ("72.m4s", false),
            ("73.m4s", false),
            ("74.m4s", false),
            ("75.m4s", true),
            ("76.m4s", false)
        ]
    );
    let text = playlist.to_string();
    assert!(!text.contains("ENDLIST") && !text.contains("PLAYLIST-TYPE"), "{text}");
    let later = log.rewind_playlist(4, &options);
    assert_eq!(
        (later.media_sequence, later.discontinuity_sequence),
        (74, 0),
        "its own mark is still to be seen"
    );
}

#[test]
fn a_long_interruption_ends_what_can_be_rewound_to() {
    let mut log = log();
    for segment in &mut log.segments[5..] {
        segment.sequence += 1000;
    }
    assert_eq!(log.rewind_start(Duration::from_secs(3600)), 5);
}

#[test]
fn an_entry_alone_can_be_read() {
    let log = log();
    let text = log.segments()[4].to_index();
    let one = RecordedLog::from_index([text.as_bytes()]);
    assert_eq!(one.segments().len(), 1);
    assert_eq!(one.segments()[0].media, log.segments()[4].media);
}

#[test]
fn transport_streams_are_not_recorded() {
    let window = LiveWindow::new(Limits::default(), 0);
    window.set_init(init("first"));
    let NewSegment { span, wall_time_ms, .. } = segment(0, 2);
    let media = Media::Ts(Bytes::from_static(b"G"));
    let segment = window.append(NewSegment { span, wall_time_ms, media }).unwrap();
    assert!(!append(&mut RecordedLog::default(), &segment, false));
}

proptest! {
    #[test]
    fn any_bytes_are_an_index(mut lines in prop::collection::vec("(init|segment|) ?[0-9a-z:, x.-]{0,60}", 0..20), at in 0usize..2000, byte in any::<u8>()) {
        let mut text = String::new();
        lines.iter_mut().for_each(|line| super::index::put_checked(&mut text, line));
        let mut index = index(&log()).concat();
        let at = at % index.len();
        index[at] = byte;
        let log = RecordedLog::from_index([text.as_bytes(), &index]);
        let _ = shown(&log);
        let _ = log.rewind_playlist(log.rewind_start(TARGET), &HlsOptions::default());
        prop_assert!(log.segments().len() <= 7);
    }
}
