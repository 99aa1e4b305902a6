//! Final user and item tables on the host, and their scores by blocked matrix products.

use std::ops::Range;

use super::mlp::{Projected, ScoreHead};
use super::score_source::ScoreSource;

/// Rows of every matrix product. Fewer users are padded to it, so that one user's scores come from the
/// same instructions, and have the same bits, whoever else is in the block.
const ROWS: usize = 64;
/// Items of a product: the tile of scores (256 KiB) stays in a core's cache until it is selected from.
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

    fn user(&self, user: u32) -> &[f32] {
        &self.users[user as usize * self.dim..][..self.dim]
    }

    fn dot_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let width = items.len();
        let item_rows = &self.items[items.start * self.dim..items.end * self.dim];
        let mut gathered = vec![0.0; ROWS * self.dim];
        let mut padded = Vec::new();
        for (users, out) in users.chunks(ROWS).zip(out.chunks_mut(ROWS * width)) {
            for (row, &user) in gathered.chunks_exact_mut(self.dim).zip(users) {
                row.copy_from_slice(self.user(user));
            }
            if users.len() == ROWS {
                product(&gathered, item_rows, self.dim, out);
            } else {
                padded.resize(ROWS * width, 0.0);
                product(&gathered, item_rows, self.dim, &mut padded);
                out.copy_from_slice(&padded[..out.len()]);
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

/// `out = left right^T` with `left` `[ROWS x dim]`, `right` `[n x dim]`, `out` `[ROWS x n]`, all row-major,
/// on the calling thread alone.
fn product(left: &[f32], right: &[f32], dim: usize, out: &mut [f32]) {
    let n = right.len() / dim;
    assert!(left.len() == ROWS * dim && right.len() == n * dim && out.len() == ROWS * n);
    // SAFETY: the sizes asserted above make every index that the shapes and strides reach valid, `out` is
    // borrowed mutably and so overlaps neither input, and it is not read (`read_dst` is false).
    unsafe {
        gemm::gemm(
            ROWS,
            n,
            dim,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            left.as_ptr(),
            1,
            dim as isize,
            right.as_ptr(),
            dim as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
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
        embeddings.score_into(&[1, 0], &mut out);
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
        embeddings.score_into(&[0], &mut out);
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
