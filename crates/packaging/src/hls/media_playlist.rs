use crate::date_time;
use crate::text::write_uri;
use std::fmt;
use std::time::Duration;

/// A list of segments; its text is made by [`to_string`](ToString::to_string).
#[derive(Clone, Debug, Default)]
pub struct MediaPlaylist {
    /// What the list may do later.
    pub kind: PlaylistKind,
    /// What segments were asked to last. The printed target duration also covers every segment of the list and
    /// [`longest`](Self::longest).
    pub target: Duration,
    /// The longest segment the stream ever had, so that the printed target duration never shrinks.
    pub longest: Duration,
    /// Sequence number of the first segment of the list.
    pub media_sequence: u64,
    /// Number of discontinuities among the segments that left the list.
    pub discontinuity_sequence: u64,
    /// Where players should start, in seconds from the start of the list, or from its end when negative.
    pub start_offset_s: Option<f64>,
    /// Whether no segment will follow.
    pub is_ended: bool,
    /// Whether clients that have most of the list may ask for the rest alone.
    pub skip: Skip,
    /// The query of the request, carried on to every URI; empty for none.
    pub query: String,
    /// The segments, oldest first.
    pub segments: Vec<PlaylistSegment>,
}

/// What a media playlist may do later (RFC 8216 §4.3.3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlaylistKind {
    /// A window: segments come at the end and leave at the start.
    #[default]
    Live,
    /// Segments only come.
    Event,
    /// Nothing changes.
    Vod,
}

/// Lists that are short of what a client has (RFC 8216bis §6.2.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skip {
    /// Clients are not told of it.
    #[default]
    Never,
    /// They may ask for it.
    Offered,
    /// This one did: segments far from the end are left out, and counted.
    Taken,
}

/// One entry of a media playlist.
#[derive(Clone, Debug, Default)]
pub struct PlaylistSegment {
    /// Where its bytes are, relative to the playlist.
    pub uri: String,
    /// Where the init segment is that it needs; `None` for MPEG-TS.
    pub init_uri: Option<String>,
    /// How long it lasts.
    pub duration: Duration,
    /// Whether a decoder can start at its beginning.
    pub independent: bool,
    /// Whether it does not join up with the segment before.
    pub discontinuity: bool,
    /// Wall time of its first picture, in milliseconds since 1970-01-01.
    pub wall_time_ms: Option<i64>,
    /// Whether its bytes are lost: players pass over it (RFC 8216bis §4.4.4.7).
    pub is_gap: bool,
}

/// Fractional `EXTINF` needs version 3, `EXT-X-MAP` outside I-frame playlists 6 (fMP4 is commonly 7), `EXT-X-GAP` 8.
const VERSION_TS: u8 = 3;
const VERSION_FMP4: u8 = 7;
const VERSION_GAP: u8 = 8;
/// `EXT-X-SKIP` needs version 9.
const VERSION_SKIP: u8 = 9;
/// Segments within so many target durations of the end are always listed (RFC 8216bis §4.4.3.8: at least six).
const SKIP_UNTIL_TARGETS: u64 = 6;

impl MediaPlaylist {
    /// The target duration that is printed, in seconds.
    ///
    /// Every segment's duration, rounded to the nearest second, must be at most this (RFC 8216 §4.3.3.1).
    pub fn target_duration_s(&self) -> u64 {
        let asked_s = u64::try_from(self.target.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        let durations = self.segments.iter().map(|segment| segment.duration);
        durations
            .chain([self.longest])
            .map(|duration| rounded_ms(duration).saturating_add(500) / 1000)
            .fold(asked_s.max(1), u64::max)
    }

    /// Segments older than this, seen from the end, may be left out.
    fn skip_until_s(&self) -> u64 {
        self.target_duration_s().saturating_mul(SKIP_UNTIL_TARGETS)
    }

    /// How many segments at the start are left out.
    fn skipped(&self) -> usize {
        if self.skip != Skip::Taken || self.is_ended {
            return 0;
        }
        let until = Duration::from_secs(self.skip_until_s());
        let mut from_end = Duration::ZERO;
        let is_near = |segment: &&PlaylistSegment| {
            let is_near = from_end < until;
            from_end = from_end.saturating_add(segment.duration);
            is_near
        };
        self.segments.len() - self.segments.iter().rev().take_while(is_near).count()
    }

    fn write_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions = self.segments.iter().map(|segment| match segment.init_uri {
            _ if self.skipped() > 0 => VERSION_SKIP,
            _ if segment.is_gap => VERSION_GAP,
            Some(_) => VERSION_FMP4,
            None => VERSION_TS,
        });
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{}", versions.max().unwrap_or(VERSION_TS))?;
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration_s())?;
        if self.skip != Skip::Never && !self.is_ended {
            writeln!(f, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={}.0", self.skip_until_s())?;
        }
        match self.kind {
            PlaylistKind::Live => {}
            PlaylistKind::Event => writeln!(f, "#EXT-X-PLAYLIST-TYPE:EVENT")?,
            PlaylistKind::Vod => writeln!(f, "#EXT-X-PLAYLIST-TYPE:VOD")?,
        }
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        if self.discontinuity_sequence > 0 {
            writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)?;
        }
        // The tag speaks for every segment of the list (RFC 8216 §4.3.5.1).
        if self.segments.iter().all(|segment| segment.independent) {
            writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        }
        match self.start_offset_s {
            Some(offset_s) if offset_s.is_finite() => writeln!(f, "#EXT-X-START:TIME-OFFSET={offset_s:.3}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for MediaPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_head(f)?;
        let skipped = self.skipped();
        if skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        let mut init_uri = None;
        for segment in self.segments.iter().skip(skipped) {
            if segment.discontinuity {
                writeln!(f, "#EXT-X-DISCONTINUITY")?;
            }
            if segment.init_uri.is_some() && segment.init_uri != init_uri {
                init_uri.clone_from(&segment.init_uri);
                f.write_str("#EXT-X-MAP:URI=\"")?;
                write_uri(f, segment.init_uri.as_deref().unwrap_or_default(), &self.query)?;
                f.write_str("\"\n")?;
            }
            if let Some(wall_time_ms) = segment.wall_time_ms {
                writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", date_time(wall_time_ms))?;
            }
            if segment.is_gap {
                writeln!(f, "#EXT-X-GAP")?;
            }
            let duration_ms = rounded_ms(segment.duration);
            writeln!(f, "#EXTINF:{}.{:03},", duration_ms / 1000, duration_ms % 1000)?;
            write_uri(f, &segment.uri, &self.query)?;
            f.write_str("\n")?;
        }
        if self.is_ended { writeln!(f, "#EXT-X-ENDLIST") } else { Ok(()) }
    }
}

/// What `EXTINF` prints, and so what the target duration is compared with.
fn rounded_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros().saturating_add(500) / 1000).unwrap_or(u64::MAX)
}
