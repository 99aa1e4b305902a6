//! The sparse product for a tile of rows, over the edges whose terms are not zero.

use super::plan::LayerDropout;
use crate::graph::{Matrix, SparseRows};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::spmm::rows::Rows;
use crate::kernels::cpu::spmm::{CsrView, product_rows};

/// The matrix of one layer, seen from one side.
#[derive(Clone, Copy)]
pub(super) struct LayerMatrix<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) dropout: &'a LayerDropout,
    pub(super) transposed: bool,
    /// The columns whose rows are there; all others are zero.
    pub(super) present: Option<&'a [bool]>,
}

impl LayerMatrix<'_> {
    /// The product's rows of `nodes`, packed into `out`.
    pub(super) fn product(
        self,
        isa: Isa,
        source: impl Rows,
        width: usize,
        nodes: &[u32],
        thinned: &mut SparseRows,
        out: &mut Vec<f32>,
    ) {
        let whole = self.matrix.view(self.transposed);
        if self.dropout.thins() || self.present.is_some() {
            self.thin(whole, nodes, thinned);
            product_rows(isa, thinned.view(), source, width, 0..nodes.len(), out);
        } else {
            let rows = nodes.iter().map(|&node| node as usize);
            product_rows(isa, whole, source, width, rows, out);
        }
    }

    /// The factor that dropout gives the entry in `row` and `column`. Seen from the other side the message
    /// goes the other way.
    fn factor(&self, row: u32, column: u32) -> f32 {
        let (from, to) = match self.transposed {
            false => (row, column),
            true => (column, row),
        };
        let edge = self
            .dropout
            .edges
            .map_or(1.0, |edges| edges.factor(from, to));
        let senders = self.dropout.senders.as_ref();
        edge * senders.map_or(1.0, |factors| factors[to as usize])
    }

    /// The rows of `nodes` in `whole` without the edges whose terms are zero.
    fn thin(&self, whole: CsrView<'_>, nodes: &[u32], thinned: &mut SparseRows) {
        thinned.clear();
        let thins = self.dropout.thins();
        for &row in nodes {
            let edges =
                whole.row_ptr[row as usize] as usize..whole.row_ptr[row as usize + 1] as usize;
            let entries = whole.columns[edges.clone()]
                .iter()
                .zip(&whole.values[edges]);
            thinned.extend_kept(entries.map(|(&column, &value)| {
                let present = self.present.is_none_or(|present| present[column as usize]);
                let factor = if thins { self.factor(row, column) } else { 1.0 };
                (column, value * factor, present & (factor != 0.0))
            }));
            thinned.end_row();
        }
    }
}
