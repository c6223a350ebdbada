//! The samples of one track, in tables that hold what many of them share only once.

use std::ops::Range;

/// One sample of a track: where its bytes are and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where in the file it begins.
    pub offset: u64,
    /// Its bytes.
    pub size: u32,
    /// Decode time on the track's own timeline, in ticks of its timescale, before the edit list.
    pub dts: i64,
    /// Ticks from decoding it to presenting it; negative in some files.
    pub cts_offset: i32,
    /// Ticks until the next one, as the file says.
    pub duration: u32,
    /// Whether decoding can start with it.
    pub is_sync: bool,
}

impl Sample {
    /// Presentation time on the track's own timeline, in ticks, before the edit list.
    pub fn pts(&self) -> i64 {
        self.dts.saturating_add(i64::from(self.cts_offset))
    }

    /// Its place in the file.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(u64::from(self.size))
    }
}

/// The samples of one track, numbered from 0 in decode order: four bytes and a bit for each, and a few for each run of
/// samples with the same duration, the same composition offset, or bytes that follow one another.
#[derive(Clone, Debug, Default)]
pub struct SampleTable {
    sizes: Vec<u32>,
    times: Vec<TimeRun>,
    offsets: Vec<OffsetRun>,
    places: Vec<PlaceRun>,
    /// One bit for each sample.
    sync: Vec<u64>,
    bytes: u64,
    /// Decode time and place behind the last sample.
    end_dts: i64,
    end_offset: u64,
    end_pts: i64,
    cts_offset_min: i32,
}

/// Samples that each last as long and follow one another without a gap.
#[derive(Clone, Copy, Debug)]
struct TimeRun {
    first: u32,
    duration: u32,
    start: i64,
}

/// Samples with the same composition offset.
#[derive(Clone, Copy, Debug)]
struct OffsetRun {
    first: u32,
    cts_offset: i32,
}

/// Samples whose bytes follow one another.
#[derive(Clone, Copy, Debug)]
struct PlaceRun {
    first: u32,
    offset: u64,
}

impl SampleTable {
    /// How many samples there are.
    pub fn len(&self) -> u32 {
        self.sizes.len() as u32 // at most SAMPLES_MAX
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The bytes of all samples.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The memory the tables take.
    pub fn memory_bytes(&self) -> usize {
        fn of<T>(table: &Vec<T>) -> usize {
            table.capacity() * size_of::<T>()
        }
        of(&self.sizes) + of(&self.times) + of(&self.offsets) + of(&self.places) + of(&self.sync)
    }

    /// Decode time behind the last sample, in ticks.
    pub fn end_dts(&self) -> i64 {
        self.end_dts
    }

    /// When the sample that is presented last ends, in ticks; 0 without samples.
    pub fn end_pts(&self) -> i64 {
        self.end_pts
    }

    /// Whether decoding can start with every sample.
    pub fn is_all_sync(&self) -> bool {
        self.sync_count() == self.len()
    }

    /// How many samples decoding can start with.
    pub fn sync_count(&self) -> u32 {
        self.sync.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether any sample is presented at another time than it is decoded.
    pub fn is_reordered(&self) -> bool {
        self.offsets.iter().any(|run| run.cts_offset != 0)
    }

    /// The least composition offset, or 0 when none is negative.
    pub fn cts_offset_min(&self) -> i32 {
        self.cts_offset_min
    }

    /// One sample.
    pub fn get(&self, number: u32) -> Option<Sample> {
        self.samples(number..number.saturating_add(1)).next()
    }

    /// Samples in decode order; what lies beyond the last one is left out.
    pub fn samples(&self, numbers: Range<u32>) -> Samples<'_> {
        let start = numbers.start;
        let run_of = |behind: usize| behind.saturating_sub(1);
        let place_run = run_of(self.places.partition_point(|run| run.first <= start));
        let place = self.places.get(place_run).map_or(0, |run| {
            // Few: places are split every SAMPLES_PER_PLACE_MAX samples.
            let before = self.sizes.get(run.first as usize..start as usize).unwrap_or_default();
            let bytes = before.iter().map(|&size| u64::from(size)).sum();
            run.offset.saturating_add(bytes)
        });
        Samples {
            table: self,
            numbers: start..numbers.end.min(self.len()).max(start),
            time_run: run_of(self.times.partition_point(|run| run.first <= start)),
            offset_run: run_of(self.offsets.partition_point(|run| run.first <= start)),
            place_run,
            place,
        }
    }

    /// All samples in decode order.
    pub fn iter(&self) -> Samples<'_> {
        self.samples(0..self.len())
    }

