//! Small pictures for the seek bar: how many, how they stand in their files, and the WebVTT text that says so.

use std::fmt::Write;
use std::time::Duration;

/// The longer side of a small picture, pixels.
pub const LONG_SIDE: u32 = 160;
/// Files at most.
pub const FILES_MAX: u32 = 8;
/// Pictures in a row, and rows in a file.
const SIDE: u32 = 8;
/// Time between two pictures at least.
const EVERY_MIN: Duration = Duration::from_secs(2);

/// The small pictures of a video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprites {
    every: Duration,
    duration: Duration,
    /// Of one picture, pixels.
    size: (u32, u32),
}

impl Sprites {
    /// For a video of this length; nothing for one of no length.
    pub fn of(duration: Duration, size: (u32, u32)) -> Option<Self> {
        if duration.is_zero() || duration == Duration::MAX {
            return None;
        }
        let most = FILES_MAX * SIDE * SIDE;
        Some(Self { every: (duration / most).max(EVERY_MIN), duration, size })
    }

    /// Time between two pictures.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// The moments the pictures stand for.
    pub fn moments(&self) -> impl Iterator<Item = Duration> {
        let wanted = (self.duration.as_secs_f64() / self.every.as_secs_f64()).ceil() as u32;
        let every = self.every;
        (0..wanted.min(FILES_MAX * SIDE * SIDE)).map(move |number| every * number)
    }

    /// What ffmpeg does with the pictures.
    pub fn filter(&self) -> String {
        let ((width, height), every) = (self.size, self.every.as_secs_f64());
        format!("fps=1/{every:.3}:round=down:start_time=0,scale={width}:{height},setsar=1,tile={SIDE}x{SIDE}")
    }

    /// Where each is, for `files` files.
    pub fn text(&self, files: u32) -> String {
        let (width, height) = self.size;
        let mut text = "WEBVTT\n".to_owned();
        let count = files * SIDE * SIDE;
        for (number, start) in (0..count).zip(self.moments()) {
            let (file, place) = (number / (SIDE * SIDE), number % (SIDE * SIDE));
            let (x, y) = (place % SIDE * width, place / SIDE * height);
            let (start, end) = (clock(start), clock((start + self.every).min(self.duration)));
            let _ =
                write!(text, "\n{start} --> {end}\nstoryboard-{file}.jpg#xywh={x},{y},{width},{height}\n");
        }
        text
    }
}

/// `hh:mm:ss.mmm`.
fn clock(at: Duration) -> String {
    let (ms, s) = (at.subsec_millis(), at.as_secs());
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_picture_and_long_videos_have_no_more_of_them() {
        let short = Sprites::of(Duration::from_secs(21), (160, 90)).unwrap();
        let text = short.text(1);
        assert_eq!(text.matches("-->").count(), 11);
        assert!(
            text.contains("00:00:18.000 --> 00:00:20.000\nstoryboard-0.jpg#xywh=160,90,160,90\n"),
            "{text}"
        );
        assert!(
            text.ends_with("00:00:20.000 --> 00:00:21.000\nstoryboard-0.jpg#xywh=320,90,160,90\n"),
            "{text}"
        );
        let long = Sprites::of(Duration::from_secs(12 * 3600), (160, 90)).unwrap();
        assert_eq!(long.text(FILES_MAX).matches("-->").count(), 512);
        assert!(Sprites::of(Duration::ZERO, (160, 90)).is_none());
    }
}
