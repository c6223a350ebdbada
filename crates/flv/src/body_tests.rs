use super::*;
use crate::amf0::{self, Value};
use crate::four_cc;
use crate::test_streams::{CODECS, config, frame_start, unhex};
use bytes::BytesMut;
use media::MediaKind;
use proptest::prelude::*;
use scuffle_flv::video::VideoData;
use scuffle_flv::video::body::{VideoTagBody, enhanced::ExVideoTagBody};
use std::io::Cursor;

const VIDEO: TagType = TagType::Video;
const AUDIO: TagType = TagType::Audio;

/// Feeds bodies to one demuxer; gives the packets and what became of the last body.
fn demux_all(bodies: &[(TagType, &[u8])]) -> (Vec<Packet>, Result<Outcome, Error>) {
    let (mut demuxer, mut out, mut last) = (BodyDemuxer::new(), Vec::new(), Ok(Outcome::Read));
    for (tag_type, body) in bodies {
        last = demuxer.demux(*tag_type, 1000, Bytes::copy_from_slice(body), &mut out);
    }
    (out, last)
}

fn skipped(bodies: &[(TagType, &[u8])]) -> Skipped {
    match demux_all(bodies).1 {
        Ok(Outcome::Skipped(skipped)) => skipped,
        other => panic!("{other:?}"),
    }
}

fn script(values: &[Value]) -> Bytes {
    let mut out = BytesMut::new();
    for value in values {
        amf0::encode(value, &mut out);
    }
    out.freeze()
}

/// track id, kind, length of the payload
fn shapes(packets: &[Packet]) -> Vec<(u8, PacketKind, usize)> {
    packets.iter().map(|packet| (packet.track_id.index, packet.kind, packet.payload.len())).collect()
}

#[test]
fn a_decoder_config_is_given_out_when_it_changes_and_only_then() {
    let (packets, _) = demux_all(&[
        (VIDEO, &[0x17, 0, 0, 0, 0, 1, 2, 3]),
        (VIDEO, &[0x17, 0, 0, 0, 0, 1, 2, 3]),
        (VIDEO, &[0x17, 1, 0, 0, 0, 9]),
        (VIDEO, &[0x17, 0, 0, 0, 0, 1, 2, 4, 5]),
        (VIDEO, &[0x17, 0, 0, 0, 0, 1, 2, 3]),
    ]);
    use PacketKind::{Config, Keyframe};
    assert_eq!(shapes(&packets), [(0, Config, 3), (0, Keyframe, 1), (0, Config, 4), (0, Config, 3)]);
}

#[test]
fn a_codec_change_in_mid_stream_is_a_new_config_of_the_same_track() {
    let hevc = [&b"\x90hvc1"[..], &config(Codec::H265)].concat();
    let (packets, _) =
        demux_all(&[(VIDEO, &[0x17, 0, 0, 0, 0, 1]), (VIDEO, &hevc), (VIDEO, b"\x93hvc1data")]);
    let codecs: Vec<_> = packets.iter().map(|packet| (packet.track_id, packet.codec)).collect();
    assert_eq!(
        codecs,
        [(TrackId::VIDEO, Codec::H264), (TrackId::VIDEO, Codec::H265), (TrackId::VIDEO, Codec::H265)]
    );
    let (_, outcome) = demux_all(&[(VIDEO, &hevc), (VIDEO, &[0x17, 1, 0, 0, 0, 9])]);
    let no_config = Skipped::NoConfig { track_id: TrackId::VIDEO, codec: Codec::H264 };
    assert_eq!(outcome, Ok(Outcome::Skipped(no_config)), "data of the codec before");
}

