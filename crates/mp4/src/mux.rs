//! Writing fragmented MP4: init segments, and fragments of one track each.

use crate::Error;
use crate::boxes::put_box;
use crate::moof::{
    FRAGMENT_BYTES_MAX, Layout, MDAT_HEADER_BYTES, MoofHeader, RunSample, SAMPLES_PER_FRAGMENT_MAX,
};
use crate::sample_entry::{put_sample_entry, side};
use crate::track_box::{TrackHeader, put_empty_tables, put_ftyp, put_mvex, put_mvhd, put_trak};
use bytes::{BufMut, Bytes, BytesMut};
use media::{MediaKind, Packet, Timestamp, Track, TrackId, TrackInfo};

/// The number a track has in every init segment and fragment: video 1, 3, 5…, audio 2, 4, 6….
///
/// It depends on nothing but the track's own id, so that a fragment fits an init segment with one track and one
/// with several.
pub fn track_number(track_id: TrackId) -> u32 {
    let first = if track_id.kind == MediaKind::Video { 1 } else { 2 };
    first + 2 * u32::from(track_id.index)
}

/// Ticks per second of a track's times in fragments: 90 000 for video, the sample rate for audio.
pub fn timescale(track: &Track) -> u32 {
    match &track.info {
        TrackInfo::Video(_) => VIDEO_TIMESCALE,
        TrackInfo::Audio(audio) if audio.sample_rate == 0 => VIDEO_TIMESCALE,
        TrackInfo::Audio(audio) => audio.sample_rate,
    }
}

/// The init segment of a presentation of these tracks: what a player reads before their fragments.
pub fn init_segment(tracks: &[Track]) -> Result<Bytes, Error> {
    let mut out = BytesMut::with_capacity(1024);
    // A CMAF track has a file of its own (ISO/IEC 23000-19 §7.3.1).
    put_ftyp(&mut out, b"iso6", if tracks.len() == 1 { b"iso6cmfc" } else { b"iso6mp41" });
    let mut entries = Vec::with_capacity(tracks.len());
    for track in tracks {
        let mut entry = BytesMut::new();
        put_sample_entry(&mut entry, track)?;
        entries.push(entry);
    }
    put_box(&mut out, b"moov", |out| {
        let next_number = tracks.iter().map(|track| track_number(track.id)).max().unwrap_or(0) + 1;
        put_mvhd(out, MOVIE_TIMESCALE, 0, next_number);
        for (track, entry) in tracks.iter().zip(&entries) {
            let size = match &track.info {
                TrackInfo::Video(video) => (side(video.width), side(video.height)),
                TrackInfo::Audio(_) => (0, 0),
            };
            let header = TrackHeader {
                display_size: (u32::from(size.0) << 16, u32::from(size.1) << 16),
                ..TrackHeader::new(track_number(track.id), track.id.kind, timescale(track))
            };
            put_trak(out, &header, |out| put_empty_tables(out, entry));
        }
        put_mvex(out, None, tracks.iter().map(|track| track_number(track.id)));
    });
    Ok(out.freeze())
}

/// Where a fragment lies on its track's timeline, in ticks of [`timescale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentTimes {
    /// Decode time of its first sample, as `tfdt` says.
    pub start_ticks: u64,
    /// The sum of its sample durations.
    pub duration_ticks: u64,
}

