//! What the gateway asks the library, and what it is told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Knows which videos there are.
pub trait Library: Send + Sync + 'static {
    /// The video that an address names, by its id or its flat name.
    fn find<'a>(&'a self, address: &'a str) -> LibraryFuture<'a>;
}

/// The answer, later.
pub type LibraryFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Arc<Video>>, LibraryAway>> + Send + 'a>>;

/// The library cannot be asked now.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LibraryAway(pub String);

/// A video as players may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// What its path has: `streams/{id}`.
    pub id: String,
    /// The title, for the name of a download.
    pub title: String,
    /// Whether anybody may keep the answers: caches between here and the viewers too.
    pub is_public: bool,
    /// Why there is nothing to play, or not yet.
    pub not_ready: Option<String>,
    /// What the paths of its pictures and captions begin with, such as `videos/4hG2…`.
    pub objects: String,
    /// Where its media is.
    pub files: StoredFiles,
    /// Captions, each in the object `captions-{language}.vtt`.
    pub captions: Vec<CaptionsFile>,
}

/// Where the media of a video is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredFiles {
    /// In files, the largest picture first.
    Files(Vec<StoredFile>),
    /// In the log of a recording, whose objects' paths begin with this.
    Log(String),
}

/// One form of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// What people call it: `source`, `720p`.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// The object, or what the paths of its objects begin with.
    pub path: String,
    /// Differs from that of every other file that had this name.
    pub version: u32,
    /// Whether it can be packaged.
    pub is_playable: bool,
    /// Whether it is an MP4 file, which people may have as it is.
    pub is_mp4: bool,
    /// Lines of the picture; 0 when there is none.
    pub height: u32,
}

/// What a form of a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The file that came.
    Source,
    /// An MP4 file made of it.
    Rendition,
    /// A playlist, `list.m3u8`, and its MPEG-TS segments.
    List,
}

/// Captions in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptionsFile {
    /// RFC 5646 language tag.
    pub language: String,
    /// What people read in the menu.
    pub label: String,
}

impl Video {
    /// The files players choose from: those that were made for them as soon as there are any, else the one that came.
    /// The one to begin with is first, neither the smallest nor more than most lines carry.
    pub(super) fn ladder(&self) -> Vec<&StoredFile> {
        let of_kind = |kind: FileKind| {
            let files = self.files().iter();
            files.filter(move |file| file.kind == kind && file.is_playable).collect::<Vec<_>>()
        };
        let mut ladder = of_kind(FileKind::Rendition);
        if ladder.is_empty() {
            ladder = of_kind(FileKind::Source);
        }
        if let Some(first) = ladder.iter().position(|file| file.height <= FIRST_HEIGHT_MAX) {
            ladder[..=first].rotate_right(1);
        }
        ladder
    }

    /// The playlist with its MPEG-TS segments, where there is one.
    pub(super) fn list(&self) -> Option<&StoredFile> {
        self.files().iter().find(|file| file.kind == FileKind::List)
    }

    /// What people get who want the file: the one that came if that is MP4, else the largest one made of it.
    pub(super) fn download(&self) -> Option<&StoredFile> {
        let mp4 = || self.files().iter().filter(|file| file.is_mp4);
        mp4().find(|file| file.kind == FileKind::Source).or_else(|| mp4().next())
    }

    /// The file with this name.
    pub(super) fn file(&self, name: &str) -> Option<&StoredFile> {
        self.files().iter().find(|file| file.name == name)
    }

    fn files(&self) -> &[StoredFile] {
        match &self.files {
            StoredFiles::Files(files) => files,
            StoredFiles::Log(_) => &[],
        }
    }
}

impl StoredFile {
    /// The folder of its segments. Another file of the same name has another one: what is cached stays right.
    pub(super) fn folder(&self) -> String {
        format!("{}-{:08x}", self.name, self.version)
    }
}

/// Lines of the picture that players begin with at most, if there is a choice.
const FIRST_HEIGHT_MAX: u32 = 720;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, kind: FileKind, height: u32) -> StoredFile {
        let path = format!("videos/a/{name}");
        StoredFile { name: name.into(), kind, path, version: 7, is_playable: true, is_mp4: true, height }
    }

    fn video(files: Vec<StoredFile>) -> Video {
        Video {
            id: "a".into(),
            title: "A".into(),
            is_public: true,
            not_ready: None,
            objects: "videos/a".into(),
            files: StoredFiles::Files(files),
            captions: Vec::new(),
        }
    }

    fn names(files: Vec<&StoredFile>) -> Vec<&str> {
        files.into_iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn what_was_made_for_players_replaces_what_came() {
        let source = file("source", FileKind::Source, 1080);
        assert_eq!(names(video(vec![source.clone()]).ladder()), ["source"]);
        let small = file("360p", FileKind::Rendition, 360);
        assert_eq!(names(video(vec![source.clone(), small]).ladder()), ["360p"]);
        let unplayable = StoredFile { is_playable: false, ..source };
        assert!(video(vec![unplayable]).ladder().is_empty());
    }

    #[test]
    fn players_begin_in_the_middle() {
        let heights = [2160, 1080, 720, 360];
        let files = heights.map(|height| file(&format!("{height}p"), FileKind::Rendition, height));
        assert_eq!(names(video(files.to_vec()).ladder()), ["720p", "2160p", "1080p", "360p"]);
    }

    #[test]
    fn a_download_is_what_came_if_people_can_play_it() {
        let (source, made) = (file("source", FileKind::Source, 720), file("720p", FileKind::Rendition, 720));
        assert_eq!(video(vec![made.clone(), source.clone()]).download().unwrap().name, "source");
        let webm = StoredFile { is_mp4: false, ..source };
        assert_eq!(video(vec![made, webm.clone()]).download().unwrap().name, "720p");
        assert_eq!(video(vec![webm]).download(), None);
    }
}
