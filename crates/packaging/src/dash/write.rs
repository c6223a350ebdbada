use super::{AdaptationKind, AdaptationSet, Live, Mpd, Period, Presentation, Representation, TimedSegment};
use crate::date_time;
use crate::text::{write_uri, write_xml};
use std::fmt::{self, Write};
use std::time::Duration;

/// What a player gathers before it starts; required, and every player has its own idea.
const MIN_BUFFER_TIME: Duration = Duration::from_secs(2);

impl fmt::Display for Mpd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        f.write_str("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"")?;
        f.write_str(" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"")?;
        match &self.presentation {
            Presentation::Live(live) => live.write_attributes(f)?,
            Presentation::Ended { duration } => {
                write!(f, " type=\"static\" mediaPresentationDuration=\"{}\"", Seconds(*duration))?;
            }
        }
        write!(f, " maxSegmentDuration=\"{}\"", Seconds(self.max_segment_duration()))?;
        writeln!(f, " minBufferTime=\"{}\">", Seconds(MIN_BUFFER_TIME))?;
        for period in &self.periods {
            period.write(f, &self.query)?;
        }
        if let Presentation::Live(live) = &self.presentation {
            f.write_str("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-xsdate:2014\" value=\"")?;
            write_xml(f, &live.utc_timing_uri)?;
            f.write_str("\"/>\n")?;
        }
        f.write_str("</MPD>\n")
    }
}

impl Mpd {
    fn max_segment_duration(&self) -> Duration {
        let sets = self.periods.iter().flat_map(|period| &period.adaptation_sets);
        let durations = sets.flat_map(|set| {
            set.segments.iter().map(|segment| {
                let micros = u128::from(segment.duration_ticks) * 1_000_000;
                let micros = micros.checked_div(u128::from(set.timescale)).unwrap_or(0);
                Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
            })
        });
        durations.fold(self.target, Duration::max)
    }
}

impl Live {
    fn write_attributes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            " type=\"dynamic\" availabilityStartTime=\"{}\" publishTime=\"{}\" minimumUpdatePeriod=\"{}\" \
             timeShiftBufferDepth=\"{}\" suggestedPresentationDelay=\"{}\"",
            date_time(self.availability_start_ms),
            date_time(self.publish_time_ms),
            Seconds(self.update_period),
            Seconds(self.time_shift),
            Seconds(self.suggested_delay),
        )
    }
}

impl Period {
    fn write(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        f.write_str("  <Period")?;
        attribute(f, "id", &self.id)?;
        writeln!(f, " start=\"{}\">", Seconds(self.start))?;
        for set in &self.adaptation_sets {
            set.write(f, query)?;
        }
        f.write_str("  </Period>\n")
    }
}

impl AdaptationSet {
    fn write(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        let (kind, mime_type) = match self.kind {
            AdaptationKind::Video => ("video", "video/mp4"),
            AdaptationKind::Audio => ("audio", "audio/mp4"),
            AdaptationKind::Captions => ("text", "text/vtt"),
        };
        write!(f, "    <AdaptationSet id=\"{}\" contentType=\"{kind}\" mimeType=\"{mime_type}\"", self.id)?;
        if let Some(language) = &self.language {
            attribute(f, "lang", language)?;
        }
        if self.kind == AdaptationKind::Captions {
            return self.write_captions(f, query);
        }
        f.write_str(" segmentAlignment=\"true\"")?;
        if self.independent_segments {
            f.write_str(" startWithSAP=\"1\"")?;
        }
        f.write_str(">\n")?;
        self.write_segments(f, query)?;
        for representation in &self.representations {
            representation.write(f)?;
        }
        f.write_str("    </AdaptationSet>\n")
    }

    /// The rest of captions, from the attributes on.
    fn write_captions(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        f.write_str(">\n      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n")?;
        let mut uri = String::new();
        write_uri(&mut uri, &self.media_uri, query)?;
        for representation in &self.representations {
            f.write_str("      <Representation")?;
            attribute(f, "id", &representation.id)?;
            f.write_str(" bandwidth=\"1000\">\n        <BaseURL>")?;
            write_xml(f, &uri)?;
            f.write_str("</BaseURL>\n      </Representation>\n")?;
        }
        f.write_str("    </AdaptationSet>\n")
    }

