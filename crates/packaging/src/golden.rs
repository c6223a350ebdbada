//! Compares text with files that were looked at by a person; `UPDATE_GOLDEN=1` writes them anew.

use std::path::Path;

pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, golden, "{name} differs; if that is right, run the tests with UPDATE_GOLDEN=1");
}
