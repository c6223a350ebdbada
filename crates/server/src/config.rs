//! The settings: `config/default.toml`, then a file, then the environment. Each key is explained in that file.

use gateway::ingest::pull;
use hub::StreamPath;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// All settings and their defaults, commented; the one place where a default is written down.
pub const DEFAULT_TOML: &str = include_str!("../../../config/default.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub data_dir: PathBuf,
    pub apps: Vec<String>,
    pub stop_grace_ms: u64,
    pub storage: objects::Config,
    pub http: Http,
    pub https: Https,
    pub rtmp: Rtmp,
    pub hub: Hub,
    pub delivery: Delivery,
    pub hls: Hls,
    pub vod: Vod,
    pub auth: Auth,
    pub database: Database,
    pub redis: Redis,
    pub accounts: platform::accounts::Config,
    pub chat: platform::chat::Config,
    pub rooms: platform::rooms::Config,
    pub record: Record,
    pub clips: platform::recordings::ClipsConfig,
    pub images: platform::images::Config,
    pub uploads: platform::uploads::Config,
    pub worker: crate::worker::Config,
    pub videos: platform::videos::Config,
    pub moderation: platform::moderation::Config,
    pub gifts: platform::gifts::Config,
    pub wallet: platform::wallet::Config,
    pub follows: platform::follows::Config,
    pub notifications: platform::notifications::Config,
    pub outbound: platform::outbound::Config,
    pub webhooks: platform::webhooks::Config,
    pub pull: Pull,
    pub hooks: Hooks,
    pub log: Log,
}

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

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Syntax { path: PathBuf, source: Box<toml::de::Error> },
    #[error("unknown setting {key}; config/default.toml lists all")]
    UnknownKey { key: String },
    #[error("{key} is {found}, expected {expected}")]
    WrongType { key: String, found: &'static str, expected: &'static str },
    #[error(
        "the environment variable {variable} is {value:?}, expected {expected} as in config/default.toml"
    )]
    Variable { variable: String, value: String, expected: &'static str },
    #[error(
        "the environment variable {0} belongs to no setting; WEIR_ and the path of a key in config/default.toml is expected"
    )]
    UnknownVariable(String),
    #[error("{0}")]
    Shape(Box<toml::de::Error>),
    #[error("{key} is {value}, expected {expected}")]
    Value { key: &'static str, value: String, expected: String },
}

