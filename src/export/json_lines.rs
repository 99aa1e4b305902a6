//! Lists as JSON lines: one object a place; an infinite score becomes `null`, as JSON has none.

use std::io::Write;

use serde::Serialize;

use super::destination::Output;
use super::error::ExportError;
use super::key_types::{JsonKey, KeyTypes};
use super::why::JsonWhy;
use crate::inference::{ListSource, UserList};

pub(super) struct JsonLinesWriter {
    output: Output,
    types: KeyTypes,
}

#[derive(Serialize)]
struct Row<'a> {
    user: JsonKey<'a>,
    rank: u32,
    item: JsonKey<'a>,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "ListSource::is_model")]
    source: ListSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<JsonWhy<'a>>,
}

impl JsonLinesWriter {
    pub(super) fn new(output: Output, types: KeyTypes) -> Self {
        Self { output, types }
    }

    pub(super) fn write(&mut self, lists: &[UserList]) -> Result<(), ExportError> {
        for list in lists {
            for place in &list.items {
                let numbers = self.types;
                let why = place.why.as_deref();
                let row = Row {
                    user: JsonKey::of(&list.user, numbers.users_are_numbers),
                    rank: place.rank,
                    item: JsonKey::of(&place.item, numbers.items_are_numbers),
                    score: place.score,
                    title: place.title.as_deref(),
                    source: list.source,
                    why: why.map(|why| JsonWhy::of(why, numbers.items_are_numbers)),
                };
                let written = serde_json::to_writer(&mut self.output, &row).map_err(Into::into);
                written
                    .and_then(|()| self.output.write_all(b"\n"))
                    .map_err(|source| ExportError::Write {
                        path: self.output.name().to_owned(),
                        source,
                    })?;
            }
        }
        Ok(())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.output.is_closed()
    }

    pub(super) fn finish(self) -> Result<(), ExportError> {
        self.output.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::export::KeyTypes;
    use crate::export::ListFormat;
    use crate::export::recommendations::fixture::{written, written_as};

    #[test]
    fn a_line_a_place() {
        let text = String::from_utf8(written(ListFormat::JsonLines, true)).unwrap();
        let expected = r#"{"user":"anna","rank":1,"item":"x","score":1.5,"title":"Me, \"You\""}
{"user":"anna","rank":2,"item":"y","score":0.1}
{"user":"7","rank":1,"item":"x","score":-2.0,"source":"popularity"}
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn keys_of_numbers_are_numbers() {
        let types = KeyTypes {
            users_are_numbers: true,
            items_are_numbers: false,
        };
        let text = written_as(ListFormat::JsonLines, false, "-5", types);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.starts_with(r#"{"user":-5,"rank":1,"item":"x","#),
            "{text}"
        );
        assert!(text.contains(r#"{"user":7,"rank":1,"#), "{text}");
    }
}
