//! Media sockets: every way in and every way out, and the writers that own viewers' sockets.
//!
//! `ingest/` has one file per way in, `delivery/` one per way out, `record/` keeps streams. Nothing here knows rooms, coins or a database.

mod connected;
pub mod delivery;
pub mod ingest;
mod limits;
pub mod record;
pub mod websocket;
pub mod writer;

pub use connected::Connected;
pub use limits::{Limiter, Permit};

use delivery::Feeds;
use delivery::http::MediaError;
use delivery::segmented::Segmented;
use delivery::stored::Stored;
use hub::{Gate, Hub, Request, Stream, StreamPath, StreamState};
use ingest::pull::Pulls;
use std::sync::Arc;
use writer::Writers;

/// What the ways in and out share.
pub struct Gateway {
    /// The streams.
    pub hub: Arc<Hub>,
    /// Who may publish and play.
    pub gate: Arc<dyn Gate>,
    /// The bytes of streams in each live format.
    pub feeds: Arc<Feeds>,
    /// The threads that own viewers' sockets.
    pub writers: Arc<Writers>,
    /// HLS and DASH.
    pub segmented: Arc<Segmented>,
    /// Stored videos.
    pub stored: Arc<Stored>,
    /// Streams fetched from elsewhere.
    pub pulls: Arc<Pulls>,
    /// First parts of the paths that are served.
    pub apps: Vec<String>,
}

impl Gateway {
    /// The stream at `path`, live or held, fetched from elsewhere if it has to be.
    pub async fn stream(&self, path: &StreamPath) -> Option<Arc<Stream>> {
        let stream = self.hub.get(path);
        if stream.as_ref().is_some_and(|stream| stream.state() == StreamState::Live) || !self.pulls.has(path)
        {
            return stream;
        }
        self.pulls.want(path).await;
        self.hub.get(path)
    }

    /// The stream a viewer may watch.
    pub(crate) async fn admit_player(&self, request: &Request) -> Result<Arc<Stream>, MediaError> {
        let grant = self.gate.admit(request).await?;
        self.stream(&grant.path).await.ok_or(MediaError::NotLive(grant.path))
    }

    /// Whether `path` is the path of a stream, or of one that can be fetched.
    pub(crate) fn has_stream(&self, path: &StreamPath) -> bool {
        self.hub.get(path).is_some() || self.pulls.has(path)
    }
}
