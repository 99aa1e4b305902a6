//! The normalised adjacency over users and items, in the arrays a sparse product reads.

use rayon::prelude::*;
use thiserror::Error;

use crate::data::TrainSet;
use crate::failure::{Fails, Failure};

/// Entries that one thread weighs at a time.
const PIECE_ENTRIES: usize = 1 << 16;

/// How an edge is weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// `D^-1/2 A D^-1/2`.
    Symmetric,
    /// `D^-1 A`: the mean over the neighbours.
    RowMean,
}

/// Why a graph cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    /// Burn's indices have 32 bits, one of them the sign.
    #[error(
        "the graph has {n_entries} entries (both directions, and one a node for self-loops), more than the \
         {} that 32-bit indices can number: filter the log with `--min-rating` or `--k-core`",
        i32::MAX
    )]
    TooManyEntries {
        /// Entries of the adjacency matrix at most.
        n_entries: usize,
    },
}

impl GraphError {
    pub(super) fn check_edges(n_edges: usize, n_nodes: usize) -> Result<(), Self> {
        let n_entries = 2 * n_edges + n_nodes;
        if n_entries > i32::MAX as usize {
            Err(Self::TooManyEntries { n_entries })
        } else {
            Ok(())
        }
    }
}

/// A square sparse matrix over all nodes: users first, item `i` is node `n_users + i`.
///
/// The pattern is symmetric, so the transposed matrix has the same rows and columns and only its
/// values may differ. An interaction is two entries of 8 bytes (12 with transposed values), a self-loop
/// one; a node is 4 bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalizedCsr {
    /// Where each row begins; one more than there are nodes.
    pub row_ptr: Vec<u32>,
    /// Nodes, ascending in a row.
    pub columns: Vec<u32>,
    /// One value an entry.
    pub values: Vec<f32>,
    /// The values of the transposed matrix on the same pattern; `None` where they are equal.
    pub transposed_values: Option<Vec<f32>>,
}

impl NormalizedCsr {
    /// The normalised adjacency of the training interactions, with a self-loop at every node where
    /// asked (`A + I` takes the place of `A`, in the degrees too). A node without neighbours has an
    /// empty row, or its loop alone.
    ///
    /// Built in place from the training lists: beside the result there are 4 bytes a node.
    ///
    /// # Errors
    /// When the graph has more entries than Burn's 32-bit indices can number.
    pub fn new(
        train: &TrainSet,
        normalization: Normalization,
        self_loops: bool,
    ) -> Result<Self, GraphError> {
        let n_nodes = train.n_users() + train.n_items();
        GraphError::check_edges(train.n_interactions(), n_nodes)?;
        let (row_ptr, columns) = square_pattern(train, self_loops);
        let weigh = |value: fn(f64, f64) -> f64| weights(&row_ptr, &columns, value);
        let (values, transposed_values) = match normalization {
            Normalization::Symmetric => (weigh(|row, column| 1.0 / (row * column).sqrt()), None),
            Normalization::RowMean => (
                weigh(|row, _| 1.0 / row),
                Some(weigh(|_, column| 1.0 / column)),
            ),
        };
        Ok(Self {
            row_ptr,
            columns,
            values,
            transposed_values,
        })
    }
}

/// Row pointers and columns of the square matrix.
fn square_pattern(train: &TrainSet, self_loops: bool) -> (Vec<u32>, Vec<u32>) {
    let (n_users, lists) = (train.n_users() as u32, train.positives());
    let n_nodes = n_users + train.n_items() as u32;
    let mut row_ptr = vec![0; n_nodes as usize + 1];
    for user in 0..n_users {
        row_ptr[user as usize + 1] = lists.of(user).len() as u32;
    }
    for &item in lists.items() {
        row_ptr[(n_users + item) as usize + 1] += 1;
    }
    for node in 0..n_nodes as usize {
        row_ptr[node + 1] += row_ptr[node] + u32::from(self_loops);
    }
    let mut columns = vec![0; row_ptr[n_nodes as usize] as usize];
    let mut next = row_ptr[..n_nodes as usize].to_vec();
    let mut push = |node: u32, column: u32| {
        let slot = &mut next[node as usize];
        columns[*slot as usize] = column;
        *slot += 1;
    };
    // Ascending: a user's loop comes before the items, an item's after the users.
    for user in 0..n_users {
        if self_loops {
            push(user, user);
        }
        for &item in lists.of(user) {
            push(user, n_users + item);
            push(n_users + item, user);
        }
    }
    if self_loops {
        (n_users..n_nodes).for_each(|item| push(item, item));
    }
    (row_ptr, columns)
}

