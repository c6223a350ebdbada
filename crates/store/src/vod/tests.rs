use super::*;
use media::{Codec, Packet, PacketKind, Track};
use packaging::dash::TimedSegment;
use std::io::Cursor;

const H264_CONFIG: &[u8] =
    b"\x01\x64\x00\x0a\xff\xe1\x00\x18\x67\x64\x00\x0a\xac\xd9\x44\x7b\x01\x10\x00\x00\x03\x00\x10\x00\
      \x00\x03\x03\x20\xf1\x22\x59\x60\x01\x00\x05\x68\xef\x83\x9c\xb0\xfd\xf8\xf8\x00";
/// AAC-LC, 48 kHz, stereo.
const AAC_CONFIG: &[u8] = &[0x11, 0x90];

/// 25 pictures per second with a keyframe every two seconds, each picture presented as late as the next is decoded.
fn pictures(seconds: i64) -> (Track, Vec<Packet>) {
    let packet = |number: i64| (number * 40_000, (number + 1) * 40_000, number % 50 == 0);
    track(TrackId::VIDEO, Codec::H264, H264_CONFIG, (0..seconds * 25).map(packet))
}

fn sound(index: u8, seconds: i64) -> (Track, Vec<Packet>) {
    let micros = |number: i64| Timestamp::from_ticks(number * 1024, 48_000).as_micros();
    let packets = (0..).map(|number| (micros(number), micros(number), false));
    let packets = packets.take_while(|(dts, ..)| *dts < seconds * 1_000_000);
    track(TrackId { index, ..TrackId::AUDIO }, Codec::Aac, AAC_CONFIG, packets)
}

fn track(
    track_id: TrackId,
    codec: Codec,
    config: &'static [u8],
    times: impl Iterator<Item = (i64, i64, bool)>,
) -> (Track, Vec<Packet>) {
    let track = Track::from_config(track_id, codec, bytes::Bytes::from_static(config)).unwrap();
    let packet = |(number, (dts, pts, is_keyframe)): (usize, (i64, i64, bool))| Packet {
        track_id,
        codec,
        kind: if is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame },
        dts: Timestamp::from_micros(dts),
        pts: Timestamp::from_micros(pts),
        discontinuity: false,
        payload: format!("{track_id:?} {number}").into(),
    };
    (track, times.enumerate().map(packet).collect())
}

fn file(tracks: &[(Track, Vec<Packet>)]) -> Vec<u8> {
    let all: Vec<_> = tracks.iter().map(|(track, _)| track.clone()).collect();
    let mut file = mp4::init_segment(&all).unwrap().to_vec();
    for (track, packets) in tracks {
        let last = packets.last().unwrap();
        let end = last.dts + Duration::from_micros(if track.codec == Codec::Aac { 21_333 } else { 40_000 });
        file.extend_from_slice(&mp4::fragment(1, track, packets, end).unwrap().0);
    }
    file
}

fn index(file: &[u8]) -> Index {
    Index::read(&mut Cursor::new(file)).unwrap()
}

fn video(file: &[u8], target_ms: u64) -> StoredVideo {
    StoredVideo::new(index(file), Duration::from_millis(target_ms)).unwrap()
}

fn ladder<'a>(files: &[(&str, &'a StoredVideo)]) -> Ladder<'a> {
    let files = files.iter().map(|(folder, video)| ((*folder).to_owned(), *video)).collect();
    Ladder { files, captions: Vec::new() }
}

/// The bytes behind a name that stands in a playlist.
fn read(file: &[u8], video: &StoredVideo, name: &str) -> Vec<u8> {
    all_bytes(file, video.read(&name.parse().unwrap()).unwrap_or_else(|| panic!("{name}")).unwrap())
}

fn all_bytes(file: &[u8], pieces: Vec<Piece>) -> Vec<u8> {
    let bytes = pieces.into_iter().map(|piece| match piece {
        Piece::Bytes(bytes) => bytes.to_vec(),
        Piece::Copy(range) => file[range.start as usize..range.end as usize].to_vec(),
    });
    bytes.collect::<Vec<_>>().concat()
}

fn starts_s(video: &StoredVideo) -> Vec<f64> {
    video.segments.iter().map(|segment| segment.span.start.as_millis() as f64 / 1e3).collect()
}

/// Decode time, presentation time, whether it is a keyframe, and payload.
type SampleEssence = (i64, i64, bool, Vec<u8>);

