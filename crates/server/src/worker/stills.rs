//! Keyframes of a recording as a small MP4 file, so that its pictures cost a few segments and not hours of video.

use super::workshop::{Order, Trouble};
use bytes::BytesMut;
use media::{Packet, Timestamp, TrackId};
use mp4::{Reader, append_fragment};
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use store::{LogEntry, Name, RecordedLog, TrackInit};
use tokio::io::AsyncWriteExt;

/// A keyframe: the place of its segment in the log, and when it is shown in the file.
pub type Pick = (usize, Duration);

/// What is read of a segment at most: its first fragment of pictures.
const FRAGMENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the file at most; later pictures are left out.
const FILE_BYTES_MAX: usize = 1 << 30;
/// Packets of a fragment that are looked at: a decoder config and the keyframe come first.
const PACKETS_MAX: usize = 4;

/// The segment that plays at a position, or the one before it that has a keyframe.
pub fn at(log: &RecordedLog, position: Duration) -> Option<usize> {
    let place = log.place_at(position)?;
    (0..=place).rev().find(|&place| log.segments().get(place).is_some_and(has_keyframe))
}

/// For each of `moments`, which are `every` apart, the first keyframe until the next one. One file has one init segment:
/// where an encoder changed its tracks, those that lasted longest.
pub fn at_all(log: &RecordedLog, moments: impl Iterator<Item = Duration>, every: Duration) -> Vec<Pick> {
    let longest = log.of_one_init().newest_init().map(|init| init.id);
    let mut picks: Vec<Pick> = Vec::new();
    let mut places = log.segments().iter().enumerate().peekable();
    for moment in moments {
        while places.next_if(|&(place, _)| log.position(place) < moment).is_some() {}
        while let Some((place, segment)) = places.next_if(|&(place, _)| log.position(place) < moment + every)
        {
            if has_keyframe(segment) && Some(segment.init.id) == longest {
                picks.push((place, moment));
                break;
            }
        }
    }
    // ffmpeg counts from the first picture of a file.
    if let Some(&(place, moment)) = picks.first()
        && !moment.is_zero()
    {
        picks.insert(0, (place, Duration::ZERO));
    }
    picks
}

/// Writes a file of these keyframes, the last of which is shown for `length`. Whether there is any.
pub async fn write(
    order: &Order<'_>,
    prefix: &str,
    log: &RecordedLog,
    picks: &[Pick],
    length: Duration,
    path: &Path,
) -> Result<bool, Trouble> {
    let segment = |pick: &Pick| log.segments().get(pick.0);
    let Some(init) = picks.first().and_then(segment).and_then(pictures_of) else { return Ok(false) };
    let mut file = tokio::fs::File::create(path).await?;
    file.write_all(&init.bytes).await?;
    let mut written_bytes = init.bytes.len();
    let mut count = 0;
    for (at, pick) in picks.iter().enumerate() {
        let Some(segment) = segment(pick) else { continue };
        let Some(range) = first_fragment(segment) else { continue };
        let object = format!("{prefix}/{}", Name::Fmp4 { sequence: segment.sequence });
        let fragment = match order.objects().read(&object, range).await {
            Ok(fragment) => fragment,
            // A segment that was lost is no reason to have no pictures.
            Err(objects::Error::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let Some(keyframe) = keyframe(init, &fragment) else { continue };
        let shown = Timestamp::ZERO + pick.1;
        let end = picks.get(at + 1).map_or(pick.1 + length, |next| next.1);
        let sample = [Packet { dts: shown, pts: shown, ..keyframe }];
        let mut bytes = BytesMut::new();
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if append_fragment(&mut bytes, number, &init.track, &sample, Timestamp::ZERO + end).is_err() {
            continue;
        }
        written_bytes = written_bytes.saturating_add(bytes.len());
        if written_bytes > FILE_BYTES_MAX {
            break;
        }
        file.write_all(&bytes).await?;
        count += 1;
    }
    file.flush().await?;
    Ok(count > 0)
}

fn pictures_of(segment: &LogEntry) -> Option<&TrackInit> {
    segment.init.tracks.iter().find(|init| init.track.id == TrackId::VIDEO)
}

fn has_keyframe(segment: &LogEntry) -> bool {
    segment.span.independent && pictures_of(segment).is_some() && first_fragment(segment).is_some()
}

/// Where the first fragment of pictures is in the object of a segment.
fn first_fragment(segment: &LogEntry) -> Option<Range<u64>> {
    let mut start = 0u64;
    for run in &segment.media.runs {
        let end = start + u64::from(run.bytes);
        if run.track_id == TrackId::VIDEO {
            return (end - start <= FRAGMENT_BYTES_MAX).then_some(start..end);
        }
        start = end;
    }
    None
}

fn keyframe(init: &TrackInit, fragment: &[u8]) -> Option<Packet> {
    let mut reader = Reader::open(Cursor::new([&init.bytes, fragment].concat())).ok()?;
    for _ in 0..PACKETS_MAX {
        let packet = reader.next_packet().ok()??;
        if packet.is_keyframe() {
            return Some(packet);
        }
    }
    None
}
