//! Which renditions a file gets, and what ffmpeg is told to make them.
//!
//! One process makes several, so that pictures are decoded once. Keyframes stand at the same moments in all of them.

use super::probe::{Media, Pictures};
use super::{Config, Encoder};
use std::ffi::OsString;

/// One rendition to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// `720p`; `audio` when there are no pictures.
    pub name: String,
    /// Pixels; 0 without pictures.
    pub width: u32,
    /// Pixels; 0 without pictures.
    pub height: u32,
    /// Of the picture, at most.
    pub bits_per_second: u64,
}

/// Seconds between keyframes.
const KEYFRAME_EVERY_S: u32 = 2;
/// Pictures per second at most.
const FRAME_RATE_MAX: u64 = 60;
/// Sound has so many samples per second at most.
const SAMPLES_PER_SECOND_MAX: u32 = 48_000;
/// Channels that go through as they are; more become two.
const CHANNELS_MAX: u32 = 6;
/// The rendition of a file without pictures.
const AUDIO: &str = "audio";

/// The renditions of a file, the smallest first. None is larger than the file itself.
pub fn renditions(media: &Media, config: &Config) -> Vec<Rendition> {
    let Some(pictures) = media.pictures else {
        return vec![Rendition { name: AUDIO.to_owned(), width: 0, height: 0, bits_per_second: 0 }];
    };
    let short = pictures.width.min(pictures.height);
    let mut rungs: Vec<_> = config.renditions.iter().filter(|rung| rung.size <= short).copied().collect();
    rungs.sort_by_key(|rung| rung.size);
    rungs.dedup_by_key(|rung| rung.size);
    if rungs.is_empty() {
        // Smaller than the whole ladder: as large as it is.
        let lowest = config.renditions.iter().min_by_key(|rung| rung.size);
        let bits_per_second = lowest.map_or(500_000, |rung| rung.bits_per_second);
        rungs.push(super::Rung { size: short, bits_per_second });
    }
    let rendition = |rung: &super::Rung| {
        let scaled = |side: u32| even(u64::from(side) * u64::from(rung.size) / u64::from(short.max(1)));
        Rendition {
            name: format!("{}p", rung.size),
            width: scaled(pictures.width),
            height: scaled(pictures.height),
            bits_per_second: rung.bits_per_second,
        }
    };
    rungs.iter().map(rendition).collect()
}

/// Encoders take even sizes.
fn even(pixels: u64) -> u32 {
    u32::try_from(pixels.max(2) / 2 * 2).unwrap_or(u32::MAX - 1)
}

/// The name of a rendition's file while it is made.
pub fn file_name(rendition: &Rendition) -> String {
    format!("{}.mp4", rendition.name)
}

/// What ffmpeg is told behind its input to make all of `renditions`.
pub fn arguments(media: &Media, renditions: &[Rendition], config: &Config) -> Vec<OsString> {
    let mut words: Vec<String> = Vec::new();
    if let Some(pictures) = media.pictures {
        words.extend(["-filter_complex".to_owned(), filters(pictures, renditions, config)]);
    }
    for (number, rendition) in renditions.iter().enumerate() {
        if media.pictures.is_some() {
            words.extend(["-map".to_owned(), format!("[v{number}]")]);
        }
        let sounds = media.sounds.iter().take(config.audio_tracks_max).enumerate();
        for (sound, _) in sounds.clone() {
            words.extend(["-map".to_owned(), format!("0:a:{sound}")]);
        }
        if media.pictures.is_some() {
            words.extend(encoder(rendition, config));
            let when = format!("expr:gte(t,n_forced*{KEYFRAME_EVERY_S})");
            words.extend(["-force_key_frames".to_owned(), when]);
        }
        if !media.sounds.is_empty() {
            words.extend(["-c:a".to_owned(), "aac".to_owned()]);
        }
        for (number, sound) in sounds {
            let pairs = u64::from(sound.channels.clamp(1, CHANNELS_MAX)).div_ceil(2);
            words.extend([format!("-b:a:{number}"), (config.audio_bits_per_second * pairs).to_string()]);
            if sound.channels > CHANNELS_MAX {
                words.extend([format!("-ac:a:{number}"), "2".to_owned()]);
            }
            if sound.samples_per_second > SAMPLES_PER_SECOND_MAX {
                words.extend([format!("-ar:a:{number}"), SAMPLES_PER_SECOND_MAX.to_string()]);
            }
        }
        words.extend(CONTAINER.map(str::to_owned));
        words.push(file_name(rendition));
    }
    words.into_iter().map(Into::into).collect()
}

/// One MP4 file with a fragment for each group of pictures: its tables need no room in memory until it is whole, when it
/// is written again without fragments. What a file says about itself and its maker stays behind.
const CONTAINER: [&str; 8] = [
    "-map_metadata",
    "-1",
    "-map_chapters",
    "-1",
    "-f",
    "mp4",
    "-movflags",
    "+frag_keyframe+empty_moov+default_base_moof+delay_moov",
];

