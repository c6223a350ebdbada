use super::*;
use crate::FourCc;
use crate::SkippedTrack;
use crate::boxes::{put_box, put_full_box};
use crate::sample_entry::put_sample_entry;
use crate::testing::{FILES, file, fragmented, h264_track, open, packets, tracks};
use bytes::{BufMut, BytesMut};
use media::{TrackId, TrackInfo};
use proptest::prelude::*;
use std::io::Cursor;

fn count(packets: &[Packet], track_id: TrackId) -> usize {
    packets.iter().filter(|packet| packet.track_id == track_id && !packet.is_config()).count()
}

/// What ffprobe says of a file: codec strings, and samples and first decode time (µs) of pictures and of sound.
type Facts = (&'static str, &'static [&'static str], [(usize, i64); 2]);

const FACTS: [Facts; 9] = [
    ("h264_aac.mp4", &["avc1.64000a", "mp4a.40.2"], [(10, -80_000), (20, -21_333)]),
    ("h264_aac_moov_first.mp4", &["avc1.64000a", "mp4a.40.2"], [(10, -80_000), (20, -21_333)]),
    ("h264_aac_fragmented.mp4", &["avc1.64000a", "mp4a.40.2"], [(10, 0), (20, 0)]),
    ("h264_aac.mov", &["avc1.64000a", "mp4a.40.2"], [(10, -80_000), (20, -21_333)]),
    ("h265_ac3.mp4", &["hvc1.1.6.L30.90", "ac-3"], [(10, -80_000), (13, -5333)]),
    ("av1_opus.mp4", &["av01.0.00M.08", "opus"], [(10, 0), (21, -6500)]),
    ("vp9_flac.mp4", &["vp09.00.10.08", "fLaC"], [(10, 0), (5, 0)]),
    ("mp3.mp4", &["mp4a.40.34"], [(0, 0), (13, -25_057)]),
    ("eac3.mp4", &["ec-3"], [(0, 0), (10, -5333)]),
];

#[test]
fn real_files_have_the_tracks_and_samples_they_should() {
    for (name, codec_strings, samples) in FACTS {
        let reader = open(file(name));
        assert!(!reader.index().is_cut_off, "{name}");
        assert_eq!(reader.index().is_fragmented, name.contains("fragmented"), "{name}");
        let tracks = &reader.index().tracks;
        assert_eq!(tracks.iter().map(StoredTrack::codec_string).collect::<Vec<_>>(), codec_strings, "{name}");
        for track in tracks {
            if let TrackInfo::Video(video) = &track.track.info {
                assert_eq!((video.width, video.height), (64, 64), "{name}");
            }
        }
        let packets: Vec<_> = reader.map(Result::unwrap).collect();
        for (track_id, (samples, start)) in [TrackId::VIDEO, TrackId::AUDIO].into_iter().zip(samples) {
            assert_eq!(count(&packets, track_id), samples, "{name}");
            let first = packets.iter().find(|packet| packet.track_id == track_id && !packet.is_config());
            let first_dts = first.map_or(0, |packet| packet.dts.as_micros());
            assert_eq!(first_dts, start, "{name} {track_id:?}");
        }
        let keyframes = packets.iter().filter(|packet| packet.is_keyframe()).count();
        assert_eq!(keyframes, if samples[0].0 == 0 { 0 } else { 2 }, "{name}");
        assert!(
            packets.iter().filter(|packet| !packet.is_config()).is_sorted_by_key(|packet| packet.dts),
            "{name}"
        );
    }
}

#[test]
fn where_the_moov_stands_makes_no_difference() {
    let last = packets(file("h264_aac.mp4"));
    assert_eq!(last, packets(file("h264_aac_moov_first.mp4")));
    assert_eq!(last, packets(file("h264_aac.mov")));
}

#[test]
fn the_configs_come_first_and_every_payload_is_whole() {
    let packets = packets(file("h264_aac.mp4"));
    assert_eq!(packets.iter().take_while(|packet| packet.is_config()).count(), 2);
    for packet in packets.iter().filter(|packet| packet.is_video() && !packet.is_config()) {
        let nals: Result<Vec<_>, _> = media::nal::length_prefixed(&packet.payload, 4).collect();
        let has_idr = nals.unwrap().iter().any(|nal| media::h264::is_idr(nal));
        assert_eq!(has_idr, packet.is_keyframe());
    }
}

#[test]
fn tracks_of_other_codecs_are_named_and_left_out() {
    let mut bytes = file("h264_aac.mp4").to_vec();
    let at = bytes.windows(4).position(|window| window == b"avc1").unwrap();
    let at = bytes[at + 4..].windows(4).position(|window| window == b"avc1").map_or(at, |next| at + 4 + next);
    bytes[at..at + 4].copy_from_slice(b"mp4v");
    let reader = open(&bytes);
    let [SkippedTrack { sample_entry: FourCc(sample_entry), error: None, .. }] = &reader.index().skipped[..]
    else {
        panic!("{:?}", reader.index().skipped);
    };
    assert_eq!(sample_entry, b"mp4v");
    assert_eq!(count(&reader.map(Result::unwrap).collect::<Vec<_>>(), TrackId::AUDIO), 20);
}

#[test]
fn a_broken_decoder_config_is_told_of_and_leaves_the_other_track() {
    let mut bytes = file("h264_aac.mp4").to_vec();
    let at = bytes.windows(4).position(|window| window == b"avcC").unwrap();
    bytes[at + 4] = 9; // configurationVersion
    let reader = open(&bytes);
    assert!(reader.index().skipped[0].error.is_some());
    assert_eq!(reader.index().tracks.len(), 1);
}

/// Tables as few writers fill them: wide offsets, a negative composition offset, several chunks, an empty edit, and a
/// media data box with a wide size in front.
#[test]
fn rare_forms_of_the_tables_are_read() {
    let bytes = rare_file(1);
    let packets: Vec<_> = open(&bytes).map(Result::unwrap).skip(1).collect();
    let seen: Vec<_> = packets
        .iter()
        .map(|packet| {
            (packet.dts.as_millis(), packet.pts.as_millis(), packet.is_keyframe(), &packet.payload[..])
        })
        .collect();
    let expected: [(i64, i64, bool, &[u8]); 4] = [
        (400, 600, true, b"one"),
        (500, 400, false, b"twotwo"),
        (600, 700, true, b"three"),
        (800, 900, false, b"4"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_track_with_a_second_decoder_config_is_left_out() {
    let bytes = rare_file(2);
    let reader = open(&bytes);
    assert!(reader.index().tracks.is_empty());
    let error = reader.index().skipped[0].error.as_ref().unwrap().to_string();
    assert!(error.contains("sample description 2"), "{error}");
}

fn rare_file(description: u32) -> Vec<u8> {
    let mut entry = BytesMut::new();
    put_sample_entry(&mut entry, &h264_track()).unwrap();
    let mut out = BytesMut::new();
    out.put_u32(1);
    out.put_slice(b"mdat");
    out.put_u64(16 + 15);
    out.put_slice(b"onetwotwothree4");
    let table = |out: &mut BytesMut, kind: &[u8; 4], version: u8, count: u32, values: &[u32]| {
        put_full_box(out, kind, version, 0, |out| {
            out.put_u32(count);
            values.iter().for_each(|&value| out.put_u32(value));
        });
    };
    put_box(&mut out, b"moov", |out| {
        put_full_box(out, b"mvhd", 1, 0, |out| {
            out.put_bytes(0, 16);
            out.put_u32(10);
            out.put_bytes(0, 88);
        });
        put_box(out, b"trak", |out| {
            put_full_box(out, b"tkhd", 1, 0, |out| {
                out.put_bytes(0, 16);
                out.put_u32(1);
                out.put_bytes(0, 72);
            });
            put_box(out, b"edts", |out| {
                put_full_box(out, b"elst", 1, 0, |out| {
                    out.put_u32(2);
                    // Half a second of nothing, then the media from tick 2 on.
                    for (duration, media_time) in [(5, -1), (0, 2)] {
                        out.put_i64(duration);
                        out.put_i64(media_time);
                        out.put_u32(0x1_0000);
                    }
                });
            });
            put_box(out, b"mdia", |out| {
                put_full_box(out, b"mdhd", 1, 0, |out| {
                    out.put_bytes(0, 16);
                    out.put_u32(20);
                    out.put_bytes(0, 12);
                });
                put_box(out, b"minf", |out| {
                    put_box(out, b"stbl", |out| {
                        put_full_box(out, b"stsd", 0, 0, |out| {
                            out.put_u32(1);
                            out.put_slice(&entry);
                        });
                        table(out, b"stts", 0, 2, &[2, 2, 2, 4]);
                        table(out, b"ctts", 1, 3, &[1, 4, 1, (-2i32).cast_unsigned(), 2, 2]);
                        table(out, b"stss", 0, 2, &[1, 3]);
                        table(out, b"stsz", 0, 0, &[4, 3, 6, 5, 1]);
                        table(out, b"stsc", 0, 2, &[1, 1, description, 3, 2, description]);
                        table(out, b"co64", 0, 3, &[0, 16, 0, 19, 0, 25]);
                    });
                });
            });
        });
    });
    out.to_vec()
}

#[test]
fn a_recording_cut_off_anywhere_is_read_up_to_there() {
    let packets = packets(file("h264_aac.mp4"));
    let tracks = tracks(&packets);
    let whole = fragmented(&tracks, &packets, 2);
    let init_bytes = crate::init_segment(&tracks).unwrap().len();
    let mut last = 0;
    for cut in init_bytes..=whole.len() {
        let reader = open(&whole[..cut]);
        let read: Vec<_> = reader.map(Result::unwrap).filter(|packet| !packet.is_config()).collect();
        assert!(read.len() >= last, "cut at {cut}");
        last = read.len();
    }
    assert_eq!(last, 30);
    assert!(open(&whole[..whole.len() - 1]).index().is_cut_off);
    assert_eq!(open(&whole[..whole.len() - 1]).index().missing_samples, 1);
}

#[test]
fn a_file_without_a_moov_is_refused_by_name() {
    let file = file("h264_aac.mp4");
    for cut in [0, 7, 100] {
        let error = Reader::open(Cursor::new(&file[..cut])).unwrap_err();
        assert!(matches!(error, Error::Missing { kind: FourCc(kind), .. } if kind == *b"moov"), "{error}");
    }
}

#[test]
fn sizes_that_the_file_has_no_bytes_for_are_not_believed() {
    let whole = file("h264_aac.mp4");
    // A moov of 4 GB: it lies beyond the end, so there is none.
    let mut bytes = whole.to_vec();
    let at = bytes.windows(4).position(|window| window == b"moov").unwrap();
    bytes[at - 4..at].copy_from_slice(&[0xff; 4]);
    assert!(matches!(Reader::open(Cursor::new(&bytes[..])), Err(Error::Missing { .. })));
    // Four thousand million samples of one size, and of sizes of their own.
    for shared in [0u32, 1] {
        let mut bytes = whole.to_vec();
        let at = bytes.windows(4).position(|window| window == b"stsz").unwrap();
        bytes[at + 8..at + 12].copy_from_slice(&shared.to_be_bytes());
        bytes[at + 12..at + 16].copy_from_slice(&[0xff; 4]);
        let error = Reader::open(Cursor::new(&bytes[..])).unwrap_err();
        assert!(matches!(error, Error::Limit { what: "number of samples in a file", .. }), "{error}");
    }
    // As many in a fragment.
    let mut bytes = file("h264_aac_fragmented.mp4").to_vec();
    let at = bytes.windows(4).position(|window| window == b"trun").unwrap();
    bytes[at + 8..at + 12].copy_from_slice(&[0xff; 4]);
    let error = Reader::open(Cursor::new(&bytes[..])).unwrap_err();
    assert!(matches!(error, Error::Limit { what: "number of samples in a file", .. }), "{error}");
}

#[test]
fn more_tracks_than_anybody_has_are_refused() {
    let track = h264_track();
    let many: Vec<_> = (0..65)
        .map(|index| media::Track { id: TrackId { index, ..TrackId::VIDEO }, ..track.clone() })
        .collect();
    assert_eq!(open(&crate::init_segment(&many[..64]).unwrap()).index().tracks.len(), 64);
    let error = Reader::open(Cursor::new(crate::init_segment(&many).unwrap())).unwrap_err();
    assert_eq!(error.to_string(), "number of tracks is 65, the limit is 64");
}

fn samples(index: &Index) -> usize {
    index.tracks.iter().map(|track| track.samples.len() as usize).sum()
}

/// Reads all there is, and checks what every file has to keep to.
fn read_hostile(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(reader) = Reader::open(Cursor::new(bytes)) {
        prop_assert!(samples(reader.index()) <= bytes.len());
        for packet in reader.map_while(Result::ok) {
            prop_assert!(packet.payload.len() <= bytes.len());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_hostile(&bytes)?;
    }

    #[test]
    fn damaged_files_are_read_without_a_panic(
        index in 0..FILES.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = FILES[index].1.to_vec();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_hostile(&bytes)?;
    }

    /// Damage in the tables rather than in the media data.
    #[test]
    fn damaged_tables_are_read_without_a_panic(
        index in 0..FILES.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..6),
    ) {
        let mut bytes = FILES[index].1.to_vec();
        let moov = bytes.windows(4).position(|window| window == b"moov").unwrap();
        for (at, value) in damage {
            let at = moov + at.index(bytes.len() - moov - 4);
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        read_hostile(&bytes)?;
    }
}
