//! Addresses: `rtmp://host[:port]/app[/instance]/name[?query]`, and the queries that hide in all their parts.

use crate::Error;

/// Arguments that are read of one query; further ones are ignored.
pub const QUERY_ARGS_MAX: usize = 64;

const PORT_RTMP: u16 = 1935;
const PORT_RTMPS: u16 = 443;

/// The address of a stream on an RTMP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether TLS goes below (`rtmps`).
    pub is_tls: bool,
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// 1935, or 443 for `rtmps`, if the address names none.
    pub port: u16,
    /// All of the path but its last segment; may be empty.
    pub app: String,
    /// The last segment, with its query.
    pub stream_name: String,
    /// What `connect` names: the address without the stream name.
    pub tc_url: String,
}

impl Url {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::Url { url: url.to_owned(), expected };
        let (is_tls, rest) = match url.split_once("://") {
            Some(("rtmp", rest)) => (false, rest),
            Some(("rtmps", rest)) => (true, rest),
            _ => return Err(wrong("it must begin with rtmp:// or rtmps://")),
        };
        let (rest, query) = split_query(rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(wrong("a user and password have no place in it"));
        }
        let (host, port) =
            split_port(authority).ok_or_else(|| wrong("it needs a host and a port of 1 to 65535"))?;
        let port = port.unwrap_or(if is_tls { PORT_RTMPS } else { PORT_RTMP });
        let (app, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.is_empty() {
            return Err(wrong("its path must end with a stream name"));
        }
        let stream_name = if query.is_empty() { name.to_owned() } else { format!("{name}?{query}") };
        let scheme = if is_tls { "rtmps" } else { "rtmp" };
        let tc_url = format!("{scheme}://{authority}/{app}");
        Ok(Self { is_tls, host: host.to_owned(), port, app: app.to_owned(), stream_name, tc_url })
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
        None => None,
    };
    (!host.is_empty()).then_some((host, port))
}

/// What a publish or play is about, wherever the client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The app without query and outer slashes.
    pub app: String,
    /// The stream name without query and outer slashes.
    pub name: String,
    /// The arguments of all queries, percent-decoded, each name once: one of the stream name goes before one of the
    /// app, and that before one of the tcUrl.
    pub args: Vec<(String, String)>,
}

impl Target {
    /// Puts together what `connect` and `publish` or `play` said. If the stream name is empty, as when somebody has
    /// put all of the address in their encoder's field for the server, the last segment of the app is the name.
    pub fn resolve(tc_url: &str, app: &str, stream_name: &str) -> Self {
        let (app, app_query) = split_query(app);
        let (name, name_query) = split_query(stream_name);
        let (app, name) = (app.trim_matches('/'), name.trim_matches('/'));
        let (app, name) =
            if name.is_empty() { app.rsplit_once('/').unwrap_or((app, "")) } else { (app, name) };
        let mut args: Vec<(String, String)> = Vec::new();
        for query in [split_query(tc_url).1, app_query, name_query] {
            for (key, value) in query_args(query) {
                match args.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, place)) => *place = value,
                    None => args.push((key, value)),
                }
            }
        }
        Self { app: app.to_owned(), name: name.to_owned(), args }
    }
}

/// What stands before and behind the first question mark.
pub fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

/// The first [`QUERY_ARGS_MAX`] arguments of a query, percent-decoded. A plus stays a plus: this is no web form, and
/// tokens contain it.
pub fn query_args(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|arg| !arg.is_empty()).take(QUERY_ARGS_MAX).map(|arg| {
        let (key, value) = arg.split_once('=').unwrap_or((arg, ""));
        (percent_decoded(key), percent_decoded(value))
    })
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = match (first, behind) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
