//! The bodies of tags, which are also the payloads of RTMP's audio, video and data messages, into packets.

use crate::{Error, TagType, enhanced, first_frame, legacy, normal_form, script};
use bytes::Bytes;
use media::{Codec, MediaKind, Metadata, Packet, PacketKind, Timestamp, TrackId};
use std::fmt;

/// How many tracks one stream may have. A track costs its decoder config.
pub const TRACKS_MAX: usize = 16;

/// How long a decoder config may be. Real ones have some tens or hundreds of bytes.
pub const CONFIG_BYTES_MAX: usize = 64 * 1024;

/// How long script data may be; longer ones are passed over.
pub const SCRIPT_BYTES_MAX: usize = 64 * 1024;

/// Reads the bodies of one stream's tags, in order.
///
/// Packets come with wire time: `dts` is the tag's timestamp, not unwrapped. Payloads are slices of the body, but for
/// decoder configs, which outlive it and are copied. A decoder config comes once for each track and again only when it
/// changed; for MP3, AC-3 and E-AC-3 it is made from the first frame.
#[derive(Debug, Default)]
pub struct BodyDemuxer {
    tracks: Vec<TrackState>,
    metadata: Option<Metadata>,
}

#[derive(Debug)]
struct TrackState {
    id: TrackId,
    codec: Codec,
    config: Bytes,
}

/// What became of a body that is not wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read; it need not have held a packet.
    Read,
    /// It, or a track in it, was passed over.
    Skipped(Skipped),
}

/// Why something that is allowed was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// No coded data.
    Empty,
    /// A command to players about seeking.
    Command,
    /// A kind of packet that is not known, or not used here.
    PacketType {
        /// Sound or pictures.
        tag_type: TagType,
        /// The number on the wire.
        packet_type: u8,
    },
    /// A codec that is not known.
    FourCc {
        /// Sound or pictures.
        tag_type: TagType,
        /// The four characters.
        four_cc: [u8; 4],
    },
    /// A way to group tracks that is not known.
    MultitrackType(u8),
    /// Coded data that came before the decoder config.
    NoConfig {
        /// The track.
        track_id: TrackId,
        /// Its codec.
        codec: Codec,
    },
    /// A frame without a readable header, of a codec that needs one.
    FrameHeader {
        /// The codec.
        codec: Codec,
    },
    /// One track more than [`TRACKS_MAX`].
    TooManyTracks {
        /// The track that found no room.
        track_id: TrackId,
    },
    /// Script data longer than [`SCRIPT_BYTES_MAX`] or with too many values.
    ScriptTooLarge {
        /// Its length.
        bytes: usize,
    },
}

/// One track's share of a body.
pub(crate) struct Unit {
    pub(crate) track_id: TrackId,
    pub(crate) codec: Codec,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    /// The end of a sequence, or anything else without data.
    Nothing,
    Config(Bytes),
    Coded {
        kind: PacketKind,
        /// From decode to presentation time; finer than the wire's milliseconds with ModEx.
        composition_micros: i64,
        payload: Bytes,
    },
}

