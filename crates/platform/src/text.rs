//! What people write: made uniform, without characters that only deceive, and within its limits. It stays text; it is
//! never taken for HTML, here or in the pages.

use crate::{Error, Result};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// One line: NFC, control characters and line breaks to spaces, trimmed, `min..=max` characters. `name` is of the
/// field, for the one who reads the error.
pub fn line(name: &str, text: &str, min: usize, max: usize) -> Result<String> {
    let text: String =
        text.nfc().filter(|c| !deceives(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    within(name, text.trim(), min, max)
}

/// Several lines: as [`line`], but line breaks stay.
pub fn lines(name: &str, text: &str, min: usize, max: usize) -> Result<String> {
    let text: String = text.nfc().filter(|c| !deceives(*c) && (*c == '\n' || !c.is_control())).collect();
    within(name, text.trim(), min, max)
}

/// What a word of a search is looked up by: every two neighbours, or its only character.
pub fn grams(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.to_lowercase().chars().collect();
    match chars.as_slice() {
        [one] => vec![one.to_string()],
        _ => chars.windows(2).map(|pair| pair.iter().collect()).collect(),
    }
}

/// What a text is found by: every character, and every two that stand together.
pub fn all_grams(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let mut found: BTreeSet<String> = text.split_whitespace().flat_map(grams).collect();
    found.extend(text.chars().filter(|c| !c.is_whitespace()).map(String::from));
    found
}

/// Directional overrides and isolates, zero-width characters but the joiners that scripts and emoji need, and
/// characters that are no characters.
fn deceives(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

fn within(name: &str, text: &str, min: usize, max: usize) -> Result<String> {
    let count = text.chars().count();
    if (min..=max).contains(&count) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid("text_length", format!("{name} has {count} characters; {min} to {max} are expected.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_what_deceives_and_keeps_what_people_write() {
        assert_eq!(line("title", " 你好\u{202E}!\r\n👩‍👩‍👧 ", 1, 20).unwrap(), "你好!  👩‍👩‍👧");
        assert_eq!(line("title", "e\u{301}", 1, 1).unwrap(), "é");
        assert_eq!(lines("bio", "a\nb\u{7}", 1, 9).unwrap(), "a\nb");
    }

    #[test]
    fn a_text_is_found_by_its_characters_and_its_pairs_and_by_no_pair_across_a_blank() {
        let found = all_grams("吉他 Ab");
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            ["a", "ab", "b", "他", "吉", "吉他"]
        );
        assert_eq!(
            (grams("吉"), grams("ABC")),
            (vec!["吉".to_owned()], vec!["ab".to_owned(), "bc".to_owned()])
        );
    }

    #[test]
    fn a_text_of_nothing_but_blanks_is_empty() {
        let error = line("title", " \u{200B}\n", 1, 80).unwrap_err();
        assert_eq!(error.message, "title has 0 characters; 1 to 80 are expected.");
    }
}
