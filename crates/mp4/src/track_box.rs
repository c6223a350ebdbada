//! The boxes in front of all samples, as they are written: `ftyp`, and what `moov` holds (ISO/IEC 14496-12 §4.3, §8).

use crate::boxes::{put_box, put_full_box};
use bytes::{BufMut, BytesMut};
use media::MediaKind;

/// Appends `ftyp`: the major brand, and all brands the file fits.
pub(crate) fn put_ftyp(out: &mut BytesMut, major: &[u8; 4], brands: &[u8]) {
    put_box(out, b"ftyp", |out| {
        out.put_slice(major);
        out.put_u32(0); // minor_version
        out.put_slice(brands);
    });
}

/// Appends `mvhd`; a duration of 0 is that of the fragments.
pub(crate) fn put_mvhd(out: &mut BytesMut, timescale: u32, duration: u64, next_number: u32) {
    let version = version_for(duration);
    put_full_box(out, b"mvhd", version, 0, |out| {
        put_times(out, version, |out| out.put_u32(timescale), duration);
        out.put_u32(0x0001_0000); // rate 1
        out.put_u16(0x0100); // volume 1
        out.put_bytes(0, 10);
        put_matrix(out, &UNITY_MATRIX);
        out.put_bytes(0, 24);
        out.put_u32(next_number);
    });
}

/// Appends `mvex`, which says that these tracks go on in fragments, and how long those last, in ticks of the movie, if
/// that is known.
pub(crate) fn put_mvex(
    out: &mut BytesMut,
    fragments_duration: Option<u64>,
    track_numbers: impl Iterator<Item = u32>,
) {
    put_box(out, b"mvex", |out| {
        if let Some(duration) = fragments_duration {
            put_full_box(out, b"mehd", 1, 0, |out| out.put_u64(duration));
        }
        for track_number in track_numbers {
            put_full_box(out, b"trex", 0, 0, |out| {
                out.put_u32(track_number);
                out.put_u32(1); // default_sample_description_index
                out.put_bytes(0, 12); // default duration, size and flags: every fragment says its own
            });
        }
    });
}

/// What a track says of itself besides its samples.
#[derive(Clone, Debug)]
pub(crate) struct TrackHeader<'a> {
    pub(crate) number: u32,
    pub(crate) kind: MediaKind,
    pub(crate) timescale: u32,
    /// Sum of the sample durations in ticks of `timescale`; 0 in front of fragments.
    pub(crate) media_ticks: u64,
    /// Duration in the presentation, in ticks of the movie; 0 in front of fragments.
    pub(crate) movie_ticks: u64,
    /// Duration in ticks of the movie, and media time in ticks of `timescale` or -1 for emptiness.
    pub(crate) edits: Vec<(u64, i64)>,
    pub(crate) language: [u8; 3],
    pub(crate) language_tag: Option<&'a str>,
    pub(crate) matrix: [u32; 9],
    /// In 1/65536 of a pixel.
    pub(crate) display_size: (u32, u32),
}

impl TrackHeader<'_> {
    /// Of a track in front of fragments, of which no more is known.
    pub(crate) fn new(number: u32, kind: MediaKind, timescale: u32) -> Self {
        Self {
            number,
            kind,
            timescale,
            media_ticks: 0,
            movie_ticks: 0,
            edits: Vec::new(),
            language: *b"und",
            language_tag: None,
            matrix: UNITY_MATRIX,
            display_size: (0, 0),
        }
    }
}

