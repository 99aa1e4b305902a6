//! Final user and item tables on the host, and their scores by blocked products.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use sagebrush_model::ScoreHead;

use super::item_side::ItemSide;
use super::kernel::{ITEMS, Tile, USERS};
use super::mlp::{Output, project_users};
use super::panels::{pack_items, pack_users};
use super::score_source::{ScoreSource, offer_by_tiles};
use super::selection::Selection;
use crate::failure::{Fails, Failure};

/// Items scored at once by a perceptron: the tile of scores stays in a core's cache until it is selected from.
const ITEMS_PER_TILE: usize = 1024;
/// From so many users on, some items to rank among are worth a table of their own.
const USERS_WORTH_A_TABLE: usize = 32;

/// The tables a trained model is served from: one row a user, one row an item, and the score head.
#[derive(Debug)]
pub struct Tables {
    n_users: usize,
    /// Shared with tables of more items.
    users: Arc<Vec<f32>>,
    /// The users' half of a perceptron's hidden layer; empty for a dot product.
    projected: Vec<f32>,
    items: Arc<ItemSide>,
}

/// Tables whose sizes do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{part} holds {found} numbers where {expected} are expected; the model is damaged or of another shape"
)]
pub struct TablesError {
    /// The table or weight at fault.
    pub part: &'static str,
    /// Its numbers.
    pub found: usize,
    /// The numbers its shape asks for.
    pub expected: usize,
}

impl Tables {
    /// Tables `users` `[n_users x dim]` and `items` `[n_items x dim]`, row-major, scored by `head`.
    ///
    /// # Errors
    /// When a table or a weight of the head has another size than its shape says, or `dim` is 0.
    pub fn new(
        n_users: usize,
        n_items: usize,
        dim: usize,
        users: Vec<f32>,
        items: Vec<f32>,
        head: ScoreHead,
    ) -> Result<Self, TablesError> {
        if dim == 0 {
            return Err(TablesError {
                part: "an embedding row",
                found: 0,
                expected: 1,
            });
        }
        expect_size("the user table", users.len(), n_users.saturating_mul(dim))?;
        expect_size("the item table", items.len(), n_items.saturating_mul(dim))?;
        if let ScoreHead::Mlp {
            hidden,
            user_weight,
            item_weight,
            bias,
            output,
            ..
        } = &head
        {
            let weights = hidden.saturating_mul(dim);
            expect_size("the hidden layer", *hidden, (*hidden).max(1))?;
            expect_size("the head's user weight", user_weight.len(), weights)?;
            expect_size("the head's item weight", item_weight.len(), weights)?;
            expect_size("the head's bias", bias.len(), *hidden)?;
            expect_size("the head's output weight", output.len(), *hidden)?;
        }
        Ok(Self::over(Arc::new(ItemSide::new(dim, items, head)), users))
    }

    /// Users `[n x dim]` over items that are there.
    fn over(items: Arc<ItemSide>, users: Vec<f32>) -> Self {
        Self {
            n_users: users.len() / items.dim,
            projected: project_users(&items.head, &users, items.dim),
            users: Arc::new(users),
            items,
        }
    }

    /// Width of a row.
    pub fn dim(&self) -> usize {
        self.items.dim
    }

    /// The user table, `[n_users x dim]`, row-major.
    pub fn users(&self) -> &[f32] {
        &self.users
    }

    /// The item table, `[n_items x dim]`, row-major.
    pub fn items(&self) -> &[f32] {
        &self.items.rows
    }

    /// How a score is taken from two rows.
    pub fn head(&self) -> &ScoreHead {
        &self.items.head
    }

    pub(super) fn item_side(&self) -> &ItemSide {
        &self.items
    }

    /// The same tables with the prior as one more coordinate: `[z_u, a]` and `[z_i, log(1 + p_i / e)]`. A score is a
    /// dot product still.
    ///
    /// # Panics
    /// When there is not one term an item, the score is no dot product, or there is a prior already.
    #[must_use]
    pub fn with_prior(self, weight: f32, terms: &[f32]) -> Self {
        assert_eq!(terms.len(), self.items.n_items, "a term an item");
        assert!(matches!(self.items.head, ScoreHead::Dot), "a dot product");
        assert!(self.items.prior.is_none(), "one prior");
        let dim = self.dim();
        let users = widened(&self.users, dim, std::iter::repeat(weight));
        let items = widened(&self.items.rows, dim, terms.iter().copied());
        let side = ItemSide::new(dim + 1, items, ScoreHead::Dot);
        Self::over(Arc::new(side), users).whose_last_is_the_prior(weight)
    }

