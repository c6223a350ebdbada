//! Ending streams on whichever server carries them.

use crate::bus::Event;
use crate::{Error, Platform, Result};
use hub::{StopReason, StreamPath};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// Cuts the publisher at `path` off; the stream waits for the next one.
pub fn cut(platform: &Platform, path: &StreamPath) {
    platform.bus.tell(Event::Cut { stream: path.to_string(), is_final: false });
}

/// Ends the stream at `path` for its viewers too.
pub fn end(platform: &Platform, path: &StreamPath) {
    platform.bus.tell(Event::Cut { stream: path.to_string(), is_final: true });
}

/// Does what this and other servers say, until the platform is gone.
pub(crate) fn follow(platform: &Arc<Platform>) {
    let mut events = platform.bus.listen();
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(Event::Cut { stream, is_final }) => {
                    let Some(platform) = weak.upgrade() else { return };
                    if let Err(error) = now(&platform, &stream, is_final) {
                        tracing::warn!(%error, "a stream could not be cut");
                    }
                }
                Err(RecvError::Closed) => return,
                _ => {}
            }
        }
    });
}

fn now(platform: &Platform, stream: &str, is_final: bool) -> Result<()> {
    let path = StreamPath::parse(stream).map_err(|error| Error::internal(&error))?;
    if is_final {
        platform.hub.end(&path, StopReason::Kicked);
    } else if let Some(publisher) = platform.hub.get(&path).and_then(|stream| stream.publisher()) {
        publisher.kick();
    }
    Ok(())
}
