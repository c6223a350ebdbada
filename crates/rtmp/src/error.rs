/// Why a peer's bytes are not RTMP that we accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first byte is not the version of plain RTMP.
    #[error("RTMP version {version} is not 3, plain RTMP (RTMP 1.0 §5.2.2)")]
    Version {
        /// The byte sent.
        version: u8,
    },
    /// A chunk header refers to an earlier one that was never sent.
    #[error(
        "chunk stream {chunk_stream_id} begins with header type {header_type}, which needs an earlier header (RTMP 1.0 §5.3.1.2)"
    )]
    NoEarlierHeader {
        /// The chunk stream.
        chunk_stream_id: u32,
        /// 2 or 3.
        header_type: u8,
    },
    /// A message begins where another is not complete.
    #[error(
        "chunk stream {chunk_stream_id} begins a message with {missing_bytes} bytes of the last one missing (RTMP 1.0 §5.3.1)"
    )]
    UnfinishedMessage {
        /// The chunk stream.
        chunk_stream_id: u32,
        /// What is missing of the message before.
        missing_bytes: usize,
    },
    /// More chunk streams than [`Limits::chunk_streams_max`](crate::Limits::chunk_streams_max).
    #[error("more than {max} chunk streams (rtmp.chunk_streams_max)")]
    TooManyChunkStreams {
        /// The limit.
        max: usize,
    },
    /// A chunk size that is 0 or below [`Limits::chunk_size_min`](crate::Limits::chunk_size_min).
    #[error("chunk size {bytes} is below {min_bytes} (RTMP 1.0 §5.4.1)")]
    ChunkSize {
        /// What the peer set.
        bytes: u32,
        /// The limit.
        min_bytes: u32,
    },
    /// A message longer than [`Limits::message_bytes_max`](crate::Limits::message_bytes_max) or, if it is not media,
    /// [`Limits::command_bytes_max`](crate::Limits::command_bytes_max).
    #[error(
        "message of type {type_id} and {bytes} bytes exceeds {max_bytes} (media: rtmp.message_bytes_max)"
    )]
    MessageTooLarge {
        /// The message type (RTMP 1.0 §7.1).
        type_id: u8,
        /// What the chunk header says.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// The messages that have begun and not ended are too long together.
    #[error(
        "unfinished messages of more than {max_bytes} bytes in one connection (twice rtmp.message_bytes_max)"
    )]
    TooMuchUnfinished {
        /// The limit.
        max_bytes: usize,
    },
    /// A protocol control, user control or aggregate message that is shorter than its kind is.
    #[error("{what} is cut short: {bytes} bytes")]
    Truncated {
        /// The kind of message.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// An aggregate message of more tags than anybody sends.
    #[error("more than {max} tags in an aggregate message (RTMP 1.0 §7.1.6)")]
    TooManyTags {
        /// The limit.
        max: usize,
    },
    /// A command whose values cannot be read.
    #[error("a command cannot be read (RTMP 1.0 §7.1.1)")]
    Amf(#[from] flv::Error),
    /// A command that does not begin with a name.
    #[error("a command must begin with its name (RTMP 1.0 §7.1.1)")]
    NoCommandName,
    /// A command before `connect`.
    #[error("command {name:?} before connect (RTMP 1.0 §7.2)")]
    NotConnected {
        /// The command.
        name: String,
    },
    /// `connect` for the second time.
    #[error("a connection can connect only once (RTMP 1.0 §7.2.1.1)")]
    AlreadyConnected,
    /// `publish` or `play` without `createStream`.
    #[error("{command} on message stream {message_stream_id}, which was not created (RTMP 1.0 §7.2.1.3)")]
    NoMessageStream {
        /// The command.
        command: &'static str,
        /// The message stream.
        message_stream_id: u32,
    },
    /// The peer asks and does not read the answers.
    #[error("more than {max_bytes} bytes of answers wait for a peer that does not read them")]
    TooMuchUnsent {
        /// The limit.
        max_bytes: usize,
    },
    /// An address that is not one of RTMP.
    #[error("{url:?} is not an RTMP address: {expected}")]
    Url {
        /// The address.
        url: String,
        /// What it should have.
        expected: &'static str,
    },
    /// Media was given to a client session that is not publishing.
    #[error("media cannot be sent before the server has accepted the publish")]
    NotPublishing,
}
