//! What a stream of packets is made of: tracks, rates, keyframes.

use media::{MediaKind, Packet, PacketKind, Timestamp, Track, TrackId, TrackInfo};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Counts packets, track by track.
#[derive(Default)]
pub(super) struct Analysis {
    tracks: BTreeMap<TrackId, Counts>,
}

/// One coded picture or sound, without its bytes.
pub(super) struct Unit {
    pub(super) track_id: TrackId,
    pub(super) dts: Timestamp,
    pub(super) pts: Timestamp,
    pub(super) bytes: usize,
    pub(super) is_keyframe: bool,
}

#[derive(Default)]
struct Counts {
    track: Option<Track>,
    configs: u64,
    units: u64,
    bytes: u64,
    /// First and last decode time.
    times: Option<(Timestamp, Timestamp)>,
    last_step_micros: i64,
    reorders: bool,
    keyframes: u64,
    /// First and last keyframe.
    keyframe_times: Option<(Timestamp, Timestamp)>,
    keyframe_interval_max_micros: i64,
}

impl Analysis {
    /// Takes one packet.
    pub(super) fn take(&mut self, packet: &Packet) {
        if packet.track_id.kind == MediaKind::Data {
            return;
        }
        if packet.kind == PacketKind::Config {
            // A config that cannot be read leaves the track without a description.
            if let Ok(track) = Track::from_config(packet.track_id, packet.codec, packet.payload.clone()) {
                self.describe(track);
            }
            return;
        }
        if packet.is_keyframe() {
            self.learn_size(packet);
        }
        self.count(&Unit {
            track_id: packet.track_id,
            dts: packet.dts,
            pts: packet.pts,
            bytes: packet.payload.len(),
            is_keyframe: packet.is_keyframe(),
        });
    }

    pub(super) fn describe(&mut self, track: Track) {
        let counts = self.tracks.entry(track.id).or_default();
        counts.configs += 1;
        counts.track = Some(track);
    }

    pub(super) fn learn_size(&mut self, keyframe: &Packet) {
        if let Some(track) = self.tracks.entry(keyframe.track_id).or_default().track.as_mut() {
            track.learn_size(&keyframe.payload);
        }
    }

