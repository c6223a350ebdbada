//! Fragmented MP4 as it happens, over HTTP or WebSocket: the init segment, then fragments of one picture group each.
//!
//! A fragment states how long its last picture lasts, so a picture is sent when the next one has come.

use super::{FRAGMENT_SEQUENCE_STEP, Unit, UnitFormat};
use crate::websocket;
use bytes::{Bytes, BytesMut};
use hub::Start;
use media::{MediaKind, Packet, Timestamp, Track, TrackId, TrackInfo};
use std::time::Duration;

/// The default tracks of a stream as fragmented MP4.
#[derive(Default)]
pub(crate) struct Fmp4 {
    is_framed: bool,
    tracks: Vec<Track>,
    sequence: u32,
    video: Vec<Packet>,
    audio: Vec<Packet>,
    /// The tracks changed since the last unit.
    is_changed: bool,
}

impl Fmp4 {
    pub(crate) fn over_http() -> Self {
        Self::default()
    }

    pub(crate) fn over_websocket() -> Self {
        Self { is_framed: true, ..Self::default() }
    }

    fn opening(&self) -> Bytes {
        match mp4::init_segment(&self.tracks) {
            Ok(init) if self.is_framed => websocket::binary(&init),
            Ok(init) => init,
            Err(error) => {
                tracing::warn!(%error, "a stream cannot be written as MP4");
                Bytes::new()
            }
        }
    }

    fn track(&self, kind: MediaKind) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id.kind == kind)
    }

    fn take(&mut self, packet: &Packet, out: &mut Vec<Unit>) {
        if packet.is_config() {
            self.set_config(packet, out);
        } else if packet.track_id == TrackId::VIDEO {
            if packet.is_keyframe() {
                self.flush(Some(packet.dts), out);
            }
            self.video.push(packet.clone());
        } else if packet.track_id == TrackId::AUDIO {
            self.audio.push(packet.clone());
        }
    }

    fn set_config(&mut self, packet: &Packet, out: &mut Vec<Unit>) {
        if packet.track_id.index != 0 {
            return;
        }
        let Ok(track) = Track::from_config(packet.track_id, packet.codec, packet.payload.clone()) else {
            return;
        };
        if self.tracks.contains(&track) {
            return;
        }
        self.flush(Some(packet.dts), out);
        self.tracks.retain(|other| other.id != track.id);
        self.tracks.push(track);
        self.tracks.sort_by_key(|track| track.id);
        self.is_changed = true;
    }

    /// Makes a unit of what has come. `video_end` is when the last picture ends, if that is known; otherwise the last
    /// picture waits.
    fn flush(&mut self, video_end: Option<Timestamp>, out: &mut Vec<Unit>) {
        let kept = match video_end {
            Some(_) => None,
            None => self.video.pop(),
        };
        let end = video_end.or_else(|| kept.as_ref().map(|packet| packet.dts));
        let has_video = self.track(MediaKind::Video).is_some();
        let is_keyframe = match self.video.first() {
            Some(first) => first.is_keyframe(),
            None => !has_video,
        };
        let mut bytes = BytesMut::new();
        if let Some(end) = end
            && !self.video.is_empty()
        {
            let video = std::mem::take(&mut self.video);
            self.append(MediaKind::Video, &video, end, &mut bytes);
        }
        // Sound waits for its picture, unless there are none.
        if !bytes.is_empty() || (!has_video && !self.audio.is_empty()) {
            let audio = std::mem::take(&mut self.audio);
            if let Some(last) = audio.last() {
                let end = last.dts + self.audio_packet_duration();
                self.append(MediaKind::Audio, &audio, end, &mut bytes);
            }
        }
        self.video.extend(kept);
        if bytes.is_empty() {
            return;
        }
        let bytes = if self.is_framed { websocket::binary(&bytes) } else { bytes.freeze() };
        let opening = std::mem::take(&mut self.is_changed).then(|| self.opening());
        out.push(Unit { bytes, is_keyframe, opening });
    }

    fn append(&mut self, kind: MediaKind, samples: &[Packet], end: Timestamp, out: &mut BytesMut) {
        self.sequence = self.sequence.wrapping_add(FRAGMENT_SEQUENCE_STEP);
        let sequence = self.sequence;
        let Some(track) = self.track(kind) else { return };
        if let Err(error) = mp4::append_fragment(out, sequence, track, samples, end) {
            tracing::debug!(%error, "a fragment was left out");
        }
    }

    fn audio_packet_duration(&self) -> Duration {
        match self.track(MediaKind::Audio).map(|track| &track.info) {
            Some(TrackInfo::Audio(audio)) if audio.sample_rate > 0 => {
                let samples = audio.samples_per_packet.unwrap_or(1024);
                Duration::from_secs(samples.into()) / audio.sample_rate
            }
            _ => Duration::from_millis(20),
        }
    }
}

impl UnitFormat for Fmp4 {
    fn start(&mut self, start: &Start) -> Bytes {
        let tracks =
            start.tracks.iter().filter(|track| track.id.index == 0 && track.id.kind != MediaKind::Data);
        self.tracks = tracks.map(|track| Track::clone(track)).collect();
        self.video.clear();
        self.audio.clear();
        self.is_changed = false;
        self.opening()
    }

    fn push(&mut self, packets: &[Packet], out: &mut Vec<Unit>) {
        for packet in packets {
            self.take(packet, out);
        }
        self.flush(None, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::segmented::testing;
    use super::*;

    #[test]
    fn no_fragment_has_the_number_after_that_of_the_one_before() {
        let mut format = Fmp4 { tracks: testing::tracks(), ..Fmp4::over_http() };
        let mut units = Vec::new();
        for packet in testing::stream(1000, 1400, 400) {
            format.push(&[packet], &mut units);
        }
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.bytes.iter().copied()).collect();
        // moof, mfhd and its version stand before the number.
        let numbers: Vec<_> = bytes
            .windows(8)
            .enumerate()
            .filter(|(_, window)| &window[4..] == b"moof")
            .map(|(at, _)| u32::from_be_bytes(bytes[at + 20..at + 24].try_into().unwrap()))
            .collect();
        assert!(numbers.len() > 10, "{numbers:?}");
        assert!(numbers.windows(2).all(|pair| pair[1] > pair[0] + 1), "for VLC: {numbers:?}");
    }
}
