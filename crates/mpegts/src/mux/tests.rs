use super::*;
use crate::testing::{FILES, aac_track, check_continuity, demux, file, h264_track, packet, picture, tracks};
use bytes::Bytes;
use media::PacketKind;
use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
use mpeg2ts::ts::{ReadTsPacket, TsPacketReader, TsPayload};
use proptest::prelude::*;

fn mux(tracks: &[Track], packets: &[Packet]) -> BytesMut {
    let (mut muxer, mut out) = (Muxer::new(tracks).unwrap(), BytesMut::new());
    for packet in packets {
        muxer.write(packet, &mut out).unwrap();
    }
    check_continuity(&out);
    out
}

fn ts_packets(bytes: &[u8]) -> Vec<mpeg2ts::ts::TsPacket> {
    let mut reader = TsPacketReader::new(bytes);
    std::iter::from_fn(|| reader.read_ts_packet().unwrap()).collect()
}

#[test]
fn the_tables_of_pictures_and_sound_are_these() {
    let mut out = BytesMut::new();
    Muxer::new(&[h264_track(), aac_track()]).unwrap().tables(&mut out);
    let (packets, _) = out.as_chunks::<188>();
    let [pat, pmt] = packets else { panic!("two packets") };
    let expected_pat = [
        0x47, 0x40, 0x00, 0x10, 0x00, // PID 0, pointer
        0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, // section header
        0x00, 0x01, 0xf0, 0x00, // program 1 in PID 0x1000
        0x2a, 0xb1, 0x04, 0xb2, // CRC
    ];
    let expected_pmt = [
        0x47, 0x50, 0x00, 0x10, 0x00, // PID 0x1000, pointer
        0x02, 0xb0, 0x17, 0x00, 0x01, 0xc1, 0x00, 0x00, // section header
        0xe1, 0x00, 0xf0, 0x00, // the clock is in PID 0x100
        0x1b, 0xe1, 0x00, 0xf0, 0x00, // H.264
        0x0f, 0xe1, 0x01, 0xf0, 0x00, // AAC in ADTS
        0x2f, 0x44, 0xb9, 0x9b, // CRC
    ];
    assert_eq!(pat[..expected_pat.len()], expected_pat);
    assert_eq!(pmt[..expected_pmt.len()], expected_pmt);
    assert!(pat[expected_pat.len()..].iter().chain(&pmt[expected_pmt.len()..]).all(|&byte| byte == 0xff));
}

#[test]
fn a_sound_packet_is_these_bytes() {
    let track = aac_track();
    let (mut muxer, mut out) = (Muxer::new(std::slice::from_ref(&track)).unwrap(), BytesMut::new());
    muxer.tables(&mut out);
    out.clear();
    muxer.write(&packet(&track, PacketKind::Frame, 1000, &[0xaa; 100]), &mut out).unwrap();
    let expected = [
        0x47, 0x41, 0x01, 0x30, // PID 0x101, a unit starts, adaptation field and payload
        62, 0x50, // length, random access and clock
        0x00, 0x00, 0x9e, 0x34, 0x7e, 0x00, // 900 ms: the clock is 100 ms before the decode time
    ];
    assert_eq!(out[..expected.len()], expected);
    assert!(out[12..67].iter().all(|&byte| byte == 0xff));
    let pes = [
        0x00, 0x00, 0x01, 0xc0, 0x00, 115, 0x84, 0x80, 5, // PES header with a length and a PTS
        0x21, 0x00, 0x05, 0xbf, 0x21, // 90 000
        0xff, 0xf1, 0x4c, 0x80, 0x0d, 0x7f, 0xfc, // ADTS: AAC-LC, 48 kHz, stereo, 107 bytes
    ];
    assert_eq!(out[67..67 + pes.len()], pes);
    assert_eq!(out[67 + pes.len()..], [0xaa; 100]);
}

