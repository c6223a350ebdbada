//! Reading a transport stream of 188-byte packets. The first program is read; TS packets that carry anything else
//! are passed over.

use crate::Error;
use crate::elementary::{Elementary, Output, Times};
use crate::psi::{Sections, parse_pat, parse_pmt};
use crate::stream::{PACKET_BYTES, PID_PAT, StreamType};
use bytes::{Buf, BytesMut};
use media::{Packet, Timestamp, TrackId};

/// Turns bytes of a transport stream into packets.
///
/// Times are those on the wire, which start over every 26.5 hours. What is damaged is left out and counted, as a
/// stream that came over a lossy way must go on.
#[derive(Debug, Default)]
pub struct Demuxer {
    buffer: BytesMut,
    is_in_sync: bool,
    skipped_since_packet: usize,
    pat: Sections,
    pmt: Option<(u16, Sections)>,
    streams: Vec<Stream>,
    damage: Damage,
}

/// What was left out of a stream so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes between TS packets.
    pub skipped_bytes: u64,
    /// Times that a continuity counter jumped.
    pub gaps: u64,
    /// PES packets and audio frames that could not be read.
    pub dropped_units: u64,
}

#[derive(Debug)]
struct Stream {
    pid: u16,
    stream_type: StreamType,
    track_id: TrackId,
    elementary: Elementary,
    continuity: Option<u8>,
    discontinuity: bool,
    /// The PES packet that is being put together; empty when its start was not seen.
    pes: BytesMut,
}

impl Demuxer {
    /// At the start of a stream, or anywhere in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was left out so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Takes the next bytes and appends the packets they complete to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Packet>) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        while let Some(&first) = self.buffer.first() {
            if first != SYNC_BYTE {
                self.is_in_sync = false;
                self.skip_to_sync()?;
                continue;
            }
            if !self.is_in_sync {
                // One sync byte may be chance; where another packet follows it is not.
                match self.buffer.get(PACKET_BYTES) {
                    None => break,
                    Some(&SYNC_BYTE) => self.is_in_sync = true,
                    Some(_) => {
                        self.skip_to_sync()?;
                        continue;
                    }
                }
            }
            if self.buffer.len() < PACKET_BYTES {
                break;
            }
            let packet = self.buffer.split_to(PACKET_BYTES);
            self.skipped_since_packet = 0;
            self.take_packet(&packet, out)?;
        }
        Ok(())
    }

    /// The stream has ended: appends what was only waiting for its end.
    pub fn finish(&mut self, out: &mut Vec<Packet>) -> Result<(), Error> {
        if self.buffer.len() == PACKET_BYTES && self.buffer.first() == Some(&SYNC_BYTE) {
            let packet = self.buffer.split();
            self.take_packet(&packet, out)?;
        }
        for stream in &mut self.streams {
            stream.finish_pes(&mut self.damage, out);
        }
        Ok(())
    }

    fn skip_to_sync(&mut self) -> Result<(), Error> {
        let later = self.buffer.iter().skip(1).position(|&byte| byte == SYNC_BYTE);
        let skipped = later.map_or(self.buffer.len(), |at| at + 1);
        self.buffer.advance(skipped);
        self.damage.skipped_bytes = self.damage.skipped_bytes.saturating_add(skipped as u64);
        self.skipped_since_packet = self.skipped_since_packet.saturating_add(skipped);
        if self.skipped_since_packet > RESYNC_BYTES_MAX {
            let (value, max) = (self.skipped_since_packet as u64, RESYNC_BYTES_MAX as u64);
            return Err(Error::Limit {
                what: "bytes without a TS packet (ISO/IEC 13818-1 §2.4.3.2)",
                value,
                max,
            });
        }
        Ok(())
    }

    fn take_packet(&mut self, packet: &[u8], out: &mut Vec<Packet>) -> Result<(), Error> {
        let Some(packet) = TsPacket::parse(packet) else { return Ok(()) };
        if packet.pid == PID_PAT {
            let mut pmt_pid = None;
            self.pat.push(packet.payload, packet.is_unit_start, |section| {
                pmt_pid = parse_pat(section).or(pmt_pid);
            });
            if let Some(pid) = pmt_pid
                && self.pmt.as_ref().is_none_or(|(known, _)| *known != pid)
            {
                self.pmt = Some((pid, Sections::default()));
            }
            return Ok(());
        }
        if let Some((pid, sections)) = &mut self.pmt
            && *pid == packet.pid
        {
            let mut map = None;
            sections.push(packet.payload, packet.is_unit_start, |section| {
                map = parse_pmt(section).or(map.take());
            });
            return map.map_or(Ok(()), |map| self.set_map(&map, out));
        }
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.pid == packet.pid) {
            stream.take_packet(&packet, &mut self.damage, out);
        }
        Ok(())
    }

    /// Takes over a program map; streams that stay as they were go on.
    fn set_map(&mut self, map: &[(u16, StreamType)], out: &mut Vec<Packet>) -> Result<(), Error> {
        if map.len() > TRACKS_MAX {
            let (value, max) = (map.len() as u64, TRACKS_MAX as u64);
            return Err(Error::Limit { what: "number of tracks in a program map", value, max });
        }
        if map.iter().copied().eq(self.streams.iter().map(|stream| (stream.pid, stream.stream_type))) {
            return Ok(());
        }
        let mut old = std::mem::take(&mut self.streams);
        for &(pid, stream_type) in map {
            let kind = stream_type.codec().media_kind();
            let index = self.streams.iter().filter(|stream| stream.track_id.kind == kind).count();
            let track_id = TrackId { kind, index: index as u8 }; // below TRACKS_MAX
            let is_same = |stream: &Stream| {
                (stream.pid, stream.stream_type, stream.track_id) == (pid, stream_type, track_id)
            };
            self.streams.push(match old.iter().position(is_same) {
                Some(at) => old.swap_remove(at),
                None => Stream::new(pid, stream_type, track_id),
            });
        }
        for mut stream in old {
            stream.finish_pes(&mut self.damage, out);
        }
        Ok(())
    }
}

