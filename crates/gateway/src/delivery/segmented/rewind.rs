//! The past of a live stream that is recorded: playlists and manifests that begin before the live window, and the
//! segments they name.
//!
//! `?rewind=1` lists everything there is within the window of `record.rewind_ms`, `?start=` begins that many seconds back
//! or at that wall time (unix milliseconds). Without a recording they change nothing. The query stands behind every name
//! in a list, so a player that was given one address keeps to it. Such a list is long and asked for every few seconds, so
//! players may ask for its end alone (`_HLS_skip=YES`, RFC 8216bis §6.2.5.1).

use super::address::{Address, Item, playlist_name};
use super::answer::on_the_wall_clock;
use super::body::Text;
use super::packager::Kind;
use super::{Packaged, unix_ms};
use crate::Gateway;
use crate::delivery::http::MediaError;
use bytes::Bytes;
use hub::Args;
use packaging::dash::Presentation;
use packaging::{dash, hls};
use std::time::Duration;
use store::{DashOptions, HlsOptions, Name, RecordedLog, Snapshot};

/// From where on somebody wants to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// From the oldest moment there is, beginning at the newest.
    Window,
    /// So long ago.
    Back(Duration),
    /// At this wall time, in milliseconds since 1970-01-01.
    At(i64),
}

/// Numbers up to this are seconds (some 30 years), larger ones milliseconds since 1970.
const SECONDS_MAX: i64 = 1_000_000_000;

impl Past {
    /// What the arguments of a request say; `None` for the live window.
    pub(super) fn asked_for(args: &Args) -> Result<Option<Self>, MediaError> {
        if let Some(start) = args.get("start") {
            let number = start.parse::<i64>().ok().filter(|number| *number >= 0).ok_or_else(|| {
                MediaError::BadRequest(format!(
                    "start is {start:?}, expected seconds back or milliseconds since 1970"
                ))
            })?;
            return Ok(Some(match u64::try_from(number) {
                Ok(seconds) if number < SECONDS_MAX => Self::Back(Duration::from_secs(seconds)),
                _ => Self::At(number),
            }));
        }
        Ok(args.get("rewind").filter(|value| *value != "0").map(|_| Self::Window))
    }

    /// The place of the first segment to list.
    fn first(self, log: &RecordedLog, rewind: Duration) -> usize {
        match self {
            Self::Window => log.rewind_start(rewind),
            Self::Back(back) => log.rewind_start(rewind.min(back)),
            Self::At(wall_time_ms) => {
                let last = log.segments().len().saturating_sub(1);
                log.rewind_start(rewind).max(log.place_at_wall(wall_time_ms).min(last))
            }
        }
    }

    /// Where players begin, in seconds from the start of the list or, negative, from its end.
    fn start_offset_s(self) -> Option<f64> {
        match self {
            Self::Window => None,
            Self::Back(_) | Self::At(_) => Some(0.0),
        }
    }
}

/// Whether texts for this query are worth keeping: those of everybody who goes back.
pub(super) fn is_common(query: &str) -> bool {
    query == "rewind=1"
}

/// What players put into the query to get the end of the list alone.
pub(super) const SKIP: &str = "_HLS_skip";

/// A query without that.
pub(super) fn without_skip(query: &str) -> String {
    let others = query.split('&').filter(|part| part.split('=').next() != Some(SKIP));
    others.collect::<Vec<_>>().join("&")
}

/// Whether a player has the list but for its end.
pub(super) fn wants_delta(args: &Args) -> bool {
    args.get(SKIP).is_some_and(|value| matches!(value, "YES" | "v2"))
}

impl Gateway {
    /// A playlist or manifest that begins in the past.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn make_past(
        &self,
        packaged: &Packaged,
        address: &Address,
        past: &Past,
        query: &str,
        is_delta: bool,
        snapshot: &Snapshot,
        log: &RecordedLog,
        rewind: Duration,
    ) -> Text {
        let target = self.segmented.config.target;
        let (prefix, query) = (address.prefix.clone(), query.to_owned());
        let first = past.first(log, rewind);
        match address.item {
            Item::Multivariant => {
                let mut variants: Vec<_> =
                    snapshot.variant(playlist_name(Kind::Cmaf).to_owned(), target).into_iter().collect();
                for variant in &mut variants {
                    variant.frame_rate = variant.frame_rate.or(packaged.stream.metadata().frame_rate);
                }
                let independent_segments =
                    log.segments().iter().skip(first).all(|segment| segment.span.independent);
                let renditions = Vec::new();
                let playlist =
                    hls::MultivariantPlaylist { independent_segments, query, variants, renditions };
                Text::new(hls::MIME_TYPE, playlist.to_string())
            }
            Item::Manifest => {
                let listed = log.segments().iter().skip(first);
                let options = DashOptions {
                    target,
                    time_shift: listed.map(|segment| segment.span.duration).sum(),
                    prefix,
                    query,
                    now_ms: unix_ms(),
                    utc_timing_uri: super::answer::TIME_URI.to_owned(),
                };
                let mut mpd = snapshot.mpd(&options);
                mpd.periods = log.rewind_periods(first, &options);
                if let Presentation::Live(live) = &mut mpd.presentation {
                    live.time_shift = covered(log, first);
                }
                Text::new(dash::MIME_TYPE, on_the_wall_clock(mpd, snapshot).to_string())
            }
            Item::MediaPlaylist(_) | Item::Piece(_) => {
                let mut playlist = log.rewind_playlist(first, &HlsOptions { target, prefix, query });
                playlist.discontinuity_sequence += super::answer::discontinuities_before(snapshot);
                playlist.is_ended = snapshot.is_ended();
                playlist.skip = if is_delta { hls::Skip::Taken } else { hls::Skip::Offered };
                playlist.start_offset_s = past.start_offset_s();
                Text::new(hls::MIME_TYPE, playlist.to_string())
            }
        }
    }
}

/// From the start of a segment to the newest moment.
fn covered(log: &RecordedLog, first: usize) -> Duration {
    match (log.segments().get(first), log.segments().last()) {
        (Some(first), Some(last)) => {
            (last.span.start + last.span.duration).saturating_since(first.span.start)
        }
        _ => Duration::ZERO,
    }
}

impl Packaged {
    /// The bytes behind a name that the live window has no more.
    pub(super) async fn recorded_piece(&self, name: &Name) -> Result<Option<Vec<Bytes>>, MediaError> {
        let Some(recording) = self.recording() else { return Ok(None) };
        match recording.read(name).await {
            None | Some(Err(objects::Error::NotFound(_))) => Ok(None),
            Some(Ok(pieces)) => Ok(Some(pieces)),
            Some(Err(error)) => Err(MediaError::StorageAway(error.to_string())),
        }
    }
}
