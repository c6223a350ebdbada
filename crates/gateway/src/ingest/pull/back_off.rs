//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double up to a limit. Each is shortened by chance, so that the servers a source has lost all at once do
/// not come back all at once.
#[derive(Clone, Debug)]
pub(super) struct BackOff {
    first: Duration,
    max: Duration,
    next: Duration,
}

impl BackOff {
    pub(super) fn new(first: Duration, max: Duration) -> Self {
        Self { first, max: max.max(first), next: first }
    }

    /// The next wait: between half and all of its full length, as `chance` from 0 to 1 says.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        let full = self.next;
        self.next = full.saturating_mul(2).min(self.max);
        full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }

    /// It worked: the next wait is a short one.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn waits_double_up_to_the_limit_and_begin_anew_after_a_success() {
        let mut back_off = BackOff::new(ms(1000), ms(5000));
        let waits: Vec<_> = (0..5).map(|_| back_off.next(1.0)).collect();
        assert_eq!(waits, [ms(1000), ms(2000), ms(4000), ms(5000), ms(5000)]);
        back_off.reset();
        assert_eq!(back_off.next(1.0), ms(1000));
    }

    #[test]
    fn chance_takes_away_half_at_most() {
        let mut back_off = BackOff::new(ms(1000), ms(1000));
        assert_eq!(back_off.next(0.0), ms(500));
        assert_eq!(back_off.next(0.5), ms(750));
        assert_eq!(back_off.next(7.0), ms(1000));
    }

    #[test]
    fn a_limit_below_the_first_wait_is_that_wait() {
        let mut back_off = BackOff::new(ms(1000), ms(10));
        assert_eq!([back_off.next(1.0), back_off.next(1.0)], [ms(1000), ms(1000)]);
    }
}
