//! What a column says of a new item: a text, a number, or a list of them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::data::CategoryFields;

/// What a column says of an item.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(in super::super) struct Feature(Value);

impl Feature {
    /// The text as an item file has it; `fields` is how a column names several categories.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in super::super) fn text(
        &self,
        fields: Option<CategoryFields>,
    ) -> Result<Option<String>, &'static str> {
        match &self.0 {
            Value::Null => Ok(None),
            Value::Array(values) => {
                let texts: Option<Vec<String>> = values.iter().map(plain).collect();
                let texts = texts.ok_or("holds a list of something else than texts and numbers")?;
                if let (None, [one]) = (fields, &texts[..]) {
                    return Ok(Some(one.clone()));
                }
                let joined = fields.unwrap_or_default().join(&texts);
                joined
                    .map(Some)
                    .ok_or("has a value that holds what stands between two values of that column")
            }
            value => plain(value)
                .map(Some)
                .ok_or("is neither a text nor a number"),
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl PartialSchema for Feature {
    fn schema() -> RefOr<Schema> {
        let of = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let plain = || {
            OneOfBuilder::new()
                .item(of(Type::String))
                .item(of(Type::Number))
        };
        let either = OneOfBuilder::new()
            .item(of(Type::String))
            .item(of(Type::Number))
            .item(of(Type::Null))
            .item(ArrayBuilder::new().items(plain()));
        let said = "What a column says: a text, a number, or a list of them, such as categories.";
        either.description(Some(said)).into()
    }
}

impl ToSchema for Feature {
    fn name() -> Cow<'static, str> {
        "Feature".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_and_lists_are_what_an_item_file_says() {
        let text = |value: Value, fields| Feature(value).text(fields);
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(text("a b".into(), None), some("a b"));
        assert_eq!(text(1999.into(), None), some("1999"));
        assert_eq!(text(Value::Null, None), Ok(None));
        let list = serde_json::json!(["Crime", "Film, Noir"]);
        assert_eq!(
            text(list.clone(), Some(CategoryFields::Bars)),
            some("Crime|Film, Noir")
        );
        let brackets = text(list.clone(), Some(CategoryFields::Brackets));
        assert_eq!(brackets, some("[\"Crime\", \"Film, Noir\"]"));
        assert!(text(list, Some(CategoryFields::Commas)).is_err());
        for wrong in [
            serde_json::json!({}),
            true.into(),
            serde_json::json!([["a"]]),
        ] {
            assert!(text(wrong, None).is_err());
        }
    }
}
