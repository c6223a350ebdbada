//! Streams that are recorded, from the packets to what viewers and the archive get.

use super::*;
use crate::record::{self, Archive, ArchiveFuture, Place, Recorder, read_log, recover};
use objects::Objects;
use std::sync::Mutex;
use store::RecordedLog;

const PREFIX: &str = "videos/a/log";

/// Wants everything, and notes what it is told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Archive for Notes {
    fn wants<'a>(&'a self, _: &'a StreamPath) -> ArchiveFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn open<'a>(&'a self, path: &'a StreamPath, _: i64) -> ArchiveFuture<'a, Option<Place>> {
        self.0.lock().unwrap().push(format!("open {path}"));
        Box::pin(async { Some(Place { id: 7, prefix: PREFIX.to_owned() }) })
    }

    fn note<'a>(&'a self, _: i64, _: &'a RecordedLog) -> ArchiveFuture<'a, ()> {
        Box::pin(async {})
    }

    fn paused(&self, is_paused: bool) {
        self.0.lock().unwrap().push(format!("paused {is_paused}"));
    }

    fn close<'a>(&'a self, id: i64, log: &'a RecordedLog) -> ArchiveFuture<'a, ()> {
        self.0.lock().unwrap().push(format!("close {id} {}", log.segments().len()));
        Box::pin(async {})
    }
}

struct Recorded {
    server: Server,
    recorder: Arc<Recorder>,
    notes: Arc<Notes>,
    objects: Objects,
    folder: tempfile::TempDir,
}

impl Recorded {
    fn new(change: impl FnOnce(&mut record::Config)) -> Self {
        let server = Server::with(|config| (config.window_segments, config.keep_segments) = (3, 1));
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(&folder.path().join("media")).unwrap();
        let mut config = record::Config {
            free_bytes_min: 0,
            spool_dir: folder.path().join("spool"),
            spool_bytes_max: 1 << 30,
            rewind: Duration::from_secs(3600),
        };
        change(&mut config);
        let notes = Arc::<Notes>::default();
        let gateway = &server.gateway;
        let recorder =
            Recorder::start(config, objects.clone(), &gateway.hub, &gateway.segmented, notes.clone());
        Self { server, recorder, notes, objects, folder }
    }

    /// Seconds of a stream, slowly enough for what is written beside it.
    async fn live(&self, publisher: &mut Publisher, from_s: i64, to_s: i64) {
        for at in (from_s..to_s).step_by(2) {
            push(publisher, stream(at * 1000, (at + 2) * 1000, 2000)).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn end(&self, publisher: Publisher) -> RecordedLog {
        self.server.gateway.hub.end(publisher.stream().path(), StopReason::Kicked);
        drop(publisher);
        tokio::time::timeout(Duration::from_secs(10), self.recorder.finish()).await.unwrap();
        read_log(&self.objects, PREFIX).await.unwrap()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.0.lock().unwrap().clone()
    }
}

/// Where segments start behind the first one, in seconds.
fn starts(log: &RecordedLog) -> Vec<i64> {
    let starts = log.segments().iter().map(|segment| segment.span.start.as_millis());
    let first = starts.clone().next().unwrap_or(0);
    starts.map(|start| (start - first) / 1000).collect()
}

#[tokio::test]
async fn a_stream_is_recorded_without_a_viewer_and_complete_when_it_ends() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 12).await;
    let log = recorded.end(publisher).await;
    assert_eq!(starts(&log), [0, 2, 4, 6, 8, 10]);
    assert!(log.segments().iter().all(|segment| !segment.span.discontinuity));
    assert_eq!(recorded.notes(), ["open live/demo", "close 7 6"]);
    for segment in log.segments() {
        let path = format!("{PREFIX}/{}.m4s", segment.sequence);
        let bytes = recorded.objects.read_all(&path).await.unwrap();
        let runs: usize = segment.media.runs.iter().map(|run| run.bytes as usize).sum();
        assert_eq!(bytes.len(), runs);
        assert_eq!(&bytes[4..8], b"moof");
    }
}

#[tokio::test]
async fn viewers_of_a_recorded_stream_may_go_back_and_the_plain_list_stays_short() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 20).await;
    let server = &recorded.server;
    let plain = server.get("/live/demo/fmp4.m3u8").await.text;
    assert_eq!(names(&plain).len(), 3, "{plain}");
    let back = server.get("/live/demo/fmp4.m3u8?rewind=1").await.text;
    let listed = names(&back);
    assert_eq!(listed.len(), 9, "{back}");
    assert!(names(&plain).iter().all(|name| back.contains(name)), "the newest are in both");
    for name in &listed {
        assert!(name.ends_with(".m4s?rewind=1"), "{name}");
        let answer = server.get(&format!("/live/demo/{name}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
    }
    let multivariant = server.get("/live/demo/index.m3u8?rewind=1").await.text;
    assert!(multivariant.ends_with("fmp4.m3u8?rewind=1\n"), "{multivariant}");
    let six = server.get("/live/demo.m3u8?start=6").await.text;
    assert_eq!(names(&six).len(), 3, "{six}");
    assert!(six.contains("#EXT-X-START:TIME-OFFSET=0.000"), "{six}");
    let manifest = server.get("/live/demo/index.mpd?rewind=1").await.text;
    assert!(manifest.contains("timeShiftBufferDepth=\"PT18"), "{manifest}");
    let answer = server.get("/live/demo/index.m3u8?start=yesterday").await;
    assert_eq!((answer.status, answer.text.contains("yesterday")), (StatusCode::BAD_REQUEST, true));
}

#[tokio::test]
async fn a_player_that_has_the_list_is_sent_its_end_alone_and_stays_one_viewer() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 30).await;
    let server = &recorded.server;
    let whole = server.get("/live/demo/fmp4.m3u8?rewind=1").await.text;
    assert!(whole.contains("CAN-SKIP-UNTIL=12.0") && names(&whole).len() == 14, "{whole}");
    let asked = server.asked();
    for address in ["fmp4.m3u8?rewind=1&_HLS_skip=YES", "fmp4.m3u8?_HLS_skip=v2&rewind=1"] {
        let delta = server.get(&format!("/live/demo/{address}")).await.text;
        assert!(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=8\n"), "{delta}");
        assert_eq!(names(&delta), names(&whole)[8..], "and nothing of the question is in the names");
    }
    assert_eq!(server.asked(), asked, "it is the same viewer");
    assert_eq!(server.get("/live/demo/fmp4.m3u8?rewind=1").await.text, whole);
    let plain = server.get("/live/demo/fmp4.m3u8?_HLS_skip=YES").await.text;
    assert!(!plain.contains("SKIP") && names(&plain).len() == 3, "{plain}");
}

