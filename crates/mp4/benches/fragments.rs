//! What fMP4 costs: a fragment per picture for sockets, and one per picture group for segments.
//!
//! `copy` is the baseline: the same payloads copied once, which writing cannot do without.

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};
use mp4::append_fragment;
use std::hint::black_box;

/// A picture of a stream of 6 Mbit/s at 25 pictures per second.
const PICTURE_BYTES: usize = 30_000;
const PICTURES: i64 = 50;
const PICTURE_MICROS: i64 = 40_000;

/// What an encoder wrote for 64×48 pictures.
const H264_CONFIG: &[u8] =
    b"\x01\x64\x00\x0a\xff\xe1\x00\x18\x67\x64\x00\x0a\xac\xd9\x44\x7b\x01\x10\x00\x00\x03\x00\x10\x00\
      \x00\x03\x03\x20\xf1\x22\x59\x60\x01\x00\x05\x68\xef\x83\x9c\xb0\xfd\xf8\xf8\x00";

fn fragments(criterion: &mut Criterion) {
    let track = Track::from_config(TrackId::VIDEO, Codec::H264, Bytes::from_static(H264_CONFIG))
        .expect("a config of an encoder");
    let payload = Bytes::from(vec![7; PICTURE_BYTES]);
    let pictures: Vec<_> = (0..PICTURES)
        .map(|at| Packet {
            track_id: track.id,
            codec: track.codec,
            kind: if at == 0 { PacketKind::Keyframe } else { PacketKind::Frame },
            dts: Timestamp::from_micros(at * PICTURE_MICROS),
            pts: Timestamp::from_micros((at + 2) * PICTURE_MICROS),
            discontinuity: false,
            payload: payload.clone(),
        })
        .collect();
    let mut out = BytesMut::with_capacity(2 * PICTURE_BYTES * pictures.len());

    let mut group = criterion.benchmark_group("mp4: 50 pictures of 30 kB");
    group.throughput(Throughput::Bytes((PICTURE_BYTES * pictures.len()) as u64));
    group.bench_function("copy", |bencher| {
        bencher.iter(|| {
            out.clear();
            pictures.iter().for_each(|packet| out.extend_from_slice(black_box(&packet.payload)));
            black_box(out.len())
        });
    });
    for (name, per_fragment) in [("a fragment per picture", 1), ("one fragment", pictures.len())] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                for (number, samples) in (1..).zip(pictures.chunks(per_fragment)) {
                    let end =
                        Timestamp::from_micros(i64::from(number) * PICTURE_MICROS * per_fragment as i64);
                    append_fragment(&mut out, number, &track, black_box(samples), end).expect("its samples");
                }
                black_box(out.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, fragments);
criterion_main!(benches);
