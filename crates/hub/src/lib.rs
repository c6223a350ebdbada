//! Streams and their fan-out: the registry, the lease a publisher holds, the ring of packets every delivery reads,
//! the events others react to, and the [`Gate`] that says who may publish and play.
//!
//! A subscriber is a position in a stream's ring, never a queue: see [`Stream::read`]. The hub knows no socket, no
//! wire format and no database.

mod event;
mod gate;
mod path;
mod publisher;
mod registry;
mod ring;
mod session;
mod stream;
mod subscriber;

pub use event::{Event, EventKind};
pub use gate::{
    Action, Args, ClientInfo, Credential, Gate, GateFuture, Grant, Refusal, RefusalKind, Request,
};
pub use path::{PathError, StreamPath};
pub use publisher::{PublishError, Publisher, PushError};
pub use registry::{Config, Hub};
pub use ring::Limits;
pub use session::{Protocol, Session, SessionId};
pub use stream::{Counters, IngestStats, Observer, ObserverId, Read, Start, StopReason, Stream, StreamState};
pub use subscriber::{Batch, Subscriber};
