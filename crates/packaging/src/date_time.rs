//! A moment of wall time as text, as HLS (`EXT-X-PROGRAM-DATE-TIME`) and DASH (`xs:dateTime`) both want it.

/// ISO 8601 in UTC with milliseconds, such as `2026-11-21T02:07:03.123Z`, of milliseconds since 1970-01-01.
///
/// The years 0 to 9999 are covered; a moment outside is moved to the nearest end.
pub fn date_time(unix_ms: i64) -> String {
    let unix_ms = unix_ms.clamp(YEAR_0_MS, YEAR_9999_END_MS);
    let (year, month, day) = civil_from_days(unix_ms.div_euclid(DAY_MS));
    let ms = unix_ms.rem_euclid(DAY_MS);
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, milli) = (ms / 1000 % 60, ms % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar, both ways without end.
///
/// Years are counted from 1 March, so that the leap day is the last one and month lengths follow one formula.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_FROM_MARCH_0_TO_1970;
    let era = days.div_euclid(DAYS_PER_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_PER_400_YEARS);
    let leap_days_skipped = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days_skipped) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March take 153 days: 31 30 31 30 31.
    let months_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_from_march + 2) / 5 + 1;
    let (month, next_year) =
        if months_from_march < 10 { (months_from_march + 3, 0) } else { (months_from_march - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

const DAY_MS: i64 = 86_400_000;
const DAYS_PER_400_YEARS: i64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const DAYS_FROM_MARCH_0_TO_1970: i64 = 719_468;
const YEAR_0_MS: i64 = -62_167_219_200_000;
const YEAR_9999_END_MS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_are_written_as_everybody_writes_them() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (1_795_226_823_123, "2026-11-21T02:07:03.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(date_time(unix_ms), text);
        }
    }

    #[test]
    fn moments_outside_four_digit_years_stay_inside() {
        assert_eq!(date_time(i64::MIN), "0000-01-01T00:00:00.000Z");
        assert_eq!(date_time(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    proptest! {
        #[test]
        fn each_day_follows_the_one_before(days in -700_000i64..2_900_000) {
            let (year, month, day) = civil_from_days(days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let next = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == lengths[usize::try_from(month - 1).unwrap()] => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
            prop_assert_eq!(civil_from_days(days + 1), next);
        }
    }
}
