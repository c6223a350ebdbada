use crate::command::as_amf0;
use crate::{Capabilities, MediaKind, Message};
use bytes::Bytes;

/// What a [`ServerSession`](crate::ServerSession) has to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The peer has connected to an app; it was told that it may. To refuse, close the connection.
    Connected(Box<Connect>),
    /// The peer wants to publish. Answer with `accept_publish` or `refuse`. Media that it sent without waiting follows.
    PublishRequested {
        /// For the answer.
        request: RequestId,
        /// Where its media will come from.
        message_stream_id: u32,
        /// As sent, with its query.
        stream_name: String,
        /// What it should become.
        publish_type: PublishType,
    },
    /// The peer wants to play. Answer with `accept_play` or `refuse`.
    PlayRequested {
        /// For the answer.
        request: RequestId,
        /// Where it expects the media.
        message_stream_id: u32,
        /// As sent, with its query.
        stream_name: String,
        /// Seconds; -1 is live only, -2 (also if it says nothing) live or else recorded.
        start: f64,
        /// Seconds; -1 (also if it says nothing) is to the end.
        duration: f64,
        /// Whether it forgets what it played before.
        reset: bool,
    },
    /// A publisher's media.
    Media(Media),
    /// The peer has taken back a publish or a request for one. Nobody says so when the connection just closes.
    PublishEnded {
        /// The message stream of the request.
        message_stream_id: u32,
    },
    /// The peer has taken back a play or a request for one. Nobody says so when the connection just closes.
    PlayEnded {
        /// The message stream of the request.
        message_stream_id: u32,
    },
    /// A player wants nothing for a while, or wants to go on; it was told that this happens.
    PauseRequested {
        /// The message stream of the play.
        message_stream_id: u32,
        /// Whether it pauses.
        paused: bool,
    },
    /// A player chose whether it wants audio.
    ReceiveAudio {
        /// The message stream of the play.
        message_stream_id: u32,
        /// Whether it does.
        enabled: bool,
    },
    /// A player chose whether it wants video.
    ReceiveVideo {
        /// The message stream of the play.
        message_stream_id: u32,
        /// Whether it does.
        enabled: bool,
    },
}

/// What a peer said in `connect`. All text is as sent, with queries; see [`Target`](crate::Target).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connect {
    /// The first part of the address.
    pub app: String,
    /// The address without the stream name.
    pub tc_url: String,
    /// The program and its version.
    pub flash_ver: String,
    /// The page a player is part of.
    pub page_url: String,
    /// The player a web page has loaded.
    pub swf_url: String,
    /// What it knows beyond legacy codecs.
    pub capabilities: Capabilities,
}

/// An audio, video or data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The message stream of the publish or play.
    pub message_stream_id: u32,
    /// What it is.
    pub kind: MediaKind,
    /// Milliseconds on the sender's clock, which wraps around.
    pub timestamp_ms: u32,
    /// The body of an FLV tag of this kind. Data is AMF0 in any case and may begin with `@setDataFrame`.
    pub payload: Bytes,
}

impl Media {
    pub(super) fn of(message: &Message, kind: MediaKind) -> Self {
        Self {
            message_stream_id: message.message_stream_id,
            kind,
            timestamp_ms: message.timestamp_ms,
            payload: as_amf0(message),
        }
    }
}

/// Names a request in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u32);

/// What a publisher wants its stream to become (RTMP 1.0 §7.2.2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PublishType {
    /// Live only; also what unknown types mean.
    #[default]
    Live,
    /// A new recording.
    Record,
    /// The continuation of a recording.
    Append,
}

impl PublishType {
    /// The word in the command.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Record => "record",
            Self::Append => "append",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        match word {
            "record" => Self::Record,
            "append" => Self::Append,
            _ => Self::Live,
        }
    }
}

/// What can be told about a played stream as a whole (RTMP 1.0 §7.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// Media will follow.
    Begin,
    /// No media will follow.
    Eof,
    /// There is no media for now.
    Dry,
}
