//! Moving fragments in time: what is cut out of a longer presentation begins at 0.

use crate::Error;
use crate::boxes::BoxHeader;
use std::ops::Range;

/// Takes the time `origin` says, in ticks of a track's timescale by its number, off every fragment in `bytes`: whole
/// fragments, or their `moof` boxes with the headers of the `mdat` boxes behind them. What would begin before 0 begins
/// at 0.
pub fn rebase_fragments(bytes: &mut [u8], origin: impl Fn(u32) -> u64) -> Result<(), Error> {
    for (number, tfdt) in times(bytes)? {
        let Some(body) = bytes.get_mut(tfdt) else { continue };
        let Some((time, is_wide)) = time_of(body) else { continue };
        let moved = time.saturating_sub(origin(number));
        let Some((_, field)) = body.split_at_mut_checked(4) else { continue };
        if is_wide && let Some(field) = field.first_chunk_mut::<8>() {
            *field = moved.to_be_bytes();
        } else if let Some(field) = field.first_chunk_mut::<4>() {
            *field = u32::try_from(moved).unwrap_or(u32::MAX).to_be_bytes();
        }
    }
    Ok(())
}

/// The number of the track and the time of each fragment in `bytes`, in ticks of the track's timescale.
pub fn fragment_starts(bytes: &[u8]) -> Result<Vec<(u32, u64)>, Error> {
    let times = times(bytes)?.into_iter();
    Ok(times.filter_map(|(number, tfdt)| Some((number, time_of(bytes.get(tfdt)?)?.0))).collect())
}

/// The time in the body of a `tfdt`, and whether it has 64 bits.
fn time_of(body: &[u8]) -> Option<(u64, bool)> {
    let (head, field) = body.split_at_checked(4)?;
    match head.first() == Some(&1) {
        true => Some((u64::from_be_bytes(*field.first_chunk()?), true)),
        false => Some((u64::from(u32::from_be_bytes(*field.first_chunk()?)), false)),
    }
}

/// The number of the track of each fragment, and where the body of its `tfdt` is.
fn times(bytes: &[u8]) -> Result<Vec<(u32, Range<usize>)>, Error> {
    let mut times = Vec::new();
    for moof in bodies(bytes, 0..bytes.len(), b"moof")? {
        for traf in bodies(bytes, moof, b"traf")? {
            let number = bodies(bytes, traf.clone(), b"tfhd")?.first().and_then(|tfhd| {
                let field = bytes.get(tfhd.start + 4..tfhd.start + 8)?;
                Some(u32::from_be_bytes(field.try_into().ok()?))
            });
            let tfdt = bodies(bytes, traf, b"tfdt")?;
            times.extend(
                number.into_iter().flat_map(|number| tfdt.iter().cloned().map(move |at| (number, at))),
            );
        }
    }
    Ok(times)
}

/// Where the bodies of the boxes of a kind are within a range.
fn bodies(bytes: &[u8], within: Range<usize>, kind: &[u8; 4]) -> Result<Vec<Range<usize>>, Error> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at < within.end {
        let rest = bytes.get(at..within.end).unwrap_or_default();
        let Some(header) = BoxHeader::parse(rest, rest.len() as u64)? else { break };
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let start = at.saturating_add(size(header.header_bytes));
        let end = start.saturating_add(size(header.body_bytes));
        if header.kind.0 == *kind {
            found.push(start.min(within.end)..end.min(within.end));
        }
        at = end;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::{put_box, put_full_box};
    use bytes::{BufMut, BytesMut};
    use proptest::prelude::*;

    fn fragment(number: u32, version: u8, time: u64) -> Vec<u8> {
        let mut out = BytesMut::new();
        put_box(&mut out, b"moof", |out| {
            put_full_box(out, b"mfhd", 0, 0, |out| out.put_u32(7));
            put_box(out, b"traf", |out| {
                put_full_box(out, b"tfhd", 0, 0, |out| out.put_u32(number));
                put_full_box(out, b"tfdt", version, 0, |out| match version {
                    1 => out.put_u64(time),
                    _ => out.put_u32(time as u32),
                });
            });
        });
        put_box(&mut out, b"mdat", |out| out.put_slice(b"tfdt"));
        out.to_vec()
    }

    #[test]
    fn each_track_is_moved_by_its_own_ticks_and_never_before_nought() {
        let before = [fragment(1, 1, 900_000), fragment(2, 0, 480_000), fragment(2, 1, 5)].concat();
        let mut bytes = before.clone();
        assert_eq!(fragment_starts(&bytes).unwrap(), [(1, 900_000), (2, 480_000), (2, 5)]);
        rebase_fragments(&mut bytes, |number| if number == 1 { 90_000 } else { 48_000 }).unwrap();
        assert_eq!(bytes, [fragment(1, 1, 810_000), fragment(2, 0, 432_000), fragment(2, 1, 0)].concat());
    }

    #[test]
    fn the_media_may_be_elsewhere() {
        let mut bytes = fragment(1, 1, 900_000);
        bytes.truncate(bytes.len() - 4);
        rebase_fragments(&mut bytes, |_| 900_000).unwrap();
        assert!(fragment(1, 1, 0).starts_with(&bytes));
    }

    proptest! {
        #[test]
        fn broken_fragments_are_refused_or_left(at in 0usize..100, byte in any::<u8>(), end in 0usize..100) {
            let mut bytes = fragment(1, 1, 900_000);
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(end.max(1));
            let before = bytes.len();
            let _ = rebase_fragments(&mut bytes, |_| 1);
            prop_assert_eq!(bytes.len(), before);
        }
    }
}
