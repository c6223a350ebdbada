//! What a server pays per message: reading a publisher's chunks, encoding once for all players.
//!
//! `copy` is the baseline: the same payload copied once, which reading cannot do without.

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rtmp::{ChunkReader, Limits, MediaKind, MessageHeader, encode_message, message_pieces};
use std::hint::black_box;

/// A picture of a stream of 6 Mbit/s at 25 pictures per second.
const PICTURE_BYTES: usize = 30_000;
/// What one read of a socket gives.
const READ_BYTES: usize = 32 << 10;
const PICTURES: usize = 100;

const HEADER: MessageHeader = MessageHeader::media(MediaKind::Video, 1, 40);

fn set_chunk_size(bytes: u32) -> BytesMut {
    let mut out = BytesMut::new();
    let header = MessageHeader { chunk_stream_id: 2, message_stream_id: 0, type_id: 1, timestamp_ms: 0 };
    encode_message(&mut out, &header, &[&bytes.to_be_bytes()], 128);
    out
}

fn read(criterion: &mut Criterion) {
    let payload = vec![7; PICTURE_BYTES];
    let mut group = criterion.benchmark_group("read 100 pictures of 30 kB");
    group.throughput(Throughput::Bytes((PICTURE_BYTES * PICTURES) as u64));
    group.bench_function("copy", |bencher| {
        bencher
            .iter(|| (0..PICTURES).map(|_| black_box(Bytes::copy_from_slice(&payload)).len()).sum::<usize>());
    });
    for chunk_size in [128, 4096, 60_000] {
        let mut input = set_chunk_size(chunk_size);
        (0..PICTURES).for_each(|_| encode_message(&mut input, &HEADER, &[&payload], chunk_size));
        group.bench_function(format!("chunks of {chunk_size}"), |bencher| {
            bencher.iter(|| {
                let mut reader = ChunkReader::new(Limits::default());
                let mut messages = 0;
                for mut piece in input.chunks(READ_BYTES) {
                    while let Some(message) = reader.read(&mut piece).expect("our own chunks") {
                        messages += black_box(message).payload.len() / PICTURE_BYTES;
                    }
                }
                assert_eq!(messages, PICTURES);
            });
        });
    }
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let payload = Bytes::from(vec![7; PICTURE_BYTES]);
    let mut group = criterion.benchmark_group("write a picture of 30 kB");
    for chunk_size in [4096, 60_000] {
        let mut out = BytesMut::with_capacity(2 * PICTURE_BYTES);
        group.bench_function(format!("contiguous, chunks of {chunk_size}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                encode_message(&mut out, &HEADER, &[b"head", &payload], chunk_size);
                black_box(out.len())
            });
        });
        let mut pieces = Vec::with_capacity(32);
        group.bench_function(format!("pieces, chunks of {chunk_size}"), |bencher| {
            bencher.iter(|| {
                pieces.clear();
                message_pieces(&mut pieces, &HEADER, b"head", payload.clone(), chunk_size);
                black_box(pieces.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read, write);
criterion_main!(benches);
