use media::{Codec, TrackId};

/// Why something cannot be written as a transport stream, or is not one that we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A codec that is not carried; see [`supports`](crate::supports).
    #[error("{0} cannot be carried in MPEG-TS")]
    Unsupported(Codec),
    /// A packet of a track that the muxer was not told of.
    #[error("a packet of track {0:?}, which is not in the program map")]
    UnknownTrack(TrackId),
    /// A decoder config or a payload that cannot be read.
    #[error("{codec} in MPEG-TS")]
    Codec {
        /// The track's codec.
        codec: Codec,
        /// What is wrong with it.
        #[source]
        source: media::Error,
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
}
