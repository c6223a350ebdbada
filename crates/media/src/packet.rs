use crate::{Codec, MediaKind, Timestamp, TrackId};
use bytes::Bytes;

/// What a packet's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// The track's decoder config: what a decoder needs before the packets that follow.
    Config,
    /// A coded picture that can be decoded without an earlier one.
    Keyframe,
    /// Any other coded picture, any coded sound, any data.
    Frame,
}

/// One timed, coded unit of one track: the hub's coin.
///
/// Cloning is cheap; the payload is shared. [`Codec`] says which normal form the payload has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The track it belongs to.
    pub track_id: TrackId,
    /// How the payload is coded.
    pub codec: Codec,
    /// What the payload is.
    pub kind: PacketKind,
    /// Decode time; never goes back within a track.
    pub dts: Timestamp,
    /// Presentation time; may be before `dts` of later packets when there are B-frames.
    pub pts: Timestamp,
    /// The first packet after a jump in time or a change of source: what came before does not join up with it.
    pub discontinuity: bool,
    /// The bytes, in the codec's normal form.
    pub payload: Bytes,
}

impl Packet {
    /// Whether a viewer may start at this packet of a stream that has pictures.
    pub fn is_keyframe(&self) -> bool {
        self.kind == PacketKind::Keyframe
    }

    /// Whether this is a decoder config.
    pub fn is_config(&self) -> bool {
        self.kind == PacketKind::Config
    }

    /// Whether this is a coded picture or a decoder config of one.
    pub fn is_video(&self) -> bool {
        self.track_id.kind == MediaKind::Video
    }

    /// Whether this is coded sound or a decoder config of it.
    pub fn is_audio(&self) -> bool {
        self.track_id.kind == MediaKind::Audio
    }
}
