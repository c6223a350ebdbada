//! What the playlists and the manifest of a stored file say.

use super::{INIT_ID, Part, Segment, StoredVideo};
use crate::Name;
use crate::manifest::adaptation_set_id;
use crate::name::TrackName;
use media::{MediaKind, Timestamp, TrackId, TrackInfo};
use mp4::StoredTrack;
use packaging::dash::{
    AdaptationKind, AdaptationSet, Mpd, Period, Presentation, Representation, TimedSegment,
};
use packaging::hls::{
    MediaPlaylist, MultivariantPlaylist, PlaylistKind, PlaylistSegment, Rendition, Resolution, Variant,
};
use packaging::{BitRate, bit_rate};
use std::time::Duration;

/// What playlists and manifests need besides the file.
#[derive(Clone, Debug, Default)]
pub struct VodOptions {
    /// What stands before each file name, such as `demo/`; empty when they are in the same folder.
    pub prefix: String,
    /// The query of the request; empty for none.
    pub query: String,
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

    /// The multivariant playlist: a variant for each track of pictures, with the tracks of sound to choose from; of a
    /// file without pictures a variant for each track of sound. `uri_of` says where a track's media playlist is.
    pub fn multivariant_playlist(
        &self,
        uri_of: impl Fn(TrackId) -> String,
        options: &VodOptions,
    ) -> MultivariantPlaylist {
        let of_kind = |kind: MediaKind| {
            self.index.tracks.iter().enumerate().filter(move |(_, track)| track.track.id.kind == kind)
        };
        let has_pictures = of_kind(MediaKind::Video).next().is_some();
        let sound = of_kind(MediaKind::Audio).map(|(at, _)| self.rate(at));
        // Whichever the viewer chooses.
        let sound_rate = sound.reduce(|a, b| BitRate {
            peak_bps: a.peak_bps.max(b.peak_bps),
            average_bps: a.average_bps.max(b.average_bps),
        });
        let sound_rate = sound_rate.filter(|_| has_pictures).unwrap_or_default();
        let sound_codecs = of_kind(MediaKind::Audio).map(|(_, track)| track.codec_string());
        let mut sound_codecs: Vec<_> = sound_codecs.filter(|_| has_pictures).collect();
        sound_codecs.sort();
        sound_codecs.dedup();

        let variant = |(at, track): (usize, &StoredTrack)| {
            let rate = self.rate(at);
            let (size, frame_rate) = match &track.track.info {
                TrackInfo::Video(video) => {
                    let size = Resolution { width: video.width, height: video.height };
                    (Some(size), video.frame_rate)
                }
                TrackInfo::Audio(_) => (None, None),
            };
            Variant {
                uri: uri_of(track.track.id),
                bandwidth_bps: rate.peak_bps.saturating_add(sound_rate.peak_bps),
                average_bandwidth_bps: Some(rate.average_bps.saturating_add(sound_rate.average_bps)),
                codecs: std::iter::once(track.codec_string()).chain(sound_codecs.iter().cloned()).collect(),
                resolution: size,
                frame_rate,
                audio_group: (!sound_codecs.is_empty()).then(|| AUDIO_GROUP.to_owned()),
            }
        };
        let renditions = of_kind(MediaKind::Audio).filter(|_| has_pictures).enumerate();
        let rendition = |(order, (_, track)): (usize, (usize, &StoredTrack))| Rendition {
            group: AUDIO_GROUP.to_owned(),
            // Names differ, also where two tracks have one language.
            name: match language(track) {
                Some(language) => format!("{} {language}", order + 1),
                None => format!("{}", order + 1),
            },
            language: language(track),
            uri: Some(uri_of(track.track.id)),
            is_default: order == 0,
            channels: channels(track),
        };
        let kind = if has_pictures { MediaKind::Video } else { MediaKind::Audio };
        MultivariantPlaylist {
            independent_segments: of_kind(kind)
                .all(|(at, _)| self.parts(at).all(|(segment, _)| self.is_independent(at, segment))),
            query: options.query.clone(),
            variants: of_kind(kind).map(variant).collect(),
            renditions: renditions.map(rendition).collect(),
        }
    }

    /// The DASH manifest: one period, one adaptation set for each track.
    pub fn mpd(&self, options: &VodOptions) -> Mpd {
        let sets = self.index.tracks.iter().enumerate();
        Mpd {
            presentation: Presentation::Ended { duration: self.duration() },
            target: self.target,
            query: options.query.clone(),
            periods: vec![Period {
                id: "0".to_owned(),
                start: Duration::ZERO,
                adaptation_sets: sets.map(|(at, track)| self.adaptation_set(at, track, options)).collect(),
            }],
        }
    }

    fn adaptation_set(&self, at: usize, track: &StoredTrack, options: &VodOptions) -> AdaptationSet {
        let (prefix, track_id) = (&options.prefix, track.track.id);
        let timed = self.parts(at).map(|(_, part)| TimedSegment {
            start_ticks: part.ticks.start,
            duration_ticks: part.ticks.end - part.ticks.start,
        });
        let is_video = track_id.kind == MediaKind::Video;
        AdaptationSet {
            id: adaptation_set_id(track_id),
            kind: if is_video { AdaptationKind::Video } else { AdaptationKind::Audio },
            language: language(track),
            independent_segments: self.parts(at).all(|(segment, _)| self.is_independent(at, segment)),
            timescale: track.timescale,
            presentation_time_offset: 0,
            init_uri: format!("{prefix}{}", Name::TrackInit { track_id, init_id: INIT_ID }),
            media_uri: format!("{prefix}{}-{INIT_ID}-$Time$.m4s", TrackName(track_id)),
            segments: timed.collect(),
            representations: vec![representation(track, self.rate(at))],
        }
    }

    /// The segments in which a track has samples.
    fn parts(&self, at: usize) -> impl Iterator<Item = (&Segment, &Part)> {
        let parts = self.segments.iter().filter_map(move |segment| Some((segment, segment.parts.get(at)?)));
        parts.filter(|(_, part)| !part.numbers.is_empty())
    }

    fn is_independent(&self, at: usize, segment: &Segment) -> bool {
        let first = self.index.tracks.get(at).zip(segment.parts.get(at));
        let first = first.and_then(|(track, part)| track.samples.get(part.numbers.start));
        first.is_none_or(|sample| sample.is_sync)
    }

    fn rate(&self, at: usize) -> BitRate {
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

fn representation(track: &StoredTrack, rate: BitRate) -> Representation {
    let common = Representation {
        id: TrackName(track.track.id).to_string(),
        codecs: track.codec_string(),
        bandwidth_bps: rate.peak_bps,
        ..Representation::default()
    };
    match &track.track.info {
        TrackInfo::Video(video) => Representation {
            width: video.width,
            height: video.height,
            frame_rate: video.frame_rate,
            ..common
        },
        TrackInfo::Audio(audio) => {
            Representation { sample_rate: audio.sample_rate, channels: audio.channels, ..common }
        }
    }
}

/// RFC 5646 tag, if the file states one.
fn language(track: &StoredTrack) -> Option<String> {
    let letters = Some(track.language).filter(|letters| letters != b"und");
    let letters = letters.map(|letters| letters.map(char::from).iter().collect());
    track.language_tag.clone().or(letters)
}

fn channels(track: &StoredTrack) -> u8 {
    match &track.track.info {
        TrackInfo::Audio(audio) => audio.channels,
        TrackInfo::Video(_) => 0,
    }
}

const AUDIO_GROUP: &str = "audio";
/// Duration, size, flags and composition offset.
const BYTES_PER_SAMPLE: u64 = 16;
