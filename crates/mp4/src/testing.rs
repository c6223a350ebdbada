//! Files, packets and box trees to test with.

use crate::boxes::{Boxes, FourCc};
use crate::{
    Cut, Index, Piece, Progressive, Reader, Windows, append_fragment, init_segment, put_stored_fragments,
    stored_init_segment,
};
use bytes::{Bytes, BytesMut};
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};
use std::hash::{DefaultHasher, Hash, Hasher};
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

/// The index of a file.
pub(crate) fn index(file: &[u8]) -> Index {
    Index::read(&mut Cursor::new(file)).unwrap()
}

/// What pieces of a stored file come to.
pub(crate) fn assemble(file: &[u8], pieces: impl IntoIterator<Item = Piece>) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => out.extend_from_slice(&bytes),
            Piece::Copy(range) => out.extend_from_slice(&file[range.start as usize..range.end as usize]),
        }
    }
    out
}

/// A file as fragments, cut like this.
pub(crate) fn as_fragments(file: &[u8], cut: Cut) -> Vec<u8> {
    let index = index(file);
    let tracks: Vec<_> = index.tracks.iter().collect();
    let mut pieces = vec![Piece::Bytes(stored_init_segment(&tracks, index.end()).unwrap())];
    let mut sequence = 0;
    for window in Windows::new(&index, cut) {
        for (track, numbers) in index.tracks.iter().zip(window) {
            put_stored_fragments(&mut pieces, &mut sequence, track, numbers).unwrap();
        }
    }
    assemble(file, pieces)
}

/// A file without fragments.
pub(crate) fn as_progressive(file: &[u8]) -> Vec<u8> {
    let index = index(file);
    let plan = Progressive::new(&index).unwrap();
    let out = assemble(file, plan.pieces());
    assert_eq!(out.len() as u64, plan.bytes());
    out
}

/// What of a track must survive being written again, and the times and payloads of all its samples.
pub(crate) fn essence(file: &[u8]) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let index = index(file);
    let tracks = index.tracks.iter().map(|track| {
        let samples: Vec<_> = track
            .samples
            .iter()
            .map(|sample| {
                let time = |ticks| ticks + track.edit_offset_ticks();
                let payload = &file[sample.range().start as usize..sample.range().end as usize];
                let mut hasher = DefaultHasher::new();
                payload.hash(&mut hasher);
                (time(sample.dts), time(sample.pts()), sample.is_sync, hasher.finish())
            })
            .collect();
        let about = (track.timescale, track.language, track.display_size, track.codec_string());
        (track.track.clone(), about, track.samples.end_dts() + track.edit_offset_ticks(), samples)
    });
    tracks.collect()
}
