//! An interaction as a line of the file, which every reader of logs takes: `refresh` and `train`, too.

use serde::{Deserialize, Serialize};

use crate::data::Forgotten;

/// Somebody took something. Members have the names that logs usually have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Interaction {
    /// The user's key, without white space around it.
    #[serde(rename = "user_id")]
    pub(in super::super) user: String,
    /// The item's key, without white space around it.
    #[serde(rename = "item_id")]
    pub(in super::super) item: String,
    /// Seconds since 1970.
    #[serde(rename = "timestamp")]
    pub(in super::super) time: i64,
}

impl Interaction {
    /// Whether it is of a forgotten user, or with a withdrawn item.
    pub(super) fn is_on(&self, list: &Forgotten) -> bool {
        list.has_user(&self.user) || list.has_item(&self.item)
    }
}
