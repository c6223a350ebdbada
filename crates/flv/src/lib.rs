//! FLV tags, their enhanced form, and AMF, the data format of their script tags.
//!
//! | What | Where it is written down |
//! |---|---|
//! | FLV file header, tags, legacy tag bodies | Adobe Flash Video File Format 10.1, annex E |
//! | enhanced tag bodies: FourCC codecs, multitrack, ModEx | Enhanced RTMP v2 |
//! | AMF0 ([`amf0`]), AMF3 ([`amf3`]) | Adobe's AMF 0 and AMF 3 specifications |
//!
//! An RTMP audio, video or data message carries the same bytes as the body of an FLV tag, so [`amf0`] serves both.
//! Not here: encrypted tags, FLV keyframe indexes, sockets and chunks.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod amf0;
pub mod amf3;
mod error;
mod reader;

pub use error::Error;
