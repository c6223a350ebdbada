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
mod body;
mod demux;
mod enhanced;
mod error;
mod first_frame;
mod legacy;
mod mux;
mod normal_form;
mod reader;
mod script;
mod tag;

pub use body::{BodyDemuxer, CONFIG_BYTES_MAX, Outcome, SCRIPT_BYTES_MAX, Skipped, TRACKS_MAX};
pub use demux::Demuxer;
pub use enhanced::four_cc;
pub use error::Error;
pub use mux::{
    BodyHeader, body_header, body_payload, encode_end_of_sequence, encode_tag, end_of_sequence, file_header,
    file_metadata_body, file_numbers, metadata_body, previous_tag_size, tag_header, timestamp_ms,
};
pub use tag::{Tag, TagType};

#[cfg(test)]
mod test_streams;
