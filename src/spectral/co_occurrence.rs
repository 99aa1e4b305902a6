//! The normalised co-occurrence of items `P = R̃ᵀ R̃` with `R̃ = D_u^-1/2 R D_i^-1/2`, kept as its two sparse halves:
//! the graph of items itself, with an edge for every two items of a user, is never formed.

use sagebrush_model::SparseMatrix;

use super::SpectralError;
use super::segments::Segments;
use crate::data::{Csr, ItemLists};

/// The graph of items that share users. Its eigenvalues lie in `[0, 1]`.
#[derive(Debug, Clone)]
pub struct CoOccurrence {
    /// `R̃`, a row per user.
    by_user: Segments,
    /// `R̃ᵀ`, a row per item.
    by_item: Segments,
}

impl CoOccurrence {
    /// The graph of the interactions `lists`; a user or an item without any has an empty row.
    ///
    /// # Errors
    /// When there are more interactions than 32-bit offsets can number.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn new(lists: &ItemLists, n_items: usize) -> Result<Self, SpectralError> {
        let n_entries = lists.n_pairs();
        if u32::try_from(n_entries).is_err() {
            return Err(SpectralError::TooManyEntries { n_entries });
        }
        let (by_user, by_item) = (lists.rows(), lists.users_by_item(n_items));
        let (of_users, of_items) = (degrees(by_user), degrees(&by_item));
        Ok(Self {
            by_user: Segments::new(normalized(by_user, &of_users, &of_items)),
            by_item: Segments::new(normalized(&by_item, &of_items, &of_users)),
        })
    }

    /// How many users there are.
    pub fn n_users(&self) -> usize {
        self.by_user.n_rows()
    }

    /// How many items there are.
    pub fn n_items(&self) -> usize {
        self.by_item.n_rows()
    }

    /// How many users an item has.
    pub fn degree(&self, item: usize) -> usize {
        self.by_item.n_entries_of(item)
    }

    /// How many interactions there are.
    pub fn n_entries(&self) -> usize {
        self.by_user.n_entries()
    }

    /// How many pairs of items users have, each with itself too, added up over users.
    pub fn n_pairs(&self) -> f64 {
        let users = 0..self.n_users();
        users
            .map(|user| (self.by_user.n_entries_of(user) as f64).powi(2))
            .sum()
    }

    /// Adds a multiple of a row of `P` to `row`, user by user.
    pub fn add_row(&self, item: usize, factor: f32, row: &mut [f32]) {
        for (user, weight) in self.by_item.entries(item) {
            let weight = factor * weight;
            for (other, of_other) in self.by_user.entries(user as usize) {
                row[other as usize] += weight * of_other;
            }
        }
    }

    /// `R̃ x`, with `x` a row-major table `[n_items, width]`.
    pub fn to_users(&self, x: &[f32], width: usize, out: &mut Vec<f32>) {
        out.clear();
        out.reserve_exact(self.n_users() * width);
        self.by_user
            .product(x, width, |_, rows| out.extend_from_slice(rows));
    }

    /// `R̃ x` for an `x` that is almost all zeros, given as `(item, column, value)` by ascending item in each
    /// column. The same bits as [`to_users`](Self::to_users), for as little work as there are entries.
    pub fn sparse_to_users(
        &self,
        entries: impl Iterator<Item = (u32, usize, f32)> + Clone,
        width: usize,
        out: &mut Vec<f32>,
    ) {
        out.clear();
        out.resize(self.n_users() * width, 0.0);
        // Piece by piece, so that the users written to are near.
        for users in self.by_item.pieces() {
            for (item, column, value) in entries.clone() {
                for (user, weight) in users.entries(item as usize) {
                    out[user as usize * width + column] += weight * value;
                }
            }
        }
    }

    /// `before <- slope R̃ᵀ at_users + shift x - before`: with `at_users = R̃ x`, one step of a three-term recurrence
    /// in `P`, done in place.
    pub fn recur(&self, step: Step, at_users: &[f32], x: &[f32], before: &mut [f32], width: usize) {
        let Step { slope, shift } = step;
        self.by_item.product(at_users, width, |start, product| {
            let place = start * width..start * width + product.len();
            let sides = product.iter().zip(&x[place.clone()]);
            for (before, (product, x)) in before[place].iter_mut().zip(sides) {
                *before = slope * product + shift * x - *before;
            }
        });
    }
}

/// The factors of a three-term recurrence.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Factor of `P x`.
    pub slope: f32,
    /// Factor of `x`.
    pub shift: f32,
}

fn degrees(rows: &Csr) -> Vec<f64> {
    let rows_of = 0..rows.n_rows() as u32;
    rows_of.map(|row| f64::from(rows.degree(row))).collect()
}

/// The entries of `rows` over the square root of the product of both degrees.
fn normalized(rows: &Csr, of_rows: &[f64], of_columns: &[f64]) -> SparseMatrix {
    let value = |(row, column): (u32, u32)| {
        (1.0 / (of_rows[row as usize] * of_columns[column as usize]).sqrt()) as f32
    };
    let row_ptr = rows.row_ptr().iter().map(|&at| at as u32).collect();
    let values = rows.pairs().map(value).collect();
    SparseMatrix::new(of_columns.len(), row_ptr, rows.columns().to_vec(), values)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// User 0 has items 0 and 1, user 1 has item 1; user 2 and item 2 have nothing.
    fn graph() -> CoOccurrence {
        let lists = ItemLists::from_pairs(3, [(0, 0), (0, 1), (1, 1)].into_iter());
        CoOccurrence::new(&lists, 3).unwrap()
    }

    #[test]
    fn a_step_by_hand() {
        // R̃ = [[1/√2, 1/2, 0], [0, 1/√2, 0], [0, 0, 0]], so that P = [[1/2, 1/√8, 0], [1/√8, 3/4, 0], 0].
        let (graph, x) = (graph(), [2.0, 4.0, 8.0]);
        let (mut users, mut sparse) = (Vec::new(), Vec::new());
        graph.to_users(&x, 1, &mut users);
        let entries = [(0, 0, 2.0), (1, 0, 4.0), (2, 0, 8.0)];
        graph.sparse_to_users(entries.into_iter(), 1, &mut sparse);
        assert_eq!(users, sparse);
        let mut before = [1.0, 1.0, 1.0];
        let step = Step {
            slope: 10.0,
            shift: 1.0,
        };
        graph.recur(step, &users, &x, &mut before, 1);
        let root = 8f32.sqrt();
        let expected = [
            10.0 * (1.0 + 4.0 / root) + 1.0,
            10.0 * (2.0 / root + 3.0) + 3.0,
            7.0,
        ];
        for (found, expected) in before.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
        assert_eq!([0, 1, 2].map(|item| graph.degree(item)), [1, 2, 0]);
        let mut row = [1.0, 0.0, 0.0];
        graph.add_row(1, 2.0, &mut row);
        assert!((row[0] - 1.0 - 1.0 / 2f32.sqrt()).abs() < 1e-6 && (row[1] - 1.5).abs() < 1e-6);
        assert_eq!((graph.n_entries(), graph.n_pairs()), (3, 5.0));
    }
}
