//! Final user and item tables on the host, and their scores by blocked products.

use std::ops::Range;
use std::sync::OnceLock;

use super::kernel::{ITEMS, Tile, USERS};
use super::mlp::{Projected, ScoreHead};
use super::panels::{ItemPanels, pack_items, pack_users};
use super::score_source::{ScoreSource, offer_by_tiles};
use super::selection::Selection;
use crate::failure::{Fails, Failure};

/// Items scored at once by a perceptron: the tile of scores stays in a core's cache until it is selected from.
const ITEMS_PER_TILE: usize = 1024;

/// The tables a trained model is served from: one row a user, one row an item, and the score head.
#[derive(Debug, Clone)]
pub struct Embeddings {
    n_users: usize,
    n_items: usize,
    dim: usize,
    users: Vec<f32>,
    items: Vec<f32>,
    head: ScoreHead,
    projected: Option<Projected>,
    /// A second copy of the item table, made when the first list is asked for.
    panels: OnceLock<ItemPanels>,
}

/// Tables whose sizes do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{part} holds {found} numbers where {expected} are expected; the model is damaged or of another shape"
)]
pub struct EmbeddingsError {
    /// The table or weight at fault.
    pub part: &'static str,
    /// Its numbers.
    pub found: usize,
    /// The numbers its shape asks for.
    pub expected: usize,
}

impl Embeddings {
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
    ) -> Result<Self, EmbeddingsError> {
        if dim == 0 {
            return Err(EmbeddingsError {
                part: "an embedding row",
                found: 0,
                expected: 1,
            });
        }
        expect_size("the user table", users.len(), n_users.saturating_mul(dim))?;
        expect_size("the item table", items.len(), n_items.saturating_mul(dim))?;
        if let ScoreHead::Mlp(mlp) = &head {
            let weights = mlp.hidden.saturating_mul(dim);
            expect_size("the hidden layer", mlp.hidden, mlp.hidden.max(1))?;
            expect_size("the head's user weight", mlp.user_weight.len(), weights)?;
            expect_size("the head's item weight", mlp.item_weight.len(), weights)?;
            expect_size("the head's bias", mlp.bias.len(), mlp.hidden)?;
            expect_size("the head's output weight", mlp.output.len(), mlp.hidden)?;
        }
        let projected = match &head {
            ScoreHead::Dot => None,
            ScoreHead::Mlp(mlp) => Some(mlp.project(&users, &items, dim)),
        };
        Ok(Self {
            n_users,
            n_items,
            dim,
            users,
            items,
            head,
            projected,
            panels: OnceLock::new(),
        })
    }

    /// Width of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The user table, `[n_users x dim]`, row-major.
    pub fn users(&self) -> &[f32] {
        &self.users
    }

    /// The item table, `[n_items x dim]`, row-major.
    pub fn items(&self) -> &[f32] {
        &self.items
    }

    /// How a score is taken from two rows.
    pub fn head(&self) -> &ScoreHead {
        &self.head
    }

    /// The same users and head with more items behind those there are, `[n x dim]`, row-major.
    ///
    /// # Errors
    /// Rows of another width.
    pub(super) fn with_items(self, rows: &[f32]) -> Result<Self, EmbeddingsError> {
        let whole = rows.len() / self.dim * self.dim;
        expect_size("the table of new items", rows.len(), whole)?;
        let mut items = self.items;
        items.extend_from_slice(rows);
        let n_items = items.len() / self.dim;
        Self::new(
            self.n_users,
            n_items,
            self.dim,
            self.users,
            items,
            self.head,
        )
    }

    /// The same items and head with other users, `[n x dim]`, row-major.
    pub(super) fn with_users(&self, users: Vec<f32>) -> Self {
        let projected = match &self.head {
            ScoreHead::Dot => None,
            ScoreHead::Mlp(mlp) => Some(mlp.project(&users, &self.items, self.dim)),
        };
        Self {
            n_users: users.len() / self.dim,
            users,
            projected,
            ..self.clone()
        }
    }

    fn user(&self, user: u32) -> &[f32] {
        &self.users[user as usize * self.dim..][..self.dim]
    }

    fn dot_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let width = items.len();
        let item_rows =
            self.items[items.start * self.dim..items.end * self.dim].chunks_exact(self.dim);
        let item_panels = pack_items(item_rows, self.dim);
        let user_panels = pack_users(users.iter().map(|&user| self.user(user)), self.dim);
        let mut tile = Tile::new();
        for (panel, lanes) in item_panels.chunks_exact(self.dim).enumerate() {
            let start = panel * ITEMS;
            let kept = ITEMS.min(width - start);
            let blocks = out.chunks_mut(USERS * width);
            for (users, out) in user_panels.chunks_exact(self.dim).zip(blocks) {
                tile.fill(users, lanes, &[f32::INFINITY; USERS]);
                for (row, scores) in out.chunks_exact_mut(width).zip(&tile.scores) {
                    row[start..start + kept].copy_from_slice(&scores[..kept]);
                }
            }
        }
    }
}

