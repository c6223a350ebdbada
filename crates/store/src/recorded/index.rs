//! The index of a recording as text: checked lines.
//!
//! A line is a checksum (FNV-1a, 8 hexadecimal digits), a space and one of
//!
//! - `init {id} {bytes} {track}:{codec}:{timescale}:{width}x{height}:{config}:{bytes} …`, byte strings in hexadecimal;
//! - `segment {sequence} {init} {start_us} {duration_us} {wall_ms} {flags} {tracks} {runs}`: flags are `i` for a start
//!   that can be decoded and `d` for one that does not join up, else `-`; tracks `{track}:{start}:{duration}` in ticks,
//!   runs `{which of the tracks}:{bytes}`, both with commas.
//!
//! What cannot be read, such as a line that was cut off, is left out.

use super::{LogEntry, Recorded, RecordedLog, Run};
use crate::name::{TrackName, parse_track};
use crate::{Init, Segment, TrackInit, TrackSpan};
use bytes::Bytes;
use media::{Codec, Timestamp, Track, TrackInfo};
use packaging::Span;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// What a part of the index is called.
pub fn index_part_name(number: u64) -> String {
    format!("index-{number}")
}

/// Lines of a part. A part is written again with each line, so it is short; a recording of a day has a few hundred.
const PART_LINES: usize = 256;
/// Two decoder configs at their largest, each also in an init segment, in hexadecimal, twice.
const LINE_BYTES_MAX: usize = 1 << 20;
/// A week of segments of a second.
const SEGMENTS_MAX: usize = 7 * 86_400;
/// Packagers take two.
const TRACKS_MAX: usize = 16;
/// A segment of `hls.segment_max_ms` has a run per track and half second.
const RUNS_MAX: usize = 4096;
/// Times beyond are none of a stream; sums with them stay within 64 bits.
const TIME_US_MAX: i64 = 1 << 60;

/// Writes the index along with the segments.
#[derive(Debug, Default)]
pub struct IndexWriter {
    number: u64,
    text: String,
    lines: usize,
    /// What the last segment needed.
    init: Option<Arc<Init>>,
}

impl IndexWriter {
    /// Goes on behind the parts before `number`.
    pub fn from_part(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// Adds a segment whose object is complete.
    pub fn add(&mut self, segment: &LogEntry) {
        if self.lines >= PART_LINES {
            self.number += 1;
            self.text.clear();
            self.lines = 0;
        }
        if self.init.as_ref().is_none_or(|init| init.id != segment.init.id) {
            self.push(&init_line(&segment.init));
            self.init = Some(segment.init.clone());
        }
        self.push(&segment_line(segment));
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// The part that changed last: its name and all of it.
    pub fn part(&self) -> (String, Bytes) {
        (index_part_name(self.number), Bytes::copy_from_slice(self.text.as_bytes()))
    }

    fn push(&mut self, line: &str) {
        put_checked(&mut self.text, line);
        self.lines += 1;
    }
}

impl LogEntry {
    /// The entry and what it needs as lines of an index of its own.
    pub fn to_index(&self) -> String {
        let mut text = String::new();
        put_checked(&mut text, &init_line(&self.init));
        put_checked(&mut text, &segment_line(self));
        text
    }
}

impl RecordedLog {
    /// Reads the parts of an index, in order. Their init segments are shared, also with those behind in another part.
    pub fn from_index<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut log = Self::default();
        let mut inits: Vec<Arc<Init>> = Vec::new();
        for line in parts.into_iter().flat_map(|part| part.split_inclusive(|&byte| byte == b'\n')) {
            let Some(line) = checked(line) else { continue };
            if let Some(init) = line.strip_prefix("init ").and_then(read_init) {
                if !inits.iter().any(|known| known.id == init.id) {
                    inits.push(Arc::new(init));
                }
            } else if let Some(rest) = line.strip_prefix("segment ")
                && log.segments.len() < SEGMENTS_MAX
            {
                // One that cannot be read is a gap like any other.
                let _ = read_segment(rest, &inits, &mut log);
            }
        }
        log
    }
}

pub(super) fn put_checked(text: &mut String, line: &str) {
    // Writing into a string does not fail.
    let _ = writeln!(text, "{:08x} {line}", checksum(line.as_bytes()));
}

/// The line behind a checksum that fits it.
fn checked(line: &[u8]) -> Option<&str> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, line) = line.split_once(' ')?;
    (sum.len() == 8 && u32::from_str_radix(sum, 16).ok()? == checksum(line.as_bytes())).then_some(line)
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn init_line(init: &Init) -> String {
    let mut line = format!("init {} {}", init.id, Hex(&init.bytes));
    for track in &init.tracks {
        let (width, height) = match &track.track.info {
            TrackInfo::Video(video) => (video.width, video.height),
            TrackInfo::Audio(_) => (0, 0),
        };
        let _ = write!(
            line,
            " {}:{}:{}:{width}x{height}:{}:{}",
            TrackName(track.track.id),
            track.track.codec,
            track.timescale,
            Hex(&track.track.config),
            Hex(&track.bytes)
        );
    }
    line
}

