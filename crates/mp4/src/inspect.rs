//! The box tree of a file, for people: every box with its place, its size and what it says in a few words.
//!
//! Unknown boxes are named and not looked into. Only the first bytes of a box are read.

use crate::Error;
use crate::boxes::{BoxHeader, Fields, FourCc};
use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// One box of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxInfo {
    /// How many boxes it is in.
    pub depth: u8,
    /// Its name.
    pub kind: FourCc,
    /// Where in the file it begins.
    pub offset: u64,
    /// Its bytes, header and all, as it says itself.
    pub bytes: u64,
    /// Whether it says that it goes on behind the end of what it is in.
    pub is_cut_off: bool,
    /// What it says.
    pub fields: Vec<(&'static str, FieldValue)>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A number.
    Number(i64),
    /// Anything else.
    Text(String),
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Shows `visit` every box of a file down to `depth_max`, each before those in it; `visit` may end it with an error.
pub fn visit_boxes<R: Read + Seek>(
    source: &mut R,
    depth_max: u8,
    visit: &mut impl FnMut(&BoxInfo) -> Result<(), Error>,
) -> Result<(), Error> {
    let file_bytes = source.seek(SeekFrom::End(0))?;
    let mut walk = Walk { source, depth_max: depth_max.min(DEPTH_MAX), boxes_left: BOXES_MAX };
    walk.visit(0..file_bytes, 0, visit)
}

struct Walk<'a, R> {
    source: &'a mut R,
    depth_max: u8,
    boxes_left: u64,
}