    pub(super) fn count(&mut self, unit: &Unit) {
        let counts = self.tracks.entry(unit.track_id).or_default();
        counts.units += 1;
        counts.bytes += unit.bytes as u64;
        counts.reorders |= unit.pts != unit.dts;
        if let Some((_, last)) = counts.times {
            counts.last_step_micros = unit.dts.micros_since(last).max(0);
        }
        counts.times = Some(extended(counts.times, unit.dts));
        if unit.is_keyframe && unit.track_id.kind == MediaKind::Video {
            counts.keyframes += 1;
            if let Some((_, last)) = counts.keyframe_times {
                let interval = unit.dts.micros_since(last);
                counts.keyframe_interval_max_micros = counts.keyframe_interval_max_micros.max(interval);
            }
            counts.keyframe_times = Some(extended(counts.keyframe_times, unit.dts));
        }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// What was found, of `source`, which is `container`.
    pub(super) fn report(self, source: String, container: &'static str) -> Report {
        let ends = self.tracks.values().filter_map(|counts| {
            let (first, last) = counts.times?;
            Some((first.as_micros(), last.as_micros().saturating_add(counts.last_step_micros)))
        });
        let span = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let duration_micros = span.map_or(0, |(first, end)| end.saturating_sub(first).max(0));
        let bytes: u64 = self.tracks.values().map(|counts| counts.bytes).sum();
        Report {
            source,
            container,
            is_fragmented: None,
            is_complete: true,
            duration_ms: millis(duration_micros),
            bps: rate(bytes.saturating_mul(8), duration_micros).map(|bps| bps.round() as u64),
            bytes: None,
            encoder: None,
            tracks: self.tracks.iter().map(|(id, counts)| counts.report(*id)).collect(),
            notes: Vec::new(),
        }
    }
}

fn extended(times: Option<(Timestamp, Timestamp)>, time: Timestamp) -> (Timestamp, Timestamp) {
    times.map_or((time, time), |(first, last)| (first.min(time), last.max(time)))
}

fn millis(micros: i64) -> u64 {
    u64::try_from(Timestamp::from_micros(micros).as_millis()).unwrap_or(0)
}

/// So many per second.
fn rate(count: u64, micros: i64) -> Option<f64> {
    (micros > 0).then(|| count as f64 * 1e6 / micros as f64)
}

impl Counts {
    fn report(&self, id: TrackId) -> TrackReport {
        let span_micros = self.times.map_or(0, |(first, last)| last.micros_since(first));
        let (video, audio) = match self.track.as_ref().map(|track| &track.info) {
            Some(TrackInfo::Video(video)) => (Some(video), None),
            Some(TrackInfo::Audio(audio)) => (None, Some(audio)),
            None => (None, None),
        };
        let is_video = id.kind == MediaKind::Video;
        let measured =
            rate(self.units.saturating_sub(1), span_micros).map(|rate| (rate * 1000.0).round() / 1000.0);
        let keyframe_span = self.keyframe_times.map_or(0, |(first, last)| last.micros_since(first));
        let keyframe_gaps = self.keyframes.saturating_sub(1);
        let known = |number: u32| (number > 0).then_some(number);
        TrackReport {
            id: format!("{}{}", if is_video { "video" } else { "audio" }, id.index),
            kind: if is_video { "video" } else { "audio" },
            codec: self.track.as_ref().map(|track| track.codec.to_string()),
            codec_string: self.track.as_ref().map(Track::codec_string),
            profile: video
                .map(|video| video.profile)
                .or(audio.map(|audio| audio.profile))
                .filter(|name| !name.is_empty()),
            level: video.and_then(|video| known(video.level_tenths)).map(|tenths| f64::from(tenths) / 10.0),
            width: video.and_then(|video| known(video.width)),
            height: video.and_then(|video| known(video.height)),
            frame_rate: measured.or(video.and_then(|video| video.frame_rate)).filter(|_| is_video),
            reorders: is_video.then_some(self.reorders),
            keyframes: is_video.then_some(self.keyframes),
            keyframe_interval_ms: (keyframe_gaps > 0).then(|| millis(keyframe_span) / keyframe_gaps),
            keyframe_interval_max_ms: (keyframe_gaps > 0).then(|| millis(self.keyframe_interval_max_micros)),
            sample_rate: audio.and_then(|audio| known(audio.sample_rate)),
            channels: audio.map(|audio| audio.channels).filter(|channels| *channels > 0),
            packets: self.units,
            bps: rate(self.bytes.saturating_mul(8), span_micros.saturating_add(self.last_step_micros))
                .map(|bps| bps.round() as u64),
            configs: self.configs,
        }
    }
}

/// What a file or stream is, for people (`Display`) and programs (JSON).
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) source: String,
    pub(super) container: &'static str,
    /// Of MP4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_fragmented: Option<bool>,
    /// Whether all of it was read.
    pub(super) is_complete: bool,
    pub(super) duration_ms: u64,
    /// Media bits per second, without what the container adds.
    pub(super) bps: Option<u64>,
    /// Bytes of the file or of what was read.
    pub(super) bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoder: Option<String>,
    pub(super) tracks: Vec<TrackReport>,
    /// What is remarkable or wrong.
    pub(super) notes: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct TrackReport {
    id: String,
    kind: &'static str,
    codec: Option<String>,
    codec_string: Option<String>,
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// As measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    /// Whether pictures are shown in another order than they are sent (B-frames).
    #[serde(skip_serializing_if = "Option::is_none")]
    reorders: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyframes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyframe_interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyframe_interval_max_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u8>,
    packets: u64,
    bps: Option<u64>,
    /// Decoder configs seen; more than one means that the track changed.
    configs: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, container, .. } = self;
        let kind = match self.is_fragmented {
            Some(true) => ", fragmented",
            Some(false) => ", not fragmented",
            None => "",
        };
        write!(f, "{source}\n  {container}{kind}, {}", seconds(self.duration_ms))?;
        if !self.is_complete {
            f.write_str(" read")?;
        }
        if let Some(bps) = self.bps {
            write!(f, ", {}", bit_rate(bps))?;
        }
        for track in &self.tracks {
            write!(f, "\n  {track}")?;
        }
        if let Some(encoder) = &self.encoder {
            write!(f, "\n  encoder {encoder}")?;
        }
        for note in &self.notes {
            write!(f, "\n  note: {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TrackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![
            [self.codec.as_deref().unwrap_or("codec unknown"), self.profile.unwrap_or_default()]
                .join(" ")
                .trim()
                .to_owned(),
        ];
        parts.extend(self.level.map(|level| format!("level {level}")));
        parts.extend(self.codec_string.clone());
        parts.extend(self.width.zip(self.height).map(|(width, height)| format!("{width}x{height}")));
        parts.extend(self.frame_rate.map(|rate| format!("{rate} fps")));
        parts.extend(self.sample_rate.map(|rate| format!("{rate} Hz")));
        parts.extend(
            self.channels.map(|count| if count == 1 { "mono".into() } else { format!("{count} channels") }),
        );
        parts.extend(self.bps.map(bit_rate));
        match (self.keyframe_interval_ms, self.keyframe_interval_max_ms) {
            (Some(interval), Some(max)) if max > interval + interval / 10 => {
                parts.push(format!("keyframe every {} (at most {})", seconds(interval), seconds(max)));
            }
            (Some(interval), _) => parts.push(format!("keyframe every {}", seconds(interval))),
            _ => parts.extend(self.keyframes.map(|count| format!("{count} keyframe"))),
        }
        if self.reorders == Some(true) {
            parts.push("B-frames".into());
        }
        write!(f, "{}: {}", self.id, parts.join(", "))
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

/// Bits per second as people say it.
pub(super) fn bit_rate(bps: u64) -> String {
    match bps {
        ..1_000_000 => format!("{} kbit/s", bps / 1000),
        _ => format!("{:.2} Mbit/s", bps as f64 / 1e6),
    }
}
