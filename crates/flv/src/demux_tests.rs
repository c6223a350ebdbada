use super::*;
use crate::{BodyDemuxer, Outcome, file_header, previous_tag_size, tag_header};
use bytes::Bytes;
use media::{Codec, MediaKind, Packet, PacketKind};
use proptest::prelude::*;

const H264_AAC: &[u8] = include_bytes!("testdata/h264_aac.flv");
const MP3_MONO: &[u8] = include_bytes!("testdata/mp3_mono.flv");

/// All tags of `stream`, given in pieces of `piece_bytes`.
fn tags(stream: &[u8], piece_bytes: usize) -> Result<Vec<Tag>, Error> {
    let mut demuxer = Demuxer::new(1 << 20);
    let mut tags = Vec::new();
    for piece in stream.chunks(piece_bytes) {
        demuxer.push(piece);
        while let Some(tag) = demuxer.poll_tag()? {
            tags.push(tag);
        }
    }
    Ok(tags)
}

fn packets(stream: &[u8]) -> (Vec<Packet>, BodyDemuxer) {
    let (mut demuxer, mut out) = (BodyDemuxer::new(), Vec::new());
    for tag in tags(stream, stream.len()).unwrap() {
        let outcome = demuxer.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut out).unwrap();
        assert_eq!(outcome, Outcome::Read);
    }
    (out, demuxer)
}

/// The packets in ffprobe's words, in the same order.
fn as_ffprobe_says(packets: &[Packet]) -> String {
    let mut text = String::new();
    for packet in packets.iter().filter(|packet| !packet.is_config()) {
        let (kind, is_keyframe) = match packet.track_id.kind {
            MediaKind::Audio => ("audio", true),
            _ => ("video", packet.is_keyframe()),
        };
        let seconds = |time: media::Timestamp| time.as_micros() as f64 / 1e6;
        let flags = if is_keyframe { "K_" } else { "__" };
        let (pts, dts, size) = (seconds(packet.pts), seconds(packet.dts), packet.payload.len());
        text.push_str(&format!("{kind},{pts:.6},{dts:.6},{size},{flags}\n"));
    }
    text
}

fn tag_bytes(tag_type: u8, timestamp_ms: u32, body: &[u8]) -> Vec<u8> {
    let mut header = tag_header(TagType::Audio, body.len(), timestamp_ms);
    header[0] = tag_type;
    [&header[..], body, &previous_tag_size(body.len())].concat()
}

#[test]
fn a_file_of_h264_and_aac_gives_the_packets_ffprobe_sees() {
    let (packets, demuxer) = packets(H264_AAC);
    assert_eq!(as_ffprobe_says(&packets), include_str!("testdata/h264_aac.packets"));
    let configs: Vec<_> = packets.iter().filter(|packet| packet.is_config()).collect();
    assert_eq!(configs.len(), 2);
    assert_eq!((configs[0].codec, configs[0].payload[0]), (Codec::H264, 1));
    assert_eq!((configs[1].codec, &configs[1].payload[..2]), (Codec::Aac, &[0x11, 0x90][..]));
    assert!(packets.iter().any(|packet| packet.pts > packet.dts), "B-frames keep their composition time");
    let metadata = demuxer.metadata().unwrap();
    assert_eq!(metadata.frame_rate, Some(25.0));
    // 16 kbit/s, which ffmpeg takes for 15.625: it divides by 1024.
    assert_eq!(metadata.audio_bps, Some(15_625));
}

#[test]
fn a_file_of_mp3_gives_the_packets_ffprobe_sees_and_a_config_from_the_first() {
    let (packets, _) = packets(MP3_MONO);
    assert_eq!(as_ffprobe_says(&packets), include_str!("testdata/mp3_mono.packets"));
    let configs: Vec<_> = packets.iter().filter(|packet| packet.is_config()).collect();
    assert_eq!(configs.len(), 1, "padding changes from frame to frame and is not news");
    assert_eq!(packets[0].kind, PacketKind::Config);
    assert_eq!(packets[0].payload, packets[1].payload[..4]);
}

#[test]
fn bytes_one_by_one_give_the_same_tags_as_all_at_once() {
    for stream in [H264_AAC, MP3_MONO] {
        let whole = tags(stream, stream.len()).unwrap();
        assert!(whole.len() > 20);
        for piece_bytes in [1, 2, 3, 11, 15, 1000] {
            assert_eq!(tags(stream, piece_bytes).unwrap(), whole);
        }
    }
}

