//! The library as the gateway asks for it: a video by its address, with its files.
//!
//! A player asks for a segment every few seconds and many players do at once, so an answer stands for a second; while a
//! video is not ready, for a tenth of that, as somebody waits for it.

use gateway::delivery::stored::{
    CaptionsFile, FileKind, Library, LibraryAway, LibraryFuture, StoredFile, StoredFiles, Video,
};
use platform::jobs;
use platform::videos::{self, Caption, File};
use platform::{Error, Platform};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The videos of the platform.
pub struct PlatformLibrary {
    platform: Arc<Platform>,
    answers: Mutex<HashMap<String, Answer>>,
}

struct Answer {
    at: Instant,
    video: Option<Arc<Video>>,
}

impl Answer {
    fn is_fresh(&self) -> bool {
        let is_awaited = self.video.as_ref().is_some_and(|video| video.not_ready.is_some());
        self.at.elapsed() < if is_awaited { NOT_READY_TTL } else { ANSWER_TTL }
    }
}

/// How long an answer stands: so much later players notice a change.
const ANSWER_TTL: Duration = Duration::from_secs(1);
/// The same for a video that is not ready.
const NOT_READY_TTL: Duration = Duration::from_millis(100);
/// Answers kept at most, of videos that are not there too.
const ANSWERS_MAX: usize = 4096;

impl PlatformLibrary {
    /// The videos of `platform`.
    pub fn new(platform: Arc<Platform>) -> Self {
        Self { platform, answers: Mutex::default() }
    }

