use super::*;
use crate::test_streams::{CODECS, any_track, config, packet, unhex};
use crate::{BodyDemuxer, Demuxer, Outcome};
use media::{AudioInfo, VideoInfo};
use proptest::prelude::*;
use scuffle_flv::audio::AudioData;
use scuffle_flv::audio::body::AudioTagBody;
use scuffle_flv::audio::body::enhanced::{AudioPacket, ExAudioTagBody};
use scuffle_flv::script::ScriptData;
use scuffle_flv::video::VideoData;
use scuffle_flv::video::body::VideoTagBody;
use scuffle_flv::video::body::enhanced::{
    ExVideoTagBody, VideoPacket, VideoPacketCodedFrames, VideoPacketSequenceStart,
};
use scuffle_flv::video::header::VideoFrameType;
use std::io::Cursor;

const MP3_TRACK: TrackId = TrackId::AUDIO;

fn body(packet: &Packet) -> Bytes {
    [&body_header(packet).unwrap()[..], &body_payload(packet)].concat().into()
}

fn read(stream: &[u8]) -> Vec<Packet> {
    let (mut demuxer, mut bodies, mut out) = (Demuxer::new(1 << 20), BodyDemuxer::new(), Vec::new());
    demuxer.push(stream);
    while let Some(tag) = demuxer.poll_tag().unwrap() {
        let outcome = bodies.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut out).unwrap();
        assert_eq!(outcome, Outcome::Read);
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(packets in any_track()) {
        let mut stream = BytesMut::from(&file_header(true, true)[..]);
        for packet in &packets {
            let is_made_from_a_frame = packet.is_config() && crate::first_frame::has_config(packet.codec);
            prop_assert_eq!(encode_tag(packet, &mut stream), !is_made_from_a_frame);
        }
        prop_assert_eq!(read(&stream), packets);
    }

    /// Another reader of Enhanced RTMP sees what we wrote.
    #[test]
    fn another_reader_reads_what_is_written(packets in any_track()) {
        for packet in &packets {
            match packet.track_id.kind {
                _ if body_header(packet).is_none() => {}
                MediaKind::Video => check_video(packet),
                _ => check_audio(packet),
            }
        }
    }
}

fn check_video(packet: &Packet) {
    let read = VideoData::demux(&mut Cursor::new(body(packet))).unwrap();
    let is_key = packet.kind != PacketKind::Frame;
    assert_eq!(
        read.header.frame_type,
        if is_key { VideoFrameType::KeyFrame } else { VideoFrameType::InterFrame }
    );
    let parsed = match read.body {
        VideoTagBody::Legacy(_) => {
            assert_eq!((packet.track_id, packet.codec), (TrackId::VIDEO, Codec::H264));
            return;
        }
        VideoTagBody::Enhanced(ExVideoTagBody::NoMultitrack { video_four_cc, packet: parsed }) => {
            assert_eq!((packet.track_id.index, Some(video_four_cc.0)), (0, four_cc(packet.codec)));
            parsed
        }
        VideoTagBody::Enhanced(ExVideoTagBody::ManyTracks(mut tracks)) => {
            let track = tracks.pop().unwrap();
            assert!(tracks.is_empty());
            assert_eq!(track.video_track_id, packet.track_id.index);
            assert_eq!(Some(track.video_four_cc.0), four_cc(packet.codec));
            track.packet
        }
        body => panic!("{body:?}"),
    };
    let composition_ms = packet.pts.as_millis() - packet.dts.as_millis();
    match parsed {
        VideoPacket::SequenceStart(start) => {
            assert!(packet.is_config());
            match start {
                VideoPacketSequenceStart::Avc(_) => assert_eq!(packet.codec, Codec::H264),
                VideoPacketSequenceStart::Hevc(_) => assert_eq!(packet.codec, Codec::H265),
                VideoPacketSequenceStart::Av1(_) => assert_eq!(packet.codec, Codec::Av1),
                // The record alone, without the version and flags of its box.
                VideoPacketSequenceStart::Other(data) => assert_eq!(data, packet.payload[4..]),
            }
        }
        VideoPacket::CodedFramesX { data } => assert_eq!((data, composition_ms), (packet.payload.clone(), 0)),
        VideoPacket::CodedFrames(VideoPacketCodedFrames::Other(data)) => assert_eq!(data, packet.payload),
        VideoPacket::CodedFrames(
            VideoPacketCodedFrames::Avc { composition_time_offset, data }
            | VideoPacketCodedFrames::Hevc { composition_time_offset, data },
        ) => assert_eq!((data, i64::from(composition_time_offset)), (packet.payload.clone(), composition_ms)),
        parsed => panic!("{parsed:?}"),
    }
}

