//! The typed header of RecBole atomic files, which are mostly between tabs and then have no quotes.

use crate::data::separator::Separator;

const TYPES: [&[u8]; 4] = [b"token", b"token_seq", b"float", b"float_seq"];

/// How many fields a typed header has with this between them; `None` where the line is none.
pub(super) fn typed_fields(line: &[u8], separator: Separator) -> Option<usize> {
    let mut rest = Some(line.trim_ascii());
    let mut n_fields = 0;
    while let Some(row) = rest {
        let end = separator.end_of_field(row);
        let mut parts = row[..end].trim_ascii().rsplitn(2, |&byte| byte == b':');
        let is_typed = parts.next().is_some_and(|kind| TYPES.contains(&kind));
        if !is_typed || parts.next().is_none_or(<[u8]>::is_empty) {
            return None;
        }
        n_fields += 1;
        rest = separator.next_field(&row[end..]);
    }
    Some(n_fields)
}

/// Which columns are of several words between blanks.
pub(super) fn sequences(names: &[String]) -> Vec<bool> {
    let is_it = |name: &String| {
        name.rsplit_once(':')
            .is_some_and(|(_, kind)| kind == "token_seq")
    };
    names.iter().map(is_it).collect()
}

/// Column names without their types.
pub(super) fn plain_header(names: Vec<String>) -> Vec<String> {
    let plain = |name: String| match name.rsplit_once(':') {
        Some((plain, _)) => plain.to_owned(),
        None => name,
    };
    names.into_iter().map(plain).collect()
}
