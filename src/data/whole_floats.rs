//! Whole numbers that were written as floats: `1.0`, `1.2e+06`.

use std::collections::HashSet;

/// The longest exponent of a number that is an id and not a quantity.
const MAX_EXPONENT: usize = 38;

/// What a key looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// A whole number as it is printed.
    Whole,
    /// A whole number as a float, and how the number itself is printed.
    AsFloat(String),
    /// Anything else: a real fraction, leading zeros, a text.
    Otherwise,
}

/// How a key writes a number, if it does. A float has a point or the sign of its exponent, as every program prints it:
/// `1e3` may be a name.
pub(super) fn written(key: &[u8]) -> Written {
    parse(key, false).unwrap_or(Written::Otherwise)
}

/// The whole number that a JSON number is, as it is printed.
pub(super) fn whole_json_number(number: &[u8]) -> Option<String> {
    match parse(number, true)? {
        Written::Whole => Some(String::from_utf8_lossy(number).into_owned()),
        Written::AsFloat(whole) => Some(whole),
        Written::Otherwise => None,
    }
}

/// Distinct keys, whole floats among them taken for the numbers they are where all are whole numbers.
pub(super) fn as_numbers(keys: Vec<Box<str>>) -> Vec<Box<str>> {
    let forms: Vec<Written> = keys.iter().map(|key| written(key.as_bytes())).collect();
    if forms.contains(&Written::Otherwise) {
        return keys;
    }
    let mut known = HashSet::new();
    let numbers = keys.into_iter().zip(forms).map(|(key, form)| match form {
        Written::AsFloat(number) => number.into(),
        _ => key,
    });
    numbers.filter(|key| known.insert(key.clone())).collect()
}

fn parse(key: &[u8], any_exponent: bool) -> Option<Written> {
    let (minus, rest) = match key.strip_prefix(b"-") {
        Some(rest) => ("-", rest),
        None => ("", key),
    };
    let (whole, rest) = digits(rest)?;
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if rest.is_empty() {
        return (key != b"-0").then_some(Written::Whole);
    }
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => digits(rest)?,
        None => ("", rest),
    };
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', rest @ ..] => {
            let is_signed = rest.starts_with(b"+");
            let (exponent, rest) = digits(rest.strip_prefix(b"+").unwrap_or(rest))?;
            let is_float = any_exponent || is_signed || !fraction.is_empty();
            if !rest.is_empty() || !is_float {
                return None;
            }
            exponent
                .parse()
                .ok()
                .filter(|&exponent| exponent <= MAX_EXPONENT)?
        }
        _ => return None,
    };
    let (moved, left) = fraction.split_at(exponent.min(fraction.len()));
    if left.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let zeros = exponent - moved.len();
    let number = format!("{whole}{moved}{:0<zeros$}", "");
    match number.trim_start_matches('0') {
        "" => Some(Written::AsFloat("0".to_owned())),
        number => Some(Written::AsFloat(format!("{minus}{number}"))),
    }
}

/// The digits that a text begins with, at least one, and what follows.
fn digits(text: &[u8]) -> Option<(&str, &[u8])> {
    let n = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(n);
    let digits = str::from_utf8(digits).ok()?;
    (n > 0).then_some((digits, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_told_from_numbers_and_names() {
        for (key, number) in [
            ("1.0", "1"),
            ("10.000", "10"),
            ("-3.0", "-3"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("1.2345678E7", "12345678"),
            ("1.0E7", "10000000"),
            ("1e+16", "10000000000000000"),
            ("1.000000000000000000e+00", "1"),
            ("1.230000000000000000e+02", "123"),
            ("0.5e+01", "5"),
        ] {
            assert_eq!(
                written(key.as_bytes()),
                Written::AsFloat(number.into()),
                "{key}"
            );
            // As the standard library has it.
            let (float, whole): (Result<f64, _>, Result<f64, _>) = (key.parse(), number.parse());
            assert_eq!(float, whole);
        }
        for key in ["0", "7", "-5", "18446744073709551616"] {
            assert_eq!(written(key.as_bytes()), Written::Whole, "{key}");
        }
        for key in [
            "", "-", "a", "1.5", "1.10", "1.", ".0", "007", "01.0", "+1.0", "+1", "-0", "1e3",
            "1.5e+00", "1.0e-1", "1.0e99", "1.0.0", "1.0 ", "1_0", "0x1", "NaN", "1.0e", "1e+",
        ] {
            assert_eq!(written(key.as_bytes()), Written::Otherwise, "{key}");
        }
        let keys = |keys: &[&str]| keys.iter().map(|&key| Box::from(key)).collect::<Vec<_>>();
        assert_eq!(as_numbers(keys(&["2.0", "1", "2"])), keys(&["2", "1"]));
        assert_eq!(as_numbers(keys(&["2.0", "2.5"])), keys(&["2.0", "2.5"]));
        assert_eq!(whole_json_number(b"1e3").as_deref(), Some("1000"));
        assert_eq!(whole_json_number(b"12").as_deref(), Some("12"));
        assert_eq!(whole_json_number(b"1.5"), None);
    }
}
