//! The histories of a block of users on their way through a filter: a column a user, all items at once.

use std::ops::Range;

use super::super::history::History;
use super::super::kernel::ITEMS;
use super::Core;
use super::low_pass::Projected;
use crate::spectral::{CoOccurrence, Step};

/// Users propagated together: two item tables of this width are 21 MB on Gowalla, and neighbours lie near.
pub(super) const USERS_PER_BLOCK: usize = 64;

/// The scores of a filter for some users.
pub(super) struct Filtered<'a> {
    core: &'a Core,
    /// Powers of degrees that scores are multiplied by, and those of the low-pass part.
    after: &'a [f32],
    low_pass_after: &'a [f32],
    n_users: usize,
    /// `[n_items x n_users]`, before degrees are put back.
    table: Vec<f32>,
    projected: Option<Projected>,
}

impl<'a> Filtered<'a> {
    pub(super) fn new(core: &'a Core, histories: &[History<'_>]) -> Self {
        let (scales, low_pass_scales) = (&core.scales, &core.low_pass_scales);
        let table = Signals::of(core, &scales.before, histories).filtered();
        let sides = (&*low_pass_scales.before, &*low_pass_scales.after);
        Self::with(core, histories, table, &scales.after, sides)
    }

    /// For users who have one item each, with the powers of degrees before and after the filter in each other's place.
    pub(super) fn turned(core: &'a Core, items: &[u32]) -> Self {
        let (scales, low_pass_scales) = (&core.scales, &core.low_pass_scales);
        let alone = |item| History {
            items: std::slice::from_ref(item),
            weights: &[],
        };
        let histories: Vec<History<'_>> = items.iter().map(alone).collect();
        let table = match core.response.as_linear() {
            Some(linear) => linear_of_each(&core.graph, items, linear, &scales.after),
            None => Signals::of(core, &scales.after, &histories).filtered(),
        };
        let sides = (&*low_pass_scales.after, &*low_pass_scales.before);
        Self::with(core, &histories, table, &scales.before, sides)
    }

    fn with(
        core: &'a Core,
        histories: &[History<'_>],
        table: Vec<f32>,
        after: &'a [f32],
        (low_pass_before, low_pass_after): (&[f32], &'a [f32]),
    ) -> Self {
        let low_pass = core.low_pass.as_ref();
        let projected =
            low_pass.map(|low_pass| low_pass.project(histories.iter().copied(), low_pass_before));
        Self {
            core,
            after,
            low_pass_after,
            n_users: histories.len(),
            table,
            projected,
        }
    }

    /// Writes the scores of the items of a panel that are in `items` to `out`, one row of `items.len()` a user.
    fn fill_panel(&self, panel: usize, items: &Range<usize>, out: &mut [f32]) {
        let first = panel * ITEMS;
        let here = first.max(items.start)..(first + ITEMS).min(items.end);
        let width = items.len();
        let scales = &self.after[here.clone()];
        for (at, (item, scale)) in here.clone().zip(scales).enumerate() {
            let row = &self.table[item * self.n_users..][..self.n_users];
            let place = here.start - items.start + at;
            for (user, value) in row.iter().enumerate() {
                out[user * width + place] = scale * value;
            }
        }
        let (Some(low_pass), Some(projected)) = (&self.core.low_pass, &self.projected) else {
            return;
        };
        let scales = &self.low_pass_after[here.clone()];
        low_pass.products(projected, panel, |user, products| {
            if user < self.n_users {
                let row = &mut out[user * width..][here.start - items.start..][..here.len()];
                let products = &products[here.start - first..][..here.len()];
                for ((score, product), scale) in row.iter_mut().zip(products).zip(scales) {
                    *score += scale * product;
                }
            }
        });
    }

    /// Writes the scores of some items, one row of `items.len()` a user.
    pub(super) fn fill(&self, items: Range<usize>, out: &mut [f32]) {
        if !items.is_empty() {
            for panel in items.start / ITEMS..items.end.div_ceil(ITEMS) {
                self.fill_panel(panel, &items, out);
            }
        }
    }
}

/// `c_0 x + c_1 (I - 2P) x` of single items, each times its scale, as columns: a row of `P` costs the pairs of items that
/// the item's users have, far less than a pass over the graph.
fn linear_of_each(
    graph: &CoOccurrence,
    items: &[u32],
    [even, once]: [f32; 2],
    scales: &[f32],
) -> Vec<f32> {
    let mut table = vec![0.0; graph.n_items() * items.len()];
    let mut row = vec![0.0; graph.n_items()];
    for (column, &item) in items.iter().enumerate() {
        let scale = scales[item as usize];
        row.fill(0.0);
        row[item as usize] = (even + once) * scale;
        graph.add_row(item as usize, -2.0 * once * scale, &mut row);
        for (values, value) in table.chunks_exact_mut(items.len()).zip(&row) {
            values[column] = *value;
        }
    }
    table
}

/// Histories as sparse columns.
struct Signals<'a> {
    graph: &'a CoOccurrence,
    coefficients: &'a [f32],
    scales: &'a [f32],
    histories: &'a [History<'a>],
}

impl<'a> Signals<'a> {
    fn of(core: &'a Core, scales: &'a [f32], histories: &'a [History<'a>]) -> Self {
        Self {
            graph: &core.graph,
            coefficients: core.response.coefficients(),
            scales,
            histories,
        }
    }

    fn entries(&self, factor: f32) -> impl Iterator<Item = (u32, usize, f32)> + Clone {
        let columns = self.histories.iter().enumerate();
        columns.flat_map(move |(column, history)| {
            let scaled = move |item: u32| factor * self.scales[item as usize];
            history
                .entries()
                .map(move |(item, weight)| (item, column, scaled(item) * weight))
        })
    }

    fn add_to(&self, table: &mut [f32], factor: f32) {
        let width = self.histories.len();
        for (item, column, value) in self.entries(factor) {
            table[item as usize * width + column] += value;
        }
    }

    /// `sum_k c_k T_k(L̃)` of the columns, by Clenshaw's recurrence: two item tables and one user table, whatever
    /// the degree.
    fn filtered(&self) -> Vec<f32> {
        let (graph, width) = (self.graph, self.histories.len());
        let mut current = vec![0.0; graph.n_items() * width];
        let Some((&highest, lower)) = self.coefficients.split_last() else {
            return current;
        };
        self.add_to(&mut current, highest);
        let mut before = vec![0.0; current.len()];
        let mut at_users = Vec::new();
        for (degree, &coefficient) in lower.iter().enumerate().rev() {
            if degree + 1 == lower.len() {
                graph.sparse_to_users(self.entries(highest), width, &mut at_users);
            } else {
                graph.to_users(&current, width, &mut at_users);
            }
            // L̃ = I - 2P, and the last step takes L̃ once where the others take it twice.
            let times = if degree == 0 { 1.0 } else { 2.0 };
            let step = Step {
                slope: -2.0 * times,
                shift: times,
            };
            graph.recur(step, &at_users, &current, &mut before, width);
            self.add_to(&mut before, coefficient);
            std::mem::swap(&mut before, &mut current);
        }
        current
    }
}