#[test]
fn coded_data_before_the_decoder_config_is_dropped() {
    let (packets, outcome) =
        demux_all(&[(AUDIO, &[0xAF, 1, 9]), (AUDIO, &[0xAF, 0, 0x11, 0x90]), (AUDIO, &[0xAF, 1, 9])]);
    assert_eq!(shapes(&packets), [(0, PacketKind::Config, 2), (0, PacketKind::Frame, 1)]);
    assert_eq!(outcome, Ok(Outcome::Read));
    let no_config = Skipped::NoConfig { track_id: TrackId::AUDIO, codec: Codec::Aac };
    assert_eq!(skipped(&[(AUDIO, &[0xAF, 1, 9])]), no_config);
    assert_eq!(no_config.to_string(), "AAC data on track 0 before its decoder config");
}

#[test]
fn a_nal_unit_length_that_looks_like_a_start_code_is_left_alone() {
    // lengths 0x0101 and 1: as bytes 00 00 01 01 and 00 00 00 01
    let mut nal_units = vec![0, 0, 1, 1];
    nal_units.extend([0x41; 0x101]);
    nal_units.extend([0, 0, 0, 1, 0x41]);
    let body = [&[0x27, 1, 0, 0, 0][..], &nal_units].concat();
    let (packets, _) = demux_all(&[(VIDEO, &[0x17, 0, 0, 0, 0, 1]), (VIDEO, &body)]);
    assert_eq!(packets[1].payload, nal_units);
}

#[test]
fn the_payload_is_a_slice_of_the_body_but_a_config_has_memory_of_its_own() {
    let (mut demuxer, mut out) = (BodyDemuxer::new(), Vec::new());
    let config = Bytes::from(vec![0x17, 0, 0, 0, 0, 1, 2, 3]);
    let picture = Bytes::from(vec![0x17, 1, 0, 0, 0, 1, 2, 3]);
    demuxer.demux(VIDEO, 0, config.clone(), &mut out).unwrap();
    demuxer.demux(VIDEO, 0, picture.clone(), &mut out).unwrap();
    assert_ne!(out[0].payload.as_ptr(), config[5..].as_ptr());
    assert_eq!(out[1].payload.as_ptr(), picture[5..].as_ptr());
}

#[test]
fn composition_time_is_signed_and_added_to_the_wire_time() {
    let (packets, _) = demux_all(&[
        (VIDEO, &[0x17, 0, 0, 0, 0, 1]),
        (VIDEO, &[0x27, 1, 0, 0, 80, 9]),
        (VIDEO, &[0x27, 1, 0xFF, 0xFF, 0xFF, 9]),
    ]);
    let times: Vec<_> =
        packets.iter().map(|packet| (packet.dts.as_millis(), packet.pts.as_millis())).collect();
    assert_eq!(times, [(1000, 1000), (1000, 1080), (1000, 999)]);
}

#[test]
fn hevc_by_its_unofficial_number_is_read() {
    let (packets, _) = demux_all(&[(VIDEO, &[0x1C, 0, 0, 0, 0, 1]), (VIDEO, &[0x1C, 1, 0, 0, 0, 9])]);
    assert_eq!(packets[1].codec, Codec::H265);
    assert!(packets[1].is_keyframe());
}

#[test]
fn codecs_of_the_flash_years_are_refused_by_name() {
    for (tag_type, body, name) in [
        (VIDEO, [0x22, 0], "codec Sorenson H.263 is not supported"),
        (VIDEO, [0x2D, 0], "codec video codec 13 is not supported"),
        (AUDIO, [0xB6, 0], "codec Speex is not supported"),
        (AUDIO, [0x30, 0], "codec PCM is not supported"),
    ] {
        let error = demux_all(&[(tag_type, &body)]).1.unwrap_err();
        assert_eq!(error.to_string(), name);
    }
    let error = demux_all(&[(VIDEO, b"\x90vvc1\x01")]).1.unwrap_err();
    assert_eq!(error.to_string(), "codec H.266 (vvc1) is not supported");
}

