//! What a stream costs per picture: placing it in the ring, and handing it to everybody who reads.
//!
//! `clone` is the baseline: the same packets cloned straight into each reader's buffer, without a ring or a lock.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hub::{
    Action, Args, Config, Credential, Hub, Protocol, Publisher, Read, Request, Session, SessionId, StreamPath,
};
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

const READERS: usize = 1000;
const PICTURES_PER_GOP: i64 = 50;
const PICTURE_MICROS: i64 = 40_000;
const PACKETS_PER_PICTURE: usize = 3;

/// Real decoder configs; the pictures are not 64×48, but nobody looks.
const H264_CONFIG: &[u8] =
    b"\x01\x64\x00\x0a\xff\xe1\x00\x18\x67\x64\x00\x0a\xac\xd9\x44\x7b\x01\x10\x00\x00\x03\x00\x10\x00\
      \x00\x03\x03\x20\xf1\x22\x59\x60\x01\x00\x05\x68\xef\x83\x9c\xb0\xfd\xf8\xf8\x00";
const AAC_CONFIG: &[u8] = &[0x11, 0x90];

fn packet(track_id: TrackId, kind: PacketKind, at_micros: i64, payload: Bytes) -> Packet {
    let codec = if track_id == TrackId::VIDEO { Codec::H264 } else { Codec::Aac };
    let dts = Timestamp::from_micros(at_micros);
    Packet { track_id, codec, kind, dts, pts: dts, discontinuity: false, payload }
}

/// A stream that a publisher has just begun.
fn publish() -> (Publisher, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _entered = runtime.enter();
    let path = StreamPath::parse("live/bench").expect("a path");
    let session = Arc::new(Session::new(&Request {
        action: Action::Publish,
        path: path.clone(),
        args: Args::default(),
        remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    }));
    let hub = Hub::new(Config::default());
    let mut publisher = hub.publish(&path, &session, &Credential::None, None).expect("a new stream");
    for (track_id, config) in [(TrackId::VIDEO, H264_CONFIG), (TrackId::AUDIO, AAC_CONFIG)] {
        let config = packet(track_id, PacketKind::Config, 0, Bytes::from_static(config));
        publisher.push(config).expect("a config of an encoder");
    }
    (publisher, runtime)
}

/// The sound that rides with a picture, and the picture.
fn packets_of_picture(number: i64, payload: &Bytes) -> [Packet; PACKETS_PER_PICTURE] {
    let at = number * PICTURE_MICROS;
    let kind = if number % PICTURES_PER_GOP == 0 { PacketKind::Keyframe } else { PacketKind::Frame };
    [
        packet(TrackId::AUDIO, PacketKind::Frame, at, payload.slice(..340)),
        packet(TrackId::AUDIO, PacketKind::Frame, at + 21_333, payload.slice(..340)),
        packet(TrackId::VIDEO, kind, at, payload.clone()),
    ]
}

fn fan_out(criterion: &mut Criterion) {
    let payload = Bytes::from(vec![7; 30_000]);
    let mut group = criterion.benchmark_group("hub: a picture with its sound");
    let mut buffers: Vec<Vec<Packet>> = vec![Vec::new(); READERS];

    group.throughput(Throughput::Elements(READERS as u64));
    group.bench_function("clone to 1000 readers", |bencher| {
        let packets = packets_of_picture(0, &payload);
        bencher.iter(|| {
            for out in &mut buffers {
                out.clear();
                out.extend(black_box(&packets).iter().cloned());
            }
        });
    });
    group.bench_function("push, read by 1000 readers", |bencher| {
        let (mut publisher, _runtime) = publish();
        let stream = publisher.stream().clone();
        let mut cursors = [stream.readable_end(); READERS];
        let mut number = 0;
        bencher.iter(|| {
            for packet in packets_of_picture(number, &payload) {
                publisher.push(packet).expect("the lease");
            }
            number += 1;
            for (cursor, out) in cursors.iter_mut().zip(&mut buffers) {
                out.clear();
                match stream.read(*cursor, 256, out) {
                    Read::Next(next) => *cursor = next,
                    state => panic!("{state:?} after a picture"),
                }
            }
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("push", |bencher| {
        let (mut publisher, _runtime) = publish();
        let mut number = 0;
        bencher.iter(|| {
            for packet in packets_of_picture(number, &payload) {
                publisher.push(packet).expect("the lease");
            }
            number += 1;
        });
    });
    group.finish();
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
