//! `weir mp4 info`: what a file is made of.

use clap::Args;
use media::{MediaKind, Timestamp, TrackInfo};
use mp4::{Index, StoredTrack};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

#[derive(Args)]
pub(in crate::cli) struct Info {
    file: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let mut file = super::open(&self.file)?;
        let index = super::read_index(&self.file, &mut file)?;
        let report = Report::new(self.file.display().to_string(), file.metadata()?.len(), &index);
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Report {
    file: String,
    bytes: u64,
    brands: Vec<String>,
    is_fragmented: bool,
    is_moov_last: bool,
    is_cut_off: bool,
    duration_ms: i64,
    /// For `MediaSource.isTypeSupported`; none without tracks.
    media_source_type: Option<String>,
    tracks: Vec<TrackReport>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct TrackReport {
    number: u32,
    kind: &'static str,
    codec: String,
    codec_string: String,
    /// For a source buffer of this track alone.
    media_source_type: String,
    sample_entry: String,
    profile: &'static str,
    language: String,
    timescale: u32,
    samples: u32,
    keyframes: u32,
    bytes: u64,
    bps: u64,
    /// When the first sample is presented.
    start_ms: i64,
    /// When the track ends.
    end_ms: i64,
    reorders: bool,
    edit_delay_ticks: i64,
    edit_media_time_ticks: i64,
    #[serde(flatten)]
    picture: Option<Picture>,
    #[serde(flatten)]
    sound: Option<Sound>,
}

#[derive(Serialize)]
struct Picture {
    width: u32,
    height: u32,
    display_width: u32,
    display_height: u32,
    /// Clockwise, as the matrix says; none when it is no quarter turn.
    rotation_degrees: Option<u32>,
    frame_rate: Option<f64>,
}

#[derive(Serialize)]
struct Sound {
    sample_rate: u32,
    channels: u8,
}

impl Report {
    fn new(file: String, bytes: u64, index: &Index) -> Self {
        Self {
            file,
            bytes,
            brands: index.brands.iter().map(ToString::to_string).collect(),
            is_fragmented: index.is_fragmented,
            is_moov_last: index.is_moov_last,
            is_cut_off: index.is_cut_off,
            duration_ms: index.end().as_millis(),
            media_source_type: media_source_type(&index.tracks),
            tracks: index.tracks.iter().map(TrackReport::new).collect(),
            notes: super::notes(index).into_iter().chain(several_tracks_note(index)).collect(),
        }
    }
}

/// The type of a media source for these tracks (RFC 6381 §3.2), each codec once.
fn media_source_type(tracks: &[StoredTrack]) -> Option<String> {
    let mut codecs: Vec<_> = Vec::new();
    for track in tracks {
        let codec = track.codec_string();
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    let has_pictures = tracks.iter().any(|track| track.track.id.kind == MediaKind::Video);
    let kind = if has_pictures { "video" } else { "audio" };
    (!codecs.is_empty()).then(|| format!("{kind}/mp4; codecs=\"{}\"", codecs.join(",")))
}

fn several_tracks_note(index: &Index) -> Option<String> {
    let has_second = index.tracks.iter().any(|track| track.track.id.index > 0);
    has_second.then(|| {
        "browsers take one track of pictures and one of sound in a source buffer: \
         choose them with weir mp4 fragment --tracks"
            .into()
    })
}

impl TrackReport {
    fn new(stored: &StoredTrack) -> Self {
        let samples = &stored.samples;
        let first = samples.get(0).map_or(0, |sample| sample.dts);
        let micros = stored.time(samples.end_dts()).micros_since(stored.time(first));
        let per_second = |count: f64| (micros > 0).then(|| count * 1e6 / micros as f64);
        let start = samples.iter().take(STARTS_COMPARED).map(|sample| stored.time(sample.pts())).min();
        let (profile, picture, sound) = match &stored.track.info {
            TrackInfo::Video(video) => {
                let picture = Picture {
                    width: video.width,
                    height: video.height,
                    display_width: stored.display_size.0 >> 16,
                    display_height: stored.display_size.1 >> 16,
                    rotation_degrees: rotation_degrees(&stored.matrix),
                    frame_rate: per_second(f64::from(samples.len()))
                        .map(|rate| (rate * 1000.0).round() / 1000.0),
                };
                (video.profile, Some(picture), None)
            }
            TrackInfo::Audio(audio) => {
                let sound = Sound { sample_rate: audio.sample_rate, channels: audio.channels };
                (audio.profile, None, Some(sound))
            }
        };
        let letters = stored.language.map(char::from).iter().collect();
        Self {
            number: stored.number,
            kind: if picture.is_some() { "video" } else { "audio" },
            codec: stored.track.codec.to_string(),
            codec_string: stored.codec_string(),
            media_source_type: media_source_type(std::slice::from_ref(stored)).unwrap_or_default(),
            sample_entry: stored.sample_entry.to_string(),
            profile,
            language: stored.language_tag.clone().unwrap_or(letters),
            timescale: stored.timescale,
            samples: samples.len(),
            keyframes: samples.sync_count(),
            bytes: samples.bytes(),
            bps: per_second(samples.bytes() as f64 * 8.0).map_or(0, |bps| bps.round() as u64),
            start_ms: start.unwrap_or(Timestamp::ZERO).as_millis(),
            end_ms: stored.end().as_millis(),
            reorders: samples.is_reordered(),
            edit_delay_ticks: stored.edit.delay_ticks,
            edit_media_time_ticks: stored.edit.media_time_ticks,
            picture,
            sound,
        }
    }
}

/// The quarter turns a matrix may stand for (ISO/IEC 14496-12 §6.2.2).
fn rotation_degrees(matrix: &[u32; 9]) -> Option<u32> {
    const ONE: u32 = 0x0001_0000;
    const MINUS_ONE: u32 = 0xffff_0000;
    match *matrix {
        [ONE, 0, _, 0, ONE, ..] => Some(0),
        [0, ONE, _, MINUS_ONE, 0, ..] => Some(90),
        [MINUS_ONE, 0, _, 0, MINUS_ONE, ..] => Some(180),
        [0, MINUS_ONE, _, ONE, 0, ..] => Some(270),
        _ => None,
    }
}

/// Pictures among which the first one presented is: more than any codec reorders.
const STARTS_COMPARED: usize = 64;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        let form = match (self.is_fragmented, self.is_moov_last) {
            (true, _) => "fragmented",
            (false, true) => "not fragmented, moov last",
            (false, false) => "not fragmented, moov first",
        };
        let seconds = self.duration_ms as f64 / 1e3;
        writeln!(f, "  brands {}; {form}; {seconds:.3} s; {} bytes", self.brands.join(" "), self.bytes)?;
        for track in &self.tracks {
            writeln!(f, "  {track}")?;
        }
        if let Some(kind) = &self.media_source_type {
            write!(f, "  media source: {kind}")?;
            writeln!(f, "{}", if self.is_fragmented { "" } else { " (after weir mp4 fragment)" })?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))
    }
}

