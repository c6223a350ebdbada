//! Media sockets: every way in and every way out, and the writers that own viewers' sockets.
//!
//! `ingest/` has one file per way in, `delivery/` one per way out. Nothing here knows rooms, coins or a database.

pub mod delivery;
pub mod ingest;
mod limits;
pub mod websocket;
pub mod writer;

pub use limits::{Limiter, Permit};

use delivery::Feeds;
use delivery::http::MediaError;
use delivery::segmented::Segmented;
use hub::{Gate, Hub, Request, Stream};
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
    /// First parts of the paths that are served.
    pub apps: Vec<String>,
}

impl Gateway {
    /// The stream a viewer may watch, fetched from elsewhere if it has to be.
    pub(crate) async fn admit_player(&self, request: &Request) -> Result<Arc<Stream>, MediaError> {
        let grant = self.gate.admit(request).await?;
        self.hub.get(&grant.path).ok_or(MediaError::NotLive(grant.path))
    }

    /// Whether `path` is the path of a stream.
    pub(crate) fn has_stream(&self, path: &hub::StreamPath) -> bool {
        self.hub.get(path).is_some()
    }
}
