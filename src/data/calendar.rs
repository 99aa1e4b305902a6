//! Civil dates from seconds since 1970, and back.

use chrono::DateTime;

/// The UTC date of a time as `YYYY-MM-DD`; the seconds themselves, where that is no date of the calendar.
pub(crate) fn iso_date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || format!("{seconds} s"),
        |time| time.date_naive().to_string(),
    )
}

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// The number of a day since 1970-01-01; `None` where the calendar has no such day.
pub(super) fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years from March on, so that the leap day is the last: Hinnant, "chrono-compatible low-level date algorithms".
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_as_chrono_does() {
        for number in -150_000..150_000 {
            use chrono::Datelike;
            let Some(time) = DateTime::from_timestamp(number * DAY, 0) else {
                continue;
            };
            let (year, month, day) = (time.year(), time.month(), time.day());
            let found = day_number(year.into(), month.into(), day.into());
            assert_eq!(found, Some(number));
        }
        for (year, month, day) in [(2021, 2, 29), (1900, 2, 29), (2021, 0, 1), (2021, 4, 31)] {
            assert_eq!(day_number(year, month, day), None);
        }
    }

    #[test]
    fn dates_agree_with_gnu_date() {
        // date -u -d @SECONDS +%F
        for (seconds, date) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_362_062_460, "2013-02-28"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (1_709_164_800, "2024-02-29"),
            (1_735_603_200, "2024-12-31"),
            (-2_203_891_200, "1900-03-01"),
        ] {
            assert_eq!(iso_date(seconds), date);
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_shown_as_it_is() {
        assert_eq!(iso_date(i64::MAX), "9223372036854775807 s");
    }
}
