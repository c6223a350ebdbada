//! Writing a transport stream.

use crate::Error;
use crate::format::Format;
use crate::pes::{Adaptation, PesHeader, PesWriter, put_pcr_packet};
use crate::stream::{PID_NULL, StreamType, pid, stream_id};
use crate::tables::{put_pat, put_pmt};
use bytes::BytesMut;
use media::{Codec, MediaKind, Packet, Timestamp, Track, TrackId};

/// Whether packets of this codec can be written.
pub fn supports(codec: Codec) -> bool {
    match codec {
        Codec::H264 | Codec::H265 | Codec::Aac | Codec::Mp3 | Codec::Ac3 | Codec::Eac3 => true,
        Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Opus | Codec::Flac | Codec::ScriptData => false,
    }
}

/// Turns the packets of a stream into TS packets.
///
/// Its output is one continuous transport stream: cut anywhere between two calls, it gives segments that join up.
/// Players can begin at [`tables`](Self::tables) and at every keyframe, before which the tables are repeated.
#[derive(Debug, Default)]
pub struct Muxer {
    streams: Vec<Stream>,
    pcr_pid: u16,
    pat_continuity: u8,
    pmt_continuity: u8,
    pmt_version: u8,
    /// Decode time of the packet before which the tables were last written.
    tables_at: Option<Timestamp>,
    /// Whether nothing was written since the tables.
    is_after_tables: bool,
    /// The last clock value written, in ticks of 90 kHz.
    pcr: Option<i64>,
}

#[derive(Debug)]
struct Stream {
    track_id: TrackId,
    codec: Codec,
    stream_type: StreamType,
    pid: u16,
    continuity: u8,
    format: Format,
}

impl Stream {
    fn carries(&self, packet: &Packet) -> bool {
        (self.track_id, self.codec) == (packet.track_id, packet.codec)
    }

    fn mapping(&self) -> (u16, StreamType) {
        (self.pid, self.stream_type)
    }
}

impl Muxer {
    /// For a stream of these tracks. The clock is that of the first video track, or of the first track.
    pub fn new(tracks: &[Track]) -> Result<Self, Error> {
        let mut muxer = Self::default();
        muxer.set_tracks(tracks)?;
        Ok(muxer)
    }

    /// Goes on with other tracks, or other codecs: players see a new version of the program map.
    pub fn set_tracks(&mut self, tracks: &[Track]) -> Result<(), Error> {
        if tracks.len() > TRACKS_MAX {
            let (value, max) = (tracks.len() as u64, TRACKS_MAX as u64);
            return Err(Error::Limit { what: "number of tracks in a transport stream", value, max });
        }
        let mut streams = Vec::with_capacity(tracks.len());
        for track in tracks {
            let stream_type = StreamType::of(track).ok_or(Error::Unsupported(track.codec))?;
            let pid = pid(track.id);
            let continuity = self.streams.iter().find(|old| old.pid == pid).map_or(0, |old| old.continuity);
            let (track_id, codec) = (track.id, track.codec);
            let format = Format::new(codec, &track.config)?;
            streams.push(Stream { track_id, codec, stream_type, pid, continuity, format });
        }
        let clock =
            streams.iter().find(|stream| stream.track_id.kind == MediaKind::Video).or(streams.first());
        let pcr_pid = clock.map_or(PID_NULL, |stream| stream.pid);
        let is_same_map = pcr_pid == self.pcr_pid
            && streams.iter().map(Stream::mapping).eq(self.streams.iter().map(Stream::mapping));
        if !is_same_map && !self.streams.is_empty() {
            self.pmt_version = (self.pmt_version + 1) % PMT_VERSIONS;
            self.tables_at = None;
            self.is_after_tables = false;
        }
        self.streams = streams;
        self.pcr_pid = pcr_pid;
        Ok(())
    }

    /// Appends the program association and the program map, as a segment begins.
    pub fn tables(&mut self, out: &mut BytesMut) {
        put_pat(out, &mut self.pat_continuity);
        let streams = self.streams.iter().map(Stream::mapping);
        put_pmt(out, &mut self.pmt_continuity, self.pmt_version, self.pcr_pid, streams);
        self.is_after_tables = true;
    }

