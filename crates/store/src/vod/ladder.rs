//! The files of one video as one presentation: what players choose from.

use super::{INIT_ID, StoredVideo, VodOptions};
use crate::manifest::adaptation_set_id;
use crate::name::{TrackName, playlist_name};
use media::{Codec, MediaKind, TrackId, TrackInfo};
use mp4::StoredTrack;
use packaging::BitRate;
use packaging::dash::{
    AdaptationKind, AdaptationSet, Mpd, Period, Presentation, Representation, TimedSegment,
};
use packaging::hls::{MultivariantPlaylist, Rendition, RenditionKind, Resolution, Variant};
use std::time::Duration;

/// The files of one video. All have the same pictures; sound is taken from the first file that has any.
#[derive(Clone, Debug, Default)]
pub struct Ladder<'a> {
    /// The files, the one to begin with first: the folder its names are in, such as `720p/`, and the file.
    pub files: Vec<(String, &'a StoredVideo)>,
    /// Captions in files of their own.
    pub captions: Vec<Captions>,
}

/// Captions in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captions {
    /// RFC 5646 language tag.
    pub language: String,
    /// What people read in the menu.
    pub label: String,
    /// Where their HLS playlist is.
    pub playlist_uri: String,
    /// Where the WebVTT file is.
    pub file_uri: String,
}

/// One track in one of the files.
#[derive(Clone, Copy)]
struct Place<'a> {
    folder: &'a str,
    video: &'a StoredVideo,
    at: usize,
    track: &'a StoredTrack,
}

impl Ladder<'_> {
    /// The multivariant playlist: a variant for each track of pictures, with the tracks of sound to choose from; without
    /// pictures a variant for each track of sound.
    pub fn multivariant_playlist(&self, options: &VodOptions) -> MultivariantPlaylist {
        let (pictures, sound) = (self.pictures(), self.sound());
        let uri = |place: &Place<'_>| {
            format!("{}{}{}", options.prefix, place.folder, playlist_name(place.track.track.id))
        };
        let subtitles_group = (!self.captions.is_empty()).then(|| SUBTITLES_GROUP.to_owned());
        let mut variants = Vec::new();
        if pictures.is_empty() {
            let variant = |place: &Place<'_>| Variant {
                subtitles_group: subtitles_group.clone(),
                ..place.variant(uri(place), &[])
            };
            variants.extend(sound.iter().map(variant));
        }
        // Players leave out a variant of which they cannot play everything, so what few play is in other variants.
        for group in SOUND_GROUPS {
            let sound: Vec<_> = sound.iter().filter(|place| place.sound_group() == group).copied().collect();
            let is_silent = self.sound().is_empty() && group == SOUND_GROUPS[0];
            for place in pictures.iter().filter(|_| is_silent || !sound.is_empty()) {
                variants.push(Variant {
                    audio_group: (!sound.is_empty()).then(|| group.to_owned()),
                    subtitles_group: subtitles_group.clone(),
                    ..place.variant(uri(place), &sound)
                });
            }
        }
        let with_sound = sound.iter().filter(|_| !pictures.is_empty()).enumerate();
        let rendition = |(order, place): (usize, &Place<'_>)| Rendition {
            group: place.sound_group().to_owned(),
            // Names differ, also where two tracks have one language.
            name: match language(place.track) {
                Some(language) => format!("{} {language}", order + 1),
                None => format!("{}", order + 1),
            },
            language: language(place.track),
            uri: Some(uri(place)),
            is_default: order == 0,
            channels: channels(place.track),
            ..Rendition::default()
        };
        let captions = self.captions.iter().map(|captions| Rendition {
            kind: RenditionKind::Subtitles,
            group: SUBTITLES_GROUP.to_owned(),
            name: captions.label.clone(),
            language: Some(captions.language.clone()),
            uri: Some(format!("{}{}", options.prefix, captions.playlist_uri)),
            is_default: false,
            channels: 0,
        });
        let leading = if pictures.is_empty() { &sound } else { &pictures };
        MultivariantPlaylist {
            independent_segments: leading.iter().all(Place::is_independent),
            query: options.query.clone(),
            variants,
            renditions: with_sound.map(rendition).chain(captions).collect(),
        }
    }

    /// The DASH manifest: one period; pictures whose segments begin at the same times are one adaptation set, in which
    /// players change from one size to another.
    pub fn mpd(&self, options: &VodOptions) -> Mpd {
        let mut sets: Vec<AdaptationSet> = Vec::new();
        for place in self.pictures() {
            let set = place.adaptation_set(&options.prefix);
            let same = sets.iter_mut().find(|other| is_aligned(other, &set));
            match same {
                Some(same) => {
                    same.independent_segments &= set.independent_segments;
                    same.representations.extend(set.representations);
                }
                None => sets.push(set),
            }
        }
        sets.extend(self.sound().iter().map(|place| place.adaptation_set(&options.prefix)));
        let captions = self.captions.iter().map(|captions| AdaptationSet {
            kind: AdaptationKind::Captions,
            language: Some(captions.language.clone()),
            media_uri: format!("{}{}", options.prefix, captions.file_uri),
            representations: vec![Representation {
                id: format!("captions-{}", captions.language),
                ..Representation::default()
            }],
            ..AdaptationSet::default()
        });
        sets.extend(captions);
        for (id, set) in (1..).zip(&mut sets) {
            set.id = id;
        }
        let durations = self.files.iter().map(|(_, video)| video.duration());
        Mpd {
            presentation: Presentation::Ended { duration: durations.max().unwrap_or_default() },
            target: self.files.first().map_or(Duration::ZERO, |(_, video)| video.target),
            query: options.query.clone(),
            periods: vec![Period { id: "0".to_owned(), start: Duration::ZERO, adaptation_sets: sets }],
        }
    }

    fn pictures(&self) -> Vec<Place<'_>> {
        self.files.iter().flat_map(|(folder, video)| places(folder, video, MediaKind::Video)).collect()
    }

    fn sound(&self) -> Vec<Place<'_>> {
        let sound = self.files.iter().map(|(folder, video)| places(folder, video, MediaKind::Audio));
        sound.map(Iterator::collect::<Vec<_>>).find(|sound| !sound.is_empty()).unwrap_or_default()
    }
}