#[test]
fn what_carries_nothing_is_passed_over_with_its_reason() {
    assert_eq!(skipped(&[(VIDEO, &[])]), Skipped::Empty);
    assert_eq!(skipped(&[(AUDIO, &[0xAF])]), Skipped::Empty);
    assert_eq!(skipped(&[(AUDIO, &[0xAF, 0])]), Skipped::Empty);
    assert_eq!(skipped(&[(VIDEO, &[0x17, 1, 0, 0, 0])]), Skipped::Empty);
    assert_eq!(skipped(&[(VIDEO, &[0x57, 0])]), Skipped::Command);
    assert_eq!(skipped(&[(VIDEO, &[0xD1, 0])]), Skipped::Command, "enhanced");
    assert_eq!(demux_all(&[(VIDEO, &[0x17, 2])]), (vec![], Ok(Outcome::Read)), "end of sequence");
}

#[test]
fn unknown_packet_types_and_codecs_end_nothing() {
    let packet_type = |tag_type, packet_type| Skipped::PacketType { tag_type, packet_type };
    assert_eq!(skipped(&[(VIDEO, b"\x9Chvc1\x01")]), packet_type(VIDEO, 12));
    assert_eq!(skipped(&[(VIDEO, b"\x95av01\x01")]), packet_type(VIDEO, 5), "MPEG-2 TS sequence start");
    assert_eq!(
        skipped(&[(VIDEO, b"\xD4hvc1\x02\x00\x09colorInfo")]),
        packet_type(VIDEO, 4),
        "metadata, with the frame type of a command"
    );
    assert_eq!(
        skipped(&[(AUDIO, b"\x94mp4a\x01\x02\x00\x00\x00\x03")]),
        packet_type(AUDIO, 4),
        "multichannel config"
    );
    let four_cc = Skipped::FourCc { tag_type: VIDEO, four_cc: *b"xyz\0" };
    assert_eq!(skipped(&[(VIDEO, b"\x90xyz\0\x01")]), four_cc);
    assert_eq!(four_cc.to_string(), r"video codec 'xyz\x00' is unknown");
    // sound in a video tag
    assert_eq!(skipped(&[(VIDEO, b"\x90Opus\x01")]), Skipped::FourCc { tag_type: VIDEO, four_cc: *b"Opus" });
}

#[test]
fn each_enhanced_codec_is_read_with_its_config_and_its_data() {
    for codec in CODECS {
        let kind = codec.media_kind();
        let four_cc = four_cc(codec).unwrap();
        // as it happens, an enhanced keyframe and enhanced sound begin alike
        let first = |packet_type: u8| 0x90 | packet_type;
        let data = [&frame_start(codec)[..], b"data"].concat();
        let composition: &[u8] = if matches!(codec, Codec::H264 | Codec::H265) { &[0, 0, 40] } else { &[] };
        let start = [&[first(0)], &four_cc[..], &config(codec)].concat();
        let coded = [&[first(1)], &four_cc[..], composition, &data].concat();
        let tag_type = TagType::from(kind);
        let (packets, outcome) = demux_all(&[(tag_type, &start), (tag_type, &coded)]);
        assert_eq!(outcome, Ok(Outcome::Read));
        assert_eq!(packets.len(), 2, "{codec}");
        assert_eq!((packets[0].codec, packets[0].kind), (codec, PacketKind::Config));
        assert_eq!(packets[0].payload, config(codec), "{codec}");
        let track = media::Track::from_config(packets[0].track_id, codec, packets[0].payload.clone());
        assert!(track.is_ok(), "{track:?}");
        assert_eq!(packets[1].payload, data);
        assert_eq!(packets[1].is_keyframe(), kind == MediaKind::Video);
        let composition_ms = packets[1].pts.as_millis() - packets[1].dts.as_millis();
        assert_eq!(composition_ms, if composition.is_empty() { 0 } else { 40 });
    }
}

