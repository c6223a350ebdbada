//! What the playlists and the manifest of a stored file say.

use super::{INIT_ID, Part, Segment, StoredVideo};
use crate::Name;
use media::{Timestamp, TrackId};
use mp4::StoredTrack;
use packaging::hls::{MediaPlaylist, PlaylistKind, PlaylistSegment};
use packaging::{BitRate, bit_rate};
use std::time::Duration;

/// What playlists and manifests need besides the file.
#[derive(Clone, Debug, Default)]
pub struct VodOptions {
    /// What stands before each file name, such as `demo/`; empty when they are in the same folder.
    pub prefix: String,
    /// The query of the request; empty for none.
    pub query: String,
    /// Where players are to begin, in seconds.
    pub start_s: Option<f64>,
}

impl StoredVideo {
    /// The media playlist of one track, or of all tracks together.
    pub fn media_playlist(&self, track_id: Option<TrackId>, options: &VodOptions) -> Option<MediaPlaylist> {
        let segments = match track_id {
            None => self.playlist_of_all(options),
            Some(track_id) => self.playlist_of_track(track_id, options)?,
        };
        Some(MediaPlaylist {
            kind: PlaylistKind::Vod,
            target: self.target,
            is_ended: true,
            query: options.query.clone(),
            start_offset_s: options.start_s,
            segments,
            ..MediaPlaylist::default()
        })
    }

    fn playlist_of_all(&self, options: &VodOptions) -> Vec<PlaylistSegment> {
        let leader = self.index.leader();
        let numbered = (0u64..).zip(&self.segments);
        let entry = |(sequence, segment): (u64, &Segment)| PlaylistSegment {
            uri: format!("{}{}", options.prefix, Name::Fmp4 { sequence }),
            init_uri: Some(format!("{}{}", options.prefix, Name::Init { id: INIT_ID })),
            duration: segment.span.end.saturating_since(segment.span.start),
            independent: leader.is_none_or(|at| self.is_independent(at, segment)),
            ..PlaylistSegment::default()
        };
        numbered.map(entry).collect()
    }

    fn playlist_of_track(&self, track_id: TrackId, options: &VodOptions) -> Option<Vec<PlaylistSegment>> {
        let (at, track) = self.track(track_id)?;
        let entry = |(segment, part): (&Segment, &Part)| {
            let name = Name::Track { track_id, init_id: INIT_ID, start_ticks: part.ticks.start };
            PlaylistSegment {
                uri: format!("{}{name}", options.prefix),
                init_uri: Some(format!(
                    "{}{}",
                    options.prefix,
                    Name::TrackInit { track_id, init_id: INIT_ID }
                )),
                duration: part.duration(track),
                independent: self.is_independent(at, segment),
                ..PlaylistSegment::default()
            }
        };
        Some(self.parts(at).map(entry).collect())
    }

    /// The segments in which a track has samples.
    pub(super) fn parts(&self, at: usize) -> impl Iterator<Item = (&Segment, &Part)> {
        let parts = self.segments.iter().filter_map(move |segment| Some((segment, segment.parts.get(at)?)));
        parts.filter(|(_, part)| !part.numbers.is_empty())
    }

    pub(super) fn is_independent(&self, at: usize, segment: &Segment) -> bool {
        let first = self.index.tracks.get(at).zip(segment.parts.get(at));
        let first = first.and_then(|(track, part)| track.samples.get(part.numbers.start));
        first.is_none_or(|sample| sample.is_sync)
    }

    pub(super) fn rate(&self, at: usize) -> BitRate {
        let track = self.index.tracks.get(at);
        let sizes = track
            .into_iter()
            .flat_map(|track| self.parts(at).map(|(_, part)| (part.bytes(), part.duration(track))));
        bit_rate(sizes, self.target)
    }
}

impl Part {
    fn duration(&self, track: &StoredTrack) -> Duration {
        let time =
            |ticks: u64| Timestamp::from_ticks(i64::try_from(ticks).unwrap_or(i64::MAX), track.timescale);
        time(self.ticks.end).saturating_since(time(self.ticks.start))
    }

    /// With what a fragment says of each sample, roughly.
    fn bytes(&self) -> u64 {
        self.media_bytes.saturating_add(self.numbers.len() as u64 * BYTES_PER_SAMPLE)
    }
}

/// Duration, size, flags and composition offset.
const BYTES_PER_SAMPLE: u64 = 16;
