//! What a number of a time column counts, and the second it stands for.

use super::calendar::{DAY, day_number};
use crate::config::TimeUnit;

/// What a number of a time column counts since 1970, or how it writes a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// `20240501`.
    Days,
    /// `20240501103000`.
    DaysAndTimes,
}

impl Unit {
    /// The unit that a setting chooses, unless it leaves it to the numbers.
    pub(super) fn chosen(setting: TimeUnit) -> Option<Self> {
        match setting {
            TimeUnit::Auto => None,
            TimeUnit::Seconds => Some(Self::Seconds),
            TimeUnit::Milliseconds => Some(Self::Milliseconds),
            TimeUnit::Microseconds => Some(Self::Microseconds),
            TimeUnit::Nanoseconds => Some(Self::Nanoseconds),
        }
    }

    /// The spelling in flags and records.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
            Self::Days => "YYYYMMDD",
            Self::DaysAndTimes => "YYYYMMDDhhmmss",
        }
    }

    /// The unit in a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
            Self::Days | Self::DaysAndTimes => "dates",
        }
    }

    /// Whether a number writes a date, where the unit is one that does.
    pub(super) fn is_date(self, number: i64) -> bool {
        match self {
            Self::Days => day(number).is_some(),
            _ => day_and_time(number).is_some(),
        }
    }

    /// The second in which a time lies.
    pub(super) fn seconds(self, number: i64) -> i64 {
        match self {
            Self::Seconds => number,
            Self::Milliseconds => number.div_euclid(1_000),
            Self::Microseconds => number.div_euclid(1_000_000),
            Self::Nanoseconds => number.div_euclid(1_000_000_000),
            Self::Days => day(number).map_or(number, |day| day * DAY),
            Self::DaysAndTimes => day_and_time(number).unwrap_or(number),
        }
    }
}

/// The day that `20240501` writes.
fn day(number: i64) -> Option<i64> {
    day_number(number / 10_000, number / 100 % 100, number % 100)
}

/// The second that `20240501103000` writes.
fn day_and_time(number: i64) -> Option<i64> {
    let (hour, minute, second) = (number / 10_000 % 100, number / 100 % 100, number % 100);
    let in_clock = hour < 24 && minute < 60 && second < 60;
    let day = day(number / 1_000_000).filter(|_| in_clock)?;
    Some(day * DAY + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_second_in_which_it_lies() {
        assert_eq!(Unit::Milliseconds.seconds(-1), -1);
        assert_eq!(
            Unit::Nanoseconds.seconds(1_365_029_107_999_999_999),
            1_365_029_107
        );
        // date -u -d 2024-02-29 +%s
        assert_eq!(Unit::Days.seconds(20_240_229), 1_709_164_800);
        assert_eq!(
            Unit::DaysAndTimes.seconds(20_240_229_000_001),
            1_709_164_801
        );
        assert!(!Unit::Days.is_date(20_240_230) && !Unit::DaysAndTimes.is_date(20_240_229_240_000));
    }
}
