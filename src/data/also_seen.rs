//! What users have in the log beside the interactions of a split: known as theirs, and nothing else.

use super::ItemLists;

/// Items by user that are left out of that user's lists and are neither trained nor measured on, such as those below
/// the minimum rating. Where a split is made by time they are sorted by the moment from which they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoSeen {
    /// Known when the validation part begins.
    pub before_validation: ItemLists,
    /// Known when the test part begins, beside those.
    pub before_test: ItemLists,
    /// Known at the end of the log, beside those.
    pub later: ItemLists,
}

impl AlsoSeen {
    /// What is known when the test part begins.
    #[must_use]
    pub fn when_testing(&self) -> ItemLists {
        self.before_validation.union(&self.before_test)
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> ItemLists {
        self.when_testing().union(&self.later)
    }

    /// The same lists under other ids, as `moved` moves each of them.
    pub(crate) fn map(self, moved: impl Fn(ItemLists) -> ItemLists) -> Self {
        Self {
            before_validation: moved(self.before_validation),
            before_test: moved(self.before_test),
            later: moved(self.later),
        }
    }
}
