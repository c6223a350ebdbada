//! `Upload-Metadata` of tus: pairs of a name and a text in Base64, with commas between them.

use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

/// Bytes of the header at most.
pub(super) const BYTES_MAX: usize = 4096;
/// Pairs at most.
const PAIRS_MAX: usize = 20;

/// The texts by their names. A name without a text has an empty one; names nobody knows are allowed, and stay unread.
pub(super) fn parse(header: &str) -> Result<HashMap<String, String>> {
    let wrong = |what: String| {
        Error::invalid(
            "upload_metadata",
            format!(
                "Upload-Metadata has {what}; expected such as: filename dmlkZW8ubXA0,privacy cHVibGlj (Base64)."
            ),
        )
    };
    if header.len() > BYTES_MAX {
        return Err(wrong(format!("{} bytes, of {BYTES_MAX} at most", header.len())));
    }
    let mut texts = HashMap::new();
    for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
        let decoded =
            STANDARD.decode(encoded.trim()).map_err(|_| wrong(format!("{name:?} with no Base64")))?;
        let text = String::from_utf8(decoded).map_err(|_| wrong(format!("{name:?} with no UTF-8")))?;
        if texts.insert(name.to_owned(), text).is_some() {
            return Err(wrong(format!("{name:?} twice")));
        }
    }
    if texts.len() > PAIRS_MAX {
        return Err(wrong(format!("{} pairs, of {PAIRS_MAX} at most", texts.len())));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_languages_are_read_by_their_names() {
        let texts = parse("filename 5L2g5aW9Lm1wNA==, privacy cHVibGlj,is_draft").unwrap();
        assert_eq!(texts["filename"], "你好.mp4");
        assert_eq!(texts["privacy"], "public");
        assert_eq!(texts["is_draft"], "");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_metadata_is_refused_with_its_place() {
        for (header, part) in [
            ("filename !!!", "\"filename\" with no Base64"),
            ("title /w==", "\"title\" with no UTF-8"),
            ("a YQ==,a YQ==", "\"a\" twice"),
            (&"a".repeat(BYTES_MAX + 1), "4097 bytes"),
            (&(0..21).map(|i| format!("n{i}")).collect::<Vec<_>>().join(","), "21 pairs"),
        ] {
            let error = parse(header).unwrap_err();
            assert!(error.message.contains(part), "{}", error.message);
        }
    }
}
