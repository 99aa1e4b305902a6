//! The batch-shared negatives in panels of 64, the width a block of sums has, transposed and not.

use crate::kernels::cpu::isa::Arithmetic;
use crate::kernels::cpu::small_product::{add_product, add_transposed_product};

/// Items of a panel.
pub(super) const PANEL: usize = 64;

/// Scores of a panel for one user.
pub(super) type Lanes = [f32; PANEL];

/// Rows of items, the last panel filled up with zeros.
pub(super) struct Panels {
    width: usize,
    /// `[n_panels, PANEL, width]`
    rows: Vec<f32>,
    /// `[n_panels, width, PANEL]`
    columns: Vec<f32>,
}

impl Panels {
    /// Packs rows of `width` floats.
    pub(super) fn new(rows: &[f32], width: usize) -> Self {
        let n_panels = (rows.len() / width.max(1)).div_ceil(PANEL);
        let mut padded = rows.to_vec();
        padded.resize(n_panels * PANEL * width, 0.0);
        let mut columns = vec![0.0; padded.len()];
        let panels = padded
            .chunks_exact((PANEL * width).max(1))
            .zip(columns.chunks_exact_mut((PANEL * width).max(1)));
        for (rows, columns) in panels {
            for (lane, row) in rows.chunks_exact(width).enumerate() {
                for (column, &value) in columns.chunks_exact_mut(PANEL).zip(row) {
                    column[lane] = value;
                }
            }
        }
        Self {
            width,
            rows: padded,
            columns,
        }
    }

    /// How many panels there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() / (PANEL * self.width).max(1)
    }

    fn part<'a>(&self, table: &'a [f32], panel: usize) -> &'a [f32] {
        let size = PANEL * self.width;
        &table[panel * size..][..size]
    }

    /// `scores = users panelᵀ`, `[n, width] -> [n, PANEL]`.
    #[inline(always)]
    pub(super) fn score<A: Arithmetic>(&self, panel: usize, users: &[f32], scores: &mut [Lanes]) {
        let scores = scores.as_flattened_mut();
        scores.fill(0.0);
        let columns = self.part(&self.columns, panel);
        add_product::<A>(users, self.width, columns, PANEL, scores);
    }

    /// Adds `weights panel` to the users' gradient, and `weightsᵀ users` to the panel's.
    #[inline(always)]
    pub(super) fn spread<A: Arithmetic>(
        &self,
        panel: usize,
        weights: &[Lanes],
        users: &[f32],
        of_users: &mut [f32],
        of_panels: &mut [f32],
    ) {
        let weights = weights.as_flattened();
        add_product::<A>(
            weights,
            PANEL,
            self.part(&self.rows, panel),
            self.width,
            of_users,
        );
        let size = PANEL * self.width;
        let of_panel = &mut of_panels[panel * size..][..size];
        add_transposed_product::<A>(weights, PANEL, users, self.width, of_panel);
    }
}
