//! What MPEG-TS costs per picture group: written once for all viewers of HTTP-TS, once for HLS.
//!
//! `copy` is the baseline: the same payloads copied once, which writing cannot do without.

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};
use mpegts::{Demuxer, Muxer};
use std::hint::black_box;

/// A picture of a stream of 6 Mbit/s at 25 pictures per second, and what AAC of 128 kbit/s has per packet.
const PICTURE_BYTES: usize = 30_000;
const SOUND_BYTES: usize = 340;
const PICTURES: usize = 50;

/// What an encoder wrote for 64×48 pictures.
const H264_CONFIG: &[u8] =
    b"\x01\x64\x00\x0a\xff\xe1\x00\x18\x67\x64\x00\x0a\xac\xd9\x44\x7b\x01\x10\x00\x00\x03\x00\x10\x00\
      \x00\x03\x03\x20\xf1\x22\x59\x60\x01\x00\x05\x68\xef\x83\x9c\xb0\xfd\xf8\xf8\x00";
const AAC_CONFIG: &[u8] = &[0x11, 0x90];

fn tracks() -> Vec<Track> {
    let track = |id, codec, config| {
        Track::from_config(id, codec, Bytes::from_static(config)).expect("a config of an encoder")
    };
    vec![track(TrackId::VIDEO, Codec::H264, H264_CONFIG), track(TrackId::AUDIO, Codec::Aac, AAC_CONFIG)]
}

/// Two seconds of pictures and sound, one keyframe.
fn packets() -> Vec<Packet> {
    let packet = |track_id, codec, kind, at_micros, payload: &Bytes| {
        let dts = Timestamp::from_micros(at_micros);
        Packet { track_id, codec, kind, dts, pts: dts, discontinuity: false, payload: payload.clone() }
    };
    let mut picture = vec![7; PICTURE_BYTES];
    picture[..4].copy_from_slice(&(PICTURE_BYTES as u32 - 4).to_be_bytes());
    let (picture, sound) = (Bytes::from(picture), Bytes::from(vec![7; SOUND_BYTES]));
    let pictures = (0..PICTURES as i64).map(|at| {
        let kind = if at == 0 { PacketKind::Keyframe } else { PacketKind::Frame };
        packet(TrackId::VIDEO, Codec::H264, kind, at * 40_000, &picture)
    });
    let sounds = (0..94).map(|at| {
        packet(TrackId::AUDIO, Codec::Aac, PacketKind::Frame, at * 1024 * 1_000_000 / 48_000, &sound)
    });
    let mut packets: Vec<_> = pictures.chain(sounds).collect();
    packets.sort_by_key(|packet| packet.dts);
    packets
}

fn transport_stream(criterion: &mut Criterion) {
    let (tracks, packets) = (tracks(), packets());
    let bytes: usize = packets.iter().map(|packet| packet.payload.len()).sum();
    let mut stream = BytesMut::new();
    let mut muxer = Muxer::new(&tracks).expect("codecs it carries");
    packets.iter().for_each(|packet| muxer.write(packet, &mut stream).expect("packets of its tracks"));

    let mut group = criterion.benchmark_group("mpegts: 2 s of 6 Mbit/s");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("copy", |bencher| {
        let mut out = BytesMut::with_capacity(stream.len());
        bencher.iter(|| {
            out.clear();
            packets.iter().for_each(|packet| out.extend_from_slice(black_box(&packet.payload)));
            black_box(out.len())
        });
    });
    group.bench_function("write", |bencher| {
        let mut out = BytesMut::with_capacity(stream.len());
        let mut muxer = Muxer::new(&tracks).expect("codecs it carries");
        bencher.iter(|| {
            out.clear();
            for packet in &packets {
                muxer.write(black_box(packet), &mut out).expect("packets of its tracks");
            }
            black_box(out.len())
        });
    });
    group.bench_function("demux", |bencher| {
        let mut out = Vec::with_capacity(packets.len());
        bencher.iter(|| {
            out.clear();
            let mut demuxer = Demuxer::new();
            for piece in stream.chunks(32 << 10) {
                demuxer.push(black_box(piece), &mut out).expect("our own stream");
            }
            black_box(out.len())
        });
    });
    group.finish();
}

criterion_group!(benches, transport_stream);
criterion_main!(benches);
