use crate::FourCc;
use media::{Codec, TrackId};

/// Why something is not MP4 that we read, or cannot be written as MP4.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
    /// A box or a field reaches past the end of what contains it.
    #[error("{what} box ends early")]
    Truncated {
        /// The box that was being read.
        what: FourCc,
    },
    /// A field has a value that the specification does not allow, or that is not read here.
    #[error("{what} of the {kind} box is {value}, expected {expected} ({section})")]
    Invalid {
        /// The box.
        kind: FourCc,
        /// The field.
        what: &'static str,
        /// What it held.
        value: u64,
        /// What it may hold.
        expected: &'static str,
        /// Where that is said.
        section: &'static str,
    },
    /// A necessary box is not there.
    #[error("there is no {kind} box in {parent}")]
    Missing {
        /// The box that was looked for.
        kind: FourCc,
        /// Where it should be.
        parent: &'static str,
    },
    /// More of something than is taken.
    #[error("{what} is {value}, the limit is {max}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// How much there was.
        value: u64,
        /// The limit.
        max: u64,
    },
    /// A decoder config that cannot be read or written.
    #[error("decoder config of a {codec} track")]
    Config {
        /// The track's codec.
        codec: Codec,
        /// What is wrong with it.
        #[source]
        source: media::Error,
    },
    /// Samples that need another decoder config than the track's first one.
    #[error(
        "its decoder config changes, to sample description {index}; only the first one is read (ISO/IEC 14496-12 §8.5.2)"
    )]
    DecoderConfigs {
        /// The `sample_description_index`.
        index: u32,
    },
    /// A codec that MP4 does not carry.
    #[error("{0} cannot be carried in MP4")]
    Unsupported(Codec),
    /// A fragment without samples.
    #[error("a fragment needs at least one sample (ISO/IEC 23000-19 §7.3.2.3)")]
    NoSamples,
    /// A sample that is not of the fragment's track.
    #[error("a {codec} sample of track {track_id:?} in a fragment of another track")]
    ForeignSample {
        /// The sample's track.
        track_id: TrackId,
        /// The sample's codec.
        codec: Codec,
    },
    /// Times that a fragment cannot state: before zero, going back, or too far apart.
    #[error("{what} of {ticks} ticks of 1/{timescale} s cannot be written in a fragment ({section})")]
    Time {
        /// Which time.
        what: &'static str,
        /// Its value.
        ticks: i64,
        /// Ticks per second.
        timescale: u32,
        /// The field that cannot hold it.
        section: &'static str,
    },
}
