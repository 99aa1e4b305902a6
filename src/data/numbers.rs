//! Ratings and timestamps from text: what counts as a number, and in which unit a time is.

/// Why a field is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// It does not parse.
    NotANumber,
    /// It parses to NaN, an infinity, or beyond the range.
    NotFinite,
}

/// A rating: a finite `f32`.
pub(super) fn parse_weight(field: &[u8]) -> Result<f32, NumberFault> {
    let text = str::from_utf8(field).map_err(|_| NumberFault::NotANumber)?;
    let weight: f32 = text.parse().map_err(|_| NumberFault::NotANumber)?;
    if weight.is_finite() {
        Ok(weight)
    } else {
        Err(NumberFault::NotFinite)
    }
}

/// A time as seconds since 1970, from a number of seconds, milli-, micro- or nanoseconds.
pub(super) fn parse_timestamp(field: &[u8]) -> Result<i64, NumberFault> {
    let text = str::from_utf8(field).map_err(|_| NumberFault::NotANumber)?;
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(seconds_by_magnitude(whole));
    }
    let value: f64 = text.parse().map_err(|_| NumberFault::NotANumber)?;
    timestamp_from_float(value)
}

/// [`parse_timestamp`] for a value that is a floating-point number already.
pub(super) fn timestamp_from_float(value: f64) -> Result<i64, NumberFault> {
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if value.is_finite() && value.abs() < I64_END {
        Ok(seconds_by_magnitude(value.floor() as i64))
    } else {
        Err(NumberFault::NotFinite)
    }
}

/// Seconds from a time whose unit is told by its size: below 1e11 seconds (the year 5138), then
/// milliseconds, from 1e14 microseconds, from 1e17 nanoseconds. Each unit so covers 1973 to 5138.
pub(super) fn seconds_by_magnitude(value: i64) -> i64 {
    let units_per_second = match value.unsigned_abs() {
        0..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    value.div_euclid(units_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_four_units_is_one_second() {
        for text in [
            "1365029107",
            "1365029107000",
            "1365029107000000",
            "1365029107999999999",
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), Ok(1_365_029_107));
        }
        assert_eq!(parse_timestamp(b"881250949.0"), Ok(881_250_949));
        assert_eq!(parse_timestamp(b"-1"), Ok(-1));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(parse_timestamp(b"2013-02-28"), Err(NumberFault::NotANumber));
        assert_eq!(parse_timestamp(b""), Err(NumberFault::NotANumber));
        assert_eq!(parse_timestamp(b"NaN"), Err(NumberFault::NotFinite));
        assert_eq!(
            parse_timestamp(b"9223372036854775808"),
            Err(NumberFault::NotFinite)
        );
    }

    #[test]
    fn a_rating_is_finite() {
        assert_eq!(parse_weight(b"3.5"), Ok(3.5));
        assert_eq!(parse_weight(b"nan"), Err(NumberFault::NotFinite));
        assert_eq!(parse_weight(b"-inf"), Err(NumberFault::NotFinite));
        assert_eq!(parse_weight(b"1e39"), Err(NumberFault::NotFinite));
        assert_eq!(parse_weight(b"good"), Err(NumberFault::NotANumber));
    }
}
