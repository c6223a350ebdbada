//! Elementary streams: the payloads of PES packets become packets in normal form.

mod audio;
mod video;

use crate::stream::StreamType;
use audio::AudioStream;
use bytes::Bytes;
use media::{Codec, Packet, PacketKind, Timestamp, TrackId};
use video::VideoStream;

/// When a unit is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) pts: Timestamp,
    pub(crate) dts: Timestamp,
}

/// Where finished packets go, with what all packets of a track share.
pub(crate) struct Output<'a> {
    pub(crate) track_id: TrackId,
    pub(crate) codec: Codec,
    /// Set until the first packet was given out.
    pub(crate) discontinuity: &'a mut bool,
    pub(crate) packets: &'a mut Vec<Packet>,
    /// Units that could not be read.
    pub(crate) dropped: &'a mut u64,
}

impl Output<'_> {
    fn push(&mut self, kind: PacketKind, times: Times, payload: Bytes) {
        let Times { pts, dts } = times;
        let discontinuity = kind != PacketKind::Config && std::mem::take(self.discontinuity);
        let (track_id, codec) = (self.track_id, self.codec);
        self.packets.push(Packet { track_id, codec, kind, dts, pts, discontinuity, payload });
    }

    /// Gives out a decoder config if it is another one than the last.
    fn push_config(&mut self, last: &mut Bytes, config: Bytes, times: Times) {
        if *last != config {
            *last = config.clone();
            let times = Times { pts: times.dts, ..times };
            self.push(PacketKind::Config, times, config);
        }
    }

    fn drop_unit(&mut self) {
        *self.dropped = self.dropped.saturating_add(1);
    }
}

/// One elementary stream.
#[derive(Debug)]
pub(crate) enum Elementary {
    Video(VideoStream),
    Audio(AudioStream),
}

impl Elementary {
    pub(crate) fn new(stream_type: StreamType) -> Self {
        match stream_type {
            StreamType::H264 | StreamType::H265 => Self::Video(VideoStream::default()),
            _ => Self::Audio(AudioStream::default()),
        }
    }

    /// Takes the payload of a PES packet. `times` is `None` when the packet states none.
    pub(crate) fn push(&mut self, payload: &[u8], times: Option<Times>, out: &mut Output<'_>) {
        match self {
            Self::Video(video) => video.push(payload, times, out),
            Self::Audio(audio) => audio.push(payload, times, out),
        }
    }

    /// Bytes were lost: what was begun cannot be finished.
    pub(crate) fn reset(&mut self) {
        if let Self::Audio(audio) = self {
            audio.reset();
        }
    }
}