impl BodyDemuxer {
    /// Before the first tag.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the encoder last said of its stream in `onMetaData`.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Reads one body and appends its packets to `out`. When the answer is an error, `out` may have grown by packets
    /// of tracks that were right. [`Error::UnsupportedCodec`] need not end a stream that has other tracks.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the packets share the body; the caller has no more use for it"
    )]
    pub fn demux(
        &mut self,
        tag_type: TagType,
        timestamp_ms: u32,
        body: Bytes,
        out: &mut Vec<Packet>,
    ) -> Result<Outcome, Error> {
        let dts = Timestamp::from_millis(timestamp_ms.into());
        let Some(&first) = body.first() else { return Ok(Outcome::Skipped(Skipped::Empty)) };
        match tag_type {
            TagType::Script => self.script(dts, &body, out),
            TagType::Video if enhanced::is_video(first) => enhanced::parts(tag_type, &body, |part| {
                enhanced::video_unit(first, part).and_then(|unit| self.emit(unit, dts, out))
            }),
            TagType::Audio if enhanced::is_audio(first) => enhanced::parts(tag_type, &body, |part| {
                enhanced::audio_unit(part).and_then(|unit| self.emit(unit, dts, out))
            }),
            TagType::Video => legacy::video_unit(&body).and_then(|unit| self.emit(unit, dts, out)),
            TagType::Audio => legacy::audio_unit(&body).and_then(|unit| self.emit(unit, dts, out)),
        }
        .or_else(Stop::into_outcome)
    }

    fn script(&mut self, dts: Timestamp, body: &Bytes, out: &mut Vec<Packet>) -> Result<Outcome, Stop> {
        if body.len() > SCRIPT_BYTES_MAX {
            return Err(Skipped::ScriptTooLarge { bytes: body.len() }.into());
        }
        match script::read(body)? {
            script::Script::Metadata(metadata) => self.metadata = metadata,
            script::Script::Data(payload) => out.push(Packet {
                track_id: TrackId::DATA,
                codec: Codec::ScriptData,
                kind: PacketKind::Frame,
                dts,
                pts: dts,
                discontinuity: false,
                payload,
            }),
        }
        Ok(Outcome::Read)
    }

    fn emit(&mut self, unit: Unit, dts: Timestamp, out: &mut Vec<Packet>) -> Result<Outcome, Stop> {
        let Unit { track_id, codec, content } = unit;
        let packet = |kind, dts, pts, payload| Packet {
            track_id,
            codec,
            kind,
            dts,
            pts,
            discontinuity: false,
            payload,
        };
        match content {
            Content::Nothing => {}
            Content::Config(config) if config.is_empty() => return Err(Skipped::Empty.into()),
            // These need none on the wire, and nothing says what one would look like.
            Content::Config(_) if first_frame::has_config(codec) => {}
            Content::Config(config) if config.len() > CONFIG_BYTES_MAX => {
                return Err(Error::ConfigTooLarge { bytes: config.len(), max_bytes: CONFIG_BYTES_MAX }.into());
            }
            Content::Config(config) => {
                let Some(config) = normal_form::config(codec, &config) else { return Ok(Outcome::Read) };
                if self.learn(track_id, codec, &config)? {
                    out.push(packet(PacketKind::Config, dts, dts, config));
                }
            }
            Content::Coded { payload, .. } if payload.is_empty() => return Err(Skipped::Empty.into()),
            Content::Coded { kind, composition_micros, payload } => {
                if first_frame::has_config(codec) {
                    let config =
                        first_frame::config(codec, &payload).ok_or(Skipped::FrameHeader { codec })?;
                    if self.learn(track_id, codec, &config)? {
                        out.push(packet(PacketKind::Config, dts, dts, config));
                    }
                } else if !self.tracks.iter().any(|track| track.id == track_id && track.codec == codec) {
                    return Err(Skipped::NoConfig { track_id, codec }.into());
                }
                for (payload, micros) in first_frame::frames(codec, normal_form::coded(codec, payload)) {
                    let offset_micros = composition_micros.saturating_add(micros);
                    let pts = Timestamp::from_micros(dts.as_micros().saturating_add(offset_micros));
                    // Sound has no order but one: a part of a millisecond belongs to both its times.
                    let dts = if track_id.kind == MediaKind::Audio { pts } else { dts };
                    out.push(packet(kind, dts, pts, payload));
                }
            }
        }
        Ok(Outcome::Read)
    }

    /// Notes a track's decoder config; says whether it is new.
    fn learn(&mut self, id: TrackId, codec: Codec, config: &Bytes) -> Result<bool, Stop> {
        let has_room = self.tracks.len() < TRACKS_MAX;
        match self.tracks.iter_mut().find(|track| track.id == id) {
            Some(track) if track.codec == codec && first_frame::is_same(codec, &track.config, config) => {
                return Ok(false);
            }
            Some(track) => *track = TrackState { id, codec, config: config.clone() },
            None if has_room => {
                self.tracks.push(TrackState { id, codec, config: config.clone() });
            }
            None => return Err(Skipped::TooManyTracks { track_id: id }.into()),
        }
        Ok(true)
    }
}

/// Why reading a body, or one track of it, stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    Skipped(Skipped),
    Wrong(Error),
}

impl Stop {
    fn into_outcome(self) -> Result<Outcome, Error> {
        match self {
            Self::Skipped(skipped) => Ok(Outcome::Skipped(skipped)),
            Self::Wrong(error) => Err(error),
        }
    }
}

impl From<Skipped> for Stop {
    fn from(skipped: Skipped) -> Self {
        Self::Skipped(skipped)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no data"),
            Self::Command => f.write_str("a seek command"),
            Self::PacketType { tag_type, packet_type } => {
                write!(f, "{tag_type} packet type {packet_type} is not used")
            }
            Self::FourCc { tag_type, four_cc } => {
                write!(f, "{tag_type} codec '{}' is unknown", four_cc.escape_ascii())
            }
            Self::MultitrackType(number) => write!(f, "multitrack type {number} is unknown"),
            Self::NoConfig { track_id, codec } => {
                write!(f, "{codec} data on track {} before its decoder config", track_id.index)
            }
            Self::FrameHeader { codec } => write!(f, "{codec} frame without a readable header"),
            Self::TooManyTracks { track_id } => {
                write!(f, "{:?} track {} is one more than {TRACKS_MAX}", track_id.kind, track_id.index)
            }
            Self::ScriptTooLarge { bytes } => {
                write!(f, "{bytes} bytes of script data, above {SCRIPT_BYTES_MAX} bytes or too many values")
            }
        }
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
