//! Chapters: where the parts of a video begin.

use super::captions::cue::time_text;
use crate::{Error, Result, text};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use utoipa::ToSchema;

/// Chapters of one video at most.
const CHAPTERS_MAX: usize = 200;
/// Characters of a chapter's title at most.
const TITLE_CHARS_MAX: usize = 100;
/// How long the last chapter is when nobody knows how long the video is, ms.
const UNKNOWN_MS: i64 = 3_600_000;

/// Where a part of a video begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Ms.
    pub start_ms: i64,
    /// 1-100 characters.
    pub title: String,
}

/// The chapters in their order and with uniform titles; else what is wrong with them.
pub(super) fn checked(mut chapters: Vec<Chapter>, duration_ms: i64) -> Result<Vec<Chapter>> {
    if chapters.len() > CHAPTERS_MAX {
        let message = format!("{} chapters; {CHAPTERS_MAX} are allowed.", chapters.len());
        return Err(Error::invalid("chapters", message));
    }
    let end_ms = if duration_ms > 0 { duration_ms } else { i64::MAX };
    for chapter in &mut chapters {
        chapter.title = text::line("a chapter's title", &chapter.title, 1, TITLE_CHARS_MAX)?;
        if !(0..end_ms).contains(&chapter.start_ms) {
            let message =
                format!("A chapter begins at {} ms; the video has {duration_ms} ms.", chapter.start_ms);
            return Err(Error::invalid("chapters", message));
        }
    }
    chapters.sort_by_key(|chapter| chapter.start_ms);
    let twice =
        chapters.iter().zip(chapters.iter().skip(1)).find(|(one, next)| one.start_ms == next.start_ms);
    if let Some((chapter, _)) = twice {
        let message = format!("Two chapters begin at {} ms.", chapter.start_ms);
        return Err(Error::invalid("chapters", message));
    }
    Ok(chapters)
}

/// The chapters of a row.
pub(super) fn parse(json: &str) -> Vec<Chapter> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The chapters as WebVTT, for a track of the kind `chapters`.
pub(super) fn webvtt(chapters: &[Chapter], duration_ms: i64) -> String {
    let mut vtt = String::from("WEBVTT\n");
    let ends = chapters.iter().skip(1).map(|next| next.start_ms);
    let last = chapters.last().map_or(0, |last| duration_ms.max(last.start_ms.saturating_add(1)));
    let last = if duration_ms > 0 { last } else { last.saturating_add(UNKNOWN_MS) };
    for (chapter, end_ms) in chapters.iter().zip(ends.chain([last])) {
        let (start, end) = (time_text(chapter.start_ms), time_text(end_ms));
        let title = chapter.title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // Writing to a string cannot fail.
        let _ = write!(vtt, "\n{start} --> {end}\n{title}\n");
    }
    vtt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(start_ms: i64, title: &str) -> Chapter {
        Chapter { start_ms, title: title.to_owned() }
    }

    #[test]
    fn chapters_are_put_in_order_and_each_lasts_until_the_next() {
        let chapters = checked(vec![chapter(60_000, "二"), chapter(0, " a --> <b> ")], 90_500).unwrap();
        assert_eq!(
            webvtt(&chapters, 90_500),
            "WEBVTT\n\n00:00:00.000 --> 00:01:00.000\na --&gt; &lt;b&gt;\n\n00:01:00.000 --> 00:01:30.500\n二\n"
        );
        assert_eq!(webvtt(&[], 90_500), "WEBVTT\n");
        assert!(webvtt(&[chapter(0, "a")], 0).contains("--> 01:00:00.001"));
    }

    #[test]
    fn chapters_that_cannot_be_are_refused() {
        for (chapters, said) in [
            (vec![chapter(-1, "a")], "begins at -1 ms"),
            (vec![chapter(1000, "a")], "begins at 1000 ms"),
            (vec![chapter(5, "a"), chapter(5, "b")], "Two chapters begin at 5 ms"),
            (vec![chapter(0, " \u{200B}")], "0 characters"),
            ((0..=200).map(|at| chapter(at, "a")).collect(), "201 chapters"),
        ] {
            let error = checked(chapters, 1000).unwrap_err();
            assert!(error.message.contains(said), "{error}");
        }
    }
}