impl Stream {
    fn new(pid: u16, stream_type: StreamType, track_id: TrackId) -> Self {
        Self {
            pid,
            stream_type,
            track_id,
            elementary: Elementary::new(stream_type),
            continuity: None,
            discontinuity: false,
            pes: BytesMut::new(),
        }
    }

    fn take_packet(&mut self, packet: &TsPacket<'_>, damage: &mut Damage, out: &mut Vec<Packet>) {
        if packet.is_discontinuity {
            self.finish_pes(damage, out);
            self.discontinuity = true;
            self.continuity = None;
        }
        if !packet.has_payload {
            return;
        }
        match self.continuity {
            // A packet may be sent twice (§2.4.3.3).
            Some(last) if last == packet.continuity => return,
            Some(last) if (last + 1) & 0xf != packet.continuity => {
                damage.gaps = damage.gaps.saturating_add(1);
                self.pes.clear();
                self.elementary.reset();
            }
            _ => {}
        }
        self.continuity = Some(packet.continuity);
        if packet.is_unit_start {
            self.finish_pes(damage, out);
        } else if self.pes.is_empty() {
            return;
        }
        if self.pes.len() + packet.payload.len() > PES_BYTES_MAX {
            damage.dropped_units = damage.dropped_units.saturating_add(1);
            self.pes = BytesMut::new();
            return;
        }
        self.pes.extend_from_slice(packet.payload);
        if pes_bytes_stated(&self.pes).is_some_and(|stated| self.pes.len() >= stated) {
            self.finish_pes(damage, out);
        }
    }

