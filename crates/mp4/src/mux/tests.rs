use super::*;
use crate::testing::{
    FILES, aac_track, at_ticks, box_tree, file, fragmented, h264_track, open, packets, sample, tracks,
};
use media::{Codec, PacketKind, VideoInfo};
use mp4_atom::Decode;
use proptest::prelude::*;

const SECOND: Timestamp = Timestamp::from_millis(1000);

#[test]
fn an_init_segment_has_these_boxes() {
    let init = init_segment(&[h264_track(), aac_track()]).unwrap();
    assert_eq!(box_tree(&init), include_str!("../testdata/init_h264_aac.txt"));
}

#[test]
fn a_fragment_has_these_boxes() {
    let track = h264_track();
    let samples = [
        sample(&track, PacketKind::Keyframe, at_ticks(90_000, 90_000), at_ticks(93_600, 90_000), b"key"),
        sample(&track, PacketKind::Frame, at_ticks(91_800, 90_000), at_ticks(91_000, 90_000), b"b"),
    ];
    let (bytes, times) = fragment(7, &track, &samples, at_ticks(95_400, 90_000)).unwrap();
    assert_eq!(times, FragmentTimes { start_ticks: 90_000, duration_ticks: 5400 });
    // trun: version 1, its flags, two samples, where the data begins; then duration, size, flags and offset of each.
    let expected = "\
moof
  mfhd 0000000000000007
  traf
    tfhd 0002000000000001
    tfdt 010000000000000000015f90
    trun 01000f010000000200000080\
000007080000000302000000\
00000e10\
00000e100000000101010000\
fffffce0
mdat 6b657962
";
    assert_eq!(box_tree(&bytes), expected);
    assert_eq!(&bytes[0x80..], b"keyb");
}

#[test]
fn sound_has_its_flags_once_and_no_offsets() {
    let track = aac_track();
    let samples = [
        sample(&track, PacketKind::Frame, at_ticks(48_000, 48_000), at_ticks(48_000, 48_000), b"one"),
        sample(&track, PacketKind::Frame, at_ticks(49_024, 48_000), at_ticks(49_024, 48_000), b"two"),
    ];
    let (bytes, _) = fragment(1, &track, &samples, at_ticks(50_048, 48_000)).unwrap();
    let tree = box_tree(&bytes);
    assert!(tree.contains("tfhd 000200200000000202000000\n"), "{tree}");
    assert!(tree.contains("trun 01000301000000020000007400000400000000030000040000000003\n"), "{tree}");
}

#[test]
fn a_track_has_the_same_number_alone_and_beside_others() {
    let (video, audio) = (h264_track(), aac_track());
    let number_of = |init: &[u8], handler: &[u8; 4]| {
        let init = init.to_vec();
        let mut cursor = std::io::Cursor::new(init.as_slice());
        mp4_atom::Ftyp::decode(&mut cursor).unwrap();
        let moov = mp4_atom::Moov::decode(&mut cursor).unwrap();
        let trak = moov.trak.iter().find(|trak| trak.mdia.hdlr.handler == mp4_atom::FourCC::new(handler));
        trak.unwrap().tkhd.track_id
    };
    let both = init_segment(&[video.clone(), audio.clone()]).unwrap();
    assert_eq!(
        number_of(&both, b"soun"),
        number_of(&init_segment(std::slice::from_ref(&audio)).unwrap(), b"soun")
    );
    assert_eq!(number_of(&both, b"vide"), number_of(&init_segment(&[video]).unwrap(), b"vide"));
    assert_eq!(track_number(TrackId { index: 3, ..TrackId::VIDEO }), 7);
    assert_eq!(track_number(TrackId { index: 255, ..TrackId::AUDIO }), 512);
}

