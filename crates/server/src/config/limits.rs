//! What the types of settings cannot say: values that are refused, and what was expected in their place.

use super::{Config, ConfigError, HOOK_EVENTS, PullSource};
use gateway::ingest::pull;
use hub::StreamPath;
use std::net::IpAddr;

impl Config {
    /// What types cannot say.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
