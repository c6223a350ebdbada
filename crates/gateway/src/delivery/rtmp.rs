//! RTMP play: media as chunks on one message stream, and what a player says meanwhile.

use super::{Feed, Feeds, Format, PacketFormat, Selection};
use crate::writer::Answer;
use bytes::{Bytes, BytesMut};
use hub::{Start, Stream};
use media::Packet;
use rtmp::{Event, MessageHeader, ServerSession};
use std::collections::VecDeque;
use std::sync::Arc;

/// RTMP for players of one selection of tracks on one message stream.
pub(crate) struct Rtmp {
    selection: Selection,
    message_stream_id: u32,
    chunk_size: u32,
}

impl Rtmp {
    pub(crate) const fn new(selection: Selection, message_stream_id: u32, chunk_size: u32) -> Self {
        Self { selection, message_stream_id, chunk_size }
    }

    fn header(&self, packet: &Packet) -> MessageHeader {
        let kind = match packet.track_id.kind {
            media::MediaKind::Video => rtmp::MediaKind::Video,
            media::MediaKind::Audio => rtmp::MediaKind::Audio,
            media::MediaKind::Data => rtmp::MediaKind::Data,
        };
        MessageHeader::media(kind, self.message_stream_id, flv::timestamp_ms(packet.dts))
    }

    fn takes(&self, packet: &Packet) -> bool {
        self.selection.takes(packet)
    }

    /// The decoder configs at the time of `start`.
    fn put_configs(&self, start: &Start, out: &mut BytesMut) {
        for track in start.tracks.iter() {
            self.append(&super::flv::config_packet(track, start), out);
        }
    }
}

impl PacketFormat for Rtmp {
    fn opening(&self, start: &Start) -> Bytes {
        let mut out = BytesMut::with_capacity(1024);
        let tracks: Vec<_> = start.tracks.iter().map(|track| media::Track::clone(track)).collect();
        let metadata = flv::metadata_body(&tracks, Some(&start.metadata));
        // At time 0 whatever the time: FFmpeg takes script data at any other time for a subtitle track.
        let header = MessageHeader::media(rtmp::MediaKind::Data, self.message_stream_id, 0);
        rtmp::encode_message(&mut out, &header, &[&metadata], self.chunk_size);
        self.put_configs(start, &mut out);
        out.freeze()
    }

    fn reopening(&self, start: &Start) -> Bytes {
        let mut out = BytesMut::with_capacity(1024);
        self.put_configs(start, &mut out);
        out.freeze()
    }

    fn append(&self, packet: &Packet, out: &mut BytesMut) {
        if !self.takes(packet) {
            return;
        }
        if let Some(body_header) = flv::body_header(packet) {
            let parts: [&[u8]; 2] = [&body_header, &flv::body_payload(packet)];
            rtmp::encode_message(out, &self.header(packet), &parts, self.chunk_size);
        }
    }

    fn pieces(&self, packets: &[Packet], out: &mut VecDeque<Bytes>) {
        let mut pieces = Vec::with_capacity(packets.len() * 2);
        for packet in packets.iter().filter(|packet| self.takes(packet)) {
            if let Some(body_header) = flv::body_header(packet) {
                let payload = flv::body_payload(packet);
                rtmp::message_pieces(
                    &mut pieces,
                    &self.header(packet),
                    &body_header,
                    payload,
                    self.chunk_size,
                );
            }
        }
        out.extend(pieces);
    }
}

/// A player's session after its `play` was accepted.
pub struct RtmpPeer {
    session: ServerSession,
    feeds: Arc<Feeds>,
    stream: Arc<Stream>,
    selection: Selection,
    message_stream_id: u32,
    new_feed: Option<Arc<Feed>>,
}

impl RtmpPeer {
    /// A player of `stream` on `message_stream_id`.
    pub(crate) fn new(
        session: ServerSession,
        feeds: Arc<Feeds>,
        stream: Arc<Stream>,
        selection: Selection,
        message_stream_id: u32,
    ) -> Self {
        Self { session, feeds, stream, selection, message_stream_id, new_feed: None }
    }

    pub(crate) fn hear(&mut self, bytes: &[u8], out: &mut VecDeque<Bytes>) -> Result<Answer, String> {
        let result = self.session.handle_input(bytes);
        let mut answer = Answer::Nothing;
        while let Some(event) = self.session.poll_event() {
            match self.on_event(&event) {
                Answer::Nothing => {}
                other => answer = other,
            }
        }
        while let Some(bytes) = self.session.poll_transmit() {
            out.push_back(bytes);
        }
        result.map(|()| answer).map_err(|error| error.to_string())
    }

    pub(crate) fn take_new_feed(&mut self) -> Option<Arc<Feed>> {
        self.new_feed.take()
    }

    fn select(&mut self, selection: Selection) {
        if selection != self.selection {
            self.selection = selection;
            let format = Format::Rtmp { selection, message_stream_id: self.message_stream_id };
            self.new_feed = Some(self.feeds.feed(&self.stream, format));
        }
    }
}

impl RtmpPeer {
    fn on_event(&mut self, event: &Event) -> Answer {
        match *event {
            Event::PauseRequested { paused, .. } => return Answer::Pause(paused),
            Event::ReceiveAudio { enabled, .. } => {
                self.select(Selection { audio: enabled, ..self.selection });
            }
            Event::ReceiveVideo { enabled, .. } => {
                self.select(Selection { video: enabled, ..self.selection });
            }
            Event::PlayEnded { message_stream_id } if message_stream_id == self.message_stream_id => {
                return Answer::Leave;
            }
            // One connection plays one stream; another wish on it is refused, as a publish is.
            Event::PlayRequested { request, .. } | Event::PublishRequested { request, .. } => {
                self.session.refuse(
                    request,
                    rtmp::status::CALL_FAILED,
                    "this connection plays already; open another one",
                );
            }
            Event::Connected(_) | Event::Media(_) | Event::PublishEnded { .. } | Event::PlayEnded { .. } => {}
        }
        Answer::Nothing
    }

    /// What a player is told at the end of its stream.
    pub(crate) fn farewell(&mut self, out: &mut VecDeque<Bytes>) {
        self.session.end_play(self.message_stream_id);
        while let Some(bytes) = self.session.poll_transmit() {
            out.push_back(bytes);
        }
    }
}