#[test]
fn a_tag_is_given_out_with_its_last_byte_not_with_the_size_behind_it() {
    let stream = [&file_header(true, false)[..], &tag_bytes(8, 5, b"abc")].concat();
    let found = tags(&stream[..stream.len() - 4], 1).unwrap();
    assert_eq!(found, [Tag { tag_type: TagType::Audio, timestamp_ms: 5, body: Bytes::from_static(b"abc") }]);
}

#[test]
fn the_fourth_byte_of_a_timestamp_is_the_highest() {
    let stream = [&file_header(true, false)[..], &tag_bytes(8, 0xFEDC_BA98, b"abc")].concat();
    assert_eq!(stream[13 + 4..13 + 8], [0xDC, 0xBA, 0x98, 0xFE]);
    assert_eq!(tags(&stream, 64).unwrap()[0].timestamp_ms, 0xFEDC_BA98);
}

#[test]
fn a_wrong_size_of_the_previous_tag_is_nobodys_problem() {
    let mut first = tag_bytes(8, 0, b"one");
    let end = first.len();
    first[end - 4..].copy_from_slice(&[0xFF; 4]);
    let stream = [&file_header(true, true)[..], &first, &tag_bytes(9, 0, b"two")].concat();
    assert_eq!(tags(&stream, 7).unwrap().len(), 2);
}

#[test]
fn a_longer_file_header_is_passed_over() {
    let mut header = file_header(true, true).to_vec();
    header[8] = 12;
    header.splice(9..9, [1, 2, 3]);
    let stream = [&header[..], &tag_bytes(9, 0, b"two")].concat();
    assert_eq!(tags(&stream, 1).unwrap().len(), 1);
    header[5] = 1;
    assert_eq!(tags(&header, 64), Err(Error::HeaderTooLarge { bytes: 0x0100_000C, max_bytes: 65_536 }));
}

#[test]
fn what_is_not_flv_is_refused_at_its_first_wrong_byte() {
    for stream in [&b"<html>"[..], b"FLx", b"F4V"] {
        assert_eq!(tags(stream, 1), Err(Error::NotFlv));
    }
    assert_eq!(tags(b"FL", 1), Ok(vec![]));
}

#[test]
fn a_tag_above_the_limit_is_refused_by_its_header_alone() {
    let mut demuxer = Demuxer::new(1000);
    demuxer.push(&file_header(true, true));
    demuxer.push(&tag_header(TagType::Video, 1001, 0));
    let error = demuxer.poll_tag().unwrap_err();
    assert_eq!(error.to_string(), "FLV tag of 1001 bytes exceeds 1000");
}

#[test]
fn a_few_tags_of_unknown_type_are_passed_over_but_not_a_stream_of_them() {
    let mut stream = file_header(true, true).to_vec();
    stream.extend(tag_bytes(15, 0, b"old").repeat(16));
    stream.extend(tag_bytes(9, 0, b"new"));
    assert_eq!(tags(&stream, 5).unwrap().len(), 1);
    stream.extend(tag_bytes(15, 0, b"old").repeat(17));
    assert_eq!(tags(&stream, 5), Err(Error::TagType { tag_type: 15 }));
}

#[test]
fn the_buffer_holds_no_more_than_what_is_not_yet_a_tag() {
    let mut demuxer = Demuxer::new(1 << 20);
    demuxer.push(&H264_AAC[..13]);
    for piece in H264_AAC[13..].repeat(20).chunks(100) {
        demuxer.push(piece);
        while demuxer.poll_tag().unwrap().is_some() {}
        assert!(demuxer.buffer.len() < 1200, "{}", demuxer.buffer.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), piece_bytes in 1usize..50) {
        let stream = [&file_header(true, true)[..], &bytes].concat();
        let _ = tags(&bytes, piece_bytes);
        let _ = tags(&stream, piece_bytes);
    }

    #[test]
    fn a_damaged_file_gives_the_same_in_any_pieces(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), piece_bytes in 1usize..500,
    ) {
        let mut stream = H264_AAC.to_vec();
        let at = at.index(stream.len());
        stream[at] = byte;
        prop_assert_eq!(tags(&stream, stream.len()), tags(&stream, piece_bytes));
    }
}