    /// The last sample that is decoded at `dts` or before, found by binary search.
    pub fn at_or_before(&self, dts: i64) -> Option<u32> {
        let behind = self.times.partition_point(|run| run.start <= dts);
        let run = self.times.get(behind.checked_sub(1)?)?;
        let end = self.times.get(behind).map_or(self.len(), |next| next.first);
        let ticks = dts.saturating_sub(run.start).max(0);
        let steps = ticks.checked_div(i64::from(run.duration)).unwrap_or(i64::MAX);
        let number = i64::from(run.first).saturating_add(steps).min(i64::from(end).saturating_sub(1));
        u32::try_from(number).ok()
    }

    /// The last sample up to `number` that decoding can start with.
    pub fn sync_at_or_before(&self, number: u32) -> Option<u32> {
        let number = number.min(self.len().checked_sub(1)?);
        let (word, bit) = place_of_bit(number);
        let mut mask = u64::MAX >> (63 - bit);
        for (index, bits) in self.sync.iter().enumerate().take(word + 1).rev() {
            let bits = bits & mask;
            if bits != 0 {
                return Some(index as u32 * 64 + bits.ilog2());
            }
            mask = u64::MAX;
        }
        None
    }

    /// The first sample from `number` on that decoding can start with.
    pub fn sync_at_or_after(&self, number: u32) -> Option<u32> {
        let (word, bit) = place_of_bit(number);
        let mut mask = u64::MAX << bit;
        for (index, bits) in self.sync.iter().enumerate().skip(word) {
            let bits = bits & mask;
            if bits != 0 {
                return Some(index as u32 * 64 + bits.trailing_zeros());
            }
            mask = u64::MAX;
        }
        None
    }

    /// The places of samples in the file, those that follow one another joined.
    pub fn ranges(&self, numbers: Range<u32>) -> impl Iterator<Item = Range<u64>> {
        let mut samples = self.samples(numbers).filter(|sample| sample.size > 0).peekable();
        std::iter::from_fn(move || {
            let mut range = samples.next()?.range();
            while let Some(next) = samples.next_if(|next| next.offset == range.end) {
                range.end = next.range().end;
            }
            Some(range)
        })
    }

    /// Gives back what was reserved for more samples. Into memory of its own: an allocator that is asked to make a table
    /// smaller may leave it where it is, with up to as much again behind it.
    pub(crate) fn shrink_to_fit(&mut self) {
        fn exact<T: Copy>(table: &mut Vec<T>) {
            *table = table.as_slice().to_vec();
        }
        exact(&mut self.sizes);
        exact(&mut self.times);
        exact(&mut self.offsets);
        exact(&mut self.places);
        exact(&mut self.sync);
    }

    /// Adds a sample behind the others, not to be decoded before them.
    pub(crate) fn push(&mut self, sample: Sample) {
        let number = self.len();
        let goes_on = sample.dts == self.end_dts;
        if !self.times.last().is_some_and(|run| goes_on && run.duration == sample.duration) {
            self.times.push(TimeRun { first: number, duration: sample.duration, start: sample.dts });
        }
        if self.offsets.last().is_none_or(|run| run.cts_offset != sample.cts_offset) {
            self.offsets.push(OffsetRun { first: number, cts_offset: sample.cts_offset });
        }
        let follows = |run: &PlaceRun| {
            sample.offset == self.end_offset && number.saturating_sub(run.first) < SAMPLES_PER_PLACE_MAX
        };
        if !self.places.last().is_some_and(follows) {
            self.places.push(PlaceRun { first: number, offset: sample.offset });
        }
        let (word, bit) = place_of_bit(number);
        if word == self.sync.len() {
            self.sync.push(0);
        }
        if let Some(bits) = self.sync.get_mut(word) {
            *bits |= u64::from(sample.is_sync) << bit;
        }
        self.sizes.push(sample.size);
        self.bytes = self.bytes.saturating_add(u64::from(sample.size));
        self.end_dts = sample.dts.saturating_add(i64::from(sample.duration));
        self.end_offset = sample.range().end;
        self.cts_offset_min = self.cts_offset_min.min(sample.cts_offset);
        let end_pts = sample.pts().saturating_add(i64::from(sample.duration));
        self.end_pts = if number == 0 { end_pts } else { self.end_pts.max(end_pts) };
    }
}

fn place_of_bit(number: u32) -> (usize, u32) {
    ((number / 64) as usize, number % 64)
}