/// Appends a `trak` whose `stbl` `put_tables` fills.
pub(crate) fn put_trak(out: &mut BytesMut, track: &TrackHeader<'_>, put_tables: impl FnOnce(&mut BytesMut)) {
    let is_video = track.kind == MediaKind::Video;
    put_box(out, b"trak", |out| {
        const ENABLED_IN_MOVIE: u32 = 3;
        let version = version_for(track.movie_ticks);
        put_full_box(out, b"tkhd", version, ENABLED_IN_MOVIE, |out| {
            let put_number = |out: &mut BytesMut| {
                out.put_u32(track.number);
                out.put_u32(0);
            };
            put_times(out, version, put_number, track.movie_ticks);
            out.put_bytes(0, 8 + 4); // reserved, layer, alternate_group
            out.put_u16(if is_video { 0 } else { 0x0100 }); // volume
            out.put_u16(0);
            put_matrix(out, &track.matrix);
            out.put_u32(track.display_size.0);
            out.put_u32(track.display_size.1);
        });
        if !track.edits.is_empty() {
            put_edits(out, &track.edits);
        }
        put_box(out, b"mdia", |out| {
            let version = version_for(track.media_ticks);
            put_full_box(out, b"mdhd", version, 0, |out| {
                put_times(out, version, |out| out.put_u32(track.timescale), track.media_ticks);
                // Three letters of five bits.
                out.put_u16(
                    track.language.iter().fold(0, |code, letter| code << 5 | u16::from(letter & 0x1f)),
                );
                out.put_u16(0);
            });
            put_full_box(out, b"hdlr", 0, 0, |out| {
                out.put_u32(0);
                out.put_slice(if is_video { b"vide" } else { b"soun" });
                out.put_bytes(0, 12);
                out.put_slice(if is_video { b"video\0" } else { b"audio\0" });
            });
            if let Some(tag) = track.language_tag {
                put_full_box(out, b"elng", 0, 0, |out| {
                    out.put_slice(tag.as_bytes());
                    out.put_u8(0);
                });
            }
            put_box(out, b"minf", |out| {
                if is_video {
                    put_full_box(out, b"vmhd", 0, 1, |out| out.put_bytes(0, 8));
                } else {
                    put_full_box(out, b"smhd", 0, 0, |out| out.put_bytes(0, 4));
                }
                put_box(out, b"dinf", |out| {
                    put_full_box(out, b"dref", 0, 0, |out| {
                        out.put_u32(1);
                        const IN_THIS_FILE: u32 = 1;
                        put_full_box(out, b"url ", 0, IN_THIS_FILE, |_| ());
                    });
                });
                put_box(out, b"stbl", put_tables);
            });
        });
    });
}

/// Appends the body of an `stbl` without samples: they are in the fragments.
pub(crate) fn put_empty_tables(out: &mut BytesMut, entry: &[u8]) {
    put_stsd(out, entry);
    put_full_box(out, b"stts", 0, 0, |out| out.put_u32(0));
    put_full_box(out, b"stsc", 0, 0, |out| out.put_u32(0));
    put_full_box(out, b"stsz", 0, 0, |out| out.put_u64(0));
    put_full_box(out, b"stco", 0, 0, |out| out.put_u32(0));
}

/// Appends `stsd` with one sample entry.
pub(crate) fn put_stsd(out: &mut BytesMut, entry: &[u8]) {
    put_full_box(out, b"stsd", 0, 0, |out| {
        out.put_u32(1);
        out.put_slice(entry);
    });
}

fn put_edits(out: &mut BytesMut, edits: &[(u64, i64)]) {
    put_box(out, b"edts", |out| {
        put_full_box(out, b"elst", 1, 0, |out| {
            out.put_u32(edits.len() as u32);
            for &(duration, media_time) in edits {
                out.put_u64(duration);
                out.put_i64(media_time);
                out.put_u32(0x0001_0000); // media_rate 1
            }
        });
    });
}

/// Version 1 of a box has 64 bits for its times.
fn version_for(duration: u64) -> u8 {
    u8::from(u32::try_from(duration).is_err())
}

/// Appends creation and modification time, which are not told, what stands between them and the duration, and that.
fn put_times(out: &mut BytesMut, version: u8, put_between: impl FnOnce(&mut BytesMut), duration: u64) {
    out.put_bytes(0, if version == 1 { 16 } else { 8 });
    put_between(out);
    if version == 1 {
        out.put_u64(duration);
    } else {
        out.put_u32(duration as u32); // fits, says the version
    }
}

fn put_matrix(out: &mut BytesMut, matrix: &[u32; 9]) {
    matrix.iter().for_each(|&value| out.put_u32(value));
}

const UNITY_MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
