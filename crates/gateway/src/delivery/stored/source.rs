//! The bytes of one object, read as they are wanted.

use bytes::{Bytes, BytesMut};
use objects::{Error, Objects};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::IoSliceMut;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// An object that is being read; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Source {
    place: Place,
    /// The object.
    path: Arc<str>,
    /// All its bytes.
    bytes: u64,
}

#[derive(Clone, Debug)]
enum Place {
    /// A file of this machine: open, so that it can be read to its end also when it is taken away.
    File(Arc<File>),
    Elsewhere(Objects),
}

/// Bytes read at once from a file of this machine: what one write to a socket takes, and what a viewer costs in memory.
const LOCAL_READ_BYTES: u64 = 256 << 10;
/// Bytes read at once from elsewhere, where every request costs a round trip.
const REMOTE_READ_BYTES: u64 = 2 << 20;

impl Source {
    /// The object at `path`.
    pub(super) async fn open(objects: &Objects, path: &str) -> Result<Self, Error> {
        let (place, bytes) = match objects.local_path(path) {
            Some(file) => {
                let opened = tokio::task::spawn_blocking(move || {
                    let file = File::open(file)?;
                    let bytes = file.metadata()?.len();
                    Ok((file, bytes))
                });
                let opened = opened.await.map_err(std::io::Error::other).and_then(|opened| opened);
                let (file, bytes) = opened.map_err(|error| of_io(path, &error))?;
                (Place::File(Arc::new(file)), bytes)
            }
            None => {
                let bytes = objects.size(path).await?.ok_or_else(|| Error::NotFound(path.to_owned()))?;
                (Place::Elsewhere(objects.clone()), bytes)
            }
        };
        Ok(Self { place, path: path.into(), bytes })
    }

    /// All bytes of the object.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes that are best read at once.
    pub(super) fn read_bytes(&self) -> u64 {
        match self.place {
            Place::File(_) => LOCAL_READ_BYTES,
            Place::Elsewhere(_) => REMOTE_READ_BYTES,
        }
    }

    /// These ranges, one behind the other, if that needs no waiting: the file is in the page cache.
    pub(super) fn read_now(&self, ranges: &[Range<u64>]) -> Option<Bytes> {
        let Place::File(file) = &self.place else { return None };
        let read = |buffer: &mut [u8], at: u64| match preadv2(
            file,
            &mut [IoSliceMut::new(buffer)],
            at,
            ReadWriteFlags::NOWAIT,
        ) {
            Ok(0) | Err(_) => None,
            Ok(count) => Some(count),
        };
        fill(ranges, read)
    }

    /// These ranges, one behind the other. All of them lie within the object.
    pub(super) async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Bytes, Error> {
        match &self.place {
            Place::File(file) => {
                let (file, path) = (file.clone(), self.path.clone());
                let read = tokio::task::spawn_blocking(move || read_blocking(&file, &path, &ranges));
                read.await.map_err(|error| away(&self.path, &error))?
            }
            Place::Elsewhere(objects) => {
                let parts = objects.read_ranges(&self.path, &ranges).await?;
                let wanted: u64 = ranges.iter().map(|range| range.end - range.start).sum();
                let bytes = match <[Bytes; 1]>::try_from(parts) {
                    Ok([one]) => one,
                    Err(parts) => parts.concat().into(),
                };
                if bytes.len() as u64 == wanted { Ok(bytes) } else { Err(away(&self.path, &SHORTER)) }
            }
        }
    }

    /// The same for threads that may wait.
    pub(super) fn read_blocking(&self, range: Range<u64>) -> Result<Bytes, Error> {
        match &self.place {
            Place::File(file) => read_blocking(file, &self.path, &[range]),
            Place::Elsewhere(objects) => {
                tokio::runtime::Handle::current().block_on(objects.read(&self.path, range))
            }
        }
    }
}

fn read_blocking(file: &File, path: &str, ranges: &[Range<u64>]) -> Result<Bytes, Error> {
    let mut failed = None;
    let read = |buffer: &mut [u8], at: u64| match file.read_at(buffer, at) {
        Ok(0) => None,
        Ok(count) => Some(count),
        Err(error) if error.raw_os_error() == Some(Errno::INTR.raw_os_error()) => Some(0),
        Err(error) => {
            failed = Some(error);
            None
        }
    };
    let bytes = fill(ranges, read);
    bytes.ok_or_else(|| failed.map_or_else(|| away(path, &SHORTER), |error| of_io(path, &error)))
}

/// Reads ranges one behind the other with what reads some bytes from a place on; nothing as soon as that does nothing.
fn fill(ranges: &[Range<u64>], mut read: impl FnMut(&mut [u8], u64) -> Option<usize>) -> Option<Bytes> {
    let wanted: u64 = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
    let mut bytes = BytesMut::zeroed(usize::try_from(wanted).ok()?);
    let mut rest = &mut bytes[..];
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            let left = usize::try_from(range.end - at).ok()?.min(rest.len());
            let count = read(rest.get_mut(..left)?, at)?;
            rest = rest.get_mut(count..)?;
            at += count as u64;
        }
    }
    Some(bytes.freeze())
}

fn of_io(path: &str, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound(path.to_owned()),
        _ => away(path, error),
    }
}

fn away(path: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Away { path: path.to_owned(), reason: reason.to_string() }
}

const SHORTER: &str = "the object is shorter than it was";

#[cfg(test)]
mod tests {
    use super::*;

    async fn source(bytes: &'static [u8]) -> (tempfile::TempDir, Objects, Source) {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        objects.put("a/b", Bytes::from_static(bytes)).await.unwrap();
        let source = Source::open(&objects, "a/b").await.unwrap();
        (folder, objects, source)
    }

    fn once(range: Range<u64>) -> Vec<Range<u64>> {
        std::iter::once(range).collect()
    }

    #[tokio::test]
    async fn ranges_come_one_behind_the_other_with_and_without_waiting() {
        let (_folder, _objects, source) = source(b"0123456789").await;
        assert_eq!(source.bytes(), 10);
        let ranges = [7..9, 0..3];
        assert_eq!(source.read(ranges.to_vec()).await.unwrap(), "78012");
        // What was written just now is in the page cache; where a file system cannot tell, it is read by a thread.
        assert!(source.read_now(&ranges).is_none_or(|bytes| bytes == "78012"));
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_read_to_its_end_and_not_found_again() {
        let (_folder, objects, source) = source(b"0123456789").await;
        objects.delete("a/b").await.unwrap();
        assert_eq!(source.read(once(0..10)).await.unwrap(), "0123456789");
        assert!(matches!(Source::open(&objects, "a/b").await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn what_lies_behind_the_end_is_an_error() {
        let (_folder, _objects, source) = source(b"0123456789").await;
        assert!(matches!(source.read(once(5..11)).await, Err(Error::Away { .. })));
        assert!(source.read_now(&once(5..11)).is_none());
    }
}
