//! Where to cut the tracks of a file so that what is presented together stands together.

use crate::{Index, StoredTrack};
use media::{MediaKind, Timestamp};
use std::ops::Range;
use std::time::Duration;

/// Where new windows begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// At every keyframe of the leading track, if it has pictures.
    pub at_keyframes: bool,
    /// When a window would become longer than this; at least a millisecond. Without it a window lasts from keyframe to
    /// keyframe, and two seconds where there are no pictures.
    pub longest: Option<Duration>,
}

/// One window after the other: of each track of the index, the numbers of the samples that lie in it.
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    index: &'a Index,
    cut: Cut,
    leader: Option<usize>,
    /// Of each track, the first sample that is in no window yet.
    next: Vec<u32>,
}

impl<'a> Windows<'a> {
    /// All windows of a file.
    pub fn new(index: &'a Index, cut: Cut) -> Self {
        let is_video =
            |at: &usize| index.tracks.get(*at).is_some_and(|track| track.track.id.kind == MediaKind::Video);
        let leader = index.leader().filter(|at| cut.at_keyframes && is_video(at));
        Self { index, cut, leader, next: vec![0; index.tracks.len()] }
    }

    /// When the window that begins at `start` ends, and behind which sample of the leader if that decides it.
    fn end(&self, start: Timestamp) -> (Timestamp, Option<u32>) {
        let longest = self.cut.longest.map(|longest| start + longest.max(WINDOW_MIN));
        let leader = self.leader.and_then(|at| Some((self.index.tracks.get(at)?, *self.next.get(at)?)));
        let longest_or_default = longest.unwrap_or(start + WINDOW_WITHOUT_PICTURES);
        let Some((leader, next)) = leader else {
            return (longest_or_default, None);
        };
        let keyframe = leader.samples.sync_at_or_after(next.saturating_add(1));
        let sample = keyframe.and_then(|number| leader.samples.get(number));
        let is_soon = |time: Timestamp| longest.is_none_or(|longest| time <= longest);
        match sample {
            // Its decode time says into which window it falls; its presentation time is where other tracks are cut.
            Some(sample) if is_soon(leader.time(sample.dts)) => (leader.time(sample.pts()), keyframe),
            None if longest.is_none() && next < leader.samples.len() => {
                (leader.end(), Some(leader.samples.len()))
            }
            _ => (longest_or_default, None),
        }
    }
}

impl Iterator for Windows<'_> {
    type Item = Vec<Range<u32>>;

    fn next(&mut self) -> Option<Self::Item> {
        let tracks = || self.index.tracks.iter().zip(self.next.iter().copied()).enumerate();
        let due = tracks().filter_map(|(at, (track, next))| Some((head_time(track, next)?, at)));
        let (start, earliest) = due.min()?;
        let (end, of_leader) = self.end(start);
        let mut window: Vec<_> = tracks()
            .map(|(at, (track, next))| {
                let of_leader = of_leader.filter(|_| Some(at) == self.leader);
                next..of_leader.unwrap_or_else(|| track.first_from(end)).max(next)
            })
            .collect();
        // Times beyond all measure, in a broken file, must not hold it up.
        if window.iter().all(Range::is_empty)
            && let Some(range) = window.get_mut(earliest)
        {
            range.end += 1;
        }
        self.next.iter_mut().zip(&window).for_each(|(next, range)| *next = range.end);
        Some(window)
    }
}

fn head_time(track: &StoredTrack, number: u32) -> Option<Timestamp> {
    track.samples.get(number).map(|sample| track.time(sample.dts))
}

const WINDOW_MIN: Duration = Duration::from_millis(1);
const WINDOW_WITHOUT_PICTURES: Duration = Duration::from_secs(2);