#[test]
fn another_reader_finds_the_packets_as_they_went() {
    for (name, file) in FILES {
        let packets = demux(file);
        let tracks = tracks(&packets);
        let bytes = mux(&tracks, &packets);
        let mut reader = PesPacketReader::new(TsPacketReader::new(&bytes[..]));
        let mut read: Vec<_> = std::iter::from_fn(|| reader.read_pes_packet().unwrap()).collect();
        read.sort_by_key(|pes| {
            (pes.header.stream_id.is_audio(), pes.header.dts.or(pes.header.pts).map(|dts| dts.as_u64()))
        });
        let mut coded: Vec<_> = packets.iter().filter(|packet| !packet.is_config()).collect();
        coded.sort_by_key(|packet| {
            (packet.is_audio() && packet.codec != Codec::Ac3 && packet.codec != Codec::Eac3, packet.dts)
        });
        assert_eq!(read.len(), coded.len(), "{name}");
        for (pes, packet) in read.iter().zip(&coded) {
            assert_eq!(pes.header.pts.unwrap().as_u64() as i64, packet.pts.to_ticks(90_000), "{name}");
            let dts = pes.header.dts.or(pes.header.pts).unwrap();
            assert_eq!(dts.as_u64() as i64, packet.dts.to_ticks(90_000), "{name}");
        }
    }
}

#[test]
fn what_is_read_from_a_stream_is_read_again_when_written() {
    for (name, file) in FILES {
        let packets = demux(file);
        let again = demux(&mux(&tracks(&packets), &packets));
        assert_eq!(again.len(), packets.len(), "{name}");
        for (again, packet) in again.iter().zip(&packets) {
            // A tick of 90 kHz is 11.1 µs.
            let off = again.dts.micros_since(packet.dts).abs().max(again.pts.micros_since(packet.pts).abs());
            assert!(off < 12, "{name}: {off} µs");
            assert_eq!(&Packet { dts: packet.dts, pts: packet.pts, ..again.clone() }, packet, "{name}");
        }
    }
}

#[test]
fn pictures_begin_with_a_delimiter_and_keyframes_with_parameter_sets() {
    let track = h264_track();
    let config = media::h264::DecoderConfig::parse(&track.config).unwrap();
    let (sps, pps) = (&config.sps[0], &config.pps[0]);
    // The encoder's own delimiter gives way to ours.
    let mut keyframe = picture(&track, PacketKind::Keyframe, 1000, 10);
    keyframe.payload = [&[0, 0, 0, 2, 9, 0x10][..], &keyframe.payload].concat().into();
    let bytes = mux(std::slice::from_ref(&track), &[keyframe, picture(&track, PacketKind::Frame, 1040, 20)]);
    let mut reader = PesPacketReader::new(TsPacketReader::new(&bytes[..]));
    let first = reader.read_pes_packet().unwrap().unwrap().data;
    let second = reader.read_pes_packet().unwrap().unwrap().data;
    let annex_b =
        |nals: &[&[u8]]| nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect::<Vec<_>>();
    let idr = [&[0x65][..], &[0xab; 9]].concat();
    let slice = [&[0x41][..], &[0xab; 19]].concat();
    assert_eq!(first, annex_b(&[&[9, 0xf0], sps, pps, &idr]));
    assert_eq!(second, annex_b(&[&[9, 0xf0], &slice]));
}

#[test]
fn tables_stand_before_each_keyframe_and_not_twice() {
    let track = h264_track();
    let (mut muxer, mut out) = (Muxer::new(std::slice::from_ref(&track)).unwrap(), BytesMut::new());
    let mut starts = Vec::new();
    for index in 0..10 {
        let kind = if index % 5 == 0 { PacketKind::Keyframe } else { PacketKind::Frame };
        if index == 5 {
            muxer.tables(&mut out); // a segment begins
        }
        let start = out.len();
        muxer.write(&picture(&track, kind, 1000 + 40 * index, 100), &mut out).unwrap();
        starts.push((start, kind));
    }
    check_continuity(&out);
    let tables: Vec<_> = ts_packets(&out)
        .iter()
        .enumerate()
        .filter(|(_, packet)| matches!(packet.payload, Some(TsPayload::Pat(_) | TsPayload::Pmt(_))))
        .map(|(index, _)| index * 188)
        .collect();
    let second = starts[5].0;
    assert_eq!(tables, [0, 188, second - 376, second - 188]);
}