#[test]
fn configs_in_other_forms_become_the_normal_form() {
    // VP9 as the specification has it: the record without version and flags
    let (packets, _) = demux_all(&[(VIDEO, b"\x90vp09\x00\x0a\x82\x01\x01\x01\x00\x00")]);
    assert_eq!(packets[0].payload, config(Codec::Vp9));
    // FLAC without its marker, without the header of its block, and with more blocks behind
    let flac = config(Codec::Flac);
    let mut long = flac.to_vec();
    long[4] = 0;
    long.extend([4, 0, 0, 0]);
    for form in [&flac[4..], &flac[8..], &long] {
        let (packets, _) = demux_all(&[(AUDIO, &[b"\x90fLaC", form].concat())]);
        assert_eq!(packets[0].payload, flac);
    }
    // the second header of Opus, comments
    let id = [b"\x90Opus", &config(Codec::Opus)[..]].concat();
    let (packets, outcome) = demux_all(&[(AUDIO, &id), (AUDIO, b"\x90OpusOpusTags\x00\x00")]);
    assert_eq!((packets.len(), outcome), (1, Ok(Outcome::Read)));
    // AV1 with a temporal delimiter
    let av1 = [b"\x90av01", &config(Codec::Av1)[..]].concat();
    let (packets, _) = demux_all(&[(VIDEO, &av1), (VIDEO, b"\x91av01\x12\x00\x0a\x01\x00")]);
    assert_eq!(packets[1].payload, b"\x0a\x01\x00"[..]);
}

#[test]
fn frames_that_say_it_all_make_a_config_when_it_changes() {
    for (four_cc, frame, config) in [
        // heads of frames of ffmpeg's encoders with one, two and six channels, and ffmpeg's dac3 and dec3
        ("ac-3", "0b7732b514402f84", "100940"),
        ("ac-3", "0b77fe95144043e1", "101140"),
        ("ac-3", "0b7751591440ebf8", "103d40"),
        ("ec-3", "0b77017f3287c000", "0600200200"),
        ("ec-3", "0b77017f3487c000", "0600200400"),
        ("ec-3", "0b77017f3f87c000", "0600200f00"),
        (".mp3", "fffb10c4aabb", "fffb10c4"),
    ] {
        let body = [b"\x91", four_cc.as_bytes(), &unhex(frame)].concat();
        let (packets, _) = demux_all(&[(AUDIO, &body), (AUDIO, &body)]);
        use PacketKind::{Config, Frame};
        let kinds: Vec<_> = packets.iter().map(|packet| packet.kind).collect();
        assert_eq!(kinds, [Config, Frame, Frame]);
        assert_eq!(packets[0].payload, unhex(config), "{four_cc}");
    }
    // MP3: another bit rate, padding and joint stereo is the same; another sample rate or channel count is not
    let stereo = unhex("2ffffb9064");
    for (other, configs) in [("2ffffbe244", 1), ("2ffffb9464", 2), ("2efffb90c4", 2), ("2afff39064", 2)] {
        let (packets, _) = demux_all(&[(AUDIO, &stereo), (AUDIO, &unhex(other))]);
        assert_eq!(packets.iter().filter(|packet| packet.is_config()).count(), configs, "{other}");
    }
    assert_eq!(skipped(&[(AUDIO, &[0x2F, 1, 2, 3, 4])]), Skipped::FrameHeader { codec: Codec::Mp3 });
}

#[test]
fn several_mp3_frames_in_one_tag_are_packets_of_their_own() {
    // 32 kbit/s at 44.1 kHz: 104 bytes, or 105 with padding
    let one = [&unhex("fffb10c4")[..], &[0; 100]].concat();
    let padded = [&unhex("fffb12c4")[..], &[0; 101]].concat();
    let body = [&[0x2E][..], &one, &padded, &one, b"junk"].concat();
    let (packets, _) = demux_all(&[(AUDIO, &body)]);
    use PacketKind::{Config, Frame};
    assert_eq!(shapes(&packets), [(0, Config, 4), (0, Frame, 104), (0, Frame, 105), (0, Frame, 108)]);
    let times: Vec<_> = packets.iter().map(|packet| packet.dts.as_micros()).collect();
    assert_eq!(times, [1_000_000, 1_000_000, 1_026_122, 1_052_245]);

    // as many as there are bytes for, but not without end: 24 bytes each, 8 kbit/s at 24 kHz
    let many = [&[0x2A][..], &[&unhex("fff314c4")[..], &[0; 20]].concat().repeat(1000)].concat();
    assert_eq!(demux_all(&[(AUDIO, &many)]).0.len(), 1 + 64);
}

