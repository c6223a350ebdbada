//! Streams that are recorded to files, from the packets to what is on the disk.

use super::*;
use crate::delivery::segmented::testing::{audio_config, stream, video_config};
use bytes::Bytes;
use flv::TagType;
use hub::{Action, Args, Credential, Protocol, Publisher, SessionId, StopReason};
use media::Packet;
use std::path::Path;

struct Recorded {
    hub: Arc<Hub>,
    recorder: Arc<FlvRecorder>,
    folder: tempfile::TempDir,
    done: Arc<Mutex<Vec<Done>>>,
}

impl Recorded {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            what: What::All,
            is_manual: false,
            apps: Vec::new(),
            folder: folder.path().join("flv"),
            suffix: ".flv".into(),
            is_unique: false,
            is_append: false,
            bytes_max: 0,
            frames_max: 0,
            interval: Duration::ZERO,
            free_bytes_min: 0,
        };
        change(&mut config);
        let hub = Hub::new(hub::Config::default());
        let done = Arc::<Mutex<Vec<Done>>>::default();
        let told = done.clone();
        let recorder = FlvRecorder::start(config, &hub, Box::new(move |one| told.lock().unwrap().push(one)));
        Self { hub, recorder, folder, done }
    }

    fn publish(&self, path: &str) -> Publisher {
        let path = StreamPath::parse(path).unwrap();
        let request = hub::Request {
            action: Action::Publish,
            path: path.clone(),
            args: Args::default(),
            remote: [127, 0, 0, 1].into(),
            protocol: Protocol::Rtmp,
            session_id: SessionId::random(),
            client: Arc::default(),
        };
        let session = Arc::new(Session::new(&request));
        let mut publisher = self.hub.publish(&path, &session, &Credential::None, None).unwrap();
        publisher.push(video_config()).unwrap();
        publisher.push(audio_config()).unwrap();
        publisher
    }

    async fn end(&self, publisher: Publisher) {
        self.hub.end(publisher.stream().path(), StopReason::Kicked);
        drop(publisher);
        tokio::time::timeout(Duration::from_secs(10), self.recorder.finish()).await.unwrap();
    }

    /// The names of the files that are complete, below the folder, in order.
    fn done(&self) -> Vec<String> {
        let root = self.folder.path().join("flv");
        let done = self.done.lock().unwrap();
        done.iter().map(|one| one.file.strip_prefix(&root).unwrap().display().to_string()).collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("flv").join(name)
    }

    fn path(&self) -> StreamPath {
        StreamPath::parse("live/mark").unwrap()
    }
}

