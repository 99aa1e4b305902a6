//! JSON lines: one object per line; ids are strings or whole numbers of any size.

use std::borrow::Cow;

use serde::de::{Deserialize, IgnoredAny};

use crate::data::columns::{ColumnNames, Columns, missing};
use crate::data::error::{DataError, Place, Position, Role};
use crate::data::key::Key;
use crate::data::lines::Lines;
use crate::data::sink::Sink;
use crate::data::source::Text;

/// Reads JSON lines. The members of the first object decide which names mean what.
pub(super) fn read(
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let mut lines = Lines::new(text);
    let mut wanted: Option<Wanted> = None;
    while let Some((line, content)) = lines.next_line()? {
        let at = Position::Line(line);
        if wanted.is_none() {
            wanted = Some(Wanted::from_first(content, names, sink, sink.place(at))?);
        }
        if let Some(wanted) = &wanted {
            read_line(content, wanted, at, sink)?;
        }
    }
    Ok(())
}

/// The names of the members to read.
struct Wanted {
    user: String,
    item: String,
    weight: Option<String>,
    timestamp: Option<String>,
}

impl Wanted {
    fn from_first(
        content: &[u8],
        names: &ColumnNames,
        sink: &mut Sink<'_>,
        place: Place,
    ) -> Result<Self, DataError> {
        let mut header = Vec::new();
        let walked = walk_members(content, |name, _| header.push(name.into_owned()));
        walked.map_err(|reason| DataError::BadJson {
            place: place.clone(),
            reason,
        })?;
        let columns = Columns::find(&header, names, &place)?;
        let found = columns.describe(&header, &place.file);
        sink.set_layout(columns.weight.is_some(), columns.timestamp.is_some())?;
        sink.set_detected(found.clone());
        Ok(Self {
            user: found.user,
            item: found.item,
            weight: found.weight,
            timestamp: found.timestamp,
        })
    }
}

fn read_line(
    content: &[u8],
    wanted: &Wanted,
    at: Position,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let (mut user, mut item, mut weight, mut timestamp) = (None, None, None, None);
    let walked = walk_members(content, |name, value| {
        if name == wanted.user.as_str() {
            user = Some(value);
        } else if name == wanted.item.as_str() {
            item = Some(value);
        } else if wanted.weight.as_deref() == Some(&*name) {
            weight = Some(value);
        } else if wanted.timestamp.as_deref() == Some(&*name) {
            timestamp = Some(value);
        }
    });
    walked.map_err(|reason| DataError::BadJson {
        place: sink.place(at),
        reason,
    })?;
    let absent = |role, name: &str| missing(&[], role, Some(name), &sink.place(at));
    let user = user.ok_or_else(|| absent(Role::User, &wanted.user))?;
    let item = item.ok_or_else(|| absent(Role::Item, &wanted.item))?;
    let weight = match (&wanted.weight, weight) {
        (Some(name), None) => return Err(absent(Role::Weight, name)),
        (_, value) => value.map_or(Ok(0.0), |value| sink.weight(at, unquoted(value)))?,
    };
    let timestamp = match (&wanted.timestamp, timestamp) {
        (Some(name), None) => return Err(absent(Role::Timestamp, name)),
        (_, value) => value.map_or(Ok(0), |value| sink.timestamp(at, unquoted(value)))?,
    };
    let user = key_text(user).map_err(|reason| bad_key(sink, at, Role::User, reason))?;
    let item = key_text(item).map_err(|reason| bad_key(sink, at, Role::Item, reason))?;
    let user = sink.user(at, Key::of(&user))?;
    let item = sink.item(at, Key::of(&item))?;
    sink.push(at, user, item, weight, timestamp)
}

fn bad_key(sink: &Sink<'_>, at: Position, role: Role, reason: String) -> DataError {
    DataError::BadJson {
        place: sink.place(at),
        reason: format!("{role}: {reason}"),
    }
}

/// Numbers may come as strings.
fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// A key as text: a string decoded, a whole number digit by digit.
fn key_text(value: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if value.first() == Some(&b'"') {
        let mut input = serde_json::Deserializer::from_slice(value);
        let text =
            <BorrowedText as Deserialize>::deserialize(&mut input).map_err(|e| e.to_string())?;
        return Ok(match text.0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        });
    }
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        Ok(Cow::Borrowed(value))
    } else {
        Err("neither a string nor a whole number".to_owned())
    }
}

/// A JSON string, borrowed from the line where it has no escapes.
#[derive(serde::Deserialize)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Hands each member of an object to `member`: its name, and its value as it is written. The JSON
/// grammar of names and values is serde_json's; only the object's own punctuation is read here.
fn walk_members<'l>(
    line: &'l [u8],
    mut member: impl FnMut(Cow<'l, str>, &'l [u8]),
) -> Result<(), String> {
    let mut rest = expect(line, b'{')?;
    if let Ok(rest) = expect(rest, b'}') {
        return end(rest);
    }
    loop {
        let (name, _, after) = take_value::<BorrowedText<'l>>(rest)?;
        let (_, value, after) = take_value::<IgnoredAny>(expect(after, b':')?)?;
        member(name.0, value);
        match expect(after, b',') {
            Ok(more) => rest = more,
            Err(_) => return end(expect(after, b'}')?),
        }
    }
}

/// One JSON value: decoded, as written, and what follows it.
fn take_value<'l, T: Deserialize<'l>>(text: &'l [u8]) -> Result<(T, &'l [u8], &'l [u8]), String> {
    let text = text.trim_ascii_start();
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<T>();
    match values.next() {
        Some(Ok(value)) => {
            let (written, after) = text.split_at(values.byte_offset());
            Ok((value, written, after))
        }
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the line ends early".to_owned()),
    }
}

fn expect(text: &[u8], byte: u8) -> Result<&[u8], String> {
    let text = text.trim_ascii_start();
    text.strip_prefix(&[byte])
        .ok_or_else(|| format!("`{}` is missing", char::from(byte)))
}

fn end(rest: &[u8]) -> Result<(), String> {
    let rest = rest.trim_ascii_start();
    if rest.is_empty() {
        Ok(())
    } else {
        Err("more text after the object".to_owned())
    }
}