#[test]
fn one_body_may_hold_several_tracks() {
    let config = |track: u8| [&[track, 0, 0, 2][..], &[1, track]].concat();
    // many tracks, one codec
    let start = [&b"\x96\x10hvc1"[..], &config(0), &config(1)].concat();
    let frames = [&b"\xA6\x13hvc1"[..], &[0, 0, 0, 1, 7], &[1, 0, 0, 3, 7, 8, 9]].concat();
    let (packets, outcome) = demux_all(&[(VIDEO, &start), (VIDEO, &frames)]);
    use PacketKind::{Config, Frame};
    assert_eq!(shapes(&packets), [(0, Config, 2), (1, Config, 2), (0, Frame, 1), (1, Frame, 3)]);
    assert_eq!(outcome, Ok(Outcome::Read));
    let read = VideoData::demux(&mut Cursor::new(frames.into())).unwrap();
    let VideoTagBody::Enhanced(ExVideoTagBody::ManyTracks(tracks)) = read.body else { panic!() };
    assert_eq!(
        tracks.iter().map(|track| track.video_track_id).collect::<Vec<_>>(),
        [0, 1],
        "another reader agrees"
    );

    // many tracks, many codecs: the one that is not known keeps no other back
    let start = [
        &[0x95, 0x20][..],
        &[&b"mp4a"[..], &config(0)].concat(),
        &[&b"xxxx"[..], &config(1)].concat(),
        &[&b"Opus"[..], &config(2)].concat(),
    ];
    let (packets, outcome) = demux_all(&[(AUDIO, &start.concat())]);
    assert_eq!(shapes(&packets), [(0, Config, 2), (2, Config, 2)]);
    assert_eq!(packets[1].codec, Codec::Opus);
    assert_eq!(outcome, Ok(Outcome::Skipped(Skipped::FourCc { tag_type: AUDIO, four_cc: *b"xxxx" })));

    // one track, with the composition time behind its number
    let start = [&b"\x96\x00avc1"[..], &[5, 1, 1]].concat();
    let frame = [&b"\x96\x01avc1"[..], &[5, 0, 0, 40, 9]].concat();
    let (packets, _) = demux_all(&[(VIDEO, &start), (VIDEO, &frame)]);
    assert_eq!(shapes(&packets), [(5, Config, 2), (5, PacketKind::Keyframe, 1)]);
    assert_eq!(packets[1].pts.micros_since(packets[1].dts), 40_000);
}

#[test]
fn multitrack_lies_are_errors_or_passed_over() {
    let (packets, outcome) = demux_all(&[(VIDEO, b"\x96\x10hvc1\x00\xFF\xFF\xFF\x01")]);
    assert_eq!(packets, []);
    let error = outcome.unwrap_err().to_string();
    assert_eq!(error, "enhanced video body is cut short: 16777215 more bytes expected, 1 left");
    assert_eq!(skipped(&[(VIDEO, b"\x96\x30hvc1\x00\x01")]), Skipped::MultitrackType(3));
    assert_eq!(
        skipped(&[(VIDEO, b"\x96\x06hvc1\x00\x01")]),
        Skipped::PacketType { tag_type: VIDEO, packet_type: 6 }
    );
    let endless = [&b"\x96\x11hvc1"[..], &[0, 0, 0, 0].repeat(257)].concat();
    assert_eq!(demux_all(&[(VIDEO, &endless)]).1, Err(Error::TooManyParts { max: 256 }));
}

#[test]
fn the_number_of_tracks_is_limited() {
    let bodies: Vec<_> = (0..=16u8).map(|track| [&b"\x96\x00hvc1"[..], &[track, 1]].concat()).collect();
    let bodies: Vec<_> = bodies.iter().map(|body| (VIDEO, &body[..])).collect();
    let (packets, outcome) = demux_all(&bodies);
    assert_eq!(packets.len(), TRACKS_MAX);
    let track_id = TrackId { kind: MediaKind::Video, index: 16 };
    assert_eq!(outcome, Ok(Outcome::Skipped(Skipped::TooManyTracks { track_id })));
}

