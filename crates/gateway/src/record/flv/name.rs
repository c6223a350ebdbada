//! What a file is called: the stream's path, the time, what the settings put behind it.

use hub::StreamPath;
use std::path::{Path, PathBuf};

/// Characters of a suffix at most, as the settings have it.
const SUFFIX_CHARS_MAX: usize = 64;
/// What may stand behind a `%`.
const FIELDS: &str = "YymdHMSsbFT%";

/// Says what is wrong with a suffix.
pub fn check_suffix(suffix: &str) -> Result<(), String> {
    let mut chars = suffix.chars();
    while let Some(c) = chars.next() {
        let is_field = c != '%' || chars.next().is_some_and(|field| FIELDS.contains(field));
        if !is_field {
            let fields: Vec<_> = FIELDS.chars().map(|field| format!("%{field}")).collect();
            return Err(format!("only {} behind a %", fields.join(" ")));
        }
        if c == '/' || c.is_control() {
            return Err("no slash and no control characters".into());
        }
    }
    match suffix.chars().count() <= SUFFIX_CHARS_MAX {
        true => Ok(()),
        false => Err(format!("{SUFFIX_CHARS_MAX} characters at most")),
    }
}

/// The path of a file that begins at `unix_ms`. A stream's path has no part that leads out of a folder.
pub(super) fn path(
    folder: &Path,
    stream: &StreamPath,
    is_unique: bool,
    number: u32,
    suffix: &str,
    unix_ms: i64,
) -> PathBuf {
    let mut name = stream.name().to_owned();
    if is_unique {
        name += &format!("-{}", unix_ms.div_euclid(1000));
    }
    if number > 0 {
        name += &format!("-{number}");
    }
    name += &expand(suffix, unix_ms);
    folder.join(stream.app()).join(name)
}

/// The fields of a checked suffix filled in, in UTC.
fn expand(suffix: &str, unix_ms: i64) -> String {
    let time = packaging::date_time(unix_ms);
    let part = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
    let mut out = String::new();
    let mut chars = suffix.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('Y') => out += part(0, 4),
            Some('y') => out += part(2, 4),
            Some('m') => out += part(5, 7),
            Some('d') => out += part(8, 10),
            Some('H') => out += part(11, 13),
            Some('M') => out += part(14, 16),
            Some('S') => out += part(17, 19),
            Some('F') => out += part(0, 10),
            Some('T') => out += part(11, 19),
            Some('s') => out += &unix_ms.div_euclid(1000).to_string(),
            Some('b') => out += month(part(5, 7)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn month(number: &str) -> &'static str {
    let at = number.parse::<usize>().unwrap_or(0).wrapping_sub(1);
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .get(at)
        .unwrap_or(&"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T02:07:03Z.
    const AT_MS: i64 = 1_795_226_823_123;

    fn named(stream: &str, is_unique: bool, number: u32, suffix: &str) -> String {
        let stream = StreamPath::parse(stream).unwrap();
        path(Path::new("/r"), &stream, is_unique, number, suffix, AT_MS).display().to_string()
    }

    #[test]
    fn a_file_is_called_after_its_stream_and_the_time() {
        assert_eq!(named("live/mark", false, 0, ".flv"), "/r/live/mark.flv");
        assert_eq!(named("live/mark", true, 0, ".flv"), "/r/live/mark-1795226823.flv");
        assert_eq!(named("live/mark", false, 2, "-%F.flv"), "/r/live/mark-2-2026-11-21.flv");
        assert_eq!(
            named("live/eu/mark", false, 0, "-%d-%b-%y-%T.flv"),
            "/r/live/eu/mark-21-Nov-26-02:07:03.flv"
        );
        assert_eq!(named("live/m", false, 0, "%Y%m%d%H%M%S%%%s"), "/r/live/m20261121020703%1795226823");
    }

    #[test]
    fn suffixes_that_could_lead_elsewhere_or_mean_nothing_are_refused() {
        for good in ["", ".flv", "-%d-%b-%y-%T.flv", "%%"] {
            assert_eq!(check_suffix(good), Ok(()), "{good}");
        }
        for bad in ["/x.flv", "/../x", "%", "%n", "%1000Y", "a\0b", &"x".repeat(65)] {
            assert!(check_suffix(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_name_of_a_stream_leaves_the_folder() {
        for hostile in
            ["live/..", "../live/x", "live/.x", "live/a\\b", "live/a%2fb", "live//x", "/etc/../passwd"]
        {
            assert!(StreamPath::parse(hostile).is_err(), "{hostile}");
        }
    }
}
