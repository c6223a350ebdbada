//! Sample entries read: the decoder config in its normal form.

use super::{OBJECT_TYPE_AAC, OBJECT_TYPE_MPEG1_AUDIO, OBJECT_TYPE_MPEG2_AUDIO};
use crate::Error;
use crate::boxes::{Boxes, Fields, FourCc, find, put_box};
use bytes::{BufMut, Bytes, BytesMut};
use media::{Codec, MediaKind};

/// What a sample entry says.
#[derive(Debug)]
pub(crate) struct SampleEntry {
    pub(crate) codec: Codec,
    /// In normal form; empty for MP3, whose config is in its first frame.
    pub(crate) config: Bytes,
    /// Width and height of pictures; 0 for sound.
    pub(crate) size: (u16, u16),
    /// The whole sample entry again, without padding between its boxes; none when it is QuickTime's form.
    pub(crate) copy: Option<Bytes>,
}

/// Reads a sample entry; `None` when it is of a codec that is not carried or has no decoder config.
pub(crate) fn read_sample_entry(kind: FourCc, body: &[u8]) -> Result<Option<SampleEntry>, Error> {
    let (codec, config_kind) = match &kind.0 {
        b"avc1" | b"avc3" => (Codec::H264, b"avcC"),
        b"hvc1" | b"hev1" => (Codec::H265, b"hvcC"),
        b"av01" => (Codec::Av1, b"av1C"),
        b"vp08" => (Codec::Vp8, b"vpcC"),
        b"vp09" => (Codec::Vp9, b"vpcC"),
        b"mp4a" => return read_mp4a(kind, body),
        b".mp3" => {
            return Ok(Some(SampleEntry {
                codec: Codec::Mp3,
                config: Bytes::new(),
                size: (0, 0),
                copy: None,
            }));
        }
        b"Opus" => (Codec::Opus, b"dOps"),
        b"fLaC" => (Codec::Flac, b"dfLa"),
        b"ac-3" => (Codec::Ac3, b"dac3"),
        b"ec-3" => (Codec::Eac3, b"dec3"),
        _ => return Ok(None),
    };
    let mut fields = Fields::new(kind, body);
    let (size, boxes) = match codec.media_kind() {
        MediaKind::Video => (read_visual_fields(&mut fields)?, fields.rest()),
        _ => ((0, 0), read_audio_boxes(fields)?),
    };
    let Some(config) = find(boxes, config_kind)? else { return Ok(None) };
    let config = match codec {
        Codec::Opus => opus_head(config)?,
        Codec::Flac => flac_config(config)?,
        _ => Bytes::copy_from_slice(config),
    };
    let copy = copy_entry(kind, body, codec.media_kind())?;
    Ok(Some(SampleEntry { codec, config, size, copy }))
}

/// `VisualSampleEntry` (§12.1.3.2) up to its boxes.
fn read_visual_fields(fields: &mut Fields<'_>) -> Result<(u16, u16), Error> {
    fields.skip(8 + 16)?;
    let size = (fields.u16()?, fields.u16()?);
    fields.skip(50)?;
    Ok(size)
}

/// The boxes behind the fields of an `AudioSampleEntry` (§12.2.3.2), or of QuickTime's longer versions of it.
fn read_audio_boxes(mut fields: Fields<'_>) -> Result<&[u8], Error> {
    fields.skip(8)?;
    let version = fields.u16()?;
    fields.skip(18)?;
    match version {
        1 => fields.skip(16)?,
        2 => fields.skip(36)?,
        _ => {}
    }
    Ok(fields.rest())
}

fn read_mp4a(kind: FourCc, body: &[u8]) -> Result<Option<SampleEntry>, Error> {
    let boxes = read_audio_boxes(Fields::new(kind, body))?;
    let esds = match find(boxes, b"esds")? {
        Some(esds) => Some(esds),
        // QuickTime puts it one box deeper.
        None => find(boxes, b"wave")?.map(|wave| find(wave, b"esds")).transpose()?.flatten(),
    };
    let Some(esds) = esds else { return Ok(None) };
    let (object_type, config) = read_esds(esds)?;
    let (codec, config) = match object_type {
        OBJECT_TYPE_AAC | OBJECT_TYPES_MPEG2_AAC_FIRST..=OBJECT_TYPES_MPEG2_AAC_LAST => (Codec::Aac, config),
        OBJECT_TYPE_MPEG1_AUDIO | OBJECT_TYPE_MPEG2_AUDIO => (Codec::Mp3, &[][..]),
        _ => return Ok(None),
    };
    let copy = if find(boxes, b"esds")?.is_some() { copy_entry(kind, body, MediaKind::Audio)? } else { None };
    Ok(Some(SampleEntry { codec, config: Bytes::copy_from_slice(config), size: (0, 0), copy }))
}