fn check_audio(packet: &Packet) {
    let read = AudioData::demux(&mut Cursor::new(body(packet))).unwrap();
    let parsed = match read.body {
        AudioTagBody::Legacy(_) => {
            assert!(packet.track_id.index == 0 && matches!(packet.codec, Codec::Aac | Codec::Mp3));
            return;
        }
        AudioTagBody::Enhanced(ExAudioTagBody::NoMultitrack { audio_four_cc, packet: parsed }) => {
            assert_eq!((packet.track_id.index, Some(audio_four_cc.0)), (0, four_cc(packet.codec)));
            parsed
        }
        AudioTagBody::Enhanced(ExAudioTagBody::ManyTracks(mut tracks)) => {
            let track = tracks.pop().unwrap();
            assert!(tracks.is_empty());
            assert_eq!(track.audio_track_id, packet.track_id.index);
            assert_eq!(Some(track.audio_four_cc.0), four_cc(packet.codec));
            track.packet
        }
    };
    match parsed {
        AudioPacket::SequenceStart { header_data } => {
            assert_eq!((header_data, packet.is_config()), (packet.payload.clone(), true));
        }
        AudioPacket::CodedFrames { data } => {
            assert_eq!((data, packet.is_config()), (packet.payload.clone(), false));
        }
        parsed => panic!("{parsed:?}"),
    }
}

#[test]
fn h264_aac_and_mp3_of_the_default_tracks_have_the_headers_every_player_reads() {
    let header = |id, codec, kind, payload: &str| {
        body_header(&packet(id, codec, kind, 0, unhex(payload))).unwrap().to_vec()
    };
    assert_eq!(header(TrackId::VIDEO, Codec::H264, PacketKind::Config, "01"), [0x17, 0, 0, 0, 0]);
    assert_eq!(header(TrackId::VIDEO, Codec::H264, PacketKind::Keyframe, "01"), [0x17, 1, 0, 0, 0]);
    assert_eq!(header(TrackId::VIDEO, Codec::H264, PacketKind::Frame, "01"), [0x27, 1, 0, 0, 0]);
    assert_eq!(header(TrackId::AUDIO, Codec::Aac, PacketKind::Config, "1190"), [0xAF, 0]);
    assert_eq!(header(TrackId::AUDIO, Codec::Aac, PacketKind::Frame, "21"), [0xAF, 1]);
    // one channel 44.1 kHz as ffmpeg writes it; 44.1 kHz stereo; 22.05 kHz mono; 8 kHz mono
    assert_eq!(header(MP3_TRACK, Codec::Mp3, PacketKind::Frame, "fffb10c4"), [0x2E]);
    assert_eq!(header(MP3_TRACK, Codec::Mp3, PacketKind::Frame, "fffb9064"), [0x2F]);
    assert_eq!(header(MP3_TRACK, Codec::Mp3, PacketKind::Frame, "fff310c4"), [0x2A]);
    assert_eq!(header(MP3_TRACK, Codec::Mp3, PacketKind::Frame, "ffe318c4"), [0xE2]);
}

#[test]
fn the_composition_time_is_clamped_to_its_24_bits() {
    let mut picture = packet(TrackId::VIDEO, Codec::H264, PacketKind::Frame, 0, unhex("00"));
    picture.pts = Timestamp::from_millis(1 << 30);
    assert_eq!(body_header(&picture).unwrap()[2..], [0x7F, 0xFF, 0xFF]);
    picture.pts = Timestamp::from_millis(-(1 << 30));
    assert_eq!(body_header(&picture).unwrap()[2..], [0x80, 0, 0]);
    picture.pts = Timestamp::from_millis(-1);
    assert_eq!(body_header(&picture).unwrap()[2..], [0xFF, 0xFF, 0xFF]);
}

