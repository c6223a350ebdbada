//! Where the samples of a file are and when they are due, without their bytes.

use crate::Error;
use media::Timestamp;

/// One sample of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where in the file it begins.
    pub offset: u64,
    /// Decode time, on the presentation's timeline.
    pub dts: Timestamp,
    /// Presentation time, on the presentation's timeline.
    pub pts: Timestamp,
    /// Its bytes.
    pub size: u32,
    /// Its track, as an index into [`Movie::tracks`](crate::Movie::tracks).
    pub track_index: u16,
    /// Whether decoding can start with it.
    pub is_keyframe: bool,
}

/// The samples of a file.
#[derive(Clone, Debug)]
pub struct SampleIndex {
    samples: Vec<Sample>,
    missing: u64,
    file_bytes: u64,
}

impl SampleIndex {
    pub(crate) fn new(file_bytes: u64) -> Self {
        Self { samples: Vec::new(), missing: 0, file_bytes }
    }

    /// All samples that the file has bytes for, the tracks interleaved by decode time.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How many samples lie beyond the end of the file and so are not in the index: not 0 when it was cut off.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Refuses `more` samples beyond what a file may have, before anything is done for each of them. One that has no
    /// byte for each sample only claims to have so many.
    pub(crate) fn check_room(&self, more: u32) -> Result<(), Error> {
        let seen = (self.samples.len() as u64).saturating_add(self.missing);
        let value = seen.saturating_add(u64::from(more));
        let max = SAMPLES_MAX.min(self.file_bytes);
        if value > max {
            return Err(Error::Limit { what: "number of samples in a file", value, max });
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, sample: Sample) {
        let end = sample.offset.saturating_add(u64::from(sample.size));
        if end > self.file_bytes {
            self.missing = self.missing.saturating_add(1);
        } else {
            self.samples.push(sample);
        }
    }

    /// Interleaves the tracks; the samples of each track stay in their order when they are due together.
    pub(crate) fn sort(&mut self) {
        self.samples.sort_by_key(|sample| (sample.dts, sample.track_index));
    }
}

/// Ten hours of 60 pictures per second and sound; their index takes 128 MiB.
const SAMPLES_MAX: u64 = 1 << 22;
