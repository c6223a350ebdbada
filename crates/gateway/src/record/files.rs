//! Reading recordings, and putting in order what a process that died left behind.

use objects::{Error, Objects, Result};
use std::path::Path;
use store::{IndexWriter, Name, RecordedLog, index_part_name};

/// Reads the index of the recording whose objects are below `prefix`; empty when there is none.
pub async fn read_log(objects: &Objects, prefix: &str) -> Result<RecordedLog> {
    Ok(read_parts(objects, prefix).await?.0)
}

async fn read_parts(objects: &Objects, prefix: &str) -> Result<(RecordedLog, u64)> {
    let mut parts = Vec::new();
    for number in 0..PARTS_MAX {
        match objects.read_all(&format!("{prefix}/{}", index_part_name(number))).await {
            Ok(part) => parts.push(part),
            Err(Error::NotFound(_)) => break,
            Err(error) => return Err(error),
        }
    }
    let count = parts.len() as u64;
    Ok((RecordedLog::from_index(parts.iter().map(AsRef::as_ref)), count))
}

/// Brings a recording that was never completed in order: adds what waited in the spool, and says what there is.
pub async fn recover(objects: &Objects, spool_dir: &Path, prefix: &str) -> Result<RecordedLog> {
    let (mut log, parts) = read_parts(objects, prefix).await?;
    let mut writer = IndexWriter::from_part(parts);
    let folder = spool_folder(spool_dir, prefix);
    for file in spooled(&folder).await {
        let Ok(content) = tokio::fs::read(&file).await else { continue };
        let content = bytes::Bytes::from(content);
        let Some((one, media)) = read_spooled(&content) else { continue };
        let is_new = one.segments().first().is_some_and(|entry| log.segment(entry.sequence).is_none());
        if is_new && let Some(entry) = one.segments().first() {
            let name = Name::Fmp4 { sequence: entry.sequence };
            objects.put(&format!("{prefix}/{name}"), media).await?;
            writer.add(entry);
            let (name, part) = writer.part();
            objects.put(&format!("{prefix}/{name}"), part).await?;
        }
    }
    if !writer.is_empty() {
        log = read_log(objects, prefix).await?;
    }
    let _ = tokio::fs::remove_dir_all(&folder).await;
    Ok(log)
}

/// Where the segments of a recording wait.
pub(super) fn spool_folder(spool_dir: &Path, prefix: &str) -> std::path::PathBuf {
    spool_dir.join(prefix.replace('/', "-"))
}

/// A segment that waits: its line of the index, an empty line, its bytes.
pub(super) fn spool_content(entry: &store::LogEntry, media: &[u8]) -> Vec<u8> {
    let mut content = entry.to_index().into_bytes();
    content.extend_from_slice(b"\n");
    content.extend_from_slice(media);
    content
}

/// The entry and the media of a file of the spool; `None` when it is not complete.
pub(super) fn read_spooled(content: &bytes::Bytes) -> Option<(RecordedLog, bytes::Bytes)> {
    let end = content.windows(2).position(|pair| pair == b"\n\n")?;
    let log = RecordedLog::from_index([content.get(..=end)?]);
    let media = content.slice(end + 2..);
    let is_complete = log.bytes() == media.len() as u64;
    (is_complete && !log.is_empty()).then_some((log, media))
}

/// The files of a spool, oldest first.
async fn spooled(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<(u64, std::path::PathBuf)> = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return Vec::new() };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let path = entry.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        files.extend(number.map(|number| (number, path)));
    }
    files.sort();
    files.into_iter().map(|(_, path)| path).collect()
}

/// More parts than the longest index has.
const PARTS_MAX: u64 = 1 << 16;