/// A fragment in a buffer of its own; see [`append_fragment`].
pub fn fragment(
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<(Bytes, FragmentTimes), Error> {
    let mut out = BytesMut::new();
    let times = append_fragment(&mut out, sequence, track, samples, end_dts)?;
    Ok((out.freeze(), times))
}

/// Appends one `moof` and its `mdat` with these packets of `track` as samples; decoder configs among them are left
/// out. Each sample lasts until the next one's `dts`, the last one until `end_dts`. After an error `out` is as before.
pub fn append_fragment(
    out: &mut BytesMut,
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<FragmentTimes, Error> {
    let start = out.len();
    let result = put_fragment(out, sequence, track, samples, end_dts);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn put_fragment(
    out: &mut BytesMut,
    sequence: u32,
    track: &Track,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<FragmentTimes, Error> {
    let (mut count, mut media_bytes, mut is_reordered) = (0u32, 0u64, false);
    for packet in samples.iter().filter(|packet| !packet.is_config()) {
        let (track_id, codec) = (packet.track_id, packet.codec);
        if (track_id, codec) != (track.id, track.codec) {
            return Err(Error::ForeignSample { track_id, codec });
        }
        count = count.saturating_add(1);
        media_bytes = media_bytes.saturating_add(packet.payload.len() as u64);
        is_reordered |= packet.pts != packet.dts;
    }
    let first = samples.iter().find(|packet| !packet.is_config()).ok_or(Error::NoSamples)?;
    let is_video = track.id.kind == MediaKind::Video;
    let layout = Layout { is_video, has_offsets: is_reordered };

    // Every sample needs fewer bytes here than its limit of a 32-bit size allows.
    let moof_bytes = layout.moof_bytes(count);
    let total_bytes = moof_bytes + MDAT_HEADER_BYTES + media_bytes;
    if count > SAMPLES_PER_FRAGMENT_MAX || total_bytes > FRAGMENT_BYTES_MAX {
        let (what, value, max) = if count > SAMPLES_PER_FRAGMENT_MAX {
            ("number of samples in a fragment", u64::from(count), u64::from(SAMPLES_PER_FRAGMENT_MAX))
        } else {
            ("bytes of a fragment", total_bytes, FRAGMENT_BYTES_MAX)
        };
        return Err(Error::Limit { what, value, max });
    }
    out.reserve(total_bytes as usize);

    let clock = Clock { timescale: timescale(track) };
    let start_ticks = clock.decode_time(first.dts)?;
    let mut duration_ticks = Ok(0);
    let header = MoofHeader {
        sequence,
        track_number: track_number(track.id),
        start_ticks,
        count,
        mdat_header_bytes: MDAT_HEADER_BYTES,
    };
    layout.put_moof(out, header, |out| {
        duration_ticks = put_samples(out, layout, clock, samples, end_dts);
    });
    let duration_ticks = duration_ticks?;
    out.put_u32((MDAT_HEADER_BYTES + media_bytes) as u32);
    out.put_slice(b"mdat");
    for packet in samples.iter().filter(|packet| !packet.is_config()) {
        out.put_slice(&packet.payload);
    }
    Ok(FragmentTimes { start_ticks, duration_ticks })
}

/// Appends the samples' fields, and returns the sum of their durations.
///
/// Durations are differences of rounded decode times, so that rounding never adds up.
fn put_samples(
    out: &mut BytesMut,
    layout: Layout,
    clock: Clock,
    samples: &[Packet],
    end_dts: Timestamp,
) -> Result<u64, Error> {
    let mut duration_ticks = 0u64;
    let mut samples = samples.iter().filter(|packet| !packet.is_config()).peekable();
    while let Some(packet) = samples.next() {
        let end = samples.peek().map_or(end_dts, |next| next.dts);
        let duration = clock.duration(packet.dts, end)?;
        let cts_offset = if layout.has_offsets { clock.composition_offset(packet)? } else { 0 };
        duration_ticks += u64::from(duration);
        let size = packet.payload.len() as u32;
        layout.put_sample(out, RunSample { duration, size, is_sync: packet.is_keyframe(), cts_offset });
    }
    Ok(duration_ticks)
}

/// Converts times to ticks.
#[derive(Clone, Copy)]
struct Clock {
    timescale: u32,
}

impl Clock {
    fn decode_time(self, dts: Timestamp) -> Result<u64, Error> {
        let ticks = dts.to_ticks(self.timescale);
        u64::try_from(ticks).map_err(|_| self.error("decode time", ticks, "tfdt, ISO/IEC 14496-12 §8.8.12"))
    }

    fn duration(self, start: Timestamp, end: Timestamp) -> Result<u32, Error> {
        let ticks = end.to_ticks(self.timescale).saturating_sub(start.to_ticks(self.timescale));
        u32::try_from(ticks)
            .map_err(|_| self.error("sample duration", ticks, "trun, ISO/IEC 14496-12 §8.8.8"))
    }

    fn composition_offset(self, packet: &Packet) -> Result<i32, Error> {
        let ticks = packet.pts.to_ticks(self.timescale).saturating_sub(packet.dts.to_ticks(self.timescale));
        i32::try_from(ticks)
            .map_err(|_| self.error("composition offset", ticks, "trun, ISO/IEC 14496-12 §8.8.8"))
    }

    fn error(self, what: &'static str, ticks: i64, section: &'static str) -> Error {
        Error::Time { what, ticks, timescale: self.timescale, section }
    }
}

const VIDEO_TIMESCALE: u32 = 90_000;
const MOVIE_TIMESCALE: u32 = 1000;

#[cfg(test)]
mod tests;
