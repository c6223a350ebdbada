//! One FLV file on the disk: whole tags are added at its end, and its length is noted in front when it is complete.
//!
//! Blocks; to be used where that does no harm.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Error, ErrorKind, Read, Result};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

pub(super) struct FlvFile {
    file: File,
    path: PathBuf,
    /// Bytes of header and whole tags.
    bytes: u64,
}

/// What was found in a file that is added to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Bytes of header and whole tags; 0 of a file that has nothing yet.
    pub bytes: u64,
    /// Time of its last tag.
    pub last_ms: u32,
}

/// Bytes of the file header and of the size of no tag behind it.
const FILE_HEADER_BYTES: u64 = 13;
/// Bytes of a tag's header, and of its size behind it.
const TAG_HEADER_BYTES: u64 = 11;
const TAG_TRAILER_BYTES: u64 = 4;
/// The byte of the file header that says what is inside.
const KINDS_AT: u64 = 4;
/// The numbers are looked for in so many bytes.
const NUMBERS_WITHIN: usize = 128;

impl FlvFile {
    /// A new file. It is an error when there is one already.
    pub(super) fn create(path: &Path) -> Result<Self> {
        make_folder(path)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file, path: path.to_owned(), bytes: 0 })
    }

    /// The file at `path`, new or with what it has. A tag that was cut off when its writer died is taken away.
    pub(super) fn open(path: &Path) -> Result<(Self, Found)> {
        make_folder(path)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(Error::new(ErrorKind::InvalidInput, "this is no file"));
        }
        let found = measure(&file)?;
        file.set_len(found.bytes)?;
        Ok((Self { file, path: path.to_owned(), bytes: found.bytes }, found))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds whole tags, all or none of them.
    pub(super) fn add(&mut self, tags: &[u8]) -> Result<()> {
        let added = self.file.write_all_at(tags, self.bytes);
        match added {
            Ok(()) => self.bytes = self.bytes.saturating_add(tags.len() as u64),
            Err(_) => self.file.set_len(self.bytes)?,
        }
        added
    }

    /// Notes what is inside and how long it is, and has the disk confirm it. A file without a tag is taken away.
    pub(super) fn finish(&self, kinds: u8, duration_ms: u64) -> Result<()> {
        if self.bytes == 0 {
            return std::fs::remove_file(&self.path);
        }
        let mut start = [0; NUMBERS_WITHIN];
        let count = self.file.read_at(&mut start, 0)?;
        let start = start.get(..count).unwrap_or_default();
        if let Some(known) = start.get(KINDS_AT as usize) {
            self.file.write_all_at(&[known | kinds], KINDS_AT)?;
        }
        if let Some(places) = flv::file_numbers(start) {
            for (place, number) in places.into_iter().zip([duration_ms as f64 / 1000.0, self.bytes as f64]) {
                self.file.write_all_at(&number.to_be_bytes(), place as u64)?;
            }
        }
        self.file.sync_all()
    }
}

fn make_folder(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

/// Goes from tag to tag until the file ends, or what follows is no whole tag.
fn measure(file: &File) -> Result<Found> {
    let len = file.metadata()?.len();
    if len == 0 {
        return Ok(Found::default());
    }
    let mut reader = BufReader::new(file);
    let mut header = [0; FILE_HEADER_BYTES as usize];
    if len < FILE_HEADER_BYTES || reader.read_exact(&mut header).is_err() || !header.starts_with(b"FLV") {
        return Err(Error::new(ErrorKind::InvalidData, "there is a file of that name which is no FLV file"));
    }
    let mut found = Found { bytes: FILE_HEADER_BYTES, last_ms: 0 };
    loop {
        let mut tag = [0; TAG_HEADER_BYTES as usize];
        if reader.read_exact(&mut tag).is_err() {
            return Ok(found);
        }
        let [_, size_2, size_1, size_0, time_2, time_1, time_0, time_3, ..] = tag;
        let body = u32::from_be_bytes([0, size_2, size_1, size_0]);
        let mut trailer = [0; TAG_TRAILER_BYTES as usize];
        let is_whole = reader.seek_relative(body.into()).is_ok() && reader.read_exact(&mut trailer).is_ok();
        if !is_whole || u64::from(u32::from_be_bytes(trailer)) != TAG_HEADER_BYTES + u64::from(body) {
            return Ok(found);
        }
        found.bytes += TAG_HEADER_BYTES + u64::from(body) + TAG_TRAILER_BYTES;
        found.last_ms = found.last_ms.max(u32::from_be_bytes([time_3, time_2, time_1, time_0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(at_ms: u32, body: &[u8]) -> Vec<u8> {
        let header = flv::tag_header(flv::TagType::Video, body.len(), at_ms);
        [&header[..], body, &flv::previous_tag_size(body.len())].concat()
    }

    #[test]
    fn what_a_dead_writer_left_is_gone_on_with_at_its_last_whole_tag() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live/a.flv");
        let mut file = FlvFile::create(&path).unwrap();
        file.add(&flv::file_header(false, true)).unwrap();
        file.add(&tag(0, b"one")).unwrap();
        file.add(&tag(0x0123_4567, b"two")).unwrap();
        let whole = file.bytes();
        file.add(&tag(0x0123_4568, b"three")[..9]).unwrap();
        drop(file);
        let (mut file, found) = FlvFile::open(&path).unwrap();
        assert_eq!(found, Found { bytes: whole, last_ms: 0x0123_4567 });
        file.add(&tag(0x0123_4569, b"four")).unwrap();
        drop(file);
        assert_eq!(FlvFile::open(&path).unwrap().1.last_ms, 0x0123_4569);
    }

    #[test]
    fn a_file_of_somebody_else_is_neither_added_to_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flv");
        std::fs::write(&path, "a letter to somebody").unwrap();
        assert!(FlvFile::open(&path).is_err());
        assert!(FlvFile::create(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"a letter to somebody");
        let outside = folder.path().join("outside");
        let link = folder.path().join("link.flv");
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        assert!(FlvFile::create(&link).is_err());
        assert!(!outside.exists());
    }

    #[test]
    fn a_file_without_a_tag_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flv");
        FlvFile::create(&path).unwrap().finish(0, 0).unwrap();
        assert!(!path.exists());
    }
}
