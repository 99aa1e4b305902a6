//! What a setting accepts: the type of its values, their range, and how a value is checked.

use std::path::PathBuf;

use toml::Value;

use super::byte_size::ByteSize;
use super::error::SettingError;
use super::{remark, slip};

/// Version of the run file this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// Longest list of a metric: the largest K.
pub(super) const LONGEST_LIST: i64 = 1_000_000;
/// The largest number that a count may be.
pub(super) const MANY: i64 = u32::MAX as i64;

/// Interval a real number must lie in; every one is finite in single precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Any number.
    Finite,
    /// Above 0.
    Positive,
    /// 0 or more.
    NonNegative,
    /// In [0, 1).
    Share,
    /// In (0, 1).
    Fraction,
    /// Nothing but 0.
    Zero,
}

impl Interval {
    fn contains(self, value: f64) -> bool {
        let within = match self {
            Self::Finite => true,
            Self::Positive => value > 0.0,
            Self::NonNegative => value >= 0.0,
            Self::Share => (0.0..1.0).contains(&value),
            Self::Fraction => value > 0.0 && value < 1.0,
            Self::Zero => value == 0.0,
        };
        within && value.abs() <= f64::from(f32::MAX)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Finite => "a finite number",
            Self::Positive => "a finite number above 0",
            Self::NonNegative => "a finite number, 0 or more",
            Self::Share => "at least 0 and below 1",
            Self::Fraction => "above 0 and below 1",
            Self::Zero => "0",
        }
    }
}

/// One value of a closed choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its spelling in files, variables and flags.
    pub name: &'static str,
    /// Spellings it had before: read, with a remark, and never written.
    pub old: &'static [&'static str],
    /// What it means, in a sentence; empty where the name says it.
    pub help: &'static str,
}

impl Choice {
    /// A value whose name says what it is.
    pub(super) const fn named(name: &'static str) -> Self {
        Self {
            name,
            old: &[],
            help: "",
        }
    }
}

/// The values a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// The version of the file format.
    Version,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second, both included.
    Whole(i64, i64),
    /// A number.
    Number(Interval),
    /// One of a few words.
    Choice(&'static [Choice]),
    /// A text that is not empty.
    Text,
    /// A list of such texts.
    Texts,
    /// A file or folder.
    Path,
    /// A list of files.
    Paths,
    /// A list of whole numbers, each in this range.
    Wholes(i64, i64),
    /// `recall@K` or `ndcg@K`.
    Metric,
    /// A size of memory.
    Size,
}

/// A number above 0.
pub(super) const POSITIVE: Accepts = Accepts::Number(Interval::Positive);
/// A number, 0 or more.
pub(super) const NON_NEGATIVE: Accepts = Accepts::Number(Interval::NonNegative);
/// A number in [0, 1).
pub(super) const SHARE: Accepts = Accepts::Number(Interval::Share);
/// A number in (0, 1).
pub(super) const FRACTION: Accepts = Accepts::Number(Interval::Fraction);

/// A Rust type that a setting may have, with what is accepted where the definition names no narrower range.
pub(super) trait SettingType {
    /// The widest range.
    const ACCEPTS: Accepts;
    /// Whether a complete file may leave it out.
    const MAY_BE_ABSENT: bool = false;
    /// Whether this value is written by leaving the key out.
    fn is_absent(&self) -> bool {
        false
    }
}

macro_rules! setting_types {
    ($($type:ty => $accepts:expr;)+) => {
        $(impl SettingType for $type { const ACCEPTS: Accepts = $accepts; })+
    };
}

setting_types! {
    bool => Accepts::Flag;
    u32 => Accepts::Whole(0, MANY);
    usize => Accepts::Whole(0, MANY);
    u64 => Accepts::Whole(0, i64::MAX);
    f64 => Accepts::Number(Interval::Finite);
    f32 => Accepts::Number(Interval::Finite);
    String => Accepts::Text;
    PathBuf => Accepts::Path;
    ByteSize => Accepts::Size;
    Vec<String> => Accepts::Texts;
    Vec<PathBuf> => Accepts::Paths;
    Vec<usize> => Accepts::Wholes(0, MANY);
}

