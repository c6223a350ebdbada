//! The file names that stand in playlists and manifests, and the way back.

use crate::{Media, Snapshot};
use bytes::Bytes;
use media::{MediaKind, TrackId};
use std::fmt;
use std::str::FromStr;

/// Names one piece of a log.
///
/// A name is never used again for other bytes (see [`LiveWindow::new`](crate::LiveWindow::new)), so answers may be
/// cached for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// `7.ts`: an MPEG-TS segment.
    Ts {
        /// Its number.
        sequence: u64,
    },
    /// `7.m4s`: a segment of all tracks in fMP4.
    Fmp4 {
        /// Its number.
        sequence: u64,
    },
    /// `init-7.mp4`: the init segment of all tracks.
    Init {
        /// Its number.
        id: u64,
    },
    /// `video0-7-90000.m4s`: one track's part of a segment.
    Track {
        /// Which track.
        track_id: TrackId,
        /// The init segment it needs.
        init_id: u64,
        /// Where it starts.
        start_ticks: u64,
    },
    /// `video0-7.mp4`: the init segment of one track.
    TrackInit {
        /// Which track.
        track_id: TrackId,
        /// Its number.
        init_id: u64,
    },
}

impl Name {
    /// The media type of what it names.
    pub fn mime_type(&self) -> &'static str {
        match self {
            Self::Ts { .. } => "video/mp2t",
            Self::Track { track_id, .. } | Self::TrackInit { track_id, .. }
                if track_id.kind == MediaKind::Audio =>
            {
                "audio/mp4"
            }
            Self::Fmp4 { .. } | Self::Init { .. } | Self::Track { .. } | Self::TrackInit { .. } => {
                "video/mp4"
            }
        }
    }
}

impl Snapshot {
    /// The bytes behind a name, in pieces; `None` when they are not kept any more, or not there yet.
    pub fn read(&self, name: &Name) -> Option<Vec<Bytes>> {
        match *name {
            Name::Ts { sequence } => match &self.segment(sequence)?.media {
                Media::Ts(bytes) => Some(vec![bytes.clone()]),
                Media::Cmaf { .. } => None,
            },
            Name::Fmp4 { sequence } => match &self.segment(sequence)?.media {
                Media::Ts(_) => None,
                media @ Media::Cmaf { .. } => Some(media.all().cloned().collect()),
            },
            Name::Init { id } => Some(vec![self.init(id)?.bytes.clone()]).filter(|pieces| has_bytes(pieces)),
            Name::Track { track_id, init_id, start_ticks } => {
                let segment = self.segment_at_ticks(track_id, start_ticks)?;
                (segment.init.id == init_id).then(|| segment.media.of_track(track_id).cloned().collect())
            }
            Name::TrackInit { track_id, init_id } => {
                let init = self.init(init_id)?;
                let track = init.tracks.iter().find(|init| init.track.id == track_id)?;
                Some(vec![track.bytes.clone()]).filter(|pieces| has_bytes(pieces))
            }
        }
    }
}

/// The log of MPEG-TS has init segments without bytes: there is nothing to read.
fn has_bytes(pieces: &[Bytes]) -> bool {
    pieces.iter().any(|piece| !piece.is_empty())
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ts { sequence } => write!(f, "{sequence}.ts"),
            Self::Fmp4 { sequence } => write!(f, "{sequence}.m4s"),
            Self::Init { id } => write!(f, "init-{id}.mp4"),
            Self::Track { track_id, init_id, start_ticks } => {
                write!(f, "{}-{init_id}-{start_ticks}.m4s", TrackName(*track_id))
            }
            Self::TrackInit { track_id, init_id } => write!(f, "{}-{init_id}.mp4", TrackName(*track_id)),
        }
    }
}

/// The text is no name of a piece of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a segment or init segment")]
pub struct NotAName;

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let name = parse(text).ok_or(NotAName)?;
        // One piece has one name: `007.ts` and `+7.ts` are none.
        if name.to_string() == text { Ok(name) } else { Err(NotAName) }
    }
}

