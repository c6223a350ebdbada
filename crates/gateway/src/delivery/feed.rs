//! The bytes of one stream in one format, shared by all its viewers.

use bytes::{Bytes, BytesMut};
use hub::{Protocol, Read, Start, Stream};
use media::{Packet, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A format in which the bytes of a packet depend on the packet alone, so that any viewer can be served from the
/// stream's own ring: FLV and RTMP.
pub(crate) trait PacketFormat: Send + Sync {
    /// What a new viewer gets first.
    fn opening(&self, start: &Start) -> Bytes;
    /// What a viewer gets who was moved forward: the decoder configs at the new place.
    fn reopening(&self, start: &Start) -> Bytes;
    /// Appends one packet.
    fn append(&self, packet: &Packet, out: &mut BytesMut);
    /// The same bytes without copying payloads.
    fn pieces(&self, packets: &[Packet], out: &mut VecDeque<Bytes>);
}

/// A format that keeps state from packet to packet, such as counters: MPEG-TS and fragmented MP4.
pub(crate) trait UnitFormat: Send {
    /// Begins, or begins anew after a gap. Returns what a viewer gets before the units that follow.
    fn start(&mut self, start: &Start) -> Bytes;
    /// Takes the next packets and returns what is ready. A changed opening comes with the unit it is for.
    fn push(&mut self, packets: &[Packet], out: &mut Vec<Unit>);
}

/// A piece of a stream in a [`UnitFormat`], written whole.
pub(crate) struct Unit {
    /// The bytes.
    pub bytes: Bytes,
    /// Whether a viewer may begin here.
    pub is_keyframe: bool,
    /// The opening from this unit on, when it differs from the one before.
    pub opening: Option<Bytes>,
}

/// What was made since the last time, in one piece, for everybody who is up to date.
#[derive(Clone)]
pub(crate) struct Batch {
    /// The cursor it is for.
    pub first: u64,
    /// The cursor after it.
    pub end: u64,
    /// The bytes.
    pub bytes: Bytes,
}

impl Batch {
    /// No batch: its cursor is nobody's.
    pub(crate) const NONE: Self = Self { first: u64::MAX, end: u64::MAX, bytes: Bytes::new() };
}

/// What became of a wish to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FeedRead {
    /// Pieces were added; the cursor after them.
    Next(u64),
    /// Nothing new.
    UpToDate,
    /// The cursor is no place to read on from: join again.
    Lagged,
}

/// One stream in one format. Made when the first viewer of the format comes, gone with the last.
pub struct Feed {
    stream: Arc<Stream>,
    protocol: Protocol,
    source: Source,
}

enum Source {
    Packets { format: Box<dyn PacketFormat>, live: Mutex<Live> },
    Units(Mutex<Units>),
}

/// The newest batches, for viewers that are up to date or nearly so.
struct Live {
    end: u64,
    batches: VecDeque<Batch>,
    /// Reused between batches.
    packets: Vec<Packet>,
}

/// Batches kept for writers that look a little later than the one that made them.
const LIVE_BATCHES: usize = 4;
/// Packets made into one batch at most.
const BATCH_PACKETS_MAX: usize = 512;
/// Packets given out as pieces at once: a whole GOP, so that who joins just before the next keyframe, when the ring
/// lets go of this one, has all of it already.
const READ_PACKETS_MAX: usize = 4096;
/// Bytes of units kept at most.
const UNIT_BYTES_MAX: usize = 32 << 20;
/// Units kept before the last keyframe, for viewers a little behind.
const UNITS_TAIL: usize = 24;

impl Feed {
    pub(crate) fn of_packets(stream: Arc<Stream>, protocol: Protocol, format: Box<dyn PacketFormat>) -> Self {
        let live = Live { end: stream.readable_end(), batches: VecDeque::new(), packets: Vec::new() };
        Self { stream, protocol, source: Source::Packets { format, live: Mutex::new(live) } }
    }

    pub(crate) fn of_units(stream: Arc<Stream>, protocol: Protocol, format: Box<dyn UnitFormat>) -> Self {
        Self { stream, protocol, source: Source::Units(Mutex::new(Units::new(format))) }
    }

