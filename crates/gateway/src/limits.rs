//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the connections of one listener.
#[derive(Debug)]
pub struct Limiter {
    total_max: usize,
    per_address_max: usize,
    open: Mutex<Open>,
    refused: AtomicU64,
    accepted: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place; dropping it frees the place.
#[derive(Debug)]
pub struct Permit {
    limiter: Arc<Limiter>,
    address: IpAddr,
}

impl Limiter {
    /// At most `total_max` connections, `per_address_max` of them from one address.
    pub fn new(total_max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            total_max,
            per_address_max,
            open: Mutex::default(),
            refused: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
        })
    }

    /// A place for a connection from `address`; nothing when all are taken.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let from_here = open.by_address.get(&address).copied().unwrap_or(0);
        if open.total >= self.total_max || from_here >= self.per_address_max {
            self.refused.fetch_add(1, Relaxed);
            return None;
        }
        open.total += 1;
        open.by_address.insert(address, from_here + 1);
        self.accepted.fetch_add(1, Relaxed);
        Some(Permit { limiter: self.clone(), address })
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Connections admitted and refused so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.accepted.load(Relaxed), self.refused.load(Relaxed))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limiter.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let limiter = Limiter::new(3, 2);
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = limiter.admit(one).unwrap();
        let _second = limiter.admit(one).unwrap();
        assert!(limiter.admit(one).is_none());
        let _third = limiter.admit(two).unwrap();
        assert!(limiter.admit(two).is_none());
        drop(first);
        assert!(limiter.admit(one).is_some());
        assert_eq!(limiter.counts(), (4, 2));
    }
}
