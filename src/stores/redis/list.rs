//! A user's list as a value of Redis: JSON with the items, their scores, and what they are scored by.

use serde::Serialize;

use crate::export::JsonKey;
use crate::inference::{ListSource, UserList};

#[derive(Serialize)]
struct Value<'a> {
    source: ListSource,
    items: Vec<JsonKey<'a>>,
    scores: Vec<f32>,
}

/// The list as JSON; items are numbers where all of the run are.
pub(super) fn value(list: &UserList, are_numbers: bool) -> String {
    let value = Value {
        source: list.source,
        items: list
            .items
            .iter()
            .map(|place| JsonKey::of(&place.item, are_numbers))
            .collect(),
        scores: list.items.iter().map(|place| place.score).collect(),
    };
    // Such a value always has a form in JSON; an infinite score is `null`.
    serde_json::to_string(&value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::Listed;

    #[test]
    fn items_and_scores_in_the_order_of_the_list() {
        let place = |rank, item: &str, score| Listed {
            rank,
            item: item.to_owned(),
            score,
            title: None,
            why: None,
        };
        let list = UserList {
            user: "a".to_owned(),
            source: ListSource::Model,
            items: vec![place(1, "7", 1.5), place(2, "3", f32::INFINITY)],
        };
        assert_eq!(
            value(&list, true),
            r#"{"source":"model","items":[7,3],"scores":[1.5,null]}"#
        );
        assert_eq!(
            value(&list, false),
            r#"{"source":"model","items":["7","3"],"scores":[1.5,null]}"#
        );
    }
}