impl Config {
    /// The settings from `file` and the process's environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_parts(file, std::env::vars())
    }

    fn from_parts(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut settings: Table =
            DEFAULT_TOML.parse().map_err(|source| ConfigError::Shape(Box::new(source)))?;
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.into(), source })?;
            let over: Table = text
                .parse()
                .map_err(|source| ConfigError::Syntax { path: path.into(), source: Box::new(source) })?;
            merge(&mut settings, over, "")?;
        }
        apply_environment(&mut settings, environment)?;
        let config: Self = settings.try_into().map_err(|source| ConfigError::Shape(Box::new(source)))?;
        config.check()?;
        Ok(config)
    }

    /// What types cannot say.
    fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in [
            ("http.listen", &self.http.listen),
            ("https.listen", &self.https.listen),
            ("rtmp.listen", &self.rtmp.listen),
            ("rtmp.tls_listen", &self.rtmp.tls_listen),
        ] {
            let may_be_empty = key != "http.listen";
            if !(value.is_empty() && may_be_empty) && value.parse::<std::net::SocketAddr>().is_err() {
                return Err(wrong(
                    key,
                    &format!("{value:?}"),
                    "an address and a port such as 0.0.0.0:8000 or [::]:8000",
                ));
            }
        }
        if self.apps.is_empty() {
            return Err(wrong("apps", &"empty", "at least one name"));
        }
        for app in &self.apps {
            let reserved =
                ["api", "assets", "watch", "stat", "control", "metrics", "streams", "media", "socket.io"];
            if reserved.contains(&app.as_str())
                || StreamPath::from_app_and_name(app, "x").is_err()
                || app.contains('/')
            {
                return Err(wrong("apps", app, "names of A-Z a-z 0-9 _ - . that no page of the server has"));
            }
        }
        let needs_certificate = !self.https.listen.is_empty() || !self.rtmp.tls_listen.is_empty();
        if needs_certificate
            && (self.https.certificate.as_os_str().is_empty() || self.https.key.as_os_str().is_empty())
        {
            return Err(wrong(
                "https.certificate",
                &"empty",
                "a PEM file, since https.listen or rtmp.tls_listen is set",
            ));
        }
        if !(128..=16_777_215).contains(&self.rtmp.chunk_size) {
            return Err(wrong("rtmp.chunk_size", &self.rtmp.chunk_size, "128 to 16777215 bytes"));
        }
        if self.delivery.merge_ms > 100 {
            return Err(wrong("delivery.merge_ms", &self.delivery.merge_ms, "0 to 100"));
        }
        if !(200..=60_000).contains(&self.hls.segment_ms) || self.hls.segment_max_ms < self.hls.segment_ms {
            return Err(wrong(
                "hls.segment_ms",
                &self.hls.segment_ms,
                "200 to 60000, and not above hls.segment_max_ms",
            ));
        }
        if self.hls.window_segments < 3 {
            return Err(wrong("hls.window_segments", &self.hls.window_segments, "at least 3"));
        }
        if !self.auth.secret.is_empty() && self.auth.secret.len() < 16 {
            return Err(wrong("auth.secret", &"shorter", "at least 16 bytes, or empty for a random one"));
        }
        if self.auth.secret == "nodemedia2017privatekey" {
            return Err(wrong("auth.secret", &"the one printed in tutorials", "one that nobody else knows"));
        }
        if self.auth.admin_user.is_empty() != self.auth.admin_password.is_empty() {
            return Err(wrong(
                "auth.admin_password",
                &"half a pair",
                "both auth.admin_user and auth.admin_password, or neither",
            ));
        }
        if !self.http.trusted_proxy.is_empty() && self.http.trusted_proxy.parse::<IpAddr>().is_err() {
            return Err(wrong("http.trusted_proxy", &self.http.trusted_proxy, "an IP address"));
        }
        if self.webhooks.keep_days < 1 {
            return Err(wrong("webhooks.keep_days", &self.webhooks.keep_days, "at least 1"));
        }
        self.uploads_within_reason()?;
        if let Err((key, value, expected)) = self.worker.check() {
            return Err(wrong(key, &value, expected));
        }
        self.recorder_within_reason()?;
        self.pull_sources()?;
        for target in &self.hooks.targets {
            if !target.url.starts_with("http://") && !target.url.starts_with("https://") {
                return Err(wrong(
                    "hooks.targets.url",
                    &pull::masked(&target.url),
                    "an http:// or https:// address",
                ));
            }
            for event in &target.events {
                if !HOOK_EVENTS.contains(&event.as_str()) {
                    return Err(wrong("hooks.targets.events", event, &HOOK_EVENTS.join(", ")));
                }
            }
        }
        Ok(())
    }
}

impl Config {
    /// What would leave the folder of the recorder, or overwrite itself.
    fn recorder_within_reason(&self) -> Result<(), ConfigError> {
        let flv = &self.record.flv;
        if let Err(expected) = gateway::record::flv::check_suffix(&flv.suffix) {
            return Err(wrong("record.flv.suffix", &format!("{:?}", flv.suffix), &expected));
        }
        if let Some(app) = flv.apps.iter().find(|app| !self.apps.contains(app)) {
            let expected = format!("some of apps: {}", self.apps.join(", "));
            return Err(wrong("record.flv.apps", app, &expected));
        }
        Ok(())
    }

