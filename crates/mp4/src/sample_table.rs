//! The `stbl` box (ISO/IEC 14496-12 §8.5 to §8.7): the samples of a track that is not fragmented.
//!
//! The tables are walked side by side and never copied.

use crate::boxes::{Fields, FourCc, find, need};
use crate::index::Room;
use crate::{Error, Sample, SampleTable};

/// Reads a track's samples.
pub(crate) fn read_samples(stbl: &[u8], room: &mut Room) -> Result<SampleTable, Error> {
    let mut samples = SampleTable::default();
    let mut sizes = Sizes::read(stbl)?;
    if sizes.count == 0 {
        return Ok(samples); // of a file whose samples are all in fragments
    }
    let mut durations = Runs::read(b"stts", need(stbl, b"stts", "stbl")?)?;
    let mut offsets = find(stbl, b"ctts")?.map(|ctts| Runs::read(b"ctts", ctts)).transpose()?;
    let mut sync_samples = find(stbl, b"stss")?.map(SyncSamples::read).transpose()?;
    let mut chunks = Chunks::read(stbl)?;
    room.take(sizes.count)?;

    let mut dts = 0i64;
    let mut number = 0u32;
    while number < sizes.count {
        let Some((chunk_offset, chunk_samples)) = chunks.next()? else {
            return Err(too_few(b"stco", number, "as many chunks as the samples need"));
        };
        let mut offset = chunk_offset;
        for _ in 0..chunk_samples.min(sizes.count - number) {
            let size = sizes.next()?;
            let duration = durations.next()?.ok_or(too_few(b"stts", number, "a duration for each sample"))?;
            // Version 0 has unsigned offsets (§8.6.1.3), which nobody needs and some write negative ones in.
            let cts_offset = match &mut offsets {
                Some(offsets) => offsets.next()?.unwrap_or(0).cast_signed(),
                None => 0,
            };
            number += 1;
            let is_sync = sync_samples.as_mut().is_none_or(|samples| samples.contains(number));
            room.add(&mut samples, Sample { offset, size, dts, cts_offset, duration, is_sync });
            offset = offset.saturating_add(u64::from(size));
            dts = dts.saturating_add(i64::from(duration));
        }
    }
    Ok(samples)
}

/// `stsz` or `stz2` (§8.7.3).
struct Sizes<'a> {
    count: u32,
    form: SizeForm,
    fields: Fields<'a>,
}

enum SizeForm {
    /// One size for all samples.
    Shared(u32),
    Bits32,
    Bits16,
    Bits8,
    /// Two sizes in a byte, the first one above; the second of the byte that was read last, if it is still to come.
    Bits4(Option<u32>),
}

impl<'a> Sizes<'a> {
    fn read(stbl: &'a [u8]) -> Result<Self, Error> {
        if let Some(stz2) = find(stbl, b"stz2")? {
            let (_, _, mut fields) = Fields::full(b"stz2", stz2)?;
            fields.skip(3)?;
            let form = match fields.u8()? {
                4 => SizeForm::Bits4(None),
                8 => SizeForm::Bits8,
                16 => SizeForm::Bits16,
                bits => {
                    return Err(Error::Invalid {
                        kind: FourCc(*b"stz2"),
                        what: "field_size",
                        value: u64::from(bits),
                        expected: "4, 8 or 16",
                        section: "ISO/IEC 14496-12 §8.7.3.3",
                    });
                }
            };
            return Ok(Self { count: fields.u32()?, form, fields });
        }
        let (_, _, mut fields) = Fields::full(b"stsz", need(stbl, b"stsz", "stbl")?)?;
        let (shared, count) = (fields.u32()?, fields.u32()?);
        Ok(Self {
            count,
            form: if shared == 0 { SizeForm::Bits32 } else { SizeForm::Shared(shared) },
            fields,
        })
    }

