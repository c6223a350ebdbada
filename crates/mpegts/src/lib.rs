//! MPEG transport streams (ISO/IEC 13818-1): packets of a stream to 188-byte TS packets and back.
//!
//! One program. Carried are H.264, H.265, AAC in ADTS, MP3, AC-3 and E-AC-3. Not here: Opus, AV1 and other codecs
//! behind registration descriptors, DVB tables, scrambling, and constant bit rate.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod crc;
mod demux;
mod elementary;
mod error;
mod format;
mod mux;
mod pes;
mod psi;
mod stream;
mod tables;
#[cfg(test)]
mod testing;

pub use demux::{Damage, Demuxer};
pub use error::Error;
pub use mux::{Muxer, supports};
