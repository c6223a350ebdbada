/// What a peer may make us hold or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one audio, video or data message at most. Of messages that have begun and not ended, a connection
    /// holds twice as many bytes at most.
    pub message_bytes_max: usize,
    /// Bytes of any other message at most, and of every message before the peer may send media.
    pub command_bytes_max: usize,
    /// Chunk streams of one connection at most; encoders use fewer than ten.
    pub chunk_streams_max: usize,
    /// The smallest chunk size a peer may set, in bytes. RTMP 1.0 §5.4.1 asks for 128 at least, which is also the
    /// size before any was set; with smaller ones a peer makes us read more headers than payload.
    pub chunk_size_min: u32,
    /// Message streams (`createStream`) of one connection at most.
    pub message_streams_max: usize,
    /// Bytes of answers that may wait for `poll_transmit`. A peer that asks and never reads runs into it.
    pub unsent_control_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 8 << 20,
            command_bytes_max: 64 << 10,
            chunk_streams_max: 64,
            chunk_size_min: 128,
            message_streams_max: 16,
            unsent_control_bytes_max: 64 << 10,
        }
    }
}
