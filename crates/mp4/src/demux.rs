//! Reading MP4 files, fragmented or not, from anything that can be read and sought in.

use crate::boxes::{BOX_HEADER_BYTES_MAX, BoxHeader, Fields, FourCc};
use crate::{Error, Movie, Sample};
use bytes::Bytes;
use media::{MediaKind, Packet, PacketKind, Timestamp};
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// The packets of a file: a decoder config of each track, then the samples of all tracks by decode time.
///
/// Only the tables are held in memory; each sample is read when it is asked for.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    movie: Movie,
    brands: Vec<FourCc>,
    is_cut_off: bool,
    next_config: usize,
    next_sample: usize,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads what the file says of itself. A file that was cut off in a fragment is read up to there.
    pub fn open(mut source: R) -> Result<Self, Error> {
        let file_bytes = source.seek(SeekFrom::End(0))?;
        let (mut movie, mut brands, mut is_cut_off) = (None, Vec::new(), false);
        let mut at = 0u64;
        while at < file_bytes {
            let Some(header) = read_box_header(&mut source, at, file_bytes)? else {
                is_cut_off = true;
                break;
            };
            let end = at.saturating_add(header.header_bytes).saturating_add(header.body_bytes);
            is_cut_off |= end > file_bytes;
            let body_at = at.saturating_add(header.header_bytes);
            let mut read = |max| read_body(&mut source, &header, body_at, max);
            match &header.kind.0 {
                _ if end > file_bytes => {}
                b"ftyp" => brands = read_brands(&read(FTYP_BYTES_MAX)?)?,
                b"moov" => movie = Some(Movie::parse(&read(MOOV_BYTES_MAX)?, file_bytes)?),
                b"moof" => {
                    let moof = read(MOOF_BYTES_MAX)?;
                    let movie = movie.as_mut().ok_or(NO_MOOV)?;
                    movie.add_fragment(&moof, at)?;
                }
                _ => {}
            }
            at = end;
        }
        let mut movie = movie.ok_or(NO_MOOV)?;
        movie.sort_samples();
        for (track_index, sample) in movie.samples_with_config() {
            let bytes = read_sample(&mut source, &sample)?;
            movie.set_config_from_sample(track_index, &bytes)?;
        }
        Ok(Self { source, movie, brands, is_cut_off, next_config: 0, next_sample: 0 })
    }

    /// The tracks, and where the samples are.
    pub fn movie(&self) -> &Movie {
        &self.movie
    }

    /// The brands of the file, the major one first; empty when it states none.
    pub fn brands(&self) -> &[FourCc] {
        &self.brands
    }

    /// Whether the file ends inside a box.
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// The next packet; `None` at the end.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        if let Some(config) = self.next_config_packet() {
            return Ok(Some(config));
        }
        let Some(&sample) = self.movie.index().samples().get(self.next_sample) else { return Ok(None) };
        self.next_sample += 1;
        let Some(track) = self.movie.tracks.get(usize::from(sample.track_index)) else { return Ok(None) };
        let (track_id, codec) = (track.track.id, track.track.codec);
        let is_keyframe = track_id.kind == MediaKind::Video && sample.is_keyframe;
        let payload = read_sample(&mut self.source, &sample)?;
        Ok(Some(Packet {
            track_id,
            codec,
            kind: if is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame },
            dts: sample.dts,
            pts: sample.pts,
            discontinuity: false,
            payload,
        }))
    }

    fn next_config_packet(&mut self) -> Option<Packet> {
        let tracks = self.movie.tracks().skip(self.next_config);
        let (skipped, track) = tracks.enumerate().find(|(_, track)| !track.config.is_empty())?;
        self.next_config += skipped + 1;
        let start = self.movie.index().samples().first().map_or(Timestamp::ZERO, |sample| sample.dts);
        Some(Packet {
            track_id: track.id,
            codec: track.codec,
            kind: PacketKind::Config,
            dts: start,
            pts: start,
            discontinuity: false,
            payload: track.config.clone(),
        })
    }
}

impl<R: Read + Seek> Iterator for Reader<R> {
    type Item = Result<Packet, Error>;

    /// As [`next_packet`](Reader::next_packet); an error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.next_packet();
        if item.is_err() {
            self.next_config = usize::MAX;
            self.next_sample = usize::MAX;
        }
        item.transpose()
    }
}

fn read_box_header<R: Read + Seek>(
    source: &mut R,
    at: u64,
    file_bytes: u64,
) -> Result<Option<BoxHeader>, Error> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = [0; BOX_HEADER_BYTES_MAX];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    BoxHeader::parse(bytes.get(..filled).unwrap_or_default(), file_bytes.saturating_sub(at))
}

/// Reads the body of a box that lies within the file, so that nothing is allocated for bytes that are not there.
fn read_body<R: Read + Seek>(
    source: &mut R,
    header: &BoxHeader,
    at: u64,
    max: u64,
) -> Result<Vec<u8>, Error> {
    if header.body_bytes > max {
        let what = match &header.kind.0 {
            b"moov" => "bytes of a moov box",
            b"moof" => "bytes of a moof box",
            _ => "bytes of an ftyp box",
        };
        return Err(Error::Limit { what, value: header.body_bytes, max });
    }
    read_range(source, at, header.body_bytes)
}

fn read_sample<R: Read + Seek>(source: &mut R, sample: &Sample) -> Result<Bytes, Error> {
    let size = u64::from(sample.size);
    if size > SAMPLE_BYTES_MAX {
        return Err(Error::Limit { what: "bytes of a sample", value: size, max: SAMPLE_BYTES_MAX });
    }
    read_range(source, sample.offset, size).map(Bytes::from)
}

fn read_range<R: Read + Seek>(source: &mut R, offset: u64, bytes: u64) -> Result<Vec<u8>, Error> {
    source.seek(SeekFrom::Start(offset))?;
    // Cannot truncate: the callers limit it.
    let mut buffer = vec![0; bytes as usize];
    source.read_exact(&mut buffer)?;
    Ok(buffer)
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
const FTYP_BYTES_MAX: u64 = 4096;
/// Enough for the tables of as many samples as are read.
const MOOV_BYTES_MAX: u64 = 128 << 20;
const MOOF_BYTES_MAX: u64 = 16 << 20;
const SAMPLE_BYTES_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests;
