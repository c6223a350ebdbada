//! What the playlists and the manifests of a recording say: as a video that is complete, and as the past of a stream
//! that is still live.

use super::{LogEntry, RecordedLog};
use crate::manifest::{periods, playlist_segment, variant};
use crate::{DashOptions, HlsOptions, Name};
use packaging::dash::{Mpd, Period, Presentation};
use packaging::hls::{MediaPlaylist, PlaylistKind, PlaylistSegment, Variant};
use std::time::Duration;

impl RecordedLog {
    /// The media playlist of all tracks together, of a video that is complete.
    pub fn media_playlist(&self, options: &HlsOptions) -> MediaPlaylist {
        MediaPlaylist {
            kind: PlaylistKind::Vod,
            target: options.target,
            longest: self.longest(),
            is_ended: true,
            query: options.query.clone(),
            segments: self
                .segments
                .iter()
                .enumerate()
                .map(|(at, segment)| entry(at, segment, options))
                .collect(),
            ..MediaPlaylist::default()
        }
    }

    /// The media playlist from the segment at `first` on, of a stream that is live. Segments that are missing are
    /// listed as gaps, so that numbers stay those of the stream.
    pub fn rewind_playlist(&self, first: usize, options: &HlsOptions) -> MediaPlaylist {
        let listed = self.segments.get(first..).unwrap_or_default();
        let mut segments: Vec<PlaylistSegment> = Vec::with_capacity(listed.len());
        let mut before: Option<&LogEntry> = None;
        for segment in listed {
            if let Some(before) = before {
                gaps(before, segment, options, &mut segments);
            }
            segments.push(entry(segments.len(), segment, options));
            before = Some(segment);
        }
        MediaPlaylist {
            kind: PlaylistKind::Live,
            target: options.target,
            longest: self.longest(),
            media_sequence: listed.first().map_or(0, |first| first.sequence),
            discontinuity_sequence: listed.first().map_or(0, |first| {
                first.discontinuity_sequence.saturating_sub(u64::from(first.span.discontinuity))
            }),
            query: options.query.clone(),
            segments,
            ..MediaPlaylist::default()
        }
    }

    /// The entry of a multivariant playlist for the media playlist at `uri`; `None` without a segment.
    pub fn variant(&self, uri: String, target: Duration) -> Option<Variant> {
        variant(&self.segments, uri, target)
    }

    /// The DASH manifest of a video that is complete. It begins at 0, whenever the stream did.
    pub fn mpd(&self, options: &DashOptions) -> Mpd {
        let mut periods = periods(&self.segments, options);
        let firsts = (0..self.segments.len())
            .filter(|&at| at == 0 || self.segments.get(at).is_some_and(|segment| segment.span.discontinuity));
        for (period, first) in periods.iter_mut().zip(firsts) {
            period.start = self.position(first);
        }
        Mpd {
            presentation: Presentation::Ended { duration: self.duration() },
            target: options.target,
            query: options.query.clone(),
            periods,
        }
    }

    /// The periods of a DASH manifest from the segment at `first` on, for the manifest of a stream that is live: their
    /// times are those of the stream.
    pub fn rewind_periods(&self, first: usize, options: &DashOptions) -> Vec<Period> {
        periods(self.segments.get(first..).unwrap_or_default(), options)
    }
}

/// Wall time is said where it cannot be added up from what stands before: a list of hours is long enough.
fn entry(at: usize, segment: &LogEntry, options: &HlsOptions) -> PlaylistSegment {
    let mut entry = playlist_segment(segment, &options.prefix);
    if at > 0 && !entry.discontinuity {
        entry.wall_time_ms = None;
    }
    entry
}

/// A gap for each number that is missing between two segments.
fn gaps(before: &LogEntry, after: &LogEntry, options: &HlsOptions, segments: &mut Vec<PlaylistSegment>) {
    let missing = (after.sequence.saturating_sub(before.sequence)).saturating_sub(1).min(GAPS_MAX);
    let hole = after.span.start.saturating_since(before.span.start + before.span.duration);
    let Some(duration) = hole.checked_div(u32::try_from(missing).unwrap_or(u32::MAX)) else { return };
    segments.extend((0..missing).map(|at| PlaylistSegment {
        uri: format!("{}{}", options.prefix, Name::Fmp4 { sequence: before.sequence + 1 + at }),
        init_uri: Some(format!("{}{}", options.prefix, Name::Init { id: before.init.id })),
        duration,
        is_gap: true,
        ..PlaylistSegment::default()
    }));
}

/// Missing segments that are listed between two others. A longer gap ends what can be rewound to, see
/// [`RecordedLog::rewind_start`].
const GAPS_MAX: u64 = 64;

impl RecordedLog {
    /// The place of the segment from which `window` can be watched: no further back than a gap that is too long to list.
    pub fn rewind_start(&self, window: Duration) -> usize {
        let Some(newest) = self.segments.last() else { return 0 };
        let from = newest.span.start + newest.span.duration;
        let oldest = self.segments.partition_point(|segment| {
            from.saturating_since(segment.span.start + segment.span.duration) >= window
        });
        let oldest = oldest.min(self.segments.len() - 1);
        let pairs = self.segments.get(oldest..).unwrap_or_default().windows(2);
        let breaks = pairs.enumerate().filter(|(_, pair)| match pair {
            [before, after] => after.sequence - before.sequence > GAPS_MAX + 1,
            _ => false,
        });
        breaks.map(|(at, _)| oldest + at + 1).max().unwrap_or(oldest)
    }
}
