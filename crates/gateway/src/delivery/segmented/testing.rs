//! Packets made by hand: H.264 at 25 pictures a second and AAC at 48 kHz.

use bytes::Bytes;
use media::{Codec, Packet, PacketKind, Timestamp, Track, TrackId};

/// `AVCDecoderConfigurationRecord`: Main profile, level 3.1, 1280x720.
const AVC_720: &[u8] = b"\x01\x4d\x40\x1f\xff\xe1\x00\x19\x67\x4d\x40\x1f\xd9\x00\x50\x05\xbb\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x83\x24\x80\x01\x00\x05\x68\xeb\xc3\xcb\x20";
/// `AudioSpecificConfig`: AAC-LC, stereo.
const AAC_48_KHZ: &[u8] = b"\x11\x90";
const AAC_44_KHZ: &[u8] = b"\x12\x10";

/// Time between two pictures.
pub(super) const PICTURE_MS: i64 = 40;

fn packet(track_id: TrackId, codec: Codec, kind: PacketKind, ms: i64, payload: Bytes) -> Packet {
    let dts = Timestamp::from_millis(ms);
    Packet { track_id, codec, kind, dts, pts: dts, discontinuity: false, payload }
}

pub(crate) fn video_config() -> Packet {
    packet(TrackId::VIDEO, Codec::H264, PacketKind::Config, 0, Bytes::from_static(AVC_720))
}

pub(crate) fn audio_config() -> Packet {
    packet(TrackId::AUDIO, Codec::Aac, PacketKind::Config, 0, Bytes::from_static(AAC_48_KHZ))
}

pub(super) fn other_audio_config() -> Packet {
    packet(TrackId::AUDIO, Codec::Aac, PacketKind::Config, 0, Bytes::from_static(AAC_44_KHZ))
}

pub(super) fn mp3_config() -> Packet {
    packet(TrackId::AUDIO, Codec::Mp3, PacketKind::Config, 0, Bytes::from_static(b"\xff\xfb\x90\xc4"))
}

pub(crate) fn tracks() -> Vec<Track> {
    [video_config(), audio_config()]
        .map(|packet| Track::from_config(packet.track_id, packet.codec, packet.payload).unwrap())
        .to_vec()
}

pub(super) fn video(ms: i64, is_keyframe: bool) -> Packet {
    let (kind, nal) = match is_keyframe {
        true => (PacketKind::Keyframe, b"\0\0\0\x03\x65\x88\x80"),
        false => (PacketKind::Frame, b"\0\0\0\x03\x41\x9a\x80"),
    };
    packet(TrackId::VIDEO, Codec::H264, kind, ms, Bytes::from_static(nal))
}

/// The sound packet number `index`, 1024 samples long.
pub(super) fn audio(index: i64) -> Packet {
    let dts = Timestamp::from_ticks(index * 1024, 48_000);
    Packet {
        dts,
        pts: dts,
        ..packet(TrackId::AUDIO, Codec::Aac, PacketKind::Frame, 0, Bytes::from_static(b"\x21\x10\x05"))
    }
}

/// Pictures and sound from `from_ms` up to `to_ms` in the order of their times, a keyframe every `gop_ms`.
pub(crate) fn stream(from_ms: i64, to_ms: i64, gop_ms: i64) -> Vec<Packet> {
    let pictures =
        (from_ms..to_ms).step_by(PICTURE_MS as usize).map(|ms| video(ms, (ms - from_ms) % gop_ms == 0));
    let sounds = (from_ms * 48 / 1024 + 1..to_ms * 48 / 1024).map(audio);
    let mut packets: Vec<_> = pictures.chain(sounds).collect();
    packets.sort_by_key(|packet| packet.dts);
    packets
}

pub(super) fn opus_config() -> Packet {
    let head = Bytes::from_static(b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00");
    packet(TrackId::AUDIO, Codec::Opus, PacketKind::Config, 0, head)
}
