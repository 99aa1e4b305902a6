//! LightGCN adjacency lists: one line a user, `user item item …`, possibly without an item.

use crate::data::error::{DataError, Position};
use crate::data::lines::Lines;
use crate::data::sink::Sink;
use crate::data::source::Text;

/// Reads adjacency lists; a user without items becomes a user without interactions.
pub(super) fn read(text: Text<'_>, sink: &mut Sink<'_>) -> Result<(), DataError> {
    let mut lines = Lines::new(text);
    sink.set_layout(false, false)?;
    while let Some((line, content)) = lines.next_line()? {
        let at = Position::Line(line);
        let mut keys = content
            .split(u8::is_ascii_whitespace)
            .filter(|key| !key.is_empty());
        let Some(user) = keys.next() else { continue };
        let user = sink.user(at, user)?;
        for key in keys {
            let item = sink.item(at, key)?;
            sink.push(at, user, item, 0.0, 0)?;
        }
    }
    Ok(())
}

/// Whether a line holds nothing but numbers between white space.
pub(super) fn is_list_of_numbers(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace())
}
