//! Connections as values, for both sides: handshake, protocol control and commands (RTMP 1.0 §5 to §7).

mod aggregate;
mod client;
mod commands;
mod event;
mod link;
mod server;
pub mod status;

pub use client::{ClientEvent, ClientRole, ClientSession};
pub use event::{Connect, Event, Media, PublishType, RequestId, StreamEvent};
pub use server::ServerSession;

#[cfg(test)]
mod tests;
