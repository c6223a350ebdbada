//! What a publisher and its subscribers see of each other.

use bytes::Bytes;
use hub::{
    Action, Args, Batch, Config, Credential, Event, EventKind, Hub, Limits, Observer, Protocol, PublishError,
    Publisher, PushError, Read, Request, Session, SessionId, StopReason, Stream, StreamPath, StreamState,
    Subscriber,
};
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// An SPS of 320×180 in an avcC, as x264 writes it.
const AVCC: &[u8] = &[
    0x01, 0x42, 0xc0, 0x0c, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x42, 0xc0, 0x0c, 0xda, 0x05, 0x06, 0x7e, 0x7c,
    0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0x83, 0xc5, 0x0a, 0xa8, 0x01, 0x00, 0x04,
    0x68, 0xce, 0x0f, 0xc8,
];
/// AAC-LC, 48 kHz, stereo.
const ASC: &[u8] = &[0x11, 0x90];

fn path() -> StreamPath {
    StreamPath::parse("live/mark").unwrap()
}

fn session(protocol: Protocol) -> Arc<Session> {
    Arc::new(Session::new(&Request {
        action: Action::Publish,
        path: path(),
        args: Args::default(),
        remote: [127, 0, 0, 1].into(),
        protocol,
        session_id: SessionId::random(),
        client: Arc::default(),
    }))
}

fn key(byte: u8) -> Credential {
    Credential::Digest([byte; 32])
}

fn publish(hub: &Arc<Hub>, credential: &Credential) -> Result<Publisher, PublishError> {
    hub.publish(&path(), &session(Protocol::Rtmp), credential, Some(Duration::from_millis(1 << 32)))
}

fn packet(
    track_id: TrackId,
    codec: Codec,
    kind: PacketKind,
    millis: i64,
    payload: impl Into<Bytes>,
) -> Packet {
    let time = Timestamp::from_millis(millis);
    Packet { track_id, codec, kind, dts: time, pts: time, discontinuity: false, payload: payload.into() }
}

fn configs() -> [Packet; 2] {
    [
        packet(TrackId::VIDEO, Codec::H264, PacketKind::Config, 0, Bytes::from_static(AVCC)),
        packet(TrackId::AUDIO, Codec::Aac, PacketKind::Config, 0, Bytes::from_static(ASC)),
    ]
}

fn picture(millis: i64, is_keyframe: bool) -> Packet {
    let kind = if is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame };
    packet(TrackId::VIDEO, Codec::H264, kind, millis, vec![0; 1000])
}

fn sound(millis: i64) -> Packet {
    packet(TrackId::AUDIO, Codec::Aac, PacketKind::Frame, millis, vec![0; 100])
}

/// Pushes pictures at 25 per second with a keyframe each second, from `from` to `to` milliseconds.
fn push_pictures(publisher: &mut Publisher, from: i64, to: i64) {
    for millis in (from..to).step_by(40) {
        publisher.push(picture(millis, millis % 1000 == 0)).unwrap();
    }
}

fn live(config: Config) -> (Arc<Hub>, Publisher, Arc<Stream>) {
    let hub = Hub::new(config);
    let mut publisher = publish(&hub, &Credential::None).unwrap();
    for config in configs() {
        publisher.push(config).unwrap();
    }
    let stream = publisher.stream().clone();
    (hub, publisher, stream)
}

/// All that can be read from `cursor` on, and the cursor behind it.
fn read(stream: &Stream, mut cursor: u64) -> (Vec<Packet>, u64) {
    let mut packets = Vec::new();
    while let Read::Next(next) = stream.read(cursor, 7, &mut packets) {
        cursor = next;
    }
    (packets, cursor)
}

#[tokio::test]
async fn a_late_viewer_starts_at_the_last_keyframe_with_the_configs_of_that_moment() {
    let (_hub, mut publisher, stream) = live(Config::default());
    assert!(stream.start().is_none(), "there is no keyframe yet");
    push_pictures(&mut publisher, 0, 2400);
    let start = stream.start().unwrap();
    assert_eq!(start.tracks.len(), 2);
    let (packets, _) = read(&stream, start.sequence);
    assert!(packets[0].is_keyframe());
    assert_eq!(packets.len(), 10, "2000 to 2360 ms");
}