#[test]
fn without_keyframes_tables_and_clock_are_repeated_in_time() {
    let tracks = [h264_track(), aac_track()];
    let (mut muxer, mut out) = (Muxer::new(&tracks).unwrap(), BytesMut::new());
    // A picture each second, sound every 20 ms; when each byte was written.
    let mut written = Vec::new();
    for millis in (1000..6000u64).step_by(20) {
        if millis % 1000 == 0 {
            muxer.write(&picture(&tracks[0], PacketKind::Frame, millis as i64, 3000), &mut out).unwrap();
        }
        muxer.write(&packet(&tracks[1], PacketKind::Frame, millis as i64, &[1; 300]), &mut out).unwrap();
        written.resize(out.len(), millis);
    }
    check_continuity(&out);
    let (mut tables_at, mut clock_at, mut clock) = (0, 0, 0);
    for (index, packet) in ts_packets(&out).into_iter().enumerate() {
        let millis = written[index * 188];
        if matches!(packet.payload, Some(TsPayload::Pat(_))) {
            assert!(tables_at == 0 || millis - tables_at <= 400, "tables at {tables_at}, then {millis}");
            tables_at = millis;
        }
        if let Some(pcr) = packet.adaptation_field.and_then(|field| field.pcr) {
            assert_eq!(packet.header.pid.as_u16(), 0x100);
            let pcr = pcr.as_u64() / 300;
            assert!((clock..=millis * 90).contains(&pcr));
            assert!(clock_at == 0 || millis - clock_at <= 100, "clock at {clock_at}, then {millis}");
            (clock, clock_at) = (pcr, millis);
        }
    }
    assert!(tables_at >= 5500 && clock_at >= 5900, "{tables_at} {clock_at}");
}

#[test]
fn the_clock_is_the_sound_when_there_are_no_pictures() {
    let track = aac_track();
    let bytes = mux(std::slice::from_ref(&track), &[packet(&track, PacketKind::Frame, 1000, b"x")]);
    let packets = ts_packets(&bytes);
    assert!(packets[2].adaptation_field.as_ref().is_some_and(|field| field.pcr.is_some()));
}

#[test]
fn times_start_over_after_33_bits() {
    let track = h264_track();
    let wrap_ticks = 1i64 << 33;
    let at_ticks = |dts, pts| {
        let (dts, pts) = (Timestamp::from_ticks(dts, 90_000), Timestamp::from_ticks(pts, 90_000));
        let packet = Packet { dts, pts, ..picture(&track, PacketKind::Keyframe, 0, 50) };
        let read = demux(&mux(std::slice::from_ref(&track), &[packet])).pop().unwrap();
        (read.dts.to_ticks(90_000), read.pts.to_ticks(90_000))
    };
    assert_eq!(at_ticks(wrap_ticks - 900, wrap_ticks + 6300), (wrap_ticks - 900, wrap_ticks + 6300));
    assert_eq!(at_ticks(wrap_ticks + 900, wrap_ticks + 8100), (900, 8100));
    assert_eq!(at_ticks(-900, 900), (wrap_ticks - 900, wrap_ticks + 900));
}

#[test]
fn a_discontinuity_is_marked() {
    let track = h264_track();
    let mut after = picture(&track, PacketKind::Keyframe, 90_000, 50);
    after.discontinuity = true;
    let packets = [
        picture(&track, PacketKind::Keyframe, 1000, 50),
        after,
        picture(&track, PacketKind::Frame, 90_040, 50),
    ];
    let bytes = mux(&[track], &packets);
    let marked = ts_packets(&bytes)
        .iter()
        .filter(|packet| {
            packet
                .adaptation_field
                .as_ref()
                .is_some_and(|field| field.discontinuity_indicator && field.pcr.is_some())
        })
        .count();
    assert_eq!(marked, 1);
    let read: Vec<_> = demux(&bytes)
        .iter()
        .filter(|packet| !packet.is_config())
        .map(|packet| packet.discontinuity)
        .collect();
    assert_eq!(read, [false, true, false]);
}