#[test]
fn another_reader_finds_every_codec_in_the_init_segment() {
    use mp4_atom::Codec as Entry;
    for (name, file) in FILES {
        let mut tracks = tracks(&packets(file));
        for track in &mut tracks {
            if let TrackInfo::Video(video) = &mut track.info {
                (video.width, video.height) = (64, 64);
            }
        }
        let init = init_segment(&tracks).unwrap();
        let mut cursor = std::io::Cursor::new(&init[..]);
        mp4_atom::Ftyp::decode(&mut cursor).unwrap();
        let moov = mp4_atom::Moov::decode(&mut cursor).unwrap();
        assert_eq!(moov.trak.len(), tracks.len(), "{name}");
        for (trak, track) in moov.trak.iter().zip(&tracks) {
            assert_eq!(trak.mdia.mdhd.timescale, timescale(track), "{name}");
            let entry = &trak.mdia.minf.stbl.stsd.codecs[0];
            let is_right = match track.codec {
                Codec::H264 => matches!(entry, Entry::Avc1(avc1) if avc1.visual.width == 64),
                Codec::H265 => matches!(entry, Entry::Hvc1(hvc1) if hvc1.visual.height == 64),
                Codec::Av1 => matches!(entry, Entry::Av01(_)),
                Codec::Vp9 => matches!(entry, Entry::Vp09(_)),
                Codec::Aac => {
                    matches!(entry, Entry::Mp4a(mp4a) if mp4a.esds.es_desc.dec_config.object_type_indication == 0x40)
                }
                Codec::Mp3 => {
                    matches!(entry, Entry::Mp4a(mp4a) if mp4a.esds.es_desc.dec_config.object_type_indication == 0x6b)
                }
                Codec::Opus => matches!(entry, Entry::Opus(opus) if opus.dops.pre_skip == 312),
                Codec::Flac => matches!(entry, Entry::Flac(flac) if flac.dfla.blocks.len() == 1),
                Codec::Ac3 => matches!(entry, Entry::Ac3(_)),
                Codec::Eac3 => matches!(entry, Entry::Eac3(_)),
                _ => false,
            };
            assert!(is_right, "{name}: {entry:?}");
        }
    }
}

#[test]
fn what_is_read_from_a_file_is_read_again_from_its_fragments() {
    for (name, file) in FILES {
        let packets = packets(file);
        let tracks = tracks(&packets);
        let by_track = |packets: &[Packet]| {
            let mut packets: Vec<_> = packets.iter().filter(|packet| !packet.is_config()).cloned().collect();
            packets.sort_by_key(|packet| packet.track_id);
            packets
        };
        for group in [1, 3, 100] {
            let bytes = fragmented(&tracks, &packets, group);
            let reader = open(&bytes);
            assert!(reader.index().is_fragmented);
            let read: Vec<_> = reader.map(Result::unwrap).collect();
            assert_eq!(by_track(&read), by_track(&packets), "{name} in groups of {group}");
            assert_eq!(self::tracks(&read), tracks, "{name}");
        }
    }
}

#[test]
fn vp8_is_carried_with_the_size_its_track_was_given() {
    let config = Bytes::from_static(&[1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0, 0]);
    let mut track = Track::from_config(TrackId::VIDEO, Codec::Vp8, config).unwrap();
    track.info = TrackInfo::Video(VideoInfo { width: 640, height: 360, ..VideoInfo::default() });
    let samples = [sample(&track, PacketKind::Keyframe, SECOND, SECOND, b"picture")];
    let bytes = fragmented(std::slice::from_ref(&track), &samples, 1);
    let mut reader = open(&bytes);
    let TrackInfo::Video(info) = reader.index().tracks[0].track.info.clone() else { panic!("video") };
    assert_eq!((info.width, info.height), (640, 360));
    assert_eq!(reader.next_packet().unwrap().unwrap().payload, track.config);
    assert_eq!(reader.next_packet().unwrap().unwrap(), samples[0]);
}

#[test]
fn decoder_configs_are_not_samples() {
    let track = aac_track();
    let one = sample(&track, PacketKind::Frame, SECOND, SECOND, b"one");
    let config = sample(&track, PacketKind::Config, SECOND, SECOND, &track.config);
    let end = SECOND + std::time::Duration::from_millis(21);
    let plain = fragment(1, &track, std::slice::from_ref(&one), end).unwrap();
    assert_eq!(fragment(1, &track, &[config.clone(), one, config.clone()], end).unwrap(), plain);
    assert!(matches!(fragment(1, &track, &[config], end), Err(Error::NoSamples)));
}