    /// Limits of uploads that would let nothing through.
    fn uploads_within_reason(&self) -> Result<(), ConfigError> {
        let uploads = &self.uploads;
        for (key, value) in [
            ("uploads.bytes_max", uploads.bytes_max),
            ("uploads.chunk_bytes_max", uploads.chunk_bytes_max),
            ("uploads.under_way_per_user_max", uploads.under_way_per_user_max),
            ("uploads.expire_hours", uploads.expire_hours),
        ] {
            if value < 1 {
                return Err(wrong(key, &value, "at least 1"));
            }
        }
        // A date of HTTP has four digits for the year.
        if uploads.expire_hours > 87_600 {
            return Err(wrong("uploads.expire_hours", &uploads.expire_hours, "at most 87600 (ten years)"));
        }
        if uploads.quota_bytes < 0 {
            return Err(wrong("uploads.quota_bytes", &uploads.quota_bytes, "0 or more"));
        }
        Ok(())
    }

    /// What is to be fetched. Errors show an address without its secrets.
    pub fn pull_sources(&self) -> Result<Vec<pull::Source>, ConfigError> {
        let mut sources: Vec<pull::Source> = Vec::new();
        for PullSource { path, url, on_demand } in &self.pull.sources {
            let path = StreamPath::parse(path)
                .map_err(|_| wrong("pull.sources.path", path, "a stream path such as live/remote"))?;
            let app = path.as_str().split('/').next().unwrap_or_default();
            if !self.apps.iter().any(|known| known == app) {
                let expected = format!("a path that begins with one of apps: {}", self.apps.join(", "));
                return Err(wrong("pull.sources.path", &path, &expected));
            }
            if sources.iter().any(|source| source.path == path) {
                return Err(wrong("pull.sources.path", &path, "one source for each path"));
            }
            let source = pull::Source::new(path, url, *on_demand).map_err(|error| {
                let expected = error.to_string();
                wrong("pull.sources.url", &pull::masked(url), expected.trim_start_matches("expected "))
            })?;
            sources.push(source);
        }
        Ok(sources)
    }
}

fn wrong(key: &'static str, value: &dyn std::fmt::Display, expected: &str) -> ConfigError {
    ConfigError::Value { key, value: value.to_string(), expected: expected.into() }
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

/// Puts `over` on top of `base`; keys and types must be those of `base`.
fn merge(base: &mut Table, over: Table, prefix: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => return Err(ConfigError::UnknownKey { key: path }),
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over, &path)?,
            (Some(base), value) if base.same_type(&value) => *base = value,
            (Some(base), value) => {
                return Err(ConfigError::WrongType {
                    key: path,
                    found: value.type_str(),
                    expected: base.type_str(),
                });
            }
        }
    }
    Ok(())
}

/// Sets every key that has a variable.
fn apply_environment(
    settings: &mut Table,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    for (variable, value) in environment.filter(|(name, _)| name.starts_with("WEIR_")) {
        let Some(setting) = find_by_variable(settings, "WEIR", &variable) else {
            return Err(ConfigError::UnknownVariable(variable));
        };
        let expected = setting.type_str();
        let parsed = match setting {
            Value::String(_) => Some(Value::String(value.clone())),
            Value::Integer(_) => value.parse().ok().map(Value::Integer),
            Value::Boolean(_) => value.parse().ok().map(Value::Boolean),
            Value::Array(_) => {
                format!("value = {value}").parse::<Table>().ok().and_then(|mut table| table.remove("value"))
            }
            _ => None,
        };
        match parsed {
            Some(parsed) if parsed.same_type(setting) => *setting = parsed,
            _ => return Err(ConfigError::Variable { variable, value, expected }),
        }
    }
    Ok(())
}