fn expect_size(part: &'static str, found: usize, expected: usize) -> Result<(), EmbeddingsError> {
    if found == expected {
        Ok(())
    } else {
        Err(EmbeddingsError {
            part,
            found,
            expected,
        })
    }
}

impl ScoreSource for Embeddings {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.n_items
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
        match (&self.head, &self.projected) {
            (ScoreHead::Mlp(mlp), Some(projected)) => {
                for (&user, row) in users.iter().zip(out.chunks_exact_mut(items.len())) {
                    let from_user = &projected.users[user as usize * mlp.hidden..][..mlp.hidden];
                    mlp.score_row(from_user, projected, items.clone(), row);
                }
            }
            _ => self.dot_tile(users, items, out),
        }
    }

    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        match self.head {
            ScoreHead::Dot => {
                let rows: Vec<&[f32]> = users.iter().map(|&user| self.user(user)).collect();
                let panels = self
                    .panels
                    .get_or_init(|| ItemPanels::new(&self.items, self.dim));
                panels.search(&rows, selections);
            }
            ScoreHead::Mlp(_) => offer_by_tiles(self, users, selections),
        }
    }

    fn part(&self, users: &[u32], items: &[u32]) -> Option<Box<dyn ScoreSource>> {
        let gather = |rows: &[u32], table: &[f32]| {
            let rows = rows.iter().map(|&row| row as usize * self.dim);
            rows.flat_map(|start| &table[start..start + self.dim])
                .copied()
                .collect()
        };
        match self.head {
            ScoreHead::Dot => Some(Box::new(Self {
                n_users: users.len(),
                n_items: items.len(),
                dim: self.dim,
                users: gather(users, &self.users),
                items: gather(items, &self.items),
                head: ScoreHead::Dot,
                projected: None,
                panels: OnceLock::new(),
            })),
            ScoreHead::Mlp(_) => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
impl Embeddings {
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

impl Fails for EmbeddingsError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::MlpHead;

    #[test]
    fn dot_scores_by_hand() {
        let users = vec![1.0, 2.0, -1.0, 0.5];
        let items = vec![3.0, 4.0, 0.0, -2.0, 1.0, 1.0];
        let embeddings = Embeddings::new(2, 3, 2, users, items, ScoreHead::Dot).unwrap();
        let mut out = vec![f32::NAN; 6];
        embeddings.score_tile(&[1, 0], 0..3, &mut out);
        assert_eq!(out, [-1.0, -1.0, -0.5, 11.0, -4.0, 3.0]);
    }

    #[test]
    fn mlp_scores_by_hand() {
        let head = MlpHead {
            hidden: 2,
            user_weight: vec![1.0, 0.0, 0.0, 1.0],
            item_weight: vec![2.0, 0.0, 0.0, -1.0],
            bias: vec![0.5, -1.0],
            output: vec![10.0, 100.0],
            output_bias: -7.0,
        };
        let head = ScoreHead::Mlp(head);
        let embeddings =
            Embeddings::new(1, 2, 2, vec![1.0, 3.0], vec![-2.0, 1.0, 1.0, 5.0], head).unwrap();
        let mut out = vec![0.0; 2];
        embeddings.score_tile(&[0], 0..2, &mut out);
        // Item 0: units 1 - 4 + 0.5 < 0 and 3 - 1 - 1 = 1. Item 1: units 1 + 2 + 0.5 = 3.5 and 3 - 5 - 1 < 0.
        assert_eq!(out, [93.0, 28.0]);
    }

    #[test]
    fn a_table_of_another_size_is_refused() {
        let error = Embeddings::new(2, 1, 2, vec![0.0; 3], vec![0.0; 2], ScoreHead::Dot);
        let error = error.unwrap_err();
        assert_eq!(
            (error.part, error.found, error.expected),
            ("the user table", 3, 4)
        );
    }
}
