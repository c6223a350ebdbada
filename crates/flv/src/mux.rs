//! Packets into tag bodies, which are also RTMP message payloads, and those into tags.
//!
//! H.264, AAC and MP3 of the default tracks are written the legacy way, which every player reads; all else the
//! enhanced way.

use crate::amf0::{self, Value};
use crate::normal_form::VPCC_VERSION_AND_FLAGS;
use crate::{TagType, enhanced, first_frame, four_cc, legacy};
use bytes::{BufMut, Bytes, BytesMut};
use media::{Codec, MediaKind, Metadata, Packet, PacketKind, Timestamp, Track, TrackId, TrackInfo, mp3};
use std::ops::Deref;

/// A tag's body may not be longer; the field has 24 bits.
const BODY_BYTES_MAX: usize = 0xFF_FFFF;

const TAG_HEADER_BYTES: usize = 11;

/// What stands before the payload in a tag's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyHeader {
    bytes: [u8; Self::BYTES_MAX],
    len: usize,
}

impl BodyHeader {
    /// The longest there is.
    pub const BYTES_MAX: usize = 16;

    fn concat(parts: &[&[u8]]) -> Self {
        let mut header = Self::default();
        for byte in parts.iter().copied().flatten() {
            if let Some(place) = header.bytes.get_mut(header.len) {
                *place = *byte;
                header.len = header.len.saturating_add(1);
            }
        }
        header
    }
}

