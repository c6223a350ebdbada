//! Connections for media as others hear of them: asked for, open, over.

use crate::Gateway;
use hub::{EventKind, Hub, Refusal, Request, Session, StreamPath};
use std::sync::Arc;

/// A connection that was let in. When the last handle is dropped it is over, and listeners are told.
pub struct Connected {
    hub: Arc<Hub>,
    session: Session,
    path: StreamPath,
}

impl Connected {
    /// Asks the gate, whose path does not matter here: a connection has no stream yet.
    pub(crate) async fn admit(gateway: &Gateway, request: &Request) -> Result<Arc<Self>, Refusal> {
        gateway.gate.admit(request).await?;
        let (hub, session, path) = (gateway.hub.clone(), Session::new(request), request.path.clone());
        hub.emit(EventKind::Connected, &path, &session);
        Ok(Arc::new(Self { hub, session, path }))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.hub.emit(EventKind::Disconnected, &self.path, &self.session);
    }
}
