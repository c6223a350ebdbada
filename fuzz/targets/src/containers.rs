//! MPEG-TS and MP4.

use crate::input::pieces;
use crate::remux::remux;
use media::Packet;
use std::io::Cursor;

/// A transport stream means the same whatever the pieces it comes in; its packets can be written in every format.
pub fn mpegts(data: &[u8]) {
    let whole = ts_packets([data]);
    assert_eq!(whole, ts_packets(pieces(data)));
    remux(&whole);
}

fn ts_packets<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> Vec<Packet> {
    let mut demuxer = mpegts::Demuxer::new();
    let mut packets = Vec::new();
    for piece in input {
        if demuxer.push(piece, &mut packets).is_err() {
            return packets;
        }
    }
    let _ = demuxer.finish(&mut packets);
    packets
}

/// Packets that are read of a file: a few bytes of tables can stand for very many.
const PACKETS_READ: usize = 512;

/// A file is read or refused; its packets can be written in every format.
pub fn mp4(data: &[u8]) {
    let reader = match mp4::Reader::open(Cursor::new(data)) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let _ = (&reader.index().brands, reader.index().is_fragmented);
    let packets: Vec<_> = reader.take(PACKETS_READ).map_while(Result::ok).collect();
    remux(&packets);
}
