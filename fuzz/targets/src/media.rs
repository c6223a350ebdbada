//! Codec headers, and time.

use crate::input::Input;
use crate::remux::{Order, check_track};
use bytes::Bytes;
use media::{
    Codec, MediaKind, Packet, PacketKind, Timeline, Timestamp, Track, TrackId, aac, ac3, av1, h264, h265,
    mp3, nal, opus, vp9,
};
use std::time::Duration;

const CODECS: [Codec; 11] = [
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

fn codec(byte: u8) -> Codec {
    CODECS[usize::from(byte) % CODECS.len()]
}

/// A decoder config behind a byte that chooses the codec. What is read of one can be written, and reads as the same.
pub fn media_config(data: &[u8]) {
    let mut input = Input(data);
    let codec = codec(input.u8());
    let config = Bytes::copy_from_slice(input.0);
    let id = TrackId { kind: codec.media_kind(), index: 0 };
    if let Ok(track) = Track::from_config(id, codec, config.clone()) {
        check_track(&track);
    }
    match codec {
        Codec::H264 => {
            if let Ok(read) = h264::DecoderConfig::parse(&config) {
                assert_eq!(h264::DecoderConfig::parse(&read.to_bytes()).as_ref(), Ok(&read));
                let _ = h264::DecoderConfig::from_parameter_sets(read.sps, read.pps);
            }
            let _ = h264::Sps::parse(&config);
        }
        Codec::H265 => {
            if let Ok(read) = h265::DecoderConfig::parse(&config) {
                assert_eq!(h265::DecoderConfig::parse(&read.to_bytes()).as_ref(), Ok(&read));
                let _ = h265::DecoderConfig::from_parameter_sets(read.vps, read.sps, read.pps);
            }
            let _ = h265::Sps::parse(&config);
        }
        Codec::Av1 => {
            if let Ok(Some(header)) = av1::find_sequence_header(&config) {
                header.config(&config);
            }
        }
        Codec::Vp8 | Codec::Vp9 => {
            if let Ok(read) = vp9::DecoderConfig::parse(&config) {
                assert_eq!(vp9::DecoderConfig::parse(&read.to_bytes()), Ok(read));
            }
        }
        Codec::Aac => {
            if let Ok(read) = aac::AudioSpecificConfig::parse(&config) {
                let _ = aac::AudioSpecificConfig::parse(&read.to_bytes());
            }
        }
        Codec::Opus => {
            if let Ok(read) = opus::OpusHead::parse(&config) {
                assert_eq!(opus::OpusHead::parse(&read.to_bytes()).as_ref(), Ok(&read));
            }
        }
        _ => {}
    }
}

/// Coded data as demuxers look at it: frame headers, NAL units in both dresses, OBUs.
pub fn media_frames(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some(header)) = aac::AdtsHeader::parse(rest) {
        assert!(header.frame_bytes >= header.header_bytes && header.header_bytes > 0);
        let _ = header.config();
        rest = rest.get(header.frame_bytes..).unwrap_or_default();
    }
    let mut rest = data;
    while let Ok(Some(header)) = mp3::FrameHeader::parse(rest) {
        assert!(header.frame_bytes > 0 && header.samples_per_frame() > 0);
        let _ = mp3::config_of(rest);
        rest = rest.get(header.frame_bytes..).unwrap_or_default();
    }
    let mut rest = data;
    while let Ok(frame) = ac3::SyncFrame::parse(rest) {
        assert!(frame.frame_bytes > 0 && frame.samples > 0 && frame.channels() > 0);
        rest = rest.get(frame.frame_bytes..).unwrap_or_default();
    }
    for codec in [Codec::Ac3, Codec::Eac3] {
        let of_frame = if codec == Codec::Ac3 { ac3::ac3_config_of } else { ac3::eac3_config_of };
        if let Ok(config) = of_frame(data) {
            Track::from_config(TrackId::AUDIO, codec, config).expect("a config that was made here");
        }
    }
    let _ = opus::packet_samples(data);
    let _ = (vp9::keyframe_size(data), vp9::vp8_keyframe_size(data));

    for unit in nal::annex_b(data) {
        assert!(!unit.is_empty());
        let _ = (h264::is_idr(unit), h264::Sps::parse(unit), h265::is_irap(unit), h265::Sps::parse(unit));
    }
    for length_size in [1, 2, 4] {
        let units = nal::length_prefixed(data, length_size).flatten();
        assert!(units.map(<[u8]>::len).sum::<usize>() <= data.len());
    }
    let obus = av1::obus(data).flatten();
    assert!(obus.map(|obu| obu.whole.len()).sum::<usize>() <= data.len());
    if let Ok(Some(header)) = av1::find_sequence_header(data) {
        header.config(data);
    }
}

/// Whatever times a publisher sends, however often it comes back: no track's time goes back.
pub fn timeline(data: &[u8]) {
    let mut input = Input(data);
    let mut timeline = Timeline::new(Timestamp::from_millis(1000), None);
    let mut order = Order::default();
    let mut wire = [Timestamp::ZERO; 4];
    while !input.is_empty() {
        let choice = input.u8();
        let (track_id, codec) = match choice & 3 {
            0 => (TrackId::VIDEO, Codec::H264),
            1 => (TrackId::AUDIO, Codec::Aac),
            2 => (TrackId { kind: MediaKind::Audio, index: 1 }, Codec::Opus),
            _ => (TrackId::DATA, Codec::ScriptData),
        };
        let at = &mut wire[usize::from(choice & 3)];
        match choice >> 2 & 15 {
            0 => timeline.set_wrap((choice >> 7 == 1).then(|| Duration::from_millis(input.u32().into()))),
            1 => timeline.set_audio_clock(track_id, input.u16().into(), input.u32()),
            2 => timeline.resume(Duration::from_millis(input.u32().into())),
            // Anywhere; by some seconds, forth and back; or one usual step on.
            3 => *at = Timestamp::from_micros(input.i64()),
            4 => *at = Timestamp::from_micros(at.as_micros().saturating_add((input.u32() as i32).into())),
            _ => *at = Timestamp::from_micros(at.as_micros().saturating_add(i64::from(input.u8()) * 1000)),
        }
        if choice >> 2 & 15 < 3 {
            continue;
        }
        let composition_micros = if choice >> 6 == 3 { i64::from(input.u16() as i16) * 1000 } else { 0 };
        let mut packet = Packet {
            track_id,
            codec,
            kind: if choice >> 6 == 2 { PacketKind::Config } else { PacketKind::Frame },
            dts: *at,
            pts: Timestamp::from_micros(at.as_micros().saturating_add(composition_micros)),
            discontinuity: false,
            payload: Bytes::new(),
        };
        timeline.place(&mut packet);
        order.check(&packet);
        assert!(timeline.now() >= Timestamp::ZERO);
    }
}
