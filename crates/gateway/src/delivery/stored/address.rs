//! What an address under `/streams/` asks for.

use hub::StreamPath;
use media::TrackId;
use store::{Name, track_of_playlist};

/// Something of one video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The video, by its id or name.
    pub(super) video: String,
    /// What of it.
    pub(super) item: Item,
    /// What stands before the names in a playlist: nothing inside the video's own folder, `name/` beside it.
    pub(super) prefix: String,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `{video}/master.m3u8`: all that players choose from.
    Multivariant,
    /// `{video}.m3u8`: the list of MPEG-TS segments if there is one, else all that players choose from.
    FlatPlaylist,
    /// `{video}/manifest.mpd`, `{video}.mpd`.
    Manifest,
    /// `{video}.mp4`: fragments one after the other, over HTTP or a WebSocket.
    Fragments,
    /// `{video}/download.mp4`.
    Download,
    /// `{video}/captions-{language}.m3u8`.
    CaptionsPlaylist(String),
    /// `{video}/{file}`: a picture, captions, chapters, the pictures of the seek bar.
    SideFile(String),
    /// `{video}/{folder}/video0.m3u8`.
    TrackPlaylist(String, TrackId),
    /// `{video}/{folder}/video0-0-90000.m4s`.
    Piece(String, Name),
    /// `{video}/{folder}/list.m3u8`.
    List(String),
    /// `{video}/{folder}/x0.ts`.
    ListPiece(String, String),
}

impl Address {
    /// From what stands behind `/streams/`.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let mut parts = rest.split('/');
        let (video, item) = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
            (file, None, None, None) => {
                let (video, extension) = file.rsplit_once('.')?;
                let item = match extension {
                    "m3u8" => Item::FlatPlaylist,
                    "mpd" => Item::Manifest,
                    "mp4" => Item::Fragments,
                    _ => return None,
                };
                (video, item)
            }
            (video, Some(file), None, None) => (video, beside_folders(file)?),
            (video, Some(folder), Some(file), None) => (video, in_folder(folder, file)?),
            _ => return None,
        };
        StreamPath::from_app_and_name(super::APP, video).ok()?;
        let is_flat = !rest.contains('/');
        let prefix = if is_flat { format!("{video}/") } else { String::new() };
        Some(Self { video: video.to_owned(), item, prefix })
    }
}

fn beside_folders(file: &str) -> Option<Item> {
    if let Some(language) = file.strip_prefix("captions-").and_then(|rest| rest.strip_suffix(".m3u8")) {
        return is_word(language).then(|| Item::CaptionsPlaylist(language.to_owned()));
    }
    match file {
        "master.m3u8" => Some(Item::Multivariant),
        "manifest.mpd" => Some(Item::Manifest),
        "download.mp4" => Some(Item::Download),
        "storyboard.vtt" | "chapters.vtt" => Some(Item::SideFile(file.to_owned())),
        _ => {
            let (stem, extension) = file.rsplit_once('.')?;
            let (kind, which) = stem.split_once('-')?;
            let is_known = matches!((kind, extension), ("thumb" | "storyboard", "jpg") | ("captions", "vtt"));
            (is_known && is_word(which)).then(|| Item::SideFile(file.to_owned()))
        }
    }
}

fn in_folder(folder: &str, file: &str) -> Option<Item> {
    if !is_word(folder) {
        return None;
    }
    let folder = folder.to_owned();
    if file == LIST {
        return Some(Item::List(folder));
    }
    if let Some(track_id) = track_of_playlist(file) {
        return Some(Item::TrackPlaylist(folder, track_id));
    }
    if let Some(stem) = file.strip_suffix(".ts") {
        return is_word(stem).then(|| Item::ListPiece(folder, file.to_owned()));
    }
    Some(Item::Piece(folder, file.parse().ok()?))
}

/// Whether a text can be part of the path of an object, as one name.
fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// The playlist of MPEG-TS segments.
pub(super) const LIST: &str = "list.m3u8";
const WORD_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn item(rest: &str) -> Option<(String, Item, String)> {
        Address::parse(rest).map(|address| (address.video, address.item, address.prefix))
    }

    #[test]
    fn flat_addresses_lead_into_the_folder() {
        for (file, item_there) in
            [("film.m3u8", Item::FlatPlaylist), ("film.mpd", Item::Manifest), ("film.mp4", Item::Fragments)]
        {
            assert_eq!(item(file), Some(("film".into(), item_there, "film/".into())));
        }
        assert_eq!(item("a.b.mpd").unwrap().2, "a.b/");
    }

    #[test]
    fn the_folder_of_a_video_has_lists_files_and_pictures() {
        let of_film = |item| Some(("film".to_owned(), item, String::new()));
        for (rest, there) in [
            ("master.m3u8", Item::Multivariant),
            ("manifest.mpd", Item::Manifest),
            ("download.mp4", Item::Download),
            ("captions-zh-TW.m3u8", Item::CaptionsPlaylist("zh-TW".into())),
            ("captions-zh-TW.vtt", Item::SideFile("captions-zh-TW.vtt".into())),
            ("thumb-0.jpg", Item::SideFile("thumb-0.jpg".into())),
            ("storyboard.vtt", Item::SideFile("storyboard.vtt".into())),
            ("720p-0a/video0.m3u8", Item::TrackPlaylist("720p-0a".into(), TrackId::VIDEO)),
            ("720p-0a/init-0.mp4", Item::Piece("720p-0a".into(), Name::Init { id: 0 })),
            ("tutorial-1/list.m3u8", Item::List("tutorial-1".into())),
            ("tutorial-1/list12.ts", Item::ListPiece("tutorial-1".into(), "list12.ts".into())),
        ] {
            assert_eq!(item(&format!("film/{rest}")), of_film(there), "{rest}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for rest in [
            "",
            "film",
            "film/",
            "film/source",
            "film/../x.ts",
            "../film.m3u8",
            ".m3u8",
            "film/a/b/c.ts",
            "film//video0.m3u8",
            "film/f/..%2f.ts",
            "film/f/.ts",
            "film/captions-.vtt",
            "film/captions-../x.vtt",
            "film/thumb-0.png",
            "film/f/video00.m3u8",
            "film.exe",
        ] {
            assert_eq!(Address::parse(rest), None, "{rest}");
        }
        assert_eq!(Address::parse(&format!("film/f/{}.ts", "a".repeat(65))), None);
    }
}
