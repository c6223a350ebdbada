//! Sample entries (ISO/IEC 14496-12 §8.5.2): which codec a track has, and its decoder config.

mod read;

pub(crate) use read::{SampleEntry, read_sample_entry};

use crate::Error;
use crate::boxes::put_box;
use bytes::{BufMut, BytesMut};
use media::{AudioInfo, Codec, Track, TrackInfo, VideoInfo};

/// Appends the sample entry of a track.
pub(crate) fn put_sample_entry(out: &mut BytesMut, track: &Track) -> Result<(), Error> {
    let invalid = |source| Error::Config { codec: track.codec, source };
    let (kind, config_kind) = match track.codec {
        Codec::H264 => (b"avc1", b"avcC"),
        Codec::H265 => (b"hvc1", b"hvcC"),
        Codec::Av1 => (b"av01", b"av1C"),
        Codec::Vp8 => (b"vp08", b"vpcC"),
        Codec::Vp9 => (b"vp09", b"vpcC"),
        Codec::Aac | Codec::Mp3 => (b"mp4a", b"esds"),
        Codec::Opus => (b"Opus", b"dOps"),
        Codec::Flac => (b"fLaC", b"dfLa"),
        Codec::Ac3 => (b"ac-3", b"dac3"),
        Codec::Eac3 => (b"ec-3", b"dec3"),
        Codec::ScriptData => return Err(Error::Unsupported(track.codec)),
    };
    let mut config = BytesMut::new();
    match track.codec {
        Codec::Aac => put_esds_body(&mut config, OBJECT_TYPE_AAC, Some(&track.config)),
        Codec::Mp3 => put_esds_body(&mut config, mp3_object_type(track), None),
        Codec::Opus => put_dops_body(&mut config, &track.config).map_err(invalid)?,
        Codec::Flac => put_dfla_body(&mut config, &track.config).map_err(invalid)?,
        // The others' normal form is the body of the box.
        _ => config.put_slice(&track.config),
    }
    put_box(out, kind, |out| {
        match &track.info {
            TrackInfo::Video(video) => put_visual_fields(out, video),
            TrackInfo::Audio(audio) => put_audio_fields(out, audio),
        }
        put_box(out, config_kind, |out| out.put_slice(&config));
    });
    Ok(())
}

/// `VisualSampleEntry` without its boxes (§12.1.3.2).
fn put_visual_fields(out: &mut BytesMut, video: &VideoInfo) {
    const DOTS_PER_INCH_72: u32 = 72 << 16;
    out.put_bytes(0, 6);
    out.put_u16(1); // data_reference_index
    out.put_bytes(0, 16);
    out.put_u16(side(video.width));
    out.put_u16(side(video.height));
    out.put_u32(DOTS_PER_INCH_72);
    out.put_u32(DOTS_PER_INCH_72);
    out.put_u32(0);
    out.put_u16(1); // frame_count
    out.put_bytes(0, 32); // compressorname
    out.put_u16(24); // depth
    out.put_i16(-1);
}

/// A width or height in the 16 bits MP4 has for it.
pub(crate) fn side(luma_samples: u32) -> u16 {
    u16::try_from(luma_samples).unwrap_or(u16::MAX)
}

/// `AudioSampleEntry` without its boxes (§12.2.3.2).
fn put_audio_fields(out: &mut BytesMut, audio: &AudioInfo) {
    // The field has 16 bits; the greatest fitting division of the rate stands for a higher one, and the decoder
    // config has the true one (FLAC in ISO-BMFF §3.3.1).
    let mut sample_rate = audio.sample_rate;
    while sample_rate > u32::from(u16::MAX) {
        sample_rate /= 2;
    }
    out.put_bytes(0, 6);
    out.put_u16(1); // data_reference_index
    out.put_bytes(0, 8);
    out.put_u16(if audio.channels == 0 { 2 } else { u16::from(audio.channels) });
    out.put_u16(16); // samplesize
    out.put_u32(0);
    out.put_u32(sample_rate << 16);
}

