use std::fmt;
use std::sync::Arc;

/// The public name of a stream: an app and a name, such as `live/mark`. It can never be a file path.
///
/// Parts are separated by `/`; there are 2 to 4 of them, each `[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}`. The first character
/// cannot be a dot, so no part is `.` or `..`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamPath(Arc<str>);

/// Parts of a path at most.
const PARTS_MAX: usize = 4;
/// Characters of a part at most.
const PART_CHARS_MAX: usize = 64;

/// Why a text is no stream path.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PathError {
    /// Too few or too many parts.
    #[error("a stream path has 2 to {PARTS_MAX} parts such as live/mark, this one has {0}")]
    Parts(usize),
    /// A part is empty, too long or holds a character that is not allowed.
    #[error(
        "{0:?} cannot be part of a stream path: expected 1 to {PART_CHARS_MAX} of the characters A-Z a-z 0-9 _ - . and no dot in front"
    )]
    Part(String),
}

impl StreamPath {
    /// From `app/name`; a leading `/` is ignored.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.strip_prefix('/').unwrap_or(text);
        let mut count = 0;
        for part in text.split('/') {
            count += 1;
            if count > PARTS_MAX {
                return Err(PathError::Parts(text.split('/').count()));
            }
            if !is_part(part) {
                return Err(PathError::Part(part.chars().take(PART_CHARS_MAX).collect()));
            }
        }
        if count < 2 {
            return Err(PathError::Parts(count));
        }
        Ok(Self(text.into()))
    }

    /// From an RTMP app and stream name.
    pub fn from_app_and_name(app: &str, name: &str) -> Result<Self, PathError> {
        Self::parse(&format!("{}/{}", app.trim_matches('/'), name.trim_matches('/')))
    }

    /// All parts but the last.
    pub fn app(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(app, _)| app)
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// `app/name`, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(part: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
    part.len() <= PART_CHARS_MAX
        && part.bytes().next().is_some_and(plain)
        && part.bytes().skip(1).all(|c| plain(c) || c == b'.')
}

impl fmt::Display for StreamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_app_and_a_name_make_a_path() {
        let path = StreamPath::parse("/live/mark").unwrap();
        assert_eq!((path.app(), path.name(), path.as_str()), ("live", "mark", "live/mark"));
        let deep = StreamPath::from_app_and_name("live/eu", "mark.1").unwrap();
        assert_eq!((deep.app(), deep.name()), ("live/eu", "mark.1"));
    }

    #[test]
    fn nothing_that_could_leave_a_folder_is_a_path() {
        for text in [
            "live",
            "",
            "live/",
            "/",
            "live/..",
            "../live",
            "live/.",
            "live/.x",
            "a/b/c/d/e",
            "live/a b",
            "live/a\0",
            "live/\u{76f4}",
            "live\\a/b",
            "live//a",
        ] {
            assert!(StreamPath::parse(text).is_err(), "{text:?} was taken");
        }
        assert!(StreamPath::parse(&format!("live/{}", "a".repeat(65))).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_has_only_plain_parts(text in ".{0,80}") {
            if let Ok(path) = StreamPath::parse(&text) {
                prop_assert!(!path.as_str().contains(".."[..].trim_start_matches('x')) || !path.as_str().split('/').any(|p| p == ".."));
                prop_assert!(path.as_str().bytes().all(|c| c.is_ascii_graphic() && c != b'\\'));
            }
        }
    }
}
