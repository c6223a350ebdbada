//! Media files as packets: FLV, MP4 and MPEG-TS, told apart by their first bytes.

use flv::{BodyDemuxer, TagType};
use media::{Metadata, Packet, Timestamp};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Flv,
    Mp4,
    MpegTs,
}

/// Why a file gives no packets.
#[derive(Debug, thiserror::Error)]
pub(super) enum MediaFileError {
    #[error("cannot be read")]
    Io(#[from] std::io::Error),
    #[error("is empty")]
    Empty,
    #[error("is {0}; expected FLV, MP4 or MPEG-TS")]
    Unknown(&'static str),
    #[error("cannot be read as FLV")]
    Flv(#[from] flv::Error),
    #[error("cannot be read as MP4")]
    Mp4(#[from] mp4::Error),
    #[error("cannot be read as MPEG-TS")]
    MpegTs(#[from] mpegts::Error),
}

/// Bytes that are looked at to tell containers apart: two TS packets, the first of which may have begun before.
const SNIFF_BYTES: usize = 3 * TS_PACKET_BYTES;
const TS_PACKET_BYTES: usize = 188;
const READ_BYTES: usize = 256 << 10;
/// A keyframe of 8K video is a few megabytes.
const TAG_BYTES_MAX: usize = 0xff_ffff;
/// When the clocks of FLV and MPEG-TS start over, in microseconds.
const FLV_CLOCK_MICROS: i64 = (1 << 32) * 1000;
const TS_CLOCK_MICROS: i64 = (1i64 << 33) * 100 / 9;

impl Container {
    /// What begins like this; an error names what it may be instead.
    pub(super) fn sniff(head: &[u8]) -> Result<Self, MediaFileError> {
        if head.is_empty() {
            return Err(MediaFileError::Empty);
        }
        if head.starts_with(b"FLV") {
            return Ok(Self::Flv);
        }
        // ISO/IEC 14496-12 §4.2: a size, then the kind of the box.
        if let Some(b"ftyp" | b"styp" | b"moov" | b"moof" | b"mdat" | b"free" | b"skip" | b"wide" | b"sidx") =
            head.get(4..8)
        {
            return Ok(Self::Mp4);
        }
        if is_ts(head) {
            return Ok(Self::MpegTs);
        }
        let known: [(&[u8], &str); 10] = [
            (b"#EXTM3U", "an HLS playlist (give the address of one of its segments)"),
            (b"<MPD", "a DASH manifest (give the address of one of its segments)"),
            (b"<?xml", "XML, perhaps a DASH manifest (give the address of one of its segments)"),
            (b"\x1aE\xdf\xa3", "Matroska or WebM"),
            (b"OggS", "Ogg"),
            (b"RIFF", "AVI or WAV"),
            (b"ID3", "bare MP3"),
            (b"\0\0\0\x01", "bare H.264 or H.265"),
            (b"<", "a page of text"),
            (b"{", "JSON"),
        ];
        let name = known.iter().find(|(start, _)| head.starts_with(start)).map(|(_, name)| *name);
        Err(MediaFileError::Unknown(name.unwrap_or("of an unknown kind")))
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Flv => "FLV",
            Self::Mp4 => "MP4",
            Self::MpegTs => "MPEG-TS",
        }
    }
}

/// Whether sync bytes stand in a row; one alone may be chance (ISO/IEC 13818-1 §2.4.3.2).
fn is_ts(head: &[u8]) -> bool {
    let is_row = |first: usize| head.iter().skip(first).step_by(TS_PACKET_BYTES).all(|byte| *byte == 0x47);
    head.len() >= 2 * TS_PACKET_BYTES && (0..TS_PACKET_BYTES).any(is_row)
}

/// The packets of a file in the order of the file, those of an MP4 by decode time. Their clock does not start over.
pub(super) struct MediaFile<R> {
    source: Source<R>,
    queue: VecDeque<Packet>,
    clock: Option<Clock>,
}

enum Source<R> {
    Flv { input: R, tags: flv::Demuxer, bodies: BodyDemuxer, found: Vec<Packet> },
    Mp4(Box<mp4::Reader<R>>),
    MpegTs { input: R, demuxer: Box<mpegts::Demuxer>, found: Vec<Packet>, is_over: bool },
}

impl MediaFile<BufReader<File>> {
    /// Opens the file at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, MediaFileError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read + Seek> MediaFile<R> {
    pub(super) fn new(mut input: R) -> Result<Self, MediaFileError> {
        let mut head = Vec::new();
        input.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
        input.seek(SeekFrom::Start(0))?;
        let clock = |period_micros| Some(Clock { period_micros, last_micros: None });
        let (source, clock) = match Container::sniff(&head)? {
            Container::Flv => {
                let tags = flv::Demuxer::new(TAG_BYTES_MAX);
                (
                    Source::Flv { input, tags, bodies: BodyDemuxer::new(), found: Vec::new() },
                    clock(FLV_CLOCK_MICROS),
                )
            }
            Container::Mp4 => (Source::Mp4(Box::new(mp4::Reader::open(input)?)), None),
            Container::MpegTs => {
                let demuxer = Box::default();
                (Source::MpegTs { input, demuxer, found: Vec::new(), is_over: false }, clock(TS_CLOCK_MICROS))
            }
        };
        Ok(Self { source, queue: VecDeque::new(), clock })
    }

    pub(super) fn container(&self) -> Container {
        match self.source {
            Source::Flv { .. } => Container::Flv,
            Source::Mp4(_) => Container::Mp4,
            Source::MpegTs { .. } => Container::MpegTs,
        }
    }

    /// What the file's encoder said of it, as far as it was read.
    pub(super) fn metadata(&self) -> Option<&Metadata> {
        match &self.source {
            Source::Flv { bodies, .. } => bodies.metadata(),
            _ => None,
        }
    }

    /// What an MP4 file says of itself.
    pub(super) fn mp4(&self) -> Option<&mp4::Reader<R>> {
        match &self.source {
            Source::Mp4(reader) => Some(reader),
            _ => None,
        }
    }

    /// What was left out of a transport stream.
    pub(super) fn damage(&self) -> Option<mpegts::Damage> {
        match &self.source {
            Source::MpegTs { demuxer, .. } => Some(demuxer.damage()),
            _ => None,
        }
    }

    /// The next packet; `None` at the end. A file that is cut off ends there.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, MediaFileError> {
        while self.queue.is_empty() {
            let goes_on = match &mut self.source {
                Source::Mp4(reader) => return Ok(reader.next_packet()?),
                Source::Flv { input, tags, bodies, found } => read_flv(input, tags, bodies, found)?,
                Source::MpegTs { is_over: true, .. } => false,
                Source::MpegTs { input, demuxer, found, is_over } => {
                    let bytes = read_some(input)?;
                    *is_over = bytes.is_empty();
                    if *is_over {
                        demuxer.finish(found)?;
                    } else {
                        demuxer.push(&bytes, found)?;
                    }
                    true
                }
            };
            if let Source::Flv { found, .. } | Source::MpegTs { found, .. } = &mut self.source {
                for mut packet in found.drain(..) {
                    if let Some(clock) = &mut self.clock {
                        clock.unwrap(&mut packet);
                    }
                    self.queue.push_back(packet);
                }
            }
            if !goes_on {
                break;
            }
        }
        Ok(self.queue.pop_front())
    }
}

fn read_flv(
    input: &mut impl Read,
    tags: &mut flv::Demuxer,
    bodies: &mut BodyDemuxer,
    found: &mut Vec<Packet>,
) -> Result<bool, MediaFileError> {
    let bytes = read_some(input)?;
    tags.push(&bytes);
    while let Some(tag) = tags.poll_tag()? {
        match bodies.demux(tag.tag_type, tag.timestamp_ms, tag.body, found) {
            // The file's other tracks can be read. Script data may be anything.
            Ok(_) | Err(flv::Error::UnsupportedCodec { .. }) => {}
            Err(_) if tag.tag_type == TagType::Script => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(!bytes.is_empty())
}

fn read_some(input: &mut impl Read) -> Result<Vec<u8>, std::io::Error> {
    let mut bytes = vec![0; READ_BYTES];
    loop {
        match input.read(&mut bytes) {
            Ok(count) => {
                bytes.truncate(count);
                return Ok(bytes);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes a clock that starts over go on.
struct Clock {
    period_micros: i64,
    last_micros: Option<i64>,
}

impl Clock {
    fn unwrap(&mut self, packet: &mut Packet) {
        let wire = packet.dts.as_micros();
        let composition = packet.pts.micros_since(packet.dts);
        let micros = match self.last_micros {
            // As many periods later as brings it next to the packet before.
            Some(last) => {
                let periods = (last - wire + self.period_micros / 2).div_euclid(self.period_micros);
                wire + periods * self.period_micros
            }
            None => wire,
        };
        self.last_micros = Some(micros);
        packet.dts = Timestamp::from_micros(micros);
        packet.pts = Timestamp::from_micros(micros + composition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::{Codec, PacketKind, TrackId};

    #[test]
    fn containers_are_told_by_their_first_bytes() {
        let mut ts = vec![0xff; SNIFF_BYTES];
        ts.iter_mut().step_by(TS_PACKET_BYTES).for_each(|byte| *byte = 0x47);
        assert_eq!(Container::sniff(&ts).unwrap(), Container::MpegTs);
        assert_eq!(Container::sniff(&ts[100..]).unwrap(), Container::MpegTs);
        assert_eq!(Container::sniff(b"FLV\x01").unwrap(), Container::Flv);
        assert_eq!(Container::sniff(b"\0\0\0\x1cftypiso5").unwrap(), Container::Mp4);
        for (head, said) in [
            (&b"#EXTM3U\n"[..], "HLS"),
            (b"\x1aE\xdf\xa3", "Matroska"),
            (b"<!DOCTYPE html>", "page"),
            (b"", "empty"),
            (b"Go to 47 G G G", "unknown"),
        ] {
            let error = Container::sniff(head).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_clock_that_starts_over_goes_on_in_both_directions() {
        let mut clock = Clock { period_micros: FLV_CLOCK_MICROS, last_micros: None };
        let mut at = |wire_ms: u32| {
            let dts = Timestamp::from_millis(wire_ms.into());
            let mut packet = Packet {
                track_id: TrackId::VIDEO,
                codec: Codec::H264,
                kind: PacketKind::Frame,
                dts,
                pts: Timestamp::from_micros(dts.as_micros() + 40_000),
                discontinuity: false,
                payload: bytes::Bytes::new(),
            };
            clock.unwrap(&mut packet);
            assert_eq!(packet.pts.micros_since(packet.dts), 40_000);
            packet.dts.as_millis()
        };
        assert_eq!(at(u32::MAX), (1 << 32) - 1);
        assert_eq!(at(39), (1 << 32) + 39);
        assert_eq!(at(u32::MAX), (1 << 32) - 1);
    }
}
