//! The bytes of one object, read as they are wanted.

use bytes::{Bytes, BytesMut};
use objects::{Error, Objects};
use rustix::io::{Errno, ReadWriteFlags, preadv, preadv2};
use std::fs::File;
use std::io::IoSliceMut;
use std::ops::Range;
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
/// What lies between two ranges of a file is read with them and dropped when it is no longer: copying it costs less
/// than a call of its own for the second range.
const GAP_BYTES_MAX: u64 = 4 << 10;
/// Ranges of one call: with the gaps between them fewer pieces than `IOV_MAX`, 1024.
const RANGES_PER_CALL_MAX: usize = 64;

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

    /// These ranges, one behind the other, if that needs no waiting: the file is in the page cache. They come in
    /// `buffer` if it is large enough; what is in it does not matter.
    pub(super) fn read_now(&self, ranges: &[Range<u64>], buffer: &mut BytesMut) -> bool {
        let Place::File(file) = &self.place else { return false };
        let read = |slices: &mut [IoSliceMut<'_>], at: u64| match preadv2(
            file,
            slices,
            at,
            ReadWriteFlags::NOWAIT,
        ) {
            Ok(0) | Err(_) => None,
            Ok(count) => Some(count),
        };
        fill(ranges, buffer, read).is_some()
    }

    /// These ranges, one behind the other. All of them lie within the object. `buffer` is used as by
    /// [`read_now`](Self::read_now).
    pub(super) async fn read(&self, ranges: Vec<Range<u64>>, buffer: BytesMut) -> Result<Bytes, Error> {
        match &self.place {
            Place::File(file) => {
                let (file, path) = (file.clone(), self.path.clone());
                let read = tokio::task::spawn_blocking(move || read_blocking(&file, &path, &ranges, buffer));
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
            Place::File(file) => read_blocking(file, &self.path, &[range], BytesMut::new()),
            Place::Elsewhere(objects) => {
                tokio::runtime::Handle::current().block_on(objects.read(&self.path, range))
            }
        }
    }
}

fn read_blocking(
    file: &File,
    path: &str,
    ranges: &[Range<u64>],
    mut buffer: BytesMut,
) -> Result<Bytes, Error> {
    let mut failed = None;
    let read = |slices: &mut [IoSliceMut<'_>], at: u64| match preadv(file, slices, at) {
        Ok(0) => None,
        Ok(count) => Some(count),
        Err(Errno::INTR) => Some(0),
        Err(error) => {
            failed = Some(std::io::Error::from(error));
            None
        }
    };
    match fill(ranges, &mut buffer, read) {
        Some(()) => Ok(buffer.freeze()),
        None => Err(failed.map_or_else(|| away(path, &SHORTER), |error| of_io(path, &error))),
    }
}

