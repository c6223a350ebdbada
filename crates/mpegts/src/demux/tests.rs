use super::*;
use crate::testing::{FILES, demux, file, h264_track, picture, tracks};
use crate::{Muxer, tables};
use bytes::BufMut;
use media::{Codec, PacketKind};
use proptest::prelude::*;

fn push_in_steps(bytes: &[u8], step: usize) -> (Vec<Packet>, Damage, Result<(), Error>) {
    let (mut demuxer, mut packets) = (Demuxer::new(), Vec::new());
    let mut result = Ok(());
    for chunk in bytes.chunks(step) {
        result = demuxer.push(chunk, &mut packets);
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| demuxer.finish(&mut packets));
    (packets, demuxer.damage(), result)
}

/// What ffprobe says of the files.
#[test]
fn real_streams_have_the_tracks_and_packets_they_should() {
    let expected: [(&str, &[&str], [usize; 2]); 4] = [
        ("h264_aac.ts", &["avc1.64000a", "mp4a.40.2"], [10, 20]),
        ("h265_ac3.ts", &["hvc1.1.6.L30.90", "ac-3"], [10, 13]),
        ("mp3.ts", &["mp4a.40.34"], [0, 13]),
        ("eac3.ts", &["ec-3"], [0, 10]),
    ];
    for (name, codec_strings, [pictures, sounds]) in expected {
        let packets = demux(file(name));
        let found: Vec<_> = tracks(&packets).iter().map(media::Track::codec_string).collect();
        assert_eq!(found, codec_strings, "{name}");
        let coded: Vec<_> = packets.iter().filter(|packet| !packet.is_config()).collect();
        assert_eq!(coded.iter().filter(|packet| packet.is_video()).count(), pictures, "{name}");
        assert_eq!(coded.iter().filter(|packet| packet.is_audio()).count(), sounds, "{name}");
        assert_eq!(
            coded.iter().filter(|packet| packet.is_keyframe()).count(),
            pictures.div_ceil(5),
            "{name}"
        );
    }
}

#[test]
fn pictures_have_a_decode_and_a_presentation_time() {
    let packets = demux(file("h264_aac.ts"));
    let times: Vec<_> = packets
        .iter()
        .filter(|packet| packet.is_video() && !packet.is_config())
        .map(|packet| (packet.dts.as_millis(), packet.pts.as_millis()))
        .take(4)
        .collect();
    assert_eq!(times, [(1400, 1480), (1440, 1600), (1480, 1520), (1520, 1560)]);
}

#[test]
fn sound_frames_that_share_a_pes_packet_have_times_of_their_own() {
    let packets = demux(file("h264_aac.ts"));
    let times: Vec<_> = packets
        .iter()
        .filter(|packet| packet.is_audio() && !packet.is_config())
        .map(|packet| packet.dts)
        .collect();
    assert_eq!(times.len(), 20);
    for pair in times.windows(2) {
        assert!((21_332..=21_334).contains(&pair[1].micros_since(pair[0])), "{pair:?}");
    }
}

#[test]
fn a_byte_at_a_time_gives_the_same_as_all_at_once() {
    for (name, file) in FILES {
        let garbage = [b"GGG".as_slice(), file, &[0x47; 5], b"noise", file].concat();
        let tail = [file, &[0; 100]].concat();
        for bytes in [file, &garbage, &tail] {
            let whole = push_in_steps(bytes, bytes.len());
            assert!(whole.2.is_ok());
            for step in [1, 187, 189, 1000] {
                assert_eq!(push_in_steps(bytes, step), whole, "{name} in steps of {step}");
            }
        }
    }
}

#[test]
fn bytes_between_packets_are_passed_over_and_counted() {
    let file = file("h264_aac.ts");
    let (head, tail) = file.split_at(188 * 10);
    let bytes = [b"xyz".as_slice(), head, &[0; 1000], tail].concat();
    let (packets, damage, result) = push_in_steps(&bytes, bytes.len());
    assert_eq!(result, Ok(()));
    assert_eq!(packets, demux(file));
    assert_eq!(damage, Damage { skipped_bytes: 1003, ..Damage::default() });
}

