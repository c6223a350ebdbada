//! What names something: of text that strangers choose, only plain names may come out.

use hub::StreamPath;

/// A stream path is what its text says, and can never leave a folder.
pub fn stream_path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(path) = StreamPath::parse(text) {
        check_path(&path);
        assert_eq!(path.as_str(), text.strip_prefix('/').unwrap_or(text));
    }
    let (app, name) = text.split_once(' ').unwrap_or((text, ""));
    if let Ok(path) = StreamPath::from_app_and_name(app, name) {
        check_path(&path);
        assert_eq!(format!("{}/{}", path.app(), path.name()), path.as_str());
    }
}

fn check_path(path: &StreamPath) {
    for part in path.as_str().split('/') {
        assert!(!part.is_empty() && !part.starts_with('.') && part.len() <= 64, "{path}");
        assert!(part.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c)), "{path}");
    }
}

/// A piece of a log has one name.
pub fn segment_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = text.parse::<store::Name>() {
        assert_eq!(name.to_string(), text);
        assert!(!name.mime_type().is_empty());
    }
}
