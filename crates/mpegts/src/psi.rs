//! Program association and program map read (ISO/IEC 13818-1 §2.4.4): sections put together from TS packets.

use crate::crc::crc32;
use crate::stream::StreamType;

/// Puts together the sections of one PID. What it holds is bounded by the largest section there can be.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    bytes: Vec<u8>,
}

impl Sections {
    /// Takes the payload of a TS packet; gives every section that is whole and has the right checksum to `each`.
    pub(crate) fn push(&mut self, payload: &[u8], is_unit_start: bool, mut each: impl FnMut(&[u8])) {
        if !is_unit_start {
            // Bytes of a section whose start was not seen are passed over.
            if !self.bytes.is_empty() {
                self.take(payload, &mut each);
            }
            return;
        }
        let Some((&pointer, rest)) = payload.split_first() else { return };
        let Some((before, after)) = rest.split_at_checked(usize::from(pointer)) else { return };
        if !self.bytes.is_empty() {
            self.take(before, &mut each);
        }
        self.bytes.clear();
        self.take(after, &mut each);
    }

    fn take(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8])) {
        self.bytes.extend_from_slice(bytes);
        let mut rest = self.bytes.as_slice();
        while let Some((section, after)) = split_section(rest) {
            if crc32(section) == 0 {
                each(section);
            }
            rest = after;
        }
        let is_stuffing = rest.first() == Some(&STUFFING);
        let used = if is_stuffing { self.bytes.len() } else { self.bytes.len() - rest.len() };
        self.bytes.drain(..used);
    }
}

/// A whole section, and what follows it.
fn split_section(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [table_id, length_high, length_low, ..] = *bytes else { return None };
    if table_id == STUFFING {
        return None;
    }
    bytes.split_at_checked(3 + (usize::from(length_high & 0x0f) << 8 | usize::from(length_low)))
}

/// The PID of the program map of the first program.
pub(crate) fn parse_pat(section: &[u8]) -> Option<u16> {
    let entries = section_body(section, 0x00)?;
    let (chunks, _) = entries.as_chunks::<4>();
    let program = chunks.iter().find(|[high, low, ..]| (*high, *low) != (0, 0))?;
    let [_, _, high, low] = *program;
    Some(pid_of(high, low))
}

/// The PIDs and types of a program's streams; `None` for streams of a type that is not read.
pub(crate) fn parse_pmt(section: &[u8]) -> Option<Vec<(u16, StreamType)>> {
    let [_, _, high, low, rest @ ..] = section_body(section, 0x02)? else { return None };
    let mut rest = rest.get(length_of(*high, *low)..)?;
    let mut streams = Vec::new();
    while let [stream_type, pid_high, pid_low, high, low, after @ ..] = rest {
        let (descriptors, after) = after.split_at_checked(length_of(*high, *low))?;
        if let Some(stream_type) = StreamType::read(*stream_type, descriptors) {
            streams.push((pid_of(*pid_high, *pid_low), stream_type));
        }
        rest = after;
    }
    Some(streams)
}

/// What a section of a table says, between its header and its checksum; `None` if it is of another table, or not in
/// force yet.
fn section_body(section: &[u8], table_id: u8) -> Option<&[u8]> {
    let (&[found, _, _, _, _, version, _, _], rest) = section.split_first_chunk()?;
    let is_current = version & 1 == 1;
    let (body, _crc) = rest.split_last_chunk::<4>()?;
    (found == table_id && is_current).then_some(body)
}

fn pid_of(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low]) & 0x1fff
}

fn length_of(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high, low]) & 0x0fff)
}

/// Fills up a TS packet behind its last section.
const STUFFING: u8 = 0xff;
