//! Parts of a cue: times, settings and text.

use std::fmt::Write;

/// Settings of one cue at most.
pub(super) const SETTINGS_MAX: usize = 5;

/// `[h:]mm:ss.mmm`, with a comma as in SRT or a point as in WebVTT; ms.
pub(super) fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once(['.', ','])?;
    if fraction.len() != 3 {
        return None;
    }
    let mut parts = clock.rsplit(':');
    let seconds = number(parts.next()?, 2)?;
    let minutes = number(parts.next()?, 2)?;
    let hours = parts.next().map_or(Some(0), |hours| number(hours, 4))?;
    if parts.next().is_some() || seconds > 59 || minutes > 59 {
        return None;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + number(fraction, 3)?)
}

/// Up to `digits` digits, and nothing else.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `hh:mm:ss.mmm`.
pub(in crate::videos) fn time_text(ms: i64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A setting that places the cue (WebVTT §4.4), as it is; nothing when it is another, or its value is none.
pub(super) fn setting(text: &str) -> Option<String> {
    let (name, value) = text.split_once(':')?;
    let is_percent = |text: &str| {
        let number = text.strip_suffix('%').and_then(|number| number.parse::<f32>().ok());
        text.len() <= 8 && number.is_some_and(|number| (0.0..=100.0).contains(&number))
    };
    let (place, alignment) =
        value.split_once(',').map_or((value, None), |(place, align)| (place, Some(align)));
    let is_right = match name {
        "vertical" => matches!(value, "rl" | "lr"),
        "line" => {
            let is_line = place.len() <= 4 && place.parse::<i16>().is_ok();
            (is_line || is_percent(place))
                && alignment.is_none_or(|word| matches!(word, "start" | "center" | "end"))
        }
        "position" => {
            is_percent(place)
                && alignment.is_none_or(|word| matches!(word, "line-left" | "center" | "line-right"))
        }
        "size" => is_percent(value),
        "align" => matches!(value, "start" | "center" | "end" | "left" | "right"),
        _ => false,
    };
    is_right.then(|| text.to_owned())
}

/// Text of a cue as WebVTT.
pub(super) struct Text {
    /// With `<b>`, `<i>` and `<u>`, each closed, and everything else escaped.
    pub markup: String,
    /// Characters that are shown.
    pub chars: usize,
}

/// Tags that stay.
const KEPT: [&str; 3] = ["b", "i", "u"];
/// Tags that may be open at once.
const OPEN_MAX: usize = 8;
/// Bytes of a tag, or of an ASS override in braces, at most; what is longer is text.
const TAG_BYTES_MAX: usize = 200;

/// The text of a cue of either format.
pub(super) fn text(raw: &str) -> Text {
    let mut made = Text { markup: String::with_capacity(raw.len()), chars: 0 };
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        if let Some((tag, after)) = enclosed(rest, '<', '>') {
            made.tag(tag, &mut open);
            rest = after;
        } else if let Some((_, after)) =
            enclosed(rest, '{', '}').filter(|(inside, _)| inside.starts_with('\\'))
        {
            rest = after;
        } else if let Some((c, after)) = entity(rest) {
            made.show(c);
            rest = after;
        } else {
            made.show(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    for tag in open.into_iter().rev() {
        let _ = write!(made.markup, "</{tag}>");
    }
    // What was taken away may leave empty lines, which would end the cue.
    let lines: Vec<&str> = made.markup.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Text { markup: lines.join("\n"), chars: made.chars }
}

impl Text {
    fn tag(&mut self, tag: &str, open: &mut Vec<&'static str>) {
        let (is_end, name) = tag.strip_prefix('/').map_or((false, tag), |name| (true, name));
        let name: String =
            name.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
        let Some(kept) = KEPT.into_iter().find(|kept| *kept == name) else { return };
        if !is_end && open.len() < OPEN_MAX {
            open.push(kept);
            let _ = write!(self.markup, "<{kept}>");
        } else if is_end && open.contains(&kept) {
            // What was opened inside is closed with it.
            while let Some(inner) = open.pop() {
                let _ = write!(self.markup, "</{inner}>");
                if inner == kept {
                    break;
                }
            }
        }
    }

    fn show(&mut self, c: char) {
        match c {
            '\n' => self.markup.push('\n'),
            '&' => self.markup.push_str("&amp;"),
            '<' => self.markup.push_str("&lt;"),
            '>' => self.markup.push_str("&gt;"),
            '\u{2028}' | '\u{2029}' => self.markup.push(' '),
            c if c.is_control() => return,
            c => self.markup.push(c),
        }
        self.chars += usize::from(!c.is_whitespace());
    }
}

/// What stands between `begin`, with which `text` begins, and the next `end`, on one line.
fn enclosed(text: &str, begin: char, end: char) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix(begin)?.split_once(end)?;
    (inside.len() <= TAG_BYTES_MAX && !inside.contains('\n')).then_some((inside, after))
}

/// A character that was written as `&name;` or `&#number;`.
fn entity(text: &str) -> Option<(char, &str)> {
    let (name, after) = text.strip_prefix('&')?.split_once(';')?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        // Which way a text runs shows by itself.
        "lrm" | "rlm" => ' ',
        _ => {
            let number = name.strip_prefix('#').filter(|number| number.len() <= 8)?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            };
            char::from_u32(code?).filter(|c| !c.is_control())?
        }
    };
    Some((c, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_formats_are_read() {
        for (text, ms) in [
            ("00:00:01,500", Some(1500)),
            ("1:02:03.004", Some(3_723_004)),
            ("02:03.004", Some(123_004)),
            ("100:00:00.000", Some(360_000_000)),
            ("00:00:60.000", None),
            ("00:00:01.5", None),
            ("00:-1:01.500", None),
            ("0:0:0:01.500", None),
            ("01.500", None),
            ("٠٠:٠٠.٠٠٠", None),
        ] {
            assert_eq!(time(text), ms, "{text}");
        }
        assert_eq!(time_text(3_723_004), "01:02:03.004");
    }

    #[test]
    fn a_cue_is_placed_by_what_is_a_place() {
        for good in ["line:-1", "line:90%,end", "position:50%", "align:center", "size:80%", "vertical:rl"] {
            assert_eq!(setting(good).as_deref(), Some(good));
        }
        for bad in
            ["line:x", "position:101%", "position:NaN%", "size:80", "align:middle", "region:a", "x:y", "line"]
        {
            assert_eq!(setting(bad), None, "{bad}");
        }
    }
}
