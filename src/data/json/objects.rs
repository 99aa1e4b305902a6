//! JSON objects one by one, at most one in memory: one a line, in an array, or one after the other.

use memchr::memchr2;

use super::members::{add_names, find};
use crate::data::error::{DataError, Place, Position};
use crate::data::lines::{Lines, MAX_LINE_BYTES};
use crate::data::source::{Text, TextOrigin};
use crate::data::window::Window;

/// The names of the members of the objects at the beginning of a text, in the order they appear; those of objects
/// within them come behind, as paths. Nothing where no object is whole.
pub(in crate::data) fn first_names(sample: &[u8]) -> Vec<String> {
    let (mut own, mut inner) = (Vec::new(), Vec::new());
    match Layout::of(sample) {
        Layout::Lines => sample
            .split(|&byte| byte == b'\n')
            .for_each(|line| add_names(line, &mut own, &mut inner)),
        layout => {
            let window = Window::new(Box::new(sample));
            let mut values = Values::new(window, TextOrigin::of_memory(), layout);
            while let Ok(Some((_, object))) = values.next_value() {
                add_names(object, &mut own, &mut inner);
            }
        }
    }
    own.extend(inner);
    own
}

/// Whether a text begins as an array of objects does.
pub(in crate::data) fn starts_array(sample: &[u8]) -> bool {
    let inside = sample.trim_ascii_start().strip_prefix(b"[");
    inside.is_some_and(|inside| {
        let first = inside.trim_ascii_start().first();
        first.is_none_or(|first| matches!(first, b'{' | b']'))
    })
}

/// How objects stand in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One a line.
    Lines,
    /// In one array.
    Array,
    /// One after the other, over several lines each.
    Stream,
}

impl Layout {
    fn of(sample: &[u8]) -> Self {
        if sample.trim_ascii_start().first() == Some(&b'[') {
            return Self::Array;
        }
        let first_line = sample
            .split(|&byte| byte == b'\n')
            .find(|line| !line.trim_ascii().is_empty());
        let is_object = |text: &[u8]| find(text, &[], &mut []).is_ok();
        if first_line.is_none_or(is_object) {
            return Self::Lines;
        }
        let window = Window::new(Box::new(sample));
        let mut values = Values::new(window, TextOrigin::of_memory(), Self::Stream);
        // An object on one line beside other text is a line with something wrong in it.
        match values.next_value() {
            Ok(Some((_, value))) if value.contains(&b'\n') && is_object(value) => Self::Stream,
            _ => Self::Lines,
        }
    }
}

/// The objects of a text.
pub(in crate::data) enum Objects<'a> {
    /// One a line.
    Lines(Lines<'a>),
    /// Wherever they end.
    Values(Values<'a>),
}

impl<'a> Objects<'a> {
    pub(in crate::data) fn new(text: Text<'a>) -> Self {
        match Layout::of(text.sample()) {
            Layout::Lines => Self::Lines(Lines::new(text)),
            layout => {
                let origin = text.origin.clone();
                Self::Values(Values::new(text.into_window(), origin, layout))
            }
        }
    }

    /// The text of the next object and where it is; whether it is an object is for the reader to see.
    pub(in crate::data) fn next_object(&mut self) -> Result<Option<(Position, &[u8])>, DataError> {
        match self {
            Self::Lines(lines) => {
                let line = lines.next_line()?;
                Ok(line.map(|(number, text)| (Position::Line(number), text)))
            }
            Self::Values(values) => values.next_value(),
        }
    }
}

/// What comes next between the values of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Open,
    FirstValue,
    CommaOrEnd,
    Value,
    End,
}

/// JSON values, cut where they end; only the punctuation between them is read.
pub(in crate::data) struct Values<'a> {
    window: Window<'a>,
    origin: TextOrigin,
    next: Next,
    in_array: bool,
    row: u64,
}

impl<'a> Values<'a> {
    fn new(window: Window<'a>, origin: TextOrigin, layout: Layout) -> Self {
        let in_array = layout == Layout::Array;
        Self {
            window,
            origin,
            next: if in_array { Next::Open } else { Next::Value },
            in_array,
            row: 0,
        }
    }

    fn next_value(&mut self) -> Result<Option<(Position, &[u8])>, DataError> {
        self.row += 1;
        loop {
            let byte = self.next_byte()?;
            self.next = match (self.next, byte) {
                (Next::Open, Some(b'[')) => Next::FirstValue,
                (Next::FirstValue | Next::CommaOrEnd, Some(b']')) => Next::End,
                (Next::CommaOrEnd, Some(b',')) => Next::Value,
                (Next::End, None) => return Ok(None),
                (Next::Value, None) if !self.in_array => return Ok(None),
                (Next::FirstValue | Next::Value, Some(_)) => break,
                (_, None) => return Err(self.bad("the array ends early")),
                (Next::End, Some(_)) => return Err(self.bad("more text after the array")),
                (Next::Open | Next::CommaOrEnd, Some(_)) => {
                    return Err(self.bad("`,` is missing between two objects"));
                }
            };
            self.window.take(1);
        }
        let length = self.value_bytes()?;
        if length == 0 {
            return Err(self.bad("an object is missing"));
        }
        self.next = if self.in_array {
            Next::CommaOrEnd
        } else {
            Next::Value
        };
        Ok(Some((Position::Row(self.row), self.window.take(length))))
    }

