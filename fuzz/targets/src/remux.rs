//! What a stream goes through behind every demuxer: its tracks, the timeline, and each way out.

use bytes::BytesMut;
use media::{MediaKind, Packet, Timeline, Timestamp, Track, TrackId};
use std::collections::HashMap;
use std::time::Duration;

/// Takes packets with wire times through all of it, as the hub and the deliveries do.
pub(crate) fn remux(packets: &[Packet]) {
    let mut timeline = Timeline::new(Timestamp::from_millis(1000), Some(Duration::from_millis(1 << 32)));
    let mut order = Order::default();
    let mut tracks: Vec<Track> = Vec::new();
    let mut placed: Vec<Packet> = Vec::new();
    let mut muxer = mpegts::Muxer::default();
    let mut out = BytesMut::new();
    for packet in packets {
        let mut packet = packet.clone();
        if packet.is_config() {
            let config = packet.payload.clone();
            let Ok(track) = Track::from_config(packet.track_id, packet.codec, config) else { continue };
            check_track(&track);
            tracks.retain(|old| old.id != track.id);
            tracks.push(track);
            let carried: Vec<_> =
                tracks.iter().filter(|track| mpegts::supports(track.codec)).cloned().collect();
            let _ = muxer.set_tracks(&carried);
        } else if let Some(track) = tracks.iter_mut().find(|track| track.id == packet.track_id) {
            track.learn_size(&packet.payload);
        }
        timeline.place(&mut packet);
        order.check(&packet);
        flv::encode_tag(&packet, &mut out);
        let before = out.len();
        match muxer.write(&packet, &mut out) {
            Ok(()) => assert_eq!((out.len() - before) % 188, 0, "whole TS packets"),
            Err(_) => assert_eq!(out.len(), before, "nothing is written of what is refused"),
        }
        out.clear();
        placed.push(packet);
    }
    flv::metadata_body(&tracks, None);
    for track in &tracks {
        let is_its = |packet: &&Packet| (packet.track_id, packet.codec) == (track.id, track.codec);
        let samples: Vec<_> = placed.iter().filter(is_its).cloned().collect();
        let end = samples.last().map_or(Timestamp::ZERO, |last| last.dts + Duration::from_millis(40));
        if let Ok((fragment, _)) = mp4::fragment(1, track, &samples, end) {
            check_boxes(&fragment);
        }
    }
}

/// A track that was made of a config can be named and announced in every format.
pub(crate) fn check_track(track: &Track) {
    assert!(track.codec_string().is_ascii());
    if let Ok(init) = mp4::init_segment(std::slice::from_ref(track)) {
        check_boxes(&init);
    }
    let _ = mpegts::Muxer::new(std::slice::from_ref(track));
}

/// The boxes at the top of a file end where the file ends.
fn check_boxes(mut file: &[u8]) {
    while let Some((size, _)) = file.split_first_chunk() {
        file = file.get(u32::from_be_bytes(*size) as usize..).expect("a box ends within the file");
    }
    assert!(file.is_empty());
}

/// What the timeline promises.
#[derive(Default)]
pub(crate) struct Order(HashMap<TrackId, Timestamp>);

impl Order {
    /// Time never goes back within a track, and none is negative.
    pub(crate) fn check(&mut self, packet: &Packet) {
        assert!(packet.dts >= Timestamp::ZERO && packet.pts >= Timestamp::ZERO, "{packet:?}");
        let last = self.0.insert(packet.track_id, packet.dts);
        assert!(
            packet.track_id.kind == MediaKind::Data || last.is_none_or(|last| packet.dts >= last),
            "back from {last:?}: {packet:?}"
        );
    }
}
