//! The statistics of nginx-rtmp as XML: the elements of its `/stat` in their order.
//!
//! What that order is: `rtmp` › `server` › `application` › `live` › `stream` › `client`, `meta`. There is no `play`: nothing
//! is played from files over RTMP. `bw_*` are bits per second, `time` milliseconds.

use crate::hooks::client_number;
use hub::{IngestStats, Session, Stream, StreamState};
use media::{Codec, Track, TrackInfo, VideoInfo};
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What the document says of the server as a whole.
pub struct Totals {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Connections accepted so far.
    pub accepted: u64,
    /// Media bytes received so far.
    pub received_bytes: u64,
    /// Media bytes sent so far.
    pub sent_bytes: u64,
}

/// A stream and how fast it goes out.
pub struct StreamRate {
    /// The stream.
    pub stream: Arc<Stream>,
    /// Bits per second to its viewers.
    pub sent_bps: u64,
}

/// The document. `streams` belong to `apps`.
pub fn document(totals: &Totals, apps: &[String], streams: &[StreamRate], now_unix_ms: u64) -> String {
    let mut xml = Xml::default();
    xml.open("rtmp");
    xml.text("nginx_version", concat!("weir/", env!("CARGO_PKG_VERSION")));
    xml.text("nginx_rtmp_version", NGINX_RTMP_VERSION);
    xml.text("compiler", concat!("rustc ", env!("CARGO_PKG_RUST_VERSION")));
    xml.text("built", if cfg!(debug_assertions) { "debug" } else { "release" });
    xml.text("pid", std::process::id());
    xml.text("uptime", totals.uptime_s);
    xml.text("naccepted", totals.accepted);
    let received_bps = streams.iter().map(|rate| received_bps(&rate.stream, &rate.stream.ingest())).sum();
    let sent_bps = streams.iter().map(|rate| rate.sent_bps).sum();
    xml.bandwidth(received_bps, totals.received_bytes, sent_bps, totals.sent_bytes);
    xml.open("server");
    for app in apps {
        xml.open("application");
        xml.text("name", app);
        xml.open("live");
        let mut clients = 0;
        for rate in streams.iter().filter(|rate| rate.stream.path().app() == app) {
            clients += xml.stream(rate, now_unix_ms);
        }
        xml.text("nclients", clients);
        xml.close("live");
        xml.close("application");
    }
    xml.close("server");
    xml.close("rtmp");
    xml.0
}

/// The version of nginx-rtmp whose document this is.
const NGINX_RTMP_VERSION: &str = "1.1.4";

/// Bits per second that come in; nothing while the publisher is away.
fn received_bps(stream: &Stream, ingest: &IngestStats) -> u64 {
    if stream.state() == StreamState::Live { ingest.video_bps + ingest.audio_bps } else { 0 }
}

struct Xml(String);

impl Default for Xml {
    fn default() -> Self {
        Self(
            concat!(
                "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n",
                "<?xml-stylesheet type=\"text/xsl\" href=\"stat.xsl\" ?>\n"
            )
            .to_owned(),
        )
    }
}

impl Xml {
    fn open(&mut self, name: &str) {
        self.push(format_args!("<{name}>\n"));
    }

    fn close(&mut self, name: &str) {
        self.push(format_args!("</{name}>\n"));
    }

    fn empty(&mut self, name: &str) {
        self.push(format_args!("<{name}/>\n"));
    }

    fn text(&mut self, name: &str, value: impl Display) {
        let value = escape(&value.to_string());
        self.push(format_args!("<{name}>{value}</{name}>\n"));
    }

    /// Leaves an element out that would be empty.
    fn text_if_any(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.text(name, value);
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(text);
    }

    fn bandwidth(&mut self, received_bps: u64, received_bytes: u64, sent_bps: u64, sent_bytes: u64) {
        self.text("bw_in", received_bps);
        self.text("bytes_in", received_bytes);
        self.text("bw_out", sent_bps);
        self.text("bytes_out", sent_bytes);
    }

