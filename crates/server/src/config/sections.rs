//! The sections of the settings that are the server's own; those of the platform's features are with these features.

use serde::Deserialize;
use std::path::PathBuf;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Http {
    pub listen: String,
    pub allow_origin: String,
    pub header_timeout_ms: u64,
    pub header_bytes_max: usize,
    pub connections_max: usize,
    pub connections_per_address_max: usize,
    pub trusted_proxy: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Https {
    pub listen: String,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Rtmp {
    pub listen: String,
    pub tls_listen: String,
    pub chunk_size: u32,
    pub handshake_timeout_ms: u64,
    pub first_packet_timeout_ms: u64,
    pub silence_timeout_ms: u64,
    pub message_bytes_max: usize,
    pub chunk_streams_max: usize,
    pub connections_max: usize,
    pub connections_per_address_max: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Hub {
    pub hold_ms: u64,
    pub gop_bytes_max: usize,
    pub gop_packets_max: usize,
    pub tail_ms: u64,
    pub lag_max_ms: u64,
    pub streams_max: usize,
    pub tracks_max: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Delivery {
    pub merge_ms: u64,
    pub writers: usize,
    pub stall_max_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Hls {
    pub segment_ms: u64,
    pub segment_max_ms: u64,
    pub window_segments: usize,
    pub keep_segments: usize,
    pub mode: HlsMode,
    pub window_bytes_max: usize,
    pub always_on: bool,
    pub idle_stop_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Vod {
    pub segment_ms: u64,
    pub open_bytes_max: usize,
    pub kept_bytes_max: usize,
    pub ahead_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Record {
    pub streams: platform::recordings::Streams,
    pub rewind_ms: u64,
    pub free_bytes_min: u64,
    pub spool_bytes_max: u64,
    pub keep_days: i64,
    pub keep_bytes: i64,
    pub flv: RecordFlv,
}

/// Files as nginx-rtmp records them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct RecordFlv {
    pub what: gateway::record::flv::What,
    pub manual: bool,
    pub apps: Vec<String>,
    pub path: PathBuf,
    pub suffix: String,
    pub unique: bool,
    pub append: bool,
    pub bytes_max: u64,
    pub frames_max: u64,
    pub interval_ms: u64,
    pub recorder: String,
}

/// What a live playlist lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HlsMode {
    /// The last segments.
    Live,
    /// All segments since the stream began.
    Event,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Auth {
    pub publish: PublishRule,
    pub play: PlayRule,
    pub sign: SignKind,
    pub secret: String,
    pub admin_user: String,
    pub admin_password: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Auth {{ publish: {:?}, play: {:?}, sign: {:?}, .. }}", self.publish, self.play, self.sign)
    }
}

/// Who may publish without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishRule {
    /// Who connects from this machine.
    Local,
    /// Anybody.
    Open,
    /// Nobody.
    Token,
}

/// Who may play without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlayRule {
    /// Anybody.
    Open,
    /// Nobody.
    Token,
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// HMAC-SHA-256 over action, path and expiry.
    Scoped,
    /// Node-Media-Server v2's MD5 over path, expiry and secret.
    Nms,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Database {
    pub url: String,
    pub connections_max: u32,
    pub wait_max_ms: u64,
}

/// The address holds a password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database {{ connections_max: {}, .. }}", self.connections_max)
    }
}

/// Its address may hold a password, so it is not for printing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Redis {
    pub url: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redis {{ is_set: {} }}", !self.url.is_empty())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Pull {
    pub retry_ms: u64,
    pub retry_max_ms: u64,
    pub idle_stop_ms: u64,
    pub sources: Vec<PullSource>,
}

/// A stream fetched from elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct PullSource {
    pub path: String,
    pub url: String,
    #[serde(default)]
    pub on_demand: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Hooks {
    pub timeout_ms: u64,
    pub targets: Vec<HookTarget>,
}

/// Somebody who is told and asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct HookTarget {
    pub url: String,
    #[serde(default)]
    pub dialect: HookDialect,
    #[serde(default)]
    pub events: Vec<String>,
    #[serde(default)]
    pub on_failure: OnFailure,
    #[serde(default)]
    pub secret: String,
}

/// The form of a hook's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookDialect {
    /// Our own JSON, signed.
    #[default]
    Weir,
    /// SRS `http_hooks`.
    Srs,
    /// nginx-rtmp notify.
    NginxRtmp,
}

/// What a hook that cannot be asked means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// No.
    #[default]
    Deny,
    /// Yes.
    Allow,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines.
    Json,
}

/// The events a hook can be told of; all but the last are Node-Media-Server's.
pub const HOOK_EVENTS: [&str; 10] = [
    "preConnect",
    "postConnect",
    "doneConnect",
    "prePublish",
    "postPublish",
    "donePublish",
    "prePlay",
    "postPlay",
    "donePlay",
    "recordDone",
];