fn read_init(text: &str) -> Option<Init> {
    let mut fields = text.split(' ');
    let id = fields.next()?.parse().ok()?;
    let bytes = unhex(fields.next()?)?;
    let tracks: Vec<_> = fields.take(TRACKS_MAX).map(read_track_init).collect::<Option<_>>()?;
    (!tracks.is_empty()).then_some(Init { id, tracks, bytes })
}

fn read_track_init(text: &str) -> Option<TrackInit> {
    let mut fields = text.split(':');
    let track_id = parse_track(fields.next()?)?;
    let name = fields.next()?;
    let codec = CODECS.into_iter().find(|codec| codec.to_string() == name)?;
    let timescale: u32 = fields.next()?.parse().ok().filter(|&timescale| timescale > 0)?;
    let (width, height) = fields.next()?.split_once('x')?;
    let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
    let mut track = Track::from_config(track_id, codec, unhex(fields.next()?)?).ok()?;
    if let TrackInfo::Video(video) = &mut track.info {
        (video.width, video.height) = (width, height);
    }
    let bytes = unhex(fields.next()?)?;
    Some(TrackInit { codec_string: track.codec_string(), track, timescale, bytes })
}

fn segment_line(segment: &LogEntry) -> String {
    let Segment { sequence, span, wall_time_ms, init, media, .. } = segment;
    let mut line = format!(
        "segment {sequence} {} {} {} {wall_time_ms} {}",
        init.id,
        span.start.as_micros(),
        span.duration.as_micros(),
        match (span.independent, span.discontinuity) {
            (true, true) => "id",
            (true, false) => "i",
            (false, true) => "d",
            (false, false) => "-",
        }
    );
    let comma = |at: usize| if at == 0 { ' ' } else { ',' };
    for (at, track) in media.tracks.iter().enumerate() {
        let name = TrackName(track.track_id);
        let _ = write!(line, "{}{name}:{}:{}", comma(at), track.start_ticks, track.duration_ticks);
    }
    for (at, run) in media.runs.iter().enumerate() {
        let which = media.tracks.iter().position(|track| track.track_id == run.track_id);
        let _ = write!(line, "{}{}:{}", comma(at), which.unwrap_or(0), run.bytes);
    }
    line
}

fn read_segment(text: &str, inits: &[Arc<Init>], log: &mut RecordedLog) -> Option<()> {
    let mut fields = text.split(' ');
    let sequence = fields.next()?.parse().ok()?;
    let init_id: u64 = fields.next()?.parse().ok()?;
    let init = inits.iter().find(|init| init.id == init_id)?.clone();
    let start_us: i64 =
        fields.next()?.parse().ok().filter(|start| (-TIME_US_MAX..TIME_US_MAX).contains(start))?;
    let duration_us: u64 =
        fields.next()?.parse().ok().filter(|&duration| duration < TIME_US_MAX.unsigned_abs())?;
    let wall_time_ms = fields.next()?.parse().ok()?;
    let flags = fields.next()?;
    let tracks = fields.next()?.split(',').take(TRACKS_MAX).map(read_track_span);
    let tracks: Box<[TrackSpan]> = tracks.collect::<Option<_>>()?;
    let runs = fields.next()?.split(',').take(RUNS_MAX).map(|run| {
        let (which, bytes) = run.split_once(':')?;
        let track = tracks.get(which.parse::<usize>().ok()?)?;
        Some(Run { track_id: track.track_id, bytes: bytes.parse().ok()? })
    });
    let runs = runs.collect::<Option<_>>()?;
    let span = Span {
        start: Timestamp::from_micros(start_us),
        duration: Duration::from_micros(duration_us),
        independent: flags.contains('i'),
        discontinuity: flags.contains('d'),
    };
    let entry = log.place(sequence, span, wall_time_ms, init, Recorded { tracks, runs })?;
    log.push(entry);
    Some(())
}

fn read_track_span(text: &str) -> Option<TrackSpan> {
    let mut fields = text.split(':');
    let track_id = parse_track(fields.next()?)?;
    let (start_ticks, duration_ticks) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TrackSpan { track_id, start_ticks, duration_ticks })
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(text: &str) -> Option<Bytes> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().map(Bytes::from)
}

const CODECS: [Codec; 11] = [
    Codec::H264,
    Codec::H265,
    Codec::Av1,
    Codec::Vp8,
    Codec::Vp9,
    Codec::Aac,
    Codec::Mp3,
    Codec::Opus,
    Codec::Flac,
    Codec::Ac3,
    Codec::Eac3,
];