    /// Writes a stream and says how many clients it has.
    fn stream(&mut self, rate: &StreamRate, now_unix_ms: u64) -> usize {
        let stream = &rate.stream;
        let ingest = stream.ingest();
        let is_live = stream.state() == StreamState::Live;
        let publisher = stream.publisher();
        let mut viewers = stream.viewers();
        viewers.sort_by_key(|session| (session.started_at_ms, session.id));
        let clients = viewers.len() + usize::from(publisher.is_some());
        self.open("stream");
        self.text("name", stream.path().name());
        self.text("time", now_unix_ms.saturating_sub(stream.started_at_ms()));
        let received_bytes = crate::traffic::received_bytes(stream);
        self.bandwidth(
            received_bps(stream, &ingest),
            received_bytes,
            rate.sent_bps,
            stream.counters().bytes_total(),
        );
        self.text("bw_audio", if is_live { ingest.audio_bps } else { 0 });
        self.text("bw_video", if is_live { ingest.video_bps } else { 0 });
        let timestamp_ms = stream.last_dts().as_millis();
        if let Some(publisher) = &publisher {
            self.client(publisher, ingest.av_skew_ms, timestamp_ms, true, now_unix_ms);
        }
        for viewer in &viewers {
            self.client(viewer, 0, timestamp_ms, false, now_unix_ms);
        }
        self.meta(stream);
        self.text("nclients", clients);
        if is_live {
            self.empty("publishing");
            self.empty("active");
        }
        self.close("stream");
        clients
    }

    fn client(
        &mut self,
        session: &Session,
        av_sync_ms: i64,
        timestamp_ms: i64,
        publishes: bool,
        now_unix_ms: u64,
    ) {
        self.open("client");
        self.text("id", client_number(session.id));
        self.text("address", session.remote.to_canonical());
        self.text("time", now_unix_ms.saturating_sub(session.started_at_ms));
        self.text_if_any("flashver", &session.client.flash_ver);
        self.text_if_any("pageurl", &session.client.page_url);
        self.text_if_any("swfurl", &session.client.swf_url);
        self.text("dropped", session.skips.load(Relaxed));
        self.text("avsync", av_sync_ms);
        self.text("timestamp", timestamp_ms);
        if publishes {
            self.empty("publishing");
        }
        self.empty("active");
        self.close("client");
    }

    /// Of the default tracks.
    fn meta(&mut self, stream: &Stream) {
        let tracks = stream.tracks();
        if tracks.is_empty() {
            return;
        }
        self.open("meta");
        for track in tracks.iter().filter(|track| track.id.index == 0) {
            match &track.info {
                TrackInfo::Video(video) => self.video(track, video, stream.metadata().frame_rate),
                TrackInfo::Audio(audio) => {
                    self.open("audio");
                    self.text("codec", track.codec);
                    self.text_if_any("profile", audio.profile);
                    self.text("channels", audio.channels);
                    self.text("sample_rate", audio.sample_rate);
                    self.close("audio");
                }
            }
        }
        self.close("meta");
    }

    fn video(&mut self, track: &Track, video: &VideoInfo, stated_frame_rate: Option<f64>) {
        self.open("video");
        self.text("width", video.width);
        self.text("height", video.height);
        self.text("frame_rate", stated_frame_rate.or(video.frame_rate).unwrap_or(0.0));
        self.text("codec", track.codec);
        self.text_if_any("profile", super::profile_name(video.profile));
        // The constraint flags beside the profile (ISO/IEC 14496-15 §5.3.3).
        if let (Codec::H264, Some(compat)) = (track.codec, track.config.get(2)) {
            self.text("compat", compat);
        }
        if video.level_tenths > 0 {
            self.text("level", format_args!("{}.{}", video.level_tenths / 10, video.level_tenths % 10));
        }
        self.close("video");
    }
}

/// XML 1.0 §2.4; characters that XML cannot hold (§2.2) become replacement characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
