//! Recordings and clips: what workers make of them.

use super::*;
use media::Timestamp;
use packaging::Span;
use platform::jobs::{self, kinds};
use platform::recordings::{self, Cut};
use store::{Fragment, IndexWriter, LiveWindow, NewInit, NewSegment, RecordedLog, TrackInit, TrackSpan};

#[tokio::test]
async fn a_clip_is_cut_without_ffmpeg_and_gets_its_pictures_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    make(&file, "-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -c:a aac -f mp4");
    let (platform, from, data) = placed(&file).await;
    let path = format!("{}/source", from.objects_prefix());
    let source = NewFile { is_playable: true, height: 360, ..NewFile::source(from.id, path, 1) };
    videos::add_file(&platform.db, source).await.unwrap();
    let clip = video(&platform, from.user_id, Origin::Clip, State::Probing).await;
    let cut = Cut { from: from.id, start_ms: 2000, end_ms: 4000, is_wall_time: false };
    let cut = serde_json::to_value(cut).unwrap();
    jobs::enqueue(&platform.db, clip.id, kinds::CLIP, &cut, jobs::PRIORITY_CLIP).await.unwrap();

    let none = Config { ffmpeg: "/nowhere/ffmpeg".to_owned(), ..config() };
    let is_cut = |jobs: &[Job]| jobs.len() == 2;
    work_until(&platform, &clip, none, data.path(), is_cut).await;
    let made = videos::get(&platform.db, clip.id).await.unwrap().unwrap();
    assert_eq!((made.state.as_str(), made.width, made.height), ("ready", 640, 360));
    assert!((1900..3200).contains(&made.duration_ms), "{}", made.duration_ms);
    let [pictures, _] = &jobs::of_video(&platform.db, clip.id).await.unwrap()[..] else { panic!("two jobs") };
    assert_eq!((pictures.kind.as_str(), pictures.state.as_str()), ("thumbnails", "waiting"));

    work(&platform, &clip, config(), data.path()).await;
    let made = videos::get(&platform.db, clip.id).await.unwrap().unwrap();
    assert!(made.has_storyboard, "{:#?}", jobs::of_video(&platform.db, clip.id).await.unwrap());
    assert_eq!(made.cover, format!("/streams/{}/thumb-0.jpg", clip.public_id));
}

/// A recording of an MP4 file, a segment per group of pictures; from the third on it was live much later.
async fn record(file: &Path, objects: &objects::Objects, prefix: &str) -> RecordedLog {
    let mut reader = mp4::Reader::open(std::fs::File::open(file).unwrap()).unwrap();
    let tracks: Vec<_> = reader.index().tracks.iter().map(|stored| stored.track.clone()).collect();
    let init = |track: &media::Track| TrackInit {
        codec_string: track.codec_string(),
        timescale: mp4::timescale(track),
        bytes: mp4::init_segment(std::slice::from_ref(track)).unwrap(),
        track: track.clone(),
    };
    let mut groups: Vec<Vec<media::Packet>> = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        if packet.is_keyframe() {
            groups.push(Vec::new());
        }
        groups
            .last_mut()
            .into_iter()
            .filter(|_| !packet.is_config())
            .for_each(|group| group.push(packet.clone()));
    }
    let window = LiveWindow::new(
        store::Limits { window_duration: Duration::from_secs(60), ..store::Limits::default() },
        7,
    );
    let bytes = mp4::init_segment(&tracks).unwrap();
    window.set_init(NewInit { tracks: tracks.iter().map(init).collect(), bytes });
    let (mut log, mut writer) = (RecordedLog::default(), IndexWriter::default());
    for (number, mut group) in groups.into_iter().enumerate() {
        let away = Duration::from_secs(if number < 2 { 10 } else { 100 });
        for packet in &mut group {
            (packet.dts, packet.pts) = (packet.dts + away, packet.pts + away);
        }
        let start = Timestamp::from_millis(number as i64 * 1000) + away;
        let (mut spans, mut fragments) = (Vec::new(), Vec::new());
        // Sound before the pictures: it is not taken for them.
        for track in tracks.iter().rev() {
            let of_track: Vec<_> =
                group.iter().filter(|packet| packet.track_id == track.id).cloned().collect();
            let end = start + Duration::from_secs(1);
            let (bytes, times) = mp4::fragment(1, track, &of_track, end).unwrap();
            let (start_ticks, duration_ticks) = (times.start_ticks, times.duration_ticks);
            spans.push(TrackSpan { track_id: track.id, start_ticks, duration_ticks });
            fragments.push(Fragment { track_id: track.id, bytes });
        }
        let discontinuity = number == 2;
        let span = Span { start, duration: Duration::from_secs(1), independent: true, discontinuity };
        let media = store::Media::Cmaf { tracks: spans, fragments };
        let wall_time_ms = 1_700_000_000_000 + start.as_millis();
        let segment = window.append(NewSegment { span, wall_time_ms, media }).unwrap();
        let entry = log.entry(&segment, false).unwrap();
        let media = segment.media.all().flatten().copied().collect::<Vec<u8>>();
        objects.put(&format!("{prefix}/{}.m4s", entry.sequence), media.into()).await.unwrap();
        writer.add(&entry);
        log.push(entry);
    }
    let (name, part) = writer.part();
    objects.put(&format!("{prefix}/{name}"), part).await.unwrap();
    log
}

