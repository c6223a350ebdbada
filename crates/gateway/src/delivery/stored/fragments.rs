//! A stored video as fragments, one behind the other, for media sources and for players that know only MP4.
//!
//! Over HTTP they are read as the viewer takes them; over a WebSocket they are [`push`](super::push)ed.

use super::Stored;
use super::answer::start_s;
use super::chunks::{Chunks, More};
use super::library::Video;
use super::open::OpenVideo;
use super::push::Run;
use super::source::Source;
use crate::delivery::Selection;
use crate::delivery::http::{MediaError, MediaRequest, selection};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, header};
use media::{MediaKind, Timestamp, TrackId};
use mp4::Piece;
use std::sync::Arc;
use std::time::Duration;

/// What of a video a viewer gets, and how far it is.
pub(super) struct FileRun {
    open: Arc<OpenVideo>,
    tracks: Vec<TrackId>,
    /// The next segment; none before the init segment.
    next: Option<u64>,
    first: u64,
}

impl Stored {
    /// Fragments from `?start=` on, of the pictures and the sound `?audio=` of `?file=`.
    pub(super) async fn fragments(
        self: &Arc<Self>,
        video: &Video,
        request: MediaRequest,
    ) -> Result<Response, MediaError> {
        let ladder = video.ladder();
        let file = match request.args.get("file") {
            Some(name) => ladder.iter().find(|file| file.name == name),
            None => ladder.first(),
        };
        let file =
            file.ok_or_else(|| MediaError::NotFound("this video has no such file to play".to_owned()))?;
        let open = self.open.open(file).await?;
        let run = FileRun::new(open, &request)?;
        if request.is_websocket() {
            return self.push_over_websocket(request, Run::File(run));
        }
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if request.method != Method::HEAD {
            let chunks = Chunks::endless(run.open.source.clone(), self.more(run)).begin().await?;
            *response.body_mut() = chunks.into_body(None);
        }
        Ok(response)
    }

    fn more(self: &Arc<Self>, mut run: FileRun) -> More {
        let stored = self.clone();
        Box::new(move || {
            let pieces = run.next()?;
            if let Ok(pieces) = &pieces {
                stored.count(pieces.iter().map(Piece::bytes).sum());
            }
            Some(pieces)
        })
    }
}

impl FileRun {
    fn new(open: Arc<OpenVideo>, request: &MediaRequest) -> Result<Self, MediaError> {
        let wish = Wish::of(request)?;
        let ids = open.video.index().tracks.iter().map(|track| track.track.id);
        let tracks: Vec<_> = ids.filter(|&track_id| wish.wants(track_id)).collect();
        if tracks.is_empty() {
            return Err(none_of_the_tracks());
        }
        let start = Duration::from_secs_f64(start_s(request)?.unwrap_or(0.0));
        let first = open.video.segment_at(Timestamp::ZERO + start).unwrap_or(0);
        Ok(Self { open, tracks, next: None, first })
    }

    /// Where its media is.
    pub(super) fn source(&self) -> Source {
        self.open.source.clone()
    }

    /// How long after the first moment of the run the next segment is presented.
    pub(super) fn ahead_of_start(&self) -> Duration {
        let start = |sequence| self.open.video.segment_span(sequence).map(|span| span.start);
        let next = self.next.and_then(start).zip(start(self.first));
        next.map_or(Duration::ZERO, |(next, first)| next.saturating_since(first))
    }

    /// The init segment, then one segment after the other.
    pub(super) fn next(&mut self) -> Option<Result<Vec<Piece>, mp4::Error>> {
        let is_wanted = |track_id: TrackId| self.tracks.contains(&track_id);
        let video = &self.open.video;
        let Some(sequence) = self.next else {
            self.next = Some(self.first);
            return Some(video.init(is_wanted));
        };
        self.next = Some(sequence + 1);
        video.segment_of(sequence, is_wanted)
    }
}

/// Which tracks a viewer asks for: `only=`, `audio=`.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    selection: Selection,
    audio: u8,
}

impl Wish {
    pub(super) fn of(request: &MediaRequest) -> Result<Self, MediaError> {
        let audio = match request.args.get("audio") {
            None => 0,
            Some(text) => text.parse::<u8>().map_err(|_| {
                MediaError::BadRequest(format!(
                    "audio is {text:?}, expected the number of a track of sound from 0 on"
                ))
            })?,
        };
        Ok(Self { selection: selection(&request.args), audio })
    }

    pub(super) fn wants(self, track_id: TrackId) -> bool {
        match track_id.kind {
            MediaKind::Video => self.selection.video && track_id.index == 0,
            MediaKind::Audio => self.selection.audio && track_id.index == self.audio,
            MediaKind::Data => false,
        }
    }
}

pub(super) fn none_of_the_tracks() -> MediaError {
    MediaError::NotFound("this video has none of the tracks asked for".to_owned())
}
