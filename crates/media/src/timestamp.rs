use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on a stream's own timeline, in microseconds; may be negative.
///
/// Microseconds are finer than every clock the server meets (1 ms, 90 kHz, 48 kHz), so converting one of those
/// to a `Timestamp` and back gives the same tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The origin of the timeline.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds; saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// From `ticks` of a clock with `timescale` ticks per second, rounded to the nearest microsecond; saturates.
    /// A `timescale` of 0 gives the origin.
    pub fn from_ticks(ticks: i64, timescale: u32) -> Self {
        Self(rescale(ticks, 1_000_000, i64::from(timescale)))
    }

    /// Microseconds since the origin.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the origin, rounded to the nearest.
    pub fn as_millis(self) -> i64 {
        rescale(self.0, 1000, 1_000_000)
    }

    /// Ticks of a clock with `timescale` ticks per second, rounded to the nearest; saturates.
    pub fn to_ticks(self, timescale: u32) -> i64 {
        rescale(self.0, i64::from(timescale), 1_000_000)
    }

    /// Microseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to `self`, or zero when `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros_since(earlier)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// `value * numerator / denominator`, rounded half away from zero, saturating; 0 when `denominator` is 0.
fn rescale(value: i64, numerator: i64, denominator: i64) -> i64 {
    let (value, numerator, denominator) = (i128::from(value), i128::from(numerator), i128::from(denominator));
    let half = denominator.checked_div(2).unwrap_or(0);
    let product = value.saturating_mul(numerator);
    let rounded = if product < 0 { product.saturating_sub(half) } else { product.saturating_add(half) };
    let quotient = rounded.checked_div(denominator).unwrap_or(0);
    i64::try_from(quotient).unwrap_or(if quotient < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tick_of_a_media_clock_survives_the_way_there_and_back(ticks in -(1i64 << 40)..(1i64 << 40)) {
            for timescale in [1000, 44_100, 48_000, 90_000, 96_000] {
                prop_assert_eq!(Timestamp::from_ticks(ticks, timescale).to_ticks(timescale), ticks);
            }
        }
    }

    #[test]
    fn extreme_values_saturate() {
        assert_eq!(Timestamp::from_ticks(i64::MAX, 1), Timestamp::from_micros(i64::MAX));
        assert_eq!(Timestamp::from_ticks(i64::MIN, 1), Timestamp::from_micros(i64::MIN));
        assert_eq!(Timestamp::from_ticks(5, 0), Timestamp::ZERO);
    }
}