/// The samples of every track of a file.
fn essence(file: &[u8]) -> Vec<Vec<SampleEssence>> {
    let tracks = index(file).tracks;
    let of_track = |track: &StoredTrack| {
        let samples = track.samples.iter().map(|sample| {
            let payload = file[sample.range().start as usize..sample.range().end as usize].to_vec();
            (sample.dts, sample.pts(), sample.is_sync, payload)
        });
        samples.collect()
    };
    tracks.iter().map(of_track).collect()
}

#[test]
fn segments_begin_at_the_keyframes_nearest_to_the_target() {
    let file = file(&[pictures(20), sound(0, 20)]);
    // The first picture is presented at 40 ms.
    assert_eq!(starts_s(&video(&file, 6000)), [0.0, 6.04, 12.04, 18.04]);
    assert_eq!(starts_s(&video(&file, 4600)), [0.0, 4.04, 8.04, 12.04, 16.04]);
    assert_eq!(starts_s(&video(&file, 5400)), [0.0, 6.04, 12.04, 18.04]);
    assert_eq!(
        starts_s(&video(&file, 1)),
        (0..10).map(|s| if s == 0 { 0.0 } else { f64::from(s) * 2.0 + 0.04 }).collect::<Vec<_>>()
    );
    assert_eq!(starts_s(&video(&file, 60_000)), [0.0]);
}

#[test]
fn a_rest_that_is_no_segment_joins_the_last_one() {
    let file = file(&[pictures(12), sound(0, 13)]);
    assert_eq!(starts_s(&video(&file, 6000)), [0.0, 6.04]);
    assert_eq!(video(&file, 6000).segments[1].parts[1].numbers.end, index(&file).tracks[1].samples.len());
}

#[test]
fn sound_that_goes_on_alone_is_cut_by_time() {
    let file = file(&[pictures(4), sound(0, 30)]);
    let video = video(&file, 6000);
    assert_eq!(starts_s(&video), [0.0, 4.04, 10.04, 16.04, 22.04]);
    let pictures = video.media_playlist(Some(TrackId::VIDEO), &VodOptions::default()).unwrap();
    assert_eq!(pictures.segments.len(), 1);
    let sound = video.media_playlist(Some(TrackId::AUDIO), &VodOptions::default()).unwrap();
    assert_eq!(sound.segments.len(), 5);
}

#[test]
fn all_segments_of_a_playlist_hold_the_whole_file() {
    let file = file(&[pictures(20), sound(0, 20), sound(1, 19)]);
    let video = video(&file, 6000);
    let options =
        VodOptions { prefix: "demo/".to_owned(), query: "sign=1".to_owned(), ..VodOptions::default() };
    let tracks = [TrackId::VIDEO, TrackId::AUDIO, TrackId { index: 1, ..TrackId::AUDIO }];
    for (at, track_id) in tracks.into_iter().map(Some).enumerate().chain([(0, None)]) {
        let playlist = video.media_playlist(track_id, &options).unwrap();
        let name = |uri: &str| uri.strip_prefix("demo/").unwrap().to_owned();
        let mut bytes = read(&file, &video, &name(playlist.segments[0].init_uri.as_ref().unwrap()));
        for segment in &playlist.segments {
            assert!(segment.independent);
            bytes.extend(read(&file, &video, &name(&segment.uri)));
        }
        let whole = essence(&file);
        let wanted = if track_id.is_some() { &whole[at..=at] } else { &whole[..] };
        assert_eq!(essence(&bytes), wanted, "{track_id:?}");
        let seconds: f64 = playlist.segments.iter().map(|segment| segment.duration.as_secs_f64()).sum();
        assert!((seconds - 20.0).abs() < 1.1, "{seconds}");
    }
    assert!(video.media_playlist(Some(TrackId { index: 9, ..TrackId::AUDIO }), &options).is_none());
}

#[test]
fn the_manifest_lists_every_part_without_a_hole() {
    let file = file(&[pictures(20), sound(0, 20)]);
    let video = video(&file, 6000);
    let mpd = ladder(&[("", &video)]).mpd(&VodOptions::default());
    for set in &mpd.periods[0].adaptation_sets {
        let mut at = set.segments[0].start_ticks;
        for &TimedSegment { start_ticks, duration_ticks } in &set.segments {
            assert_eq!(start_ticks, at);
            at += duration_ticks;
            let name = set.media_uri.replace("$RepresentationID$", &set.representations[0].id);
            let name = name.replace("$Time$", &start_ticks.to_string());
            assert!(!read(&file, &video, &name).is_empty());
        }
        assert!((at as f64 / f64::from(set.timescale) - 20.0).abs() < 0.1);
        assert!(set.independent_segments);
    }
}

