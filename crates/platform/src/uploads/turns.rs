//! Who may write an upload: one at a time, and whoever comes last. A request that hangs on a dead connection is ended by
//! the one that the client sends after it.

use crate::{Error, Result};
use http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// The turns of all uploads.
#[derive(Default)]
pub(super) struct Turns(StdMutex<HashMap<i64, Weak<Place>>>);

struct Place {
    lock: Arc<Mutex<()>>,
    /// The number of whoever came last.
    newest: watch::Sender<u64>,
}

/// The right to write an upload, until it is dropped.
pub(super) struct Turn {
    _lock: OwnedMutexGuard<()>,
    place: Arc<Place>,
    number: u64,
}

/// Whoever has the turn ends within this time: it has to make its last bytes durable.
const WAIT_MAX: Duration = Duration::from_secs(20);

impl Turns {
    /// Ends whoever has the turn of the upload, and takes it.
    pub(super) async fn take(&self, upload: i64) -> Result<Turn> {
        let place = self.place(upload);
        let mut number = 0;
        place.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let lock = tokio::time::timeout(WAIT_MAX, place.lock.clone().lock_owned()).await;
        let lock = lock.map_err(|_| {
            busy("This server still writes what an earlier request for this upload sent; try again.")
        })?;
        let turn = Turn { _lock: lock, place, number };
        if turn.is_over() { Err(taken_over()) } else { Ok(turn) }
    }

    /// The turn of an upload that nobody is at.
    pub(super) fn take_free(&self, upload: i64) -> Option<Turn> {
        let place = self.place(upload);
        let lock = place.lock.clone().try_lock_owned().ok()?;
        let number = *place.newest.borrow();
        Some(Turn { _lock: lock, place, number })
    }

    fn place(&self, upload: i64) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(&upload).and_then(Weak::upgrade) {
            return place;
        }
        places.retain(|_, place| place.strong_count() > 0);
        let place = Arc::new(Place { lock: Arc::default(), newest: watch::Sender::new(0) });
        places.insert(upload, Arc::downgrade(&place));
        place
    }
}

impl Turn {
    fn is_over(&self) -> bool {
        *self.place.newest.borrow() != self.number
    }

    /// Waits until somebody else wants the turn.
    pub(super) async fn over(&self) {
        let mut newest = self.place.newest.subscribe();
        // The sender lives as long as the turn.
        let _ = newest.wait_for(|newest| *newest != self.number).await;
    }
}

/// What a request is told that was ended by a later one.
pub(super) fn taken_over() -> Error {
    busy("Another request for this upload came later and took over.")
}

fn busy(message: &'static str) -> Error {
    Error::new(StatusCode::LOCKED, "upload_taken_over", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_last_gets_the_turn_when_the_one_before_has_let_go() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(1).await.unwrap();
        let other = turns.take(2).await.unwrap();
        let later = turns.clone();
        let second = tokio::spawn(async move { later.take(1).await });
        first.over().await;
        assert!(!second.is_finished() && !other.is_over());
        let later = turns.clone();
        let third = tokio::spawn(async move { later.take(1).await });
        while *first.place.newest.borrow() < 3 {
            tokio::task::yield_now().await;
        }
        drop(first);
        assert_eq!(second.await.unwrap().err().unwrap().code, "upload_taken_over");
        assert!(third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn turns_that_nobody_has_are_forgotten() {
        let turns = Turns::default();
        for upload in 0..100 {
            drop(turns.take(upload).await.unwrap());
        }
        assert!(turns.0.lock().unwrap().len() <= 1);
    }
}
