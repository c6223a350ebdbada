//! The bytes of a segment, from its packets.

use crate::delivery::FRAGMENT_SEQUENCE_STEP;
use bytes::{Bytes, BytesMut};
use media::{MediaKind, Packet, Timestamp, Track, TrackInfo};
use packaging::Span;
use std::time::Duration;
use store::{Fragment, Media, NewInit, TrackInit, TrackSpan};

/// Writes segments of one kind, one after the other.
pub(crate) enum Muxer {
    /// MPEG-TS, one continuous transport stream.
    Ts(mpegts::Muxer),
    /// Fragments of one track each, numbered.
    Cmaf { sequence: u32 },
}

impl Muxer {
    /// What the segments of these tracks need before them.
    pub(crate) fn init(&mut self, tracks: &[Track]) -> Result<NewInit, MuxError> {
        match self {
            Self::Ts(muxer) => muxer.set_tracks(tracks)?,
            Self::Cmaf { .. } => {}
        }
        let is_ts = matches!(self, Self::Ts(_));
        let bytes = |tracks: &[Track]| if is_ts { Ok(Bytes::new()) } else { mp4::init_segment(tracks) };
        let init_of = |track: &Track| {
            Ok(TrackInit {
                track: track.clone(),
                codec_string: track.codec_string(),
                timescale: mp4::timescale(track),
                bytes: bytes(std::slice::from_ref(track))?,
            })
        };
        Ok(NewInit {
            tracks: tracks.iter().map(init_of).collect::<Result<_, MuxError>>()?,
            bytes: bytes(tracks)?,
        })
    }

    /// The bytes of a segment that ends at `end`; nothing when none of it can be written.
    pub(crate) fn mux(&mut self, tracks: &[Track], packets: &[Packet], span: &Span) -> Option<Media> {
        match self {
            Self::Ts(muxer) => mux_ts(muxer, packets),
            Self::Cmaf { sequence } => mux_cmaf(sequence, tracks, packets, span),
        }
    }
}

/// Why tracks cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MuxError {
    #[error(transparent)]
    Ts(#[from] mpegts::Error),
    #[error(transparent)]
    Mp4(#[from] mp4::Error),
}

/// One part in this many is added by TS packet headers.
const TS_OVERHEAD_PART: usize = 32;
/// Room for a PES header and the stuffing of a last TS packet.
const PES_OVERHEAD_BYTES: usize = 200;

fn mux_ts(muxer: &mut mpegts::Muxer, packets: &[Packet]) -> Option<Media> {
    let bytes: usize = packets.iter().map(|packet| packet.payload.len() + PES_OVERHEAD_BYTES).sum();
    let mut out = BytesMut::with_capacity(bytes + bytes / TS_OVERHEAD_PART);
    muxer.tables(&mut out);
    let tables_bytes = out.len();
    for packet in packets {
        if let Err(error) = muxer.write(packet, &mut out) {
            tracing::debug!(%error, "a packet is left out of a segment");
        }
    }
    (out.len() > tables_bytes).then(|| Media::Ts(out.freeze()))
}

fn mux_cmaf(sequence: &mut u32, tracks: &[Track], packets: &[Packet], span: &Span) -> Option<Media> {
    let mut parts: Vec<_> = tracks.iter().flat_map(|track| track_parts(track, packets, span)).collect();
    // Stable: tracks keep their order within a part.
    parts.sort_by_key(|part| part.index);
    let (mut spans, mut fragments) = (Vec::<TrackSpan>::new(), Vec::with_capacity(parts.len()));
    for part in parts {
        *sequence = sequence.wrapping_add(FRAGMENT_SEQUENCE_STEP);
        let (bytes, times) = match mp4::fragment(*sequence, part.track, &part.samples, part.end) {
            Ok(fragment) => fragment,
            Err(error) => {
                tracing::debug!(%error, "a part of a track is left out of a segment");
                continue;
            }
        };
        let track_id = part.track.id;
        let end_ticks = times.start_ticks.saturating_add(times.duration_ticks);
        match spans.iter_mut().find(|span| span.track_id == track_id) {
            Some(span) => span.duration_ticks = end_ticks.saturating_sub(span.start_ticks),
            None => spans.push(TrackSpan {
                track_id,
                start_ticks: times.start_ticks,
                duration_ticks: times.duration_ticks,
            }),
        }
        fragments.push(Fragment { track_id, bytes });
    }
    (!fragments.is_empty()).then_some(Media::Cmaf { tracks: spans, fragments })
}

/// What one fragment is made of.
struct Part<'a> {
    /// Which stretch of the segment it is.
    index: u128,
    track: &'a Track,
    samples: Vec<Packet>,
    end: Timestamp,
}

/// Sound and pictures of a segment take turns this often: players that read a segment as it comes, such as VLC, throw
/// away sound that comes later than they can wait.
const PART_DURATION: Duration = Duration::from_millis(500);

/// The fragments of one track of a segment.
fn track_parts<'a>(track: &'a Track, packets: &[Packet], span: &Span) -> Vec<Part<'a>> {
    let samples: Vec<&Packet> = packets.iter().filter(|packet| packet.track_id == track.id).collect();
    let Some(last) = samples.last() else { return Vec::new() };
    let mut end = match track.id.kind {
        // Sound is cut where its last packet ends, which is seldom where the picture does.
        MediaKind::Audio => last.dts + last_packet_duration(track, &samples),
        _ => (span.start + span.duration).max(last.dts),
    };
    let index =
        |packet: &&Packet| packet.dts.saturating_since(span.start).as_nanos() / PART_DURATION.as_nanos();
    let mut parts = Vec::new();
    // From the end on, because a part ends where the one behind it starts.
    for samples in samples.chunk_by(|a, b| index(a) == index(b)).rev() {
        let Some(first) = samples.first() else { continue };
        let samples_of_part = samples.iter().map(|&packet| packet.clone()).collect();
        parts.push(Part { index: index(first), track, samples: samples_of_part, end });
        end = first.dts;
    }
    parts.reverse();
    parts
}

/// How long the last packet of sound lasts: what the codec fixes, or as long as the one before.
fn last_packet_duration(track: &Track, samples: &[&Packet]) -> Duration {
    let fixed = match &track.info {
        TrackInfo::Audio(audio) => audio.samples_per_packet.and_then(|samples| {
            Some(Duration::from_micros(
                (u64::from(samples) * 1_000_000).checked_div(u64::from(audio.sample_rate))?,
            ))
        }),
        TrackInfo::Video(_) => None,
    };
    fixed.unwrap_or_else(|| match samples {
        [.., before, last] => last.dts.saturating_since(before.dts).min(LAST_PACKET_DURATION_MAX),
        _ => Duration::from_millis(20),
    })
}

/// Behind a hole the step between two packets says nothing of how long one lasts.
const LAST_PACKET_DURATION_MAX: Duration = Duration::from_millis(120);
