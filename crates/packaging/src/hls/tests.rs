use super::*;
use crate::golden::assert_golden;
use m3u8_rs::Playlist;
use proptest::prelude::*;
use std::time::Duration;

const NOON_MS: i64 = 1_795_262_400_000;

fn segment(uri: &str, duration_ms: u64) -> PlaylistSegment {
    let duration = Duration::from_millis(duration_ms);
    PlaylistSegment { uri: uri.to_owned(), duration, independent: true, ..PlaylistSegment::default() }
}

fn fmp4(uri: &str, init_uri: &str, wall_time_ms: i64) -> PlaylistSegment {
    let init_uri = Some(init_uri.to_owned());
    PlaylistSegment { init_uri, wall_time_ms: Some(wall_time_ms), ..segment(uri, 2000) }
}

fn live_fmp4() -> MediaPlaylist {
    MediaPlaylist {
        target: Duration::from_secs(2),
        media_sequence: 41,
        discontinuity_sequence: 3,
        start_offset_s: Some(-4.5),
        query: "sign=1795262400-ab\"c".to_owned(),
        segments: vec![
            fmp4("41.m4s", "init-1.mp4", NOON_MS),
            fmp4("42.m4s", "init-1.mp4", NOON_MS + 2000),
            PlaylistSegment { discontinuity: true, ..fmp4("43.m4s", "init-43.mp4", NOON_MS + 9123) },
            PlaylistSegment { is_gap: true, ..fmp4("44.m4s", "init-43.mp4", NOON_MS + 11_123) },
        ],
        ..MediaPlaylist::default()
    }
}

fn event_ts() -> MediaPlaylist {
    MediaPlaylist {
        kind: PlaylistKind::Event,
        target: Duration::from_millis(1500),
        is_ended: true,
        segments: vec![
            segment("demo/0.ts", 2002),
            PlaylistSegment { independent: false, ..segment("demo/1.ts", 6006) },
            segment("demo/2.ts", 40),
        ],
        ..MediaPlaylist::default()
    }
}

fn multivariant() -> MultivariantPlaylist {
    let audio_group = Some("audio".to_owned());
    let variant = Variant {
        uri: "video/720.m3u8".to_owned(),
        bandwidth_bps: 3_100_000,
        average_bandwidth_bps: Some(2_660_000),
        codecs: vec!["avc1.64001f".to_owned(), "mp4a.40.2".to_owned()],
        resolution: Some(Resolution { width: 1280, height: 720 }),
        frame_rate: Some(30_000.0 / 1001.0),
        audio_group,
        subtitles_group: None,
    };
    let small = Variant {
        uri: "sound.m3u8".to_owned(),
        bandwidth_bps: 128_000,
        codecs: vec!["mp4a.40.2".to_owned()],
        ..Variant::default()
    };
    let rendition = Rendition {
        group: "audio".to_owned(),
        name: "國語 \"原聲\"".to_owned(),
        language: Some("zh".to_owned()),
        uri: Some("audio0.m3u8".to_owned()),
        is_default: true,
        channels: 2,
        ..Rendition::default()
    };
    MultivariantPlaylist {
        independent_segments: true,
        query: "sign=1-ab".to_owned(),
        variants: vec![variant, small],
        renditions: vec![rendition],
    }
}

#[test]
fn playlists_read_as_before() {
    assert_golden("live_fmp4.m3u8", &live_fmp4().to_string());
    assert_golden("event_ts.m3u8", &event_ts().to_string());
    assert_golden("multivariant.m3u8", &multivariant().to_string());
}

