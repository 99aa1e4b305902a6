//! Dropout of directed edges.

use rayon::prelude::*;

use super::masks::EdgeDropout;
use crate::graph::Adjacency;
use crate::kernels::cpu::spmm::CsrView;

impl Adjacency {
    /// The same graph with each directed edge dropped with probability `rate` and the others
    /// scaled by `1 / (1 - rate)`. The choice is a pure function of `(seed, edge)`.
    #[must_use]
    pub fn drop_edges(&self, rate: f64, seed: u64) -> Self {
        let matrix = self.matrix();
        let transposed = matrix.view(true).values;
        let (values, transposed) = drop_edges(matrix.view(false), transposed, rate, seed);
        self.with_matrix(matrix.with_values(values, transposed))
    }
}

/// Inverted dropout of directed edges: new values, and new values of the transpose. The draw of
/// edge `r -> c` depends on `(seed, r, c)` alone, so both arrays are made without a permutation.
fn drop_edges(
    matrix: CsrView<'_>,
    transposed: &[f32],
    rate: f64,
    seed: u64,
) -> (Vec<f32>, Vec<f32>) {
    let CsrView {
        row_ptr,
        columns,
        values,
    } = matrix;
    let dropout = EdgeDropout::new(rate, seed);
    let fill = |row: usize, out: &mut [f32], out_transposed: &mut [f32]| {
        let edges = row_ptr[row] as usize..row_ptr[row + 1] as usize;
        for (at, edge) in edges.enumerate() {
            let column = columns[edge];
            out[at] = values[edge] * dropout.factor(row as u32, column);
            out_transposed[at] = transposed[edge] * dropout.factor(column, row as u32);
        }
    };
    let (mut kept, mut kept_transposed) = (vec![0.0; values.len()], vec![0.0; values.len()]);
    let (mut rest, mut rest_transposed) = (&mut kept[..], &mut kept_transposed[..]);
    let mut rows = Vec::with_capacity(row_ptr.len() - 1);
    for (row, bounds) in row_ptr.windows(2).enumerate() {
        let n_edges = (bounds[1] - bounds[0]) as usize;
        let (out, tail) = rest.split_at_mut(n_edges);
        let (out_transposed, tail_transposed) = rest_transposed.split_at_mut(n_edges);
        (rest, rest_transposed) = (tail, tail_transposed);
        rows.push((row, out, out_transposed));
    }
    rows.into_par_iter()
        .for_each(|(row, out, out_transposed)| fill(row, out, out_transposed));
    (kept, kept_transposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transpose_of_dropped_edges_drops_the_same_edges() {
        // Nodes 0 and 1 against node 2, both ways: edges 0->2, 1->2, 2->0, 2->1.
        let (row_ptr, columns) = ([0, 1, 2, 4], [2, 2, 0, 1]);
        let values = [1.0, 2.0, 3.0, 4.0];
        let matrix = CsrView {
            row_ptr: &row_ptr,
            columns: &columns,
            values: &values,
        };
        let transposed = [3.0, 4.0, 1.0, 2.0];
        for seed in 0..50 {
            let (v, t) = drop_edges(matrix, &transposed, 0.5, seed);
            assert_eq!([v[2], v[3], v[0], v[1]], [t[0], t[1], t[2], t[3]]);
        }
    }
}
