//! Does the jobs of the library: looks at what was uploaded, makes renditions and pictures of it, with ffmpeg, and cuts
//! clips, without.
//!
//! The server does them beside its own work, `weir worker` on other machines with the same database and objects. A job
//! is taken for as long as a lease lasts ([`platform::jobs::queue`]); files are made in a scratch folder and become
//! objects when they are whole, so that a worker may end at any moment. Everything that reads what strangers sent runs
//! in the [`sandbox`]. Not here: the queue itself, and how files are served.

mod clip;
mod confined;
mod ladder;
mod pictures;
mod playable;
mod probe;
mod publish;
mod sandbox;
mod scratch;
mod sniff;
mod sprites;
mod stills;
mod tools;
mod transcode;
mod tutorial;
mod workshop;

#[cfg(test)]
mod tests;

pub use confined::Confined;
pub use workshop::{Workshop, start};

/// This program, also when its file has been replaced meanwhile, by an update.
pub const OWN_PROGRAM: &str = "/proc/self/exe";

use serde::Deserialize;
use std::path::PathBuf;

/// Settings of `[worker]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub at_once: usize,
    pub threads: u32,
    pub nice: i32,
    pub ffmpeg: String,
    pub ffprobe: String,
    pub readable: Vec<PathBuf>,
    pub memory_bytes_max: u64,
    pub cpu_time_max_s: u64,
    pub wall_time_max_s: u64,
    pub probe_time_max_s: u64,
    pub stall_max_s: u64,
    pub file_bytes_max: u64,
    pub pixels_max: u64,
    pub streams_max: usize,
    pub duration_max_s: u64,
    pub lease_ms: u64,
    pub retry_ms: u64,
    pub encoder: Encoder,
    pub preset: String,
    pub crf: u32,
    pub device: String,
    pub renditions: Vec<Rung>,
    pub renditions_at_once: usize,
    pub audio_bits_per_second: u64,
    pub audio_tracks_max: usize,
}

/// A step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The shorter side of the picture, pixels.
    pub size: u32,
    /// Of the picture, at most.
    pub bits_per_second: u64,
}

/// What makes pictures smaller: ffmpeg's encoders that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Encoder {
    /// H.264 by the processor.
    #[serde(rename = "libx264")]
    X264,
    /// AV1 by the processor.
    #[serde(rename = "libsvtav1")]
    SvtAv1,
    /// H.264 by a card of NVIDIA.
    #[serde(rename = "h264_nvenc")]
    Nvenc,
    /// H.264 by VA-API, mostly of Intel and AMD.
    #[serde(rename = "h264_vaapi")]
    Vaapi,
}

impl Config {
    /// What is wrong with the settings: key, value and what is expected.
    pub fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        let wrong = |key, value: &dyn std::fmt::Display, expected| Err((key, value.to_string(), expected));
        if !(0..=19).contains(&self.nice) {
            return wrong("worker.nice", &self.nice, "0 to 19");
        }
        if !(1..=60).contains(&self.stall_max_s) {
            return wrong("worker.stall_max_s", &self.stall_max_s, "1 to 60 seconds");
        }
        if self.lease_ms < 1000 {
            return wrong("worker.lease_ms", &self.lease_ms, "at least 1000");
        }
        if self.renditions_at_once == 0 {
            return wrong("worker.renditions_at_once", &0, "at least 1");
        }
        let is_preset = |preset: &str| preset.parse().is_ok_and(|preset| (0..=13).contains(&preset));
        if self.encoder == Encoder::SvtAv1 && !is_preset(&self.preset) {
            return wrong(
                "worker.preset",
                &self.preset,
                "0 to 13 with worker.encoder libsvtav1, for example 10",
            );
        }
        let is_rung = |rung: &Rung| (64..=4320).contains(&rung.size) && rung.bits_per_second >= 10_000;
        if self.renditions.is_empty() || !self.renditions.iter().all(is_rung) {
            let expected = "at least one, each with size 64 to 4320 and bits_per_second of at least 10000";
            return wrong("worker.renditions", &format!("{:?}", self.renditions), expected);
        }
        Ok(())
    }
}
