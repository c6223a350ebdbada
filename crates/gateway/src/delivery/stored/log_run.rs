//! A recording as fragments, one segment after the other, for media sources.

use super::Stored;
use super::answer::start_s;
use super::fragments::{Wish, none_of_the_tracks};
use crate::delivery::http::{MediaError, MediaRequest};
use bytes::{Bytes, BytesMut};
use media::{Track, TrackId};
use objects::Objects;
use std::sync::Arc;
use std::time::Duration;
use store::{LogEntry, Name, RecordedLog};

/// What of a recording a viewer gets, and how far it is.
pub(super) struct LogRun {
    prefix: String,
    log: Arc<RecordedLog>,
    wish: Wish,
    /// Place of the segment it began with.
    first: usize,
    /// Place of the next segment.
    next: usize,
    /// The init segment that was sent last.
    init_id: Option<u64>,
}

impl LogRun {
    /// From `?start=` on, at the keyframe before.
    pub(super) fn new(
        prefix: &str,
        log: Arc<RecordedLog>,
        request: &MediaRequest,
    ) -> Result<Self, MediaError> {
        let wish = Wish::of(request)?;
        let start = Duration::from_secs_f64(start_s(request)?.unwrap_or(0.0));
        let place = log.place_at(start).unwrap_or(0);
        let is_independent = |at: &usize| log.segments().get(*at).is_some_and(|one| one.span.independent);
        let first = (0..=place).rev().find(is_independent).unwrap_or(0);
        if !log.segments().iter().skip(first).any(|segment| has_any(segment, wish)) {
            return Err(none_of_the_tracks());
        }
        Ok(Self { prefix: prefix.to_owned(), log, wish, first, next: first, init_id: None })
    }

    /// How long after the first moment of the run the next message is presented.
    pub(super) fn ahead_of_start(&self) -> Duration {
        let next = self.next.min(self.log.segments().len().saturating_sub(1));
        self.log.position(next).saturating_sub(self.log.position(self.first))
    }

    /// The init segment, then one segment after the other; another init segment where the encoder changed its tracks.
    pub(super) async fn next(&mut self, stored: &Stored) -> Option<Result<Bytes, String>> {
        loop {
            if self.next >= self.log.segments().len() {
                // One that is being made has grown meanwhile.
                self.log = stored.logs.get(&stored.objects, &self.prefix).await.ok()?;
            }
            let segment = self.log.segments().get(self.next)?;
            if !has_any(segment, self.wish) {
                self.next += 1;
                continue;
            }
            if self.init_id != Some(segment.init.id) {
                self.init_id = Some(segment.init.id);
                let tracks = segment.init.tracks.iter().map(|init| &init.track);
                let tracks: Vec<Track> = tracks.filter(|track| self.wish.wants(track.id)).cloned().collect();
                return Some(mp4::init_segment(&tracks).map_err(|error| error.to_string()));
            }
            self.next += 1;
            return Some(self.read(&stored.objects, segment).await);
        }
    }

    async fn read(&self, objects: &Objects, segment: &LogEntry) -> Result<Bytes, String> {
        let sequence = segment.sequence;
        let path = format!("{}/{}", self.prefix, Name::Fmp4 { sequence });
        let ranges = segment.media.ranges_of(|track_id| self.wish.wants(track_id));
        let parts = objects.read_ranges(&path, &ranges).await.map_err(|error| error.to_string())?;
        let mut bytes = BytesMut::from_iter(parts.into_iter().flatten());
        mp4::rebase_fragments(&mut bytes, |number| self.log.origin_ticks(sequence, number))
            .map_err(|error| error.to_string())?;
        Ok(bytes.freeze())
    }
}

fn has_any(segment: &LogEntry, wish: Wish) -> bool {
    let is_known = |track_id: TrackId| segment.init.tracks.iter().any(|init| init.track.id == track_id);
    segment.media.runs.iter().any(|run| wish.wants(run.track_id) && is_known(run.track_id))
}
