//! How many bits per second a run of segments takes: what HLS and DASH want to know of a variant.

use std::time::Duration;

/// Bit rates of a run of segments, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BitRate {
    /// Of the segment that needs most.
    pub peak_bps: u64,
    /// Over all of them.
    pub average_bps: u64,
}

/// Measures segments given as (bytes, duration).
///
/// Segments shorter than half of `target` do not make a peak of their own unless there are no others
/// (RFC 8216 §4.3.4.2 asks for the peak over at least half a target duration).
pub fn bit_rate(segments: impl Iterator<Item = (u64, Duration)>, target: Duration) -> BitRate {
    let (mut bytes_total, mut duration_total) = (0u64, Duration::ZERO);
    let (mut peak_bps, mut peak_short_bps) = (0, 0);
    for (bytes, duration) in segments {
        bytes_total = bytes_total.saturating_add(bytes);
        duration_total = duration_total.saturating_add(duration);
        let peak = if duration >= target / 2 { &mut peak_bps } else { &mut peak_short_bps };
        *peak = bits_per_second(bytes, duration).max(*peak);
    }
    let average_bps = bits_per_second(bytes_total, duration_total);
    let peak_bps = if peak_bps == 0 { peak_short_bps } else { peak_bps };
    // Short segments count in the average only, which must not end up above the peak.
    BitRate { peak_bps: peak_bps.max(average_bps), average_bps }
}

fn bits_per_second(bytes: u64, duration: Duration) -> u64 {
    let bits_micros = u128::from(bytes) * 8 * 1_000_000;
    u64::try_from(bits_micros.checked_div(duration.as_micros()).unwrap_or(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_secs(2);

    #[test]
    fn the_peak_is_of_one_segment_and_the_average_of_all() {
        let segments = [(250_000, TARGET), (750_000, TARGET)];
        assert_eq!(
            bit_rate(segments.into_iter(), TARGET),
            BitRate { peak_bps: 3_000_000, average_bps: 2_000_000 }
        );
    }

    #[test]
    fn a_keyframe_alone_in_a_short_segment_is_no_peak() {
        let segments = [(250_000, TARGET), (100_000, Duration::from_millis(40))];
        let rate = bit_rate(segments.into_iter(), TARGET);
        assert!(rate.peak_bps < 1_500_000, "{rate:?}");
        assert!(rate.peak_bps >= rate.average_bps);
    }

    #[test]
    fn nothing_and_no_time_have_no_rate() {
        assert_eq!(bit_rate([].into_iter(), TARGET), BitRate::default());
        assert_eq!(bit_rate([(1000, Duration::ZERO)].into_iter(), TARGET), BitRate::default());
    }
}