    /// Appends a packet, and before it the tables and the clock when it is time for them. A decoder config is kept
    /// for the packets that follow. After an error nothing was appended.
    pub fn write(&mut self, packet: &Packet, out: &mut BytesMut) -> Result<(), Error> {
        let unknown = Error::UnknownTrack(packet.track_id);
        let stream = self.streams.iter_mut().find(|stream| stream.carries(packet)).ok_or(unknown.clone())?;
        if packet.is_config() {
            stream.format = Format::new(packet.codec, &packet.payload)?;
            return Ok(());
        }
        let is_clock = stream.pid == self.pcr_pid;
        let payload_bytes = stream.format.coded_bytes(packet)?;
        let header = PesHeader::new(
            stream_id(stream.track_id, stream.stream_type),
            packet.pts.to_ticks(TIMESCALE),
            packet.dts.to_ticks(TIMESCALE),
            payload_bytes,
        );
        if !header.states_length() && !packet.is_video() {
            let (value, max) = (payload_bytes as u64, u64::from(u16::MAX));
            return Err(Error::Limit { what: "bytes of an audio PES packet", value, max });
        }

        self.write_tables_if_due(packet, is_clock, out);
        let pcr = self.clock_if_due(packet, is_clock);
        if let Some(pcr) = pcr
            && !is_clock
        {
            let clock = self.streams.iter().find(|stream| stream.pid == self.pcr_pid);
            put_pcr_packet(out, self.pcr_pid, clock.map_or(0, |stream| stream.continuity), pcr);
        }
        let stream = self.streams.iter_mut().find(|stream| stream.carries(packet)).ok_or(unknown)?;
        let adaptation = Adaptation {
            pcr: pcr.filter(|_| is_clock),
            is_random_access: packet.is_keyframe() || (is_clock && !packet.is_video()),
            is_discontinuity: packet.discontinuity,
        };
        let pes_bytes = header.as_slice().len() + payload_bytes;
        let mut pes = PesWriter::new(out, stream.pid, &mut stream.continuity, pes_bytes, adaptation);
        pes.put(header.as_slice());
        stream.format.put(packet, &mut pes);
        Ok(())
    }

    fn write_tables_if_due(&mut self, packet: &Packet, is_clock: bool, out: &mut BytesMut) {
        let starts_anew = is_clock && (packet.is_keyframe() || packet.discontinuity);
        let since = |at| packet.dts.micros_since(at).unsigned_abs();
        let is_due = starts_anew || self.tables_at.is_none_or(|at| since(at) >= TABLES_INTERVAL_MICROS);
        if is_due && !self.is_after_tables {
            self.tables(out);
        }
        if self.is_after_tables {
            self.is_after_tables = false;
            self.tables_at = Some(packet.dts);
        }
    }

    /// The clock value to write with a packet. Every packet of the clock's own track has one; others when the clock
    /// has not been told for long.
    fn clock_if_due(&mut self, packet: &Packet, is_clock: bool) -> Option<i64> {
        let now = packet.dts.to_ticks(TIMESCALE).saturating_sub(CLOCK_LEAD_TICKS);
        let pcr = match (self.pcr, is_clock) {
            (Some(last), true) if !packet.discontinuity => now.max(last),
            (_, true) => now,
            (Some(last), false) if now.saturating_sub(last) >= CLOCK_INTERVAL_TICKS => now,
            (_, false) => return None,
        };
        self.pcr = Some(pcr);
        Some(pcr)
    }
}

/// Ticks per second of PTS and DTS (ISO/IEC 13818-1 §2.4.3.7), and of the greater part of the clock.
const TIMESCALE: u32 = 90_000;
/// Their program map fits into one TS packet.
const TRACKS_MAX: usize = 12;
/// The version number has five bits.
const PMT_VERSIONS: u8 = 32;
/// A player that comes in between keyframes, or missed one, waits this long at most.
const TABLES_INTERVAL_MICROS: u64 = 400_000;
/// 80 ms: with one more audio packet still inside the 100 ms of ISO/IEC 13818-1 §2.7.2.
const CLOCK_INTERVAL_TICKS: i64 = 7200;
/// 100 ms: how long before its decode time a packet arrives at a decoder that keeps to the clock.
const CLOCK_LEAD_TICKS: i64 = 9000;

#[cfg(test)]
mod tests;
