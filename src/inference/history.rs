//! A history as models take it: items, and what each counts.

use crate::data::ItemLists;

/// The items of somebody, and what each counts; no weights for 1 each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History<'a> {
    pub(super) items: &'a [u32],
    pub(super) weights: &'a [f32],
}

impl<'a> History<'a> {
    /// The history of one of the users of `lists`; `weights` are in the order of the lists, none for 1 each.
    pub(super) fn of(lists: &'a ItemLists, weights: &'a [f32], user: u32) -> Self {
        let items = lists.of(user);
        let start = lists.row_ptr()[user as usize];
        let weights = weights.get(start..start + items.len());
        let weights = weights.unwrap_or_default();
        Self { items, weights }
    }

    /// Each item with what it counts.
    pub(super) fn entries(self) -> impl Iterator<Item = (u32, f32)> + Clone + 'a {
        let weight = move |at: usize| self.weights.get(at).copied().unwrap_or(1.0);
        let items = self.items.iter().enumerate();
        items.map(move |(at, &item)| (item, weight(at)))
    }
}