/// Slowly enough for who reads beside it.
async fn push(publisher: &mut Publisher, packets: Vec<Packet>) {
    for (count, packet) in packets.into_iter().enumerate() {
        publisher.push(packet).unwrap();
        if count % 16 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// What a reader finds: the kinds the header names, duration and size it names, and the tags.
struct Read {
    kinds: u8,
    numbers: [f64; 2],
    tags: Vec<(TagType, u32, Bytes)>,
}

fn read(path: &Path) -> Read {
    let bytes = std::fs::read(path).unwrap();
    let numbers = flv::file_numbers(&bytes)
        .unwrap()
        .map(|at| f64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()));
    let mut tags = Vec::new();
    let mut at = 13;
    while at < bytes.len() {
        let size = u32::from_be_bytes([0, bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        let time = u32::from_be_bytes([bytes[at + 7], bytes[at + 4], bytes[at + 5], bytes[at + 6]]);
        let body = Bytes::copy_from_slice(&bytes[at + 11..at + 11 + size]);
        assert_eq!(bytes[at + 11 + size..at + 15 + size], flv::previous_tag_size(size), "at {at}");
        tags.push((TagType::try_from(bytes[at]).unwrap(), time, body));
        at += 15 + size;
    }
    Read { kinds: bytes[4], numbers, tags }
}

impl Read {
    /// Times of the pictures.
    fn pictures(&self) -> Vec<u32> {
        let is_picture = |tag: &&(TagType, u32, Bytes)| tag.0 == TagType::Video && tag.2[1] == 1;
        self.tags.iter().filter(is_picture).map(|(_, time, _)| *time).collect()
    }

    fn has(&self, tag_type: TagType) -> bool {
        self.tags.iter().any(|(found, ..)| *found == tag_type)
    }
}

#[tokio::test]
async fn a_broadcast_is_a_file_that_begins_at_zero_and_says_how_long_it_is() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(5_000, 11_000, 2_000)).await;
    recorded.end(publisher).await;
    assert_eq!(recorded.done(), ["live/mark.flv"]);
    let path = recorded.file("live/mark.flv");
    let file = read(&path);
    assert_eq!(file.tags[0].0, TagType::Script);
    assert_eq!(file.kinds, 0b101, "sound and pictures");
    let pictures = file.pictures();
    assert_eq!((pictures.len(), pictures[0], pictures[149]), (150, 0, 5_960));
    let bytes = std::fs::metadata(&path).unwrap().len();
    assert!((5.95..6.1).contains(&file.numbers[0]) && file.numbers[1] == bytes as f64, "{:?}", file.numbers);
    let done = recorded.done.lock().unwrap();
    assert_eq!((done[0].bytes, done[0].stream.as_str()), (bytes, "live/mark"));
    assert!(done[0].publisher.is_some() && done[0].duration >= Duration::from_millis(5_960));
}

#[tokio::test]
async fn a_second_broadcast_never_replaces_the_first() {
    let recorded = Recorded::new(|_| ());
    for _ in 0..3 {
        let mut publisher = recorded.publish("live/mark");
        push(&mut publisher, stream(0, 1_000, 1_000)).await;
        recorded.end(publisher).await;
    }
    assert_eq!(recorded.done(), ["live/mark.flv", "live/mark-1.flv", "live/mark-2.flv"]);
}

#[tokio::test]
async fn a_file_that_is_gone_on_with_has_one_header_and_times_that_grow() {
    let recorded = Recorded::new(|config| config.is_append = true);
    for _ in 0..2 {
        let mut publisher = recorded.publish("live/mark");
        push(&mut publisher, stream(0, 2_000, 1_000)).await;
        recorded.end(publisher).await;
    }
    assert_eq!(recorded.done(), ["live/mark.flv", "live/mark.flv"]);
    let file = read(&recorded.file("live/mark.flv"));
    let pictures = file.pictures();
    assert_eq!(pictures.len(), 100);
    assert!(pictures.is_sorted_by(|one, next| one < next), "{pictures:?}");
    assert!((3.9..4.2).contains(&file.numbers[0]), "{:?}", file.numbers);
    assert_eq!(file.tags.iter().filter(|tag| tag.0 == TagType::Script).count(), 1);
}

#[tokio::test]
async fn a_new_file_begins_at_the_first_keyframe_after_the_interval() {
    let recorded = Recorded::new(|config| config.interval = Duration::from_millis(2_500));
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 9_000, 1_000)).await;
    recorded.end(publisher).await;
    let lengths: Vec<_> =
        recorded.done().iter().map(|name| read(&recorded.file(name)).pictures().len()).collect();
    assert_eq!(lengths, [75, 75, 75]);
    for name in recorded.done() {
        let file = read(&recorded.file(&name));
        assert_eq!(file.pictures()[0], 0, "{name}");
        assert!(
            file.tags.iter().any(|tag| tag.0 == TagType::Video && tag.2[1] == 0),
            "a decoder config in {name}"
        );
    }
}

#[tokio::test]
async fn a_file_ends_at_its_limits_and_the_next_one_waits_for_the_interval() {
    let recorded = Recorded::new(|config| config.frames_max = 10);
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 4_000, 1_000)).await;
    assert_eq!(recorded.done(), ["live/mark.flv"], "while the stream goes on");
    recorded.end(publisher).await;
    assert_eq!(read(&recorded.file("live/mark.flv")).pictures().len(), 10);
    assert_eq!(recorded.done().len(), 1, "no interval, no other file");

    let recorded = Recorded::new(|config| {
        config.bytes_max = 1_500;
        config.interval = Duration::from_secs(2);
    });
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 4_000, 1_000)).await;
    recorded.end(publisher).await;
    assert_eq!(recorded.done().len(), 2);
    for name in recorded.done() {
        let bytes = std::fs::metadata(recorded.file(&name)).unwrap().len();
        assert!((1_500..1_600).contains(&bytes), "{bytes}");
    }
}