/// Turns are made by ffmpeg before anything here; pixels become square.
fn filters(pictures: Pictures, renditions: &[Rendition], config: &Config) -> String {
    let mut first = Vec::new();
    if pictures.is_interlaced {
        first.push("yadif".to_owned());
    }
    if pictures.frame_rate_milli > FRAME_RATE_MAX * 1000 + 500 {
        first.push(format!("fps={FRAME_RATE_MAX}"));
    }
    first.push(format!("split={}", renditions.len()));
    let mut graph = format!("[0:V:0]{}", first.join(","));
    for number in 0..renditions.len() {
        graph += &format!("[s{number}]");
    }
    let last = match config.encoder {
        Encoder::Vaapi => "format=nv12,hwupload",
        Encoder::X264 | Encoder::SvtAv1 | Encoder::Nvenc => "format=yuv420p",
    };
    for (number, Rendition { width, height, .. }) in renditions.iter().enumerate() {
        graph += &format!(";[s{number}]scale={width}:{height},setsar=1,{last}[v{number}]");
    }
    graph
}

fn encoder(rendition: &Rendition, config: &Config) -> Vec<String> {
    let (rate, buffer) = (rendition.bits_per_second.to_string(), (rendition.bits_per_second * 2).to_string());
    let (crf, preset) = (config.crf.to_string(), config.preset.as_str());
    let words: &[&str] = match config.encoder {
        // No keyframes but those that are forced, so that they stand together in all renditions.
        Encoder::X264 => &[
            "libx264",
            "-preset",
            preset,
            "-profile:v",
            "high",
            "-crf",
            &crf,
            "-maxrate",
            &rate,
            "-bufsize",
            &buffer,
            "-sc_threshold",
            "0",
            "-g",
            "600",
        ],
        // It leaves forced keyframes out unless it is told to heed them.
        Encoder::SvtAv1 => &[
            "libsvtav1",
            "-preset",
            preset,
            "-crf",
            &crf,
            "-maxrate",
            &rate,
            "-bufsize",
            &buffer,
            "-g",
            "600",
            "-svtav1-params",
            "enable-force-key-frames=1",
        ],
        Encoder::Nvenc => &[
            "h264_nvenc",
            "-preset",
            preset,
            "-profile:v",
            "high",
            "-rc",
            "vbr",
            "-b:v",
            &rate,
            "-maxrate",
            &rate,
            "-bufsize",
            &buffer,
            "-forced-idr",
            "1",
            "-no-scenecut",
            "1",
            "-g",
            "600",
        ],
        Encoder::Vaapi => &[
            "h264_vaapi",
            "-profile:v",
            "high",
            "-b:v",
            &rate,
            "-maxrate",
            &rate,
            "-bufsize",
            &buffer,
            "-g",
            "600",
        ],
    };
    ["-c:v"].iter().chain(words).map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::probe::Sound;
    use crate::worker::sniff::Container;
    use crate::worker::tests::config;
    use std::time::Duration;

    fn media(width: u32, height: u32) -> Media {
        let pictures = Pictures { width, height, frame_rate_milli: 25_000, is_interlaced: false };
        Media {
            container: Container("mov"),
            duration: Duration::from_secs(10),
            pictures: Some(pictures),
            sounds: vec![Sound { channels: 2, samples_per_second: 48_000 }],
            bits_per_second: 0,
        }
    }

    fn ladder(width: u32, height: u32) -> Vec<(String, u32, u32)> {
        let made = renditions(&media(width, height), &config());
        made.into_iter().map(|one| (one.name, one.width, one.height)).collect()
    }

    fn step(name: &str, width: u32, height: u32) -> (String, u32, u32) {
        (name.to_owned(), width, height)
    }

    #[test]
    fn no_rendition_is_larger_than_the_file_and_the_smallest_comes_first() {
        assert_eq!(
            ladder(1280, 720),
            [step("360p", 640, 360), step("480p", 852, 480), step("720p", 1280, 720)]
        );
        assert_eq!(ladder(320, 180), [step("180p", 320, 180)]);
        assert_eq!(ladder(3840, 2160).len(), 4);
    }

    #[test]
    fn a_picture_that_stands_upright_is_measured_by_its_width() {
        assert_eq!(
            ladder(720, 1280),
            [step("360p", 360, 640), step("480p", 480, 852), step("720p", 720, 1280)]
        );
    }

    #[test]
    fn a_file_of_sound_has_one_rendition_of_sound() {
        let media = Media { pictures: None, ..media(1, 1) };
        let made = renditions(&media, &config());
        assert_eq!(made.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["audio"]);
        let words = arguments(&media, &made, &config());
        assert!(!words.iter().any(|word| word == "-c:v"), "{words:?}");
    }

    #[test]
    fn several_renditions_come_from_one_decoding() {
        let media = media(1280, 720);
        let words = arguments(&media, &renditions(&media, &config()), &config());
        let graph = words[1].to_str().unwrap();
        assert!(graph.starts_with("[0:V:0]split=3[s0][s1][s2];[s0]scale=640:360"), "{graph}");
        assert_eq!(words.iter().filter(|word| *word == "-force_key_frames").count(), 3);
    }
}
