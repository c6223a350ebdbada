//! What is fuzzed: for each parser one function of bytes, which panics when the parser breaks its word.
//!
//! The fuzzer calls them with what it makes up (`make fuzz`), the test beside them with the committed corpus and
//! small changes to it (`cargo test -p fuzz-targets`). An input that broke something belongs into the corpus, and as a
//! test beside the parser.

mod containers;
mod flv;
mod input;
mod media;
mod names;
mod remux;
mod rtmp;
mod websocket;

pub use containers::{mp4, mp4_index, mpegts};
pub use flv::{amf0, amf3, flv_body, flv_stream};
pub use media::{media_config, media_frames, timeline};
pub use names::{segment_name, stream_path};
pub use rtmp::{rtmp_chunks, rtmp_client, rtmp_handshake, rtmp_server, rtmp_url};
pub use websocket::websocket;

/// A target: the name of its fuzzer and of its folder in the corpus, and the function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("amf0", amf0),
    ("amf3", amf3),
    ("flv_body", flv_body),
    ("flv_stream", flv_stream),
    ("media_config", media_config),
    ("media_frames", media_frames),
    ("mp4", mp4),
    ("mp4_index", mp4_index),
    ("mpegts", mpegts),
    ("rtmp_chunks", rtmp_chunks),
    ("rtmp_client", rtmp_client),
    ("rtmp_handshake", rtmp_handshake),
    ("rtmp_server", rtmp_server),
    ("rtmp_url", rtmp_url),
    ("segment_name", segment_name),
    ("stream_path", stream_path),
    ("timeline", timeline),
    ("websocket", websocket),
];
