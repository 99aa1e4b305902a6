//! The members of a JSON object: by name, by a path of names between dots, and their values as text.

use std::borrow::Cow;

use serde::de::{Deserialize, IgnoredAny};

use crate::data::whole_floats::whole_json_number;

/// How deep members of members are told of as columns.
const TOLD_DEPTH: usize = 4;

/// The name of a member, or a path to a member of a member. A member with dots in its own name comes first.
pub(in crate::data) struct Path {
    name: String,
    has_dot: bool,
}

impl Path {
    pub(in crate::data) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            has_dot: name.contains('.'),
        }
    }

    pub(in crate::data) fn name(&self) -> &str {
        &self.name
    }
}

/// Puts the values of members, as they are written, where their paths stand; of members of one name the last counts.
///
/// # Errors
/// What is wrong with the object.
pub(in crate::data) fn find<'l>(
    object: &'l [u8],
    paths: &[Path],
    found: &mut [Option<&'l [u8]>],
) -> Result<(), String> {
    found.fill(None);
    walk_members(object, |name, value| {
        for (path, found) in paths.iter().zip(&mut *found) {
            if path.name == *name {
                *found = Some(value);
            } else if path.has_dot && found.is_none() {
                *found = below(&path.name, &name).and_then(|rest| member(value, rest));
            }
        }
    })
}

/// The rest of a path behind a name.
fn below<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    path.strip_prefix(name)?.strip_prefix('.')
}

/// The member of a value at a path, where the value is an object.
fn member<'l>(value: &'l [u8], path: &str) -> Option<&'l [u8]> {
    let mut found = None;
    if value.first() != Some(&b'{') {
        return None;
    }
    let walked = walk_members(value, |name, value| {
        if *name == *path {
            found = Some(value);
        } else if found.is_none() {
            found = below(path, &name).and_then(|rest| member(value, rest));
        }
    });
    walked.ok().and(found)
}

/// Adds the names of an object's members to those known: of its own, and behind dots of objects within it.
pub(super) fn add_names(object: &[u8], own: &mut Vec<String>, inner: &mut Vec<String>) {
    // What is wrong with an object comes to light when it is read.
    if find(object, &[], &mut []).is_err() {
        return;
    }
    let _ = walk_members(object, |name, value| {
        add(own, &name);
        add_inner(&name, value, inner, TOLD_DEPTH);
    });
}

/// The paths to the members of a value at a path, where it is an object.
pub(in crate::data) fn inner_names(path: &str, value: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    add_inner(path, value, &mut names, TOLD_DEPTH);
    names
}

fn add_inner(path: &str, value: &[u8], names: &mut Vec<String>, depth: usize) {
    if value.first() != Some(&b'{') || depth == 0 {
        return;
    }
    let _ = walk_members(value, |name, value| {
        let path = format!("{path}.{name}");
        match value.first() {
            Some(b'{') => add_inner(&path, value, names, depth - 1),
            _ => add(names, &path),
        }
    });
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Numbers may come as strings.
pub(in crate::data) fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// A key as text: a string decoded, a whole number digit by digit.
///
/// # Errors
/// Why it is no key.
pub(in crate::data) fn key_text(value: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if value.first() == Some(&b'"') {
        return Ok(match string(value)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        });
    }
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return Ok(Cow::Borrowed(value));
    }
    whole_json_number(value)
        .map(|number| Cow::Owned(number.into_bytes()))
        .ok_or_else(|| "neither a string nor a whole number".to_owned())
}

/// A value as the field of a table: strings decoded, nothing for `null`, the values of an array between `between`.
///
/// # Errors
/// A string that is none.
pub(in crate::data) fn plain_text(value: &[u8], between: char) -> Result<Cow<'_, str>, String> {
    match value.first() {
        Some(b'"') => string(value),
        Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'[') => {
            let parsed: serde_json::Value = serde_json::from_slice(value).map_err(said)?;
            let mut text = String::new();
            add_values(&parsed, between, &mut text);
            Ok(Cow::Owned(text))
        }
        _ => str::from_utf8(value)
            .map(Cow::Borrowed)
            .map_err(|_| "it is not valid UTF-8".to_owned()),
    }
}

fn add_values(value: &serde_json::Value, between: char, text: &mut String) {
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Array(values) => values
            .iter()
            .for_each(|value| add_values(value, between, text)),
        value => {
            if !text.is_empty() {
                text.push(between);
            }
            match value.as_str() {
                Some(string) => text.push_str(string),
                None => text.push_str(&value.to_string()),
            }
        }
    }
}

fn string(value: &[u8]) -> Result<Cow<'_, str>, String> {
    let mut input = serde_json::Deserializer::from_slice(value);
    let text = <BorrowedText as Deserialize>::deserialize(&mut input).map_err(said)?;
    Ok(text.0)
}

/// A JSON string, borrowed from the text where it has no escapes.
#[derive(serde::Deserialize)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Hands each member of an object to `member`: its name, and its value as it is written. The JSON
/// grammar of names and values is serde_json's; only the object's own punctuation is read here.
fn walk_members<'l>(
    object: &'l [u8],
    mut member: impl FnMut(Cow<'l, str>, &'l [u8]),
) -> Result<(), String> {
    let mut rest = expect(object, b'{')?;
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
        Some(Err(error)) => Err(said(error)),
        None => Err("the object ends early".to_owned()),
    }
}

/// What is wrong, without the line and column that are those of a piece of the text.
fn said(error: serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => text,
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found<'l>(object: &'l str, path: &str) -> Option<&'l str> {
        let mut found = [None];
        find(object.as_bytes(), &[Path::new(path)], &mut found).unwrap();
        found[0].map(|value| str::from_utf8(value).unwrap())
    }

    #[test]
    fn members_are_found_by_name_and_by_path() {
        let object = r#"{"a":{"b":{"c":1},"b.d":2},"e":3,"f":[{"g":4}]}"#;
        assert_eq!(found(object, "e"), Some("3"));
        assert_eq!(found(object, "a.b.c"), Some("1"));
        assert_eq!(found(object, "a.b.d"), Some("2"));
        for absent in ["b", "a.c", "e.x", "f.g", "a.b.c.d", "a."] {
            assert_eq!(found(object, absent), None, "{absent}");
        }
    }

    #[test]
    fn a_name_with_a_dot_wins_wherever_it_stands() {
        for object in [r#"{"a":{"b":1},"a.b":2}"#, r#"{"a.b":2,"a":{"b":1}}"#] {
            assert_eq!(found(object, "a.b"), Some("2"));
        }
        assert_eq!(found(r#"{"a":{"b.c":1}}"#, "a.b.c"), Some("1"));
    }

    #[test]
    fn values_become_fields() {
        let text = |value: &str| plain_text(value.as_bytes(), '|').unwrap().into_owned();
        assert_eq!(text(r#""caf\u00e9 \"x\"""#), "café \"x\"");
        assert_eq!(text("1.50"), "1.50");
        assert_eq!(text("null"), "");
        assert_eq!(text(r#"["a", "b c", null, 7]"#), "a|b c|7");
        assert_eq!(
            text(r#"[["Books", "Crime"], ["Books"]]"#),
            "Books|Crime|Books"
        );
        assert_eq!(text("[]"), "");
    }
}
