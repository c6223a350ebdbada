//! Reading the packets of MP4 files, fragmented or not, from anything that can be read and sought in.

use crate::{Error, Index, IndexReader, Sample, StoredTrack};
use bytes::Bytes;
use media::{MediaKind, Packet, PacketKind, Timestamp};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

impl Index {
    /// Reads a file's index. A file that was cut off in a fragment is read up to there.
    pub fn read<R: Read + Seek>(source: &mut R) -> Result<Self, Error> {
        let mut reader = IndexReader::new(source.seek(SeekFrom::End(0))?);
        let mut bytes = Vec::new();
        while let Some(range) = reader.wanted() {
            source.seek(SeekFrom::Start(range.start))?;
            bytes.clear();
            // Grows with what is there.
            source.by_ref().take(range.end - range.start).read_to_end(&mut bytes)?;
            reader.push(&bytes)?;
        }
        reader.finish()
    }
}

/// The packets of a file: a decoder config of each track, then the samples of all tracks by decode time.
///
/// Only the index is held in memory; each sample is read when it is asked for.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    index: Index,
    next_config: usize,
    /// Of each track, the number of the next sample and the time it is decoded.
    next_samples: Vec<(u32, Option<Timestamp>)>,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads what the file says of itself.
    pub fn open(mut source: R) -> Result<Self, Error> {
        let index = Index::read(&mut source)?;
        let next_samples = index.tracks.iter().map(|track| (0, time_of(track, 0))).collect();
        Ok(Self { source, index, next_config: 0, next_samples })
    }

    /// The tracks, and where the samples are.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The next packet; `None` at the end.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        if let Some(config) = self.next_config_packet() {
            return Ok(Some(config));
        }
        let due = self.next_samples.iter().enumerate().filter_map(|(at, (_, dts))| Some(((*dts)?, at)));
        let Some((dts, at)) = due.min() else { return Ok(None) };
        let (Some(track), Some(next)) = (self.index.tracks.get(at), self.next_samples.get_mut(at)) else {
            return Ok(None);
        };
        let Some(sample) = track.samples.get(next.0) else { return Ok(None) };
        *next = (next.0 + 1, time_of(track, next.0 + 1));
        let (track_id, codec) = (track.track.id, track.track.codec);
        let is_keyframe = track_id.kind == MediaKind::Video && sample.is_sync;
        let pts = track.time(sample.pts());
        let payload = read_sample(&mut self.source, &sample)?;
        Ok(Some(Packet {
            track_id,
            codec,
            kind: if is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame },
            dts,
            pts,
            discontinuity: false,
            payload,
        }))
    }

    fn next_config_packet(&mut self) -> Option<Packet> {
        let tracks = self.index.tracks.iter().map(|stored| &stored.track).skip(self.next_config);
        let (skipped, track) = tracks.enumerate().find(|(_, track)| !track.config.is_empty())?;
        self.next_config += skipped + 1;
        let start = self.next_samples.iter().filter_map(|(_, dts)| *dts).min().unwrap_or(Timestamp::ZERO);
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
            self.next_samples.clear();
        }
        item.transpose()
    }
}

fn time_of(track: &StoredTrack, number: u32) -> Option<Timestamp> {
    track.samples.get(number).map(|sample| track.time(sample.dts))
}

/// Reads a sample, which lies within the file, so that nothing is allocated for bytes that are not there.
fn read_sample<R: Read + Seek>(source: &mut R, sample: &Sample) -> Result<Bytes, Error> {
    let Range { start, .. } = sample.range();
    let size = u64::from(sample.size);
    if size > SAMPLE_BYTES_MAX {
        return Err(Error::Limit { what: "bytes of a sample", value: size, max: SAMPLE_BYTES_MAX });
    }
    source.seek(SeekFrom::Start(start))?;
    // Cannot truncate: it is limited.
    let mut buffer = vec![0; size as usize];
    source.read_exact(&mut buffer)?;
    Ok(Bytes::from(buffer))
}

const SAMPLE_BYTES_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests;
