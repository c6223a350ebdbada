//! What a file is: its container by our own look, the rest by ffprobe, within limits.

use super::Config;
use super::sandbox::{Failure, Limits, Sandbox, Task};
use super::scratch::Scratch;
use super::sniff::{self, Container, NoVideo};
use super::tools::Tools;
use serde::Deserialize;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a file is.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// Its container, as ffmpeg's reader is called.
    pub container: Container,
    /// How long it is.
    pub duration: Duration,
    /// Its pictures.
    pub pictures: Option<Pictures>,
    /// Its sound.
    pub sounds: Vec<Sound>,
    /// Of all of it.
    pub bits_per_second: u64,
}

/// Pictures of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pictures {
    /// As they are shown: turned, with square pixels.
    pub width: u32,
    /// As they are shown.
    pub height: u32,
    /// Pictures per 1 000 seconds; 0 when that is not known.
    pub frame_rate_milli: u64,
    /// Whether each is two half pictures.
    pub is_interlaced: bool,
}

/// Sound of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Channels.
    pub channels: u32,
    /// Per second.
    pub samples_per_second: u32,
}

/// Why a file is no use.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// By its first bytes.
    #[error("{0}")]
    NoVideo(#[from] NoVideo),
    /// ffprobe could not read it.
    #[error("it cannot be read: {0}")]
    Unreadable(Failure),
    /// Neither pictures nor sound.
    #[error("there is neither picture nor sound in it")]
    Nothing,
    /// It is over a limit.
    #[error("it has {value} {what}; at most {max} are accepted ({setting})")]
    Limit {
        /// Of what there is too much.
        what: &'static str,
        /// How much.
        value: u64,
        /// The limit.
        max: u64,
        /// Where that is set.
        setting: &'static str,
    },
    /// It cannot be opened.
    #[error("the file cannot be opened: {0}")]
    Io(#[from] std::io::Error),
}

impl Refusal {
    /// Whether the same would happen again.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Unreadable(failure) => failure.is_final(),
            Self::Io(_) => false,
            Self::NoVideo(_) | Self::Nothing | Self::Limit { .. } => true,
        }
    }
}

/// What ffprobe may say of a file.
const OUTPUT_BYTES_MAX: usize = 4 << 20;
/// Streams ffprobe tells us of at most; more are refused before it reads them all.
const STREAMS_READ_MAX: usize = 1000;

/// The name of what is read, in its folder.
pub const SOURCE: &str = "source";

/// Finds out what the file in a scratch folder is.
pub async fn probe(
    sandbox: &Sandbox,
    tools: &Tools,
    scratch: &Scratch,
    config: &Config,
) -> Result<Media, Refusal> {
    let source = scratch.input().join(SOURCE);
    let container = sniff::sniff(&head(&source)?)?;
    let mut arguments: Vec<OsString> =
        ["-v", "error", "-of", "json", "-show_entries", ENTRIES].map(Into::into).into();
    arguments.extend(input(container, &source, config));
    let wall = Duration::from_secs(config.probe_time_max_s);
    let task = Task {
        program: &tools.ffprobe,
        arguments,
        folder: &scratch.out(),
        input: &source,
        limits: Limits {
            memory_bytes: config.memory_bytes_max,
            wall,
            wall_setting: "worker.probe_time_max_s",
            cpu: wall,
            cpu_setting: "worker.probe_time_max_s",
            stall: wall,
            file_bytes: 0,
            output_bytes: OUTPUT_BYTES_MAX,
        },
    };
    let said = sandbox.run(&task).await.map_err(Refusal::Unreadable)?;
    let garbled = |error: serde_json::Error| {
        Refusal::Unreadable(Failure::Said(format!("what ffprobe says of it is no JSON: {error}")))
    };
    read(container, &serde_json::from_slice(&said).map_err(garbled)?, config)
}

/// The arguments that name what is read, and keep ffmpeg from reading anything else.
pub fn input(container: Container, source: &Path, config: &Config) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let streams_max = STREAMS_READ_MAX.to_string();
    let pixels_max = config.pixels_max.to_string();
    for (name, value) in [
        ("-f", container.0),
        // The whole name of a reader with several counts; this one holds them all.
        ("-format_whitelist", reader(container)),
        ("-protocol_whitelist", "file"),
        ("-max_streams", &streams_max),
        ("-max_pixels", &pixels_max),
    ] {
        arguments.push(name.into());
        arguments.push(value.into());
    }
    arguments.push("-i".into());
    // With its protocol, so that nothing in a name can be taken for another one.
    let mut name = OsString::from("file:");
    name.push(source);
    arguments.push(name);
    arguments
}

