//! The `moov` box (ISO/IEC 14496-12 §8.2.1): tracks, and the samples of a file that is not fragmented.

use crate::boxes::{Boxes, Fields, FourCc, find, need};
use crate::fragments::{TrackDefaults, add_fragment};
use crate::sample_entry::{SampleEntry, read_sample_entry};
use crate::sample_table::add_samples;
use crate::{Error, SampleIndex};
use media::{AudioInfo, Codec, Timestamp, Track, TrackId, TrackInfo};

/// What a file says of itself: its tracks and where their samples are.
#[derive(Clone, Debug)]
pub struct Movie {
    pub(crate) tracks: Vec<MovieTrack>,
    skipped: Vec<SkippedTrack>,
    is_fragmented: bool,
    index: SampleIndex,
}

/// A track, and what is needed to place its samples.
#[derive(Clone, Debug)]
pub(crate) struct MovieTrack {
    pub(crate) track: Track,
    /// `track_ID`.
    pub(crate) number: u32,
    pub(crate) clock: TrackClock,
    pub(crate) defaults: TrackDefaults,
    /// Decode time of the next fragment, if it does not say so itself.
    pub(crate) next_ticks: i64,
}

/// How a track's ticks become time of the presentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrackClock {
    timescale: u32,
    /// What the edit list leaves out at the start.
    media_time_ticks: i64,
    /// What the edit list puts before the start.
    delay_micros: i64,
}

impl TrackClock {
    pub(crate) fn time(self, ticks: i64) -> Timestamp {
        let time = Timestamp::from_ticks(ticks.saturating_sub(self.media_time_ticks), self.timescale);
        Timestamp::from_micros(time.as_micros().saturating_add(self.delay_micros))
    }
}

/// A track that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedTrack {
    /// `track_ID`.
    pub number: u32,
    /// The sample entry, which names the codec.
    pub sample_entry: FourCc,
    /// What is wrong with its decoder config, when the codec is a known one.
    pub error: Option<media::Error>,
}

impl Movie {
    /// Reads the body of a `moov` box of a file of `file_bytes`.
    pub fn parse(moov: &[u8], file_bytes: u64) -> Result<Self, Error> {
        let mut movie = Self {
            tracks: Vec::new(),
            skipped: Vec::new(),
            is_fragmented: false,
            index: SampleIndex::new(file_bytes),
        };
        let (version, _, mut mvhd) = Fields::full(b"mvhd", need(moov, b"mvhd", "moov")?)?;
        mvhd.skip(if version == 1 { 16 } else { 8 })?;
        let movie_timescale = mvhd.u32()?;
        let defaults = match find(moov, b"mvex")? {
            Some(mvex) => {
                movie.is_fragmented = true;
                TrackDefaults::read_all(mvex)?
            }
            None => Vec::new(),
        };
        for item in Boxes::new(moov) {
            let (kind, body) = item?;
            if kind.0 == *b"trak" {
                movie.add_track(body, movie_timescale, &defaults)?;
            }
        }
        movie.index.sort();
        Ok(movie)
    }

    /// The tracks that can be read. The config of an MP3 track is in its first frame: it is empty until
    /// [`Reader`](crate::Reader) has seen that.
    pub fn tracks(&self) -> impl ExactSizeIterator<Item = &Track> {
        self.tracks.iter().map(|track| &track.track)
    }

    /// The tracks that cannot be read.
    pub fn skipped(&self) -> &[SkippedTrack] {
        &self.skipped
    }

    /// Whether samples may be in fragments.
    pub fn is_fragmented(&self) -> bool {
        self.is_fragmented
    }

    /// Where the samples are.
    pub fn index(&self) -> &SampleIndex {
        &self.index
    }

    /// Adds the samples of a fragment: the body of a `moof` box that begins, with its header, at `moof_offset` of the
    /// file. When all are added, [`sort_samples`](Self::sort_samples) puts them in order.
    pub fn add_fragment(&mut self, moof: &[u8], moof_offset: u64) -> Result<(), Error> {
        add_fragment(&mut self.tracks, &mut self.index, moof, moof_offset)
    }

    /// Interleaves the samples of all tracks by decode time.
    pub fn sort_samples(&mut self) {
        self.index.sort();
    }