#[test]
fn what_is_no_transport_stream_is_given_up_on() {
    let (_, _, result) = push_in_steps(&vec![0; RESYNC_BYTES_MAX + 500], 100);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Limit { max: 65_536, .. }), "{error}");
}

#[test]
fn a_lost_packet_costs_one_unit_and_is_counted() {
    let track = h264_track();
    let mut bytes = BytesMut::new();
    let mut muxer = Muxer::new(std::slice::from_ref(&track)).unwrap();
    let mut ends = Vec::new();
    for index in 0..3 {
        muxer.write(&picture(&track, PacketKind::Keyframe, 1000 + 40 * index, 2000), &mut bytes).unwrap();
        ends.push(bytes.len());
    }
    let lost = ends[0] + 188 * 5;
    let damaged = [&bytes[..lost], &bytes[lost + 188..]].concat();
    let (packets, damage, _) = push_in_steps(&damaged, 188);
    let times: Vec<_> =
        packets.iter().filter(|packet| !packet.is_config()).map(|packet| packet.dts.as_millis()).collect();
    assert_eq!(times, [1000, 1080]);
    assert_eq!(damage, Damage { gaps: 1, ..Damage::default() });
}

#[test]
fn a_packet_sent_twice_is_taken_once() {
    let file = file("h264_aac.ts");
    let (packets, _) = file.as_chunks::<188>();
    let doubled: Vec<u8> = packets.iter().flat_map(|packet| [*packet, *packet]).flatten().collect();
    assert_eq!(demux(&doubled), demux(file));
}

#[test]
fn a_stream_joined_in_the_middle_begins_with_a_config() {
    let track = h264_track();
    let (mut muxer, mut bytes) = (Muxer::new(std::slice::from_ref(&track)).unwrap(), BytesMut::new());
    muxer.write(&picture(&track, PacketKind::Frame, 1000, 500), &mut bytes).unwrap();
    muxer.write(&picture(&track, PacketKind::Keyframe, 1040, 500), &mut bytes).unwrap();
    let kinds: Vec<_> = demux(&bytes).iter().map(|packet| packet.kind).collect();
    assert_eq!(kinds, [PacketKind::Config, PacketKind::Keyframe]);
}

#[test]
fn a_bounded_picture_is_out_before_the_next_one_comes() {
    let track = h264_track();
    let (mut muxer, mut bytes) = (Muxer::new(std::slice::from_ref(&track)).unwrap(), BytesMut::new());
    muxer.write(&picture(&track, PacketKind::Keyframe, 1000, 500), &mut bytes).unwrap();
    muxer.tables(&mut bytes); // so that the packets before are surely in sync
    let (mut demuxer, mut packets) = (Demuxer::new(), Vec::new());
    demuxer.push(&bytes, &mut packets).unwrap();
    assert_eq!(packets.len(), 2);
}

/// Layer II sound has the stream type of MP3; bytes of it look like MP3 headers now and then.
#[test]
fn layer_2_sound_is_left_out_whole() {
    let mut bytes = BytesMut::new();
    let (mut pat, mut pmt, mut continuity) = (0, 0, 0);
    tables::put_pat(&mut bytes, &mut pat);
    tables::put_pmt(&mut bytes, &mut pmt, 0, 0x101, [(0x101, StreamType::Mpeg1Audio)].into_iter());
    for number in 0..50i64 {
        // 48 kHz, 64 kbit/s, with what an MP3 header looks like in the middle.
        let mut frame = vec![0xff, 0xfd, 0x44, 0x00];
        frame.extend((0..188).map(|byte| (byte * 37 + number) as u8));
        frame.splice(100..104, [0xff, 0xfb, 0x54, 0xc4]);
        let header = crate::pes::PesHeader::new(0xc0, number * 2160, number * 2160, frame.len());
        let pes_bytes = header.as_slice().len() + frame.len();
        let adaptation = crate::pes::Adaptation::default();
        let mut pes = crate::pes::PesWriter::new(&mut bytes, 0x101, &mut continuity, pes_bytes, adaptation);
        pes.put(header.as_slice());
        pes.put(&frame);
    }
    let (packets, damage, result) = push_in_steps(&bytes, bytes.len());
    assert_eq!((packets, result), (vec![], Ok(())));
    assert!(damage.dropped_units >= 1);
}

