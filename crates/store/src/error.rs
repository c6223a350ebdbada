use media::Timestamp;

/// Why a segment was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stream has ended.
    #[error("segment at {start:?} comes after the end of the log")]
    Ended {
        /// Start of the refused segment.
        start: Timestamp,
    },
    /// No init segment was set that says which tracks the segment has.
    #[error("segment at {start:?} comes before any init segment")]
    NoInit {
        /// Start of the refused segment.
        start: Timestamp,
    },
    /// The log is addressed by time, so its segments start in order.
    #[error("segment at {start:?} starts before the one at {last:?} that is already in the log")]
    StartWentBack {
        /// Start of the refused segment.
        start: Timestamp,
        /// Start of the newest segment of the log.
        last: Timestamp,
    },
    /// One segment alone would break the limit.
    #[error(
        "segment at {start:?} has {bytes} bytes, more than the whole log may hold: {bytes_max} (bytes_max)"
    )]
    TooLarge {
        /// Start of the refused segment.
        start: Timestamp,
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
}
