//! Civil dates from seconds since 1970.

use chrono::DateTime;

/// The UTC date of a time as `YYYY-MM-DD`; the seconds themselves, where that is no date of the calendar.
pub(crate) fn iso_date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || format!("{seconds} s"),
        |time| time.date_naive().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
