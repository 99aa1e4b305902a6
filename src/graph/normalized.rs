//! The normalized adjacency that models propagate along.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Csr, InteractionGraph};

/// How the adjacency `A` (or `A + I`) with degrees `D` is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    /// `D^-1/2 A D^-1/2` (NGCF's and LightGCN's papers).
    Symmetric,
    /// `D^-1 A`: the mean over neighbours.
    RowMean,
}

/// A square sparse matrix over `n_users + n_items` nodes, users first, with a symmetric pattern.
///
/// Columns ascend in each row. A node without an entry has an empty row, never a NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalizedCsr {
    /// Where each row starts; one more than there are nodes.
    pub row_ptr: Vec<u32>,
    /// Column of each entry, row after row.
    pub columns: Vec<u32>,
    /// Value of each entry.
    pub values: Vec<f32>,
    /// Values of the transposed matrix at the same places; `None` where they equal `values`.
    pub transposed_values: Option<Vec<f32>>,
}

/// Fewer nodes than this in a task cost more to hand out than to compute.
const MIN_ROWS_A_TASK: usize = 1024;

pub(super) fn normalize(
    graph: &InteractionGraph,
    normalization: Normalization,
    self_loops: bool,
) -> NormalizedCsr {
    let Csr { row_ptr, columns } = pattern(graph, self_loops);
    let degrees: Vec<f64> = row_ptr.windows(2).map(|at| f64::from(at[1] - at[0])).collect();
    let fill = |value: &(dyn Fn(usize, usize) -> f64 + Sync)| {
        let mut values = vec![0f32; columns.len()];
        let rows = rows_mut(&row_ptr, &mut values);
        rows.into_par_iter().with_min_len(MIN_ROWS_A_TASK).enumerate().for_each(|(row, out)| {
            let start = row_ptr[row] as usize;
            for (value_out, &column) in out.iter_mut().zip(&columns[start..]) {
                *value_out = value(row, column as usize) as f32;
            }
        });
        values
    };
    let (values, transposed_values) = match normalization {
        // The product of the degrees is exact in f64, so both directions get the same bits.
        Normalization::Symmetric => {
            (fill(&|row, column| (degrees[row] * degrees[column]).sqrt().recip()), None)
        }
        Normalization::RowMean => {
            let values = fill(&|row, _| degrees[row].recip());
            let transposed = fill(&|_, column| degrees[column].recip());
            let differ = transposed != values;
            (values, differ.then_some(transposed))
        }
    };
    NormalizedCsr { row_ptr, columns, values, transposed_values }
}

/// The pattern of `[[0, R], [R^T, 0]]`, with the diagonal where asked.
fn pattern(graph: &InteractionGraph, self_loops: bool) -> Csr {
    let n_users = graph.n_users();
    let n_nodes = n_users + graph.n_items();
    let n_entries = 2 * graph.n_edges() + if self_loops { n_nodes } else { 0 };
    let mut row_ptr = Vec::with_capacity(n_nodes + 1);
    let mut columns = Vec::with_capacity(n_entries);
    row_ptr.push(0);
    // A user's self-loop lies left of all items, an item's right of all users.
    for user in 0..n_users {
        columns.extend(self_loops.then_some(user as u32));
        columns.extend(graph.users_to_items.row(user).iter().map(|item| n_users as u32 + item));
        row_ptr.push(columns.len() as u32);
    }
    for item in 0..graph.n_items() {
        columns.extend_from_slice(graph.items_to_users.row(item));
        columns.extend(self_loops.then_some((n_users + item) as u32));
        row_ptr.push(columns.len() as u32);
    }
    Csr { row_ptr, columns }
}