    fn write_segments(&self, f: &mut fmt::Formatter<'_>, query: &str) -> fmt::Result {
        write!(f, "      <SegmentTemplate timescale=\"{}\"", self.timescale)?;
        write!(f, " presentationTimeOffset=\"{}\"", self.presentation_time_offset)?;
        for (name, template) in [("initialization", &self.init_uri), ("media", &self.media_uri)] {
            let mut uri = String::new();
            write_uri(&mut uri, template, query)?;
            attribute(f, name, &uri)?;
        }
        f.write_str(">\n        <SegmentTimeline>\n")?;
        for run in runs(&self.segments) {
            f.write_str("          <S")?;
            if let Some(start_ticks) = run.start_ticks {
                write!(f, " t=\"{start_ticks}\"")?;
            }
            write!(f, " d=\"{}\"", run.duration_ticks)?;
            if run.repeats > 0 {
                write!(f, " r=\"{}\"", run.repeats)?;
            }
            f.write_str("/>\n")?;
        }
        f.write_str("        </SegmentTimeline>\n      </SegmentTemplate>\n")
    }
}

impl Representation {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("      <Representation")?;
        attribute(f, "id", &self.id)?;
        attribute(f, "codecs", &self.codecs)?;
        write!(f, " bandwidth=\"{}\"", self.bandwidth_bps.clamp(1, u64::from(u32::MAX)))?;
        for (name, value) in
            [("width", self.width), ("height", self.height), ("audioSamplingRate", self.sample_rate)]
        {
            if value > 0 {
                write!(f, " {name}=\"{value}\"")?;
            }
        }
        if let Some(frame_rate) = self.frame_rate.and_then(FrameRate::from_hz) {
            write!(f, " frameRate=\"{frame_rate}\"")?;
        }
        if self.channels == 0 {
            return f.write_str("/>\n");
        }
        f.write_str(">\n        <AudioChannelConfiguration")?;
        f.write_str(" schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\"")?;
        writeln!(f, " value=\"{}\"/>\n      </Representation>", self.channels)
    }
}

/// One `S` element: `1 + repeats` segments of the same duration, one behind the other.
struct Run {
    /// Said for the first run and behind a hole; otherwise the run follows the one before.
    start_ticks: Option<u64>,
    duration_ticks: u64,
    repeats: u32,
}

fn runs(segments: &[TimedSegment]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end_ticks = None;
    for (index, segment) in segments.iter().enumerate() {
        // Overlapping times confuse players: a segment ends at the latest where the next one starts.
        let room = segments
            .get(index + 1)
            .map_or(u64::MAX, |next| next.start_ticks.saturating_sub(segment.start_ticks));
        let duration_ticks = segment.duration_ticks.min(room);
        if duration_ticks == 0 {
            continue;
        }
        let follows = end_ticks == Some(segment.start_ticks);
        match runs.last_mut() {
            Some(run) if follows && run.duration_ticks == duration_ticks => run.repeats += 1,
            _ => {
                let start_ticks = (!follows).then_some(segment.start_ticks);
                runs.push(Run { start_ticks, duration_ticks, repeats: 0 });
            }
        }
        end_ticks = Some(segment.start_ticks.saturating_add(duration_ticks));
    }
    runs
}

/// A frame rate as DASH writes it: whole, or one whole number over another (§5.3.12.2).
#[derive(Debug, PartialEq)]
struct FrameRate {
    frames: u32,
    per_seconds: u32,
}

impl FrameRate {
    /// Rates of television (30000/1001) are recognised; others are rounded to a thousandth.
    fn from_hz(hz: f64) -> Option<Self> {
        if !(0.001..=1000.0).contains(&hz) {
            return None;
        }
        for per_seconds in [1, 1001] {
            let nominal = if per_seconds == 1 { hz.round() } else { (hz * 1.001).round() * 1000.0 };
            if nominal > 0.0 && (nominal / f64::from(per_seconds) - hz).abs() < 0.001 {
                return Some(Self { frames: nominal as u32, per_seconds });
            }
        }
        Some(Self { frames: (hz * 1000.0).round() as u32, per_seconds: 1000 })
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per_seconds {
            1 => write!(f, "{}", self.frames),
            per_seconds => write!(f, "{}/{per_seconds}", self.frames),
        }
    }
}

/// An `xs:duration` in seconds with microseconds, without zeros at the end.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0.as_secs(), self.0.subsec_micros());
        write!(f, "PT{}S", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

fn attribute(f: &mut impl Write, name: &str, value: &str) -> fmt::Result {
    write!(f, " {name}=\"")?;
    write_xml(f, value)?;
    f.write_str("\"")
}
