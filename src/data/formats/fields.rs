//! The fields of one line, where a quote counts only if its field ends with another in the same line.

use memchr::memchr;

use crate::data::separator::Separator;

const QUOTE: u8 = b'"';

/// Cuts a line into fields: their bytes one after another, and where each ends. Returns whether a field begins with a
/// quote that is a letter, because no quote ends the field.
pub(super) fn cut(
    line: &[u8],
    separator: Separator,
    quotes: bool,
    fields: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> bool {
    fields.clear();
    ends.clear();
    let mut any_open = false;
    let mut rest = separator.row(line);
    loop {
        let opens = quotes && rest.first() == Some(&QUOTE);
        let quoted = if opens { quoted(rest, separator) } else { None };
        let length = match quoted {
            Some(quoted) => {
                unescape(quoted.text, fields);
                quoted.length
            }
            None => {
                any_open |= opens;
                let end = separator.end_of_field(rest);
                fields.extend_from_slice(&rest[..end]);
                end
            }
        };
        ends.push(fields.len());
        match separator.next_field(&rest[length..]) {
            Some(next) => rest = next,
            None => return any_open,
        }
    }
}

/// A quoted field.
struct Quoted<'l> {
    /// Between the quotes.
    text: &'l [u8],
    /// Bytes up to the separator or the end of the row.
    length: usize,
}

/// The quoted field a row begins with; `None` where no quote ends it.
fn quoted(row: &[u8], separator: Separator) -> Option<Quoted<'_>> {
    let mut at = 1;
    loop {
        let close = at + memchr(QUOTE, &row[at..])?;
        if row.get(close + 1) == Some(&QUOTE) {
            at = close + 2;
            continue;
        }
        let after = &row[close + 1..];
        let n_spaces = after.iter().take_while(|&&byte| byte == b' ').count();
        let ends = after.len() == n_spaces || separator.end_of_field(&after[n_spaces..]) == 0;
        let of_blanks = separator == Separator::Blanks && n_spaces > 0;
        return (ends || of_blanks).then_some(Quoted {
            text: &row[1..close],
            length: close + 1 + if of_blanks { 0 } else { n_spaces },
        });
    }
}

fn unescape(text: &[u8], fields: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(quote) = memchr(QUOTE, rest) {
        fields.extend_from_slice(&rest[..=quote]);
        rest = &rest[(quote + 2).min(rest.len())..];
    }
    fields.extend_from_slice(rest);
}

/// The fields of a line as text, without the white space around them.
pub(super) fn texts(line: &[u8], separator: Separator, quotes: bool) -> Vec<String> {
    let (mut fields, mut ends) = (Vec::new(), Vec::new());
    cut(line, separator, quotes, &mut fields, &mut ends);
    let mut start = 0;
    ends.into_iter()
        .map(|end| {
            let field = String::from_utf8_lossy(&fields[start..end]);
            start = end;
            field.trim().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, separator: Separator) -> Vec<String> {
        let (mut fields, mut ends) = (Vec::new(), Vec::new());
        cut(line.as_bytes(), separator, true, &mut fields, &mut ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(&ends)
            .map(|(start, &end)| String::from_utf8_lossy(&fields[start..end]).into_owned())
            .collect()
    }

    #[test]
    fn a_quote_that_no_quote_ends_is_a_letter() {
        for (line, fields) in [
            ("1\t\"b", &["1", "\"b"][..]),
            ("4\tc\"", &["4", "c\""]),
            ("\"a\tb\"\tc", &["a\tb", "c"]),
            ("\"say \"\"hi\"\"\"\tx", &["say \"hi\"", "x"]),
            ("\"a\"b\t\"", &["\"a\"b", "\""]),
            ("\"\"\tx", &["", "x"]),
            ("\"a\" \tx", &["a", "x"]),
            ("\"\"\"\t", &["\"\"\"", ""]),
            ("a\t\t", &["a", "", ""]),
        ] {
            assert_eq!(of(line, Separator::TAB), fields, "{line}");
        }
    }

    #[test]
    fn blanks_are_one_separator_however_many() {
        for (line, fields) in [
            ("1 2  3\t4", &["1", "2", "3", "4"][..]),
            ("  1 2 ", &["1", "2"]),
            ("\"a b\"   \"c\"", &["a b", "c"]),
            ("\"a b c", &["\"a", "b", "c"]),
        ] {
            assert_eq!(of(line, Separator::Blanks), fields, "{line}");
        }
    }
}