/// One slice a row.
fn rows_mut<'a>(row_ptr: &[u32], mut values: &'a mut [f32]) -> Vec<&'a mut [f32]> {
    let mut rows = Vec::with_capacity(row_ptr.len() - 1);
    for at in row_ptr.windows(2) {
        let (row, rest) = values.split_at_mut((at[1] - at[0]) as usize);
        rows.push(row);
        values = rest;
    }
    rows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::data::TrainSet;
    use proptest::prelude::*;

    type Dense = Vec<Vec<f64>>;

    /// The definition, written out densely.
    fn dense(
        train: &TrainSet,
        normalization: Normalization,
        self_loops: bool,
    ) -> Dense {
        let (n_users, n) = (train.n_users(), train.n_users() + train.n_items());
        let mut a = vec![vec![0.0; n]; n];
        for (user, item) in train.positives().pairs() {
            a[user as usize][n_users + item as usize] = 1.0;
            a[n_users + item as usize][user as usize] = 1.0;
        }
        (0..n).for_each(|node| a[node][node] += f64::from(u8::from(self_loops)));
        let degrees: Vec<f64> = a.iter().map(|row| row.iter().sum()).collect();
        let power = |degree: f64, exponent: f64| if degree > 0.0 { degree.powf(exponent) } else { 0.0 };
        for (r, row) in a.iter_mut().enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                *value *= match normalization {
                    Normalization::Symmetric => power(degrees[r], -0.5) * power(degrees[c], -0.5),
                    Normalization::RowMean => power(degrees[r], -1.0),
                };
            }
        }
        a
    }

    fn to_dense(row_ptr: &[u32], columns: &[u32], values: &[f32]) -> Dense {
        let n = row_ptr.len() - 1;
        let mut out = vec![vec![0.0; n]; n];
        for row in 0..n {
            for at in row_ptr[row] as usize..row_ptr[row + 1] as usize {
                out[row][columns[at] as usize] = f64::from(values[at]);
            }
        }
        out
    }

    fn transpose(a: &Dense) -> Dense {
        (0..a.len()).map(|c| a.iter().map(|row| row[c]).collect()).collect()
    }

    fn close(a: &Dense, b: &Dense) -> bool {
        a.iter().flatten().zip(b.iter().flatten()).all(|(x, y)| (x - y).abs() < 1e-6)
    }

    proptest! {
        #[test]
        fn equals_dense_algebra(
            pairs in proptest::collection::vec((0u32..6, 0u32..5), 0..25),
            symmetric: bool,
            self_loops: bool,
        ) {
            let train = TrainSet::from_test_pairs(6, 5, &pairs);
            let graph = InteractionGraph::new(&train).unwrap();
            let normalization =
                if symmetric { Normalization::Symmetric } else { Normalization::RowMean };
            let sparse = graph.normalized(normalization, self_loops);
            let NormalizedCsr { row_ptr, columns, values, transposed_values } = &sparse;
            let expected = dense(&train, normalization, self_loops);
            prop_assert!(close(&to_dense(row_ptr, columns, values), &expected));
            let transposed = transposed_values.as_ref().unwrap_or(values);
            prop_assert!(close(&to_dense(row_ptr, columns, transposed), &transpose(&expected)));
            prop_assert!(transposed_values.as_ref() != Some(values));
            prop_assert!(!symmetric || transposed_values.is_none());
            for at in row_ptr.windows(2) {
                let row = &columns[at[0] as usize..at[1] as usize];
                prop_assert!(row.is_sorted_by(|a, b| a < b));
            }
        }

        #[test]
        fn both_ways_hold_the_same_edges(pairs in proptest::collection::vec((0u32..6, 0u32..5), 0..25)) {
            let train = TrainSet::from_test_pairs(6, 5, &pairs);
            let graph = InteractionGraph::new(&train).unwrap();
            prop_assert_eq!(&graph.items_to_users().transposed(6), graph.users_to_items());
            prop_assert_eq!(graph.n_edges(), train.n_interactions());
            prop_assert_eq!(graph.user_degrees().iter().sum::<u32>() as usize, graph.n_edges());
            prop_assert_eq!(graph.item_degrees().iter().sum::<u32>() as usize, graph.n_edges());
        }
    }

    #[test]
    fn isolated_nodes_have_empty_rows_unless_they_loop() {
        let train = TrainSet::from_test_pairs(2, 2, &[(0, 0)]);
        let graph = InteractionGraph::new(&train).unwrap();
        let plain = graph.normalized(Normalization::Symmetric, false);
        assert_eq!((plain.row_ptr, plain.values), (vec![0, 1, 1, 2, 2], vec![1.0, 1.0]));
        let looped = graph.normalized(Normalization::RowMean, true);
        assert_eq!(looped.columns, [0, 2, 1, 0, 2, 3]);
        assert_eq!(looped.values, [0.5, 0.5, 1.0, 0.5, 0.5, 1.0]);
        assert_eq!(looped.transposed_values, None);
    }
}
