use crate::registry::Hub;
use crate::session::Session;
use crate::stream::Stream;
use media::{Metadata, Packet};
use std::sync::Arc;

/// Why somebody cannot publish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Somebody else does, and the credential does not prove to be the same publisher.
    #[error("{0} is already being published; use the same stream key or publish token to take over")]
    Busy(crate::StreamPath),
    /// The server has as many streams as it may.
    #[error("the server already carries {0} streams (hub.streams_max)")]
    TooManyStreams(usize),
    /// The server stops.
    #[error("the server is stopping")]
    Stopping,
}

/// Why a packet was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// Another publisher took over, or the stream was ended.
    #[error("the stream's lease is lost: another publisher took over or the stream was ended")]
    LeaseLost,
    /// The stream has as many tracks as it may.
    #[error("a stream has at most {0} tracks (hub.tracks_max)")]
    TooManyTracks(usize),
    /// A decoder config that cannot be read.
    #[error("the decoder config cannot be used: {0}")]
    Config(#[from] media::Error),
}

/// The lease on a stream. Dropping it leaves the stream held for a while.
pub struct Publisher {
    hub: Arc<Hub>,
    stream: Arc<Stream>,
    session: Arc<Session>,
    epoch: u64,
}

impl Publisher {
    pub(crate) fn new(hub: Arc<Hub>, stream: Arc<Stream>, session: Arc<Session>, epoch: u64) -> Self {
        Self { hub, stream, session, epoch }
    }

    /// Adds a packet whose `dts` and `pts` are on the publisher's own clock; the stream's timeline is made from them.
    pub fn push(&mut self, packet: Packet) -> Result<(), PushError> {
        self.stream.push(self.epoch, packet)
    }

    /// What the encoder says of itself.
    pub fn set_metadata(&mut self, metadata: Metadata) {
        self.stream.set_metadata(metadata);
    }

    /// The stream that is published.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// The session that publishes.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if let Some(hold) = self.stream.left(self.epoch) {
            self.hub.end_after(self.stream.clone(), self.epoch, hold);
        }
    }
}
