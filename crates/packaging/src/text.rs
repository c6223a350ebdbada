//! Text that others read back: URIs with a query carried on, quoted strings, XML attributes.

use std::fmt::{self, Write};

/// `uri` with `query` behind it, each byte that a URI, a playlist line or a quoted string cannot hold
/// percent-encoded.
///
/// `query` is what came behind the `?` of the request, without the `?`; empty adds nothing. A `$` in it is encoded
/// too: DASH would take it for the start of a template's variable.
pub(crate) fn write_uri(out: &mut impl Write, uri: &str, query: &str) -> fmt::Result {
    write_encoded(out, uri, true)?;
    if query.is_empty() {
        return Ok(());
    }
    out.write_char(if uri.contains('?') { '&' } else { '?' })?;
    write_encoded(out, query, false)
}

fn write_encoded(out: &mut impl Write, text: &str, keeps_dollar: bool) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'$' if !keeps_dollar => out.write_str("%24")?,
            // RFC 3986 §2: unreserved and reserved characters, and the percent sign of what is encoded already.
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~' => {
                out.write_char(char::from(byte))?;
            }
            _ => write!(out, "%{byte:02X}")?,
        }
    }
    Ok(())
}

/// `text` without the characters a quoted string of a playlist cannot hold (RFC 8216 §4.2).
pub(crate) fn write_quotable(out: &mut impl Write, text: &str) -> fmt::Result {
    text.chars().filter(|c| !c.is_control() && *c != '"').try_for_each(|c| out.write_char(c))
}

/// `text` as the value of an XML attribute; characters XML 1.0 forbids are left out.
pub(crate) fn write_xml(out: &mut impl Write, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            '\t' | '\n' | '\r' => out.write_char(' ')?,
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.write_char(c)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(uri: &str, query: &str) -> String {
        let mut out = String::new();
        write_uri(&mut out, uri, query).unwrap();
        out
    }

    #[test]
    fn the_query_of_the_request_is_carried_on() {
        assert_eq!(uri("7.ts", "sign=1-ab"), "7.ts?sign=1-ab");
        assert_eq!(uri("7.ts?v=2", "sign=1-ab"), "7.ts?v=2&sign=1-ab");
        assert_eq!(uri("7.ts", ""), "7.ts");
        assert_eq!(uri("7.ts", "a=%20b&c=d+e"), "7.ts?a=%20b&c=d+e");
    }

    #[test]
    fn a_query_cannot_add_a_line_or_leave_its_quotes_or_become_a_template() {
        assert_eq!(
            uri("7.ts", "a=\n#EXT-X-ENDLIST\"\\ <>é"),
            "7.ts?a=%0A#EXT-X-ENDLIST%22%5C%20%3C%3E%C3%A9"
        );
        assert_eq!(uri("v-$Time$.m4s", "a=$Number$"), "v-$Time$.m4s?a=%24Number%24");
    }

    #[test]
    fn quoted_strings_hold_any_text() {
        let mut out = String::new();
        write_quotable(&mut out, "a\"b\n中").unwrap();
        assert_eq!(out, "ab中");
    }

    #[test]
    fn xml_attributes_hold_any_text() {
        let mut out = String::new();
        write_xml(&mut out, "a<b>&\"c'\n\u{1}\u{ffff}中").unwrap();
        assert_eq!(out, "a&lt;b&gt;&amp;&quot;c&#39; 中");
    }
}