/// The sample entry as its boxes are, for writing it again: aspect ratio, colours and the like stay with it.
fn copy_entry(kind: FourCc, body: &[u8], media_kind: MediaKind) -> Result<Option<Bytes>, Error> {
    let (field_bytes, is_plain) = match media_kind {
        MediaKind::Video => (VISUAL_FIELDS_BYTES, true),
        // The version of QuickTime's entries is the first field behind the data reference.
        _ => (AUDIO_FIELDS_BYTES, body.get(8..10) == Some(&[0, 0])),
    };
    if !is_plain || body.len() > ENTRY_BYTES_MAX {
        return Ok(None);
    }
    let mut fields = Fields::new(kind, body);
    let mut copy = BytesMut::with_capacity(8 + body.len());
    let fixed = fields.bytes(field_bytes)?;
    let boxes: Result<Vec<_>, _> = Boxes::new(fields.rest()).collect();
    let boxes = boxes?;
    put_box(&mut copy, &kind.0, |out| {
        out.put_slice(fixed);
        boxes.iter().for_each(|(kind, body)| put_box(out, &kind.0, |out| out.put_slice(body)));
    });
    Ok(Some(copy.freeze()))
}

/// The object type indication and the `DecoderSpecificInfo` in an `ES_Descriptor` (ISO/IEC 14496-1 §7.2.6.5).
fn read_esds(body: &[u8]) -> Result<(u8, &[u8]), Error> {
    const ES: u8 = 3;
    const DECODER_CONFIG: u8 = 4;
    const DECODER_SPECIFIC_INFO: u8 = 5;
    let (_, _, fields) = Fields::full(b"esds", body)?;
    let Some(es) = find_descriptor(fields.rest(), ES)? else { return Ok((0, &[])) };
    let mut fields = Fields::new(ESDS, es);
    fields.skip(2)?; // ES_ID
    let flags = fields.u8()?;
    if flags & 0x80 != 0 {
        fields.skip(2)?; // dependsOn_ES_ID
    }
    if flags & 0x40 != 0 {
        let url_bytes = fields.u8()?;
        fields.skip(usize::from(url_bytes))?;
    }
    if flags & 0x20 != 0 {
        fields.skip(2)?; // OCR_ES_Id
    }
    let Some(decoder_config) = find_descriptor(fields.rest(), DECODER_CONFIG)? else { return Ok((0, &[])) };
    let mut fields = Fields::new(ESDS, decoder_config);
    let object_type = fields.u8()?;
    fields.skip(12)?; // stream type, buffer size, bit rates
    Ok((object_type, find_descriptor(fields.rest(), DECODER_SPECIFIC_INFO)?.unwrap_or_default()))
}

/// The body of the first descriptor with a tag (ISO/IEC 14496-1 §8.3.3).
fn find_descriptor(bytes: &[u8], wanted_tag: u8) -> Result<Option<&[u8]>, Error> {
    let mut fields = Fields::new(ESDS, bytes);
    while !fields.rest().is_empty() {
        let tag = fields.u8()?;
        let mut size = 0usize;
        for _ in 0..4 {
            let byte = fields.u8()?;
            size = size << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let body = fields.bytes(size)?;
        if tag == wanted_tag {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

/// An identification header (RFC 7845 §5.1) from an `OpusSpecificBox` (Opus in ISO-BMFF §4.3.2).
fn opus_head(body: &[u8]) -> Result<Bytes, Error> {
    let mut fields = Fields::new(FourCc(*b"dOps"), body);
    let mut head = BytesMut::with_capacity(8 + body.len());
    head.put_slice(b"OpusHead");
    fields.skip(1)?; // version
    head.put_u8(1);
    head.put_u8(fields.u8()?); // channels
    head.put_u16_le(fields.u16()?); // pre-skip
    head.put_u32_le(fields.u32()?); // input sample rate
    head.put_u16_le(fields.u16()?); // output gain
    head.put_slice(fields.rest()); // channel mapping
    Ok(head.freeze())
}

/// `fLaC` and STREAMINFO from a `FLACSpecificBox` (FLAC in ISO-BMFF §3.3.2), where it always is the first block.
fn flac_config(body: &[u8]) -> Result<Bytes, Error> {
    let (_, _, mut fields) = Fields::full(b"dfLa", body)?;
    let mut config = BytesMut::with_capacity(4 + STREAMINFO_BYTES);
    config.put_slice(b"fLaC");
    config.put_slice(fields.bytes(STREAMINFO_BYTES)?);
    Ok(config.freeze())
}

/// `VisualSampleEntry` (§12.1.3.2) and `AudioSampleEntry` (§12.2.3.2) up to their boxes.
const VISUAL_FIELDS_BYTES: usize = 78;
const AUDIO_FIELDS_BYTES: usize = 28;
/// Real ones have a few hundred bytes; a copy is kept.
const ENTRY_BYTES_MAX: usize = 64 << 10;
const ESDS: FourCc = FourCc(*b"esds");
/// MPEG-2 AAC of three profiles, with the same kind of config.
const OBJECT_TYPES_MPEG2_AAC_FIRST: u8 = 0x66;
const OBJECT_TYPES_MPEG2_AAC_LAST: u8 = 0x68;
/// The block with its header (RFC 9639 §8.1, §8.2).
const STREAMINFO_BYTES: usize = 4 + 34;
