//! Packets to test with: of every codec, as the normal forms have them.

use bytes::Bytes;
use media::{Codec, MediaKind, Packet, PacketKind, Timestamp, TrackId};
use proptest::prelude::*;

pub(crate) const CODECS: [Codec; 11] = [
    Codec::H264,
    Codec::H265,
    Codec::Av1,
    Codec::Vp8,
    Codec::Vp9,
    Codec::Aac,
    Codec::Mp3,
    Codec::Opus,
    Codec::Flac,
    Codec::Ac3,
    Codec::Eac3,
];

/// A decoder config of `codec` that a real encoder made.
pub(crate) fn config(codec: Codec) -> Bytes {
    let hex = match codec {
        // x264, 64×48, High 1.0
        Codec::H264 => {
            "0164000affe100186764000aacd9447b011000000300100000030320f122596001000568ef839cb0fdf8f800"
        }
        // x265 and libaom, 64×48
        Codec::H265 => {
            "0104080000009e08000000001ef000fcfff8f800000f03200001001740010c01ffff0408000003009e0800000300001e95980921\
             0001002b4201010408000003009e0800000300001e90041062cb2b35c995e02dc0808001000003000100000300190822000100084\
             401c17318310890"
        }
        Codec::Av1 => "81000c000a0a00000002aff79b5f2008",
        Codec::Vp8 | Codec::Vp9 => "01000000000a820101010000",
        Codec::Aac => "119056e500",
        Codec::Mp3 => "fffb10c4",
        Codec::Opus => "4f707573486561640102380180bb0000000000",
        Codec::Flac => "664c614380000022120012000000fc0009030ac442f00000000000000000000000000000000000000000",
        Codec::Ac3 => "101140",
        Codec::Eac3 => "0600200400",
        Codec::ScriptData => "",
    };
    unhex(hex)
}

/// The first bytes of a frame of `codec`, as many as say what its decoder config is.
pub(crate) fn frame_start(codec: Codec) -> Bytes {
    unhex(match codec {
        Codec::Mp3 => "fffb10c4",
        Codec::Ac3 => "0b77fe95144043e1",
        Codec::Eac3 => "0b77017f3487c000",
        _ => "",
    })
}

pub(crate) fn unhex(hex: &str) -> Bytes {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub(crate) fn packet(
    track_id: TrackId,
    codec: Codec,
    kind: PacketKind,
    dts_ms: i64,
    payload: Bytes,
) -> Packet {
    let dts = Timestamp::from_millis(dts_ms);
    Packet { track_id, codec, kind, dts, pts: dts, discontinuity: false, payload }
}

/// A decoder config and some coded packets of one track, with times of whole milliseconds.
pub(crate) fn any_track() -> impl Strategy<Value = Vec<Packet>> {
    let coded = (0u32.., any::<bool>(), -0x80_0000i64..0x80_0000, prop::collection::vec(any::<u8>(), 1..40));
    let coded = prop::collection::vec(coded, 1..6);
    (prop::sample::select(&CODECS[..]), 0u8..4, coded).prop_map(|(codec, index, coded)| {
        let id = TrackId { kind: codec.media_kind(), index };
        let first_ms = i64::from(coded[0].0);
        let mut packets = vec![packet(id, codec, PacketKind::Config, first_ms, config(codec))];
        for (dts_ms, is_keyframe, composition_ms, bytes) in coded {
            let kind = match (id.kind, is_keyframe) {
                (MediaKind::Video, true) => PacketKind::Keyframe,
                _ => PacketKind::Frame,
            };
            // So that an AV1 packet does not begin with a temporal delimiter.
            let payload = [&frame_start(codec)[..], &[0x0A], &bytes].concat().into();
            let mut packet = packet(id, codec, kind, dts_ms.into(), payload);
            if matches!(codec, Codec::H264 | Codec::H265) {
                packet.pts = Timestamp::from_millis(i64::from(dts_ms) + composition_ms);
            }
            packets.push(packet);
        }
        packets
    })
}