#[tokio::test]
async fn a_recording_gets_pictures_of_all_its_length_also_behind_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    make(&file, "-c:v libx264 -preset ultrafast -bf 2 -g 25 -pix_fmt yuv420p -c:a aac -f mp4");
    let other = folder.path().join("other");
    std::fs::write(&other, "").unwrap();
    let (platform, upload, data) = placed(&other).await;
    let recording = video(&platform, upload.user_id, Origin::Recording, State::Recording).await;
    let log = record(&file, &platform.objects, &recordings::log_prefix(&recording)).await;
    let stretches = crate::record::stretches(&log);
    let (first, second) = (&stretches[0], &stretches[1]);
    assert_eq!((first.position_ms, first.duration_ms, second.position_ms), (0, 2000, 2000));
    assert_eq!((second.starts_at - first.starts_at, second.duration_ms), (92_000, 4000));
    let measured = crate::record::measured(&log);
    recordings::complete(&platform, recording.id, &measured).await.unwrap();
    let ready = videos::get(&platform.db, recording.id).await.unwrap().unwrap();
    assert_eq!((ready.state.as_str(), ready.cover.as_str(), ready.duration_ms), ("ready", "", 6000));

    work(&platform, &recording, config(), data.path()).await;
    let jobs = jobs::of_video(&platform.db, recording.id).await.unwrap();
    assert!(jobs.len() == 1 && jobs[0].state == "done", "{jobs:#?}");
    let made = videos::get(&platform.db, recording.id).await.unwrap().unwrap();
    assert!(made.has_storyboard);
    assert_eq!(made.cover, format!("/streams/{}/thumb-0.jpg", recording.public_id));
    let object = |name: &str| format!("{}/{name}", recording.objects_prefix());
    let text = platform.objects.read_all(&object("storyboard.vtt")).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert_eq!(text.matches("-->").count(), 3, "{text}");
    assert!(text.contains("00:00:04.000 --> 00:00:06.000\nstoryboard-0.jpg#xywh=320,0,160,90\n"), "{text}");
    for thumb in ["thumb-0.jpg", "thumb-1.jpg", "thumb-2.jpg"] {
        let size = platform.objects.size(&object(thumb)).await.unwrap();
        assert!(size.is_some_and(|bytes| bytes > 1000), "{thumb}: {size:?}");
    }
    let sheet = platform.objects.local_path(&object("storyboard-0.jpg")).unwrap();
    let mut raw = Command::new("ffmpeg");
    raw.args(["-v", "error", "-i"]).arg(&sheet);
    let raw = raw.args("-f rawvideo -pix_fmt gray -".split(' ')).output().unwrap().stdout;
    let picture = |at: usize| -> Vec<u8> {
        raw.chunks(8 * 160).take(90).flat_map(|row| row[at * 160..(at + 1) * 160].to_vec()).collect()
    };
    let difference = |a: usize, b: usize| {
        let (a, b) = (picture(a), picture(b));
        a.iter().zip(&b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>() / a.len() as u64
    };
    assert!(difference(0, 1) > 3 && difference(1, 2) > 3, "each moment has a picture of its own");
    assert!(picture(3).iter().all(|grey| *grey < 20), "and there are no more of them");
}

#[tokio::test]
async fn a_clip_of_what_is_gone_has_failed_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film");
    std::fs::write(&file, "").unwrap();
    let (platform, from, data) = placed(&file).await;
    let clip = video(&platform, from.user_id, Origin::Clip, State::Probing).await;
    let cut = Cut { from: from.id + 1000, start_ms: 0, end_ms: 4000, is_wall_time: false };
    let cut = serde_json::to_value(cut).unwrap();
    jobs::enqueue(&platform.db, clip.id, kinds::CLIP, &cut, jobs::PRIORITY_CLIP).await.unwrap();
    work(&platform, &clip, config(), data.path()).await;
    let failed = videos::get(&platform.db, clip.id).await.unwrap().unwrap();
    assert_eq!(
        (failed.state.as_str(), failed.failure.as_str()),
        ("failed", "what it was to be cut out of is gone")
    );
}
