//! The `moov` box (ISO/IEC 14496-12 §8.2.1): tracks, and the samples of a file that is not fragmented.

use crate::Error;
use crate::boxes::{Boxes, Fields, FourCc, find, need};
use crate::fragments::TrackDefaults;
use crate::index::{Edit, Index, Room, SkippedTrack, StoredTrack, rescale};
use crate::sample_entry::{SampleEntry, read_sample_entry};
use crate::sample_table::read_samples;
use media::{AudioInfo, Codec, Track, TrackId, TrackInfo};

/// Reads the body of a `moov` box, which begins at `body_offset` of the file.
pub(crate) fn read_movie(moov: &[u8], body_offset: u64, room: &mut Room) -> Result<Index, Error> {
    let (version, _, mut mvhd) = Fields::full(b"mvhd", need(moov, b"mvhd", "moov")?)?;
    mvhd.skip(if version == 1 { 16 } else { 8 })?;
    let movie_timescale = mvhd.u32()?;
    let mvex = find(moov, b"mvex")?;
    let mut index = Index {
        brands: Vec::new(),
        is_fragmented: mvex.is_some(),
        is_cut_off: false,
        is_moov_last: false,
        missing_samples: 0,
        metadata: Vec::new(),
        tracks: Vec::new(),
        skipped: Vec::new(),
    };
    let defaults = mvex.map(TrackDefaults::read_all).transpose()?.unwrap_or_default();
    let mut boxes = Boxes::new(moov);
    let mut start = body_offset;
    while let Some((kind, trak)) = boxes.next().transpose()? {
        let end = body_offset.saturating_add((moov.len() - boxes.bytes_left()) as u64);
        if matches!(&kind.0, b"udta" | b"meta") && index.metadata.len() < METADATA_BOXES_MAX {
            index.metadata.push(start..end);
        }
        start = end;
        if kind.0 == *b"trak" {
            let seen = index.tracks.len() + index.skipped.len();
            if seen >= TRACKS_MAX {
                let (value, max) = (seen as u64 + 1, TRACKS_MAX as u64);
                return Err(Error::Limit { what: "number of tracks", value, max });
            }
            read_track(trak, &mut index, room, movie_timescale, &defaults)?;
        }
    }
    Ok(index)
}

