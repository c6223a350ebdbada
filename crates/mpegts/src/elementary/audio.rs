//! AAC in ADTS, MP3, AC-3 and E-AC-3: streams of frames that say their own length, and may lie across PES packets.

use super::{Output, Times};
use bytes::{Buf, Bytes, BytesMut};
use media::aac::AdtsHeader;
use media::ac3::{self, Kind, SyncFrame};
use media::mp3::{self, FrameHeader};
use media::{Codec, Error, PacketKind, Timestamp};

/// A frame that was begun, and when the next one is due.
#[derive(Debug, Default)]
pub(crate) struct AudioStream {
    rest: BytesMut,
    clock: Option<FrameClock>,
    config: Bytes,
    mp3_format: Option<FrameHeader>,
}

/// Counts samples from the last time a PES packet stated.
#[derive(Clone, Copy, Debug)]
struct FrameClock {
    stated: Timestamp,
    samples: u64,
    sample_rate: u32,
}

impl FrameClock {
    fn now(self) -> Timestamp {
        let ticks = i64::try_from(self.samples).unwrap_or(i64::MAX);
        let since = Timestamp::from_ticks(ticks, self.sample_rate);
        Timestamp::from_micros(self.stated.as_micros().saturating_add(since.as_micros()))
    }

    fn advance(&mut self, samples: u32, sample_rate: u32) {
        if self.sample_rate != sample_rate {
            *self = Self { stated: self.now(), samples: 0, sample_rate };
        }
        self.samples = self.samples.saturating_add(u64::from(samples));
    }
}

/// What the header at the start of some bytes says.
struct Frame {
    header_bytes: usize,
    frame_bytes: usize,
    samples: u32,
    sample_rate: u32,
    /// Belongs to the frame before it, as further substreams of E-AC-3 do.
    is_continuation: bool,
}

impl AudioStream {
    pub(super) fn reset(&mut self) {
        self.rest.clear();
    }

    pub(super) fn push(&mut self, payload: &[u8], times: Option<Times>, out: &mut Output<'_>) {
        // The time is that of the first frame that begins in this PES packet (§2.4.3.7).
        let mut before = self.rest.len();
        let mut stated = times.map(|times| times.pts);
        self.rest.extend_from_slice(payload);
        loop {
            if before == 0
                && let Some(stated) = stated.take()
            {
                self.clock = Some(FrameClock { stated, samples: 0, sample_rate: 1 });
            }
            let taken = match self.next_unit(out.codec) {
                Ok(Some((unit_bytes, first))) => {
                    let unit = self.rest.split_to(unit_bytes);
                    self.emit(&unit, &first, out);
                    unit_bytes
                }
                Ok(None) => break,
                Err(_) => {
                    out.drop_unit();
                    let skipped = bytes_to_sync(out.codec, &self.rest);
                    self.rest.advance(skipped);
                    skipped
                }
            };
            before = before.saturating_sub(taken);
        }
        if self.rest.len() > FRAME_BYTES_MAX {
            self.rest.clear();
        }
    }

    /// The size of the unit at the start, and its first frame; `None` when it is not whole.
    fn next_unit(&self, codec: Codec) -> Result<Option<(usize, Frame)>, Error> {
        let Some(first) = read_frame(codec, &self.rest)? else { return Ok(None) };
        if self.rest.len() < first.frame_bytes {
            return Ok(None);
        }
        let mut unit_bytes = first.frame_bytes;
        // Further substreams stand in the same PES packet as the one they belong to.
        while codec == Codec::Eac3
            && let Some(next) = self.rest.get(unit_bytes..)
            && let Ok(Some(frame)) = read_frame(codec, next)
            && frame.is_continuation
            && next.len() >= frame.frame_bytes
        {
            unit_bytes += frame.frame_bytes;
        }
        Ok(Some((unit_bytes, first)))
    }