    /// The stream.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// The protocol its viewers are counted under.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The newest batch whose `first` is `cursor` or, without one, the newest of all. Makes what is not made yet.
    pub(crate) fn latest(&self) -> Option<Batch> {
        match &self.source {
            Source::Packets { format, live } => {
                let mut live = live.lock().unwrap_or_else(PoisonError::into_inner);
                live.catch_up(&self.stream, format.as_ref());
                live.batches.back().cloned()
            }
            Source::Units(units) => {
                let mut units = units.lock().unwrap_or_else(PoisonError::into_inner);
                units.catch_up(&self.stream);
                let bytes = units.units.back()?.bytes.clone();
                let end = units.end();
                Some(Batch { first: end - 1, end, bytes })
            }
        }
    }

    /// Where a new viewer begins and what it gets first; nothing while a keyframe is awaited.
    pub(crate) fn join(&self) -> Option<(Bytes, u64)> {
        self.open(|format, start| format.opening(start))
    }

    /// Where a viewer that fell behind goes on, and what it gets first.
    pub(crate) fn rejoin(&self) -> Option<(Bytes, u64)> {
        self.open(|format, start| format.reopening(start))
    }

    fn open(&self, opening: impl Fn(&dyn PacketFormat, &Start) -> Bytes) -> Option<(Bytes, u64)> {
        match &self.source {
            Source::Packets { format, .. } => {
                let start = self.stream.start()?;
                Some((opening(format.as_ref(), &start), start.sequence))
            }
            Source::Units(units) => {
                let mut units = units.lock().unwrap_or_else(PoisonError::into_inner);
                units.catch_up(&self.stream);
                units.start()
            }
        }
    }

    /// When what stands at `cursor` was live, or the first thing kept if that is gone; nothing when it is yet to come.
    fn dts_at(&self, cursor: u64) -> Option<Timestamp> {
        match &self.source {
            Source::Packets { .. } => self.stream.dts_at(cursor),
            Source::Units(units) => units.lock().unwrap_or_else(PoisonError::into_inner).dts_at(cursor),
        }
    }

    /// Appends what follows `cursor`, payloads not copied.
    pub(crate) fn read(&self, cursor: u64, out: &mut VecDeque<Bytes>) -> FeedRead {
        match &self.source {
            Source::Packets { format, .. } => {
                let mut packets = Vec::new();
                match self.stream.read(cursor, READ_PACKETS_MAX, &mut packets) {
                    Read::Next(next) => {
                        format.pieces(&packets, out);
                        FeedRead::Next(next)
                    }
                    Read::UpToDate => FeedRead::UpToDate,
                    Read::Lagged => FeedRead::Lagged,
                }
            }
            Source::Units(units) => {
                let mut units = units.lock().unwrap_or_else(PoisonError::into_inner);
                units.catch_up(&self.stream);
                units.read(cursor, out)
            }
        }
    }
}

/// How far a viewer is behind, looked at now and then.
#[derive(Default)]
pub(crate) struct Lag {
    /// What was not sent at the last look, and when it was live: what a viewer stalls at does not stay in memory.
    seen: Option<(u64, Timestamp)>,
}

impl Lag {
    /// From `unsent`, the first thing not sent yet, to the newest packet.
    pub(crate) fn look(&mut self, feed: &Feed, unsent: Option<u64>) -> Duration {
        let known = self.seen.take().filter(|(cursor, _)| Some(*cursor) == unsent);
        self.seen = known.or_else(|| unsent.and_then(|cursor| Some((cursor, feed.dts_at(cursor)?))));
        self.seen.map_or(Duration::ZERO, |(_, dts)| feed.stream.last_dts().saturating_since(dts))
    }
}

impl Live {
    fn catch_up(&mut self, stream: &Stream, format: &dyn PacketFormat) {
        loop {
            self.packets.clear();
            match stream.read(self.end, BATCH_PACKETS_MAX, &mut self.packets) {
                Read::Next(next) => {
                    let bytes = self.packets.iter().map(|packet| packet.payload.len() + 32).sum();
                    let mut out = BytesMut::with_capacity(bytes);
                    for packet in &self.packets {
                        format.append(packet, &mut out);
                    }
                    if self.batches.len() == LIVE_BATCHES {
                        self.batches.pop_front();
                    }
                    self.batches.push_back(Batch { first: self.end, end: next, bytes: out.freeze() });
                    self.end = next;
                }
                Read::UpToDate => break,
                Read::Lagged => {
                    self.end = stream.readable_end();
                    self.batches.clear();
                    break;
                }
            }
        }
        self.packets.clear();
    }
}

