//! One PES packet cut into TS packets (ISO/IEC 13818-1 §2.4.3), in a single pass over pieces of its payload.

use crate::stream::PACKET_BYTES;
use bytes::{BufMut, BytesMut};

/// A clock value of 90 kHz in the 33 bits the format has for it.
pub(crate) fn clock_33(ticks: i64) -> u64 {
    // Two's complement makes a time before zero the end of the previous round, as it should be.
    ticks as u64 & ((1 << 33) - 1)
}

/// What the adaptation field of a PES packet's first TS packet says (§2.4.3.4).
#[derive(Clone, Copy, Default)]
pub(crate) struct Adaptation {
    pub(crate) pcr: Option<i64>,
    pub(crate) is_random_access: bool,
    pub(crate) is_discontinuity: bool,
}

impl Adaptation {
    fn flags(self) -> u8 {
        u8::from(self.is_discontinuity) << 7
            | u8::from(self.is_random_access) << 6
            | u8::from(self.pcr.is_some()) << 4
    }

    /// Bytes of the field with its length, without stuffing; 0 when it has nothing to say.
    fn len(self) -> usize {
        match (self.flags(), self.pcr) {
            (0, _) => 0,
            (_, None) => 2,
            (_, Some(_)) => 8,
        }
    }
}

/// The header of a PES packet (§2.4.3.6).
pub(crate) struct PesHeader {
    bytes: [u8; PES_HEADER_BYTES_MAX],
    len: usize,
}

impl PesHeader {
    /// Before a payload of `payload_bytes`. A length that 16 bits cannot hold is left open, as only video may.
    pub(crate) fn new(stream_id: u8, pts: i64, dts: i64, payload_bytes: usize) -> Self {
        const ALIGNED: u8 = 0x84;
        let (pts, dts) = (clock_33(pts), clock_33(dts));
        let (flags, times_bytes) = if pts == dts { (0x80, 5) } else { (0xc0, 10) };
        let length = u16::try_from(payload_bytes.saturating_add(3 + usize::from(times_bytes))).unwrap_or(0);
        let [length_high, length_low] = length.to_be_bytes();
        let mut header = Self { bytes: [0; PES_HEADER_BYTES_MAX], len: 0 };
        header.push(&[0, 0, 1, stream_id, length_high, length_low, ALIGNED, flags, times_bytes]);
        header.push(&time_field(if pts == dts { 2 } else { 3 }, pts));
        if pts != dts {
            header.push(&time_field(1, dts));
        }
        header
    }

    /// Whether the length was not left open.
    pub(crate) fn states_length(&self) -> bool {
        !matches!(self.bytes, [_, _, _, _, 0, 0, ..])
    }

    fn push(&mut self, bytes: &[u8]) {
        for (place, &byte) in self.bytes.iter_mut().skip(self.len).zip(bytes) {
            *place = byte;
        }
        self.len += bytes.len();
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// A time in five bytes: four bits that say which, and 33 bits with a one after each part.
fn time_field(prefix: u8, time: u64) -> [u8; 5] {
    [
        prefix << 4 | ((time >> 30) as u8 & 0x07) << 1 | 1,
        (time >> 22) as u8,
        (time >> 14) as u8 | 1,
        (time >> 7) as u8,
        (time << 1) as u8 | 1,
    ]
}

/// Appends the TS packets of one PES packet whose size is known before its bytes are.
pub(crate) struct PesWriter<'a> {
    out: &'a mut BytesMut,
    pid: u16,
    continuity: &'a mut u8,
    /// Bytes of the PES packet that are still to come.
    left: usize,
    /// Bytes that still fit into the current TS packet.
    room: usize,
    first: Option<Adaptation>,
}

impl<'a> PesWriter<'a> {
    /// `pes_bytes` counts the PES header too.
    pub(crate) fn new(
        out: &'a mut BytesMut,
        pid: u16,
        continuity: &'a mut u8,
        pes_bytes: usize,
        adaptation: Adaptation,
    ) -> Self {
        let packets = (pes_bytes + adaptation.len()).div_ceil(PAYLOAD_BYTES_MAX);
        out.reserve(packets * PACKET_BYTES);
        Self { out, pid, continuity, left: pes_bytes, room: 0, first: Some(adaptation) }
    }

    /// The next bytes; all calls together must bring as many as were promised.
    pub(crate) fn put(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.room == 0 {
                self.start_packet();
            }
            let Some((now, later)) = bytes.split_at_checked(self.room.min(bytes.len())) else { return };
            self.out.put_slice(now);
            self.room -= now.len();
            self.left = self.left.saturating_sub(now.len());
            bytes = later;
        }
    }

    fn start_packet(&mut self) {
        let is_first = self.first.is_some();
        let adaptation = self.first.take().unwrap_or_default();
        let room = PAYLOAD_BYTES_MAX - adaptation.len();
        let stuffing = room.saturating_sub(self.left);
        put_packet_header(
            self.out,
            self.pid,
            is_first,
            true,
            adaptation.len() + stuffing > 0,
            self.continuity,
        );
        put_adaptation(self.out, adaptation, stuffing);
        self.room = room - stuffing;
    }
}

/// Appends a TS packet without payload that only says the time.
pub(crate) fn put_pcr_packet(out: &mut BytesMut, pid: u16, continuity: u8, pcr: i64) {
    let adaptation = Adaptation { pcr: Some(pcr), ..Adaptation::default() };
    // Without a payload the counter stands still (§2.4.3.3): it repeats the last packet's.
    let mut repeated = continuity.wrapping_sub(1) & 0xf;
    put_packet_header(out, pid, false, false, true, &mut repeated);
    put_adaptation(out, adaptation, PAYLOAD_BYTES_MAX - adaptation.len());
}

/// The four bytes every TS packet begins with (§2.4.3.2). Counts on when there is a payload.
pub(crate) fn put_packet_header(
    out: &mut BytesMut,
    pid: u16,
    is_unit_start: bool,
    has_payload: bool,
    has_adaptation: bool,
    continuity: &mut u8,
) {
    out.put_u8(0x47);
    out.put_u16(u16::from(is_unit_start) << 14 | pid & 0x1fff);
    out.put_u8(u8::from(has_adaptation) << 5 | u8::from(has_payload) << 4 | *continuity & 0xf);
    *continuity = (*continuity + 1) & 0xf;
}

/// The adaptation field, made `stuffing` bytes longer than it needs to be.
fn put_adaptation(out: &mut BytesMut, adaptation: Adaptation, stuffing: usize) {
    let len = adaptation.len() + stuffing;
    if len == 0 {
        return;
    }
    out.put_u8((len - 1) as u8); // at most 183
    if len == 1 {
        return;
    }
    out.put_u8(adaptation.flags());
    if let Some(pcr) = adaptation.pcr {
        // 33 bits of 90 kHz, six reserved bits that are ones, nine bits of 27 MHz (§2.4.3.5).
        out.put_u32((clock_33(pcr) >> 1) as u32);
        out.put_u8((clock_33(pcr) as u8 & 1) << 7 | 0x7e);
        out.put_u8(0);
    }
    out.put_bytes(0xff, len - adaptation.len().max(2));
}

/// What is left of a TS packet after its header.
const PAYLOAD_BYTES_MAX: usize = PACKET_BYTES - 4;
/// With both times.
const PES_HEADER_BYTES_MAX: usize = 19;
