//! The ways in: one file each.

pub mod rtmp;