fn read_track(
    trak: &[u8],
    index: &mut Index,
    room: &mut Room,
    movie_timescale: u32,
    defaults: &[TrackDefaults],
) -> Result<(), Error> {
    let header = TrackHeader::read(need(trak, b"tkhd", "trak")?)?;
    let number = header.number;
    let mdia = need(trak, b"mdia", "trak")?;
    let (timescale, language) = read_mdhd(need(mdia, b"mdhd", "mdia")?)?;
    let stbl = need(need(mdia, b"minf", "mdia")?, b"stbl", "minf")?;
    let (_, _, mut stsd) = Fields::full(b"stsd", need(stbl, b"stsd", "stbl")?)?;
    stsd.skip(4)?; // entry_count
    // A track whose samples refer to another entry than the first is left out where that is met.
    let Some((sample_entry, body)) = Boxes::new(stsd.rest()).next().transpose()? else {
        index.skipped.push(SkippedTrack { number, sample_entry: FourCc([0; 4]), error: None });
        return Ok(());
    };
    let mut skip = |error| index.skipped.push(SkippedTrack { number, sample_entry, error });
    let Some(entry) = read_sample_entry(sample_entry, body)? else {
        skip(None);
        return Ok(());
    };
    let (codec, kind) = (entry.codec, entry.codec.media_kind());
    let before = index.tracks.iter().filter(|track| track.track.id.kind == kind).count();
    let id = TrackId { kind, index: before as u8 }; // below TRACKS_MAX
    let copy = entry.copy.clone();
    let track = match make_track(id, entry) {
        Ok(track) => track,
        Err(source) => {
            skip(Some(Error::Config { codec, source }));
            return Ok(());
        }
    };
    let samples = match read_samples(stbl, room) {
        Ok(samples) => samples,
        Err(error @ Error::DecoderConfigs { .. }) => {
            skip(Some(error));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let defaults = defaults.iter().find(|defaults| defaults.track_number == number).copied();
    let elng = find(mdia, b"elng")?;
    index.tracks.push(StoredTrack {
        track,
        number,
        timescale,
        edit: read_edit(trak, timescale, movie_timescale)?,
        language,
        language_tag: elng.and_then(read_elng),
        matrix: header.matrix,
        display_size: header.display_size,
        sample_entry,
        entry: copy,
        next_dts: samples.end_dts(),
        clock_shift: 0,
        samples,
        defaults: defaults.unwrap_or_default(),
    });
    Ok(())
}

fn make_track(id: TrackId, entry: SampleEntry) -> Result<Track, media::Error> {
    let SampleEntry { codec, config, size, .. } = entry;
    if codec == Codec::Mp3 {
        let info = TrackInfo::Audio(AudioInfo::default());
        return Ok(Track { id, codec, config, info });
    }
    let mut track = Track::from_config(id, codec, config)?;
    // VP8 and VP9 say their size only in the pictures.
    if let TrackInfo::Video(video) = &mut track.info
        && (video.width == 0 || video.height == 0)
    {
        (video.width, video.height) = (size.0.into(), size.1.into());
    }
    Ok(track)
}

/// `tkhd` (§8.3.2).
struct TrackHeader {
    number: u32,
    matrix: [u32; 9],
    display_size: (u32, u32),
}

impl TrackHeader {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let (version, _, mut fields) = Fields::full(b"tkhd", body)?;
        fields.skip(if version == 1 { 16 } else { 8 })?;
        let number = fields.u32()?;
        fields.skip(if version == 1 { 12 } else { 8 })?;
        fields.skip(8 + 8)?; // reserved; layer, alternate_group, volume, reserved
        let mut matrix = [0; 9];
        for value in &mut matrix {
            *value = fields.u32()?;
        }
        Ok(Self { number, matrix, display_size: (fields.u32()?, fields.u32()?) })
    }
}

/// Timescale and language from `mdhd` (§8.4.2).
fn read_mdhd(body: &[u8]) -> Result<(u32, [u8; 3]), Error> {
    let (version, _, mut fields) = Fields::full(b"mdhd", body)?;
    fields.skip(if version == 1 { 16 } else { 8 })?;
    let timescale = fields.u32()?;
    if timescale == 0 {
        return Err(Error::Invalid {
            kind: FourCc(*b"mdhd"),
            what: "timescale",
            value: 0,
            expected: "at least 1",
            section: "ISO/IEC 14496-12 §8.4.2",
        });
    }
    fields.skip(if version == 1 { 8 } else { 4 })?;
    let packed = fields.u16()?;
    let letters = [packed >> 10, packed >> 5, packed].map(|bits| (bits & 0x1f) as u8 + 0x60);
    // QuickTime has numbers of its own here, all below the packed letters.
    let is_code = packed & 0x8000 == 0 && letters.iter().all(u8::is_ascii_lowercase);
    Ok((timescale, if is_code { letters } else { *b"und" }))
}

/// The language tag of `elng` (§8.4.6), if it is one.
fn read_elng(body: &[u8]) -> Option<String> {
    let (_, _, fields) = Fields::full(b"elng", body).ok()?;
    let tag = std::str::from_utf8(fields.rest().split(|&byte| byte == 0).next()?).ok()?;
    let is_tag = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_tag && !tag.is_empty() && tag.len() <= LANGUAGE_TAG_BYTES_MAX).then(|| tag.to_owned())
}