#[test]
fn sound_frames_may_lie_across_pes_packets() {
    let whole: Vec<_> = demux(file("mp3.ts")).into_iter().filter(|packet| !packet.is_config()).collect();
    let sound: Vec<u8> = whole.iter().flat_map(|packet| packet.payload.to_vec()).collect();
    let mut stream = Stream::new(0x101, StreamType::Mpeg1Audio, TrackId::AUDIO);
    let (mut damage, mut packets) = (Damage::default(), Vec::new());
    // Pieces of 150 bytes, each with the time of the first frame that begins in it.
    let starts: Vec<_> = whole
        .iter()
        .scan(0, |at, packet| {
            let start = *at;
            *at += packet.payload.len();
            Some((start, packet.dts))
        })
        .collect();
    for (index, piece) in sound.chunks(150).enumerate() {
        let time = starts.iter().find(|(start, _)| (index * 150..(index + 1) * 150).contains(start));
        let times = time.map(|&(_, dts)| Times { pts: dts, dts });
        let mut output = Output {
            track_id: stream.track_id,
            codec: Codec::Mp3,
            discontinuity: &mut stream.discontinuity,
            packets: &mut packets,
            dropped: &mut damage.dropped_units,
        };
        stream.elementary.push(piece, times, &mut output);
    }
    packets.retain(|packet| !packet.is_config());
    assert_eq!(packets.len(), whole.len());
    for (packet, expected) in packets.iter().zip(&whole) {
        assert_eq!(packet.payload, expected.payload);
        assert!(packet.dts.micros_since(expected.dts).abs() <= 1);
    }
}

#[test]
fn a_map_with_more_tracks_than_anybody_has_is_refused() {
    let mut bytes = BytesMut::new();
    let (mut pat, mut pmt) = (0, 0);
    tables::put_pat(&mut bytes, &mut pat);
    tables::put_pmt(&mut bytes, &mut pmt, 0, 0x100, (0..9).map(|index| (0x100 + index, StreamType::H264)));
    bytes.put_bytes(0x47, 1);
    let error = Demuxer::new().push(&bytes, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "number of tracks in a program map is 9, the limit is 8");
}

#[test]
fn a_picture_that_never_ends_is_dropped() {
    let mut stream = Stream::new(0x100, StreamType::H264, TrackId::VIDEO);
    let (mut damage, mut packets) = (Damage::default(), Vec::new());
    let payload = [&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1][..], &[1; 170]].concat();
    for number in 0..(PES_BYTES_MAX / payload.len() + 2) {
        let packet = TsPacket {
            pid: 0x100,
            is_unit_start: number == 0,
            continuity: number as u8 & 0xf,
            is_discontinuity: false,
            has_payload: true,
            payload: &payload,
        };
        stream.take_packet(&packet, &mut damage, &mut packets);
    }
    assert!(packets.is_empty() && stream.pes.is_empty());
    assert_eq!(damage, Damage { dropped_units: 1, ..Damage::default() });
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = push_in_steps(&bytes, 100);
    }

    #[test]
    fn any_packets_are_read_without_a_panic(
        packets in proptest::collection::vec((0u16..3, proptest::collection::vec(any::<u8>(), 185)), 0..20),
    ) {
        // Behind real tables, so that they get somewhere.
        let mut bytes = file("h264_aac.ts")[..188 * 4].to_vec();
        for (pid, packet) in packets {
            bytes.push(0x47);
            bytes.extend((0x4100 + pid).to_be_bytes());
            bytes.extend(packet);
        }
        let _ = push_in_steps(&bytes, 1000);
    }

    #[test]
    fn damaged_streams_are_read_the_same_in_any_steps(
        index in 0..FILES.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<prop::sample::Index>(),
        step in 1usize..400,
    ) {
        let mut bytes = FILES[index].1.to_vec();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1).max(1));
        let whole = push_in_steps(&bytes, bytes.len());
        prop_assert_eq!(push_in_steps(&bytes, step), whole);
    }
}
