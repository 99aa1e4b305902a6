//! Civil dates from seconds since 1970.

const SECONDS_A_DAY: i64 = 86_400;
/// Days of 400 years of the Gregorian calendar, after which it repeats.
const CYCLE_DAYS: i64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH_FROM_YEAR_ZERO_DAYS: i64 = 719_468;

/// The UTC date of a time as `YYYY-MM-DD` (proleptic Gregorian).
pub(crate) fn iso_date(seconds: i64) -> String {
    let (year, month, day) = civil_date(seconds.div_euclid(SECONDS_A_DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a day number, 0 being 1 January 1970. Years are counted from March, so
/// that the leap day is the last of its year.
fn civil_date(day_number: i64) -> (i64, i64, i64) {
    let days = day_number + EPOCH_FROM_YEAR_ZERO_DAYS;
    let cycle = days.div_euclid(CYCLE_DAYS);
    let mut rest = days.rem_euclid(CYCLE_DAYS);
    let century = (rest / 36_524).min(3);
    rest -= century * 36_524;
    let leap_group = rest / 1_461;
    rest -= leap_group * 1_461;
    let year_of_group = (rest / 365).min(3);
    rest -= year_of_group * 365;

    const MONTH_STARTS: [i64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
    let month_from_march = MONTH_STARTS.partition_point(|&start| start <= rest) as i64 - 1;
    let day = rest - MONTH_STARTS[month_from_march as usize] + 1;
    let year = cycle * 400 + century * 100 + leap_group * 4 + year_of_group;
    if month_from_march < 10 {
        (year, month_from_march + 3, day)
    } else {
        (year + 1, month_from_march - 9, day)
    }
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
}