#[test]
fn another_codec_makes_a_new_map_and_counters_go_on() {
    let video = h264_track();
    let mp3 = tracks(&demux(file("mp3.ts"))).swap_remove(0);
    let (mut muxer, mut out) = (Muxer::new(&[video.clone(), aac_track()]).unwrap(), BytesMut::new());
    muxer.write(&picture(&video, PacketKind::Keyframe, 1000, 400), &mut out).unwrap();
    muxer.write(&packet(&aac_track(), PacketKind::Frame, 1000, &[1; 400]), &mut out).unwrap();
    muxer.set_tracks(&[video.clone(), mp3.clone()]).unwrap();
    let frame = demux(file("mp3.ts")).swap_remove(1);
    muxer
        .write(
            &Packet { dts: Timestamp::from_millis(1020), pts: Timestamp::from_millis(1020), ..frame },
            &mut out,
        )
        .unwrap();
    muxer.write(&picture(&video, PacketKind::Frame, 1040, 400), &mut out).unwrap();
    check_continuity(&out);
    let versions: Vec<_> = ts_packets(&out)
        .into_iter()
        .filter_map(|packet| match packet.payload {
            Some(TsPayload::Pmt(pmt)) => Some((pmt.version_number.as_u8(), pmt.es_info[1].stream_type as u8)),
            _ => None,
        })
        .collect();
    assert_eq!(versions, [(0, 0x0f), (1, 0x03)]);
    let codecs: Vec<_> =
        demux(&out).iter().filter(|packet| !packet.is_config()).map(|packet| packet.codec).collect();
    assert_eq!(codecs, [Codec::H264, Codec::Aac, Codec::Mp3, Codec::H264]);
    // The same tracks again change nothing.
    let version = muxer.pmt_version;
    muxer.set_tracks(&[video, mp3]).unwrap();
    assert_eq!(muxer.pmt_version, version);
}

#[test]
fn a_new_decoder_config_counts_from_the_next_packet_on() {
    let track = aac_track();
    let mono = packet(&track, PacketKind::Config, 1000, &[0x11, 0x88]);
    let frames = [
        packet(&track, PacketKind::Frame, 1000, b"stereo"),
        mono,
        packet(&track, PacketKind::Frame, 1021, b"mono"),
    ];
    let read = demux(&mux(&[track], &frames));
    let configs: Vec<_> =
        read.iter().filter(|packet| packet.is_config()).map(|packet| packet.payload.clone()).collect();
    assert_eq!(configs, [&[0x11, 0x90][..], &[0x11, 0x88]]);
}

#[test]
fn what_cannot_be_written_is_refused_and_leaves_nothing_behind() {
    let tracks = [h264_track(), aac_track()];
    let mut muxer = Muxer::new(&tracks).unwrap();
    let other = Track { id: TrackId { index: 1, ..TrackId::VIDEO }, ..tracks[0].clone() };
    let refused = [
        ("a length beyond the payload", packet(&tracks[0], PacketKind::Frame, 1000, &[0, 0, 0, 9, 0x41])),
        ("an AAC frame beyond 13 bits", packet(&tracks[1], PacketKind::Frame, 1000, &[0; 8200])),
        ("another track", picture(&other, PacketKind::Frame, 1000, 10)),
        ("a broken config", packet(&tracks[0], PacketKind::Config, 1000, &[9])),
    ];
    for (what, packet) in refused {
        let mut out = BytesMut::from(&b"before"[..]);
        assert!(muxer.write(&packet, &mut out).is_err(), "{what}");
        assert_eq!(&out[..], b"before", "{what}");
    }
    let opus = Track { codec: Codec::Opus, ..aac_track() };
    assert_eq!(Muxer::new(&[opus]).err(), Some(Error::Unsupported(Codec::Opus)));
    let many: Vec<_> =
        (0..13).map(|index| Track { id: TrackId { index, ..TrackId::VIDEO }, ..h264_track() }).collect();
    assert!(matches!(Muxer::new(&many), Err(Error::Limit { .. })));
    let (mut muxer, mut out) = (Muxer::new(&many[..12]).unwrap(), BytesMut::new());
    muxer.tables(&mut out);
    assert_eq!(out.len(), 376);
}