/// Reads the edit list (§8.6.6): how much emptiness comes first, and the one part of the media after it.
fn read_edit(trak: &[u8], timescale: u32, movie_timescale: u32) -> Result<Edit, Error> {
    let mut edit = Edit::default();
    let Some(edts) = find(trak, b"edts")? else { return Ok(edit) };
    let Some(elst) = find(edts, b"elst")? else { return Ok(edit) };
    let (version, _, mut fields) = Fields::full(b"elst", elst)?;
    let count = fields.u32()?;
    let mut has_media = false;
    for _ in 0..count {
        let duration = fields.u32_or_u64(version)?;
        let media_time = fields.u32_or_u64(version)?;
        fields.skip(4)?; // media_rate
        if has_media {
            edit.has_more = true;
            break;
        }
        let duration_ticks = rescale(duration, movie_timescale, timescale);
        let media_time = if version == 1 {
            media_time.cast_signed()
        } else {
            i64::from((media_time as u32).cast_signed())
        };
        // -1 is emptiness; other negative times mean nothing.
        if media_time < 0 {
            edit.delay_ticks = edit.delay_ticks.saturating_add(duration_ticks);
            continue;
        }
        edit.media_time_ticks = media_time;
        edit.duration_ticks = (duration > 0).then_some(duration_ticks);
        has_media = true;
    }
    Ok(edit)
}

/// There is one of each kind.
const METADATA_BOXES_MAX: usize = 4;
/// More than any presentation has.
const TRACKS_MAX: usize = 64;
/// The tags that are in use have some ten letters (RFC 5646 §4.4.1 asks for room for 35).
const LANGUAGE_TAG_BYTES_MAX: usize = 64;

// The index within a kind has eight bits.
const _: () = assert!(TRACKS_MAX <= 256);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::{put_box, put_full_box};
    use bytes::{BufMut, BytesMut};

    fn edit(version: u8, edits: &[(u64, i64)]) -> Edit {
        let mut trak = BytesMut::new();
        put_box(&mut trak, b"edts", |out| {
            put_full_box(out, b"elst", version, 0, |out| {
                out.put_u32(edits.len() as u32);
                for &(duration, media_time) in edits {
                    if version == 1 {
                        out.put_u64(duration);
                        out.put_i64(media_time);
                    } else {
                        out.put_u32(duration as u32);
                        out.put_i32(media_time as i32);
                    }
                    out.put_u32(0x0001_0000);
                }
            });
        });
        read_edit(&trak, 48_000, 1000).unwrap()
    }

    #[test]
    fn an_edit_list_is_followed_up_to_the_end_of_its_first_part() {
        for version in [0, 1] {
            let plain = Edit { media_time_ticks: 1024, duration_ticks: Some(96_000), ..Edit::default() };
            assert_eq!(edit(version, &[(2000, 1024)]), plain);
            // Emptiness may be said in several pieces; a duration of 0 is that of the media.
            let late = Edit { delay_ticks: 48_000, media_time_ticks: 7, ..Edit::default() };
            assert_eq!(edit(version, &[(400, -1), (600, -1), (0, 7)]), late);
            assert!(edit(version, &[(2000, 0), (1000, 90_000)]).has_more);
            assert_eq!(edit(version, &[]), Edit::default());
        }
        assert_eq!(read_edit(&[], 48_000, 1000).unwrap(), Edit::default());
    }

    #[test]
    fn languages_are_letters_or_not_told() {
        let mdhd = |packed: u16| {
            let body =
                [&[0; 12][..], &48_000u32.to_be_bytes(), &[0; 4], &packed.to_be_bytes(), &[0; 2]].concat();
            read_mdhd(&body).unwrap().1
        };
        assert_eq!(mdhd(0x15c7), *b"eng");
        assert_eq!(mdhd(0x55c4), *b"und");
        // QuickTime's number for English, and its number for nothing.
        assert_eq!((mdhd(0), mdhd(0x7fff)), (*b"und", *b"und"));
        assert_eq!(read_elng(b"\0\0\0\0zh-Hant-TW\0").as_deref(), Some("zh-Hant-TW"));
        for wrong in [&b"\0\0\0\0"[..], b"\0\0\0\0\"><x\0", b"\0\0", &[b'a'; 80]] {
            assert_eq!(read_elng(wrong), None);
        }
    }
}
