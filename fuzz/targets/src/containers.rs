//! MPEG-TS and MP4.

use crate::input::pieces;
use crate::remux::remux;
use media::Packet;
use mp4::{Cut, Index, Piece, Progressive, StoredTrack, Windows};
use std::io::Cursor;
use std::time::Duration;
use store::{Ladder, StoredVideo, VodOptions};

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

/// An index finds samples only within the file; written again in either form the file has the same samples.
pub fn mp4_index(data: &[u8]) {
    let mut source = Cursor::new(data);
    let _ = mp4::visit_boxes(&mut source, u8::MAX, &mut |_| Ok(()));
    let Ok(mut index) = Index::read(&mut source) else { return };
    index.tracks.retain(|track| !track.samples.is_empty());
    if index.tracks.iter().map(|track| track.samples.len()).sum::<u32>() as usize > SAMPLES_WRITTEN {
        return;
    }
    let cut = Cut { at_keyframes: true, longest: Some(Duration::from_millis(500)) };
    let windows = Windows::new(&index, cut);
    assert!(windows.clone().all(|window| window.iter().any(|numbers| !numbers.is_empty())));
    if let Ok(fragments) = in_fragments(&index, windows) {
        assert_same_samples(data, &index, fragments);
    }
    if let Ok(plan) = Progressive::new(&index) {
        assert_same_samples(data, &index, plan.pieces());
    }
    if let Ok(video) = StoredVideo::new(index, Duration::from_secs(1)) {
        assert_all_is_listed(&video);
    }
}

/// Everything a playlist names is there, and within the file, and all of it is all media.
fn assert_all_is_listed(video: &StoredVideo) {
    let options = VodOptions::default();
    let ladder = Ladder { files: vec![("source/".to_owned(), video)], captions: Vec::new() };
    let _ = (ladder.mpd(&options).to_string(), ladder.multivariant_playlist(&options).to_string());
    for track in &video.index().tracks {
        let playlist = video.media_playlist(Some(track.track.id), &options).expect("a track of the index");
        let mut media_bytes = 0;
        for segment in &playlist.segments {
            let name = segment.uri.parse().expect("a name");
            // A time that no fragment can state is an error; a name that is nothing is not.
            let Ok(pieces) = video.read(&name).expect("what a playlist names") else { return };
            media_bytes +=
                pieces.iter().filter(|piece| matches!(piece, Piece::Copy(_))).map(Piece::bytes).sum::<u64>();
        }
        assert_eq!(media_bytes, track.samples.bytes());
    }
}

fn in_fragments(index: &Index, windows: Windows<'_>) -> Result<Vec<Piece>, mp4::Error> {
    let tracks: Vec<_> = index.tracks.iter().collect();
    let mut pieces = vec![Piece::Bytes(mp4::stored_init_segment(&tracks, index.end())?)];
    let mut sequence = 0;
    for window in windows {
        for (track, numbers) in index.tracks.iter().zip(window) {
            mp4::put_stored_fragments(&mut pieces, &mut sequence, track, numbers)?;
        }
    }
    Ok(pieces)
}

fn assert_same_samples(data: &[u8], index: &Index, pieces: impl IntoIterator<Item = Piece>) {
    let mut file = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => file.extend_from_slice(&bytes),
            Piece::Copy(range) => file.extend_from_slice(&data[range.start as usize..range.end as usize]),
        }
    }
    // Limits on files may refuse it: one sample without bytes is nothing, a million are a lot.
    let Ok(again) = Index::read(&mut Cursor::new(&file)) else { return };
    assert_eq!(again.tracks.len(), index.tracks.len());
    for (after, before) in again.tracks.iter().zip(&index.tracks) {
        let sizes = |track: &StoredTrack| track.samples.iter().map(|sample| sample.size).collect::<Vec<_>>();
        assert_eq!(sizes(after), sizes(before));
    }
}

/// Packets that are read of a file: a few bytes of tables can stand for very many.
const PACKETS_READ: usize = 512;
/// Samples of a file that is written again.
const SAMPLES_WRITTEN: usize = 4096;

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
