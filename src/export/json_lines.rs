//! Lists as JSON lines: one object a place; an infinite score becomes `null`, as JSON has none.

use std::io::Write;

use serde::Serialize;

use super::destination::Output;
use super::error::ExportError;
use crate::inference::{ListSource, UserList};

pub(super) struct JsonLinesWriter {
    output: Output,
}

#[derive(Serialize)]
struct Row<'a> {
    user: &'a str,
    rank: u32,
    item: &'a str,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "ListSource::is_model")]
    source: ListSource,
}

impl JsonLinesWriter {
    pub(super) fn new(output: Output) -> Self {
        Self { output }
    }

    pub(super) fn write(&mut self, lists: &[UserList]) -> Result<(), ExportError> {
        for list in lists {
            for place in &list.items {
                let row = Row {
                    user: &list.user,
                    rank: place.rank,
                    item: &place.item,
                    score: place.score,
                    title: place.title.as_deref(),
                    source: list.source,
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
    use crate::export::ListFormat;
    use crate::export::recommendations::fixture::written;

    #[test]
    fn a_line_a_place() {
        let text = String::from_utf8(written(ListFormat::JsonLines, true)).unwrap();
        let expected = r#"{"user":"anna","rank":1,"item":"x","score":1.5,"title":"Me, \"You\""}
{"user":"anna","rank":2,"item":"y","score":0.1}
{"user":"7","rank":1,"item":"x","score":-2.0,"source":"popularity"}
"#;
        assert_eq!(text, expected);
    }
}
