//! The settings: `config/default.toml`, then a file, then the environment. Each key is explained in that file.

mod layers;
mod limits;
mod sections;

pub use sections::*;

use layers::{apply_environment, merge};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Table;

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
