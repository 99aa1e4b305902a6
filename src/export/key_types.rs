//! Which keys are numbers in files that have types, and how a key is written there.

use serde::Serialize;

use crate::data::{IdMap, whole_number};

/// Whether the keys of users, and those of items, are numbers in Parquet and JSON: where all of them are whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyTypes {
    /// Users.
    pub users_are_numbers: bool,
    /// Items.
    pub items_are_numbers: bool,
}

impl KeyTypes {
    /// As the keys of these users and items are.
    pub fn of(users: &IdMap, items: &IdMap) -> Self {
        Self {
            users_are_numbers: users.are_whole_numbers(),
            items_are_numbers: items.are_whole_numbers(),
        }
    }
}

/// A key in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum JsonKey<'k> {
    /// A number.
    Number(i64),
    /// A string.
    Text(&'k str),
}

impl<'k> JsonKey<'k> {
    /// A key, as a number where those of its kind are.
    pub(crate) fn of(key: &'k str, is_number: bool) -> Self {
        let number = is_number.then(|| whole_number(key)).flatten();
        number.map_or(Self::Text(key), Self::Number)
    }
}

/// Keys as a column of Parquet.
#[cfg(feature = "parquet")]
pub(super) mod column {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::{DataType, Field};

    use super::whole_number;

    pub(in crate::export) fn field(name: &str, are_numbers: bool) -> Field {
        let kind = match are_numbers {
            true => DataType::Int64,
            false => DataType::Utf8,
        };
        Field::new(name, kind, false)
    }

    /// The keys; a key that is no number makes a null among numbers, which the field refuses.
    pub(in crate::export) fn values<'k>(
        keys: impl Iterator<Item = &'k str>,
        are_numbers: bool,
    ) -> ArrayRef {
        match are_numbers {
            true => Arc::new(Int64Array::from_iter(keys.map(whole_number))),
            false => Arc::new(StringArray::from_iter_values(keys)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_number_only_where_all_are() {
        let json = |key: &str, is_number| {
            serde_json::to_string(&JsonKey::of(key, is_number)).unwrap_or_default()
        };
        assert_eq!(json("-7", true), "-7");
        assert_eq!(json("-7", false), "\"-7\"");
        assert_eq!(json("007", true), "\"007\"");
    }
}
