//! Segments read a moment ago, for viewers who went back to the same place.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The segments of one recording that were read last.
#[derive(Default)]
pub(super) struct Segments(Mutex<VecDeque<(u64, Bytes)>>);

/// Of one recording, at most. A segment that is larger is not kept.
const BYTES_MAX: usize = 16 << 20;

impl Segments {
    pub(super) fn get(&self, sequence: u64) -> Option<Bytes> {
        let mut segments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = segments.iter().position(|(kept, _)| *kept == sequence)?;
        let found = segments.remove(at)?;
        let bytes = found.1.clone();
        segments.push_back(found);
        Some(bytes)
    }

    pub(super) fn put(&self, sequence: u64, bytes: Bytes) {
        let mut segments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        segments.push_back((sequence, bytes));
        let mut sum: usize = segments.iter().map(|(_, bytes)| bytes.len()).sum();
        while sum > BYTES_MAX
            && let Some((_, oldest)) = segments.pop_front()
        {
            sum -= oldest.len();
        }
    }
}