#[test]
fn a_decoder_config_of_megabytes_is_refused() {
    let body = [&[0x17, 0, 0, 0, 0][..], &[1; CONFIG_BYTES_MAX + 1]].concat();
    let error = demux_all(&[(VIDEO, &body)]).1.unwrap_err();
    assert_eq!(error.to_string(), "decoder config of 65537 bytes exceeds 65536");
}

#[test]
fn mod_ex_nanoseconds_are_added_and_other_modifiers_passed_over() {
    let start = [b"\x90hvc1", &config(Codec::H265)[..]].concat();
    // unknown modifier 1 of 2 bytes, then 500 000 ns, then coded frames X
    let modified = b"\xA7\x01\xAA\xBB\x17\x02\x07\xA1\x20\x03hvc1data";
    let (packets, _) = demux_all(&[(VIDEO, &start), (VIDEO, modified)]);
    assert_eq!(packets[1].payload, b"data"[..]);
    assert_eq!(packets[1].pts.as_micros(), 1_000_500);
    assert_eq!(packets[1].dts.as_micros(), 1_000_000);
    // a modifier of 256 bytes has its size in two more bytes
    let long = [&b"\xA7\xFF\x00\xFF"[..], &[0; 256], b"\x13hvc1data"].concat();
    let (packets, _) = demux_all(&[(VIDEO, &start), (VIDEO, &long)]);
    assert_eq!(packets[1].payload, b"data"[..]);
    // sound: both times
    let start = [b"\x90Opus", &config(Codec::Opus)[..]].concat();
    let (packets, _) = demux_all(&[(AUDIO, &start), (AUDIO, b"\x97\x02\x07\xA1\x20\x01Opusdata")]);
    assert_eq!((packets[1].dts.as_micros(), packets[1].pts.as_micros()), (1_000_500, 1_000_500));

    let chain = [&b"\xA7"[..], &[0, 0, 0x17].repeat(100)].concat();
    assert_eq!(demux_all(&[(VIDEO, &chain)]).1, Err(Error::TooManyModifiers { max: 8 }));
    let too_short_for_nanoseconds = demux_all(&[(VIDEO, b"\xA7\x00\x01\x03hvc1data")]).1;
    assert!(too_short_for_nanoseconds.unwrap_err().to_string().starts_with("ModEx nanoseconds is cut short"));
}

#[test]
fn metadata_is_read_also_behind_set_data_frame_and_taken_back_by_clear() {
    let properties = Value::EcmaArray(vec![
        ("encoder".into(), "é".repeat(200).into()),
        ("framerate".into(), 29.97.into()),
        ("videodatarate".into(), 2500.0.into()),
        ("audiodatarate".into(), f64::NAN.into()),
    ]);
    let mut demuxer = BodyDemuxer::new();
    let mut feed = |values: &[Value]| {
        let mut out = Vec::new();
        assert_eq!(demuxer.demux(TagType::Script, 0, script(values), &mut out), Ok(Outcome::Read));
        assert_eq!(out, []);
        demuxer.metadata().cloned()
    };
    let metadata = feed(&["@setDataFrame".into(), "onMetaData".into(), properties]).unwrap();
    assert_eq!(
        (metadata.frame_rate, metadata.video_bps, metadata.audio_bps),
        (Some(29.97), Some(2_500_000), None)
    );
    assert_eq!(metadata.encoder.unwrap().len(), 256, "cut, but not within a character");
    let absurd =
        Value::object([("framerate", 1e9.into()), ("videodatarate", 1e300.into()), ("encoder", 7.0.into())]);
    let absurd = feed(&["onMetaData".into(), absurd]).unwrap();
    assert_eq!(absurd, Metadata { video_bps: Some(u32::MAX), ..Metadata::default() });
    assert_eq!(feed(&["onMetaData".into(), Value::Null]), Some(Metadata::default()));
    assert_eq!(feed(&["@clearDataFrame".into(), "onMetaData".into()]), None);
}