#[tokio::test]
async fn sound_becomes_readable_with_the_next_picture() {
    let (_hub, mut publisher, stream) = live(Config::default());
    publisher.push(picture(0, true)).unwrap();
    let end = stream.readable_end();
    publisher.push(sound(10)).unwrap();
    publisher.push(sound(31)).unwrap();
    assert_eq!(stream.readable_end(), end);
    publisher.push(picture(40, false)).unwrap();
    assert_eq!(stream.readable_end(), end + 3);
}

#[tokio::test]
async fn sound_does_not_wait_for_pictures_that_do_not_come() {
    let (_hub, mut publisher, stream) = live(Config::default());
    publisher.push(picture(0, true)).unwrap();
    let end = stream.readable_end();
    for millis in (20..200).step_by(21) {
        publisher.push(sound(millis)).unwrap();
    }
    assert!(stream.readable_end() > end);
}

#[tokio::test]
async fn pictures_are_handed_out_together_when_they_are_to_be_merged() {
    let (_hub, mut publisher, stream) =
        live(Config { merge: Duration::from_millis(100), ..Config::default() });
    let counted = Arc::new(Counter::default());
    stream.observe(&counted);
    push_pictures(&mut publisher, 0, 3000);
    let told = counted.0.load(SeqCst);
    assert!((24..=26).contains(&told), "75 pictures in {told} steps");
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Observer for Counter {
    fn advanced(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn a_stream_of_sound_alone_can_be_joined_at_any_packet() {
    let hub = Hub::new(Config::default());
    let mut publisher = publish(&hub, &Credential::None).unwrap();
    let [_, config] = configs();
    publisher.push(config).unwrap();
    for millis in (0..3000).step_by(21) {
        publisher.push(sound(millis)).unwrap();
    }
    let stream = publisher.stream();
    let start = stream.start().unwrap();
    let behind = stream.last_dts().saturating_since(start.dts);
    assert!(behind <= Duration::from_millis(800), "{behind:?}");
}

#[tokio::test]
async fn what_a_slow_viewer_has_not_read_is_dropped_at_the_next_keyframes() {
    let (_hub, mut publisher, stream) = live(Config::default());
    push_pictures(&mut publisher, 0, 400);
    let cursor = stream.start().unwrap().sequence;
    push_pictures(&mut publisher, 400, 8000);
    assert_eq!(stream.read(cursor, 100, &mut Vec::new()), Read::Lagged);
    let start = stream.start().unwrap();
    assert!(read(&stream, start.sequence).0[0].is_keyframe());
}

#[tokio::test]
async fn a_viewer_too_far_behind_in_a_long_gop_is_told_when_there_is_a_newer_keyframe() {
    let limits =
        Limits { tail: Duration::from_secs(60), lag_max: Duration::from_secs(2), ..Limits::default() };
    let (_hub, mut publisher, stream) = live(Config { limits, ..Config::default() });
    push_pictures(&mut publisher, 0, 1000);
    let cursor = stream.start().unwrap().sequence;
    push_pictures(&mut publisher, 1000, 2000);
    assert!(matches!(stream.read(cursor, 1, &mut Vec::new()), Read::Next(_)));
    push_pictures(&mut publisher, 2000, 5000);
    assert_eq!(stream.read(cursor, 1, &mut Vec::new()), Read::Lagged);
}

#[tokio::test]
async fn the_time_of_what_is_to_be_read_next_is_known_while_there_is_any() {
    let (_hub, mut publisher, stream) = live(Config::default());
    push_pictures(&mut publisher, 0, 1000);
    let sequence = stream.start().unwrap().sequence;
    let first = stream.dts_at(sequence).unwrap();
    assert_eq!(stream.last_dts().saturating_since(first), Duration::from_millis(960));
    assert_eq!(stream.dts_at(stream.readable_end()), None);
    push_pictures(&mut publisher, 1000, 4000);
    assert!(stream.dts_at(sequence).unwrap() > first, "the first one kept stands for one that is gone");
}

#[tokio::test]
async fn a_gop_that_is_too_large_is_not_kept() {
    let limits = Limits { gop_bytes_max: 20_000, ..Limits::default() };
    let (_hub, mut publisher, stream) = live(Config { limits, ..Config::default() });
    for millis in (0..20_000).step_by(40) {
        publisher.push(picture(millis, millis == 0)).unwrap();
    }
    assert!(stream.start().is_none());
    publisher.push(picture(20_000, true)).unwrap();
    assert!(stream.start().is_some());
}

#[tokio::test]
async fn a_second_publisher_is_refused_unless_it_proves_to_be_the_same() {
    let hub = Hub::new(Config::default());
    let mut first = publish(&hub, &key(1)).unwrap();
    assert_eq!(publish(&hub, &key(2)).err(), Some(PublishError::Busy(path())));
    assert_eq!(publish(&hub, &Credential::None).err(), Some(PublishError::Busy(path())));
    let kicked = Arc::new(Counter::default());
    let told = kicked.clone();
    first.session().set_on_kick(move || told.advanced());
    let mut second = publish(&hub, &key(1)).unwrap();
    assert_eq!(kicked.0.load(SeqCst), 1, "the first publisher is told to go");
    let [config, _] = configs();
    assert_eq!(first.push(config.clone()), Err(PushError::LeaseLost));
    assert_eq!(second.push(config), Ok(()));
    drop(first);
    assert_eq!(second.stream().state(), StreamState::Live, "the first one's end does not touch the second");
}

#[tokio::test]
async fn without_proof_nobody_takes_over() {
    let hub = Hub::new(Config::default());
    let _first = publish(&hub, &Credential::None).unwrap();
    assert!(publish(&hub, &Credential::None).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_held_for_a_publisher_that_comes_back() {
    let (hub, mut publisher, stream) = live(Config { hold: Duration::from_secs(10), ..Config::default() });
    push_pictures(&mut publisher, 0, 1400);
    let (_, cursor) = read(&stream, stream.start().unwrap().sequence);
    drop(publisher);
    assert_eq!(stream.state(), StreamState::Held);
    tokio::time::sleep(Duration::from_secs(9)).await;
    let mut publisher = publish(&hub, &Credential::None).unwrap();
    assert!(Arc::ptr_eq(publisher.stream(), &stream));
    assert!(stream.start().is_none(), "nobody starts in what came before");
    for config in configs() {
        publisher.push(config).unwrap();
    }
    // The encoder's clock began anew.
    push_pictures(&mut publisher, 0, 200);
    let (packets, _) = read(&stream, cursor);
    let keyframe = packets.iter().find(|packet| packet.is_keyframe()).unwrap();
    assert!(keyframe.discontinuity, "the join is marked");
    assert!(keyframe.dts > Timestamp::from_millis(1000 + 1360), "time goes on: {:?}", keyframe.dts);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(stream.state(), StreamState::Live);
}

/// The tracks promised to somebody who joins now.
fn promised(stream: &Stream) -> Vec<TrackId> {
    stream.start().map(|start| start.tracks.iter().map(|track| track.id).collect()).unwrap_or_default()
}

#[tokio::test]
async fn who_joins_is_promised_no_track_that_only_an_earlier_publisher_sent() {
    let (hub, mut publisher, stream) = live(Config::default());
    publisher.push(sound(0)).unwrap();
    push_pictures(&mut publisher, 0, 400);
    assert_eq!(promised(&stream), [TrackId::VIDEO, TrackId::AUDIO]);
    let [video, audio] = configs();

    drop(publisher);
    let mut without_sound = publish(&hub, &Credential::None).unwrap();
    without_sound.push(video.clone()).unwrap();
    push_pictures(&mut without_sound, 0, 80);
    assert_eq!(promised(&stream), [TrackId::VIDEO]);
    assert_eq!(stream.tracks().len(), 1);

    drop(without_sound);
    let mut with_both = publish(&hub, &Credential::None).unwrap();
    with_both.push(video).unwrap();
    with_both.push(audio.clone()).unwrap();
    push_pictures(&mut with_both, 0, 80);
    assert_eq!(promised(&stream), [TrackId::VIDEO, TrackId::AUDIO]);

    drop(with_both);
    let mut without_pictures = publish(&hub, &Credential::None).unwrap();
    without_pictures.push(audio).unwrap();
    for millis in (0..3000).step_by(20) {
        without_pictures.push(sound(millis)).unwrap();
    }
    assert_eq!(promised(&stream), [TrackId::AUDIO]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_nobody_comes_back() {
    let (hub, publisher, stream) = live(Config { hold: Duration::from_secs(10), ..Config::default() });
    let mut subscriber = Subscriber::new(stream.clone());
    drop(publisher);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(stream.state(), StreamState::Ended(StopReason::PublisherGone));
    assert!(hub.get(&path()).is_none());
    assert!(subscriber.next().await.is_none());
}

#[tokio::test]
async fn ending_a_stream_sends_everybody_away_at_once() {
    let (hub, mut publisher, stream) = live(Config::default());
    let mut events = hub.events();
    assert!(hub.end(&path(), StopReason::Kicked));
    assert!(publisher.session().is_kicked());
    assert_eq!(publisher.push(picture(0, true)), Err(PushError::LeaseLost));
    assert_eq!(stream.state(), StreamState::Ended(StopReason::Kicked));
    drop(publisher);
    let kinds: Vec<EventKind> =
        std::iter::from_fn(|| events.try_recv().ok()).map(|event: Event| event.kind).collect();
    assert_eq!(kinds, [EventKind::PublishEnded, EventKind::StreamEnded]);
    assert!(!hub.end(&path(), StopReason::Kicked));
}

#[tokio::test]
async fn a_task_that_waits_gets_the_start_and_then_what_follows() {
    let (_hub, mut publisher, stream) = live(Config::default());
    push_pictures(&mut publisher, 0, 1200);
    let mut subscriber = Subscriber::new(stream);
    let Some(Batch::Start(start, packets)) = subscriber.next().await else { panic!("no start") };
    assert_eq!((start.tracks.len(), packets.len()), (2, 5));
    publisher.push(picture(1200, false)).unwrap();
    let Some(Batch::Packets(packets)) = subscriber.next().await else { panic!("no packets") };
    assert_eq!(packets.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_decoded_is_refused_with_the_reason() {
    let hub = Hub::new(Config { limits: Limits { tracks_max: 1, ..Limits::default() }, ..Config::default() });
    let mut publisher = publish(&hub, &Credential::None).unwrap();
    let [mut video, audio] = configs();
    publisher.push(sound(0)).unwrap();
    assert_eq!(publisher.stream().ingest().dropped_packets, 1, "sound before its config");
    publisher.push(audio).unwrap();
    assert_eq!(publisher.push(video.clone()), Err(PushError::TooManyTracks(1)));
    video.payload = Bytes::from_static(&[1, 2]);
    assert!(matches!(publisher.push(video), Err(PushError::Config(_))));
}

#[tokio::test]
async fn the_number_of_streams_is_limited() {
    let hub = Hub::new(Config { streams_max: 1, ..Config::default() });
    let _one = publish(&hub, &Credential::None).unwrap();
    let other = StreamPath::parse("live/other").unwrap();
    let refused = hub.publish(&other, &session(Protocol::Rtmp), &Credential::None, None).err();
    assert_eq!(refused, Some(PublishError::TooManyStreams(1)));
}

#[tokio::test]
async fn viewers_are_counted_once_and_announced() {
    let (hub, _publisher, stream) = live(Config::default());
    let mut events = hub.events();
    let viewer = session(Protocol::HttpFlv);
    stream.add_viewer(&viewer);
    assert_eq!(stream.viewer_count(), 1);
    stream.remove_viewer(&viewer);
    stream.remove_viewer(&viewer);
    assert_eq!(stream.viewer_count(), 0);
    let kinds: Vec<EventKind> =
        std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::PlayStarted, EventKind::PlayEnded]);
}

#[tokio::test]
async fn health_is_measured_as_packets_come() {
    let (_hub, mut publisher, stream) = live(Config::default());
    for millis in (0..10_000).step_by(40) {
        publisher.push(picture(millis, millis % 2000 == 0)).unwrap();
        publisher.push(sound(millis)).unwrap();
    }
    let ingest = stream.ingest();
    assert_eq!(ingest.keyframe_interval, Some(Duration::from_secs(2)));
    assert_eq!(ingest.video_packets, 250);
    assert!((195_000..=210_000).contains(&ingest.video_bps), "{}", ingest.video_bps);
}
