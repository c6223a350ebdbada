//! Reading WebVTT and SRT, and writing WebVTT that holds nothing but cues.
//!
//! What people upload is read line by line within limits; styles, regions, notes, classes and every tag but bold, italic
//! and underline are dropped, so that what players get can neither load nor draw anything. What cannot be read is
//! refused with the number of its line.

use super::cue::{self, Text};
use std::fmt::Write;

/// Cues of one file at most: one a second for more than ten hours.
pub(super) const CUES_MAX: usize = 40_000;
/// Lines of one cue at most.
const CUE_LINES_MAX: usize = 12;
/// Characters of one cue at most, as they are shown.
const CUE_CHARS_MAX: usize = 1000;
/// The latest moment a cue may end: 100 hours, ms.
const END_MS_MAX: i64 = 360_000_000;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub line: usize,
    /// What was found and what is expected.
    pub what: String,
}

impl Fault {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

struct Cue {
    start_ms: i64,
    end_ms: i64,
    settings: String,
    text: String,
}

/// The WebVTT of what is WebVTT or SRT.
pub(super) fn webvtt(bytes: &[u8]) -> Result<String, Fault> {
    let text = decode(bytes)?;
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let is_vtt = lines
        .first()
        .is_some_and(|line| *line == "WEBVTT" || line.starts_with("WEBVTT ") || line.starts_with("WEBVTT\t"));
    let mut cues = Vec::new();
    let mut at = usize::from(is_vtt);
    while let Some(line) = lines.get(at) {
        // A block: lines up to an empty one. A cue's times are its first or second line.
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let times_at =
            [at, at + 1].into_iter().find(|at| lines.get(*at).is_some_and(|line| line.contains("-->")));
        let Some(times_at) = times_at else {
            let is_known =
                is_vtt && (at == 1 || ["NOTE", "STYLE", "REGION"].iter().any(|word| line.starts_with(word)));
            if !is_known {
                let found: String = line.chars().take(40).collect();
                let what =
                    format!("{found:?} is no cue; a line such as 00:00:01.000 --> 00:00:04.000 is expected");
                return Err(Fault::new(at + 1, what));
            }
            at = end_of_block(&lines, at);
            continue;
        };
        let end = end_of_block(&lines, times_at + 1);
        if cues.len() == CUES_MAX {
            return Err(Fault::new(times_at + 1, format!("there are more than {CUES_MAX} cues")));
        }
        let shown = lines.get(times_at + 1..end).unwrap_or_default();
        if let Some(cue) = read(times_at + 1, lines.get(times_at).copied().unwrap_or_default(), shown)? {
            cues.push(cue);
        }
        at = end;
    }
    if cues.is_empty() {
        return Err(Fault::new(1, "there is no cue in it; WebVTT or SRT is expected"));
    }
    cues.sort_by_key(|cue| cue.start_ms);
    Ok(print(&cues))
}

fn end_of_block(lines: &[&str], from: usize) -> usize {
    (from..lines.len())
        .find(|at| lines.get(*at).is_none_or(|line| line.trim().is_empty()))
        .unwrap_or(lines.len())
}

/// UTF-8, or UTF-16 that begins with its mark.
fn decode(bytes: &[u8]) -> Result<String, Fault> {
    let unreadable = |line| Fault::new(line, "the text is not UTF-8; save the file in this encoding");
    let wide = |bytes: &[u8], from: fn([u8; 2]) -> u16| {
        let units = bytes
            .chunks_exact(2)
            .map(|pair| from([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)]));
        String::from_utf16(&units.collect::<Vec<u16>>())
            .map_err(|_| Fault::new(1, "the text is broken UTF-16; UTF-8 is expected"))
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => match std::str::from_utf8(rest) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let before = rest.get(..error.valid_up_to()).unwrap_or_default();
                return Err(unreadable(1 + before.iter().filter(|byte| **byte == b'\n').count()));
            }
        },
    };
    // Old Macs end lines with a carriage return alone.
    Ok(if text.contains('\n') { text } else { text.replace('\r', "\n") })
}