fn places<'a>(folder: &'a str, video: &'a StoredVideo, kind: MediaKind) -> impl Iterator<Item = Place<'a>> {
    let tracks = video.index.tracks.iter().enumerate();
    let of_kind = tracks.filter(move |(_, track)| track.track.id.kind == kind);
    of_kind.map(move |(at, track)| Place { folder, video, at, track })
}

/// Whether players may go on in one where they stopped in the other: all segments begin at the same times.
fn is_aligned(a: &AdaptationSet, b: &AdaptationSet) -> bool {
    let starts = |segments: &[TimedSegment]| segments.iter().map(|segment| segment.start_ticks).collect();
    let (a_starts, b_starts): (Vec<u64>, Vec<u64>) = (starts(&a.segments), starts(&b.segments));
    a.timescale == b.timescale && a_starts == b_starts
}

impl Place<'_> {
    fn track_id(&self) -> TrackId {
        self.track.track.id
    }

    fn rate(&self) -> BitRate {
        self.video.rate(self.at)
    }

    fn is_independent(&self) -> bool {
        self.video.parts(self.at).all(|(segment, _)| self.video.is_independent(self.at, segment))
    }

    /// The entry for this track with any one of the tracks of sound.
    fn variant(&self, uri: String, sound: &[Place<'_>]) -> Variant {
        let rate = self.rate();
        // Whichever the viewer chooses.
        let sound_rate = sound.iter().map(Place::rate).reduce(|a, b| BitRate {
            peak_bps: a.peak_bps.max(b.peak_bps),
            average_bps: a.average_bps.max(b.average_bps),
        });
        let sound_rate = sound_rate.unwrap_or_default();
        let mut sound_codecs: Vec<_> = sound.iter().map(|place| place.track.codec_string()).collect();
        sound_codecs.sort();
        sound_codecs.dedup();
        let (resolution, frame_rate) = match &self.track.track.info {
            TrackInfo::Video(video) => {
                (Some(Resolution { width: video.width, height: video.height }), video.frame_rate)
            }
            TrackInfo::Audio(_) => (None, None),
        };
        Variant {
            uri,
            bandwidth_bps: rate.peak_bps.saturating_add(sound_rate.peak_bps),
            average_bandwidth_bps: Some(rate.average_bps.saturating_add(sound_rate.average_bps)),
            codecs: std::iter::once(self.track.codec_string()).chain(sound_codecs).collect(),
            resolution,
            frame_rate,
            audio_group: None,
            subtitles_group: None,
        }
    }

    fn sound_group(&self) -> &'static str {
        let [common, rare] = SOUND_GROUPS;
        match self.track.track.codec {
            Codec::Ac3 | Codec::Eac3 => rare,
            _ => common,
        }
    }

    fn adaptation_set(&self, prefix: &str) -> AdaptationSet {
        let track_id = self.track_id();
        let timed = self.video.parts(self.at).map(|(_, part)| TimedSegment {
            start_ticks: part.ticks.start,
            duration_ticks: part.ticks.end - part.ticks.start,
        });
        let is_video = track_id.kind == MediaKind::Video;
        AdaptationSet {
            id: adaptation_set_id(track_id),
            kind: if is_video { AdaptationKind::Video } else { AdaptationKind::Audio },
            language: language(self.track),
            independent_segments: self.is_independent(),
            timescale: self.track.timescale,
            presentation_time_offset: 0,
            init_uri: format!("{prefix}$RepresentationID$-{INIT_ID}.mp4"),
            media_uri: format!("{prefix}$RepresentationID$-{INIT_ID}-$Time$.m4s"),
            segments: timed.collect(),
            representations: vec![self.representation()],
        }
    }

    fn representation(&self) -> Representation {
        let common = Representation {
            id: format!("{}{}", self.folder, TrackName(self.track_id())),
            codecs: self.track.codec_string(),
            bandwidth_bps: self.rate().peak_bps,
            ..Representation::default()
        };
        match &self.track.track.info {
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

/// Sound that browsers play, and sound that few play: those with their own decoders for Dolby's codecs.
const SOUND_GROUPS: [&str; 2] = ["audio", "dolby"];
const SUBTITLES_GROUP: &str = "captions";
