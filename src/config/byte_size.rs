//! Sizes of memory as people write them: `4GiB`, `500MB`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Units by their spelling, the largest first: a size is written in the first that divides it.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// A number of bytes above 0, in a run file a text such as `"4GiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

impl ByteSize {
    /// What a size must look like, in words.
    pub(super) const WORDS: &'static str =
        "a size above 0 such as \"4GiB\", \"500MB\" or 1000000 (bytes)";

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// A size of so many bytes, unless that is none.
    #[must_use]
    pub fn from_bytes(bytes: u64) -> Option<Self> {
        (bytes > 0).then_some(Self(bytes))
    }
}

impl FromStr for ByteSize {
    type Err = String;

    /// A number, whole or decimal, and a unit of bytes in any case; without a unit, bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let unit = match unit.trim() {
            "" => "B",
            unit => unit,
        };
        let scale = UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let size = number.parse::<f64>().ok().zip(scale);
        size.map(|(number, (_, scale))| (number * *scale as f64).round())
            .filter(|bytes| *bytes >= 1.0 && *bytes <= i64::MAX as f64)
            .map(|bytes| Self(bytes as u64))
            .ok_or_else(|| format!("\"{text}\" is not {}", Self::WORDS))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS
            .iter()
            .find(|(_, scale)| self.0.is_multiple_of(*scale));
        let (name, scale) = unit.unwrap_or(&("B", 1));
        f.pad(&format!("{}{name}", self.0 / scale))
    }
}

impl TryFrom<String> for ByteSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_unit_and_written_exactly() {
        for (text, bytes, written) in [
            ("4GiB", 4 << 30, "4GiB"),
            ("500MB", 500_000_000, "500MB"),
            ("1.5 gb", 1_500_000_000, "1500MB"),
            ("2048", 2048, "2KiB"),
            ("1001B", 1001, "1001B"),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, written));
            assert_eq!(written.parse(), Ok(size));
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "GiB",
            "4 parsecs",
            "-1GiB",
            "0",
            "1e3",
            "99999999TiB",
            "1.2.3MB",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