/// A cue whose times stand in line `line`; nothing when it shows nothing.
fn read(line: usize, times: &str, shown: &[&str]) -> Result<Option<Cue>, Fault> {
    let wrong = || {
        let found: String = times.chars().take(60).collect();
        Fault::new(line, format!("{found:?} are no times; 00:00:01.000 --> 00:00:04.000 is expected"))
    };
    let (start, rest) = times.split_once("-->").ok_or_else(wrong)?;
    let mut rest = rest.split_ascii_whitespace();
    let start_ms = cue::time(start.trim()).ok_or_else(wrong)?;
    let end_ms = rest.next().and_then(cue::time).ok_or_else(wrong)?;
    if end_ms <= start_ms || end_ms > END_MS_MAX {
        let what = "a cue ends after it begins, and within 100 hours";
        return Err(Fault::new(line, what));
    }
    if shown.len() > CUE_LINES_MAX {
        return Err(Fault::new(
            line,
            format!("this cue has {} lines; {CUE_LINES_MAX} are allowed", shown.len()),
        ));
    }
    let Text { markup, chars } = cue::text(&shown.join("\n"));
    if chars > CUE_CHARS_MAX {
        return Err(Fault::new(
            line,
            format!("this cue has {chars} characters; {CUE_CHARS_MAX} are allowed"),
        ));
    }
    if chars == 0 {
        return Ok(None);
    }
    let settings = rest.filter_map(cue::setting).take(cue::SETTINGS_MAX).collect::<Vec<_>>().join(" ");
    Ok(Some(Cue { start_ms, end_ms, settings, text: markup }))
}