/// Reads ranges one behind the other with what reads some bytes from a place on; nothing as soon as that does nothing.
/// Ranges that are near each other are read together.
fn fill(
    ranges: &[Range<u64>],
    buffer: &mut BytesMut,
    mut read: impl FnMut(&mut [IoSliceMut<'_>], u64) -> Option<usize>,
) -> Option<()> {
    let wanted: u64 = ranges.iter().map(bytes_of).sum();
    // What the buffer had stays where it is and is written over: only what it grows by is zeroed.
    buffer.resize(usize::try_from(wanted).ok()?, 0);
    let mut rest = &mut buffer[..];
    let is_near = |one: &Range<u64>, next: &Range<u64>| {
        next.start.checked_sub(one.end).is_some_and(|gap| gap <= GAP_BYTES_MAX)
    };
    for near in ranges.chunk_by(is_near).flat_map(|near| near.chunks(RANGES_PER_CALL_MAX)) {
        let start = near.first()?.start;
        if let [range] = near {
            let mut slices = [IoSliceMut::new(cut(&mut rest, bytes_of(range))?)];
            read_all(&mut slices, start, &mut read)?;
            continue;
        }
        let spanned = near.last()?.end.checked_sub(start)?;
        let gaps = spanned.checked_sub(near.iter().map(bytes_of).sum())?;
        let mut dropped = vec![0; usize::try_from(gaps).ok()?];
        let mut dropped = &mut dropped[..];
        let mut slices = Vec::with_capacity(2 * near.len());
        let mut end = start;
        for range in near {
            slices.push(IoSliceMut::new(cut(&mut dropped, range.start.checked_sub(end)?)?));
            slices.push(IoSliceMut::new(cut(&mut rest, bytes_of(range))?));
            end = range.end;
        }
        read_all(&mut slices, start, &mut read)?;
    }
    Some(())
}

/// Fills slices from a place on, in as many calls as that takes.
fn read_all(
    mut slices: &mut [IoSliceMut<'_>],
    mut at: u64,
    mut read: impl FnMut(&mut [IoSliceMut<'_>], u64) -> Option<usize>,
) -> Option<()> {
    while slices.iter().any(|slice| !slice.is_empty()) {
        let count = read(slices, at)?;
        IoSliceMut::advance_slices(&mut slices, count);
        at += count as u64;
    }
    Some(())
}

/// Takes so many bytes off the front.
fn cut<'a>(rest: &mut &'a mut [u8], bytes: u64) -> Option<&'a mut [u8]> {
    let (front, behind) = std::mem::take(rest).split_at_mut_checked(usize::try_from(bytes).ok()?)?;
    *rest = behind;
    Some(front)
}

fn bytes_of(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
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
    use proptest::prelude::*;

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
        assert_eq!(source.read(ranges.to_vec(), BytesMut::new()).await.unwrap(), "78012");
        // What was written just now is in the page cache; where a file system cannot tell, it is read by a thread.
        let mut buffer = BytesMut::from("what was here before");
        assert!(!source.read_now(&ranges, &mut buffer) || buffer == "78012");
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_read_to_its_end_and_not_found_again() {
        let (_folder, objects, source) = source(b"0123456789").await;
        objects.delete("a/b").await.unwrap();
        assert_eq!(source.read(once(0..10), BytesMut::new()).await.unwrap(), "0123456789");
        assert!(matches!(Source::open(&objects, "a/b").await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn what_lies_behind_the_end_is_an_error() {
        let (_folder, _objects, source) = source(b"0123456789").await;
        assert!(matches!(source.read(once(5..11), BytesMut::new()).await, Err(Error::Away { .. })));
        assert!(!source.read_now(&once(5..11), &mut BytesMut::new()));
    }

    proptest! {
        #[test]
        fn however_ranges_lie_and_however_little_is_read_at_once_they_come_whole(
            drawn in prop::collection::vec((0u64..200_000, 0u64..3000, prop::bool::weighted(0.8)), 0..200),
            read_max in 1usize..100_000,
            before in 0usize..10_000,
        ) {
            let file: Vec<u8> = (0..210_000u32).map(|at| (at / 251) as u8 ^ at as u8).collect();
            let mut ranges: Vec<Range<u64>> = Vec::new();
            for (place, len, goes_on) in drawn {
                let behind = ranges.last().map_or(0, |last| last.end) + place % 5000;
                let start = if goes_on && behind < 200_000 { behind } else { place };
                ranges.push(start..start + len);
            }
            let mut calls = 0;
            let mut buffer = BytesMut::from(&vec![7; before][..]);
            let read = |slices: &mut [IoSliceMut<'_>], at: u64| {
                calls += 1;
                let mut left = &file[at as usize..][..read_max.min(file.len() - at as usize)];
                let all = left.len();
                for slice in slices {
                    let count = slice.len().min(left.len());
                    slice[..count].copy_from_slice(&left[..count]);
                    left = &left[count..];
                }
                Some(all - left.len())
            };
            fill(&ranges, &mut buffer, read).unwrap();
            let wanted: Vec<u8> =
                ranges.iter().flat_map(|range| &file[range.start as usize..range.end as usize]).copied().collect();
            prop_assert!(buffer == wanted);
        }
    }

    #[test]
    fn ranges_with_little_between_them_take_one_call() {
        let ranges: Vec<_> = (0..50).map(|at| at * 11_000..at * 11_000 + 10_000).collect();
        let mut calls = Vec::new();
        let read = |slices: &mut [IoSliceMut<'_>], at: u64| {
            calls.push(at);
            Some(slices.iter().map(|slice| slice.len()).sum())
        };
        fill(&ranges, &mut BytesMut::new(), read).unwrap();
        assert_eq!(calls, [0]);
        let far = [0..10, 10_000..10_010];
        let mut calls = 0;
        fill(&far, &mut BytesMut::new(), |slices, _| {
            calls += 1;
            Some(slices.iter().map(|slice| slice.len()).sum())
        })
        .unwrap();
        assert_eq!(calls, 2);
    }
}
