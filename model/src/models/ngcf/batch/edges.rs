//! The sparse product for a tile of rows, over the edges that bring something.

use super::plan::LayerDropout;
use crate::spmm::host::product_rows;
use crate::spmm::tables::Rows;
use crate::spmm::{CsrView, Isa, Matrix};

/// The matrix of one layer, seen from one side.
#[derive(Clone, Copy)]
pub(super) struct LayerMatrix<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) dropout: &'a LayerDropout,
    pub(super) transposed: bool,
    /// The columns whose rows are there; all others are zero.
    pub(super) present: Option<&'a [bool]>,
}

/// Rows of the matrix without the edges that bring nothing.
#[derive(Default)]
pub(super) struct Thinned {
    row_ptr: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl LayerMatrix<'_> {
    /// The product's rows of `nodes`, packed into `out`.
    pub(super) fn product(
        self,
        isa: Isa,
        source: impl Rows,
        width: usize,
        nodes: &[u32],
        thinned: &mut Thinned,
        out: &mut Vec<f32>,
    ) {
        let whole = self.matrix.host.view(self.transposed);
        if self.dropout.thins() || self.present.is_some() {
            thinned.fill(self, whole, nodes);
            product_rows(isa, thinned.view(), source, width, 0..nodes.len(), out);
        } else {
            let rows = nodes.iter().map(|&node| node as usize);
            product_rows(isa, whole, source, width, rows, out);
        }
    }

    /// What dropout makes of the entry in `row` and `column`. Seen from the other side the message
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
}

impl Thinned {
    fn fill(&mut self, layer: LayerMatrix<'_>, whole: CsrView<'_>, nodes: &[u32]) {
        self.row_ptr.clear();
        self.columns.clear();
        self.values.clear();
        self.row_ptr.push(0);
        let thins = layer.dropout.thins();
        for &row in nodes {
            let edges =
                whole.row_ptr[row as usize] as usize..whole.row_ptr[row as usize + 1] as usize;
            let columns = &whole.columns[edges.clone()];
            let mut kept = self.columns.len();
            self.columns.resize(kept + columns.len(), 0);
            self.values.resize(kept + columns.len(), 0.0);
            // No branch: which edges stay is as good as random.
            for (&column, &value) in columns.iter().zip(&whole.values[edges]) {
                let present = layer.present.is_none_or(|present| present[column as usize]);
                let factor = if thins {
                    layer.factor(row, column)
                } else {
                    1.0
                };
                self.columns[kept] = column;
                self.values[kept] = value * factor;
                kept += usize::from(present & (factor != 0.0));
            }
            self.columns.truncate(kept);
            self.values.truncate(kept);
            self.row_ptr.push(kept as u32);
        }
    }

    fn view(&self) -> CsrView<'_> {
        CsrView {
            row_ptr: &self.row_ptr,
            columns: &self.columns,
            values: &self.values,
        }
    }
}