    fn add_track(
        &mut self,
        trak: &[u8],
        movie_timescale: u32,
        defaults: &[TrackDefaults],
    ) -> Result<(), Error> {
        let seen = self.tracks.len() + self.skipped.len();
        if seen >= TRACKS_MAX {
            let (value, max) = (seen as u64 + 1, TRACKS_MAX as u64);
            return Err(Error::Limit { what: "number of tracks", value, max });
        }
        let (version, _, mut tkhd) = Fields::full(b"tkhd", need(trak, b"tkhd", "trak")?)?;
        tkhd.skip(if version == 1 { 16 } else { 8 })?;
        let number = tkhd.u32()?;
        let mdia = need(trak, b"mdia", "trak")?;
        let (version, _, mut mdhd) = Fields::full(b"mdhd", need(mdia, b"mdhd", "mdia")?)?;
        mdhd.skip(if version == 1 { 16 } else { 8 })?;
        let timescale = mdhd.u32()?;
        if timescale == 0 {
            return Err(Error::Invalid {
                kind: FourCc(*b"mdhd"),
                what: "timescale",
                value: 0,
                expected: "at least 1",
                section: "ISO/IEC 14496-12 §8.4.2",
            });
        }
        let stbl = need(need(mdia, b"minf", "mdia")?, b"stbl", "minf")?;
        let (_, _, mut stsd) = Fields::full(b"stsd", need(stbl, b"stsd", "stbl")?)?;
        stsd.skip(4)?; // entry_count
        // Samples that refer to another entry than the first are refused where they are met.
        let (kind, entry) = Boxes::new(stsd.rest()).next().transpose()?.ok_or(Error::Invalid {
            kind: FourCc(*b"stsd"),
            what: "number of sample entries",
            value: 0,
            expected: "at least 1",
            section: "ISO/IEC 14496-12 §8.5.2",
        })?;
        let track = match read_sample_entry(kind, entry)? {
            Some(entry) => self.make_track(entry),
            None => Err(None),
        };
        let track = match track {
            Ok(track) => track,
            Err(error) => {
                self.skipped.push(SkippedTrack { number, sample_entry: kind, error });
                return Ok(());
            }
        };

        let clock = read_edits(trak, timescale, movie_timescale)?;
        let defaults = defaults.iter().find(|defaults| defaults.track_number == number).copied();
        let track_index = self.tracks.len() as u16; // below TRACKS_MAX
        let next_ticks = add_samples(&mut self.index, stbl, track_index, clock)?;
        let defaults = defaults.unwrap_or_default();
        self.tracks.push(MovieTrack { track, number, clock, defaults, next_ticks });
        Ok(())
    }

    fn make_track(&self, entry: SampleEntry) -> Result<Track, Option<media::Error>> {
        let SampleEntry { codec, config, size } = entry;
        let kind = codec.media_kind();
        let index = self.tracks.iter().filter(|track| track.track.id.kind == kind).count();
        let id = TrackId { kind, index: index as u8 }; // below TRACKS_MAX
        if codec == Codec::Mp3 {
            let info = TrackInfo::Audio(AudioInfo::default());
            return Ok(Track { id, codec, config, info });
        }
        let mut track = Track::from_config(id, codec, config).map_err(Some)?;
        // VP8 and VP9 say their size only in the pictures.
        if let TrackInfo::Video(video) = &mut track.info
            && (video.width == 0 || video.height == 0)
        {
            (video.width, video.height) = (size.0.into(), size.1.into());
        }
        Ok(track)
    }

    /// Fills in the config of a track that begins with this sample and has none in its sample entry.
    pub(crate) fn set_config_from_sample(&mut self, track_index: usize, sample: &[u8]) -> Result<(), Error> {
        let Some(MovieTrack { track, .. }) = self.tracks.get_mut(track_index) else { return Ok(()) };
        let codec = track.codec;
        let failed = |source| Error::Config { codec, source };
        let config = media::mp3::config_of(sample).map_err(failed)?;
        *track = Track::from_config(track.id, codec, config).map_err(failed)?;
        Ok(())
    }

    /// The first sample of each track whose config is in it.
    pub(crate) fn samples_with_config(&self) -> Vec<(usize, crate::Sample)> {
        let tracks = self.tracks.iter().enumerate();
        let without_config = tracks.filter(|(_, track)| track.track.config.is_empty());
        let first = |index: usize| {
            self.index.samples().iter().find(|sample| usize::from(sample.track_index) == index).copied()
        };
        without_config.filter_map(|(index, _)| Some((index, first(index)?))).collect()
    }
}

/// Reads the edit list (§8.6.6): what is left out at the start, and how much emptiness comes before. Further edits,
/// and the end of the first one, are not followed.
fn read_edits(trak: &[u8], timescale: u32, movie_timescale: u32) -> Result<TrackClock, Error> {
    let mut clock = TrackClock { timescale, media_time_ticks: 0, delay_micros: 0 };
    let Some(edts) = find(trak, b"edts")? else { return Ok(clock) };
    let Some(elst) = find(edts, b"elst")? else { return Ok(clock) };
    let (version, _, mut fields) = Fields::full(b"elst", elst)?;
    let count = fields.u32()?;
    for _ in 0..count {
        let duration = fields.u32_or_u64(version)?;
        let media_time = fields.u32_or_u64(version)?;
        fields.skip(4)?; // media_rate
        // -1 in the field's own size.
        let is_empty = media_time == if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
        if !is_empty {
            clock.media_time_ticks = i64::try_from(media_time).unwrap_or(i64::MAX);
            break;
        }
        let delay = Timestamp::from_ticks(i64::try_from(duration).unwrap_or(i64::MAX), movie_timescale);
        clock.delay_micros = clock.delay_micros.saturating_add(delay.as_micros());
    }
    Ok(clock)
}

/// More than any presentation has.
const TRACKS_MAX: usize = 64;

// The index within a kind has eight bits.
const _: () = assert!(TRACKS_MAX <= 256);
