//! Language tags (BCP 47, RFC 5646 §2.1): language, script, region and variants. What else there is (extended languages,
//! extensions, private use, tags of old) no captions need.

/// Variants of one tag at most.
const VARIANTS_MAX: usize = 2;

/// The tag in its usual capitals (§2.1.1); nothing when it is none.
pub(super) fn canonical(tag: &str) -> Option<String> {
    let is = |part: &str, lengths: &[usize], of: fn(&u8) -> bool| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| of(&byte))
    };
    let mut parts = tag.split('-').peekable();
    let language = parts.next().filter(|part| is(part, &[2, 3], u8::is_ascii_alphabetic))?;
    let mut canonical = language.to_ascii_lowercase();
    if let Some(script) = parts.next_if(|part| is(part, &[4], u8::is_ascii_alphabetic)) {
        let (first, rest) = script.split_at_checked(1)?;
        canonical += &format!("-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
    }
    let is_region =
        |part: &&str| is(part, &[2], u8::is_ascii_alphabetic) || is(part, &[3], u8::is_ascii_digit);
    if let Some(region) = parts.next_if(is_region) {
        canonical += &format!("-{}", region.to_ascii_uppercase());
    }
    let mut variants = 0;
    for variant in parts {
        let begins_with_digit = variant.starts_with(|c: char| c.is_ascii_digit());
        let is_variant = is(variant, &[5, 6, 7, 8], u8::is_ascii_alphanumeric)
            || (begins_with_digit && is(variant, &[4], u8::is_ascii_alphanumeric));
        variants += 1;
        if !is_variant || variants > VARIANTS_MAX {
            return None;
        }
        canonical += &format!("-{}", variant.to_ascii_lowercase());
    }
    Some(canonical)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn tags_get_their_usual_capitals() {
        for (tag, wanted) in [
            ("EN", "en"),
            ("zh-tw", "zh-TW"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("yue", "yue"),
            ("de-CH-1901", "de-CH-1901"),
            ("sl-Rozaj", "sl-rozaj"),
        ] {
            assert_eq!(canonical(tag).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_is_no_tag_is_no_file_name_either() {
        for tag in [
            "",
            "e",
            "english",
            "en_US",
            "en-",
            "../x",
            "en-US/..",
            "zh-TW-TW",
            "en-a-bbb",
            "x-private",
            "中文",
            "en-GB-oxendict-aaaaa-bbbbb",
        ] {
            assert_eq!(canonical(tag), None, "{tag}");
        }
    }
}
