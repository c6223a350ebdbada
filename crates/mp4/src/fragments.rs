//! The `moof` box (ISO/IEC 14496-12 §8.8): the samples of a fragment.

use crate::boxes::{Boxes, Fields, find, need};
use crate::index::{Room, SkippedTrack, StoredTrack};
use crate::sample_table::check_description;
use crate::{Error, Index, Sample};

/// What fragments of a track leave out: `trex` (§8.8.3).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TrackDefaults {
    pub(crate) track_number: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

impl TrackDefaults {
    /// All of them, from the body of `mvex`.
    pub(crate) fn read_all(mvex: &[u8]) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for item in Boxes::new(mvex) {
            let (kind, body) = item?;
            if kind.0 == *b"trex" {
                let (_, _, mut fields) = Fields::full(b"trex", body)?;
                let track_number = fields.u32()?;
                fields.skip(4)?; // default_sample_description_index
                let (duration, size, flags) = (fields.u32()?, fields.u32()?, fields.u32()?);
                all.push(Self { track_number, duration, size, flags });
            }
        }
        Ok(all)
    }
}

/// Adds the samples of all known tracks in a fragment that begins at `moof_offset`.
pub(crate) fn add_fragment(
    index: &mut Index,
    room: &mut Room,
    moof: &[u8],
    moof_offset: u64,
) -> Result<(), Error> {
    // Where data begins that nothing else is said of: the moof, then behind the data of the track before (§8.8.7).
    let mut base = moof_offset;
    for item in Boxes::new(moof) {
        let (kind, traf) = item?;
        if kind.0 != *b"traf" {
            continue;
        }
        let header = FragmentHeader::read(need(traf, b"tfhd", "traf")?)?;
        let Some(at) = index.tracks.iter().position(|track| track.number == header.track_number) else {
            continue;
        };
        if let Some(Err(error)) = header.description.map(check_description) {
            let StoredTrack { number, sample_entry, .. } = index.tracks.remove(at);
            index.skipped.push(SkippedTrack { number, sample_entry, error: Some(error) });
            continue;
        }
        let Some(track) = index.tracks.get_mut(at) else { continue };
        let data = if header.is_from_moof { moof_offset } else { header.base_data_offset.unwrap_or(base) };
        if let Some(tfdt) = find(traf, b"tfdt")? {
            let (version, _, mut fields) = Fields::full(b"tfdt", tfdt)?;
            let dts = i64::try_from(fields.u32_or_u64(version)?).unwrap_or(i64::MAX);
            track.begin_fragment(dts);
        }
        let defaults = TrackDefaults {
            track_number: header.track_number,
            duration: header.duration.unwrap_or(track.defaults.duration),
            size: header.size.unwrap_or(track.defaults.size),
            flags: header.flags.unwrap_or(track.defaults.flags),
        };
        let mut run = Run { data, at: data, defaults };
        for item in Boxes::new(traf) {
            let (kind, body) = item?;
            if kind.0 == *b"trun" {
                run.add_samples(track, room, body)?;
            }
        }
        base = run.at;
    }
    Ok(())
}

impl StoredTrack {
    /// Places a fragment that says it begins at `dts`. A recording whose clock started over goes on where it was: the
    /// times of a track never go back.
    fn begin_fragment(&mut self, dts: i64) {
        let dts = dts.saturating_add(self.clock_shift);
        // Within the last sample is what rounding does.
        let last = self.samples.len().checked_sub(1).and_then(|number| self.samples.get(number));
        if last.is_some_and(|last| dts < last.dts) {
            self.clock_shift = self.clock_shift.saturating_add(self.samples.end_dts().saturating_sub(dts));
            self.next_dts = self.samples.end_dts();
        } else {
            self.next_dts = dts;
        }
    }
}

/// `tfhd` (§8.8.7).
struct FragmentHeader {
    track_number: u32,
    base_data_offset: Option<u64>,
    description: Option<u32>,
    duration: Option<u32>,
    size: Option<u32>,
    flags: Option<u32>,
    is_from_moof: bool,
}

impl FragmentHeader {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let (_, flags, mut fields) = Fields::full(b"tfhd", body)?;
        let track_number = fields.u32()?;
        let base_data_offset = if flags & 0x1 != 0 { Some(fields.u64()?) } else { None };
        let mut optional = |flag: u32| if flags & flag != 0 { fields.u32().map(Some) } else { Ok(None) };
        Ok(Self {
            track_number,
            base_data_offset,
            description: optional(0x2)?,
            duration: optional(0x8)?,
            size: optional(0x10)?,
            flags: optional(0x20)?,
            is_from_moof: flags & 0x02_0000 != 0 && base_data_offset.is_none(),
        })
    }
}

/// The runs of one track in one fragment.
struct Run {
    /// Where the track's data offsets count from.
    data: u64,
    /// Where the next sample is.
    at: u64,
    defaults: TrackDefaults,
}

impl Run {
    /// Adds the samples of a `trun` (§8.8.8).
    fn add_samples(&mut self, track: &mut StoredTrack, room: &mut Room, trun: &[u8]) -> Result<(), Error> {
        let (_, flags, mut fields) = Fields::full(b"trun", trun)?;
        let count = fields.u32()?;
        room.take(count)?;
        if flags & 0x1 != 0 {
            let offset = i64::from(fields.u32()?.cast_signed());
            self.at = self.data.saturating_add_signed(offset);
        }
        let first_flags = if flags & 0x4 != 0 { Some(fields.u32()?) } else { None };
        for number in 0..count {
            let mut optional = |flag: u32| if flags & flag != 0 { fields.u32().map(Some) } else { Ok(None) };
            let duration = optional(0x100)?.unwrap_or(self.defaults.duration);
            let size = optional(0x200)?.unwrap_or(self.defaults.size);
            let own_flags = optional(0x400)?;
            let cts_offset = optional(0x800)?.unwrap_or(0).cast_signed();
            let sample_flags =
                first_flags.filter(|_| number == 0).or(own_flags).unwrap_or(self.defaults.flags);
            let is_sync = sample_flags & IS_NON_SYNC_SAMPLE == 0;
            let (offset, dts) = (self.at, track.next_dts);
            room.add(&mut track.samples, Sample { offset, size, dts, cts_offset, duration, is_sync });
            self.at = self.at.saturating_add(u64::from(size));
            track.next_dts = track.next_dts.saturating_add(i64::from(duration));
        }
        Ok(())
    }
}

/// `sample_is_non_sync_sample` (§8.8.3.1).
const IS_NON_SYNC_SAMPLE: u32 = 0x0001_0000;
