use crate::auth::{self, Signer};
use crate::config::Config;
use clap::{Args, ValueEnum};
use hub::{Action, StreamPath};
use std::path::Path;
use std::time::Duration;

#[derive(Args)]
pub struct Sign {
    /// What the token allows.
    action: What,
    /// The stream, such as live/mark.
    path: String,
    /// How long it is good: 90s, 30m, 6h, 7d.
    #[arg(long, default_value = "6h", value_parser = parse_duration)]
    ttl: Duration,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Publish,
    Play,
}

impl Sign {
    pub fn run(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let config = Config::load(file)?;
        let path = StreamPath::parse(&self.path)?;
        let signer = Signer::new(config.auth.sign, auth::secret(&config.auth, &config.data_dir)?);
        let action = match self.action {
            What::Publish => Action::Publish,
            What::Play => Action::Play,
        };
        let token = signer.sign(action, &path, auth::unix_s() + self.ttl.as_secs());
        println!("?sign={token}");
        let rtmp_port = port(&config.rtmp.listen, 1935);
        let http_port = port(&config.http.listen, 8000);
        match self.action {
            What::Publish => {
                println!("OBS server: rtmp://HOST:{rtmp_port}/{}", path.app());
                println!("OBS key:    {}?sign={token}", path.name());
            }
            What::Play => {
                println!("http://HOST:{http_port}/watch/{path}?sign={token}");
                println!("rtmp://HOST:{rtmp_port}/{path}?sign={token}");
            }
        }
        Ok(())
    }
}

fn port(listen: &str, default: u16) -> u16 {
    listen.parse().map_or(default, |address: std::net::SocketAddr| address.port())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!("{text:?} is no duration; expected a whole number with s, m, h or d behind it, such as 6h")
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let (seconds, digits) = match unit {
        's' => (1, text.trim_end_matches('s')),
        'm' => (60, text.trim_end_matches('m')),
        'h' => (3600, text.trim_end_matches('h')),
        'd' => (86_400, text.trim_end_matches('d')),
        _ => return Err(wrong()),
    };
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "6", "h", "1.5h", "6w", "99999999999999999999d"] {
            assert!(parse_duration(wrong).unwrap_err().contains("expected"), "{wrong:?}");
        }
    }
}
