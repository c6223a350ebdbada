//! HTTP-FLV and WS-FLV: FLV tags, over WebSocket one per message.

use super::{PacketFormat, Selection};
use crate::websocket;
use bytes::{BufMut, Bytes, BytesMut};
use flv::TagType;
use hub::Start;
use media::{MediaKind, Packet, PacketKind, Track};
use std::collections::VecDeque;
use std::sync::Arc;

/// FLV for viewers of one selection of tracks.
pub(crate) struct Flv {
    selection: Selection,
    is_framed: bool,
}

impl Flv {
    pub(crate) const fn over_http(selection: Selection) -> Self {
        Self { selection, is_framed: false }
    }

    pub(crate) const fn over_websocket(selection: Selection) -> Self {
        Self { selection, is_framed: true }
    }

    /// Appends what precedes the payload of a packet's tag, and returns the payload and what follows it; nothing when
    /// FLV does not carry the packet.
    fn put_tag_start(&self, packet: &Packet, out: &mut BytesMut) -> Option<(Bytes, [u8; TAG_TRAILER_BYTES])> {
        if !self.selection.takes(packet) {
            return None;
        }
        let body_header = flv::body_header(packet)?;
        let payload = flv::body_payload(packet);
        let body_bytes = body_header.len() + payload.len();
        if self.is_framed {
            websocket::put_binary_header(TAG_HEADER_BYTES + body_bytes + TAG_TRAILER_BYTES, out);
        }
        let timestamp_ms = flv::timestamp_ms(packet.dts);
        out.put_slice(&flv::tag_header(packet.track_id.kind.into(), body_bytes, timestamp_ms));
        out.put_slice(&body_header);
        Some((payload, flv::previous_tag_size(body_bytes)))
    }

    /// The metadata, always at time 0: FFmpeg takes script data at any other time for a subtitle track.
    fn put_metadata(&self, start: &Start, out: &mut BytesMut) {
        let body = flv::metadata_body(&self.selected_tracks(start), Some(&start.metadata));
        self.put_script(&body, out);
    }

    fn put_script(&self, body: &[u8], out: &mut BytesMut) {
        if self.is_framed {
            websocket::put_binary_header(TAG_HEADER_BYTES + body.len() + TAG_TRAILER_BYTES, out);
        }
        out.put_slice(&flv::tag_header(TagType::Script, body.len(), 0));
        out.put_slice(body);
        out.put_slice(&flv::previous_tag_size(body.len()));
    }

    /// What a file begins with: as [`PacketFormat::opening`], with places for its length in the metadata.
    pub(crate) fn file_opening(&self, start: &Start) -> Bytes {
        let mut out = BytesMut::with_capacity(1024);
        self.put_file_header(start, &mut out);
        let body = flv::file_metadata_body(&self.selected_tracks(start), Some(&start.metadata));
        self.put_script(&body, &mut out);
        self.put_configs(start, &mut out);
        out.freeze()
    }

    fn put_file_header(&self, start: &Start, out: &mut BytesMut) {
        let has = |kind| self.selected(&start.tracks).any(|track| track.id.kind == kind);
        let header = flv::file_header(has(MediaKind::Audio), has(MediaKind::Video));
        if self.is_framed {
            websocket::put_binary_header(header.len(), out);
        }
        out.put_slice(&header);
    }

    /// The tags of the decoder configs at the time of `start`.
    fn put_configs(&self, start: &Start, out: &mut BytesMut) {
        for track in self.selected(&start.tracks) {
            self.append(&config_packet(track, start), out);
        }
    }

    fn selected_tracks(&self, start: &Start) -> Vec<Track> {
        self.selected(&start.tracks).map(|track| Track::clone(track)).collect()
    }

    fn selected<'a>(&self, tracks: &'a [Arc<Track>]) -> impl Iterator<Item = &'a Arc<Track>> {
        let selection = self.selection;
        tracks.iter().filter(move |track| match track.id.kind {
            MediaKind::Audio => selection.audio,
            MediaKind::Video => selection.video,
            MediaKind::Data => false,
        })
    }
}

/// FLV's tag header.
const TAG_HEADER_BYTES: usize = 11;
/// The previous tag size behind each tag.
const TAG_TRAILER_BYTES: usize = 4;

/// A track's decoder config as the packet that announces it at `start`.
pub(crate) fn config_packet(track: &Track, start: &Start) -> Packet {
    Packet {
        track_id: track.id,
        codec: track.codec,
        kind: PacketKind::Config,
        dts: start.dts,
        pts: start.dts,
        discontinuity: false,
        payload: track.config.clone(),
    }
}

impl PacketFormat for Flv {
    fn opening(&self, start: &Start) -> Bytes {
        let mut out = BytesMut::with_capacity(1024);
        self.put_file_header(start, &mut out);
        self.put_metadata(start, &mut out);
        self.put_configs(start, &mut out);
        out.freeze()
    }

    fn reopening(&self, start: &Start) -> Bytes {
        let mut out = BytesMut::with_capacity(1024);
        self.put_configs(start, &mut out);
        out.freeze()
    }

    fn append(&self, packet: &Packet, out: &mut BytesMut) {
        if let Some((payload, trailer)) = self.put_tag_start(packet, out) {
            out.put_slice(&payload);
            out.put_slice(&trailer);
        }
    }

    fn pieces(&self, packets: &[Packet], out: &mut VecDeque<Bytes>) {
        // Headers and trailers share one allocation; a trailer and the next header are one piece.
        let mut small = BytesMut::with_capacity(packets.len() * 48);
        for packet in packets {
            if let Some((payload, trailer)) = self.put_tag_start(packet, &mut small) {
                out.push_back(small.split().freeze());
                out.push_back(payload);
                small.put_slice(&trailer);
            }
        }
        if !small.is_empty() {
            out.push_back(small.freeze());
        }
    }
}
