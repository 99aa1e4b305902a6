//! One record of delimited text, and how its fields are told apart.

use std::ops::Index;

use crate::data::separator::Separator;

/// How fields are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct Dialect {
    pub(in crate::data) separator: Separator,
    pub(in crate::data) quotes: Quotes,
}

/// What a quote means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Quotes {
    /// It is a letter like any other.
    Letters,
    /// A field that begins with one ends with the next one, over lines if need be, as in CSV.
    AcrossLines,
    /// A field is quoted that begins and ends with one in the same line; others are letters. Only where lines by
    /// themselves are no rows of the width of the first may a quoted field reach over some.
    WithinLine,
}

/// Records with a quoted field over several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct Spans {
    /// The line the first of them begins on.
    pub(in crate::data) first_line: u64,
    pub(in crate::data) n_records: u64,
}

/// The fields of one record.
#[derive(Clone, Copy)]
pub(in crate::data) struct Record<'r> {
    pub(super) text: &'r [u8],
    /// Where each field ends in the text.
    pub(super) ends: &'r [usize],
    /// Bytes between two fields.
    pub(super) gap: usize,
}

impl<'r> Record<'r> {
    pub(in crate::data) fn len(self) -> usize {
        self.ends.len()
    }

    pub(in crate::data) fn iter(self) -> impl Iterator<Item = &'r [u8]> {
        (0..self.len()).map(move |field| self.field(field))
    }

    fn field(self, field: usize) -> &'r [u8] {
        let start = match field.checked_sub(1) {
            Some(before) => self.ends[before] + self.gap,
            None => 0,
        };
        &self.text[start..self.ends[field]]
    }
}

impl Index<usize> for Record<'_> {
    type Output = [u8];

    fn index(&self, field: usize) -> &[u8] {
        self.field(field)
    }
}
