//! What a stored file says of itself: its tracks and where their samples are, without a byte of media.

use crate::boxes::FourCc;
use crate::fragments::TrackDefaults;
use crate::{Error, SampleTable};
use bytes::Bytes;
use media::{MediaKind, Timestamp, Track};
use std::ops::Range;

/// The tracks of a file and the places and times of all their samples, from its `moov` and, when it is fragmented, its
/// `moof` boxes. Read by an [`IndexReader`](crate::IndexReader).
#[derive(Debug)]
pub struct Index {
    /// The brands of the file, the major one first; empty when it states none.
    pub brands: Vec<FourCc>,
    /// Whether samples may be in fragments.
    pub is_fragmented: bool,
    /// Whether the file ends inside a box.
    pub is_cut_off: bool,
    /// Whether media stands in front of what says where it is, so that the file does not play while it is fetched.
    pub is_moov_last: bool,
    /// How many samples lie beyond the end of the file and so are in no track: not 0 when it was cut off.
    pub missing_samples: u64,
    /// Where titles, covers and the like are in the file (`udta` and `meta` of the movie), whole boxes.
    pub metadata: Vec<Range<u64>>,
    /// The tracks that can be read.
    pub tracks: Vec<StoredTrack>,
    /// The tracks that cannot be read.
    pub skipped: Vec<SkippedTrack>,
}

/// A track of a stored file.
#[derive(Debug)]
pub struct StoredTrack {
    /// Codec, decoder config and what it says; its id counts the tracks of a kind in the order of the file. The config
    /// of an MP3 track is that of its first frame, and empty when there is none.
    pub track: Track,
    /// `track_ID`.
    pub number: u32,
    /// Ticks per second of the times of its samples; never 0.
    pub timescale: u32,
    /// Which part of it is presented, and when.
    pub edit: Edit,
    /// ISO 639-2/T code of three letters, `und` when none is stated.
    pub language: [u8; 3],
    /// BCP 47 language tag (`elng`), which says more than three letters can.
    pub language_tag: Option<String>,
    /// How pictures are turned and scaled, as in `tkhd`.
    pub matrix: [u32; 9],
    /// Width and height that pictures are shown with, before the matrix, in 1/65536 of a pixel.
    pub display_size: (u32, u32),
    /// The sample entry's name, such as `avc1` or `hev1`.
    pub sample_entry: FourCc,
    /// The sample entry as it stood in the file, for writing it again; none when it is QuickTime's form.
    pub(crate) entry: Option<Bytes>,
    /// Its samples.
    pub samples: SampleTable,
    pub(crate) defaults: TrackDefaults,
    /// Decode time of the next fragment, if it does not say so itself.
    pub(crate) next_dts: i64,
    /// What is added to the decode times that fragments state.
    pub(crate) clock_shift: i64,
}

/// The edit list (ISO/IEC 14496-12 §8.6.6) as far as it is followed: emptiness, then one part of the media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What comes before the media, in ticks of the track.
    pub delay_ticks: i64,
    /// Where in the media the presented part begins, in ticks of the track: at frames an encoder needs to get going,
    /// or at the first picture when pictures are reordered.
    pub media_time_ticks: i64,
    /// How long the presented part is, in ticks of the track, when that is stated.
    pub duration_ticks: Option<i64>,
    /// Whether there are further edits, which are not followed.
    pub has_more: bool,
}

/// A track that was left out.
#[derive(Debug)]
pub struct SkippedTrack {
    /// `track_ID`.
    pub number: u32,
    /// The sample entry, which names the codec; four zeros when there is none.
    pub sample_entry: FourCc,
    /// What is wrong with it, when the codec is a known one.
    pub error: Option<Error>,
}

impl Index {
    /// When the presentation ends: the end of its longest track.
    pub fn end(&self) -> Timestamp {
        self.tracks.iter().map(StoredTrack::end).max().unwrap_or(Timestamp::ZERO)
    }

    /// The memory the index takes, roughly: its tables are most of it.
    pub fn memory_bytes(&self) -> usize {
        let of_track = |track: &StoredTrack| {
            let entry = track.entry.as_ref().map_or(0, Bytes::len);
            size_of::<StoredTrack>() + track.samples.memory_bytes() + track.track.config.len() + entry
        };
        size_of::<Self>()
            + self.tracks.iter().map(of_track).sum::<usize>()
            + self.skipped.len() * size_of::<SkippedTrack>()
            + self.metadata.len() * size_of::<Range<u64>>()
    }

