//! What the answers of a run need, loaded when the first is asked for.

use std::sync::Arc;

use sagebrush::{Recommender, Run};

use crate::errors::Fault;
use crate::keys::Keys;
use crate::lists::Lister;

/// What answers need.
pub(crate) struct Opened {
    pub(crate) recommender: Arc<Recommender>,
    pub(crate) users: Keys,
    pub(crate) items: Keys,
}

impl Opened {
    /// Loads it.
    pub(crate) fn of(run: &Run) -> Result<Self, Fault> {
        let (users, items) = came_as_texts(run);
        Ok(Self {
            recommender: Arc::new(run.recommender()?),
            users: Keys::new(users),
            items: Keys::new(items),
        })
    }

    pub(crate) fn lister(&self) -> Lister<'_> {
        Lister {
            recommender: &self.recommender,
            users: &self.users,
            items: &self.items,
        }
    }
}

/// Whether the keys of users, and of items, came as texts in a table.
fn came_as_texts(run: &Run) -> (bool, bool) {
    let read = std::fs::read_to_string(run.path().join("data.json"));
    let record = read
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let columns =
        record.and_then(|mut record| Some(record.get_mut("cleaning")?.get_mut("columns")?.take()));
    let any = |name: &str| {
        let columns = columns
            .iter()
            .flat_map(|columns| columns.as_array())
            .flatten();
        columns
            .into_iter()
            .any(|column| column[name] == serde_json::Value::Bool(true))
    };
    (any("user_is_text"), any("item_is_text"))
}
