//! MPEG-TS over HTTP: the tables, then a picture with its sound at a time.

use super::http::MediaError;
use super::{Unit, UnitFormat};
use bytes::{Bytes, BytesMut};
use hub::{Start, Stream};
use media::{MediaKind, Packet, Track};

/// A stream as MPEG-TS.
#[derive(Default)]
pub(crate) struct Ts {
    muxer: Option<mpegts::Muxer>,
    tracks: Vec<Track>,
}

/// Whether MPEG-TS can carry the stream.
pub(crate) fn check(stream: &Stream) -> Result<(), MediaError> {
    match stream.tracks().iter().find(|track| !mpegts::supports(track.codec)) {
        Some(track) => Err(MediaError::Unsupported(format!(
            "MPEG-TS does not carry {}; ask for {}.flv or {}.mp4",
            track.codec,
            stream.path(),
            stream.path()
        ))),
        None => Ok(()),
    }
}

impl Ts {
    fn tables(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        if let Some(muxer) = &mut self.muxer {
            muxer.tables(&mut out);
        }
        out.freeze()
    }

    /// Takes a decoder config that differs from the last. Returns the tables to send before what follows.
    fn set_config(&mut self, packet: &Packet) -> Option<Bytes> {
        let track = Track::from_config(packet.track_id, packet.codec, packet.payload.clone()).ok()?;
        if self.tracks.contains(&track) || !mpegts::supports(track.codec) {
            return None;
        }
        self.tracks.retain(|other| other.id != track.id);
        self.tracks.push(track);
        self.tracks.sort_by_key(|track| track.id);
        let result = match &mut self.muxer {
            Some(muxer) => muxer.set_tracks(&self.tracks),
            None => mpegts::Muxer::new(&self.tracks).map(|muxer| self.muxer = Some(muxer)),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "MPEG-TS goes on with the old tracks");
            return None;
        }
        Some(self.tables())
    }
}

impl UnitFormat for Ts {
    fn start(&mut self, start: &Start) -> Bytes {
        let carried = start.tracks.iter().filter(|track| mpegts::supports(track.codec));
        self.tracks = carried.map(|track| Track::clone(track)).collect();
        let result = match &mut self.muxer {
            // After a gap: counters go on.
            Some(muxer) => muxer.set_tracks(&self.tracks),
            None => mpegts::Muxer::new(&self.tracks).map(|muxer| self.muxer = Some(muxer)),
        };
        if let Err(error) = result {
            tracing::warn!(%error, "a stream cannot be written as MPEG-TS");
        }
        self.tables()
    }

    fn push(&mut self, packets: &[Packet], out: &mut Vec<Unit>) {
        let has_video = self.tracks.iter().any(|track| track.id.kind == MediaKind::Video);
        let mut unit = Unit { bytes: Bytes::new(), is_keyframe: !has_video, opening: None };
        let mut bytes = BytesMut::new();
        for packet in packets {
            if packet.is_config() {
                unit.opening = self.set_config(packet).or(unit.opening);
                continue;
            }
            if packet.is_keyframe() && !bytes.is_empty() {
                let next = Unit { bytes: Bytes::new(), is_keyframe: true, opening: None };
                let mut done = std::mem::replace(&mut unit, next);
                done.bytes = bytes.split().freeze();
                out.push(done);
            }
            unit.is_keyframe |= packet.is_keyframe();
            if let Some(muxer) = &mut self.muxer
                && let Err(error) = muxer.write(packet, &mut bytes)
            {
                tracing::debug!(%error, "a packet was left out of MPEG-TS");
            }
        }
        if !bytes.is_empty() {
            unit.bytes = bytes.freeze();
            out.push(unit);
        }
    }
}