impl<T: SettingType> SettingType for Option<T> {
    const ACCEPTS: Accepts = T::ACCEPTS;
    const MAY_BE_ABSENT: bool = true;
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Accepts {
    /// Checks a value of `key` and gives it its final type: a real number may be written as an integer, a choice by
    /// an earlier spelling.
    ///
    /// # Errors
    /// The value has the wrong type, is not a known choice or is out of range.
    pub(super) fn check(self, key: &str, place: &str, value: Value) -> Result<Value, SettingError> {
        let at = At { key, place };
        match (self, value) {
            (Self::Version, value) => check_version(place, &value).map(|()| value),
            (Self::Whole(from, to), Value::Integer(number)) => {
                at.whole(number, from, to)?;
                Ok(Value::Integer(number))
            }
            (Self::Number(interval), Value::Float(number)) => at.number(number, interval),
            #[allow(clippy::cast_precision_loss)]
            (Self::Number(interval), Value::Integer(number)) => at.number(number as f64, interval),
            (Self::Flag, Value::Boolean(flag)) => Ok(Value::Boolean(flag)),
            (Self::Choice(known), Value::String(text)) => at.choice(text, known),
            (Self::Text | Self::Path, Value::String(text)) => at.text(text),
            (Self::Metric, Value::String(text)) => at.metric(text),
            (Self::Size, Value::String(text)) => at.size(&text),
            (Self::Size, Value::Integer(bytes)) => at.size(&bytes.to_string()),
            (Self::Texts | Self::Paths, Value::Array(values)) => {
                let checked = values.into_iter().map(|value| match value {
                    Value::String(text) => at.text(text),
                    other => Err(at.wrong_type(self, &other)),
                });
                checked.collect::<Result<_, _>>().map(Value::Array)
            }
            (Self::Wholes(from, to), Value::Array(values)) => {
                if values.is_empty() {
                    return Err(at.out_of_range(&"[]", "a list of at least one whole number"));
                }
                for value in &values {
                    match value {
                        Value::Integer(number) => at.whole(*number, from, to)?,
                        other => return Err(at.wrong_type(self, other)),
                    }
                }
                Ok(Value::Array(values))
            }
            (_, value) => Err(at.wrong_type(self, &value)),
        }
    }

    /// Reads the text of an environment variable as a value of this type; what does not parse stays a text, for the
    /// check to refuse. Lists are separated by commas.
    pub(super) fn value_of_text(self, text: &str) -> Value {
        let as_text = |text: &str| Value::String(text.to_owned());
        let integer = |part: &str| {
            let parsed = part.trim().parse().map(Value::Integer);
            parsed.unwrap_or_else(|_| as_text(part))
        };
        let parts = || {
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
        };
        match self {
            Self::Version | Self::Whole(..) => integer(text),
            Self::Number(_) => text
                .trim()
                .parse()
                .map_or_else(|_| as_text(text), Value::Float),
            Self::Flag => text
                .trim()
                .parse()
                .map_or_else(|_| as_text(text), Value::Boolean),
            Self::Choice(_) | Self::Text | Self::Path | Self::Metric | Self::Size => as_text(text),
            Self::Texts | Self::Paths => Value::Array(parts().map(as_text).collect()),
            Self::Wholes(..) => Value::Array(parts().map(integer).collect()),
        }
    }

    /// The type and the range in words, as `docs/configuration.md` has them.
    #[must_use]
    pub fn words(self) -> String {
        let whole = |from: i64, to: i64| match (from, to) {
            (from, MANY | i64::MAX) => format!("{from} or more"),
            (from, to) => format!("{from} to {to}"),
        };
        match self {
            Self::Version => "the number 1".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Whole(from, to) if from == to => from.to_string(),
            Self::Whole(from, to) => format!("whole number, {}", whole(from, to)),
            Self::Number(Interval::Finite) => "number".to_owned(),
            Self::Number(Interval::Positive) => "number above 0".to_owned(),
            Self::Number(Interval::NonNegative) => "number, 0 or more".to_owned(),
            Self::Number(Interval::Zero) => "0".to_owned(),
            Self::Number(interval) => format!("number, {}", interval.words()),
            Self::Choice(choices) => {
                let names: Vec<String> = choices.iter().map(|c| format!("`{}`", c.name)).collect();
                names.join(", ")
            }
            Self::Text => "text".to_owned(),
            Self::Texts => "list of texts".to_owned(),
            Self::Path => "file or folder".to_owned(),
            Self::Paths => "list of files".to_owned(),
            Self::Wholes(from, to) => format!("list of whole numbers, {}", whole(from, to)),
            Self::Metric => "`recall@K` or `ndcg@K`".to_owned(),
            Self::Size => "size such as `4GiB` or `500MB`".to_owned(),
        }
    }
}

/// Where a value stands: the key, and the file, variable or flag.
struct At<'a> {
    key: &'a str,
    place: &'a str,
}