#[test]
fn parts_have_names_of_their_own_in_whatever_order_pictures_are_presented() {
    let times = |number: i64| {
        (number * 40_000, if number == 0 { 9_000_000 } else { number * 40_000 }, number % 50 == 0)
    };
    let file = file(&[track(TrackId::VIDEO, Codec::H264, H264_CONFIG, (0..300).map(times))]);
    let video = video(&file, 2000);
    let playlist = video.media_playlist(Some(TrackId::VIDEO), &VodOptions::default()).unwrap();
    let init = read(&file, &video, playlist.segments[0].init_uri.as_ref().unwrap());
    let parts = playlist.segments.iter().flat_map(|segment| read(&file, &video, &segment.uri));
    assert_eq!(essence(&init.into_iter().chain(parts).collect::<Vec<_>>()), essence(&file));
}

#[test]
fn the_multivariant_playlist_offers_every_sound() {
    let file = file(&[pictures(4), sound(0, 4), sound(1, 4)]);
    let playlist = ladder(&[("", &video(&file, 2000))]).multivariant_playlist(&VodOptions::default());
    assert_eq!(playlist.variants.len(), 1);
    assert_eq!(playlist.variants[0].codecs, ["avc1.64000a", "mp4a.40.2"]);
    let names: Vec<_> = playlist.renditions.iter().map(|rendition| rendition.name.as_str()).collect();
    assert_eq!(names, ["1", "2"]);
    let only_sound = self::file(&[sound(0, 4)]);
    let playlist =
        ladder(&[("", &self::video(&only_sound, 2000))]).multivariant_playlist(&VodOptions::default());
    assert_eq!((playlist.variants.len(), playlist.renditions.len()), (1, 0));
    assert_eq!(playlist.variants[0].codecs, ["mp4a.40.2"]);
}

#[test]
fn sizes_that_are_cut_alike_are_one_set_and_share_the_sound() {
    let (large, small) = (file(&[pictures(20), sound(0, 20)]), file(&[pictures(20), sound(0, 20)]));
    let (large, small) = (video(&large, 6000), video(&small, 6000));
    let both = ladder(&[("720p/", &large), ("360p/", &small)]);
    let mpd = both.mpd(&VodOptions { prefix: "demo/".to_owned(), ..VodOptions::default() });
    let sets = &mpd.periods[0].adaptation_sets;
    assert_eq!(sets.len(), 2);
    let ids: Vec<_> = sets[0].representations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["720p/video0", "360p/video0"]);
    assert_eq!(sets[0].media_uri, "demo/$RepresentationID$-0-$Time$.m4s");
    assert_eq!(sets[1].representations.len(), 1);

    let playlist = both.multivariant_playlist(&VodOptions::default());
    let uris: Vec<_> = playlist.variants.iter().map(|variant| variant.uri.as_str()).collect();
    assert_eq!(uris, ["720p/video0.m3u8", "360p/video0.m3u8"]);
    assert_eq!(playlist.renditions.len(), 1);

    let other = file(&[track(
        TrackId::VIDEO,
        Codec::H264,
        H264_CONFIG,
        (0..500).map(|number| (number * 40_000, (number + 1) * 40_000, number % 70 == 0)),
    )]);
    let other = video(&other, 6000);
    let mpd = ladder(&[("720p/", &large), ("source/", &other)]).mpd(&VodOptions::default());
    assert_eq!(mpd.periods[0].adaptation_sets.len(), 3, "what is cut elsewhere is a set of its own");
}

#[test]
fn sound_that_few_play_is_in_variants_of_its_own() {
    let (track, mut packets) = sound(1, 4);
    packets.iter_mut().for_each(|packet| packet.codec = Codec::Ac3);
    let config = bytes::Bytes::from_static(b"\x10\x3d\x40");
    let dolby = Track { codec: Codec::Ac3, config, ..track };
    let file = file(&[pictures(4), sound(0, 4), (dolby, packets)]);
    let playlist = ladder(&[("", &video(&file, 2000))]).multivariant_playlist(&VodOptions::default());
    let codecs: Vec<_> = playlist.variants.iter().map(|variant| variant.codecs.join(",")).collect();
    assert_eq!(codecs, ["avc1.64000a,mp4a.40.2", "avc1.64000a,ac-3"]);
    let groups: Vec<_> = playlist.renditions.iter().map(|rendition| rendition.group.as_str()).collect();
    assert_eq!(groups, ["audio", "dolby"]);
}