#[test]
fn presentation_times_of_parts_of_milliseconds_do_not_add_up_their_rounding() {
    let mut picture = packet(TrackId::VIDEO, Codec::H264, PacketKind::Frame, 0, unhex("00"));
    picture.dts = Timestamp::from_micros(33_600);
    picture.pts = Timestamp::from_micros(66_500);
    // 34 + 33 = 67, although the difference is 32.9
    assert_eq!((timestamp_ms(picture.dts), body_header(&picture).unwrap()[4]), (34, 33));
}

#[test]
fn times_wrap_after_32_bits_of_milliseconds_also_when_negative() {
    assert_eq!(timestamp_ms(Timestamp::from_millis((1 << 32) + 5)), 5);
    assert_eq!(timestamp_ms(Timestamp::from_millis(-1)), u32::MAX);
}

#[test]
fn the_longest_header_fits() {
    let id = TrackId { kind: MediaKind::Video, index: 255 };
    let mut picture = packet(id, Codec::H265, PacketKind::Frame, 0, unhex("00"));
    picture.pts = Timestamp::from_millis(40);
    let expected = [&[0xA6, 0x01][..], b"hvc1", &[255, 0, 0, 40]].concat();
    assert_eq!(&body_header(&picture).unwrap()[..], expected);
}

#[test]
fn a_sequence_end_has_no_payload_and_is_read_as_nothing() {
    for codec in CODECS {
        for index in [0, 7] {
            let id = TrackId { kind: codec.media_kind(), index };
            let mut stream = BytesMut::from(&file_header(true, true)[..]);
            let is_written = encode_end_of_sequence(id, codec, Timestamp::from_millis(9), &mut stream);
            assert_eq!(is_written, !(index == 0 && matches!(codec, Codec::Aac | Codec::Mp3)));
            assert_eq!(read(&stream), []);
        }
    }
    assert_eq!(&end_of_sequence(TrackId::VIDEO, Codec::H264).unwrap()[..], [0x17, 2, 0, 0, 0]);
    assert_eq!(&end_of_sequence(TrackId::VIDEO, Codec::Av1).unwrap()[..], b"\x92av01");
    assert_eq!(&end_of_sequence(TrackId::AUDIO, Codec::Opus).unwrap()[..], b"\x92Opus");
}

#[test]
fn a_payload_that_no_tag_can_hold_is_left_out() {
    let picture = packet(TrackId::VIDEO, Codec::H264, PacketKind::Keyframe, 0, vec![0; 1 << 24].into());
    let mut out = BytesMut::new();
    assert!(!encode_tag(&picture, &mut out));
    assert!(out.is_empty());
}

#[test]
fn script_data_goes_through_as_it_is() {
    let payload = Bytes::from_static(b"\x02\x00\x0aonTextData\x05");
    let text = packet(TrackId::DATA, Codec::ScriptData, PacketKind::Frame, 7, payload);
    let mut stream = BytesMut::from(&file_header(true, true)[..]);
    assert!(encode_tag(&text, &mut stream));
    assert_eq!(stream[13], 18);
    assert_eq!(read(&stream), [text]);
}

fn video(index: u8, codec: Codec, width: u32, height: u32) -> Track {
    let info = VideoInfo { width, height, ..VideoInfo::default() };
    Track {
        id: TrackId { kind: MediaKind::Video, index },
        codec,
        config: config(codec),
        info: TrackInfo::Video(info),
    }
}

fn audio(index: u8, codec: Codec, sample_rate: u32, channels: u8) -> Track {
    let info = AudioInfo { sample_rate, channels, ..AudioInfo::default() };
    Track {
        id: TrackId { kind: MediaKind::Audio, index },
        codec,
        config: config(codec),
        info: TrackInfo::Audio(info),
    }
}