    fn emit(&mut self, unit: &[u8], first: &Frame, out: &mut Output<'_>) {
        // Before the first time there is nothing to count from.
        let Some(mut clock) = self.clock else { return out.drop_unit() };
        let now = clock.now();
        clock.advance(first.samples, first.sample_rate);
        self.clock = Some(clock);
        let times = Times { pts: now, dts: now };
        match self.read_config(out.codec, unit) {
            Ok(Some(config)) => out.push_config(&mut self.config, config, times),
            Ok(None) => {}
            Err(_) => return out.drop_unit(),
        }
        let payload = unit.get(first.header_bytes..).unwrap_or_default();
        out.push(PacketKind::Frame, times, Bytes::copy_from_slice(payload));
    }

    /// The decoder config a unit belongs to; `None` when it surely is the last one.
    fn read_config(&mut self, codec: Codec, unit: &[u8]) -> Result<Option<Bytes>, Error> {
        match codec {
            Codec::Mp3 => {
                // The header is the config, but its bit rate and padding differ from frame to frame.
                let header = FrameHeader::parse(unit)?;
                let is_same = |(old, new): (&FrameHeader, &FrameHeader)| new.is_same_format(old);
                if self.mp3_format.as_ref().zip(header.as_ref()).is_some_and(is_same) {
                    return Ok(None);
                }
                self.mp3_format = header;
                mp3::config_of(unit).map(Some)
            }
            Codec::Ac3 => ac3::ac3_config_of(unit).map(Some),
            Codec::Eac3 => {
                // The first 13 bits are the bit rate, which differs from unit to unit.
                let config = ac3::eac3_config_of(unit)?;
                let is_same = !self.config.is_empty() && config.get(2..) == self.config.get(2..);
                Ok((!is_same).then_some(config))
            }
            _ => AdtsHeader::parse(unit)?
                .map(|header| header.config().map(|config| config.to_bytes()))
                .transpose(),
        }
    }
}

/// Reads the frame header that bytes begin with; `None` when it is not whole.
fn read_frame(codec: Codec, bytes: &[u8]) -> Result<Option<Frame>, Error> {
    match codec {
        Codec::Mp3 => Ok(FrameHeader::parse(bytes)?.map(|header| Frame {
            header_bytes: 0,
            frame_bytes: header.frame_bytes,
            samples: header.samples_per_frame(),
            sample_rate: header.sample_rate,
            is_continuation: false,
        })),
        Codec::Ac3 | Codec::Eac3 => {
            if bytes.len() < ac3::HEADER_BYTES_MAX {
                return Ok(None);
            }
            let frame = SyncFrame::parse(bytes)?;
            let is_continuation = matches!(frame.kind, Kind::Eac3 { is_dependent, substream, .. } if is_dependent || substream != 0);
            Ok(Some(Frame {
                header_bytes: 0,
                frame_bytes: frame.frame_bytes,
                samples: frame.samples,
                sample_rate: frame.sample_rate,
                is_continuation,
            }))
        }
        _ => {
            let Some(header) = AdtsHeader::parse(bytes)? else { return Ok(None) };
            if header.block_count != 1 {
                return Err(Error::Invalid {
                    what: "number_of_raw_data_blocks_in_frame of an ADTS header",
                    value: u64::from(header.block_count),
                    expected: "1",
                    section: "ISO/IEC 14496-3 §1.A.2.2.1",
                });
            }
            Ok(Some(Frame {
                header_bytes: header.header_bytes,
                frame_bytes: header.frame_bytes,
                samples: 1024,
                sample_rate: header.sample_rate,
                is_continuation: false,
            }))
        }
    }
}

/// How many bytes to pass over to the next two frames in a row; all, if there are none. One header alone is often
/// chance: coded sound looks like anything, and the same stream types carry layers I and II, which are not read.
fn bytes_to_sync(codec: Codec, bytes: &[u8]) -> usize {
    let is_sync = |at: &usize| {
        let Some(Ok(Some(first))) = bytes.get(*at..).map(|bytes| read_frame(codec, bytes)) else {
            return false;
        };
        let second = bytes.get(at.saturating_add(first.frame_bytes)..).map(|bytes| read_frame(codec, bytes));
        matches!(second, Some(Ok(Some(second))) if second.sample_rate == first.sample_rate)
    };
    (1..bytes.len()).find(is_sync).unwrap_or(bytes.len())
}

/// More than the longest frame of any of the codecs with its further substreams.
const FRAME_BYTES_MAX: usize = 64 * 1024;
