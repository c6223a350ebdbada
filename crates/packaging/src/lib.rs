//! Where to cut a stream into segments ([`Segmenter`]), and what HLS and DASH print about them ([`hls`], [`dash`]).
//!
//! Specs: RFC 8216 (HLS, with the tags of its second edition that older players skip), ISO/IEC 23009-1:2022
//! (DASH). Nothing here muxes, keeps a byte of media or knows a clock: it is told times, sizes and names. Both
//! writers print whatever they are given without failing; text that could break out of its place is escaped.
//!
//! Not here: partial segments and blocking reload (low-latency HLS), encryption, subtitles as text.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod dash;
mod date_time;
#[cfg(test)]
mod golden;
pub mod hls;
mod rate;
mod segmenter;
mod text;

pub use date_time::date_time;
pub use rate::{BitRate, bit_rate};
pub use segmenter::{Placement, Segmenter, SegmenterLimits, Span, Unit};
