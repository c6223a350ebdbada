//! A stored file, packaged and read back by ffprobe as HLS and as DASH: every packet is there, with its time.
//!
//! Needs ffmpeg, which `make ffmpeg` installs.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use media::TrackId;
use mp4::{Index, Piece};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use store::{Ladder, Name, StoredVideo, VodOptions, playlist_name};

const PICTURE: &str = "testsrc2=size=320x180:rate=25:duration=12";
const TONE: &str = "sine=frequency=440:beep_factor=4:sample_rate=48000:duration=12";
/// Clocks of 90 kHz, of milliseconds and of microseconds meet.
const TIME_OFF_MAX_S: f64 = 0.0011;
/// What is presented first: sound that its decoder needs to get going, or a picture.
const SHIFT_MAX_S: f64 = 0.03;

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; make ffmpeg installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{program} {arguments:?}: {said}");
    output.stdout
}

/// Makes a file of the test pattern, of tones and of what else is said.
fn make(path: &Path, arguments: &str) {
    let input = ["-v", "error", "-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", TONE];
    let coding: Vec<_> = arguments.split(' ').collect();
    run("ffmpeg", &[&input[..], &coding, &["-y", path.to_str().unwrap()]].concat());
}

struct Packet {
    pts_s: f64,
    size: u64,
    hash: String,
}

/// The packets ffprobe reads, by the number of their stream among those of its kind.
fn probe(path: &Path) -> BTreeMap<String, Vec<Packet>> {
    let options = match path.extension().and_then(|extension| extension.to_str()) {
        Some("m3u8") => ["-allowed_extensions", "ALL"].as_slice(),
        Some("mp4") => &["-advanced_editlist", "0"],
        _ => &[],
    };
    let shown = ["-show_streams", "-show_packets", "-show_data_hash", "crc32", "-of", "json"];
    let arguments = [&["-v", "error"], options, &shown, &[path.to_str().unwrap()]].concat();
    let said: Value = serde_json::from_slice(&run("ffprobe", &arguments)).unwrap();
    let mut names = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for stream in said["streams"].as_array().unwrap() {
        let kind = stream["codec_type"].as_str().unwrap().to_owned();
        let count = counts.entry(kind.clone()).or_insert(0);
        names.insert(stream["index"].as_u64().unwrap(), format!("{kind}{count}"));
        *count += 1;
    }
    let mut packets = BTreeMap::<String, Vec<Packet>>::new();
    for packet in said["packets"].as_array().unwrap() {
        let text = |key: &str| packet[key].as_str().unwrap_or_else(|| panic!("{key}: {packet}"));
        packets.entry(names[&packet["stream_index"].as_u64().unwrap()].clone()).or_default().push(Packet {
            pts_s: text("pts_time").parse().unwrap(),
            size: text("size").parse().unwrap(),
            hash: text("data_hash").to_owned(),
        });
    }
    packets
}

/// Writes everything that playlists and manifest name into a folder.
fn package(file: &Path, folder: &Path) -> Vec<TrackId> {
    let index = Index::read(&mut File::open(file).unwrap()).unwrap();
    let bytes = fs::read(file).unwrap();
    let video = StoredVideo::new(index, Duration::from_secs(4)).unwrap();
    let options = VodOptions::default();
    let save = |name: &str| {
        let pieces = video.read(&name.parse::<Name>().unwrap()).unwrap().unwrap();
        let parts = pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Copy(range) => &bytes[range.start as usize..range.end as usize],
        });
        fs::write(folder.join(name), parts.collect::<Vec<_>>().concat()).unwrap();
    };
    let tracks: Vec<_> = video.index().tracks.iter().map(|track| track.track.id).collect();
    for track_id in tracks.iter().copied().map(Some).chain([None]) {
        let playlist = video.media_playlist(track_id, &options).unwrap();
        assert!(playlist.segments.len() >= 3, "{} segments", playlist.segments.len());
        playlist.segments.iter().for_each(|segment| save(&segment.uri));
        save(playlist.segments[0].init_uri.as_ref().unwrap());
        let name = track_id.map_or("all.m3u8".to_owned(), playlist_name);
        fs::write(folder.join(name), playlist.to_string()).unwrap();
    }
    let ladder = Ladder { files: vec![(String::new(), &video)], captions: Vec::new() };
    fs::write(folder.join("master.m3u8"), ladder.multivariant_playlist(&options).to_string()).unwrap();
    fs::write(folder.join("manifest.mpd"), ladder.mpd(&options).to_string()).unwrap();
    tracks
}

/// What was read at `name` is the same packets, all shifted by as much.
fn assert_same(name: &str, found: &BTreeMap<String, Vec<Packet>>, wanted: &BTreeMap<String, Vec<Packet>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{name}");
    // The reader of DASH ends with the track that ends first.
    let missing_max = if name.ends_with(".mpd") { 2 } else { 0 };
    let first = wanted.keys().next().unwrap();
    let shift_s = found[first][0].pts_s - wanted[first][0].pts_s;
    assert!(shift_s.abs() <= SHIFT_MAX_S, "{name}: all is {shift_s} s later");
    for (stream, wanted) in wanted {
        let found = &found[stream];
        let count = found.len()..=found.len() + missing_max;
        assert!(
            count.contains(&wanted.len()),
            "{name}: {} of {} packets of {stream}",
            found.len(),
            wanted.len()
        );
        for (number, (found, wanted)) in found.iter().zip(wanted).enumerate() {
            let what = format!("{name}: {stream} packet {number}");
            assert_eq!((found.size, &found.hash), (wanted.size, &wanted.hash), "{what}");
            let off_s = found.pts_s - wanted.pts_s - shift_s;
            assert!(off_s.abs() <= TIME_OFF_MAX_S, "{what} is {off_s} s off");
        }
    }
}

fn check(coding: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source.mp4");
    make(&file, coding);
    package(&file, folder.path());
    let wanted = probe(&file);
    for name in ["all.m3u8", "master.m3u8", "manifest.mpd"] {
        assert_same(name, &probe(&folder.path().join(name)), &wanted);
    }
}

const H264: &str = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 50 -sc_threshold 0 -bf 3";

#[test]
fn pictures_with_b_frames_and_sound_come_back_whole() {
    check(&format!("{H264} -c:a aac"));
}

#[test]
fn a_fragmented_source_comes_back_whole() {
    check(&format!("{H264} -c:a aac -movflags +frag_keyframe+empty_moov+default_base_moof"));
}

#[test]
fn several_tracks_of_sound_come_back_whole() {
    let sounds = "-map 0 -map 1 -map 1 -c:a:0 aac -c:a:1 libopus -metadata:s:a:0 language=eng";
    check(&format!("{sounds} {H264} -metadata:s:a:1 language=deu"));
}

#[test]
fn newer_codecs_come_back_whole() {
    check("-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50 -c:a libopus");
    check("-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50 -tag:v hvc1 -c:a ac3");
}

#[test]
fn sound_alone_comes_back_whole() {
    check("-map 1 -c:a aac");
}
