//! HLS playlists as text (RFC 8216).
//!
//! [`MediaPlaylist`] lists segments, [`MultivariantPlaylist`] lists media playlists. Both carry the query of the
//! request on to every URI they print, so that a signed playlist leads to signed segments.

mod media_playlist;
mod multivariant;

pub use media_playlist::{MediaPlaylist, PlaylistKind, PlaylistSegment};
pub use multivariant::{MultivariantPlaylist, Rendition, RenditionKind, Resolution, Variant};

/// The media type of both kinds of playlist.
pub const MIME_TYPE: &str = "application/vnd.apple.mpegurl";

#[cfg(test)]
mod tests;
