//! What an operator allows to be called although it is in the local network.

use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A host, an address or a network, at one port or at all: `hooks.lan`, `127.0.0.1:9000`, `10.0.0.0/8`, `[fd00::]/8:443`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Allowed {
    what: What,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// A name in small letters, whatever it stands for.
    Host(String),
    /// The first bits of an address.
    Network(IpAddr, u32),
}

/// An entry that says nothing.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no host or network; expected such as 127.0.0.1:9000, 10.0.0.0/8 or hooks.lan (outbound.allow)"
)]
pub struct AllowedError(String);

impl Allowed {
    /// Whether `address`, which `host` stands for, may be called.
    pub(super) fn permits(&self, host: &str, address: SocketAddr) -> bool {
        let is_meant = match &self.what {
            What::Host(name) => host.eq_ignore_ascii_case(name),
            What::Network(network, bits) => is_within(address.ip().to_canonical(), *network, *bits),
        };
        is_meant && self.port.is_none_or(|port| port == address.port())
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let parsed = || {
            let (host, rest) = match text.strip_prefix('[') {
                Some(bracketed) => bracketed.split_once(']')?,
                // IPv6 without brackets has no port.
                None if text.matches(':').count() > 1 => text.split_at(text.find('/').unwrap_or(text.len())),
                None => text.split_at(text.find(['/', ':']).unwrap_or(text.len())),
            };
            let (bits, port) = match rest.split_once(':') {
                Some((bits, port)) => (bits, Some(port.parse().ok()?)),
                None => (rest, None),
            };
            let bits = match bits.strip_prefix('/') {
                Some(bits) => Some(bits.parse().ok()?),
                None if bits.is_empty() => None,
                None => return None,
            };
            let what = match host.parse::<IpAddr>() {
                Ok(address) => {
                    let all = if address.is_ipv4() { 32 } else { 128 };
                    What::Network(
                        address,
                        bits.filter(|bits| *bits <= all).or(bits.is_none().then_some(all))?,
                    )
                }
                Err(_) if bits.is_none() && is_name(host) => What::Host(host.to_ascii_lowercase()),
                Err(_) => return None,
            };
            Some(Self { what, port })
        };
        parsed().ok_or_else(|| AllowedError(text.to_owned()))
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

impl TryFrom<String> for Allowed {
    type Error = AllowedError;

    fn try_from(text: String) -> Result<Self, AllowedError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(entry: &str, host: &str, address: &str) -> bool {
        entry.parse::<Allowed>().unwrap().permits(host, address.parse().unwrap())
    }

    #[test]
    fn an_entry_permits_what_it_names_and_nothing_beside_it() {
        for (entry, host, address, is_permitted) in [
            ("127.0.0.1:9000", "localhost", "127.0.0.1:9000", true),
            ("127.0.0.1:9000", "localhost", "127.0.0.1:9001", false),
            ("127.0.0.1:9000", "localhost", "127.0.0.2:9000", false),
            ("127.0.0.1", "x", "[::ffff:127.0.0.1]:1", true),
            ("10.0.0.0/8", "x", "10.255.0.1:80", true),
            ("10.0.0.0/8", "x", "11.0.0.1:80", false),
            ("10.0.0.0/8:80", "x", "10.0.0.1:81", false),
            ("0.0.0.0/0", "x", "192.168.0.1:80", true),
            ("::1", "x", "[::1]:80", true),
            ("[::1]:80", "x", "[::1]:81", false),
            ("fd00::/8", "x", "[fdff::1]:80", true),
            ("[fd00::]/8:80", "x", "[fc00::1]:80", false),
            ("hooks.lan", "Hooks.LAN", "10.0.0.1:80", true),
            ("hooks.lan:8080", "hooks.lan", "10.0.0.1:80", false),
            ("hooks.lan", "evil.lan", "10.0.0.1:80", false),
        ] {
            assert_eq!(permits(entry, host, address), is_permitted, "{entry} {host} {address}");
        }
    }

    #[test]
    fn an_entry_that_says_nothing_is_refused_by_name() {
        for entry in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/x",
            "fd00::/129",
            "a b",
            "host:99999",
            "host/8",
            "[::1",
            "[::1]x",
        ] {
            let error = entry.parse::<Allowed>().unwrap_err().to_string();
            assert!(error.contains(&format!("{entry:?}")) && error.contains("outbound.allow"), "{error}");
        }
    }
}