    async fn ask(&self, address: &str) -> Result<Option<Arc<Video>>, Error> {
        let Some(video) = videos::by_address(&self.platform.db, address).await? else { return Ok(None) };
        let mut files = videos::files(&self.platform.db, video.id).await?;
        // What came is not replaced by the first, smallest rendition, but by all of them.
        let can_wait = files.iter().any(|file| file.kind == "source" && file.is_playable);
        if can_wait && jobs::is_transcoding(&self.platform.db, video.id).await? {
            files.retain(|file| file.kind != "rendition");
        }
        let captions = videos::captions(&self.platform.db, video.id).await?;
        Ok(Some(Arc::new(as_stored(&video, &files, &captions))))
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Library for PlatformLibrary {
    fn find<'a>(&'a self, address: &'a str) -> LibraryFuture<'a> {
        Box::pin(async move {
            let known = self
                .answers()
                .get(address)
                .filter(|answer| answer.is_fresh())
                .map(|answer| answer.video.clone());
            if let Some(video) = known {
                return Ok(video);
            }
            let video = self.ask(address).await.map_err(|error| LibraryAway(error.message.into_owned()))?;
            let mut answers = self.answers();
            if answers.len() >= ANSWERS_MAX {
                answers.retain(|_, answer| answer.is_fresh());
            }
            if answers.len() < ANSWERS_MAX {
                answers.insert(address.to_owned(), Answer { at: Instant::now(), video: video.clone() });
            }
            Ok(video)
        })
    }
}

fn as_stored(video: &videos::Video, files: &[File], captions: &[Caption]) -> Video {
    let not_ready = match video.state.as_str() {
        _ if video.taken_down_at.is_some() => Some("this video was taken down".to_owned()),
        "ready" | "recording" => None,
        "failed" => Some(format!("this video cannot be played: {}", video.failure)),
        "waiting" => Some("this video has not arrived yet".to_owned()),
        _ => Some("this video is being looked at; it can be played in a while".to_owned()),
    };
    let log = files.iter().find(|file| file.kind == "log").map(|file| StoredFiles::Log(file.path.clone()));
    Video {
        id: video.public_id.clone(),
        title: video.title.clone(),
        is_public: video.privacy == "public" && video.taken_down_at.is_none(),
        not_ready,
        objects: video.objects_prefix(),
        files: log.unwrap_or_else(|| StoredFiles::Files(files.iter().filter_map(stored_file).collect())),
        captions: captions.iter().map(captions_file).collect(),
    }
}

fn captions_file(captions: &Caption) -> CaptionsFile {
    // Players show the name of the language in the viewer's own where they know it.
    CaptionsFile { language: captions.language.clone(), label: captions.language.clone() }
}

fn stored_file(file: &File) -> Option<StoredFile> {
    let kind = match file.kind.as_str() {
        "source" => FileKind::Source,
        "rendition" => FileKind::Rendition,
        "list" => FileKind::List,
        _ => return None,
    };
    Some(StoredFile {
        name: file.name.clone(),
        kind,
        path: file.path.clone(),
        version: version(file),
        is_playable: file.is_playable,
        is_mp4: file.is_mp4(),
        height: u32::try_from(file.height).unwrap_or(0),
    })
}

/// Tells a file from another one that had its name.
fn version(file: &File) -> u32 {
    let what = format!("{} {} {} {} {}", file.id, file.path, file.bytes, file.codecs, file.created_at);
    let digest = Sha256::digest(what);
    digest.iter().take(4).fold(0, |version, byte| version << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::default_state;
    use platform::accounts::users;
    use platform::videos::{NewFile, NewVideo, Origin, State};

    async fn video(library: &PlatformLibrary, privacy: &str) -> videos::Video {
        let platform = &library.platform;
        let user = users::create(&platform.db, "mei", "", "").await.unwrap();
        let new = NewVideo {
            user_id: user.id,
            room_id: None,
            broadcast_id: None,
            origin: Origin::Added,
            name: Some("output".to_owned()),
            title: "Film".to_owned(),
            privacy: privacy.to_owned(),
            state: State::Probing,
            starts_at: None,
        };
        videos::create(&platform.db, new).await.unwrap()
    }

    fn file(video: &videos::Video, name: &str, kind: videos::FileKind) -> NewFile {
        NewFile {
            video_id: video.id,
            name: name.to_owned(),
            kind,
            path: format!("{}/{name}", video.objects_prefix()),
            container: "mov".to_owned(),
            codecs: "avc1.64001f,mp4a.40.2".to_owned(),
            is_playable: true,
            width: 1280,
            height: 720,
            frame_rate_milli: 25_000,
            bits_per_second: 1_000_000,
            bytes: 100,
        }
    }

    async fn find(library: &PlatformLibrary, address: &str) -> Option<Arc<Video>> {
        library.answers().clear();
        library.find(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_video_is_found_by_its_id_and_its_name_with_its_files() {
        let library = PlatformLibrary::new(default_state().await.platform.clone());
        let made = video(&library, "unlisted").await;
        let db = &library.platform.db;
        videos::add_file(db, file(&made, "source", videos::FileKind::Source)).await.unwrap();
        let found = find(&library, &made.public_id).await.unwrap();
        assert_eq!(find(&library, "output").await, Some(found.clone()));
        assert!(found.not_ready.is_some() && !found.is_public);
        let StoredFiles::Files(files) = &found.files else { panic!("{found:?}") };
        assert!(files[0].is_mp4 && files[0].is_playable);
        let again = find(&library, "output").await.unwrap();
        assert_eq!(again.files, found.files, "the version of a file stays");

        videos::set_state(&library.platform, made.id, State::Ready, "").await.unwrap();
        let other = NewFile { bytes: 101, ..file(&made, "source", videos::FileKind::Source) };
        videos::add_file(db, other).await.unwrap();
        let changed = find(&library, "output").await.unwrap();
        assert!(changed.not_ready.is_none() && changed.files != found.files, "another file, another version");
        assert_eq!(find(&library, "nothing").await, None);
    }

    #[tokio::test]
    async fn what_came_is_played_until_all_renditions_are_there() {
        let library = PlatformLibrary::new(default_state().await.platform.clone());
        let made = video(&library, "public").await;
        let db = &library.platform.db;
        videos::add_file(db, file(&made, "source", videos::FileKind::Source)).await.unwrap();
        let job = jobs::transcode(db, made.id, "ladder").await.unwrap();
        videos::add_file(db, file(&made, "360p", videos::FileKind::Rendition)).await.unwrap();
        let names = async || match find(&library, "output").await.unwrap().files.clone() {
            StoredFiles::Files(files) => files.into_iter().map(|file| file.name).collect::<Vec<_>>(),
            StoredFiles::Log(_) => Vec::new(),
        };
        assert_eq!(names().await, ["source"]);
        jobs::cancel(&library.platform, job).await.unwrap();
        assert_eq!(names().await, ["source", "360p"]);
    }

    #[tokio::test]
    async fn a_burst_of_requests_asks_the_database_once() {
        let library = PlatformLibrary::new(default_state().await.platform.clone());
        let made = video(&library, "public").await;
        let first = library.find("output").await.unwrap().unwrap();
        videos::set_state(&library.platform, made.id, State::Ready, "").await.unwrap();
        let second = library.find("output").await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &second));
    }
}
