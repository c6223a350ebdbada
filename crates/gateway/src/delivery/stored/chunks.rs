//! Pieces of packaged media on their way to a socket: read no further ahead than the socket takes.

use super::source::Source;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use mp4::Piece;
use objects::Error;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The bytes of some pieces, one chunk at a time.
pub(super) struct Chunks {
    source: Source,
    pieces: VecDeque<Piece>,
    /// Gives further pieces when there are no more.
    more: Option<More>,
    reading: Option<Reading>,
    /// Read already, to know that the source can be read.
    first: Option<Bytes>,
    /// The chunk read last. Who takes the next one is done with it mostly: its memory is used again then.
    last: Bytes,
}

/// What comes behind the pieces at hand; nothing at the end.
pub(super) type More = Box<dyn FnMut() -> Option<Result<Vec<Piece>, mp4::Error>> + Send>;
type Reading = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send>>;

impl Chunks {
    /// Of these pieces of `source`.
    pub(super) fn new(source: Source, pieces: Vec<Piece>) -> Self {
        Self { source, pieces: pieces.into(), more: None, reading: None, first: None, last: Bytes::new() }
    }

    /// Of pieces that are made as they are wanted.
    pub(super) fn endless(source: Source, more: More) -> Self {
        Self { more: Some(more), ..Self::new(source, Vec::new()) }
    }

    /// Reads the first chunk, so that what cannot be read is known before anything is answered.
    pub(super) async fn begin(mut self) -> Result<Self, Error> {
        self.first = self.next().await?;
        Ok(self)
    }

    /// The next chunk; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// All of it, which has so many bytes.
    pub(super) async fn whole(mut self, bytes: u64) -> Result<Bytes, Error> {
        let mut whole = BytesMut::with_capacity(usize::try_from(bytes).unwrap_or(0));
        while let Some(chunk) = self.next().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(Some(first)));
        }
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(reading.as_mut().poll(cx));
                self.reading = None;
                return Poll::Ready(read.map(|bytes| Some(self.keep(bytes))));
            }
            match self.pieces.pop_front() {
                Some(Piece::Bytes(bytes)) => return Poll::Ready(Ok(Some(bytes))),
                Some(Piece::Copy(range)) => {
                    let ranges = self.take_ranges(range);
                    let mut buffer = std::mem::take(&mut self.last).try_into_mut().unwrap_or_default();
                    if self.source.read_now(&ranges, &mut buffer) {
                        return Poll::Ready(Ok(Some(self.keep(buffer.freeze()))));
                    }
                    let source = self.source.clone();
                    self.reading = Some(Box::pin(async move { source.read(ranges, buffer).await }));
                }
                None => match self.more.as_mut().and_then(|more| more()) {
                    Some(Ok(pieces)) => self.pieces = pieces.into(),
                    Some(Err(error)) => return Poll::Ready(Err(unwritable(&error))),
                    None => return Poll::Ready(Ok(None)),
                },
            }
        }
    }

    fn keep(&mut self, chunk: Bytes) -> Bytes {
        self.last = chunk.clone();
        chunk
    }

    /// Ranges to read together: small ones in one go, large ones in several.
    fn take_ranges(&mut self, first: Range<u64>) -> Vec<Range<u64>> {
        let mut left = self.source.read_bytes();
        let mut ranges = Vec::new();
        let mut next = Some(first);
        while let Some(range) = next.take() {
            let len = range.end.saturating_sub(range.start);
            if len > left {
                let cut = range.start + left;
                self.pieces.push_front(Piece::Copy(cut..range.end));
                ranges.push(range.start..cut);
                break;
            }
            left -= len;
            ranges.push(range);
            if left > 0 && matches!(self.pieces.front(), Some(Piece::Copy(_))) {
                next = self.pieces.pop_front().and_then(|piece| match piece {
                    Piece::Copy(range) => Some(range),
                    Piece::Bytes(_) => None,
                });
            }
        }
        ranges
    }

    /// As the body of an answer; `bytes` is how many there are, if that is known.
    pub(super) fn into_body(self, bytes: Option<u64>) -> Body {
        Body::new(ChunksBody { chunks: self, bytes })
    }
}

fn unwritable(error: &mp4::Error) -> Error {
    Error::Away { path: "a packaged segment".to_owned(), reason: error.to_string() }
}