/// `ES_Descriptor` and what it holds, as a full box (ISO/IEC 14496-14 §6.7.2, 14496-1 §7.2.6).
fn put_esds_body(out: &mut BytesMut, object_type: u8, config: Option<&[u8]>) {
    const STREAM_TYPE_AUDIO: u8 = 5 << 2 | 1;
    let config_bytes = config.map_or(0, |config| DESCRIPTOR_HEADER_BYTES + config.len());
    let decoder_config_bytes = 13 + config_bytes;
    out.put_u32(0); // version and flags
    put_descriptor_header(out, 3, 3 + 2 * DESCRIPTOR_HEADER_BYTES + decoder_config_bytes + 1);
    out.put_slice(&[0, 0, 0]); // ES_ID, flags
    put_descriptor_header(out, 4, decoder_config_bytes);
    out.put_slice(&[object_type, STREAM_TYPE_AUDIO]);
    out.put_bytes(0, 11); // bufferSizeDB, maxBitrate, avgBitrate: not known
    if let Some(config) = config {
        put_descriptor_header(out, 5, config.len());
        out.put_slice(config);
    }
    put_descriptor_header(out, 6, 1);
    out.put_u8(2); // SLConfigDescriptor: predefined for MP4
}

/// A descriptor's tag and its length in four bytes of seven bits (ISO/IEC 14496-1 §8.3.3).
fn put_descriptor_header(out: &mut BytesMut, tag: u8, bytes: usize) {
    let group = |shift: u32| (bytes >> shift) as u8 & 0x7f;
    out.put_slice(&[tag, group(21) | 0x80, group(14) | 0x80, group(7) | 0x80, group(0)]);
}

fn mp3_object_type(track: &Track) -> u8 {
    match &track.info {
        TrackInfo::Audio(audio) if audio.sample_rate < 32_000 => OBJECT_TYPE_MPEG2_AUDIO,
        _ => OBJECT_TYPE_MPEG1_AUDIO,
    }
}

/// `OpusSpecificBox` (Opus in ISO-BMFF §4.3.2) from an identification header (RFC 7845 §5.1): version 0 in place of 1,
/// and big-endian numbers.
fn put_dops_body(out: &mut BytesMut, head: &[u8]) -> Result<(), media::Error> {
    let Some([_, channels, skip0, skip1, rate0, rate1, rate2, rate3, gain0, gain1, mapping @ ..]) =
        head.strip_prefix(b"OpusHead")
    else {
        return Err(media::Error::Truncated { what: "an Opus identification header (RFC 7845 §5.1)" });
    };
    out.put_slice(&[0, *channels, *skip1, *skip0, *rate3, *rate2, *rate1, *rate0, *gain1, *gain0]);
    out.put_slice(mapping);
    Ok(())
}

/// `FLACSpecificBox` (FLAC in ISO-BMFF §3.3.2) with nothing but STREAMINFO.
fn put_dfla_body(out: &mut BytesMut, config: &[u8]) -> Result<(), media::Error> {
    const IS_LAST_BLOCK: u8 = 0x80;
    let Some([block_type, block @ ..]) = config.strip_prefix(b"fLaC") else {
        return Err(media::Error::Missing { what: "the letters fLaC", section: "RFC 9639 §8" });
    };
    out.put_u32(0); // version and flags
    out.put_u8(block_type | IS_LAST_BLOCK);
    out.put_slice(block);
    Ok(())
}

const DESCRIPTOR_HEADER_BYTES: usize = 5;
/// Object type indications (ISO/IEC 14496-1 §7.2.6.6).
const OBJECT_TYPE_AAC: u8 = 0x40;
/// ISO/IEC 13818-3, the half sample rates.
const OBJECT_TYPE_MPEG2_AUDIO: u8 = 0x69;
/// ISO/IEC 11172-3.
const OBJECT_TYPE_MPEG1_AUDIO: u8 = 0x6b;
