//! Program association and program map (ISO/IEC 13818-1 §2.4.4), each in one TS packet.

use crate::crc::crc32;
use crate::pes::put_packet_header;
use crate::stream::{PACKET_BYTES, PID_PAT, StreamType};
use bytes::{BufMut, BytesMut};

/// Where the program map of written streams is.
pub(crate) const PID_PMT: u16 = 0x1000;
const PROGRAM_NUMBER: u16 = 1;
const TABLE_PAT: u8 = 0;
const TABLE_PMT: u8 = 2;

/// Appends the program association table.
pub(crate) fn put_pat(out: &mut BytesMut, continuity: &mut u8) {
    put_section(out, PID_PAT, continuity, TABLE_PAT, 1, 0, |out| {
        out.put_u16(PROGRAM_NUMBER);
        out.put_u16(0xe000 | PID_PMT);
    });
}

/// Appends the program map: which PID has the clock, and what each PID carries. `version` has five bits.
pub(crate) fn put_pmt(
    out: &mut BytesMut,
    continuity: &mut u8,
    version: u8,
    pcr_pid: u16,
    streams: impl Iterator<Item = (u16, StreamType)>,
) {
    put_section(out, PID_PMT, continuity, TABLE_PMT, PROGRAM_NUMBER, version, |out| {
        out.put_u16(0xe000 | pcr_pid);
        out.put_u16(0xf000); // no descriptors of the program
        for (pid, stream_type) in streams {
            let descriptors = stream_type.descriptors();
            out.put_u8(stream_type as u8);
            out.put_u16(0xe000 | pid);
            out.put_u16(0xf000 | descriptors.len() as u16);
            out.put_slice(descriptors);
        }
    });
}

/// Appends one TS packet with one section; what it holds has to fit.
fn put_section(
    out: &mut BytesMut,
    pid: u16,
    continuity: &mut u8,
    table_id: u8,
    table_id_extension: u16,
    version: u8,
    write_body: impl FnOnce(&mut BytesMut),
) {
    let start = out.len();
    put_packet_header(out, pid, true, true, false, continuity);
    out.put_u8(0); // pointer_field
    let section = out.len();
    out.put_u8(table_id);
    out.put_u16(0); // section_length, known below
    out.put_u16(table_id_extension);
    out.put_u8(0xc0 | (version & 0x1f) << 1 | 1); // current
    out.put_u16(0); // section_number, last_section_number
    write_body(out);
    let length = out.len() - section - 3 + CRC_BYTES;
    if let Some(field) = out.get_mut(section + 1..section + 3) {
        field.copy_from_slice(&(0xb000 | length as u16).to_be_bytes());
    }
    let crc = crc32(out.get(section..).unwrap_or_default());
    out.put_u32(crc);
    out.put_bytes(0xff, (start + PACKET_BYTES).saturating_sub(out.len()));
}

const CRC_BYTES: usize = 4;
