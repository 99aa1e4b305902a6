//! Formats numbers for people.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things, in the plural unless it is one: `1 user`, `1,234 users`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number as u64))
}

/// A number of days: `1 day`, `0.5 days`.
pub(crate) fn days(number: f64) -> String {
    let plural = if number == 1.0 { "" } else { "s" };
    format!("{number} day{plural}")
}

/// A duration in its two largest units: `850 ms`, `12.3 s`, `1m 23s`, `2h 05m`, `3d 04h`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.9995 {
        return format!("{:.0} ms", seconds * 1e3);
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86400);
    if hours == 0 {
        format!("{minutes}m {:02}s", whole % 60)
    } else if days == 0 {
        format!("{hours}h {:02}m", minutes % 60)
    } else {
        format!("{days}d {:02}h", hours % 24)
    }
}

/// A number rounded to three digits.
pub(crate) fn significant(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// A fraction as a percentage: `0.1234` as `12.3%`, small ones with more digits (`0.057%`).
pub(crate) fn percent(fraction: f64) -> String {
    let value = fraction * 100.0;
    let decimals = if value == 0.0 || value.abs() >= 1.0 {
        1
    } else {
        3
    };
    format!("{value:.decimals$}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_separators() {
        let shown = [0, 12, 999, 1000, 1_234_567, u64::MAX].map(count);
        assert_eq!(shown[..5], ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!(shown[5], "18,446,744,073,709,551,615");
    }

    #[test]
    fn things_are_in_the_plural_unless_there_is_one() {
        let shown = [0, 1, 1234].map(|n| counted(n, "user"));
        assert_eq!(shown, ["0 users", "1 user", "1,234 users"]);
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        let cases = [
            (0.0, "0 ms"),
            (0.85, "850 ms"),
            (0.9996, "1.0 s"),
            (12.34, "12.3 s"),
            (59.96, "1m 00s"),
            (83.0, "1m 23s"),
            (3599.6, "1h 00m"),
            (7500.0, "2h 05m"),
            (273_600.0, "3d 04h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn small_percentages_keep_their_digits() {
        assert_eq!(
            [0.0, 0.1234, 0.000_57, 1.0].map(percent),
            ["0.0%", "12.3%", "0.057%", "100.0%"]
        );
    }
}
