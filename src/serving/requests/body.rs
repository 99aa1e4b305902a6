//! Bodies of JSON, and the keys in them.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::{DeserializeOwned, Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::super::problem::Problem;
use super::super::state::State;
use super::key::checked;

/// A body of JSON. The type of the content need not be told.
pub(in super::super) struct Json<T>(pub(in super::super) T);

impl<T: DeserializeOwned> FromRequest<State> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let limit = state.limits.body_bytes;
        let too_large = || {
            Problem::too_large(
                format!("the body has more than {limit} bytes"),
                "send it in parts; `sagebrush serve --max-body` is the limit",
            )
        };
        // One that says so itself is not waited for.
        if told_length(request.headers()).is_some_and(|told| told > limit as u64) {
            return Err(too_large());
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                too_large()
            }
            _ => Problem::unreadable("the body ended before its end", "send it again"),
        })?;
        if bytes.trim_ascii().is_empty() {
            return Err(Problem::unreadable("the body is empty", "send JSON"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let said = format!("the body: {error}");
            match error.classify() {
                Category::Data => Problem::unmet(said, "`/openapi.json` says what a body holds"),
                _ => Problem::unreadable(said, "send JSON, in UTF-8"),
            }
        })
    }
}

/// The length of a body that its request tells.
fn told_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The key of a user or an item: a text, or a whole number, which is the same as its digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct Key(pub(in super::super) String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key: a text or a whole number")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        let is_wrong =
            |problem: Problem| E::invalid_value(Unexpected::Other(&problem.fault.error), &self);
        checked(key)
            .map(|key| Key(key.to_owned()))
            .map_err(is_wrong)
    }

    fn visit_u64<E>(self, key: u64) -> Result<Key, E> {
        Ok(Key(key.to_string()))
    }

    fn visit_i64<E>(self, key: i64) -> Result<Key, E> {
        Ok(Key(key.to_string()))
    }
}

impl PartialSchema for Key {
    fn schema() -> RefOr<Schema> {
        let of = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let either = OneOfBuilder::new()
            .item(of(Type::String))
            .item(of(Type::Integer));
        let said = "A key as the log has it; a whole number is the same as its digits.";
        either.description(Some(said)).into()
    }
}

impl ToSchema for Key {
    fn name() -> Cow<'static, str> {
        "Key".into()
    }
}

/// Keys as texts.
pub(in super::super) fn keys(keys: Vec<Key>) -> Vec<String> {
    keys.into_iter().map(|Key(key)| key).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_texts_or_whole_numbers() {
        let read = |text: &str| serde_json::from_str::<Key>(text).map(|Key(key)| key);
        assert_eq!(read("\" a b \"").unwrap(), "a b");
        assert_eq!(
            read("18446744073709551615").unwrap(),
            "18446744073709551615"
        );
        assert_eq!(read("-7").unwrap(), "-7");
        for wrong in ["1.5", "null", "true", "[]", "{}", "\" \"", "NaN", "1e400"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let long = format!("\"{}\"", "x".repeat(5000));
        assert!(
            read(&long)
                .unwrap_err()
                .to_string()
                .contains("has 5000 bytes")
        );
    }
}