impl Deref for BodyHeader {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl AsRef<[u8]> for BodyHeader {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// The first 13 bytes of an FLV stream: its header, and the size of the tag before the first.
pub fn file_header(has_audio: bool, has_video: bool) -> [u8; 13] {
    let flags = u8::from(has_audio) << 2 | u8::from(has_video);
    [b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]
}

/// What goes before [`body_payload`] in the body; `None` for a packet that FLV does not carry, which are the decoder
/// configs of codecs whose frames say it all.
pub fn body_header(packet: &Packet) -> Option<BodyHeader> {
    let Packet { track_id, codec, .. } = *packet;
    let is_config = packet.kind == PacketKind::Config;
    if is_config && first_frame::has_config(codec) {
        return None;
    }
    Some(match (codec, track_id) {
        (Codec::ScriptData, _) if is_config => return None,
        (Codec::ScriptData, _) => BodyHeader::default(),
        (Codec::H264, TrackId::VIDEO) => {
            let first = frame_type(packet.kind) << 4 | legacy::CODEC_AVC;
            BodyHeader::concat(&[&[first, u8::from(!is_config)], &composition_ms(packet)])
        }
        // §E.4.2.1: always 44 kHz, 16 bit, stereo; players take the truth from the decoder config.
        (Codec::Aac, TrackId::AUDIO) => {
            BodyHeader::concat(&[&[legacy::SOUND_AAC << 4 | 0b1111, u8::from(!is_config)]])
        }
        (Codec::Mp3, TrackId::AUDIO) => BodyHeader::concat(&[&[mp3_sound_byte(&packet.payload)]]),
        _ if track_id.kind == MediaKind::Video => {
            let has_time = enhanced::has_composition_time(codec);
            let composition_ms = composition_ms(packet);
            let packet_type = match packet.kind {
                PacketKind::Config => enhanced::SEQUENCE_START,
                _ if has_time && composition_ms == [0; 3] => enhanced::VIDEO_CODED_FRAMES_X,
                _ => enhanced::CODED_FRAMES,
            };
            let composition: &[u8] =
                if has_time && packet_type == enhanced::CODED_FRAMES { &composition_ms } else { &[] };
            enhanced_header(track_id, codec, packet.kind, packet_type, composition)?
        }
        _ => {
            let packet_type = if is_config { enhanced::SEQUENCE_START } else { enhanced::CODED_FRAMES };
            enhanced_header(track_id, codec, packet.kind, packet_type, &[])?
        }
    })
}

/// What goes behind [`body_header`]: the packet's payload, but for the first bytes of a VP8 or VP9 decoder config,
/// which only a file has. Nothing is copied.
pub fn body_payload(packet: &Packet) -> Bytes {
    match packet.codec {
        Codec::Vp8 | Codec::Vp9 if packet.is_config() => {
            let record = packet.payload.strip_prefix(&VPCC_VERSION_AND_FLAGS).unwrap_or(&packet.payload);
            packet.payload.slice_ref(record)
        }
        _ => packet.payload.clone(),
    }
}

/// The body of a tag that says a track's sequence is over; `None` where there is no such tag. It has no payload.
pub fn end_of_sequence(track_id: TrackId, codec: Codec) -> Option<BodyHeader> {
    match (codec, track_id) {
        (Codec::Aac | Codec::Mp3, TrackId::AUDIO) => None,
        (Codec::H264, TrackId::VIDEO) => Some(BodyHeader::concat(&[&[
            legacy::FRAME_KEY << 4 | legacy::CODEC_AVC,
            legacy::AVC_END_OF_SEQUENCE,
            0,
            0,
            0,
        ]])),
        _ => enhanced_header(track_id, codec, PacketKind::Keyframe, enhanced::SEQUENCE_END, &[]),
    }
}

/// What stands before a body in a tag. `body_bytes` above 24 bits cannot be written and must not be given.
pub fn tag_header(tag_type: TagType, body_bytes: usize, timestamp_ms: u32) -> [u8; TAG_HEADER_BYTES] {
    let [.., size_2, size_1, size_0] = body_bytes.to_be_bytes();
    let [time_3, time_2, time_1, time_0] = timestamp_ms.to_be_bytes();
    [tag_type as u8, size_2, size_1, size_0, time_2, time_1, time_0, time_3, 0, 0, 0]
}

/// What stands behind a body: the size of the tag.
pub fn previous_tag_size(body_bytes: usize) -> [u8; 4] {
    u32::try_from(body_bytes.saturating_add(TAG_HEADER_BYTES)).unwrap_or(u32::MAX).to_be_bytes()
}

/// A time as FLV and RTMP carry it: the low 32 bits of its milliseconds.
pub fn timestamp_ms(time: Timestamp) -> u32 {
    time.as_millis() as u32
}

/// Appends the packet as a whole tag. Appends nothing and says `false` when FLV does not carry it.
pub fn encode_tag(packet: &Packet, out: &mut BytesMut) -> bool {
    let Some(header) = body_header(packet) else { return false };
    encode_parts(packet.track_id.kind.into(), packet.dts, &header, &body_payload(packet), out)
}

/// Appends the tag that says a track's sequence is over; says `false` where there is no such tag.
pub fn encode_end_of_sequence(track_id: TrackId, codec: Codec, dts: Timestamp, out: &mut BytesMut) -> bool {
    let Some(header) = end_of_sequence(track_id, codec) else { return false };
    encode_parts(track_id.kind.into(), dts, &header, &[], out)
}

fn encode_parts(
    tag_type: TagType,
    dts: Timestamp,
    header: &[u8],
    payload: &[u8],
    out: &mut BytesMut,
) -> bool {
    let body_bytes = header.len().saturating_add(payload.len());
    if body_bytes > BODY_BYTES_MAX {
        return false;
    }
    out.reserve(TAG_HEADER_BYTES.saturating_add(body_bytes).saturating_add(4));
    out.put_slice(&tag_header(tag_type, body_bytes, timestamp_ms(dts)));
    out.put_slice(header);
    out.put_slice(payload);
    out.put_slice(&previous_tag_size(body_bytes));
    true
}

/// An `onMetaData` body that describes the tracks; per kind the first is the default one, and the others go into the
/// maps of Enhanced RTMP v2.
pub fn metadata_body(tracks: &[Track], metadata: Option<&Metadata>) -> Bytes {
    encode_metadata(Vec::new(), tracks, metadata)
}

/// The same for a file, with its length in seconds and bytes in front, both 0. [`file_numbers`] says where they are.
pub fn file_metadata_body(tracks: &[Track], metadata: Option<&Metadata>) -> Bytes {
    encode_metadata(FILE_NUMBERS.map(|key| (key.to_owned(), Value::Number(0.0))).into(), tracks, metadata)
}

/// What the numbers are called that say how long a file is.
const FILE_NUMBERS: [&str; 2] = ["duration", "filesize"];

/// Where a file's length in seconds and its length in bytes are written, each a big-endian 64-bit float, when `start`
/// is how a file begins whose first tag is a [`file_metadata_body`].
pub fn file_numbers(start: &[u8]) -> Option<[usize; 2]> {
    let mut like_it = BytesMut::new();
    amf0::encode(&Value::from("onMetaData"), &mut like_it);
    let name = file_header(false, false).len().checked_add(TAG_HEADER_BYTES)?;
    let mut at = name.checked_add(like_it.len())?;
    if start.get(..3)? != b"FLV" || start.get(name..at)? != like_it {
        return None;
    }
    // The marker of an ECMA array and the count of its members.
    at = at.checked_add(5)?;
    let mut found = [0; 2];
    for (key, place) in FILE_NUMBERS.iter().zip(&mut found) {
        let [.., high, low] = key.len().to_be_bytes();
        // Its name, and the marker of a number.
        let member = [&[high, low], key.as_bytes(), &[0]].concat();
        let number = at.checked_add(member.len())?;
        if start.get(at..number)? != member {
            return None;
        }
        *place = number;
        at = number.checked_add(8)?;
    }
    Some(found)
}

fn encode_metadata(
    mut members: Vec<(String, Value)>,
    tracks: &[Track],
    metadata: Option<&Metadata>,
) -> Bytes {
    let default =
        |kind| tracks.iter().filter(|track| track.id.kind == kind).min_by_key(|track| track.id.index);
    let video = default(MediaKind::Video);
    let audio = default(MediaKind::Audio);
    for track in [video, audio].into_iter().flatten() {
        members.extend(track_members(track, metadata));
    }
    if let Some(metadata) = metadata {
        let kbps = |bps: Option<u32>| bps.map(|bps| Value::Number(f64::from(bps) / 1000.0));
        let fields = [
            ("videodatarate", kbps(metadata.video_bps).filter(|_| video.is_some())),
            ("audiodatarate", kbps(metadata.audio_bps).filter(|_| audio.is_some())),
            ("encoder", metadata.encoder.as_deref().map(Value::from)),
        ];
        members.extend(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    for (key, default) in [("videoTrackIdInfoMap", video), ("audioTrackIdInfoMap", audio)] {
        let Some(default) = default else { continue };
        let others = tracks.iter().filter(|track| track.id.kind == default.id.kind && track.id != default.id);
        let map: Vec<_> = others
            .map(|track| (track.id.index.to_string(), Value::Object(track_members(track, None).collect())))
            .collect();
        if !map.is_empty() {
            members.push((key.to_owned(), Value::Object(map)));
        }
    }
    let mut out = BytesMut::new();
    amf0::encode(&Value::from("onMetaData"), &mut out);
    amf0::encode(&Value::EcmaArray(members), &mut out);
    out.freeze()
}

fn track_members(track: &Track, metadata: Option<&Metadata>) -> impl Iterator<Item = (String, Value)> {
    let number = |number: f64| Some(Value::Number(number));
    let fields = match &track.info {
        TrackInfo::Video(info) => {
            let frame_rate = info.frame_rate.or_else(|| metadata?.frame_rate);
            [
                ("width", (info.width > 0).then(|| Value::Number(info.width.into()))),
                ("height", (info.height > 0).then(|| Value::Number(info.height.into()))),
                ("framerate", frame_rate.map(Value::Number)),
                ("videocodecid", codec_id(track)),
            ]
        }
        TrackInfo::Audio(info) => [
            ("audiocodecid", codec_id(track)),
            ("audiosamplerate", (info.sample_rate > 0).then(|| Value::Number(info.sample_rate.into()))),
            ("audiosamplesize", number(16.0)),
            ("stereo", Some(Value::Boolean(info.channels == 2))),
        ],
    };
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)))
}

/// The codec as it stands in the track's tags: a legacy number, or a FourCC read as a number.
fn codec_id(track: &Track) -> Option<Value> {
    let number = match (track.codec, track.id) {
        (Codec::H264, TrackId::VIDEO) => legacy::CODEC_AVC.into(),
        (Codec::Aac, TrackId::AUDIO) => legacy::SOUND_AAC.into(),
        (Codec::Mp3, TrackId::AUDIO) => legacy::SOUND_MP3.into(),
        (codec, _) => u32::from_be_bytes(four_cc(codec)?),
    };
    Some(Value::Number(number.into()))
}

fn enhanced_header(
    track_id: TrackId,
    codec: Codec,
    kind: PacketKind,
    packet_type: u8,
    composition_ms: &[u8],
) -> Option<BodyHeader> {
    let four_cc = four_cc(codec)?;
    let (first, multitrack) = match track_id.kind {
        MediaKind::Video => (enhanced::VIDEO_ENHANCED | frame_type(kind) << 4, enhanced::VIDEO_MULTITRACK),
        MediaKind::Audio => (enhanced::SOUND_ENHANCED << 4, enhanced::AUDIO_MULTITRACK),
        MediaKind::Data => return None,
    };
    Some(if track_id.index == 0 {
        BodyHeader::concat(&[&[first | packet_type], &four_cc, composition_ms])
    } else {
        let types = enhanced::ONE_TRACK << 4 | packet_type;
        BodyHeader::concat(&[&[first | multitrack, types], &four_cc, &[track_id.index], composition_ms])
    })
}

fn frame_type(kind: PacketKind) -> u8 {
    match kind {
        PacketKind::Config | PacketKind::Keyframe => legacy::FRAME_KEY,
        PacketKind::Frame => legacy::FRAME_INTER,
    }
}

/// From decode to presentation time as the wire has it, a signed number of 24 bits. Both times are rounded first, so
/// that the player's sum is the rounded presentation time.
fn composition_ms(packet: &Packet) -> [u8; 3] {
    let millis = packet.pts.as_millis().saturating_sub(packet.dts.as_millis());
    let [.., high, middle, low] = millis.clamp(-0x80_0000, 0x7F_FFFF).to_be_bytes();
    [high, middle, low]
}

/// §E.4.2.1: format, nearest sample rate, 16 bit, channels, taken from the frame's own header.
fn mp3_sound_byte(frame: &[u8]) -> u8 {
    let Ok(Some(header)) = mp3::FrameHeader::parse(frame) else { return legacy::SOUND_MP3 << 4 | 0b1111 };
    let (format, rate) = match header.sample_rate {
        32_000.. => (legacy::SOUND_MP3, 3),
        16_000.. => (legacy::SOUND_MP3, 2),
        8_000 => (legacy::SOUND_MP3_8K, 0),
        _ => (legacy::SOUND_MP3, 1),
    };
    format << 4 | rate << 2 | 0b10 | u8::from(header.channels == 2)
}

#[cfg(test)]
#[path = "mux_tests.rs"]
mod tests;