#[test]
fn captions_are_offered_in_every_form() {
    let file = file(&[pictures(4)]);
    let video = video(&file, 2000);
    let captions = Captions {
        language: "zh-TW".to_owned(),
        label: "繁體中文".to_owned(),
        playlist_uri: "captions-zh-TW.m3u8".to_owned(),
        file_uri: "captions-zh-TW.vtt".to_owned(),
    };
    let ladder = Ladder { captions: vec![captions], ..ladder(&[("", &video)]) };
    let playlist = ladder.multivariant_playlist(&VodOptions::default());
    assert_eq!(playlist.variants[0].subtitles_group.as_deref(), Some("captions"));
    assert_eq!(playlist.renditions[0].uri.as_deref(), Some("captions-zh-TW.m3u8"));
    let mpd = ladder.mpd(&VodOptions { prefix: "demo/".to_owned(), ..VodOptions::default() });
    assert_eq!(mpd.periods[0].adaptation_sets[1].media_uri, "demo/captions-zh-TW.vtt");
}

#[test]
fn some_tracks_alone_are_a_stream_of_their_own() {
    let file = file(&[pictures(20), sound(0, 20), sound(1, 20)]);
    let video = video(&file, 6000);
    let is_wanted = |track_id: TrackId| track_id.index == 0;
    let mut pieces = video.init(is_wanted).unwrap();
    for sequence in (0..).take_while(|&sequence| video.segment_span(sequence).is_some()) {
        pieces.extend(video.segment_of(sequence, is_wanted).unwrap().unwrap());
    }
    assert_eq!(essence(&all_bytes(&file, pieces)), &essence(&file)[..2]);
}

#[test]
fn an_open_video_takes_little_more_than_its_tables() {
    let (pictures, sound) = (pictures(1800), sound(0, 1800));
    let file = file(&[pictures, sound]);
    let video = video(&file, 4000);
    let per_hour = video.memory_bytes() * 2;
    assert!((300_000..1_500_000).contains(&per_hour), "{per_hour}");
    assert!(video.memory_bytes() - video.index().memory_bytes() < 100_000);
}

#[test]
fn names_that_stand_in_no_playlist_are_nothing() {
    let file = file(&[pictures(4), sound(0, 4)]);
    let video = video(&file, 2000);
    for name in ["9.m4s", "0.ts", "init-1.mp4", "video1-0.mp4", "video0-0-1.m4s", "video0-1-0.m4s"] {
        assert!(video.read(&name.parse().unwrap()).is_none(), "{name}");
    }
}

#[test]
fn a_moment_is_in_the_segment_that_is_presented_then() {
    let file = file(&[pictures(20), sound(0, 20)]);
    let video = video(&file, 6000);
    let at = |ms| video.segment_at(Timestamp::from_millis(ms));
    assert_eq!(
        (at(-5), at(0), at(6039), at(6040), at(99_000)),
        (Some(0), Some(0), Some(0), Some(1), Some(3))
    );
}

#[test]
fn pictures_left_out_by_a_cut_between_keyframes_are_presented_and_all_is_later() {
    let whole = file(&[pictures(8), sound(0, 8)]);
    let mut cut = index(&whole);
    // A cut at 1 s: pictures and sound from there on.
    for track in &mut cut.tracks {
        track.edit.media_time_ticks = i64::from(track.timescale);
    }
    let video = StoredVideo::new(cut, Duration::from_secs(2)).unwrap();
    let [pictures, sound] = &video.index().tracks[..] else { panic!("two tracks") };
    let first = |track: &StoredTrack| track.time(track.samples.get(0).unwrap().pts()).as_millis();
    assert_eq!((first(pictures), first(sound)), (0, -40));
}

#[test]
fn a_file_of_pauses_has_no_more_segments_than_anybody_needs() {
    let (seconds, tracks) = (10, 16);
    let times = |count: i64| (0..count).map(move |at| at * seconds * 1_000_000).map(|at| (at, at, true));
    let pictures = |count| track(TrackId::VIDEO, Codec::H264, H264_CONFIG, times(count));
    let few = file(&[pictures(1000)]);
    assert_eq!(video(&few, 1000).segments.len(), 1000);
    let all: Vec<_> =
        std::iter::once(pictures(17_000)).chain((1..tracks).map(|index| sound(index, 1))).collect();
    let error = StoredVideo::new(index(&file(&all)), Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.to_string(), "segments times tracks is 262160, the limit is 262144");
}

#[test]
fn a_file_without_samples_has_no_segments() {
    let track = pictures(1).0;
    let empty = mp4::init_segment(std::slice::from_ref(&track)).unwrap();
    let video = video(&empty, 2000);
    assert!(video.segments.is_empty() && video.segment_at(Timestamp::ZERO).is_none());
    assert!(ladder(&[("", &video)]).mpd(&VodOptions::default()).periods[0].adaptation_sets.is_empty());
}