impl fmt::Display for TrackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "track {} {}: {}", self.number, self.kind, self.codec)?;
        if !self.profile.is_empty() {
            write!(f, " {}", self.profile)?;
        }
        write!(f, ", {}", self.codec_string)?;
        if let Some(picture) = &self.picture {
            write!(f, ", {}x{}", picture.width, picture.height)?;
            if (picture.display_width, picture.display_height) != (picture.width, picture.height) {
                write!(f, " shown as {}x{}", picture.display_width, picture.display_height)?;
            }
            if let Some(degrees) = picture.rotation_degrees.filter(|&degrees| degrees > 0) {
                write!(f, " turned clockwise by {degrees}°")?;
            }
            if let Some(rate) = picture.frame_rate {
                write!(f, ", {rate} fps")?;
            }
            write!(f, ", {} keyframes", self.keyframes)?;
        }
        if let Some(sound) = &self.sound {
            write!(f, ", {} Hz, {} channels", sound.sample_rate, sound.channels)?;
        }
        write!(f, ", {} samples, {} kbit/s, {}", self.samples, self.bps.div_ceil(1000), self.language)?;
        if self.reorders {
            write!(f, ", B-frames")?;
        }
        if (self.edit_delay_ticks, self.edit_media_time_ticks) != (0, 0) {
            let ms = |ticks: i64| Timestamp::from_ticks(ticks, self.timescale).as_micros() as f64 / 1e3;
            let (delay, skipped) = (ms(self.edit_delay_ticks), ms(self.edit_media_time_ticks));
            write!(f, ", edit list: {delay:.3} ms of nothing, then from {skipped:.3} ms on")?;
        }
        Ok(())
    }
}