#[test]
fn the_largest_map_fits_into_one_packet() {
    let eac3 = tracks(&demux(file("eac3.ts"))).swap_remove(0);
    let many: Vec<_> =
        (0..12).map(|index| Track { id: TrackId { index, ..TrackId::AUDIO }, ..eac3.clone() }).collect();
    let mut out = BytesMut::new();
    Muxer::new(&many).unwrap().tables(&mut out);
    assert_eq!(out.len(), 376);
    assert_eq!(crate::psi::parse_pmt(&out[188 + 5..]).map(|_| ()), None, "with stuffing behind it");
    let Some(TsPayload::Pmt(pmt)) = ts_packets(&out)[1].payload.clone() else { panic!("a map") };
    assert_eq!(pmt.es_info.len(), 12);
}

#[test]
fn pictures_beyond_64_kib_leave_their_length_open() {
    let track = h264_track();
    let sizes = [65_000, 65_529, 66_000, 300_000];
    let packets: Vec<_> = sizes
        .iter()
        .zip(0..)
        .map(|(&size, index)| picture(&track, PacketKind::Keyframe, 1000 + 40 * index, size))
        .collect();
    let read: Vec<_> =
        demux(&mux(&[track], &packets)).into_iter().filter(|packet| !packet.is_config()).collect();
    assert_eq!(read, packets);
}

#[test]
fn every_size_is_stuffed_exactly() {
    let (video, audio) = (h264_track(), aac_track());
    for size in 1..400 {
        let packets = [
            picture(&video, PacketKind::Keyframe, 1000, size),
            packet(&audio, PacketKind::Frame, 1000, &Bytes::from(vec![7; size])),
            picture(&video, PacketKind::Frame, 1040, size),
        ];
        let read: Vec<_> = demux(&mux(&[video.clone(), audio.clone()], &packets))
            .into_iter()
            .filter(|packet| !packet.is_config())
            .collect();
        assert_eq!(read, packets, "{size} bytes");
    }
}

proptest! {
    #[test]
    fn any_packets_come_back(
        frames in proptest::collection::vec((any::<bool>(), any::<bool>(), 1usize..3000, 0i64..50), 1..40),
    ) {
        let tracks = [h264_track(), aac_track()];
        let mut millis = 1000;
        let packets: Vec<_> = frames.into_iter().map(|(is_video, is_keyframe, size, gap)| {
            millis += gap;
            match (is_video, is_keyframe) {
                (true, true) => picture(&tracks[0], PacketKind::Keyframe, millis, size),
                (true, false) => picture(&tracks[0], PacketKind::Frame, millis, size),
                (false, _) => packet(&tracks[1], PacketKind::Frame, millis, &vec![3; size]),
            }
        }).collect();
        let read = demux(&mux(&tracks, &packets));
        // A demuxer knows a picture only after the first parameter sets.
        let first_keyframe = packets.iter().position(Packet::is_keyframe).unwrap_or(packets.len());
        let expected: Vec<_> = packets.iter().enumerate()
            .filter(|(index, packet)| packet.is_audio() || *index >= first_keyframe)
            .map(|(_, packet)| packet.clone())
            .collect();
        let read: Vec<_> = read.into_iter().filter(|packet| !packet.is_config()).collect();
        prop_assert_eq!(read, expected);
    }
}
