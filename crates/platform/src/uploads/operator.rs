//! Files that an operator adds on the server itself, beside the running server: without quota, with a flat name.

use super::{sniff, videos};
use crate::db::Db;
use crate::videos::{NewFile, NewVideo, Origin, Video};
use crate::{Error, Result, jobs, random};
use objects::Objects;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file to become a video.
#[derive(Clone, Debug)]
pub struct LocalFile<'a> {
    /// The file. It stays as it is; the video has a copy.
    pub file: &'a Path,
    /// For the flat address `/streams/{name}.m3u8`.
    pub name: Option<String>,
    /// The title.
    pub title: String,
    /// Whose video it is.
    pub user_id: i64,
    /// `public`, `unlisted` or `private`.
    pub privacy: String,
}

/// Makes a video of a file of this machine, whose copy lies under `data_dir` until it is whole.
pub async fn add_local(db: &Db, objects: &Objects, data_dir: &Path, new: LocalFile<'_>) -> Result<Video> {
    let (from, work) = (new.file.to_owned(), data_dir.join("work").join("uploads"));
    let copied = tokio::task::spawn_blocking(move || copy(&from, &work)).await;
    let (copy, bytes) = copied.map_err(|error| Error::internal(&error))??;
    let added = add(db, objects, &copy, bytes, new).await;
    // There only if something went wrong.
    let _ = std::fs::remove_file(&copy);
    added
}

async fn add(db: &Db, objects: &Objects, copy: &Path, bytes: i64, new: LocalFile<'_>) -> Result<Video> {
    let video = NewVideo {
        user_id: new.user_id,
        room_id: None,
        broadcast_id: None,
        origin: Origin::Added,
        name: new.name.clone(),
        title: new.title,
        privacy: new.privacy,
        state: videos::State::Waiting,
        starts_at: None,
    };
    let made = videos::create(db, video).await.map_err(|error| match (error.code, &new.name) {
        ("taken", Some(name)) => {
            Error::conflict("name_taken", format!("There is a video named {name:?} already."))
        }
        _ => error,
    })?;
    let path = format!("{}/source", made.objects_prefix());
    let arrive = async {
        objects.put_file(&path, copy).await?;
        let source = NewFile::source(made.id, path.clone(), bytes);
        videos::add_file(db, source).await?;
        videos::measured(db, made.id, 0, 0, 0, bytes).await?;
        videos::note_state(db, made.id, videos::State::Probing, "").await?;
        jobs::enqueue(db, made.id, jobs::kinds::PROBE, &serde_json::json!({}), jobs::PRIORITY_PROBE).await
    };
    if let Err(error) = arrive.await {
        videos::delete_beside(db, objects, &made).await?;
        return Err(error);
    }
    Ok(made)
}

/// A copy that is whole and on the disk, and its length. What can be no video is not copied.
fn copy(from: &Path, work: &Path) -> Result<(PathBuf, i64)> {
    let unreadable = |error: std::io::Error| {
        Error::invalid("file", format!("{} cannot be read: {error}.", from.display()))
    };
    let unwritable = |error: std::io::Error| {
        Error::invalid("file", format!("{} cannot be written into: {error}.", work.display()))
    };
    let source = std::fs::File::open(from).map_err(unreadable)?;
    let mut head = Vec::new();
    (&source).take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    if head.is_empty() {
        return Err(Error::invalid("file", format!("{} is empty.", from.display())));
    }
    if let Some(what) = sniff::refusal(&head) {
        let message = format!("{} is {what}, not a video or sound file.", from.display());
        return Err(Error::invalid("upload_type", message));
    }
    std::fs::create_dir_all(work).map_err(unwritable)?;
    let copy = work.join(format!("added-{}", random::letters(12)));
    let whole = std::fs::copy(from, &copy).and_then(|bytes| {
        std::fs::File::open(&copy)?.sync_all()?;
        Ok(bytes)
    });
    match whole {
        Ok(bytes) => Ok((copy, i64::try_from(bytes).unwrap_or(i64::MAX))),
        Err(error) => {
            let _ = std::fs::remove_file(&copy);
            Err(unwritable(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, platform};

    #[tokio::test]
    async fn a_file_of_the_operator_s_is_a_video_under_its_name_and_stays_where_it_was() {
        let platform = platform().await;
        let boss = Client::admin(&platform, "boss").await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a film.mp4");
        std::fs::write(&file, b"\0\0\0\x18ftypisom and so on").unwrap();
        let new = LocalFile {
            file: &file,
            name: Some("output".to_owned()),
            title: "a film".to_owned(),
            user_id: boss.id,
            privacy: "public".to_owned(),
        };
        let (db, objects, data_dir) = (&platform.db, &platform.objects, &platform.config.data_dir);
        let made = add_local(db, objects, data_dir, new.clone()).await.unwrap();
        let video = videos::by_address(db, "output").await.unwrap().unwrap();
        assert_eq!((video.id, video.state.as_str(), video.bytes), (made.id, "probing", 22));
        let source = objects.read_all(&format!("{}/source", video.objects_prefix())).await.unwrap();
        assert_eq!(source, std::fs::read(&file).unwrap());

        let error = add_local(db, objects, data_dir, new.clone()).await.unwrap_err();
        assert_eq!(error.code, "name_taken");
        std::fs::write(&file, "#EXTM3U\n").unwrap();
        let error = add_local(db, objects, data_dir, new).await.unwrap_err();
        assert!(error.message.contains("a playlist"), "{error}");
        let left = std::fs::read_dir(data_dir.join("work/uploads")).unwrap().count();
        assert_eq!(left, 0);
        videos::delete_beside(db, objects, &video).await.unwrap();
        assert!(videos::all(db, 10).await.unwrap().is_empty());
        assert!(objects.list(&video.objects_prefix()).await.unwrap().is_empty());
    }
}
