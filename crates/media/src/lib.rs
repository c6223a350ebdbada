//! The words every other crate speaks: packets, tracks, time, codec headers.
//!
//! Nothing here knows a container, a protocol, a socket or a clock.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod aac;
pub mod ac3;
pub mod av1;
mod bits;
mod codec;
mod error;
pub mod flac;
pub mod h264;
pub mod h265;
pub mod mp3;
pub mod nal;
pub mod opus;
mod packet;
#[cfg(test)]
mod testing;
mod timeline;
mod timestamp;
mod track;
mod video;
pub mod vp9;

pub use codec::{Codec, MediaKind};
pub use error::Error;
pub use packet::{Packet, PacketKind};
pub use timeline::Timeline;
pub use timestamp::Timestamp;
pub use track::{AudioInfo, Metadata, Track, TrackId, TrackInfo, VideoInfo};
