//! Which bytes of a file are read, and in which order, to know where its samples are.

use crate::Error;
use crate::boxes::{BoxHeader, Fields, FourCc};
use crate::fragments::add_fragment;
use crate::index::{Index, Room};
use crate::movie::read_movie;
use media::Track;
use std::ops::Range;

/// Builds an [`Index`] from the ranges of a file that it asks for, which never are media but the first frame of an MP3
/// track.
///
/// Ask [`wanted`](Self::wanted), give those bytes to [`push`](Self::push), and again until nothing is wanted; then
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct IndexReader {
    file_bytes: u64,
    /// Where the next box begins.
    at: u64,
    /// Bytes of the next box that are needed.
    needed: u64,
    brands: Vec<FourCc>,
    index: Option<Index>,
    room: Room,
    is_cut_off: bool,
    is_moov_last: bool,
    /// Tracks whose decoder config has been looked for in their first sample.
    configs_seen: usize,
}

impl IndexReader {
    /// For a file of so many bytes.
    pub fn new(file_bytes: u64) -> Self {
        Self {
            file_bytes,
            at: 0,
            needed: PEEK_BYTES,
            brands: Vec::new(),
            index: None,
            room: Room::new(file_bytes),
            is_cut_off: false,
            is_moov_last: false,
            configs_seen: 0,
        }
    }

    /// What to read next, within the file; `None` when everything is known.
    pub fn wanted(&self) -> Option<Range<u64>> {
        if self.at < self.file_bytes {
            return Some(self.at..self.at.saturating_add(self.needed).min(self.file_bytes));
        }
        let (_, track) = self.next_without_config()?;
        let first = track.samples.get(0)?.range();
        Some(first.start..first.end.min(first.start.saturating_add(PEEK_BYTES)))
    }

    /// Takes the bytes of the range that was wanted. With fewer, the file ends with them.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.at < self.file_bytes {
            return self.push_boxes(bytes);
        }
        if let Some((number, track)) = self.next_without_config() {
            let (id, codec) = (track.track.id, track.track.codec);
            let failed = |source| Error::Config { codec, source };
            let config = media::mp3::config_of(bytes).map_err(failed)?;
            let track = Track::from_config(id, codec, config).map_err(failed)?;
            self.configs_seen = number + 1;
            let stored = self.index.as_mut().and_then(|index| index.tracks.get_mut(number));
            stored.into_iter().for_each(|stored| stored.track = track.clone());
        }
        Ok(())
    }

    /// What was read; an error when the file says nothing of itself.
    pub fn finish(self) -> Result<Index, Error> {
        let mut index = self.index.ok_or(NO_MOOV)?;
        index.brands = self.brands;
        index.is_cut_off = self.is_cut_off;
        index.is_moov_last = self.is_moov_last;
        index.missing_samples = self.room.missing;
        index.tracks.iter_mut().for_each(|track| track.samples.shrink_to_fit());
        Ok(index)
    }

    /// Reads boxes from the start of `bytes`, which stand where the next box begins.
    fn push_boxes(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let asked = std::mem::replace(&mut self.needed, PEEK_BYTES);
        let mut is_first = true;
        loop {
            let file_bytes_left = self.file_bytes.saturating_sub(self.at);
            let Some(header) = BoxHeader::parse(bytes, file_bytes_left)? else {
                // Behind another box the rest of this one is still to be asked for.
                if is_first || file_bytes_left <= bytes.len() as u64 {
                    self.stop();
                }
                return Ok(());
            };
            let box_bytes = header.header_bytes.saturating_add(header.body_bytes);
            if box_bytes > file_bytes_left {
                self.stop();
                return Ok(());
            }
            if let Some((what, max)) = limit(header.kind) {
                if header.body_bytes > max {
                    return Err(Error::Limit { what, value: header.body_bytes, max });
                }
                // Cannot truncate: the box is limited.
                match bytes.get(header.header_bytes as usize..box_bytes as usize) {
                    Some(body) => self.read_box(&header, body)?,
                    None if is_first && asked >= box_bytes => {
                        self.stop();
                        return Ok(());
                    }
                    None => {
                        self.needed = box_bytes.max(PEEK_BYTES);
                        return Ok(());
                    }
                }
            }
            self.is_moov_last |= header.kind.0 == *b"mdat" && self.index.is_none();
            self.at = self.at.saturating_add(box_bytes);
            let rest = usize::try_from(box_bytes).ok().and_then(|count| bytes.get(count..));
            bytes = rest.unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            is_first = false;
        }
    }

    fn read_box(&mut self, header: &BoxHeader, body: &[u8]) -> Result<(), Error> {
        let body_offset = self.at.saturating_add(header.header_bytes);
        match (&header.kind.0, &mut self.index) {
            (b"ftyp", _) => self.brands = read_brands(body)?,
            (b"moov", index @ None) => *index = Some(read_movie(body, body_offset, &mut self.room)?),
            (b"moof", Some(index)) => add_fragment(index, &mut self.room, body, self.at)?,
            (b"moof", None) => return Err(NO_MOOV),
            // A second moov is of another presentation.
            _ => {}
        }
        Ok(())
    }

    /// The file ends inside the box at hand.
    fn stop(&mut self) {
        self.is_cut_off = true;
        self.at = self.file_bytes;
    }

    /// The next track whose config is in its first sample.
    fn next_without_config(&self) -> Option<(usize, &crate::StoredTrack)> {
        let tracks = self.index.iter().flat_map(|index| index.tracks.iter().enumerate());
        tracks
            .skip(self.configs_seen)
            .find(|(_, track)| track.track.config.is_empty() && !track.samples.is_empty())
    }
}

