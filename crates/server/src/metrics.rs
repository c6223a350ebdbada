//! `/metrics` for Prometheus, as OpenMetrics text.
//!
//! The table is made anew for every scrape from what streams and listeners count themselves, so a stream that has ended
//! is gone from it. Labels are the public path of a stream, the protocols' and listeners' fixed names: never an
//! address, an argument or a key.

use crate::app::State;
use crate::hooks::{HookEvent, Outcome};
use crate::host;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gateway::Limiter;
use gateway::record::Recorder;
use gateway::record::flv::FlvRecorder;
use http::{StatusCode, header};
use hub::{Protocol, Stream, StreamState};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The route.
pub fn router(state: &Arc<State>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(state.clone())
}

/// A gauge that may be a fraction.
type Fraction = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStream {
    stream: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProtocol {
    stream: String,
    protocol: &'static str,
}

/// Pictures or sound of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    stream: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfListener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfHook {
    event: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfBuild {
    version: &'static str,
}

async fn metrics(axum::extract::State(state): axum::extract::State<Arc<State>>) -> Response {
    let mut registry = Registry::with_prefix("weir");
    Streams::register(&mut registry, &state.gateway.hub.streams());
    register_server(&mut registry, &state);
    let mut out = String::new();
    match text::encode(&mut out, &registry) {
        Ok(()) => {
            ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], out).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n").into_response()
        }
    }
}

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is told of every stream.
#[derive(Default)]
struct Streams {
    publisher_present: Family<OfStream, Gauge>,
    viewers: Family<OfProtocol, Gauge>,
    joins: Family<OfProtocol, Counter>,
    sent_bytes: Family<OfProtocol, Counter>,
    skips: Family<OfProtocol, Counter>,
    lag: Family<OfProtocol, Fraction>,
    received_bytes: Family<OfKind, Counter>,
    received_packets: Family<OfKind, Counter>,
    received_bps: Family<OfKind, Gauge>,
    dropped_packets: Family<OfStream, Counter>,
    keyframe_interval: Family<OfStream, Fraction>,
    av_skew: Family<OfStream, Fraction>,
}

impl Streams {
    fn register(registry: &mut Registry, streams: &[Arc<Stream>]) {
        let all = Self::default();
        for stream in streams {
            all.add(stream);
        }
        let present = "1 while somebody publishes, 0 while the stream is held";
        registry.register("stream_publisher_present", present, all.publisher_present);
        registry.register("stream_viewers", "Viewers now", all.viewers);
        registry.register("stream_joins", "Viewers that came", all.joins);
        registry.register("stream_sent_bytes", "Media bytes sent to viewers", all.sent_bytes);
        registry.register("stream_skips", "Times a slow viewer was moved forward to a keyframe", all.skips);
        registry.register(
            "stream_viewer_lag_seconds",
            "How far the viewer furthest behind is behind the publisher, not counting what the system has taken to send",
            all.lag,
        );
        registry.register("stream_received_bytes", "Media bytes from the publisher", all.received_bytes);
        registry.register(
            "stream_received_packets",
            "Pictures and sound packets from the publisher",
            all.received_packets,
        );
        registry.register(
            "stream_received_bits_per_second",
            "Bit rate over the last seconds",
            all.received_bps,
        );
        registry.register("stream_dropped_packets", "Packets of no announced track", all.dropped_packets);
        registry.register(
            "stream_keyframe_interval_seconds",
            "Time between the last keyframes",
            all.keyframe_interval,
        );
        registry.register("stream_av_skew_seconds", "Newest sound minus newest picture", all.av_skew);
    }

