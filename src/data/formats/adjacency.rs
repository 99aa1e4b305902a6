//! LightGCN adjacency lists: one line per user, `user item item …`, possibly without an item.

use crate::data::error::{DataError, Position, Role};
use crate::data::key::{Key, trimmed};
use crate::data::lines::Lines;
use crate::data::sink::Sink;
use crate::data::source::Text;

/// Reads adjacency lists; a user without items becomes a user without interactions. A user who heads two lines, some of
/// which are longer than a pair, is refused unless `insists`: the lines may be rows of something else.
pub(super) fn read(text: Text<'_>, insists: bool, sink: &mut Sink<'_>) -> Result<(), DataError> {
    let mut heads = Heads::default();
    let mut lines = Lines::new(text);
    sink.set_layout(false, false)?;
    while let Some((line, content)) = lines.next_line()? {
        let at = Position::Line(line);
        if sink.skips_bad_rows() && str::from_utf8(content).is_err() {
            let (place, role) = (sink.place(at), Role::Item);
            sink.bad_row(DataError::InvalidUtf8 { place, role })?;
            continue;
        }
        let mut rest = content;
        let Some(user) = next_key(&mut rest) else {
            continue;
        };
        let user = match sink.user(at, user) {
            Ok(user) => user,
            Err(error) => return sink.bad_row(error),
        };
        let mut n_items = 0;
        while let Some(item) = next_key(&mut rest) {
            let item = match sink.item(at, item) {
                Ok(item) => item,
                Err(error) => return sink.bad_row(error),
            };
            sink.push(at, user, item, 0.0, 0)?;
            n_items += 1;
        }
        heads.add(user, n_items == 1, line);
        if let Some(repeated) = heads.repeated_among_lists()
            && !insists
        {
            return Err(DataError::RepeatedList {
                place: sink.place(Position::Line(repeated)),
            });
        }
    }
    Ok(())
}

/// Who headed a line of this file so far.
#[derive(Default)]
struct Heads {
    /// A bit a user.
    seen: Vec<u64>,
    /// Whether a line was no pair of a user and an item.
    any_list: bool,
    /// The first line headed by somebody again.
    repeated: Option<u64>,
}

impl Heads {
    fn add(&mut self, user: u32, is_pair: bool, line: u64) {
        let (word, bit) = (user as usize / 64, 1 << (user % 64));
        if word >= self.seen.len() {
            self.seen.resize(2 * word + 1, 0);
        }
        if self.seen[word] & bit != 0 {
            self.repeated.get_or_insert(line);
        }
        self.seen[word] |= bit;
        self.any_list |= !is_pair;
    }

    /// The first line headed by somebody again, unless all lines are pairs: these are the same either way.
    fn repeated_among_lists(&self) -> Option<u64> {
        self.repeated.filter(|_| self.any_list)
    }
}

/// Takes the next key off a line; its value comes along while its end is looked for.
#[inline]
fn next_key<'l>(rest: &mut &'l [u8]) -> Option<Key<'l>> {
    const MAX_DIGITS: usize = 18;
    let line = rest.trim_ascii_start();
    let mut value = 0u64;
    let mut n_digits = 0;
    while let Some(digit) = line.get(n_digits).map(|byte| byte.wrapping_sub(b'0'))
        && digit <= 9
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        n_digits += 1;
    }
    let ends = line.get(n_digits).is_none_or(u8::is_ascii_whitespace);
    let as_printed = n_digits == 1 || (2..=MAX_DIGITS).contains(&n_digits) && line[0] != b'0';
    if ends && as_printed {
        *rest = &line[n_digits..];
        return Some(Key::Number(value));
    }
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (key, after) = line.split_at(end.unwrap_or(line.len()));
    *rest = after;
    (!key.is_empty()).then(|| Key::of(trimmed(key)))
}

/// Whether a line holds nothing but numbers between white space.
pub(super) fn is_list_of_numbers(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_what_stands_between_white_space(line in "[0-9a\u{e9}\\-]{0,25}([ \t\r\x0c]+[0-9a+]{1,20}){0,5} ?") {
            let plain = line.as_bytes().split(u8::is_ascii_whitespace).filter(|key| !key.is_empty());
            let mut rest = line.as_bytes();
            let keys: Vec<Key<'_>> = std::iter::from_fn(|| next_key(&mut rest)).collect();
            prop_assert_eq!(keys, plain.map(Key::of).collect::<Vec<_>>());
        }
    }
}