#[test]
fn the_metadata_describes_the_default_tracks() {
    let metadata = Metadata {
        encoder: Some("OBS".into()),
        frame_rate: Some(30.0),
        video_bps: Some(2_500_000),
        audio_bps: Some(160_000),
    };
    let body =
        metadata_body(&[audio(0, Codec::Mp3, 44_100, 1), video(0, Codec::H264, 1280, 720)], Some(&metadata));
    let values = amf0::decode_all(&body).unwrap();
    assert_eq!(values[0].as_str(), Some("onMetaData"));
    let expected: [(&str, Value); 11] = [
        ("width", 1280.0.into()),
        ("height", 720.0.into()),
        ("framerate", 30.0.into()),
        ("videocodecid", 7.0.into()),
        ("audiocodecid", 2.0.into()),
        ("audiosamplerate", 44_100.0.into()),
        ("audiosamplesize", 16.0.into()),
        ("stereo", false.into()),
        ("videodatarate", 2500.0.into()),
        ("audiodatarate", 160.0.into()),
        ("encoder", "OBS".into()),
    ];
    assert_eq!(values[1], Value::EcmaArray(expected.map(|(key, value)| (key.to_owned(), value)).to_vec()));

    let mut demuxer = BodyDemuxer::new();
    demuxer.demux(TagType::Script, 0, body, &mut Vec::new()).unwrap();
    assert_eq!(demuxer.metadata(), Some(&metadata));
}

#[test]
fn the_metadata_of_several_tracks_lists_the_others_in_maps_another_reader_understands() {
    let tracks = [
        video(0, Codec::Av1, 1920, 1080),
        video(2, Codec::H264, 640, 360),
        audio(0, Codec::Opus, 48_000, 2),
        audio(1, Codec::Aac, 44_100, 1),
    ];
    let body = metadata_body(&tracks, None);
    let values = amf0::decode_all(&body).unwrap();
    assert_eq!(values[1].get("videocodecid"), Some(&Value::Number(f64::from(u32::from_be_bytes(*b"av01")))));
    let second = values[1].get("videoTrackIdInfoMap").and_then(|map| map.get("2")).unwrap();
    assert_eq!(second.get("width"), Some(&Value::Number(640.0)));
    let second = values[1].get("audioTrackIdInfoMap").and_then(|map| map.get("1")).unwrap();
    assert_eq!(second.get("audiosamplerate"), Some(&Value::Number(44_100.0)));

    let ScriptData::OnMetaData(read) = ScriptData::demux(&mut Cursor::new(body)).unwrap() else { panic!() };
    assert_eq!((read.width, read.height, read.audiosamplerate), (Some(1920.0), Some(1080.0), Some(48_000.0)));
    assert_eq!(read.video_track_id_info_map.unwrap().len(), 1);
    assert_eq!(read.audio_track_id_info_map.unwrap().len(), 1);

    let body = metadata_body(&tracks[..1], None);
    assert_eq!(amf0::decode_all(&body).unwrap()[1].get("videoTrackIdInfoMap"), None);
}

#[test]
fn the_length_of_a_file_has_its_place_in_the_metadata_of_files_alone() {
    let tracks = [audio(0, Codec::Aac, 44_100, 2), video(0, Codec::H264, 1280, 720)];
    let file = |body: Bytes| {
        let header = tag_header(TagType::Script, body.len(), 0);
        [&file_header(true, true)[..], &header, &body, &previous_tag_size(body.len())].concat()
    };
    let mut bytes = file(file_metadata_body(&tracks, None));
    let [duration, size] = file_numbers(&bytes).unwrap();
    bytes[duration..duration + 8].copy_from_slice(&12.5f64.to_be_bytes());
    bytes[size..size + 8].copy_from_slice(&4096f64.to_be_bytes());
    let values = amf0::decode_all(&bytes[24..bytes.len() - 4]).unwrap();
    let number = |key| values[1].get(key).and_then(Value::as_f64);
    assert_eq!(
        (number("duration"), number("filesize"), number("width")),
        (Some(12.5), Some(4096.0), Some(1280.0))
    );
    assert_eq!(file_numbers(&file(metadata_body(&tracks, None))), None);
    for len in 0..size {
        assert_eq!(file_numbers(&bytes[..len]), None, "{len} bytes");
    }
}