    fn add(&self, stream: &Stream) {
        let path = stream.path().to_string();
        let of_stream = OfStream { stream: path.clone() };
        let is_live = stream.state() == StreamState::Live;
        self.publisher_present.get_or_create(&of_stream).set(i64::from(is_live));
        let viewers = stream.viewers();
        for protocol in DELIVERIES {
            let (sent_bytes, joins, skips) = stream.counters().of(protocol);
            let of_this = || viewers.iter().filter(|viewer| viewer.protocol == protocol);
            let count = of_this().count();
            if joins > 0 || count > 0 {
                let of_protocol = OfProtocol { stream: path.clone(), protocol: protocol.as_str() };
                self.viewers.get_or_create(&of_protocol).set(i64::try_from(count).unwrap_or(i64::MAX));
                self.joins.get_or_create(&of_protocol).inc_by(joins);
                self.sent_bytes.get_or_create(&of_protocol).inc_by(sent_bytes);
                self.skips.get_or_create(&of_protocol).inc_by(skips);
                // Who fetches segments has no position in the stream.
                if !matches!(protocol, Protocol::Hls | Protocol::Dash) {
                    let lag_ms = of_this().map(|viewer| viewer.lag_ms.load(Relaxed)).max().unwrap_or(0);
                    self.lag.get_or_create(&of_protocol).set(lag_ms as f64 / 1000.0);
                }
            }
        }
        let ingest = stream.ingest();
        for (kind, bytes, packets, bps) in [
            ("video", ingest.video_bytes, ingest.video_packets, ingest.video_bps),
            ("audio", ingest.audio_bytes, ingest.audio_packets, ingest.audio_bps),
        ] {
            let of_kind = OfKind { stream: path.clone(), kind };
            self.received_bytes.get_or_create(&of_kind).inc_by(bytes);
            self.received_packets.get_or_create(&of_kind).inc_by(packets);
            let bps = if is_live { i64::try_from(bps).unwrap_or(i64::MAX) } else { 0 };
            self.received_bps.get_or_create(&of_kind).set(bps);
        }
        self.dropped_packets.get_or_create(&of_stream).inc_by(ingest.dropped_packets);
        if let Some(interval) = ingest.keyframe_interval {
            self.keyframe_interval.get_or_create(&of_stream).set(interval.as_secs_f64());
        }
        if ingest.video_packets > 0 && ingest.audio_packets > 0 {
            self.av_skew.get_or_create(&of_stream).set(ingest.av_skew_ms as f64 / 1000.0);
        }
    }
}

/// The ways out.
const DELIVERIES: [Protocol; 8] = [
    Protocol::Rtmp,
    Protocol::HttpFlv,
    Protocol::WsFlv,
    Protocol::HttpFmp4,
    Protocol::WsFmp4,
    Protocol::HttpTs,
    Protocol::Hls,
    Protocol::Dash,
];

fn register_server(registry: &mut Registry, state: &State) {
    let listeners = [("http", &state.limiters.http), ("rtmp", &state.limiters.rtmp)];
    let (accepted, refused) =
        (Family::<OfListener, Counter>::default(), Family::<OfListener, Counter>::default());
    let open = Family::<OfListener, Gauge>::default();
    for (listener, limiter) in listeners {
        let limiter: &Limiter = limiter;
        let (accepted_count, refused_count) = limiter.counts();
        accepted.get_or_create(&OfListener { listener }).inc_by(accepted_count);
        refused.get_or_create(&OfListener { listener }).inc_by(refused_count);
        open.get_or_create(&OfListener { listener }).set(i64::try_from(limiter.open()).unwrap_or(i64::MAX));
    }
    registry.register("connections_accepted", "Connections accepted", accepted);
    registry.register(
        "connections_refused",
        "Connections closed at once because there were too many",
        refused,
    );
    registry.register("connections_open", "Connections now", open);

    let (received_bytes, sent_bytes) = state.traffic.bytes();
    registry.register("received_bytes", "Media bytes from all publishers", counter(received_bytes));
    registry.register("sent_bytes", "Media bytes to all viewers", counter(sent_bytes));
    let stored = &state.gateway.stored;
    let (open_files, open_bytes) = stored.open_files();
    registry.register("vod_sent_bytes", "Media bytes of stored videos", counter(stored.bytes()));
    registry.register("vod_open_files", "Files of stored videos that are open", gauge(open_files as i64));
    registry.register(
        "vod_open_bytes",
        "Memory of what is known of open files, at most vod.open_bytes_max",
        gauge(open_bytes as i64),
    );

    let calls = Family::<OfHook, Counter>::default();
    for event in HookEvent::ALL {
        for outcome in Outcome::ALL {
            let count = state.hooks.counts().of(event, outcome);
            if count > 0 {
                let of_hook = OfHook { event: event.as_str(), outcome: outcome.as_str() };
                calls.get_or_create(&of_hook).inc_by(count);
            }
        }
    }
    registry.register("hook_calls", "Calls to hooks; failed news are tried again", calls);

    let process = host::process();
    registry.register("resident_memory_bytes", "Memory in use", fraction(process.rss_bytes as f64));
    registry.register("open_fds", "Open files and sockets", fraction(process.open_fds as f64));
    let cpu = Counter::<f64, AtomicU64>::default();
    cpu.inc_by(process.cpu_seconds);
    registry.register("cpu_seconds", "Processor time used", cpu);
    if let Some((verdict, checked_at)) = state.platform.wallet.last() {
        let faults = gauge(verdict.faults());
        registry.register(
            "ledger_faults",
            "Balances, transfers, gifts and room totals that do not agree",
            faults,
        );
        let at = fraction(checked_at as f64 / 1000.0);
        registry.register("ledger_checked_timestamp_seconds", "When the ledger was checked last", at);
    }
    register_recordings(registry, &state.recorder);
    register_flv_files(registry, &state.flv_recorder);
    let uptime: Duration = state.started.elapsed();
    registry.register("uptime_seconds", "Time since the start", fraction(uptime.as_secs_f64()));
    let build = Family::<OfBuild, Gauge>::default();
    build.get_or_create(&OfBuild { version: env!("CARGO_PKG_VERSION") }).set(1);
    registry.register("build_info", "The version that runs", build);
}