    /// The next byte that is no white space, still to be taken; `None` at the end.
    fn next_byte(&mut self) -> Result<Option<u8>, DataError> {
        loop {
            let bytes = self.window.bytes();
            let blank = bytes
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            if let Some(&byte) = bytes.get(blank) {
                self.window.take(blank);
                return Ok(Some(byte));
            }
            self.window.take(blank);
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Bytes of the value that begins here, all of them at hand.
    fn value_bytes(&mut self) -> Result<usize, DataError> {
        let (mut at, mut depth, mut in_string) = (0, 0usize, false);
        loop {
            let bytes = self.window.bytes();
            while at < bytes.len() {
                if in_string {
                    let Some(mark) = memchr2(b'"', b'\\', &bytes[at..]) else {
                        at = bytes.len();
                        break;
                    };
                    at += mark;
                    if bytes[at] == b'\\' {
                        if at + 1 == bytes.len() {
                            break;
                        }
                        at += 2;
                        continue;
                    }
                    in_string = false;
                    at += 1;
                    if depth == 0 {
                        return Ok(at);
                    }
                    continue;
                }
                match bytes[at] {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth == 0 => return Ok(at),
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(at + 1);
                        }
                    }
                    b',' if depth == 0 => return Ok(at),
                    byte if depth == 0 && byte.is_ascii_whitespace() => return Ok(at),
                    _ => {}
                }
                at += 1;
            }
            if at > MAX_LINE_BYTES {
                return Err(DataError::LineTooLong {
                    place: self.place(),
                    limit: MAX_LINE_BYTES,
                });
            }
            if !self.more()? {
                return match depth == 0 && !in_string {
                    true => Ok(at),
                    false => Err(self.bad("the text ends within an object")),
                };
            }
        }
    }

    fn more(&mut self) -> Result<bool, DataError> {
        let more = self.window.more();
        more.map_err(|error| self.origin.read_error_at(Position::Row(self.row), error))
    }

    fn place(&self) -> Place {
        Place::new(&self.origin.name, Position::Row(self.row))
    }

    fn bad(&self, reason: &str) -> DataError {
        DataError::BadJson {
            place: self.place(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    /// Hands out a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(buffer.len());
            self.0.read(&mut buffer[..n])
        }
    }

    fn cut(text: &str, at_once: usize, layout: Layout) -> Result<Vec<String>, String> {
        let window = Window::new(Box::new(Trickle(text.as_bytes(), at_once)));
        let mut values = Values::new(window, TextOrigin::of_memory(), layout);
        let mut cut = Vec::new();
        while let Some((position, value)) = values.next_value().map_err(|e| e.to_string())? {
            assert_eq!(position, Position::Row(cut.len() as u64 + 1));
            cut.push(String::from_utf8(value.to_vec()).unwrap());
        }
        Ok(cut)
    }

    proptest! {
        #[test]
        fn values_of_an_array_are_cut_as_serde_json_reads_them(
            values in prop::collection::vec(r#"[\\"{}\[\],:a ]{0,9}"#, 0..6), pretty: bool, at_once in 1..40usize,
        ) {
            let values: Vec<serde_json::Value> = values
                .iter()
                .map(|text| serde_json::json!({"k": text, "n": [1, {"x": text}]}))
                .collect();
            let text = match pretty {
                true => serde_json::to_string_pretty(&values).unwrap(),
                false => serde_json::to_string(&values).unwrap(),
            };
            let read: Vec<serde_json::Value> = cut(&text, at_once, Layout::Array)
                .unwrap()
                .iter()
                .map(|value| serde_json::from_str(value).unwrap())
                .collect();
            prop_assert_eq!(&read, &values);
            let stream: Vec<String> = values.iter().map(|value| format!("{value:#}\n")).collect();
            prop_assert_eq!(cut(&stream.concat(), at_once, Layout::Stream).unwrap().len(), values.len());
        }
    }

    #[test]
    fn what_is_no_array_of_values_is_refused() {
        for (text, reason) in [
            ("[{}", "ends early"),
            ("[{} {}]", "`,` is missing"),
            ("[{}] x", "more text"),
            ("[{},]", "an object is missing"),
            ("[{\"a\":\"]", "within an object"),
        ] {
            for at_once in [1, 100] {
                let message = cut(text, at_once, Layout::Array).unwrap_err();
                assert!(message.contains(reason), "{text}: {message}");
            }
        }
        assert_eq!(cut("[]\n", 1, Layout::Array), Ok(Vec::new()));
    }

    #[test]
    fn names_of_all_objects_at_the_beginning_are_known() {
        let lines = b"{\"a\":1,\"c\":{\"id\":1}}\n{\"b\":2}\n{\"a\":1,\"x\"";
        assert_eq!(first_names(lines), ["a", "c", "b", "c.id"]);
        assert_eq!(first_names(b"[\n {\"a\": 1},\n {\"b\": 2}]"), ["a", "b"]);
        assert_eq!(first_names(b"{\n \"a\": 1\n}\n{\n \"b\": 2\n}"), ["a", "b"]);
        assert!(first_names(b"{\"a").is_empty());
    }
}
