//! MP4, the ISO base media file format (ISO/IEC 14496-12): writing it fragmented, as CMAF has it (ISO/IEC 23000-19),
//! and reading it, fragmented or not.
//!
//! Written are init segments and fragments of one track each, so that a muxed stream and a stream per track share
//! their fragments. A stored file is known by its [`Index`], from which it is read as packets ([`Reader`]), or written
//! again as fragments or without them, as [`Piece`]s of which the media is copied. Read are the tracks of the codecs the
//! server carries; text, timecode, encrypted and other tracks are named and left out. Not here: segment indexes and
//! encryption.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod boxes;
mod demux;
mod error;
mod fragments;
mod index;
mod inspect;
mod interleave;
mod moof;
mod movie;
mod mux;
mod progressive;
mod rebase;
mod sample_entry;
mod sample_table;
mod samples;
mod scan;
mod stored_fragments;
#[cfg(test)]
mod testing;
mod track_box;

pub use boxes::FourCc;
pub use demux::Reader;
pub use error::Error;
pub use index::{Edit, Index, SkippedTrack, StoredTrack};
pub use inspect::{BoxInfo, FieldValue, visit_boxes};
pub use interleave::{Cut, Windows};
pub use mux::{FragmentTimes, append_fragment, fragment, init_segment, timescale, track_number};
pub use progressive::Progressive;
pub use rebase::{fragment_starts, rebase_fragments};
pub use samples::{Sample, SampleTable, Samples};
pub use scan::IndexReader;
pub use stored_fragments::{Piece, put_stored_fragments, stored_init_segment};
