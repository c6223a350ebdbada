//! Connections for media as others hear of them: asked for, open, over.

use crate::Gateway;
use hub::{Event, EventKind, Hub, Refusal, Request, Session, StreamPath};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

/// A connection that was let in. When the last handle is dropped it is over, and listeners are told.
pub struct Connected {
    hub: Arc<Hub>,
    session: Session,
    path: StreamPath,
    media: OnceLock<Arc<Session>>,
}

impl Connected {
    /// Asks the gate, whose path does not matter here: a connection has no stream yet.
    pub(crate) async fn admit(gateway: &Gateway, request: &Request) -> Result<Arc<Self>, Refusal> {
        gateway.gate.admit(request).await?;
        let (hub, session, path) = (gateway.hub.clone(), Session::new(request), request.path.clone());
        hub.emit(Event::of(EventKind::Connected, &path, &session));
        Ok(Arc::new(Self { hub, session, path, media: OnceLock::new() }))
    }

    /// Notes what the connection is used for; only the first counts, a connection carries one stream.
    pub(crate) fn carries(&self, session: &Arc<Session>) {
        let _ = self.media.set(session.clone());
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut event = Event::of(EventKind::Disconnected, &self.path, &self.session);
        if let Some(media) = self.media.get() {
            (event.action, event.bytes) = (media.action, media.bytes.load(Relaxed));
        }
        self.hub.emit(event);
    }
}