impl<R: Read + Seek> Walk<'_, R> {
    fn visit(
        &mut self,
        mut range: Range<u64>,
        depth: u8,
        visit: &mut impl FnMut(&BoxInfo) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while range.start < range.end {
            let start = self.read(range.clone())?;
            // Fewer bytes than a header are padding.
            let Some(header) = BoxHeader::parse(&start, range.end - range.start)? else { return Ok(()) };
            let max = BOXES_MAX;
            self.boxes_left = self.boxes_left.checked_sub(1).ok_or(Error::Limit {
                what: "number of boxes in a file",
                value: max + 1,
                max,
            })?;
            let bytes = header.header_bytes.saturating_add(header.body_bytes);
            let end = range.start.saturating_add(bytes);
            // Cannot truncate: a header has at most 16 bytes.
            let body = start.get(header.header_bytes as usize..).unwrap_or_default();
            let body = body.get(..usize::try_from(header.body_bytes).unwrap_or(usize::MAX)).unwrap_or(body);
            let mut fields = Vec::new();
            // What is missing or wrong ends the list.
            let _ = describe(header.kind, body, &mut fields);
            let is_cut_off = end > range.end;
            visit(&BoxInfo { depth, kind: header.kind, offset: range.start, bytes, is_cut_off, fields })?;
            if let Some(before) = bytes_before_boxes(header.kind, body).filter(|_| depth < self.depth_max) {
                let first = range.start.saturating_add(header.header_bytes).saturating_add(before);
                self.visit(first..end.min(range.end), depth + 1, visit)?;
            }
            range.start = end;
        }
        Ok(())
    }

    fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.source.seek(SeekFrom::Start(range.start))?;
        self.source.by_ref().take(READ_BYTES.min(range.end - range.start)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// How many bytes of fields stand before the boxes in a box; `None` when it holds no boxes.
fn bytes_before_boxes(kind: FourCc, body: &[u8]) -> Option<u64> {
    match &kind.0 {
        b"moov" | b"trak" | b"edts" | b"mdia" | b"minf" | b"dinf" | b"stbl" | b"mvex" | b"moof" | b"traf"
        | b"mfra" | b"udta" | b"sinf" | b"schi" | b"wave" | b"tref" => Some(0),
        // QuickTime's is no full box.
        b"meta" => Some(if body.get(4..8) == Some(b"hdlr") { 0 } else { 4 }),
        b"stsd" | b"dref" => Some(8),
        kind if VISUAL_ENTRIES.contains(&kind) => Some(78),
        kind if AUDIO_ENTRIES.contains(&kind) => match body.get(8..10) {
            Some([0, 1]) => Some(44),
            Some([0, 2]) => Some(64),
            _ => Some(28),
        },
        _ => None,
    }
}

/// Appends what the start of a box's body says.
fn describe(kind: FourCc, body: &[u8], out: &mut Vec<(&'static str, FieldValue)>) -> Result<(), Error> {
    let mut plain = Fields::new(kind, body);
    match &kind.0 {
        b"ftyp" | b"styp" => {
            out.push(("major_brand", text(plain.four_cc()?)));
            out.push(("minor_version", number(plain.u32()?)));
            let brands: Vec<_> =
                plain.rest().chunks_exact(4).map(|brand| brand.escape_ascii().to_string()).collect();
            out.push(("compatible_brands", FieldValue::Text(brands.join(" "))));
            return Ok(());
        }
        b"pasp" => return numbers(&mut plain, &["horizontal_spacing", "vertical_spacing"], out),
        b"btrt" => return numbers(&mut plain, &["buffer_bytes", "max_bps", "average_bps"], out),
        b"colr" => {
            out.push(("colour_type", text(plain.four_cc()?)));
            for name in ["primaries", "transfer", "matrix"] {
                out.push((name, number(plain.u16()?.into())));
            }
            return Ok(());
        }
        b"avcC" => {
            plain.skip(1)?;
            for name in ["profile", "compatibility", "level"] {
                out.push((name, number(plain.u8()?.into())));
            }
            return Ok(());
        }
        kind if VISUAL_ENTRIES.contains(&kind) => {
            plain.skip(24)?;
            out.push(("width", number(plain.u16()?.into())));
            out.push(("height", number(plain.u16()?.into())));
            return Ok(());
        }
        kind if AUDIO_ENTRIES.contains(&kind) => {
            plain.skip(16)?;
            out.push(("channels", number(plain.u16()?.into())));
            plain.skip(6)?;
            out.push(("sample_rate", number(plain.u32()? >> 16)));
            return Ok(());
        }
        kind if !FULL_BOXES.contains(&kind) => return Ok(()),
        _ => {}
    }
    let (version, flags, mut fields) = Fields::full(&kind.0, body)?;
    if version > 0 {
        out.push(("version", number(version.into())));
    }
    if flags > 0 {
        out.push(("flags", FieldValue::Text(format!("{flags:#x}"))));
    }
    describe_full(kind, version, flags, &mut fields, out)
}

fn describe_full(
    kind: FourCc,
    version: u8,
    flags: u32,
    fields: &mut Fields<'_>,
    out: &mut Vec<(&'static str, FieldValue)>,
) -> Result<(), Error> {
    let times_bytes = if version == 1 { 16 } else { 8 };
    match &kind.0 {
        b"mvhd" | b"mdhd" => {
            fields.skip(times_bytes)?;
            out.push(("timescale", number(fields.u32()?)));
            out.push(("duration", wide(fields.u32_or_u64(version)?)));
            if kind.0 == *b"mdhd" {
                let packed = fields.u16()?;
                let letter = |shift: u32| char::from((packed >> shift & 0x1f) as u8 + 0x60);
                out.push(("language", FieldValue::Text([10, 5, 0].map(letter).iter().collect())));
            }
        }
        b"tkhd" => {
            fields.skip(times_bytes)?;
            out.push(("track_id", number(fields.u32()?)));
            fields.skip(4)?;
            out.push(("duration", wide(fields.u32_or_u64(version)?)));
            fields.skip(8 + 8 + 36)?;
            out.push(("width", number(fields.u32()? >> 16)));
            out.push(("height", number(fields.u32()? >> 16)));
        }
        b"hdlr" => {
            fields.skip(4)?;
            out.push(("handler", text(fields.four_cc()?)));
        }
        b"elng" => {
            let tag = fields.rest().split(|&byte| byte == 0).next().unwrap_or_default();
            out.push(("tag", FieldValue::Text(tag.escape_ascii().to_string())));
        }
        b"elst" => {
            let count = fields.u32()?;
            out.push(("entries", number(count)));
            let mut edits = Vec::new();
            for _ in 0..count.min(EDITS_SHOWN_MAX) {
                let (duration, media_time) = (fields.u32_or_u64(version)?, fields.u32_or_u64(version)?);
                fields.skip(4)?; // media_rate
                let is_empty = media_time == if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
                edits.push(match is_empty {
                    true => format!("{duration} of nothing"),
                    false => format!("{duration} from {media_time}"),
                });
            }
            out.push(("edits", FieldValue::Text(edits.join(", "))));
        }
        b"stsz" => return numbers(fields, &["sample_bytes", "samples"], out),
        b"stz2" => return numbers(fields, &["field_bits", "samples"], out),
        b"mehd" => out.push(("duration", wide(fields.u32_or_u64(version)?))),
        b"trex" => {
            let names = ["track_id", "sample_description", "default_duration", "default_bytes"];
            return numbers(fields, &names, out);
        }
        b"mfhd" => return numbers(fields, &["sequence"], out),
        b"tfdt" => out.push(("decode_time", wide(fields.u32_or_u64(version)?))),
        b"tfhd" => {
            out.push(("track_id", number(fields.u32()?)));
            if flags & 0x1 != 0 {
                out.push(("base_data_offset", wide(fields.u64()?)));
            }
            for (flag, name) in
                [(0x2, "sample_description"), (0x8, "default_duration"), (0x10, "default_bytes")]
            {
                if flags & flag != 0 {
                    out.push((name, number(fields.u32()?)));
                }
            }
        }
        b"trun" => {
            out.push(("samples", number(fields.u32()?)));
            if flags & 0x1 != 0 {
                out.push(("data_offset", FieldValue::Number(fields.u32()?.cast_signed().into())));
            }
        }
        b"sidx" => {
            out.push(("reference_id", number(fields.u32()?)));
            out.push(("timescale", number(fields.u32()?)));
            out.push(("earliest_time", wide(fields.u32_or_u64(version)?)));
            out.push(("first_offset", wide(fields.u32_or_u64(version)?)));
            out.push((
                "references",
                number(u32::from({
                    fields.skip(2)?;
                    fields.u16()?
                })),
            ));
        }
        b"tfra" => {
            out.push(("track_id", number(fields.u32()?)));
            fields.skip(4)?;
            out.push(("entries", number(fields.u32()?)));
        }
        b"mfro" => return numbers(fields, &["mfra_bytes"], out),
        // stsd, dref and the tables of samples.
        _ => return numbers(fields, &["entries"], out),
    }
    Ok(())
}

/// Appends 32-bit fields that follow one another.
fn numbers(
    fields: &mut Fields<'_>,
    names: &[&'static str],
    out: &mut Vec<(&'static str, FieldValue)>,
) -> Result<(), Error> {
    for name in names {
        out.push((name, number(fields.u32()?)));
    }
    Ok(())
}

fn number(value: u32) -> FieldValue {
    FieldValue::Number(value.into())
}

fn wide(value: u64) -> FieldValue {
    FieldValue::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn text(value: FourCc) -> FieldValue {
    FieldValue::Text(value.to_string())
}

const VISUAL_ENTRIES: [&[u8; 4]; 10] =
    [b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp08", b"vp09", b"mp4v", b"encv", b"dvh1"];
const AUDIO_ENTRIES: [&[u8; 4]; 8] = [b"mp4a", b"Opus", b"fLaC", b"ac-3", b"ec-3", b".mp3", b"alac", b"enca"];
const FULL_BOXES: [&[u8; 4]; 25] = [
    b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"elng", b"elst", b"stsd", b"dref", b"stts", b"ctts", b"stss",
    b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"mehd", b"trex", b"mfhd", b"tfhd", b"tfdt", b"trun",
    b"sidx", b"tfra", b"mfro",
];
/// Of each box: all fields that are shown stand in front.
const READ_BYTES: u64 = 256;
const EDITS_SHOWN_MAX: u32 = 4;
/// The deepest boxes of real files are some ten deep.
const DEPTH_MAX: u8 = 32;
/// A day of fragments of half a second, each of a dozen boxes.
const BOXES_MAX: u64 = 1 << 21;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FILES, file};
    use proptest::prelude::*;
    use std::io::Cursor;

    fn tree(file: &[u8], depth_max: u8) -> Result<Vec<BoxInfo>, Error> {
        let mut boxes = Vec::new();
        visit_boxes(&mut Cursor::new(file), depth_max, &mut |found| {
            boxes.push(found.clone());
            Ok(())
        })?;
        Ok(boxes)
    }

    fn said(boxes: &[BoxInfo], kind: &[u8; 4]) -> String {
        let found = boxes.iter().find(|found| found.kind.0 == *kind).unwrap();
        let fields: Vec<_> = found.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.join(" ")
    }

    #[test]
    fn boxes_are_told_with_their_fields() {
        let boxes = tree(file("h264_aac.mp4"), DEPTH_MAX).unwrap();
        assert_eq!(
            said(&boxes, b"ftyp"),
            "major_brand=isom minor_version=512 compatible_brands=isom iso2 avc1 mp41"
        );
        assert_eq!(said(&boxes, b"avc1"), "width=64 height=64");
        assert_eq!(said(&boxes, b"mp4a"), "channels=2 sample_rate=48000");
        assert_eq!(said(&boxes, b"elst"), "entries=1 edits=400 from 1024");
        assert_eq!(said(&boxes, b"stsz"), "sample_bytes=0 samples=10");
        let boxes = tree(file("h264_aac_fragmented.mp4"), DEPTH_MAX).unwrap();
        assert!(said(&boxes, b"trun").contains("samples=5 data_offset="), "{}", said(&boxes, b"trun"));
    }

    #[test]
    fn boxes_fill_what_they_are_in() {
        for (name, file) in FILES {
            let top: Vec<_> = tree(file, 0).unwrap();
            assert!(top.iter().all(|found| found.depth == 0 && !found.is_cut_off), "{name}");
            assert_eq!(top.iter().map(|found| found.bytes).sum::<u64>(), file.len() as u64, "{name}");
            assert!(tree(file, DEPTH_MAX).unwrap().len() > 20, "{name}");
        }
    }

    #[test]
    fn a_box_that_is_cut_off_is_told_of() {
        let file = file("h264_aac.mp4");
        let boxes = tree(&file[..file.len() - 1], 1).unwrap();
        assert!(boxes.iter().any(|found| found.kind.0 == *b"moov" && found.is_cut_off));
    }

    #[test]
    fn boxes_in_boxes_in_boxes_end_somewhere() {
        let mut file = Vec::new();
        for depth in (1..=1000u32).rev() {
            file.extend_from_slice(&(depth * 8).to_be_bytes());
            file.extend_from_slice(b"moov");
        }
        assert_eq!(tree(&file, u8::MAX).unwrap().len(), usize::from(DEPTH_MAX) + 1);
    }

    proptest! {
        #[test]
        fn damaged_files_are_shown_without_a_panic(
            index in 0..FILES.len(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let mut bytes = FILES[index].1.to_vec();
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = tree(&bytes, DEPTH_MAX);
        }
    }
}