/// `value` of the degrees of each entry's row and column.
fn weights(row_ptr: &[u32], columns: &[u32], value: fn(f64, f64) -> f64) -> Vec<f32> {
    let degree = |node: usize| f64::from(row_ptr[node + 1] - row_ptr[node]);
    let mut values = vec![0.0; columns.len()];
    let pieces = values
        .par_chunks_mut(PIECE_ENTRIES)
        .zip(columns.par_chunks(PIECE_ENTRIES));
    pieces.enumerate().for_each(|(piece, (values, columns))| {
        let first = (piece * PIECE_ENTRIES) as u32;
        let mut row = row_ptr.partition_point(|&start| start <= first) - 1;
        for ((entry, out), &column) in (first..).zip(values).zip(columns) {
            while row_ptr[row + 1] <= entry {
                row += 1;
            }
            *out = value(degree(row), degree(column as usize)) as f32;
        }
    });
    values
}

impl Fails for GraphError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_range_loop)]
    use proptest::prelude::*;

    use super::*;
    use crate::graph::InteractionGraph;

    const USERS: usize = 5;
    const ITEMS: usize = 4;
    const NODES: usize = USERS + ITEMS;

    fn dense(matrix: &NormalizedCsr, values: &[f32]) -> [[f64; NODES]; NODES] {
        let mut out = [[0.0; NODES]; NODES];
        for row in 0..NODES {
            for entry in matrix.row_ptr[row]..matrix.row_ptr[row + 1] {
                let entry = entry as usize;
                out[row][matrix.columns[entry] as usize] = f64::from(values[entry]);
            }
        }
        out
    }

    /// The definition, by dense algebra.
    fn expected(pairs: &[(u32, u32)], symmetric: bool, loops: bool) -> [[f64; NODES]; NODES] {
        let mut a = [[0.0f64; NODES]; NODES];
        for &(user, item) in pairs {
            a[user as usize][USERS + item as usize] = 1.0;
            a[USERS + item as usize][user as usize] = 1.0;
        }
        for node in 0..NODES {
            a[node][node] += f64::from(u8::from(loops));
        }
        let degree: Vec<f64> = a.iter().map(|row| row.iter().sum()).collect();
        let mut out = a;
        for row in 0..NODES {
            for column in 0..NODES {
                if a[row][column] != 0.0 {
                    let by = if symmetric {
                        (degree[row] * degree[column]).sqrt()
                    } else {
                        degree[row]
                    };
                    out[row][column] /= by;
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn normalisations_equal_dense_algebra(
            pairs in prop::collection::vec((0..USERS as u32, 0..ITEMS as u32), 0..15),
            symmetric in any::<bool>(),
            loops in any::<bool>(),
        ) {
            let train = TrainSet::of_pairs(USERS, ITEMS, &pairs);
            let kind = if symmetric { Normalization::Symmetric } else { Normalization::RowMean };
            let matrix = NormalizedCsr::new(&train, kind, loops).unwrap();
            let reference = expected(&pairs, symmetric, loops);
            let ours = dense(&matrix, &matrix.values);
            let transposed =
                dense(&matrix, matrix.transposed_values.as_ref().unwrap_or(&matrix.values));
            for row in 0..NODES {
                prop_assert!(matrix.columns[matrix.row_ptr[row] as usize..matrix.row_ptr[row + 1] as usize]
                    .is_sorted_by(|a, b| a < b));
                for column in 0..NODES {
                    prop_assert!((ours[row][column] - reference[row][column]).abs() < 1e-6);
                    prop_assert!((transposed[row][column] - reference[column][row]).abs() < 1e-6);
                }
            }
        }

        #[test]
        fn both_directions_hold_the_same_edges(
            pairs in prop::collection::vec((0..USERS as u32, 0..ITEMS as u32), 0..15),
        ) {
            let train = TrainSet::of_pairs(USERS, ITEMS, &pairs);
            let graph = InteractionGraph::new(&train).unwrap();
            prop_assert_eq!(&graph.items_to_users().transposed(USERS), graph.users_to_items());
        }
    }

    #[test]
    fn too_many_edges_are_refused_with_the_figure() {
        let error = GraphError::check_edges(1 << 30, 10).unwrap_err();
        assert!(error.to_string().contains("2147483658"), "{error}");
    }
}
