//! Files, packets and box trees to test with.

use crate::boxes::{Boxes, FourCc};
use crate::{Reader, append_fragment, init_segment};
use bytes::{Bytes, BytesMut};
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};
use std::io::Cursor;
use std::time::Duration;

/// See the `README.md` beside them.
pub(crate) const FILES: [(&str, &[u8]); 9] = [
    ("h264_aac.mp4", include_bytes!("testdata/h264_aac.mp4")),
    ("h264_aac_moov_first.mp4", include_bytes!("testdata/h264_aac_moov_first.mp4")),
    ("h264_aac_fragmented.mp4", include_bytes!("testdata/h264_aac_fragmented.mp4")),
    ("h264_aac.mov", include_bytes!("testdata/h264_aac.mov")),
    ("h265_ac3.mp4", include_bytes!("testdata/h265_ac3.mp4")),
    ("av1_opus.mp4", include_bytes!("testdata/av1_opus.mp4")),
    ("vp9_flac.mp4", include_bytes!("testdata/vp9_flac.mp4")),
    ("mp3.mp4", include_bytes!("testdata/mp3.mp4")),
    ("eac3.mp4", include_bytes!("testdata/eac3.mp4")),
];

pub(crate) fn file(name: &str) -> &'static [u8] {
    FILES.iter().find(|(other, _)| *other == name).unwrap().1
}

pub(crate) fn open(file: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::open(Cursor::new(file)).unwrap()
}

/// All packets of a file, a second later, as a stream never begins before zero.
pub(crate) fn packets(file: &[u8]) -> Vec<Packet> {
    let later = |packet: Packet| Packet {
        dts: packet.dts + Duration::from_secs(1),
        pts: packet.pts + Duration::from_secs(1),
        ..packet
    };
    open(file).map(|packet| later(packet.unwrap())).collect()
}

pub(crate) fn tracks(packets: &[Packet]) -> Vec<Track> {
    let configs = packets.iter().filter(|packet| packet.is_config());
    configs
        .map(|packet| Track::from_config(packet.track_id, packet.codec, packet.payload.clone()).unwrap())
        .collect()
}

pub(crate) fn h264_track() -> Track {
    tracks(&packets(file("h264_aac.mp4"))).swap_remove(0)
}

pub(crate) fn aac_track() -> Track {
    Track::from_config(TrackId::AUDIO, Codec::Aac, Bytes::from_static(&[0x11, 0x90])).unwrap()
}

pub(crate) fn sample(
    track: &Track,
    kind: PacketKind,
    dts: Timestamp,
    pts: Timestamp,
    payload: &[u8],
) -> Packet {
    Packet {
        track_id: track.id,
        codec: track.codec,
        kind,
        dts,
        pts,
        discontinuity: false,
        payload: Bytes::copy_from_slice(payload),
    }
}

pub(crate) fn at_ticks(ticks: i64, timescale: u32) -> Timestamp {
    Timestamp::from_ticks(ticks, timescale)
}

/// An init segment and a fragment of each track for every `group` samples.
pub(crate) fn fragmented(tracks: &[Track], packets: &[Packet], group: usize) -> Bytes {
    let mut out = BytesMut::from(&init_segment(tracks).unwrap()[..]);
    let mut sequence = 0;
    for track in tracks {
        let samples: Vec<_> = packets
            .iter()
            .filter(|packet| packet.track_id == track.id && !packet.is_config())
            .cloned()
            .collect();
        for (index, chunk) in samples.chunks(group).enumerate() {
            sequence += 1;
            let next = samples.get((index + 1) * group);
            let end = next.map_or(chunk.last().unwrap().dts + Duration::from_millis(20), |next| next.dts);
            append_fragment(&mut out, sequence, track, chunk, end).unwrap();
        }
    }
    out.freeze()
}

/// The boxes of some bytes, one a line, indented, with the bytes of those that hold no other.
pub(crate) fn box_tree(bytes: &[u8]) -> String {
    let mut lines = String::new();
    put_boxes(bytes, 0, &mut lines);
    lines
}

fn put_boxes(bytes: &[u8], depth: usize, lines: &mut String) {
    for item in Boxes::new(bytes) {
        let (FourCc(kind), body) = item.unwrap();
        let indent = "  ".repeat(depth);
        let skipped = match &kind {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"dinf" | b"mvex" | b"moof" | b"traf" => {
                Some(0)
            }
            b"stsd" | b"dref" => Some(8),
            b"avc1" => Some(78),
            b"mp4a" => Some(28),
            _ => None,
        };
        let shown = &body[..skipped.unwrap_or(body.len())];
        let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(format!("{indent}{} {hex}", FourCc(kind)).trim_end());
        lines.push('\n');
        if let Some(skipped) = skipped {
            put_boxes(&body[skipped..], depth + 1, lines);
        }
    }
}