fn find_by_variable<'a>(table: &'a mut Table, prefix: &str, variable: &str) -> Option<&'a mut Value> {
    for (key, value) in table {
        let name = format!("{prefix}_{}", key.to_uppercase());
        match value {
            Value::Table(inner) => {
                if variable.starts_with(&format!("{name}_"))
                    && let Some(found) = find_by_variable(inner, &name, variable)
                {
                    return Some(found);
                }
            }
            value if name == variable => return Some(value),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::from_parts(Some(file.path()), std::iter::empty())
    }

    fn with_variable(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::from_parts(None, [(name.to_owned(), value.to_owned())].into_iter())
    }

    #[test]
    fn the_default_file_is_complete_and_valid() {
        let config = Config::from_parts(None, std::iter::empty()).unwrap();
        assert_eq!(config.auth.publish, PublishRule::Local);
        assert_eq!(config.http.listen, "0.0.0.0:8000");
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let config =
            with_file("[hub]\nhold_ms = 3000\n[[pull.sources]]\npath='live/a'\nurl='rtmp://h/live/a'")
                .unwrap();
        assert_eq!((config.hub.hold_ms, config.hub.tracks_max), (3000, 16));
        assert_eq!(config.pull.sources.len(), 1);
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_named() {
        assert_eq!(
            with_file("[hub]\nhold = 3").unwrap_err().to_string(),
            "unknown setting hub.hold; config/default.toml lists all"
        );
        assert_eq!(
            with_file("[hub]\nhold_ms = '3'").unwrap_err().to_string(),
            "hub.hold_ms is string, expected integer"
        );
        assert!(with_file("[auth]\npublish = 'anybody'").unwrap_err().to_string().contains("anybody"));
    }

    #[test]
    fn what_is_wrong_with_a_source_is_said_without_its_secrets() {
        let error =
            with_file("[[pull.sources]]\npath = 'live/a'\nurl = 'srt://u:p@h:9000?sign=1-ab'").unwrap_err();
        assert_eq!(
            error.to_string(),
            "pull.sources.url is srt://***@h:9000?sign=***, expected rtmp://, rtmps://, http:// or https://"
        );
    }

    #[test]
    fn the_environment_wins() {
        assert_eq!(with_variable("WEIR_HUB_HOLD_MS", "7").unwrap().hub.hold_ms, 7);
        assert_eq!(with_variable("WEIR_APPS", "['show']").unwrap().apps, ["show"]);
        assert!(matches!(with_variable("WEIR_HUB_HOLD_MS", "soon"), Err(ConfigError::Variable { .. })));
        assert!(matches!(with_variable("WEIR_HUB_HOLD", "7"), Err(ConfigError::UnknownVariable(_))));
    }

    #[test]
    fn values_out_of_range_are_refused_with_what_is_expected() {
        for text in [
            "apps = []",
            "apps = ['api']",
            "[http]\nlisten = 'here'",
            "[https]\nlisten = '0.0.0.0:8443'",
            "[delivery]\nmerge_ms = 500",
            "[auth]\nsecret = 'short'",
            "[auth]\nsecret = 'nodemedia2017privatekey'",
            "[auth]\nadmin_user = 'root'",
            "[hls]\nwindow_segments = 1",
            "[record.flv]\nsuffix = '/../x'",
            "[record.flv]\nsuffix = '%n'",
            "[record.flv]\napps = ['elsewhere']",
            "[uploads]\nchunk_bytes_max = 0",
            "[uploads]\nquota_bytes = -1",
            "[worker]\nstall_max_s = 61",
            "[worker]\nnice = 20",
            "[worker]\nencoder = \"libsvtav1\"",
            "[worker]\nrenditions = []",
            "[worker]\nrenditions = [{ size = 1, bits_per_second = 100000 }]",
            "[uploads]\nexpire_hours = 1000000",
            "[[hooks.targets]]\nurl = 'http://h/'\nevents = ['onPublish']",
            "[[pull.sources]]\npath = '../a'\nurl = 'rtmp://h/live/a'",
            "[[pull.sources]]\npath = 'elsewhere/a'\nurl = 'rtmp://h/live/a'",
            "[[pull.sources]]\npath = 'live/a'\nurl = 'rtmp://h'",
            "[[pull.sources]]\npath = 'live/a'\nurl = 'http://'",
            "[[pull.sources]]\npath = 'live/a'\nurl = 'srt://h:9000'",
            "[[pull.sources]]\npath='live/a'\nurl='rtmps://h/live/a'\n[[pull.sources]]\npath='live/a'\nurl='http://h/a.flv'",
        ] {
            let error = with_file(text).unwrap_err().to_string();
            assert!(error.contains("expected"), "{text}: {error}");
        }
    }
}