/// The part of some pieces that a range of their bytes is.
pub(super) fn part_of(pieces: Vec<Piece>, range: &Range<u64>) -> Vec<Piece> {
    let mut at = 0u64;
    let mut part = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let len = piece.bytes();
        let from = range.start.saturating_sub(at).min(len);
        let to = range.end.saturating_sub(at).min(len);
        at = at.saturating_add(len);
        if from < to {
            part.push(match piece {
                // Cannot truncate: these are places in a piece in memory.
                Piece::Bytes(bytes) => Piece::Bytes(bytes.slice(from as usize..to as usize)),
                Piece::Copy(range) => Piece::Copy(range.start + from..range.start + to),
            });
        }
    }
    part
}

struct ChunksBody {
    chunks: Chunks,
    /// How many are left.
    bytes: Option<u64>,
}

impl hyper::body::Body for ChunksBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let next = ready!(self.chunks.poll_next(cx));
        Poll::Ready(match next {
            Ok(Some(chunk)) => {
                self.bytes = self.bytes.map(|bytes| bytes.saturating_sub(chunk.len() as u64));
                Some(Ok(Frame::data(chunk)))
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "an answer breaks off");
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use objects::Objects;
    use proptest::prelude::*;

    async fn source(bytes: Vec<u8>) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        objects.put("a", bytes.into()).await.unwrap();
        let source = Source::open(&objects, "a").await.unwrap();
        (folder, source)
    }

    async fn all(mut chunks: Chunks) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut sizes) = (Vec::new(), Vec::new());
        while let Some(chunk) = chunks.next().await.unwrap() {
            sizes.push(chunk.len());
            bytes.extend_from_slice(&chunk);
        }
        (bytes, sizes)
    }

    fn counting(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at / 7) as u8).collect()
    }

    #[tokio::test]
    async fn small_ranges_are_read_together_and_large_ones_in_parts() {
        let file = counting(600_000);
        let (_folder, source) = source(file.clone()).await;
        let pieces = vec![
            Piece::Bytes("head".into()),
            Piece::Copy(10..20),
            Piece::Copy(30..40),
            Piece::Copy(5..15),
            Piece::Bytes("more".into()),
            Piece::Copy(0..600_000),
        ];
        let (bytes, sizes) = all(Chunks::new(source, pieces).begin().await.unwrap()).await;
        assert_eq!(sizes, [4, 30, 4, 262_144, 262_144, 75_712]);
        let wanted = [b"head", &file[10..20], &file[30..40], &file[5..15], b"more", &file].concat();
        assert!(bytes == wanted);
    }

    #[tokio::test]
    async fn pieces_are_made_as_they_are_wanted() {
        let (_folder, source) = source(counting(100)).await;
        let mut left = 3u64;
        let more = move || {
            left = left.checked_sub(1)?;
            Some(Ok(vec![Piece::Copy(left..left + 2)]))
        };
        let (bytes, sizes) = all(Chunks::endless(source, Box::new(more))).await;
        assert_eq!((bytes.len(), sizes), (6, vec![2, 2, 2]));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_known_before_anything_is_answered() {
        let (_folder, source) = source(counting(100)).await;
        assert!(Chunks::new(source, vec![Piece::Copy(90..110)]).begin().await.is_err());
    }

    proptest! {
        #[test]
        fn a_part_of_pieces_is_that_part_of_their_bytes(
            sizes in prop::collection::vec((any::<bool>(), 0u64..20), 0..8), from in 0u64..100, len in 0u64..100,
        ) {
            let file = counting(300);
            let mut pieces = Vec::new();
            let mut at = 3;
            for (is_copy, size) in sizes {
                let range = at..at + size;
                at += size + 1;
                pieces.push(match is_copy {
                    true => Piece::Copy(range),
                    false => Piece::Bytes(file[range.start as usize..range.end as usize].to_vec().into()),
                });
            }
            let bytes = |pieces: &[Piece]| pieces.iter().flat_map(|piece| match piece {
                Piece::Bytes(bytes) => bytes.to_vec(),
                Piece::Copy(range) => file[range.start as usize..range.end as usize].to_vec(),
            }).collect::<Vec<_>>();
            let whole = bytes(&pieces);
            let (start, end) = (whole.len().min(from as usize), whole.len().min((from + len) as usize));
            prop_assert_eq!(bytes(&part_of(pieces, &(from..from + len))), &whole[start..end]);
        }
    }
}