fn register_recordings(registry: &mut Registry, recorder: &Recorder) {
    let counts = recorder.counts();
    let running = i64::try_from(recorder.running()).unwrap_or(i64::MAX);
    registry.register("recordings_running", "Streams that are being recorded", gauge(running));
    let is_paused = i64::from(recorder.is_full());
    registry.register(
        "recordings_paused",
        "1 while recording pauses because the disk is nearly full",
        gauge(is_paused),
    );
    for (name, help, value) in [
        ("recorded_segments", "Segments of recordings written", &counts.segments),
        ("recorded_bytes", "Bytes of recordings written", &counts.bytes),
        (
            "recorded_segments_lost",
            "Segments that were not recorded: disk full, storage away for too long",
            &counts.lost,
        ),
        ("recording_failures", "Attempts to write a recording that failed", &counts.failures),
    ] {
        registry.register(name, help, counter(value.load(Relaxed)));
    }
    let spooled = i64::try_from(counts.spooled_bytes.load(Relaxed)).unwrap_or(i64::MAX);
    registry.register(
        "recording_spool_bytes",
        "Bytes of recordings that wait on this disk for the storage",
        gauge(spooled),
    );
}

fn register_flv_files(registry: &mut Registry, recorder: &FlvRecorder) {
    let counts = recorder.counts();
    let open = i64::try_from(counts.open.load(Relaxed)).unwrap_or(i64::MAX);
    registry.register("flv_files_open", "FLV files that are being recorded", gauge(open));
    for (name, help, value) in [
        ("flv_files", "FLV files that were recorded", &counts.files),
        ("flv_file_bytes", "Bytes recorded to FLV files", &counts.bytes),
        (
            "flv_file_failures",
            "FLV files that ended for trouble with the disk or could not begin",
            &counts.failures,
        ),
        ("flv_file_gaps", "Gaps in FLV files: the disk was slower than the stream", &counts.gaps),
    ] {
        registry.register(name, help, counter(value.load(Relaxed)));
    }
}

fn counter(value: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(value);
    counter
}

fn gauge(value: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}

