//! Streams, tracks and packets to test with.

use crate::Demuxer;
use bytes::Bytes;
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};

/// See the `README.md` beside them.
pub(crate) const FILES: [(&str, &[u8]); 4] = [
    ("h264_aac.ts", include_bytes!("testdata/h264_aac.ts")),
    ("h265_ac3.ts", include_bytes!("testdata/h265_ac3.ts")),
    ("mp3.ts", include_bytes!("testdata/mp3.ts")),
    ("eac3.ts", include_bytes!("testdata/eac3.ts")),
];

pub(crate) fn file(name: &str) -> &'static [u8] {
    FILES.iter().find(|(other, _)| *other == name).unwrap().1
}

/// All packets of a stream that is whole.
pub(crate) fn demux(bytes: &[u8]) -> Vec<Packet> {
    let (mut demuxer, mut packets) = (Demuxer::new(), Vec::new());
    demuxer.push(bytes, &mut packets).unwrap();
    demuxer.finish(&mut packets).unwrap();
    assert_eq!(demuxer.damage(), crate::Damage::default());
    packets
}

pub(crate) fn tracks(packets: &[Packet]) -> Vec<Track> {
    let configs = packets.iter().filter(|packet| packet.is_config());
    configs
        .map(|packet| Track::from_config(packet.track_id, packet.codec, packet.payload.clone()).unwrap())
        .collect()
}

pub(crate) fn h264_track() -> Track {
    tracks(&demux(file("h264_aac.ts"))).swap_remove(0)
}

pub(crate) fn aac_track() -> Track {
    Track::from_config(TrackId::AUDIO, Codec::Aac, Bytes::from_static(&[0x11, 0x90])).unwrap()
}

pub(crate) fn packet(track: &Track, kind: PacketKind, millis: i64, payload: &[u8]) -> Packet {
    Packet {
        track_id: track.id,
        codec: track.codec,
        kind,
        dts: Timestamp::from_millis(millis),
        pts: Timestamp::from_millis(millis),
        discontinuity: false,
        payload: Bytes::copy_from_slice(payload),
    }
}

/// A coded picture of one NAL unit of so many bytes.
pub(crate) fn picture(track: &Track, kind: PacketKind, millis: i64, nal_bytes: usize) -> Packet {
    let header = if kind == PacketKind::Keyframe { 0x65 } else { 0x41 };
    let mut payload = (nal_bytes as u32).to_be_bytes().to_vec();
    payload.push(header);
    payload.resize(4 + nal_bytes, 0xab);
    packet(track, kind, millis, &payload)
}

/// Checks what every transport stream has to keep to: whole packets, and counters that count.
pub(crate) fn check_continuity(bytes: &[u8]) {
    let (packets, rest) = bytes.as_chunks::<188>();
    assert!(rest.is_empty());
    let mut counters = std::collections::HashMap::new();
    for packet in packets {
        assert_eq!(packet[0], 0x47);
        let pid = u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff;
        let (has_payload, counter) = (packet[3] & 0x10 != 0, packet[3] & 0xf);
        let last = counters.insert(pid, counter);
        if let Some(last) = last {
            let expected = if has_payload { (last + 1) & 0xf } else { last };
            assert_eq!(counter, expected, "counter of PID {pid:#x}");
        }
    }
}