#[test]
fn other_script_data_is_passed_on_without_set_data_frame() {
    let values = ["onTextData".into(), Value::object([("text", Value::from("hello"))])];
    let plain = script(&values);
    let wrapped = [script(&["@setDataFrame".into()]), plain.clone()].concat();
    for body in [&plain[..], &wrapped] {
        let (packets, _) = demux_all(&[(TagType::Script, body)]);
        assert_eq!(
            (packets[0].track_id, packets[0].codec, packets[0].kind),
            (TrackId::DATA, Codec::ScriptData, PacketKind::Frame)
        );
        assert_eq!(packets[0].payload, plain);
    }
}

#[test]
fn script_data_that_would_hurt_a_reader_is_not_passed_on() {
    let deep = [&script(&["onTextData".into()])[..], &[3, 0, 1, b'a'].repeat(1000)].concat();
    assert_eq!(demux_all(&[(TagType::Script, &deep)]), (vec![], Err(Error::AmfDepth { max: 32 })));
    let long = [&script(&["onTextData".into()])[..], &script(&["x".repeat(70_000).into()])].concat();
    assert_eq!(skipped(&[(TagType::Script, &long)]), Skipped::ScriptTooLarge { bytes: long.len() });
    // an index of keyframes as recorded files have it
    let index = Value::object([("keyframes", Value::StrictArray(vec![1.0.into(); 5000]))]);
    let index = script(&["onMetaData".into(), index]);
    assert_eq!(skipped(&[(TagType::Script, &index)]), Skipped::ScriptTooLarge { bytes: index.len() });
}

fn any_tag_type() -> impl Strategy<Value = TagType> {
    prop::sample::select(vec![TagType::Audio, TagType::Video, TagType::Script])
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bodies in prop::collection::vec((any_tag_type(), prop::collection::vec(any::<u8>(), 0..60)), 0..20),
    ) {
        let bodies: Vec<_> = bodies.iter().map(|(tag_type, body)| (*tag_type, &body[..])).collect();
        let _ = demux_all(&bodies);
    }

    /// Most random bytes are refused by their FourCC; these are not.
    #[test]
    fn no_enhanced_body_makes_it_panic(
        first in 0x80u8.., types in any::<u8>(), codec in prop::sample::select(&CODECS[..]),
        has_types in any::<bool>(), data in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let types = [types];
        let types: &[u8] = if has_types { &types } else { &[] };
        let body = [&[first], types, &four_cc(codec).unwrap(), &data].concat();
        let _ = demux_all(&[(VIDEO, &body), (AUDIO, &body)]);
    }

    /// Where both readers accept a multitrack body, they see the same tracks.
    #[test]
    fn another_reader_sees_the_same_tracks(
        tracks in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 1..20)), 1..6),
    ) {
        let mut body = BytesMut::from(&b"\x96\x13vp09"[..]);
        for (track, data) in &tracks {
            body.extend_from_slice(&[*track, 0, 0, data.len() as u8]);
            body.extend_from_slice(data);
        }
        let (mut demuxer, mut out) = (BodyDemuxer::new(), Vec::new());
        for (track, _) in &tracks {
            let start = [&b"\x96\x00vp09"[..], &[*track], &config(Codec::Vp9)].concat();
            demuxer.demux(VIDEO, 0, start.into(), &mut Vec::new()).unwrap();
        }
        demuxer.demux(VIDEO, 0, body.clone().freeze(), &mut out).unwrap();
        let ours: Vec<_> = out.iter().map(|packet| packet.track_id.index).collect();
        let read = VideoData::demux(&mut Cursor::new(body.freeze())).unwrap();
        let VideoTagBody::Enhanced(ExVideoTagBody::ManyTracks(theirs)) = read.body else { panic!() };
        let theirs: Vec<_> = theirs.iter().map(|track| track.video_track_id).collect();
        prop_assert_eq!(ours, theirs);
    }
}