fn fraction(value: f64) -> Fraction {
    let gauge = Fraction::default();
    gauge.set(value);
    gauge
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::{ask, default_state, publish_media, text as text_of, watch};
    use hub::StopReason;
    use std::collections::HashMap;

    /// A reader of the text format of its own: samples by name and labels, and whether every sample had a type.
    fn parse(text: &str) -> HashMap<String, f64> {
        let mut types = HashMap::new();
        let mut samples = HashMap::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if line == "# EOF" {
                assert!(lines.peek().is_none(), "text after the end");
                return samples;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                let family = name.strip_suffix("_total").unwrap_or(name);
                let kind = types.get(family).unwrap_or_else(|| panic!("{name} has no type"));
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(
                    samples.insert(series.to_owned(), value.parse().unwrap()).is_none(),
                    "{series} twice"
                );
            }
        }
        panic!("no end");
    }

    async fn scrape(state: &Arc<State>) -> (String, HashMap<String, f64>) {
        let response = ask(&router(state), "GET", "/metrics").await;
        assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
        let text = text_of(response).await;
        let samples = parse(&text);
        (text, samples)
    }

    #[tokio::test]
    async fn what_a_stream_takes_in_and_gives_out_is_told_by_protocol() {
        let state = default_state().await;
        let publisher = publish_media(&state.gateway.hub, "live/mark");
        let stream = publisher.stream();
        let gone = watch(stream, Protocol::HttpFlv);
        gone.lag_ms.store(9000, Relaxed);
        watch(stream, Protocol::HttpFlv).lag_ms.store(1500, Relaxed);
        watch(stream, Protocol::HttpFlv).lag_ms.store(40, Relaxed);
        stream.remove_viewer(&gone);
        stream.counters().add_bytes(Protocol::HttpFlv, 900);
        stream.counters().add_skip(Protocol::HttpFlv);
        let (_, samples) = scrape(&state).await;
        let of = |name: &str, label: &str| samples[&format!("weir_{name}{{stream=\"live/mark\"{label}}}")];
        let flv = ",protocol=\"http-flv\"";
        assert_eq!(of("stream_viewers", flv), 2.0);
        assert_eq!(of("stream_joins_total", flv), 3.0);
        assert_eq!(
            of("stream_viewer_lag_seconds", flv),
            1.5,
            "that of the one who is left and furthest behind"
        );
        assert_eq!(of("stream_sent_bytes_total", flv), 900.0);
        assert_eq!(of("stream_skips_total", flv), 1.0);
        assert_eq!(of("stream_publisher_present", ""), 1.0);
        assert_eq!(of("stream_keyframe_interval_seconds", ""), 2.0);
        assert!(of("stream_av_skew_seconds", "").abs() < 0.025, "{}", of("stream_av_skew_seconds", ""));
        assert_eq!(of("stream_received_packets_total", ",kind=\"video\""), 126.0);
        assert!(of("stream_received_bytes_total", ",kind=\"audio\"") >= 21_600.0);
        let bps = of("stream_received_bits_per_second", ",kind=\"video\"");
        assert!((195_000.0..215_000.0).contains(&bps), "{bps}");
        assert_eq!(samples["weir_sent_bytes_total"], 900.0);
        assert!(samples["weir_resident_memory_bytes"] > 1e6 && samples["weir_open_fds"] > 2.0);
        assert!(!samples.keys().any(|series| series.contains("protocol=\"dash\"")), "nobody watched DASH");
    }

    #[tokio::test]
    async fn an_ended_stream_is_gone_and_a_held_one_is_not_published() {
        let state = default_state().await;
        let mark = publish_media(&state.gateway.hub, "live/mark");
        drop(publish_media(&state.gateway.hub, "live/anna"));
        state.gateway.hub.end(mark.stream().path(), StopReason::Kicked);
        let (text, samples) = scrape(&state).await;
        assert!(!text.contains("live/mark"), "{text}");
        assert_eq!(samples["weir_stream_publisher_present{stream=\"live/anna\"}"], 0.0);
        assert_eq!(samples["weir_stream_received_bits_per_second{stream=\"live/anna\",kind=\"video\"}"], 0.0);
    }

    #[tokio::test]
    async fn refused_connections_are_counted_by_listener_and_no_secret_is_told() {
        let state = default_state().await;
        let _publisher = publish_media(&state.gateway.hub, "live/mark");
        let peer = std::net::IpAddr::from([192, 0, 2, 1]);
        let places = state.config.rtmp.connections_per_address_max;
        let permits: Vec<_> = (0..places + 3).filter_map(|_| state.limiters.rtmp.admit(peer)).collect();
        let (text, samples) = scrape(&state).await;
        assert_eq!(samples["weir_connections_refused_total{listener=\"rtmp\"}"], 3.0);
        assert_eq!(samples["weir_connections_open{listener=\"rtmp\"}"], permits.len() as f64);
        for secret in ["secret", "192.0.2.1", "127.0.0.9", publisher_id(&state).as_str()] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    fn publisher_id(state: &State) -> String {
        state.gateway.hub.streams()[0].publisher().unwrap().id.to_string()
    }
}