/// What ffmpeg calls the reader of a container.
fn reader(container: Container) -> &'static str {
    match container.0 {
        "mov" => "mov,mp4,m4a,3gp,3g2,mj2",
        "matroska" => "matroska,webm",
        name => name,
    }
}

fn head(file: &PathBuf) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    std::fs::File::open(file)?.take(sniff::LOOK_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

const ENTRIES: &str = "format=duration,bit_rate:stream=codec_type,codec_name,width,height,sample_aspect_ratio,\
    avg_frame_rate,r_frame_rate,field_order,channels,sample_rate,duration:stream_disposition=attached_pic:\
    stream_side_data=rotation:stream_tags=rotate";

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize)]
struct Format {
    duration: Option<String>,
    bit_rate: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stream {
    codec_type: String,
    codec_name: Option<String>,
    width: u32,
    height: u32,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    field_order: Option<String>,
    channels: u32,
    sample_rate: Option<String>,
    duration: Option<String>,
    disposition: Disposition,
    side_data_list: Vec<SideData>,
    tags: Tags,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disposition {
    attached_pic: u8,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tags {
    rotate: Option<String>,
}

fn read(container: Container, said: &Said, config: &Config) -> Result<Media, Refusal> {
    let limit = |what, value: u64, max: u64, setting| match value > max {
        true => Err(Refusal::Limit { what, value, max, setting }),
        false => Ok(()),
    };
    limit("streams", said.streams.len() as u64, config.streams_max as u64, "worker.streams_max")?;
    let is_known = |stream: &&Stream| stream.codec_name.as_ref().is_some_and(|name| name != "unknown");
    let mut of_kind = said.streams.iter().filter(is_known);
    let picture =
        of_kind.clone().find(|stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0);
    let sounds: Vec<Sound> =
        of_kind.by_ref().filter(|stream| stream.codec_type == "audio").filter_map(sound).collect();
    if let Some(picture) = picture {
        let pixels = u64::from(picture.width) * u64::from(picture.height);
        limit("pixels in a picture", pixels, config.pixels_max, "worker.pixels_max")?;
    }
    let pictures = picture.filter(|stream| stream.width > 0 && stream.height > 0).map(pictures);
    if pictures.is_none() && sounds.is_empty() {
        return Err(Refusal::Nothing);
    }
    let seconds = |text: &Option<String>| {
        text.as_ref()
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
    };
    let longest = said.streams.iter().filter_map(|stream| seconds(&stream.duration)).fold(0.0, f64::max);
    let duration = Duration::try_from_secs_f64(seconds(&said.format.duration).unwrap_or(longest));
    let duration = duration.unwrap_or(Duration::MAX);
    limit("seconds", duration.as_secs(), config.duration_max_s, "worker.duration_max_s")?;
    let bits_per_second = said.format.bit_rate.as_ref().and_then(|rate| rate.parse().ok()).unwrap_or(0);
    Ok(Media { container, duration, pictures, sounds, bits_per_second })
}

fn sound(stream: &Stream) -> Option<Sound> {
    let samples_per_second = stream.sample_rate.as_ref()?.parse().ok()?;
    (stream.channels > 0).then_some(Sound { channels: stream.channels, samples_per_second })
}

fn pictures(stream: &Stream) -> Pictures {
    let aspect = stream.sample_aspect_ratio.as_ref().and_then(|text| ratio(text, ':')).unwrap_or(1.0);
    // Bounded by the limit on pixels before; an aspect that is out of reason is left alone.
    let aspect = if (0.1..=10.0).contains(&aspect) { aspect } else { 1.0 };
    let width = (f64::from(stream.width) * aspect).round().max(1.0) as u32;
    let by_tag = stream.tags.rotate.as_ref().and_then(|turn| turn.parse().ok());
    let turn = stream.side_data_list.iter().find_map(|data| data.rotation).or(by_tag).unwrap_or(0.0);
    let is_on_its_side = (turn.rem_euclid(180.0) - 90.0).abs() < 45.0;
    let (width, height) = if is_on_its_side { (stream.height, width) } else { (width, stream.height) };
    let rate = |text: &Option<String>| {
        text.as_ref().and_then(|text| ratio(text, '/')).filter(|rate| *rate > 0.0 && *rate <= 1000.0)
    };
    let rate = rate(&stream.avg_frame_rate).or_else(|| rate(&stream.r_frame_rate)).unwrap_or(0.0);
    Pictures {
        width,
        height,
        frame_rate_milli: (rate * 1000.0).round() as u64,
        is_interlaced: matches!(stream.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt")),
    }
}

fn ratio(text: &str, between: char) -> Option<f64> {
    let (above, below) = text.split_once(between)?;
    let (above, below): (f64, f64) = (above.parse().ok()?, below.parse().ok()?);
    (below != 0.0 && above > 0.0).then_some(above / below)
}