#[tokio::test]
async fn only_what_is_wanted_is_in_the_file() {
    for (what, kinds, has, lacks) in [
        (What::Audio, 0b100, TagType::Audio, TagType::Video),
        (What::Video, 0b001, TagType::Video, TagType::Audio),
    ] {
        let recorded = Recorded::new(|config| {
            config.what = what;
            config.apps = vec!["live".into()];
        });
        let mut other = recorded.publish("elsewhere/mark");
        push(&mut other, stream(0, 1_000, 1_000)).await;
        let mut publisher = recorded.publish("live/mark");
        push(&mut publisher, stream(0, 1_000, 1_000)).await;
        recorded.end(publisher).await;
        recorded.end(other).await;
        assert_eq!(recorded.done(), ["live/mark.flv"]);
        let file = read(&recorded.file("live/mark.flv"));
        assert!(file.has(has) && !file.has(lacks), "{what:?}");
        assert_eq!(file.kinds, kinds, "{what:?}");
    }
}

#[tokio::test]
async fn a_manual_file_begins_and_ends_when_somebody_says_so() {
    let recorded = Recorded::new(|config| config.is_manual = true);
    let path = recorded.path();
    assert_eq!(recorded.recorder.begin(&path).await, Err(ControlError::NotLive(path.clone())));
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 2_000, 1_000)).await;
    assert!(!recorded.folder.path().join("flv").exists());
    assert_eq!(recorded.recorder.end(&path).await, Ok(None));
    let file = recorded.file("live/mark.flv");
    assert_eq!(recorded.recorder.begin(&path).await, Ok(Some(file.clone())));
    assert_eq!(recorded.recorder.begin(&path).await, Ok(None), "it has begun");
    push(&mut publisher, stream(2_000, 3_000, 1_000)).await;
    assert_eq!(recorded.recorder.end(&path).await, Ok(Some(file.clone())));
    push(&mut publisher, stream(3_000, 5_000, 1_000)).await;
    let times = read(&file).pictures();
    assert_eq!((times[0], times.len()), (0, 50), "from the last keyframe on");
    assert_eq!(recorded.recorder.begin(&path).await, Ok(Some(recorded.file("live/mark-1.flv"))));
    recorded.end(publisher).await;
    assert_eq!(recorded.done().len(), 2);
}

#[tokio::test]
async fn trouble_with_the_disk_ends_the_file_and_not_the_stream() {
    let recorded = Recorded::new(|config| config.free_bytes_min = u64::MAX);
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 2_000, 1_000)).await;
    assert_eq!(recorded.recorder.counts().failures.load(Relaxed), 1, "tried once");
    let error = recorded.recorder.begin(&recorded.path()).await.unwrap_err().to_string();
    assert!(error.contains("record.free_bytes_min"), "{error}");
    push(&mut publisher, stream(2_000, 3_000, 1_000)).await;
    recorded.end(publisher).await;
    assert!(recorded.done().is_empty());

    let recorded = Recorded::new(|_| ());
    std::fs::write(recorded.folder.path().join("flv"), "in the way").unwrap();
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 2_000, 1_000)).await;
    assert_eq!(recorded.recorder.counts().failures.load(Relaxed), 1);
    recorded.end(publisher).await;
}

#[tokio::test]
async fn what_was_recorded_so_far_can_be_read_if_the_process_dies_now() {
    let recorded = Recorded::new(|_| ());
    let mut publisher = recorded.publish("live/mark");
    push(&mut publisher, stream(0, 2_000, 1_000)).await;
    tokio::time::sleep(WRITTEN_WITHIN).await;
    let file = read(&recorded.file("live/mark.flv"));
    assert!(file.pictures().len() >= 49, "{}", file.pictures().len());
    assert_eq!(file.numbers, [0.0, 0.0], "how long it will be is not known yet");
    recorded.end(publisher).await;
}

/// A second, and what the disk takes.
const WRITTEN_WITHIN: Duration = Duration::from_millis(1_300);