/// A unit that viewers may still want.
struct Kept {
    bytes: Bytes,
    /// Decode time of the last packet it was made from, or of one a little later.
    dts: Timestamp,
}

/// The kept units of a stateful format; cursors count units.
struct Units {
    format: Box<dyn UnitFormat>,
    /// Where the muxer reads the stream on.
    next_packet: Option<u64>,
    units: VecDeque<Kept>,
    /// Cursor of the first unit kept.
    first: u64,
    bytes: usize,
    /// Cursor and opening of the last unit a viewer may begin at.
    start: Option<(u64, Bytes)>,
    opening: Bytes,
    made: Vec<Unit>,
    packets: Vec<Packet>,
}

impl Units {
    fn new(format: Box<dyn UnitFormat>) -> Self {
        Self {
            format,
            next_packet: None,
            units: VecDeque::new(),
            first: 0,
            bytes: 0,
            start: None,
            opening: Bytes::new(),
            made: Vec::new(),
            packets: Vec::new(),
        }
    }

    fn end(&self) -> u64 {
        self.first + self.units.len() as u64
    }

    fn catch_up(&mut self, stream: &Stream) {
        loop {
            self.packets.clear();
            let Some(next_packet) = self.next_packet else {
                let Some(start) = stream.start() else { return };
                self.opening = self.format.start(&start);
                self.next_packet = Some(start.sequence);
                continue;
            };
            match stream.read(next_packet, BATCH_PACKETS_MAX, &mut self.packets) {
                Read::Next(next) => {
                    self.next_packet = Some(next);
                    let Some(dts) = self.packets.last().map(|packet| packet.dts) else { continue };
                    self.format.push(&self.packets, &mut self.made);
                    for unit in std::mem::take(&mut self.made) {
                        self.push(unit, dts);
                    }
                }
                Read::UpToDate => break,
                Read::Lagged => self.next_packet = None,
            }
        }
        self.packets.clear();
    }

    fn push(&mut self, mut unit: Unit, dts: Timestamp) {
        if let Some(opening) = unit.opening.take() {
            // For those who are watching. Who joins here gets it twice, which every player takes.
            unit.bytes = [opening.clone(), unit.bytes].concat().into();
            self.opening = opening;
        }
        if unit.is_keyframe {
            self.start = Some((self.end(), self.opening.clone()));
        }
        self.bytes += unit.bytes.len();
        self.units.push_back(Kept { bytes: unit.bytes, dts });
        if self.bytes > UNIT_BYTES_MAX {
            self.start = None;
        }
        let needed_from = self.start.as_ref().map_or(u64::MAX, |(start, _)| *start);
        while self.first < needed_from && (self.units.len() > UNITS_TAIL || self.bytes > UNIT_BYTES_MAX) {
            // What is needed from the last keyframe on does not count against the tail.
            let before_start = needed_from.saturating_sub(self.first);
            if self.start.is_some() && before_start <= UNITS_TAIL as u64 {
                break;
            }
            let Some(unit) = self.units.pop_front() else { break };
            self.bytes -= unit.bytes.len();
            self.first += 1;
        }
    }

    fn start(&self) -> Option<(Bytes, u64)> {
        self.start.as_ref().map(|(cursor, opening)| (opening.clone(), *cursor))
    }

    fn dts_at(&self, cursor: u64) -> Option<Timestamp> {
        let offset = usize::try_from(cursor.saturating_sub(self.first)).ok()?;
        self.units.get(offset).map(|unit| unit.dts)
    }

    fn read(&self, cursor: u64, out: &mut VecDeque<Bytes>) -> FeedRead {
        let Some(offset) = cursor.checked_sub(self.first) else { return FeedRead::Lagged };
        let mut next = cursor;
        for unit in
            self.units.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(READ_PACKETS_MAX)
        {
            out.push_back(unit.bytes.clone());
            next += 1;
        }
        if next == cursor { FeedRead::UpToDate } else { FeedRead::Next(next) }
    }
}