    fn next(&mut self) -> Result<u32, Error> {
        match &mut self.form {
            SizeForm::Shared(size) => Ok(*size),
            SizeForm::Bits32 => self.fields.u32(),
            SizeForm::Bits16 => self.fields.u16().map(u32::from),
            SizeForm::Bits8 => self.fields.u8().map(u32::from),
            SizeForm::Bits4(second) => match second.take() {
                Some(size) => Ok(size),
                None => {
                    let both = u32::from(self.fields.u8()?);
                    *second = Some(both & 0xf);
                    Ok(both >> 4)
                }
            },
        }
    }
}

/// `stts` or `ctts` (§8.6.1): a number of samples and a value for each of them, again and again.
struct Runs<'a> {
    fields: Fields<'a>,
    entries_left: u32,
    samples_left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn read(kind: &[u8; 4], body: &'a [u8]) -> Result<Self, Error> {
        let (_, _, mut fields) = Fields::full(kind, body)?;
        let entries_left = fields.u32()?;
        Ok(Self { fields, entries_left, samples_left: 0, value: 0 })
    }

    /// The value of the next sample.
    fn next(&mut self) -> Result<Option<u32>, Error> {
        while self.samples_left == 0 {
            if self.entries_left == 0 {
                return Ok(None);
            }
            self.entries_left -= 1;
            self.samples_left = self.fields.u32()?;
            self.value = self.fields.u32()?;
        }
        self.samples_left -= 1;
        Ok(Some(self.value))
    }
}

/// `stss` (§8.6.2): the numbers of the samples decoding can start with, in rising order, from 1.
struct SyncSamples<'a> {
    fields: Fields<'a>,
    next: Option<u32>,
}

impl<'a> SyncSamples<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Error> {
        let (_, _, mut fields) = Fields::full(b"stss", body)?;
        fields.skip(4)?; // entry_count: the box has no other fields behind it
        let next = fields.u32().ok();
        Ok(Self { fields, next })
    }

    /// Asked for each sample in turn.
    fn contains(&mut self, number: u32) -> bool {
        while self.next.is_some_and(|next| next < number) {
            self.next = self.fields.u32().ok();
        }
        self.next == Some(number)
    }
}

/// `stsc` and `stco` or `co64` (§8.7.4, §8.7.5): where each chunk begins, and how many samples it has.
struct Chunks<'a> {
    offsets: Fields<'a>,
    offsets_left: u32,
    has_wide_offsets: bool,
    runs: Fields<'a>,
    runs_left: u32,
    /// Chunk numbers begin with 1.
    chunk: u32,
    samples_per_chunk: u32,
    next_run: Option<ChunkRun>,
}

#[derive(Clone, Copy)]
struct ChunkRun {
    first_chunk: u32,
    samples_per_chunk: u32,
}

impl<'a> Chunks<'a> {
    fn read(stbl: &'a [u8]) -> Result<Self, Error> {
        let (has_wide_offsets, (_, _, mut offsets)) = match find(stbl, b"co64")? {
            Some(co64) => (true, Fields::full(b"co64", co64)?),
            None => (false, Fields::full(b"stco", need(stbl, b"stco", "stbl")?)?),
        };
        let offsets_left = offsets.u32()?;
        let (_, _, mut runs) = Fields::full(b"stsc", need(stbl, b"stsc", "stbl")?)?;
        let runs_left = runs.u32()?;
        let mut chunks = Self {
            offsets,
            offsets_left,
            has_wide_offsets,
            runs,
            runs_left,
            chunk: 0,
            samples_per_chunk: 0,
            next_run: None,
        };
        chunks.read_run()?;
        Ok(chunks)
    }

    fn read_run(&mut self) -> Result<(), Error> {
        self.next_run = None;
        if let Some(left) = self.runs_left.checked_sub(1) {
            self.runs_left = left;
            let (first_chunk, samples_per_chunk) = (self.runs.u32()?, self.runs.u32()?);
            let description = self.runs.u32()?;
            check_description(description)?;
            self.next_run = Some(ChunkRun { first_chunk, samples_per_chunk });
        }
        Ok(())
    }

