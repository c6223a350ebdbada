//! The words every other crate speaks: packets, tracks, time, codec headers.
//!
//! Nothing here knows a container, a protocol, a socket or a clock.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod codec;
mod packet;
mod timestamp;
mod track;

pub use codec::{Codec, MediaKind};
pub use packet::{Packet, PacketKind};
pub use timestamp::Timestamp;
pub use track::{AudioInfo, Metadata, Track, TrackId, TrackInfo, VideoInfo};
