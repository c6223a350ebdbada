//! Whether a file can be packaged for players as it is, and the form in which that takes fewest reads.

use media::MediaKind;
use mp4::{Index, IndexReader, Piece, Progressive};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What is known of an MP4 file that we can package.
#[derive(Debug)]
pub struct Packaged {
    /// RFC 6381 codec strings, with commas between.
    pub codecs: String,
    /// Whether all of them play in browsers.
    pub is_for_browsers: bool,
    /// Whether there are pictures.
    pub has_pictures: bool,
    /// Whether it is all there.
    pub is_whole: bool,
}

/// Reads the index of a file; `None` when our own reader cannot.
pub fn read(file: &Path) -> Option<Packaged> {
    of(&index(file).ok()??)
}

/// Writes a file again without fragments, `moov` first, and says what it is; `None` when our own reader cannot read it,
/// or not all of it. Where objects are far away, opening the new one takes a few requests; one in fragments takes one
/// for each of them.
pub fn without_fragments(file: &Path, to: &Path) -> io::Result<Option<Packaged>> {
    let Some(mut index) = index(file)? else { return Ok(None) };
    let Some(packaged) = of(&index).filter(|packaged| packaged.is_whole) else { return Ok(None) };
    index.tracks.retain(|track| !track.samples.is_empty());
    let plan = Progressive::new(&index).map_err(io::Error::other)?;
    let (mut from, mut to) = (File::open(file)?, File::create(to)?);
    for piece in plan.pieces() {
        match &piece {
            Piece::Bytes(bytes) => to.write_all(bytes)?,
            Piece::Copy(range) => {
                from.seek(SeekFrom::Start(range.start))?;
                if io::copy(&mut (&from).take(piece.bytes()), &mut to)? < piece.bytes() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    }
    Ok(Some(packaged))
}

fn of(index: &Index) -> Option<Packaged> {
    let tracks: Vec<_> = index.tracks.iter().filter(|track| !track.samples.is_empty()).collect();
    if tracks.is_empty() {
        return None;
    }
    let mut codecs = Vec::new();
    for track in &tracks {
        let codec = track.codec_string();
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    Some(Packaged {
        is_for_browsers: codecs.iter().all(|codec| plays(codec)),
        codecs: codecs.join(","),
        has_pictures: tracks.iter().any(|track| track.track.id.kind == MediaKind::Video),
        is_whole: !index.is_cut_off && index.missing_samples == 0,
    })
}

fn index(path: &Path) -> io::Result<Option<Index>> {
    let mut file = File::open(path)?;
    let mut reader = IndexReader::new(file.metadata()?.len());
    while let Some(range) = reader.wanted() {
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        (&mut file).take(range.end - range.start).read_to_end(&mut bytes)?;
        if reader.push(&bytes).is_err() {
            return Ok(None);
        }
    }
    Ok(reader.finish().ok())
}

/// Whether browsers in general play it from a media source: H.265 and AC-3 only some do, and MP3 (`mp4a.40.34`) none does
/// in MP4, where it would be silent.
fn plays(codec: &str) -> bool {
    let Some((name, rest)) = codec.split_once('.') else {
        return matches!(codec, "opus" | "flac");
    };
    match name {
        // Baseline, Main, Extended and High; those with more bits or colours have no decoder.
        "avc1" | "avc3" => ["42", "4D", "4d", "58", "64"].iter().any(|profile| rest.starts_with(profile)),
        // Profile 0 has 8 or 10 bits and 4:2:0.
        "av01" => rest.starts_with("0."),
        "vp09" => rest.starts_with("00.") || rest.starts_with("02."),
        "mp4a" => (rest.starts_with("40.") && rest != "40.34") || rest.starts_with("67"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::plays;

    #[test]
    fn codecs_that_only_some_browsers_have_are_not_called_playable() {
        for codec in
            ["avc1.64001F", "avc3.42C01E", "mp4a.40.2", "opus", "av01.0.04M.08", "vp09.00.10.08", "flac"]
        {
            assert!(plays(codec), "{codec}");
        }
        for codec in [
            "avc1.6E001F",
            "avc1.F4001F",
            "hvc1.1.6.L93.B0",
            "mp4a.40.34",
            "ac-3",
            "ec-3",
            "av01.1.04M.08",
            "vp09.01.10.08",
        ] {
            assert!(!plays(codec), "{codec}");
        }
    }
}