fn parse(playlist: &MediaPlaylist) -> m3u8_rs::MediaPlaylist {
    match m3u8_rs::parse_playlist_res(playlist.to_string().as_bytes()) {
        Ok(Playlist::MediaPlaylist(parsed)) => parsed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_parser_reads_the_same_live_playlist() {
    let parsed = parse(&live_fmp4());
    assert_eq!((parsed.version, parsed.target_duration), (Some(8), 2));
    assert_eq!((parsed.media_sequence, parsed.discontinuity_sequence), (41, 3));
    assert!(parsed.independent_segments && !parsed.end_list && parsed.playlist_type.is_none());
    assert_eq!(parsed.start.unwrap().time_offset.to_string(), "-4.5");
    let maps: Vec<_> =
        parsed.segments.iter().map(|segment| segment.map.as_ref().map(|map| map.uri.as_str())).collect();
    let query = "?sign=1795262400-ab%22c";
    assert_eq!(maps[0], Some(format!("init-1.mp4{query}").as_str()));
    assert_eq!(maps[2], Some(format!("init-43.mp4{query}").as_str()));
    assert_eq!(
        parsed.segments.iter().map(|segment| segment.discontinuity).collect::<Vec<_>>(),
        [false, false, true, false]
    );
    assert!(parsed.segments.iter().all(|segment| segment.uri.ends_with(query)));
    assert_eq!(parsed.segments[2].program_date_time.unwrap().timestamp_millis(), NOON_MS + 9123);
}

#[test]
fn another_parser_reads_the_same_event_playlist() {
    let parsed = parse(&event_ts());
    assert_eq!((parsed.version, parsed.target_duration), (Some(3), 6));
    assert_eq!(parsed.playlist_type, Some(m3u8_rs::MediaPlaylistType::Event));
    assert!(parsed.end_list);
    assert!(!parsed.independent_segments, "one segment is not");
}

#[test]
fn another_parser_reads_the_same_multivariant_playlist() {
    let text = multivariant().to_string();
    let Ok(Playlist::MasterPlaylist(parsed)) = m3u8_rs::parse_playlist_res(text.as_bytes()) else {
        panic!("{text}")
    };
    assert_eq!(parsed.variants.len(), 2);
    let variant = &parsed.variants[0];
    assert_eq!(variant.uri, "video/720.m3u8?sign=1-ab");
    assert_eq!((variant.bandwidth, variant.average_bandwidth), (3_100_000, Some(2_660_000)));
    assert_eq!(variant.codecs.as_deref(), Some("avc1.64001f,mp4a.40.2"));
    assert_eq!(variant.resolution.map(|size| (size.width, size.height)), Some((1280, 720)));
    assert_eq!(variant.frame_rate.map(|rate| format!("{rate:.3}")), Some("29.970".to_owned()));
    assert_eq!(parsed.alternatives[0].name, "國語 原聲");
    assert_eq!(parsed.alternatives[0].uri.as_deref(), Some("audio0.m3u8?sign=1-ab"));
}

#[test]
fn another_parser_reads_the_same_captions() {
    let mut playlist = multivariant();
    playlist.renditions.push(Rendition {
        kind: RenditionKind::Subtitles,
        group: "captions".to_owned(),
        name: "Deutsch".to_owned(),
        language: Some("de".to_owned()),
        uri: Some("captions-de.m3u8".to_owned()),
        ..Rendition::default()
    });
    playlist.variants[0].subtitles_group = Some("captions".to_owned());
    let text = playlist.to_string();
    let Ok(Playlist::MasterPlaylist(parsed)) = m3u8_rs::parse_playlist_res(text.as_bytes()) else {
        panic!("{text}")
    };
    let captions = &parsed.alternatives[1];
    assert_eq!(captions.media_type, m3u8_rs::AlternativeMediaType::Subtitles);
    assert_eq!((captions.group_id.as_str(), captions.language.as_deref()), ("captions", Some("de")));
    assert_eq!(captions.uri.as_deref(), Some("captions-de.m3u8?sign=1-ab"));
    assert_eq!(parsed.variants[0].subtitles.as_deref(), Some("captions"));
}

#[test]
fn the_target_duration_does_not_shrink_when_the_longest_segment_leaves() {
    let mut playlist = event_ts();
    playlist.segments.remove(1);
    assert_eq!(playlist.target_duration_s(), 2);
    playlist.longest = Duration::from_millis(6006);
    assert_eq!(playlist.target_duration_s(), 6);
}

#[test]
fn names_from_outside_cannot_add_lines_or_attributes() {
    let mut playlist = live_fmp4();
    playlist.query = "a\",BYTERANGE=\"1\n#EXT-X-ENDLIST\r\n".to_owned();
    let text = playlist.to_string();
    assert_eq!(text.lines().count(), live_fmp4().to_string().lines().count());
    assert!(!parse(&playlist).end_list);
    let mut playlist = multivariant();
    playlist.renditions[0].name = "x\",URI=\"http://elsewhere\n#EXT".to_owned();
    assert_eq!(playlist.to_string().lines().count(), multivariant().to_string().lines().count());
    assert!(!playlist.to_string().contains("URI=\"http"));
}

#[test]
fn numbers_that_make_no_sense_are_left_out() {
    let mut playlist = multivariant();
    playlist.variants[0].frame_rate = Some(f64::NAN);
    playlist.variants[0].resolution = Some(Resolution::default());
    let text = playlist.to_string();
    assert!(!text.contains("FRAME-RATE") && !text.contains("RESOLUTION"));
    assert!(
        !MediaPlaylist { start_offset_s: Some(f64::INFINITY), ..live_fmp4() }
            .to_string()
            .contains("EXT-X-START")
    );
}

proptest! {
    #[test]
    fn no_segment_is_longer_than_the_target_duration(
        target_ms in 1u64..20_000,
        longest_ms in 0u64..60_000,
        durations_us in prop::collection::vec(0u64..30_000_000, 0..12),
    ) {
        let segments = durations_us.iter().map(|us| {
            PlaylistSegment { duration: Duration::from_micros(*us), ..segment("1.ts", 0) }
        });
        let playlist = MediaPlaylist {
            target: Duration::from_millis(target_ms),
            longest: Duration::from_millis(longest_ms),
            segments: segments.collect(),
            ..MediaPlaylist::default()
        };
        let target_s = playlist.target_duration_s();
        prop_assert!(target_s * 1000 >= target_ms);
        for line in playlist.to_string().lines() {
            if let Some(duration) = line.strip_prefix("#EXTINF:") {
                let seconds: f64 = duration.trim_end_matches(',').parse().unwrap();
                prop_assert!(seconds.round() <= target_s as f64, "{} {}", line, target_s);
            }
        }
    }
}

#[test]
fn a_list_may_leave_out_what_a_client_has_and_never_what_is_near_the_end() {
    let segments: Vec<_> =
        (0..20).map(|n| fmp4(&format!("{n}.m4s"), "init-0.mp4", NOON_MS + 2000 * n)).collect();
    let whole = MediaPlaylist {
        target: Duration::from_secs(2),
        media_sequence: 41,
        skip: Skip::Offered,
        segments,
        ..MediaPlaylist::default()
    };
    let text = whole.to_string();
    assert!(
        text.contains("#EXT-X-VERSION:7\n") && text.contains("#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=12.0\n")
    );
    assert!(text.contains("\n0.m4s\n") && !text.contains("EXT-X-SKIP"), "{text}");
    let text = MediaPlaylist { skip: Skip::Taken, ..whole.clone() }.to_string();
    assert!(text.contains("#EXT-X-VERSION:9\n") && text.contains("#EXT-X-MEDIA-SEQUENCE:41\n"), "{text}");
    assert!(text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=14\n#EXT-X-MAP"), "{text}");
    let (first, last) = ("\n14.m4s\n", "\n19.m4s\n");
    assert!(text.contains(first) && text.contains(last) && !text.contains("\n13.m4s\n"), "{text}");
    let text = MediaPlaylist { skip: Skip::Taken, is_ended: true, ..whole }.to_string();
    assert!(text.contains("\n0.m4s\n") && !text.contains("SKIP"), "what is over is whole: {text}");
}