/// The boxes that are read, with what to call too many bytes of them.
fn limit(kind: FourCc) -> Option<(&'static str, u64)> {
    match &kind.0 {
        b"ftyp" => Some(("bytes of an ftyp box", FTYP_BYTES_MAX)),
        b"moov" => Some(("bytes of a moov box", MOOV_BYTES_MAX)),
        b"moof" => Some(("bytes of a moof box", MOOF_BYTES_MAX)),
        _ => None,
    }
}

fn read_brands(ftyp: &[u8]) -> Result<Vec<FourCc>, Error> {
    let mut fields = Fields::new(FourCc(*b"ftyp"), ftyp);
    let mut brands = vec![fields.four_cc()?];
    fields.skip(4)?; // minor_version
    while let Ok(brand) = fields.four_cc() {
        if !brands.contains(&brand) {
            brands.push(brand);
        }
    }
    Ok(brands)
}

const NO_MOOV: Error = Error::Missing { kind: FourCc(*b"moov"), parent: "the file" };
/// Read at the start of every box: most `moof` boxes fit, and so need one read each.
const PEEK_BYTES: u64 = 4096;
const FTYP_BYTES_MAX: u64 = 4096;
/// Enough for the tables of as many samples as are read.
const MOOV_BYTES_MAX: u64 = 128 << 20;
const MOOF_BYTES_MAX: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FILES, file};

    /// Reads an index as somebody who has the whole file at hand, and notes what was asked for.
    fn read(file: &[u8]) -> (Result<Index, Error>, Vec<Range<u64>>) {
        let mut reader = IndexReader::new(file.len() as u64);
        let mut asked = Vec::new();
        while let Some(range) = reader.wanted() {
            assert!(range.start < range.end && range.end <= file.len() as u64, "{range:?}");
            let bytes = &file[range.start as usize..range.end as usize];
            asked.push(range);
            if let Err(error) = reader.push(bytes) {
                return (Err(error), asked);
            }
            assert!(asked.len() <= 2 * file.len(), "it never ends");
        }
        (reader.finish(), asked)
    }

    #[test]
    fn a_moov_at_the_end_is_found_without_reading_what_stands_before_it() {
        let whole = file("h264_aac.mp4");
        let at = whole.windows(4).position(|window| window == b"mdat").unwrap() - 4;
        let mdat_bytes = u32::from_be_bytes(whole[at..at + 4].try_into().unwrap());
        // The same file with 64 MiB more of media data, of which the reader is shown nothing.
        let more = 64 << 20;
        let mut reader = IndexReader::new(whole.len() as u64 + more);
        let mut read_bytes = 0;
        while let Some(range) = reader.wanted() {
            read_bytes += range.end - range.start;
            let moved = |at: u64| if at > more { at - more } else { at } as usize;
            let mut bytes = whole[moved(range.start)..moved(range.end).min(whole.len())].to_vec();
            if range.start == 0 {
                bytes[at..at + 4].copy_from_slice(&(mdat_bytes + more as u32).to_be_bytes());
            }
            reader.push(&bytes).unwrap();
        }
        let index = reader.finish().unwrap();
        assert_eq!(index.tracks.iter().map(|track| track.samples.len()).collect::<Vec<_>>(), [10, 20]);
        assert!(index.is_moov_last && !crate::testing::index(file("h264_aac_moov_first.mp4")).is_moov_last);
        assert!(read_bytes < 4 * PEEK_BYTES, "{read_bytes}");
    }

    #[test]
    fn reading_ends_when_the_file_turns_out_shorter_than_it_was() {
        let whole = file("h264_aac_fragmented.mp4");
        for end in (0..whole.len()).step_by(7) {
            let mut reader = IndexReader::new(whole.len() as u64);
            let mut steps = 0;
            while let Some(range) = reader.wanted() {
                let at = |at: u64| (at as usize).min(end);
                if reader.push(&whole[at(range.start)..at(range.end)]).is_err() {
                    break;
                }
                steps += 1;
                assert!(steps < 1000, "it never ends");
            }
        }
    }

    #[test]
    fn a_clock_that_starts_over_goes_on() {
        // The fragments of a recording twice, as when an encoder came back and began at 0 again.
        let whole = file("h264_aac_fragmented.mp4");
        let first_moof = whole.windows(4).position(|window| window == b"moof").unwrap() - 4;
        let mfra = whole.windows(4).position(|window| window == b"mfra").unwrap() - 4;
        let twice = [&whole[..mfra], &whole[first_moof..mfra]].concat();
        let index = read(&twice).0.unwrap();
        for (track, once) in index.tracks.iter().zip(&read(whole).0.unwrap().tracks) {
            assert_eq!(track.samples.len(), 2 * once.samples.len());
            assert!(track.samples.iter().is_sorted_by_key(|sample| sample.dts));
            assert_eq!(track.samples.end_dts(), 2 * once.samples.end_dts());
        }
    }

    #[test]
    fn small_files_cut_at_every_byte_are_read_or_refused() {
        for (name, whole) in FILES {
            let (index, _) = read(whole);
            let samples = |index: &Index| index.tracks.iter().map(|track| track.samples.len()).sum::<u32>();
            let all = samples(&index.unwrap());
            for cut in 0..whole.len() {
                if let (Ok(index), _) = read(&whole[..cut]) {
                    assert!(samples(&index) <= all, "{name} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn flipped_bits_anywhere_in_the_tables_are_read_or_refused() {
        for (_, whole) in FILES {
            let moov = whole.windows(4).position(|window| window == b"moov").unwrap();
            let mut bytes = whole.to_vec();
            for at in moov - 4..whole.len().min(moov + 2000) {
                for mask in [0x01, 0xff] {
                    bytes[at] ^= mask;
                    if let (Ok(index), _) = read(&bytes) {
                        for track in &index.tracks {
                            assert!(
                                track.samples.iter().all(|sample| sample.range().end <= whole.len() as u64)
                            );
                            assert!(track.samples.iter().is_sorted_by_key(|sample| sample.dts));
                            assert!(track.samples.len() as usize <= whole.len());
                        }
                    }
                    bytes[at] ^= mask;
                }
            }
        }
    }
}