impl At<'_> {
    fn whole(&self, number: i64, from: i64, to: i64) -> Result<(), SettingError> {
        if (from..=to).contains(&number) {
            return Ok(());
        }
        let allowed = format!("a whole number from {from} to {to}");
        Err(self.out_of_range(&number, &allowed))
    }

    fn number(&self, number: f64, interval: Interval) -> Result<Value, SettingError> {
        if interval.contains(number) {
            return Ok(Value::Float(number));
        }
        Err(self.out_of_range(&number, interval.words()))
    }

    fn choice(&self, text: String, known: &[Choice]) -> Result<Value, SettingError> {
        if known.iter().any(|choice| choice.name == text) {
            return Ok(Value::String(text));
        }
        let was = known.iter().find(|choice| choice.old.contains(&&text[..]));
        if let Some(choice) = was {
            remark::renamed_value(self.key, &text, choice.name);
            return Ok(Value::String(choice.name.to_owned()));
        }
        let names: Vec<&str> = known.iter().map(|choice| choice.name).collect();
        let all = names.join(", ");
        let hint = match slip::nearest(&text, names.iter()) {
            Some(near) => format!("did you mean \"{near}\"? The known ones are {all}"),
            None => format!("the known ones are {all}"),
        };
        Err(SettingError::UnknownChoice {
            place: self.place.to_owned(),
            key: self.key.to_owned(),
            hint,
            value: text,
        })
    }

    fn text(&self, text: String) -> Result<Value, SettingError> {
        if text.is_empty() {
            let allowed = "a text that is not empty; leave the key out for none";
            return Err(self.out_of_range(&"\"\"", allowed));
        }
        Ok(Value::String(text))
    }

    fn metric(&self, text: String) -> Result<Value, SettingError> {
        let k = text
            .strip_prefix("recall@")
            .or_else(|| text.strip_prefix("ndcg@"))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|digits| !digits.starts_with('0'))
            .and_then(|digits| digits.parse::<i64>().ok());
        if k.is_some_and(|k| (1..=LONGEST_LIST).contains(&k)) {
            return Ok(Value::String(text));
        }
        let allowed = format!(
            "\"recall@K\" or \"ndcg@K\" with K from 1 to {LONGEST_LIST}, such as \"ndcg@20\""
        );
        Err(self.out_of_range(&format!("\"{text}\""), &allowed))
    }

    /// A size as text, in its one spelling.
    fn size(&self, text: &str) -> Result<Value, SettingError> {
        match text.parse::<ByteSize>() {
            Ok(size) => Ok(Value::String(size.to_string())),
            Err(_) => Err(self.out_of_range(&format!("\"{text}\""), ByteSize::WORDS)),
        }
    }

    fn out_of_range(&self, value: &dyn std::fmt::Display, allowed: &str) -> SettingError {
        SettingError::OutOfRange {
            place: self.place.to_owned(),
            key: self.key.to_owned(),
            value: value.to_string(),
            allowed: allowed.to_owned(),
        }
    }

    fn wrong_type(&self, accepts: Accepts, value: &Value) -> SettingError {
        let expected = match accepts {
            Accepts::Version | Accepts::Whole(..) => "a whole number",
            Accepts::Number(_) => "a number",
            Accepts::Flag => "true or false",
            Accepts::Choice(_) | Accepts::Text | Accepts::Path | Accepts::Metric => {
                "a text in quotes"
            }
            Accepts::Size => ByteSize::WORDS,
            Accepts::Texts | Accepts::Paths => "a list of texts, such as [\"ratings.csv\"]",
            Accepts::Wholes(..) => "a list of whole numbers, such as [10, 20]",
        };
        SettingError::WrongType {
            place: self.place.to_owned(),
            key: self.key.to_owned(),
            expected: expected.to_owned(),
            found: format!("{} ({value})", value.type_str()),
        }
    }
}

/// Refuses every version but [`FORMAT_VERSION`].
pub(super) fn check_version(place: &str, value: &Value) -> Result<(), SettingError> {
    if value.as_integer() == Some(i64::from(FORMAT_VERSION)) {
        return Ok(());
    }
    Err(SettingError::FormatVersion {
        place: place.to_owned(),
        found: value.to_string(),
        known: FORMAT_VERSION,
    })
}
