//! What an address asks for.

use super::packager::Kind;
use hub::{Protocol, StreamPath};
use store::Name;

/// A playlist, manifest or piece of media of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The stream, as it was asked for.
    pub(crate) path: StreamPath,
    /// What of it.
    pub(crate) item: Item,
    /// What stands before the names in a playlist: nothing inside the stream's own folder, `name/` beside it.
    pub(crate) prefix: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `name/index.m3u8`.
    Multivariant,
    /// `name/ts.m3u8`, `name/fmp4.m3u8`, or `name.m3u8` for whichever fits the codecs.
    MediaPlaylist(Option<Kind>),
    /// `name/index.mpd` and `name.mpd`.
    Manifest,
    /// A segment or init segment.
    Piece(Name),
}

impl Item {
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Manifest | Self::Piece(Name::Track { .. } | Name::TrackInit { .. }) => Protocol::Dash,
            Self::Multivariant | Self::MediaPlaylist(_) | Self::Piece(_) => Protocol::Hls,
        }
    }

    /// The same of the segments that are recorded, which are CMAF.
    pub(crate) fn recorded(self) -> Self {
        match self {
            Self::MediaPlaylist(_) => Self::MediaPlaylist(Some(Kind::Cmaf)),
            // Sound that browsers refuse inside MP4 is recorded in it all the same.
            Self::Multivariant => Self::Manifest,
            Self::Manifest | Self::Piece(_) => self,
        }
    }

    /// Whether it is asked for by name, inside the folder of its stream.
    fn in_folder(file: &str) -> Option<Self> {
        Some(match file {
            "index.m3u8" => Self::Multivariant,
            "index.mpd" => Self::Manifest,
            _ if file == playlist_name(Kind::Ts) => Self::MediaPlaylist(Some(Kind::Ts)),
            _ if file == playlist_name(Kind::Cmaf) => Self::MediaPlaylist(Some(Kind::Cmaf)),
            _ => Self::Piece(file.parse().ok()?),
        })
    }
}

/// The media playlist of a kind, in the folder of its stream.
pub(crate) const fn playlist_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ts => "ts.m3u8",
        Kind::Cmaf => "fmp4.m3u8",
    }
}

/// The address inside a stream's folder that a URL path is, such as `/live/demo/index.m3u8`.
pub(crate) fn in_folder(path: &str) -> Option<Address> {
    let (folder, file) = path.rsplit_once('/')?;
    let item = Item::in_folder(file)?;
    Some(Address { path: StreamPath::parse(folder).ok()?, item, prefix: String::new() })
}

/// The flat address that a URL path is, such as `/live/demo.m3u8`.
pub(crate) fn flat(path: &str) -> Option<Address> {
    let (stem, extension) = path.rsplit_once('.')?;
    let item = match extension {
        "m3u8" => Item::MediaPlaylist(None),
        "mpd" => Item::Manifest,
        _ => return None,
    };
    let path = StreamPath::parse(stem).ok()?;
    let prefix = format!("{}/", path.name());
    Some(Address { path, item, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: Option<Address>) -> Option<(String, Item, String)> {
        address.map(|address| (address.path.to_string(), address.item, address.prefix))
    }

    #[test]
    fn the_folder_of_a_stream_has_playlists_manifests_and_pieces() {
        let demo = |item| Some(("live/demo".to_owned(), item, String::new()));
        for (file, item) in [
            ("index.m3u8", Item::Multivariant),
            ("ts.m3u8", Item::MediaPlaylist(Some(Kind::Ts))),
            ("fmp4.m3u8", Item::MediaPlaylist(Some(Kind::Cmaf))),
            ("index.mpd", Item::Manifest),
            ("7.ts", Item::Piece(Name::Ts { sequence: 7 })),
            ("init-7.mp4", Item::Piece(Name::Init { id: 7 })),
        ] {
            assert_eq!(shown(in_folder(&format!("/live/demo/{file}"))), demo(item), "{file}");
        }
        for path in
            ["/live/demo/other.m3u8", "/live/7.ts", "/live/demo/x.ts", "/live/../7.ts", "/index.m3u8", ""]
        {
            assert_eq!(in_folder(path), None, "{path}");
        }
    }

    #[test]
    fn a_flat_playlist_leads_into_the_folder() {
        let playlist = Item::MediaPlaylist(None);
        assert_eq!(shown(flat("/live/demo.m3u8")), Some(("live/demo".into(), playlist, "demo/".into())));
        assert_eq!(
            shown(flat("/live/eu/a.b.mpd")),
            Some(("live/eu/a.b".into(), Item::Manifest, "a.b/".into()))
        );
        for path in ["/live/.m3u8", "/demo.m3u8", "/live/demo.ts", "/live/demo"] {
            assert_eq!(flat(path), None, "{path}");
        }
    }
}
