//! Why an item is listed, as JSON: keys are numbers where those of the list are.

use serde::Serialize;

use super::key_types::JsonKey;
use crate::inference::{How, Reason, Why};

/// The reasons of a place.
#[derive(Serialize)]
pub(crate) struct JsonWhy<'a> {
    how: How,
    items: Vec<JsonReason<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<f32>,
    popularity: f32,
    rest: f32,
}

#[derive(Serialize)]
struct JsonReason<'a> {
    item: JsonKey<'a>,
    share: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

impl<'a> JsonWhy<'a> {
    /// The reasons of a place of a list, whose items are numbers where all are.
    pub(crate) fn of(why: &'a Why, items_are_numbers: bool) -> Self {
        let reason = |reason: &'a Reason| JsonReason {
            item: JsonKey::of(&reason.item, items_are_numbers),
            share: reason.share,
            title: reason.title.as_deref(),
        };
        Self {
            how: why.how,
            items: why.items.iter().map(reason).collect(),
            others: (why.others != 0.0).then_some(why.others),
            popularity: why.popularity,
            rest: why.rest,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_stands_there() {
        let reason = |item: &str, title: Option<&str>| Reason {
            item: item.to_owned(),
            share: 0.5,
            title: title.map(str::to_owned),
        };
        let mut why = Why {
            how: How::Exact,
            items: vec![reason("7", Some("Alien")), reason("8", None)],
            others: 0.0,
            popularity: 0.25,
            rest: 0.0,
        };
        let text = |why: &Why, numbers| serde_json::to_string(&JsonWhy::of(why, numbers)).unwrap();
        assert_eq!(
            text(&why, true),
            r#"{"how":"exact","items":[{"item":7,"share":0.5,"title":"Alien"},{"item":8,"share":0.5}],"popularity":0.25,"rest":0.0}"#
        );
        (why.how, why.others) = (How::Similar, -0.125);
        why.items.clear();
        assert_eq!(
            text(&why, false),
            r#"{"how":"similar","items":[],"others":-0.125,"popularity":0.25,"rest":0.0}"#
        );
    }
}
