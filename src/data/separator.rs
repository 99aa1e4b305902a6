//! What stands between two fields of a row.

use std::fmt;
use std::str::FromStr;

use memchr::{memchr, memchr2};
use serde::{Deserialize, Serialize};

/// What stands between two fields of delimited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Separator {
    /// One character, such as a comma.
    Character(u8),
    /// Spaces and tabs, any number of them.
    Blanks,
}

impl Separator {
    /// A comma.
    pub const COMMA: Self = Self::Character(b',');
    /// A tab.
    pub const TAB: Self = Self::Character(b'\t');

    /// Those that are looked for in a text, the likeliest first.
    pub(super) const USUAL: [Self; 5] = [
        Self::TAB,
        Self::COMMA,
        Self::Character(b';'),
        Self::Character(b'|'),
        Self::Blanks,
    ];

    /// Where the first field of a text ends.
    pub(super) fn end_of_field(self, text: &[u8]) -> usize {
        let end = match self {
            Self::Character(byte) => memchr(byte, text),
            Self::Blanks => memchr2(b' ', b'\t', text),
        };
        end.unwrap_or(text.len())
    }

    /// What follows the end of a field: the next field, or `None` at the end of the row.
    pub(super) fn next_field(self, text: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Character(_) => text.get(1..),
            Self::Blanks => {
                let next = trim_blanks(text);
                (!next.is_empty()).then_some(next)
            }
        }
    }

    /// The first field of a row with all that follows.
    pub(super) fn row(self, line: &[u8]) -> &[u8] {
        match self {
            Self::Character(_) => line,
            Self::Blanks => trim_blanks(line),
        }
    }

    /// The name in flags and in settings.
    fn name(self) -> String {
        match self {
            Self::TAB => "tab".to_owned(),
            Self::Blanks => "blank".to_owned(),
            Self::Character(byte) => char::from(byte).to_string(),
        }
    }
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_blank(byte));
    &text[start.unwrap_or(text.len())..]
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Separator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const LETTERS: &[u8] = b"\"\\'+-._\r\n\0";
        match (text, text.as_bytes()) {
            ("tab" | "\\t", _) => Ok(Self::TAB),
            ("blank" | "blanks" | "space" | " ", _) => Ok(Self::Blanks),
            ("comma", _) => Ok(Self::COMMA),
            ("semicolon", _) => Ok(Self::Character(b';')),
            ("bar" | "pipe", _) => Ok(Self::Character(b'|')),
            ("::", _) => Err("rows between `::` are of the format `movielens`".to_owned()),
            (_, &[byte])
                if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !LETTERS.contains(&byte) =>
            {
                Ok(Self::Character(byte))
            }
            _ => Err(format!(
                "`{}` is no separator; use one character such as `;` or `|`, or `tab`, or `blank`",
                text.escape_debug()
            )),
        }
    }
}

impl TryFrom<String> for Separator {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Separator> for String {
    fn from(separator: Separator) -> Self {
        separator.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_characters_go_both_ways() {
        let cases = [
            (";", Separator::Character(b';')),
            ("tab", Separator::TAB),
            ("\t", Separator::TAB),
            ("blank", Separator::Blanks),
            ("|", Separator::Character(b'|')),
            ("\u{1}", Separator::Character(1)),
            (",", Separator::COMMA),
        ];
        for (text, separator) in cases {
            assert_eq!(text.parse(), Ok(separator), "{text:?}");
            assert_eq!(separator.to_string().parse(), Ok(separator));
        }
        for text in ["", "\"", "\n", "a", "1", "é", ",,", ".", "-"] {
            assert!(text.parse::<Separator>().is_err(), "{text:?}");
        }
        let message = "::".parse::<Separator>().err();
        assert!(message.is_some_and(|text| text.contains("movielens")));
    }
}
