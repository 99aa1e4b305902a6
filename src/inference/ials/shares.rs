//! What each item of a history adds to the scores of somebody new: `w.h_j = sum_S h_i A^-1 h_j` (Hu, Koren and Volinsky
//! 2008, section 5).

use nalgebra::{Cholesky, DMatrix};

use super::side::Side;

impl Side {
    /// What each row of `history` adds to the scores of the `listed` rows for somebody with that history, a row for each of
    /// these; `None` where the numbers overflow.
    ///
    /// With `G = H_S D^-1/2` the system is `D^1/2 (I + GᵀG) D^1/2`, and the smaller of `I + GGᵀ` and `I + GᵀG` is solved.
    pub(super) fn shares(&self, history: &[u32], listed: &[u32]) -> Option<Vec<Vec<f64>>> {
        if history.is_empty() {
            return Some(vec![Vec::new(); listed.len()]);
        }
        let scales: Vec<f64> = self
            .diagonal(history.len())
            .map(|value| {
                if value > 0.0 {
                    value.sqrt().recip()
                } else {
                    0.0
                }
            })
            .collect();
        let scaled = |rows: &[u32]| {
            DMatrix::from_fn(rows.len(), self.width, |at, column| {
                f64::from(self.row(rows[at])[column]) * scales[column]
            })
        };
        let (own, others) = (scaled(history), scaled(listed).transpose());
        let shares = match history.len() < self.width {
            true => solved(&own * own.transpose(), &(&own * others))?,
            false => &own * solved(own.transpose() * &own, &others)?,
        };
        let of_listed = shares.column_iter();
        Some(
            of_listed
                .map(|shares| shares.iter().copied().collect())
                .collect(),
        )
    }
}

/// `(I + gram)^-1 right`.
fn solved(mut gram: DMatrix<f64>, right: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    for at in 0..gram.nrows() {
        gram[(at, at)] += 1.0;
    }
    Some(Cholesky::new(gram)?.solve(right))
}
