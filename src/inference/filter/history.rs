//! A history as a filter takes it: items, and what each counts.

/// The items of a user, and what each counts; no weights for 1 each.
#[derive(Debug, Clone, Copy)]
pub(super) struct History<'a> {
    pub(super) items: &'a [u32],
    pub(super) weights: &'a [f32],
}

impl<'a> History<'a> {
    /// Each item with what it counts.
    pub(super) fn entries(self) -> impl Iterator<Item = (u32, f32)> + Clone + 'a {
        let weight = move |at: usize| self.weights.get(at).copied().unwrap_or(1.0);
        let items = self.items.iter().enumerate();
        items.map(move |(at, &item)| (item, weight(at)))
    }
}