fn print(cues: &[Cue]) -> String {
    let mut vtt = String::from("WEBVTT\n");
    for cue in cues {
        let (start, end) = (cue::time_text(cue.start_ms), cue::time_text(cue.end_ms));
        let space = if cue.settings.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(vtt, "\n{start} --> {end}{space}{}\n{}\n", cue.settings, cue.text);
    }
    vtt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> String {
        webvtt(text.as_bytes()).unwrap()
    }

    #[test]
    fn srt_becomes_webvtt() {
        let srt = "1\r\n00:00:01,500 --> 00:00:02,000\r\n你好，<i>世界</i>\r\n{\\an8}<font color=\"red\">A & B</font>\r\n\r\n\
                   2\r\n01:00:00,000 --> 01:00:01,000\r\nlast\r\n";
        assert_eq!(
            ok(srt),
            "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\n你好，<i>世界</i>\nA &amp; B\n\n01:00:00.000 --> 01:00:01.000\nlast\n"
        );
    }

    #[test]
    fn of_webvtt_only_cues_and_what_places_them_stay() {
        let vtt = "WEBVTT - mine\nKind: captions\n\nSTYLE\n::cue { background: url(http://a.example/x) }\n\nNOTE a --note\n\n\
                   REGION\nid:fred\n\nfirst\n00:01.000 --> 00:02.000 line:90% region:fred position:10%,line-left onclick:x\n\
                   <v Anna><c.red>Hi</c> <b>there</b></v> &lt;3\n";
        assert_eq!(
            ok(vtt),
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 line:90% position:10%,line-left\nHi <b>there</b> &lt;3\n"
        );
    }

    #[test]
    fn cues_come_out_in_order_and_empty_ones_not_at_all() {
        let srt = "1\n00:00:05,000 --> 00:00:06,000\nb\n\n2\n00:00:03,000 --> 00:00:04,000\n\n\n3\n00:00:01,000 --> 00:00:02,000\na\n";
        assert_eq!(
            ok(srt),
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na\n\n00:00:05.000 --> 00:00:06.000\nb\n"
        );
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("WEBVTT\n\n", 1),
            ("hello", 1),
            ("1\n00:00:01,000 --> later\nx", 2),
            ("1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\n00:00:04,000 --> 00:00:03,000\ny", 6),
            ("WEBVTT\n\n00:61.000 --> 01:02.000\nx", 3),
            ("WEBVTT\n\n00:01.000 --> 999:00:00.000\nx", 3),
            ("WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nstray\nlines", 6),
        ] {
            assert_eq!(webvtt(text.as_bytes()).unwrap_err().line, line, "{text:?}");
        }
        assert_eq!(webvtt(b"1\n00:00:01,000 --> 00:00:02,000\n\xb0\xa1").unwrap_err().line, 3);
        let long = format!("1\n00:00:01,000 --> 00:00:02,000\n{}", "a".repeat(CUE_CHARS_MAX + 1));
        assert!(webvtt(long.as_bytes()).unwrap_err().what.contains("1001 characters"));
        let many = "00:00:01,000 --> 00:00:02,000\na\n\n".repeat(CUES_MAX + 1);
        assert_eq!(webvtt(many.as_bytes()).unwrap_err().line, CUES_MAX * 3 + 1);
    }

    #[test]
    fn files_of_old_editors_are_read() {
        let text = "1\r00:00:01,000 --> 00:00:02,000\r你\r";
        assert!(ok(text).ends_with("\n你\n"));
        for mark in [b"\xFF\xFE".as_slice(), b"\xFE\xFF"] {
            let unit = |unit: u16| if mark[0] == 0xFF { unit.to_le_bytes() } else { unit.to_be_bytes() };
            let wide: Vec<u8> = mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect();
            assert_eq!(webvtt(&wide).unwrap(), ok(text));
        }
    }

    /// Whatever comes in, what comes out is read as the same again; nothing hides in it.
    #[test]
    fn what_was_printed_is_read_as_it_is_however_broken_it_came() {
        const PARTS: [&str; 24] = [
            "1\n",
            "\n",
            "\n\n",
            "\r",
            "\r\n",
            "00:00:01,000 --> 00:00:02,000\n",
            "00:05.000 --> 00:07.500 line:90%\n",
            "-->",
            " --> ",
            "<b>",
            "</b>",
            "<i class=x>",
            "</u>",
            "<",
            ">",
            "&",
            "&lt;",
            "&#x2d;",
            "{\\an8}",
            "{",
            "字幕",
            "NOTE x\n",
            "WEBVTT\n\n",
            "\u{2028}",
        ];
        let (mut seed, mut read) = (7_u64, 0);
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text += PARTS[(seed >> 33) as usize % PARTS.len()];
            }
            if let Ok(vtt) = webvtt(text.as_bytes()) {
                read += 1;
                assert_eq!(webvtt(vtt.as_bytes()).as_deref(), Ok(vtt.as_str()), "{text:?}");
            }
        }
        assert!(read > 100, "{read} could be read");
    }

    #[test]
    fn no_text_ends_its_cue_or_begins_another() {
        for hostile in [
            "<script>alert(1)</script>",
            "a --> b",
            "&#45;&#45;&gt;",
            "<b><i>x",
            "</b></i>x",
            "<b onclick=x>y</b>",
            "<<b>>z",
            "\u{2028}00:00:01.000 --> 00:00:02.000",
            "<c.\u{202E}>x",
        ] {
            let vtt = ok(&format!("1\n00:00:01,000 --> 00:00:02,000\nstart {hostile}\nend"));
            assert_eq!(vtt.matches("-->").count(), 1, "{vtt}");
            let shown = vtt.replace("<b>", "").replace("</b>", "").replace("<i>", "").replace("</i>", "");
            assert!(!shown.contains('<'), "{vtt}");
            assert_eq!(vtt.matches("<b>").count(), vtt.matches("</b>").count(), "{vtt}");
        }
    }
}