    /// The same tables, whose last column is known to be a prior of this weight.
    ///
    /// # Panics
    /// When the items are shared already.
    pub(super) fn whose_last_is_the_prior(mut self, weight: f32) -> Self {
        let Some(side) = Arc::get_mut(&mut self.items) else {
            panic!("the items are shared before their prior is known");
        };
        side.prior = Some(weight);
        self
    }

    /// The weight of the prior, where the last column is one.
    pub fn prior(&self) -> Option<f32> {
        self.items.prior
    }

    /// Width of a row without the prior.
    pub fn own_dim(&self) -> usize {
        self.items.own_dim()
    }

    /// The item table without the prior, `[n_items x own_dim]`, row-major.
    pub fn own_items(&self) -> Cow<'_, [f32]> {
        let rows = &self.items.rows;
        match self.prior() {
            None => Cow::Borrowed(rows),
            Some(_) => {
                let own = |row| &<[f32]>::as_ref(row)[..self.own_dim()];
                rows.chunks_exact(self.dim())
                    .flat_map(own)
                    .copied()
                    .collect()
            }
        }
    }

    /// The user table without the prior, `[n_users x own_dim]`, row-major.
    pub fn own_users(&self) -> Cow<'_, [f32]> {
        match self.prior() {
            None => Cow::Borrowed(&self.users[..]),
            Some(_) => {
                let own = |row| &<[f32]>::as_ref(row)[..self.own_dim()];
                let rows = self.users.chunks_exact(self.dim());
                rows.flat_map(own).copied().collect()
            }
        }
    }

    /// The same users and head with more items behind those there are, `[n x dim]`, row-major. The item table is copied, the
    /// user table is not.
    ///
    /// # Errors
    /// Rows of another width.
    pub(super) fn with_items(&self, rows: &[f32]) -> Result<Self, TablesError> {
        let whole = rows.len() / self.dim() * self.dim();
        expect_size("the table of new items", rows.len(), whole)?;
        let all = [self.items(), rows].concat();
        let mut items = ItemSide::new(self.dim(), all, self.head().clone());
        items.prior = self.prior();
        Ok(Self {
            items: Arc::new(items),
            n_users: self.n_users,
            users: Arc::clone(&self.users),
            projected: self.projected.clone(),
        })
    }

    /// The same items and head with other users, `[n x own_dim]`, row-major; all have the prior. Nothing of the items is
    /// copied.
    pub(super) fn with_users(&self, own: Vec<f32>) -> Self {
        let users = match self.prior() {
            None => own,
            Some(weight) => widened(&own, self.own_dim(), std::iter::repeat(weight)),
        };
        Self::over(Arc::clone(&self.items), users)
    }

    fn user(&self, user: u32) -> &[f32] {
        &self.users[user as usize * self.dim()..][..self.dim()]
    }
}

/// Rows of `dim` numbers with one more at the end of each.
fn widened(rows: &[f32], dim: usize, last: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut wide = Vec::with_capacity(rows.len() + rows.len() / dim.max(1));
    for (row, last) in rows.chunks_exact(dim).zip(last) {
        wide.extend_from_slice(row);
        wide.push(last);
    }
    wide
}

/// The inner products of `users` with `items`, `[users.len() x items.len()]`, row-major.
fn dot_tile<'a>(
    dim: usize,
    users: impl ExactSizeIterator<Item = &'a [f32]>,
    items: impl ExactSizeIterator<Item = &'a [f32]>,
    out: &mut [f32],
) {
    let width = items.len();
    let item_panels = pack_items(items, dim);
    let user_panels = pack_users(users, dim);
    let mut tile = Tile::new();
    for (panel, lanes) in item_panels.chunks_exact(dim).enumerate() {
        let start = panel * ITEMS;
        let kept = ITEMS.min(width - start);
        let blocks = out.chunks_mut(USERS * width);
        for (users, out) in user_panels.chunks_exact(dim).zip(blocks) {
            tile.fill(users, lanes, &[f32::INFINITY; USERS]);
            for (row, scores) in out.chunks_exact_mut(width).zip(&tile.scores) {
                row[start..start + kept].copy_from_slice(&scores[..kept]);
            }
        }
    }
}

pub(super) fn expect_size(
    part: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), TablesError> {
    if found == expected {
        Ok(())
    } else {
        Err(TablesError {
            part,
            found,
            expected,
        })
    }
}