#[tokio::test]
async fn a_publisher_that_comes_back_goes_on_in_the_same_recording_behind_a_mark() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 6).await;
    drop(publisher);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 6).await;
    let log = recorded.end(publisher).await;
    let marks = log.segments().iter().filter(|segment| segment.span.discontinuity).count();
    assert_eq!(marks, 1, "{:?}", starts(&log));
    assert!(log.segments().len() >= 5, "{:?}", starts(&log));
    assert_eq!(recorded.notes().len(), 2, "{:?}", recorded.notes());
}

#[tokio::test]
async fn nothing_is_written_while_the_disk_is_nearly_full_and_the_stream_goes_on() {
    let recorded = Recorded::new(|config| config.free_bytes_min = u64::MAX / 2);
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 10).await;
    assert!(recorded.recorder.is_full());
    assert_eq!(names(&recorded.server.get("/live/demo/fmp4.m3u8").await.text).len(), 3);
    let log = recorded.end(publisher).await;
    assert!(log.is_empty() && recorded.notes() == ["paused true"]);
    assert!(recorded.recorder.counts().lost.load(Relaxed) >= 4);
}

#[tokio::test]
async fn segments_wait_while_the_storage_is_away_and_none_is_missing_when_it_is_back() {
    let recorded = Recorded::new(|_| ());
    let in_the_way = recorded.folder.path().join("media/videos");
    std::fs::write(&in_the_way, "").unwrap();
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 10).await;
    assert!(recorded.recorder.counts().failures.load(Relaxed) > 0);
    let back = recorded.server.get("/live/demo/fmp4.m3u8?rewind=1").await.text;
    let first = names(&back)[0];
    let answer = recorded.server.get(&format!("/live/demo/{first}")).await;
    assert_eq!(answer.status, StatusCode::OK, "what waits can be watched");
    std::fs::remove_file(&in_the_way).unwrap();
    let log = recorded.end(publisher).await;
    assert_eq!(starts(&log), [0, 2, 4, 6, 8]);
}

#[tokio::test]
async fn a_stop_while_the_storage_is_away_loses_nothing() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 4).await;
    let media = recorded.folder.path().join("media");
    let away = recorded.folder.path().join("away");
    std::fs::rename(&media, &away).unwrap();
    std::fs::write(&media, "").unwrap();
    recorded.live(&mut publisher, 4, 10).await;
    recorded.recorder.stop_within(Duration::from_millis(100));
    recorded.server.gateway.hub.stop();
    tokio::time::timeout(Duration::from_secs(5), recorded.recorder.finish()).await.unwrap();
    assert_eq!(recorded.notes(), ["open live/demo"], "it is left for the next start");
    std::fs::remove_file(&media).unwrap();
    std::fs::rename(&away, &media).unwrap();
    let before = read_log(&recorded.objects, PREFIX).await.unwrap();
    assert!(before.segments().len() < 5, "{:?}", starts(&before));
    let whole = recover(&recorded.objects, &recorded.folder.path().join("spool"), PREFIX).await.unwrap();
    assert_eq!(starts(&whole), [0, 2, 4, 6, 8]);
}

#[tokio::test]
async fn what_a_dead_process_left_in_the_spool_is_added() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.server.publish(&CONFIGS());
    recorded.live(&mut publisher, 0, 6).await;
    let log = recorded.end(publisher).await;
    let mut entry = log.segments().last().unwrap().clone();
    let media = recorded.objects.read_all(&format!("{PREFIX}/{}.m4s", entry.sequence)).await.unwrap();
    entry.sequence += 1;
    entry.span.start = entry.span.start + Duration::from_secs(2);
    let folder = recorded.folder.path().join("spool/videos-a-log");
    std::fs::create_dir_all(&folder).unwrap();
    let content = [entry.to_index().as_bytes(), b"\n", &media].concat();
    std::fs::write(folder.join(format!("{}.spool", entry.sequence)), &content).unwrap();
    std::fs::write(folder.join("99999999999.spool"), &content[..content.len() - 9]).unwrap();
    let spool = recorded.folder.path().join("spool");
    let whole = recover(&recorded.objects, &spool, PREFIX).await.unwrap();
    assert_eq!(starts(&whole), [0, 2, 4, 6]);
    assert_eq!(starts(&read_log(&recorded.objects, PREFIX).await.unwrap()), [0, 2, 4, 6]);
    assert!(!folder.exists());
}