fn parse(text: &str) -> Option<Name> {
    let (stem, extension) = text.rsplit_once('.')?;
    let mut parts = stem.split('-');
    let parts = (parts.next()?, parts.next(), parts.next(), parts.next());
    Some(match (extension, parts) {
        ("ts", (sequence, None, None, None)) => Name::Ts { sequence: sequence.parse().ok()? },
        ("m4s", (sequence, None, None, None)) => Name::Fmp4 { sequence: sequence.parse().ok()? },
        ("m4s", (track, Some(init_id), Some(start_ticks), None)) => Name::Track {
            track_id: parse_track(track)?,
            init_id: init_id.parse().ok()?,
            start_ticks: start_ticks.parse().ok()?,
        },
        ("mp4", ("init", Some(id), None, None)) => Name::Init { id: id.parse().ok()? },
        ("mp4", (track, Some(init_id), None, None)) => {
            Name::TrackInit { track_id: parse_track(track)?, init_id: init_id.parse().ok()? }
        }
        _ => return None,
    })
}

/// A track as names and manifests call it: `video0`, `audio1`.
pub(crate) struct TrackName(pub(crate) TrackId);

impl fmt::Display for TrackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.kind {
            MediaKind::Video => "video",
            MediaKind::Audio => "audio",
            MediaKind::Data => "data",
        };
        write!(f, "{kind}{}", self.0.index)
    }
}

/// The media playlist of one track, beside its segments: `video0.m3u8`.
pub fn playlist_name(track_id: TrackId) -> String {
    format!("{}.m3u8", TrackName(track_id))
}

/// The track whose media playlist has this name.
pub fn track_of_playlist(text: &str) -> Option<TrackId> {
    let track_id = parse_track(text.strip_suffix(".m3u8")?)?;
    // One playlist has one name: `video00.m3u8` is none.
    (playlist_name(track_id) == text).then_some(track_id)
}

pub(crate) fn parse_track(text: &str) -> Option<TrackId> {
    let kinds = [("video", MediaKind::Video), ("audio", MediaKind::Audio)];
    kinds
        .into_iter()
        .find_map(|(name, kind)| Some(TrackId { kind, index: text.strip_prefix(name)?.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_name_is_read_back() {
        let (track_id, init_id) = (TrackId { kind: MediaKind::Audio, index: 12 }, 7);
        for (name, text) in [
            (Name::Ts { sequence: 7 }, "7.ts"),
            (Name::Fmp4 { sequence: u64::MAX }, "18446744073709551615.m4s"),
            (Name::Init { id: 0 }, "init-0.mp4"),
            (Name::Track { track_id, init_id, start_ticks: 90_000 }, "audio12-7-90000.m4s"),
            (Name::TrackInit { track_id: TrackId::VIDEO, init_id }, "video0-7.mp4"),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse(), Ok(name));
        }
    }

    #[test]
    fn a_piece_has_only_one_name() {
        for text in [
            "",
            ".",
            "ts",
            ".ts",
            "-1.ts",
            "+7.ts",
            "007.ts",
            "7.TS",
            "7.ts.ts",
            "18446744073709551616.ts",
            "7.mp4",
            "init.mp4",
            "init-7.m4s",
            "video-7.mp4",
            "video256-7.mp4",
            "video0-7-8-9.m4s",
            "data0-7.mp4",
            "../7.ts",
        ] {
            assert_eq!(text.parse::<Name>(), Err(NotAName), "{text}");
        }
    }

    #[test]
    fn the_playlist_of_a_track_has_one_name() {
        let track_id = TrackId { kind: MediaKind::Audio, index: 12 };
        assert_eq!(playlist_name(track_id), "audio12.m3u8");
        assert_eq!(track_of_playlist("audio12.m3u8"), Some(track_id));
        for text in ["audio012.m3u8", "audio+1.m3u8", "audio12", "data0.m3u8", "master.m3u8"] {
            assert_eq!(track_of_playlist(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_refused(text in "[a-z0-9.+-]{0,24}|\\PC{0,16}") {
            if let Ok(name) = text.parse::<Name>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