    /// Offset and number of samples of the next chunk.
    fn next(&mut self) -> Result<Option<(u64, u32)>, Error> {
        let Some(left) = self.offsets_left.checked_sub(1) else { return Ok(None) };
        self.offsets_left = left;
        self.chunk = self.chunk.saturating_add(1);
        while let Some(run) = self.next_run.filter(|run| run.first_chunk <= self.chunk) {
            self.samples_per_chunk = run.samples_per_chunk;
            self.read_run()?;
        }
        let offset = self.offsets.u32_or_u64(u8::from(self.has_wide_offsets))?;
        Ok(Some((offset, self.samples_per_chunk)))
    }
}

/// Samples may refer to any sample entry of their track; the first one, 1, is the one that is read.
pub(crate) fn check_description(index: u32) -> Result<(), Error> {
    if index == 1 { Ok(()) } else { Err(Error::DecoderConfigs { index }) }
}

fn too_few(kind: &[u8; 4], count: u32, expected: &'static str) -> Error {
    Error::Invalid {
        kind: FourCc(*kind),
        what: "number of samples",
        value: u64::from(count),
        expected,
        section: "ISO/IEC 14496-12 §8.6, §8.7",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::put_full_box;
    use bytes::{BufMut, BytesMut};

    /// Tables of samples that all last two ticks, in one chunk at 10, with this table of sizes.
    fn stbl(sizes: &[u8; 4], body: &[u8], samples: u32) -> BytesMut {
        let mut out = BytesMut::new();
        let table = |out: &mut BytesMut, kind: &[u8; 4], values: &[u32]| {
            put_full_box(out, kind, 0, 0, |out| values.iter().for_each(|&value| out.put_u32(value)));
        };
        put_full_box(&mut out, sizes, 0, 0, |out| out.put_slice(body));
        table(&mut out, b"stts", &[1, samples, 2]);
        table(&mut out, b"stsc", &[1, 1, samples, 1]);
        table(&mut out, b"stco", &[1, 10]);
        out
    }

    fn sizes(stbl: &[u8]) -> Result<Vec<u32>, Error> {
        Ok(read_samples(stbl, &mut Room::new(1 << 20))?.iter().map(|sample| sample.size).collect())
    }

    #[test]
    fn compact_sizes_of_every_width_are_read() {
        let read = |bits: u8, values: &[u8]| {
            let body = [&[0, 0, 0, bits, 0, 0, 0, 3], values].concat();
            sizes(&stbl(b"stz2", &body, 3))
        };
        assert_eq!(read(4, &[0x12, 0xf0]).unwrap(), [1, 2, 15]);
        assert_eq!(read(8, &[1, 2, 255]).unwrap(), [1, 2, 255]);
        assert_eq!(read(16, &[0, 1, 0, 2, 1, 0]).unwrap(), [1, 2, 256]);
        assert!(matches!(read(5, &[0; 8]), Err(Error::Invalid { what: "field_size", value: 5, .. })));
        assert!(matches!(read(16, &[0; 5]), Err(Error::Truncated { .. })));
    }

    #[test]
    fn one_size_for_all_is_read() {
        let read = sizes(&stbl(b"stsz", &[0, 0, 0, 7, 0, 0, 0, 3], 3)).unwrap();
        assert_eq!(read, [7, 7, 7]);
    }

    #[test]
    fn tables_that_speak_of_fewer_samples_are_refused() {
        let short = stbl(b"stsz", &[0, 0, 0, 7, 0, 0, 0, 3], 2);
        let error = sizes(&short).unwrap_err().to_string();
        assert!(error.contains("number of samples of the"), "{error}");
    }

    #[test]
    fn samples_behind_the_end_of_the_file_are_counted_and_left_out() {
        let stbl = stbl(b"stsz", &[0, 0, 0, 7, 0, 0, 0, 3], 3);
        let mut room = Room::new(10 + 2 * 7 + 6);
        assert_eq!(read_samples(&stbl, &mut room).unwrap().len(), 2);
        assert_eq!(room.missing, 1);
    }
}
