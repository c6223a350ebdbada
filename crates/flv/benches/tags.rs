//! What FLV costs per picture: writing a tag once for all viewers, reading the tags of a pulled stream.
//!
//! `copy` is the baseline: the same payloads copied once, which neither can do without.

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flv::{BodyDemuxer, Demuxer, encode_tag, file_header};
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use std::hint::black_box;

/// A picture of a stream of 6 Mbit/s at 25 pictures per second.
const PICTURE_BYTES: usize = 30_000;
/// What one read of a socket gives.
const READ_BYTES: usize = 32 << 10;
const PICTURES: usize = 100;

fn packets() -> Vec<Packet> {
    let packet = |kind, at_ms, payload| {
        let dts = Timestamp::from_millis(at_ms);
        let (track_id, codec) = (TrackId::VIDEO, Codec::H264);
        Packet { track_id, codec, kind, dts, pts: dts, discontinuity: false, payload }
    };
    let mut picture = vec![7; PICTURE_BYTES];
    picture[..4].copy_from_slice(&(PICTURE_BYTES as u32 - 4).to_be_bytes());
    let picture = Bytes::from(picture);
    let pictures = (0..PICTURES as i64).map(|at| packet(PacketKind::Frame, at * 40, picture.clone()));
    let config = packet(PacketKind::Config, 0, Bytes::from_static(&[1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]));
    std::iter::once(config).chain(pictures).collect()
}

fn tags(criterion: &mut Criterion) {
    let packets = packets();
    let mut stream = BytesMut::from(&file_header(false, true)[..]);
    for packet in &packets {
        assert!(encode_tag(packet, &mut stream));
    }
    let mut group = criterion.benchmark_group("flv: 100 pictures of 30 kB");
    group.throughput(Throughput::Bytes((PICTURE_BYTES * PICTURES) as u64));
    group.bench_function("copy", |bencher| {
        let mut out = BytesMut::with_capacity(stream.len());
        bencher.iter(|| {
            out.clear();
            packets.iter().for_each(|packet| out.extend_from_slice(black_box(&packet.payload)));
            black_box(out.len())
        });
    });
    group.bench_function("encode tags", |bencher| {
        let mut out = BytesMut::with_capacity(stream.len());
        bencher.iter(|| {
            out.clear();
            packets.iter().for_each(|packet| assert!(encode_tag(black_box(packet), &mut out)));
            black_box(out.len())
        });
    });
    group.bench_function("demux tags and bodies", |bencher| {
        let mut out = Vec::with_capacity(packets.len());
        bencher.iter(|| {
            out.clear();
            let (mut demuxer, mut bodies) = (Demuxer::new(1 << 20), BodyDemuxer::new());
            for piece in stream.chunks(READ_BYTES) {
                demuxer.push(black_box(piece));
                while let Some(tag) = demuxer.poll_tag().expect("our own tags") {
                    bodies.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut out).expect("our own bodies");
                }
            }
            assert_eq!(out.len(), packets.len());
        });
    });
    group.finish();
}

criterion_group!(benches, tags);
criterion_main!(benches);