impl ScoreSource for Tables {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.items.n_items
    }

    fn items_per_tile(&self) -> usize {
        ITEMS_PER_TILE
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        assert_eq!(
            out.len(),
            users.len() * items.len(),
            "one score a user and item"
        );
        if items.is_empty() {
            return;
        }
        let dim = self.dim();
        match &self.items.head {
            ScoreHead::Dot => {
                let users = users.iter().map(|&user| self.user(user));
                let rows = self.items.rows[items.start * dim..items.end * dim].chunks_exact(dim);
                dot_tile(dim, users, rows, out);
            }
            ScoreHead::Mlp {
                hidden,
                output,
                output_bias,
                ..
            } => {
                let output = Output {
                    weights: output,
                    bias: *output_bias,
                };
                for (&user, row) in users.iter().zip(out.chunks_exact_mut(items.len())) {
                    let user = &self.projected[user as usize * hidden..][..*hidden];
                    output.score_row(user, &self.items.projected, items.clone(), row);
                }
            }
        }
    }

    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        match self.items.head {
            ScoreHead::Dot => {
                let rows: Vec<&[f32]> = users.iter().map(|&user| self.user(user)).collect();
                self.items.panels().search(&rows, selections);
            }
            ScoreHead::Mlp { .. } => offer_by_tiles(self, users, selections),
        }
    }

    fn part<'a>(&'a self, users: &'a [u32], items: &'a [u32]) -> Option<Box<dyn ScoreSource + 'a>> {
        if let ScoreHead::Mlp { .. } = self.items.head {
            return None;
        }
        let chosen = Chosen {
            tables: self,
            users,
            items,
        };
        Some(if users.len() < USERS_WORTH_A_TABLE {
            Box::new(chosen)
        } else {
            Box::new(chosen.gathered())
        })
    }
}

/// Some users and items of tables whose score is a dot product: each item's row is read where it lies.
struct Chosen<'a> {
    tables: &'a Tables,
    users: &'a [u32],
    items: &'a [u32],
}

impl Chosen<'_> {
    /// The same as tables of their own, whose items are sorted by length once for all users.
    fn gathered(&self) -> Tables {
        let Self { tables, .. } = self;
        let users = self.users.iter().flat_map(|&user| tables.user(user));
        let items = self.items.iter().flat_map(|&item| tables.items.row(item));
        let items = ItemSide::new(tables.dim(), items.copied().collect(), ScoreHead::Dot);
        Tables::over(Arc::new(items), users.copied().collect())
    }
}

impl ScoreSource for Chosen<'_> {
    fn n_users(&self) -> usize {
        self.users.len()
    }

    fn n_items(&self) -> usize {
        self.items.len()
    }

    fn items_per_tile(&self) -> usize {
        ITEMS_PER_TILE
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let Self { tables, .. } = self;
        let row = |&user: &u32| tables.user(self.users[user as usize]);
        let items = self.items[items].iter();
        dot_tile(
            tables.dim(),
            users.iter().map(row),
            items.map(|&item| tables.items.row(item)),
            out,
        );
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
impl Tables {
    /// Entries between -1 and 1, the same at every call.
    pub(crate) fn random(n_users: usize, n_items: usize, dim: usize) -> Self {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut table = |n: usize| {
            (0..n * dim)
                .map(|_| rng.random_range(-1.0f32..1.0))
                .collect()
        };
        let (users, items) = (table(n_users), table(n_items));
        Self::new(n_users, n_items, dim, users, items, ScoreHead::Dot).unwrap()
    }
}

impl Fails for TablesError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dot_scores_by_hand() {
        let users = vec![1.0, 2.0, -1.0, 0.5];
        let items = vec![3.0, 4.0, 0.0, -2.0, 1.0, 1.0];
        let tables = Tables::new(2, 3, 2, users, items, ScoreHead::Dot).unwrap();
        let mut out = vec![f32::NAN; 6];
        tables.score_tile(&[1, 0], 0..3, &mut out);
        assert_eq!(out, [-1.0, -1.0, -0.5, 11.0, -4.0, 3.0]);
    }

    #[test]
    fn mlp_scores_by_hand() {
        let head = ScoreHead::Mlp {
            hidden: 2,
            user_weight: vec![1.0, 0.0, 0.0, 1.0],
            item_weight: vec![2.0, 0.0, 0.0, -1.0],
            bias: vec![0.5, -1.0],
            output: vec![10.0, 100.0],
            output_bias: -7.0,
        };
        let tables = Tables::new(1, 2, 2, vec![1.0, 3.0], vec![-2.0, 1.0, 1.0, 5.0], head).unwrap();
        let mut out = vec![0.0; 2];
        tables.score_tile(&[0], 0..2, &mut out);
        // Item 0: units 1 - 4 + 0.5 < 0 and 3 - 1 - 1 = 1. Item 1: units 1 + 2 + 0.5 = 3.5 and 3 - 5 - 1 < 0.
        assert_eq!(out, [93.0, 28.0]);
    }

    #[test]
    fn a_table_of_another_size_is_refused() {
        let error = Tables::new(2, 1, 2, vec![0.0; 3], vec![0.0; 2], ScoreHead::Dot);
        let error = error.unwrap_err();
        assert_eq!(
            (error.part, error.found, error.expected),
            ("the user table", 3, 4)
        );
    }
}
