//! How an input writes its times, told by the first of them, and each of them as a number.

use chrono::NaiveTime;
use chrono::format::{Item, Parsed, StrftimeItems, parse};

use super::date_text::parse_date_time;
use super::numbers::{NumberFault, parse_time};
use super::times::TimeKind;

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// A number that does not fit.
    NotFinite,
    /// It is neither a number nor a date that can be only one.
    Neither,
    /// No number, as those before it are.
    NotANumber,
    /// No date, as those before it are.
    NotADate,
    /// Not what `--time-format` says.
    NotAsSaid,
}

/// Whether a text is a form of times, as `strftime` has it.
pub(super) fn is_time_format(format: &str) -> bool {
    let mut items = StrftimeItems::new(format).peekable();
    items.peek().is_some() && !items.any(|item| item == Item::Error)
}

/// What the times of an input are, by the first of them.
pub(super) fn kind_of(first: &[u8], format: Option<&str>) -> Option<TimeKind> {
    if format.is_some() {
        return Some(TimeKind::Dates);
    }
    match parse_time(first) {
        Ok(_) | Err(NumberFault::NotFinite) => Some(TimeKind::Numbers),
        Err(NumberFault::NotANumber) => parse_date_time(first).map(|_| TimeKind::Dates),
    }
}

/// A time as a number: in whatever unit where the times are numbers, else in seconds.
pub(super) fn time_of(text: &[u8], kind: TimeKind, format: Option<&str>) -> Result<i64, TimeFault> {
    match (kind, format) {
        (TimeKind::Dates, Some(format)) => str::from_utf8(text)
            .ok()
            .and_then(|text| by_format(text, format))
            .ok_or(TimeFault::NotAsSaid),
        (TimeKind::Dates, None) => parse_date_time(text).ok_or(TimeFault::NotADate),
        _ => parse_time(text).map_err(|fault| match fault {
            NumberFault::NotANumber => TimeFault::NotANumber,
            NumberFault::NotFinite => TimeFault::NotFinite,
        }),
    }
}

/// The second that a text says in a form; the first of the day where it has no time, in UTC where it has no offset.
fn by_format(text: &str, format: &str) -> Option<i64> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    if let Ok(time) = parsed.to_datetime() {
        return Some(time.timestamp());
    }
    if let Ok(time) = parsed.to_naive_datetime_with_offset(0) {
        return Some(time.and_utc().timestamp());
    }
    let date = parsed.to_naive_date().ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_tells_the_kind() {
        let kind = |first: &str| kind_of(first.as_bytes(), None);
        assert_eq!(kind("1626607888"), Some(TimeKind::Numbers));
        assert_eq!(kind("1.6e9"), Some(TimeKind::Numbers));
        assert_eq!(kind("20210718"), Some(TimeKind::Numbers));
        assert_eq!(kind("2021-07-18"), Some(TimeKind::Dates));
        assert_eq!(kind("05/04/2024"), None);
        assert_eq!(kind(""), None);
        assert_eq!(kind_of(b"1", Some("%Y")), Some(TimeKind::Dates));
    }

    #[test]
    fn a_form_says_which_is_the_day() {
        // date -u -d 2024-04-05 +%s
        for (text, format, second) in [
            ("05/04/2024", "%d/%m/%Y", 1_712_275_200),
            ("04/05/2024", "%m/%d/%Y", 1_712_275_200),
            ("20240405", "%Y%m%d", 1_712_275_200),
            ("5 Apr 2024 01:00:00", "%d %b %Y %H:%M:%S", 1_712_278_800),
            ("04/05/2024 01:30 PM", "%m/%d/%Y %I:%M %p", 1_712_323_800),
            ("05.04.2024 02:00 +0200", "%d.%m.%Y %H:%M %z", 1_712_275_200),
            ("1712275200", "%s", 1_712_275_200),
        ] {
            let found = time_of(text.as_bytes(), TimeKind::Dates, Some(format));
            assert_eq!(found, Ok(second), "{text}");
        }
        let other = time_of(b"2024-04-05", TimeKind::Dates, Some("%d/%m/%Y"));
        assert_eq!(other, Err(TimeFault::NotAsSaid));
        assert!(is_time_format("%d/%m/%Y") && !is_time_format("%d/%!") && !is_time_format(""));
    }
}
