//! HLS playlists as text (RFC 8216).
//!
//! [`MediaPlaylist`] lists segments, [`MultivariantPlaylist`] lists media playlists. Both carry the query of the
//! request on to every URI they print, so that a signed playlist leads to signed segments.

mod media_playlist;
mod multivariant;

pub use media_playlist::{MediaPlaylist, PlaylistKind, PlaylistSegment, Skip};
pub use multivariant::{MultivariantPlaylist, Rendition, RenditionKind, Resolution, Variant};

/// The media type of both kinds of playlist.
pub const MIME_TYPE: &str = "application/vnd.apple.mpegurl";

/// `uri` with the query of a request behind it, as playlists print it.
pub fn with_query(uri: &str, query: &str) -> String {
    let mut out = String::with_capacity(uri.len() + query.len() + 1);
    // Writing into a text does not fail.
    let _ = crate::text::write_uri(&mut out, uri, query);
    out
}

#[cfg(test)]
mod tests;