    /// Hands on the PES packet that was put together.
    fn finish_pes(&mut self, damage: &mut Damage, out: &mut Vec<Packet>) {
        if self.pes.is_empty() {
            return;
        }
        let pes = self.pes.split();
        let Some((payload, times)) = parse_pes(&pes) else {
            damage.dropped_units = damage.dropped_units.saturating_add(1);
            return;
        };
        let mut output = Output {
            track_id: self.track_id,
            codec: self.stream_type.codec(),
            discontinuity: &mut self.discontinuity,
            packets: out,
            dropped: &mut damage.dropped_units,
        };
        self.elementary.push(payload, times, &mut output);
    }
}

/// A TS packet (§2.4.3.2) that can be used.
struct TsPacket<'a> {
    pid: u16,
    is_unit_start: bool,
    continuity: u8,
    is_discontinuity: bool,
    has_payload: bool,
    payload: &'a [u8],
}

impl<'a> TsPacket<'a> {
    /// `None` for packets that are damaged, scrambled or contradict themselves.
    fn parse(packet: &'a [u8]) -> Option<Self> {
        let (&[_, b1, b2, b3], mut payload) = packet.split_first_chunk()?;
        let (has_error, is_scrambled) = (b1 & 0x80 != 0, b3 & 0xc0 != 0);
        if has_error || is_scrambled {
            return None;
        }
        let (has_adaptation, has_payload) = (b3 & 0x20 != 0, b3 & 0x10 != 0);
        let mut is_discontinuity = false;
        if has_adaptation {
            let (&length, rest) = payload.split_first()?;
            let (adaptation, rest) = rest.split_at_checked(usize::from(length))?;
            is_discontinuity = adaptation.first().is_some_and(|flags| flags & 0x80 != 0);
            payload = rest;
        }
        Some(Self {
            pid: u16::from_be_bytes([b1, b2]) & 0x1fff,
            is_unit_start: b1 & 0x40 != 0,
            continuity: b3 & 0xf,
            is_discontinuity,
            has_payload,
            payload: if has_payload { payload } else { &[] },
        })
    }
}

/// How long a PES packet says it is, if it does.
fn pes_bytes_stated(pes: &[u8]) -> Option<usize> {
    let [0, 0, 1, _, high, low, ..] = *pes else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    (length > 0).then_some(6 + length)
}

/// The payload and times of a PES packet (§2.4.3.6).
fn parse_pes(pes: &[u8]) -> Option<(&[u8], Option<Times>)> {
    let pes = pes.get(..pes_bytes_stated(pes).unwrap_or(pes.len()))?;
    let (&[0, 0, 1, _, _, _, _, flags, header_bytes], rest) = pes.split_first_chunk()? else { return None };
    let (header, payload) = rest.split_at_checked(usize::from(header_bytes))?;
    let pts = if flags & 0x80 != 0 { header.first_chunk().map(read_time) } else { None };
    let dts =
        if flags & 0x40 != 0 { header.get(5..).and_then(<[u8]>::first_chunk).map(read_time) } else { None };
    let times = pts.map(|pts| {
        let dts = dts.unwrap_or(pts);
        // The clock may start over between the two.
        let offset = (pts - dts) << (64 - 33) >> (64 - 33);
        Times {
            pts: Timestamp::from_ticks(dts + offset, TIMESCALE),
            dts: Timestamp::from_ticks(dts, TIMESCALE),
        }
    });
    Some((payload, times))
}

/// 33 bits in five bytes.
fn read_time(&[b0, b1, b2, b3, b4]: &[u8; 5]) -> i64 {
    let high = i64::from(b0 >> 1 & 7) << 30;
    let middle = i64::from(u16::from_be_bytes([b1, b2]) >> 1) << 15;
    high | middle | i64::from(u16::from_be_bytes([b3, b4]) >> 1)
}

const SYNC_BYTE: u8 = 0x47;
const TIMESCALE: u32 = 90_000;
/// So much without a TS packet is not a transport stream.
const RESYNC_BYTES_MAX: usize = 64 * 1024;
/// Together with the next this bounds what a stream can make a reader hold.
const PES_BYTES_MAX: usize = 8 << 20;
const TRACKS_MAX: usize = 8;

#[cfg(test)]
mod tests;
