//! Dates and times as text: ISO 8601 and what databases and data frames print in its place.

use super::calendar::{DAY, day_number};

/// Seconds since 1970 of a date, with or without a time of day and an offset from UTC; without one it is UTC.
/// Fractions of a second are dropped. `None` where it is no date, or one whose day and month could be either.
///
/// A date is `2021-07-18`, `2021/07/18` or `20210718`. A time follows after `T` or blanks: `11:31`, `11:31:28`,
/// `11:31:28.123` or `113128`. An offset follows with or without a blank: `Z`, `UTC`, `GMT`, `+00`, `+0000`,
/// `+00:00`; after it may stand the name of a zone in brackets.
pub(super) fn parse_date_time(text: &[u8]) -> Option<i64> {
    let mut rest = Rest(text);
    let day = date(&mut rest)?;
    let separated = rest.blanks() || rest.skip(b"Tt");
    if rest.0.is_empty() {
        return day.checked_mul(DAY);
    }
    let time = match separated && rest.0[0].is_ascii_digit() {
        true => {
            let time = time_of_day(&mut rest)?;
            rest.blanks();
            time
        }
        false => 0,
    };
    let offset = offset(&mut rest)?;
    rest.0.is_empty().then_some(day * DAY + time - offset)
}

/// The number of a day since 1970.
fn date(rest: &mut Rest<'_>) -> Option<i64> {
    let year = rest.digits(4, 4)?;
    let separator = match rest.0.first()? {
        &byte @ (b'-' | b'/') => Some(byte),
        _ => None,
    };
    let mut part = || match separator {
        Some(byte) => rest.skip(&[byte]).then(|| rest.digits(1, 2))?,
        None => rest.digits(2, 2),
    };
    let (month, day) = (part()?, part()?);
    day_number(year, month, day)
}

/// Seconds since midnight.
fn time_of_day(rest: &mut Rest<'_>) -> Option<i64> {
    let hour = rest.digits(1, 2)?;
    let with_colons = rest.0.first() == Some(&b':');
    let mut part = || match with_colons {
        true => rest.skip(b":").then(|| rest.digits(2, 2))?,
        false => rest.digits(2, 2),
    };
    let minute = part()?;
    let second = part();
    if second.is_some() && rest.skip(b".,") {
        rest.digits(1, usize::MAX)?;
    }
    let second = second.unwrap_or(0);
    // A leap second is 60.
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Seconds that the clock of an offset is ahead of UTC.
fn offset(rest: &mut Rest<'_>) -> Option<i64> {
    let sign = match rest.0.first() {
        None => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => {
            let word = rest.0.iter().take_while(|byte| byte.is_ascii_alphabetic());
            let (word, after) = rest.0.split_at(word.count());
            let is_utc = [&b"Z"[..], b"UTC", b"GMT"];
            rest.0 = after;
            rest.zone_name();
            return is_utc
                .iter()
                .any(|utc| utc.eq_ignore_ascii_case(word))
                .then_some(0);
        }
    };
    rest.0 = &rest.0[1..];
    let hours = rest.digits(2, 2)?;
    let minutes = match rest.skip(b":") {
        true => rest.digits(2, 2)?,
        false => rest.digits(2, 2).unwrap_or(0),
    };
    rest.zone_name();
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    /// A number of so many digits.
    fn digits(&mut self, fewest: usize, most: usize) -> Option<i64> {
        let digits = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit());
        let n = digits.count();
        if n < fewest {
            return None;
        }
        let (digits, after) = self.0.split_at(n);
        self.0 = after;
        // Only digits behind a decimal point, which do not count, can be more than fit.
        Some(digits.iter().fold(0i64, |value, byte| {
            value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'))
        }))
    }

    /// Passes over one of these bytes.
    fn skip(&mut self, any: &[u8]) -> bool {
        let found = self.0.first().is_some_and(|byte| any.contains(byte));
        self.0 = &self.0[usize::from(found)..];
        found
    }

    /// Passes over blanks.
    fn blanks(&mut self) -> bool {
        let before = self.0.len();
        self.0 = self.0.trim_ascii_start();
        self.0.len() < before
    }

    /// Passes over `[Europe/Paris]` at the end.
    fn zone_name(&mut self) {
        if self.0.first() == Some(&b'[') && self.0.last() == Some(&b']') {
            self.0 = &[];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_one_moment_is_that_moment() {
        // date -u -d '2021-07-18 11:31:28' +%s
        let second = 1_626_607_888;
        for text in [
            "2021-07-18 11:31:28",
            "2021-07-18T11:31:28",
            "2021-07-18t11:31:28z",
            "2021-07-18T11:31:28Z",
            "2021-07-18T11:31:28.999Z",
            "2021-07-18 11:31:28.123456",
            "2021-07-18 11:31:28,5",
            "2021-07-18 11:31:28.123456789123456789123456789+00:00",
            "2021-07-18 11:31:28 UTC",
            "2021-07-18 11:31:28.000000 UTC",
            "2021-07-18 11:31:28 GMT",
            "2021-07-18 11:31:28+00",
            "2021-07-18 11:31:28+0000",
            "2021-07-18 11:31:28 +00:00",
            "2021-07-18 13:31:28+02",
            "2021-07-18T17:01:28+05:30",
            "2021-07-18T06:31:28-0500",
            "2021-07-17T23:31:28-12:00",
            "2021-07-18T11:31:28Z[UTC]",
            "2021-07-18T13:31:28+02:00[Europe/Paris]",
            "2021/07/18 11:31:28",
            "2021-7-18 11:31:28",
            "20210718T113128Z",
            "20210718 11:31:28",
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), Some(second), "{text}");
        }
        for (text, second) in [
            ("2021-07-18", 1_626_566_400),
            ("20210718", 1_626_566_400),
            ("2021-07-18Z", 1_626_566_400),
            ("2021-07-18 11:31", 1_626_607_860),
            ("2021-07-18T9:05", 1_626_599_100),
            ("1969-12-31 23:59:59.5", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_800),
            ("2024-02-29", 1_709_164_800),
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), Some(second), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_could_be_two_is_none() {
        for text in [
            "",
            "05/04/2024",
            "5.4.2024",
            "2021",
            "2021-07",
            "2021-13-01",
            "2021-02-29",
            "2021-07-18 24:00:00",
            "2021-07-18 11:60",
            "2021-07-18 11",
            "2021-07-18 11:31:28 PM",
            "2021-07-18 11:31:28 CET",
            "2021-07-18 11:31:28x",
            "2021-07-18 11:31:28.",
            "2021-07-18+",
            "2021-07/18",
            "0000-00-00",
            "18 Jul 2021",
            "1626607888",
            "NaT",
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), None, "{text}");
        }
    }
}
