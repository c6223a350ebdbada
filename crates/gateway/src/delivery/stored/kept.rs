//! Segments that several viewers ask for, as they are sent: they are copied out of their file once.
//!
//! A segment is kept from its second request on, if that comes before many others were asked for; those asked for
//! longest ago make room. Not here: all other segments, which are made anew for each request.

use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The segments that are kept.
pub(super) struct Kept {
    /// All of them together at most (`vod.kept_bytes_max`).
    bytes_max: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<String, Entry>,
    /// Counts uses: the one used longest ago has the smallest.
    uses: u64,
    bytes: usize,
    /// What was asked for once, lately and before that.
    once: [HashSet<String>; 2],
}

struct Entry {
    /// None while it is read.
    segment: Option<Bytes>,
    last_use: u64,
}

/// What to do for a request.
pub(super) enum Ask<'a> {
    /// Send this.
    Kept(Bytes),
    /// Read the segment and have it kept.
    Keep(Keeping<'a>),
    /// Send it as it is read.
    Pass,
}

/// A segment that is being read to be kept; when this is dropped before, another request may.
pub(super) struct Keeping<'a> {
    kept: &'a Kept,
    key: String,
}

/// Names remembered of segments that were asked for once, in each of two lists.
const ONCE_MAX: usize = 4096;
/// The part of all memory that one segment may take.
const SHARE_MAX: usize = 8;

impl Kept {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, table: Mutex::default() }
    }

    /// Whether a segment of so many bytes is kept if it is wanted again.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        usize::try_from(bytes).is_ok_and(|bytes| bytes <= self.bytes_max / SHARE_MAX)
    }

    /// Asks for a segment.
    pub(super) fn ask(&self, key: String) -> Ask<'_> {
        if self.bytes_max == 0 {
            return Ask::Pass;
        }
        let mut table = self.table();
        table.uses += 1;
        let now = table.uses;
        if let Some(entry) = table.entries.get_mut(&key) {
            entry.last_use = now;
            return entry.segment.clone().map_or(Ask::Pass, Ask::Kept);
        }
        if table.once.iter_mut().any(|once| once.remove(&key)) {
            table.entries.insert(key.clone(), Entry { segment: None, last_use: now });
            return Ask::Keep(Keeping { kept: self, key });
        }
        let [lately, before] = &mut table.once;
        if lately.len() >= ONCE_MAX {
            *before = std::mem::take(lately);
        }
        lately.insert(key);
        Ask::Pass
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeping<'_> {
    /// Here is the segment.
    pub(super) fn done(self, segment: Bytes) {
        let mut table = self.kept.table();
        let bytes = segment.len();
        if let Some(entry) = table.entries.get_mut(&self.key) {
            entry.segment = Some(segment);
            table.bytes += bytes;
        }
        while table.bytes > self.kept.bytes_max {
            let kept = table.entries.iter().filter(|(_, entry)| entry.segment.is_some());
            let oldest = kept.min_by_key(|(_, entry)| entry.last_use).map(|(key, _)| key.clone());
            let gone = oldest.and_then(|key| table.entries.remove(&key)).and_then(|entry| entry.segment);
            let Some(gone) = gone else { break };
            table.bytes -= gone.len();
        }
    }
}

impl Drop for Keeping<'_> {
    fn drop(&mut self) {
        let mut table = self.kept.table();
        if table.entries.get(&self.key).is_some_and(|entry| entry.segment.is_none()) {
            table.entries.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for a segment and reads it if that is wanted; what became of it.
    fn ask(kept: &Kept, key: &str, bytes: usize) -> &'static str {
        match kept.ask(key.to_owned()) {
            Ask::Kept(segment) => {
                assert_eq!(segment, vec![key.len() as u8; bytes]);
                "kept"
            }
            Ask::Keep(keeping) => {
                keeping.done(vec![key.len() as u8; bytes].into());
                "read"
            }
            Ask::Pass => "passed",
        }
    }

    #[test]
    fn what_is_asked_for_again_is_read_once_more_and_kept() {
        let kept = Kept::new(1000);
        let answers = [(); 4].map(|()| ask(&kept, "a", 10));
        assert_eq!(answers, ["passed", "read", "kept", "kept"]);
        assert_eq!(ask(&kept, "b", 10), "passed");
        assert!(kept.has_room_for(125) && !kept.has_room_for(126));
    }

    #[test]
    fn what_was_asked_for_longest_ago_makes_room() {
        let kept = Kept::new(100);
        for key in ["a", "bb", "ccc"] {
            assert_eq!([ask(&kept, key, 40), ask(&kept, key, 40)], ["passed", "read"]);
            assert!(kept.table().bytes <= 100);
        }
        assert_eq!(["ccc", "bb"].map(|key| ask(&kept, key, 40)), ["kept", "kept"]);
        assert_eq!(ask(&kept, "a", 40), "passed");
    }

    #[test]
    fn one_request_reads_it_and_when_that_breaks_off_another_may() {
        let kept = Kept::new(100);
        assert!(matches!(kept.ask("a".to_owned()), Ask::Pass));
        let Ask::Keep(keeping) = kept.ask("a".to_owned()) else { panic!("it is to be read") };
        assert!(matches!(kept.ask("a".to_owned()), Ask::Pass));
        drop(keeping);
        assert_eq!([ask(&kept, "a", 4), ask(&kept, "a", 4), ask(&kept, "a", 4)], ["passed", "read", "kept"]);
    }

    #[test]
    fn names_of_what_is_asked_for_once_do_not_pile_up_and_without_room_nothing_is_kept() {
        let kept = Kept::new(100);
        for number in 0..5 * ONCE_MAX {
            assert!(matches!(kept.ask(number.to_string()), Ask::Pass));
        }
        assert!(kept.table().once.iter().map(HashSet::len).sum::<usize>() <= 2 * ONCE_MAX);
        let none = Kept::new(0);
        assert_eq!([ask(&none, "a", 0), ask(&none, "a", 0)], ["passed", "passed"]);
    }
}
