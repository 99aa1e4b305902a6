//! Ratings and timestamps from text: what counts as a number.

/// Errors of reading a number from a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// It does not parse.
    NotANumber,
    /// It parses to NaN, an infinity, or beyond the range.
    NotFinite,
}

/// A rating: a finite `f32`; `true` is 1 and `false` 0.
pub(super) fn parse_weight(field: &[u8]) -> Result<f32, NumberFault> {
    if let Some(weight) = short_decimal(field) {
        return Ok(weight);
    }
    let text = str::from_utf8(field).map_err(|_| NumberFault::NotANumber)?;
    let weight: f32 = match text.parse() {
        Ok(weight) => weight,
        Err(_) if text.eq_ignore_ascii_case("true") => 1.0,
        Err(_) if text.eq_ignore_ascii_case("false") => 0.0,
        Err(_) => return Err(NumberFault::NotANumber),
    };
    if weight.is_finite() {
        Ok(weight)
    } else {
        Err(NumberFault::NotFinite)
    }
}

/// A time as the number it is written as, in whatever unit; of a fraction, the whole number below it.
pub(super) fn parse_time(field: &[u8]) -> Result<i64, NumberFault> {
    if let Some(whole) = short_whole(field) {
        return Ok(whole);
    }
    let text = str::from_utf8(field).map_err(|_| NumberFault::NotANumber)?;
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole);
    }
    let value: f64 = text.parse().map_err(|_| NumberFault::NotANumber)?;
    time_from_float(value)
}

/// A number of so few digits, without a sign, that no `i64` overflows; all others take the general path.
pub(super) fn short_whole(field: &[u8]) -> Option<i64> {
    const MAX_DIGITS: usize = 18;
    if field.is_empty() || field.len() > MAX_DIGITS {
        return None;
    }
    field.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i64::from(digit))
    })
}

/// A number such as `4` or `3.5`, of at most 7 digits: digits and power of ten are exact in `f32`, so
/// the quotient is the nearest `f32` (Clinger 1990).
fn short_decimal(field: &[u8]) -> Option<f32> {
    const MAX_DIGITS: usize = 7;
    const POWERS: [f32; MAX_DIGITS + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
    if field.len() > MAX_DIGITS + 1 {
        return None;
    }
    let (mut digits, mut n_digits, mut point) = (0u32, 0, None);
    for (at, byte) in field.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + u32::from(byte - b'0');
                n_digits += 1;
            }
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let after_point = point.map_or(0, |point| field.len() - 1 - point);
    (1..=MAX_DIGITS)
        .contains(&n_digits)
        .then(|| digits as f32 / POWERS[after_point])
}

/// [`parse_time`] for a value that is a floating-point number already.
pub(super) fn time_from_float(value: f64) -> Result<i64, NumberFault> {
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if value.is_finite() && value.abs() < I64_END {
        Ok(value.floor() as i64)
    } else {
        Err(NumberFault::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_the_whole_number_below_what_is_written() {
        for (text, number) in [
            ("1365029107", 1_365_029_107),
            ("1365029107999999999", 1_365_029_107_999_999_999),
            ("881250949.0", 881_250_949),
            ("1.365029107e9", 1_365_029_107),
            ("-0.5", -1),
            ("-1", -1),
        ] {
            assert_eq!(parse_time(text.as_bytes()), Ok(number));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(parse_time(b"2013-02-28"), Err(NumberFault::NotANumber));
        assert_eq!(parse_time(b""), Err(NumberFault::NotANumber));
        assert_eq!(parse_time(b"NaN"), Err(NumberFault::NotFinite));
        assert_eq!(
            parse_time(b"9223372036854775808"),
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

    proptest! {
        #[test]
        fn short_numbers_are_parsed_as_long_ones(field in "[0-9]{0,9}(\\.[0-9]{0,9})?|[-+0-9.e]{0,9}") {
            let plain: Result<f32, _> = field.parse();
            match short_decimal(field.as_bytes()) {
                Some(weight) => prop_assert_eq!(Ok(weight.to_bits()), plain.map(f32::to_bits)),
                None => prop_assert!(!matches!(field.as_str(), "4" | "3.5" | "0.25")),
            }
            if let Some(whole) = short_whole(field.as_bytes()) {
                prop_assert_eq!(Ok(whole), field.parse::<i64>());
            }
        }
    }

    #[test]
    fn every_number_of_three_digits_is_the_nearest_float() {
        for digits in 0..1000u32 {
            for point in 0..=3 {
                let (whole, part) = (digits / 10u32.pow(point), digits % 10u32.pow(point));
                let text = format!("{whole}.{part:0width$}", width = point as usize);
                assert_eq!(short_decimal(text.as_bytes()), text.parse().ok(), "{text}");
            }
        }
    }
}