#[test]
fn what_cannot_be_written_is_refused_and_leaves_nothing_behind() {
    let track = h264_track();
    let at = |dts: i64, pts: i64| {
        sample(&track, PacketKind::Frame, Timestamp::from_millis(dts), Timestamp::from_millis(pts), b"x")
    };
    let days = 30 * 24 * 3600 * 1000;
    let refused: [(&str, Vec<Packet>, i64); 5] = [
        ("before zero", vec![at(-1, 0)], 1),
        ("going back", vec![at(20, 20), at(10, 10)], 30),
        ("an end before the last sample", vec![at(20, 20)], 10),
        ("a duration beyond 32 bits", vec![at(0, 0), at(days, days)], days + 1),
        ("an offset beyond 32 bits", vec![at(0, days)], 1),
    ];
    for (what, samples, end) in refused {
        let mut out = BytesMut::from(&b"before"[..]);
        let result = append_fragment(&mut out, 1, &track, &samples, Timestamp::from_millis(end));
        assert!(matches!(result, Err(Error::Time { .. })), "{what}: {result:?}");
        assert_eq!(&out[..], b"before", "{what}");
    }
    let foreign = sample(&aac_track(), PacketKind::Frame, SECOND, SECOND, b"x");
    assert!(matches!(fragment(1, &track, &[foreign], SECOND), Err(Error::ForeignSample { .. })));
}

#[test]
fn script_data_has_no_place_in_mp4() {
    let track = Track { id: TrackId::DATA, codec: Codec::ScriptData, ..aac_track() };
    assert!(matches!(init_segment(&[track]), Err(Error::Unsupported(Codec::ScriptData))));
}

#[test]
fn broken_configs_are_refused_where_they_have_to_be_rewritten() {
    for codec in [Codec::Opus, Codec::Flac] {
        let track = Track { codec, config: Bytes::from_static(b"x"), ..aac_track() };
        assert!(matches!(init_segment(&[track]), Err(Error::Config { .. })), "{codec}");
    }
}

#[test]
fn sample_rates_beyond_16_bits_are_written_as_a_division() {
    let mut track = tracks(&packets(file("vp9_flac.mp4"))).swap_remove(1);
    let TrackInfo::Audio(audio) = &mut track.info else { panic!("audio") };
    audio.sample_rate = 192_000;
    assert_eq!(timescale(&track), 192_000);
    let init = init_segment(&[track]).unwrap();
    let at = init.windows(4).rposition(|window| window == b"fLaC").unwrap();
    assert_eq!(init[at + 4 + 24..at + 4 + 28], [0xbb, 0x80, 0, 0]); // 48 000
}

proptest! {
    #[test]
    fn fragments_join_up_without_drift(
        gaps_micros in proptest::collection::vec(0i64..200_000, 1..40),
        group in 1usize..10,
        is_video in any::<bool>(),
    ) {
        let track = if is_video { h264_track() } else { aac_track() };
        let mut now = 1_000_003i64;
        let samples: Vec<_> = gaps_micros.iter().map(|gap| {
            now += gap;
            let dts = Timestamp::from_micros(now);
            sample(&track, PacketKind::Frame, dts, dts, b"x")
        }).collect();
        let mut next_start = None;
        for (index, chunk) in samples.chunks(group).enumerate() {
            let next = samples.get((index + 1) * group);
            let end = next.map_or(Timestamp::from_micros(now + 20_000), |next| next.dts);
            let (_, times) = fragment(1, &track, chunk, end).unwrap();
            prop_assert_eq!(times.start_ticks as i64, chunk[0].dts.to_ticks(timescale(&track)));
            prop_assert!(next_start.is_none_or(|start| start == times.start_ticks));
            next_start = Some(times.start_ticks + times.duration_ticks);
        }
    }

    #[test]
    fn samples_come_back_as_they_went(
        frames in proptest::collection::vec(
            (0u32..90_000, -90_000i32..90_000, any::<bool>(), proptest::collection::vec(any::<u8>(), 1..300)),
            1..30,
        ),
        group in 1usize..8,
    ) {
        let track = h264_track();
        let mut ticks = 90_000i64;
        let samples: Vec<_> = frames.iter().map(|(gap, offset, is_keyframe, payload)| {
            ticks += i64::from(*gap);
            let kind = if *is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame };
            let pts = at_ticks(ticks + i64::from(*offset), 90_000);
            sample(&track, kind, at_ticks(ticks, 90_000), pts, payload)
        }).collect();
        let bytes = fragmented(std::slice::from_ref(&track), &samples, group);
        let read: Vec<_> = open(&bytes).map(Result::unwrap).skip(1).collect();
        prop_assert_eq!(read, samples);
    }
}