/// Samples of a track in decode order.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    table: &'a SampleTable,
    /// Those to come.
    numbers: Range<u32>,
    time_run: usize,
    offset_run: usize,
    place_run: usize,
    /// Where the next one is, unless a new run of places begins with it.
    place: u64,
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let number = self.numbers.next()?;
        let Self { table, time_run, offset_run, place_run, place, .. } = self;
        let size = *table.sizes.get(number as usize)?;
        if table.times.get(*time_run + 1).is_some_and(|run| run.first <= number) {
            *time_run += 1;
        }
        if table.offsets.get(*offset_run + 1).is_some_and(|run| run.first <= number) {
            *offset_run += 1;
        }
        if let Some(run) = table.places.get(*place_run + 1).filter(|run| run.first <= number) {
            *place_run += 1;
            *place = run.offset;
        }
        let time = table.times.get(*time_run)?;
        let steps = i64::from(number - time.first);
        let (word, bit) = place_of_bit(number);
        let sample = Sample {
            offset: *place,
            size,
            dts: time.start.saturating_add(steps.saturating_mul(i64::from(time.duration))),
            cts_offset: table.offsets.get(*offset_run)?.cts_offset,
            duration: time.duration,
            is_sync: table.sync.get(word)? >> bit & 1 == 1,
        };
        *place = place.saturating_add(u64::from(size));
        Some(sample)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.numbers.size_hint()
    }
}

impl ExactSizeIterator for Samples<'_> {}

/// So that finding the place of a sample adds up few sizes.
const SAMPLES_PER_PLACE_MAX: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(samples: &[Sample]) -> SampleTable {
        let mut table = SampleTable::default();
        samples.iter().for_each(|&sample| table.push(sample));
        table
    }

    /// Samples as files have them: now and then a gap in time or place.
    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let one = (0u32..5, 0u64..20, 0u32..4, 0i64..20, -1i32..2, prop::bool::weighted(0.1));
        proptest::collection::vec(one, 0..400).prop_map(|drawn| {
            let (mut offset, mut dts) = (0, 0);
            let place =
                |(size, gap, duration, pause, cts_offset, is_sync): (u32, u64, u32, i64, i32, bool)| {
                    offset += gap.saturating_sub(15);
                    dts += (pause - 15).max(0);
                    let sample = Sample { offset, size, dts, cts_offset, duration, is_sync };
                    offset += u64::from(size);
                    dts += i64::from(duration);
                    sample
                };
            drawn.into_iter().map(place).collect()
        })
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(samples in samples(), from in 0u32..400) {
            let table = table(&samples);
            prop_assert_eq!(table.iter().collect::<Vec<_>>(), &samples[..]);
            let from = from.min(table.len());
            prop_assert_eq!(table.samples(from..u32::MAX).collect::<Vec<_>>(), &samples[from as usize..]);
            prop_assert_eq!(table.get(from), samples.get(from as usize).copied());
        }

        #[test]
        fn samples_are_found_by_time_and_keyframe(samples in samples(), dts in -1i64..1500, number in 0u32..400) {
            let table = table(&samples);
            let at = samples.iter().rposition(|sample| sample.dts <= dts);
            prop_assert_eq!(table.at_or_before(dts), at.map(|at| at as u32));
            let is_sync = |number: &u32| samples.get(*number as usize).is_some_and(|sample| sample.is_sync);
            prop_assert_eq!(table.sync_at_or_before(number), (0..=number).rev().find(is_sync));
            prop_assert_eq!(table.sync_at_or_after(number), (number..400).find(is_sync));
        }

        #[test]
        fn ranges_hold_each_byte_once_and_do_not_touch(samples in samples()) {
            let table = table(&samples);
            let ranges: Vec<_> = table.ranges(0..table.len()).collect();
            prop_assert_eq!(ranges.iter().map(|range| range.end - range.start).sum::<u64>(), table.bytes());
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end != pair[1].start));
        }
    }

    #[test]
    fn a_long_even_track_takes_little_more_than_its_sizes() {
        let mut table = SampleTable::default();
        for number in 0..100_000u32 {
            let (offset, dts) = (u64::from(number) * 100, i64::from(number) * 1024);
            table.push(Sample { offset, size: 100, dts, cts_offset: 0, duration: 1024, is_sync: true });
        }
        assert_eq!((table.times.len(), table.offsets.len()), (1, 1));
        assert!(table.places.len() <= 100_000 / SAMPLES_PER_PLACE_MAX as usize + 1);
        assert!(table.is_all_sync() && !table.is_reordered());
    }
}
