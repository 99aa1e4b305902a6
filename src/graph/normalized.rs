//! The normalised adjacency over users and items, in the arrays a sparse product reads.

use thiserror::Error;

use super::InteractionGraph;

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
/// values may differ.
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

impl InteractionGraph {
    /// The normalised adjacency, with a self-loop at every node where asked (`A + I` takes the place
    /// of `A`, in the degrees too). A node without neighbours has an empty row, or its loop alone.
    pub fn normalized(&self, normalization: Normalization, self_loops: bool) -> NormalizedCsr {
        let (row_ptr, columns) = self.square_pattern(self_loops);
        let degrees: Vec<f64> = row_ptr
            .windows(2)
            .map(|row| f64::from(row[1] - row[0]))
            .collect();
        let weigh = |value: fn(f64, f64) -> f64| -> Vec<f32> {
            let mut values = Vec::with_capacity(columns.len());
            for (row, range) in row_ptr.windows(2).enumerate() {
                for &column in &columns[range[0] as usize..range[1] as usize] {
                    values.push(value(degrees[row], degrees[column as usize]) as f32);
                }
            }
            values
        };
        let (values, transposed_values) = match normalization {
            Normalization::Symmetric => (weigh(|row, column| 1.0 / (row * column).sqrt()), None),
            Normalization::RowMean => (
                weigh(|row, _| 1.0 / row),
                Some(weigh(|_, column| 1.0 / column)),
            ),
        };
        NormalizedCsr {
            row_ptr,
            columns,
            values,
            transposed_values,
        }
    }

    fn square_pattern(&self, self_loops: bool) -> (Vec<u32>, Vec<u32>) {
        let (n_users, n_items) = (self.n_users() as u32, self.n_items() as u32);
        let loops = if self_loops {
            (n_users + n_items) as usize
        } else {
            0
        };
        let n_entries = 2 * self.users_to_items.columns.len() + loops;
        let mut row_ptr = Vec::with_capacity((n_users + n_items) as usize + 1);
        let mut columns = Vec::with_capacity(n_entries);
        row_ptr.push(0);
        for user in 0..n_users {
            columns.extend(self_loops.then_some(user));
            columns.extend(
                self.users_to_items
                    .row(user)
                    .iter()
                    .map(|&item| n_users + item),
            );
            row_ptr.push(columns.len() as u32);
        }
        for item in 0..n_items {
            columns.extend_from_slice(self.items_to_users.row(item));
            columns.extend(self_loops.then_some(n_users + item));
            row_ptr.push(columns.len() as u32);
        }
        (row_ptr, columns)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_range_loop)]
    use proptest::prelude::*;

    use super::*;
    use crate::data::TrainSet;

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
            let graph = InteractionGraph::new(&TrainSet::of_pairs(USERS, ITEMS, &pairs)).unwrap();
            let kind = if symmetric { Normalization::Symmetric } else { Normalization::RowMean };
            let matrix = graph.normalized(kind, loops);
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
            let graph = InteractionGraph::new(&TrainSet::of_pairs(USERS, ITEMS, &pairs)).unwrap();
            prop_assert_eq!(&graph.items_to_users().transposed(USERS), graph.users_to_items());
        }
    }

    #[test]
    fn too_many_edges_are_refused_with_the_figure() {
        let error = GraphError::check_edges(1 << 30, 10).unwrap_err();
        assert!(error.to_string().contains("2147483658"), "{error}");
    }
}