    /// The first track with pictures, or else the first one: keyframes of it are where a viewer may begin.
    pub fn leader(&self) -> Option<usize> {
        let has_pictures = |track: &StoredTrack| track.track.id.kind == MediaKind::Video;
        let with_samples = |track: &StoredTrack| has_pictures(track) && !track.samples.is_empty();
        let found = self.tracks.iter().position(with_samples);
        found.or_else(|| self.tracks.iter().position(|track| !track.samples.is_empty()))
    }
}

impl StoredTrack {
    /// What an edit list adds to the track's own time, in ticks.
    pub fn edit_offset_ticks(&self) -> i64 {
        self.edit.delay_ticks.saturating_sub(self.edit.media_time_ticks)
    }

    /// Time of the presentation from the track's own, in ticks.
    pub fn time(&self, ticks: i64) -> Timestamp {
        Timestamp::from_ticks(ticks.saturating_add(self.edit_offset_ticks()), self.timescale)
    }

    /// The track's own time, in ticks, from that of the presentation.
    pub fn ticks(&self, time: Timestamp) -> i64 {
        time.to_ticks(self.timescale).saturating_sub(self.edit_offset_ticks())
    }

    /// When the track ends in the presentation.
    pub fn end(&self) -> Timestamp {
        let end_of_edit = self.edit.duration_ticks.unwrap_or(i64::MAX);
        let end = self.edit.media_time_ticks.saturating_add(end_of_edit);
        self.time(self.samples.end_pts().min(end))
    }

    /// The first sample that is decoded at `time` or later; the number of samples when there is none.
    pub fn first_from(&self, time: Timestamp) -> u32 {
        let guess = self.samples.at_or_before(self.ticks(time)).unwrap_or(0);
        // Rounding between clocks may be a tick off, and several samples may have one time.
        let mut first = guess.saturating_sub(1);
        let samples = self.samples.samples(first..u32::MAX);
        for sample in samples {
            if self.time(sample.dts) >= time {
                break;
            }
            first += 1;
        }
        first
    }

    /// The codec string (RFC 6381), which begins with the name of the sample entry where that tells something: decoder
    /// configs in the pictures themselves (`avc3`, `hev1`).
    pub fn codec_string(&self) -> String {
        let string = self.track.codec_string();
        let rest = match &self.sample_entry.0 {
            b"avc3" => string.strip_prefix("avc1"),
            b"hev1" => string.strip_prefix("hvc1"),
            _ => None,
        };
        rest.map_or(string.clone(), |rest| format!("{}{rest}", self.sample_entry))
    }
}

/// Samples of all tracks of a file: ten hours of 60 pictures per second and sound, whose index takes some 64 MiB.
const SAMPLES_MAX: u64 = 1 << 22;

/// What is left of the limits on a file.
#[derive(Debug)]
pub(crate) struct Room {
    file_bytes: u64,
    samples: u64,
    pub(crate) missing: u64,
}

impl Room {
    pub(crate) fn new(file_bytes: u64) -> Self {
        Self { file_bytes, samples: 0, missing: 0 }
    }

    /// Takes room for samples before anything is done for each of them. A file that has no byte for each sample only
    /// claims to have so many.
    pub(crate) fn take(&mut self, samples: u32) -> Result<(), Error> {
        self.samples = self.samples.saturating_add(u64::from(samples));
        let max = SAMPLES_MAX.min(self.file_bytes);
        if self.samples > max {
            return Err(Error::Limit { what: "number of samples in a file", value: self.samples, max });
        }
        Ok(())
    }

    /// Adds a sample that the file has all bytes of, and counts the others.
    pub(crate) fn add(&mut self, samples: &mut SampleTable, sample: crate::Sample) {
        if sample.range().end > self.file_bytes {
            self.missing = self.missing.saturating_add(1);
        } else {
            samples.push(sample);
        }
    }
}

/// `value / from * to`, with `from` and `to` ticks per second, rounded to the nearest; saturates. 0 when `from` is 0.
pub(crate) fn rescale(value: u64, from: u32, to: u32) -> i64 {
    let half = u128::from(from) / 2;
    let scaled = (u128::from(value) * u128::from(to) + half).checked_div(u128::from(from)).unwrap_or(0);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}
