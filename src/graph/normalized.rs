//! The normalised adjacency over users and items, in the arrays a sparse product reads.

use rayon::prelude::*;
use sagebrush_model::CsrMatrix;

use super::GraphError;
use crate::data::Csr;
use crate::split::TrainSet;

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

/// The normalised adjacency of the training interactions, with a self-loop at every node where asked (`A + I` takes
/// the place of `A`, in the degrees too). A node without neighbours has an empty row, or its loop alone. Where there
/// are `weights`, one an interaction, `A` holds them in place of ones, and a degree is their sum.
///
/// Users come first; item `i` is node `n_users + i`. The pattern is symmetric, so the transposed matrix has the same
/// rows and columns and only its values may differ. An interaction is two entries of 8 bytes (12 with transposed
/// values), a self-loop is one, and a node is 4 bytes. Building takes no more than that, weighted 8 bytes more an
/// interaction.
///
/// # Errors
/// When the graph has more entries than Burn's 32-bit indices can number.
///
/// # Panics
/// When there are weights, but not one an interaction.
pub fn normalized_adjacency(
    train: &TrainSet,
    normalization: Normalization,
    self_loops: bool,
    weights: &[f32],
) -> Result<CsrMatrix, GraphError> {
    let n_nodes = train.n_users() + train.n_items();
    GraphError::check_edges(train.n_interactions(), n_nodes)?;
    let (row_ptr, columns) = square_pattern(train, self_loops);
    let entries = match weights.is_empty() {
        true => Vec::new(),
        false => entry_weights(train, weights, self_loops),
    };
    let degrees = match weights.is_empty() {
        true => Vec::new(),
        false => sums(&row_ptr, &entries),
    };
    let weigh = |value: fn(f64, f64) -> f64| {
        let degree = |node: usize| match degrees.get(node) {
            Some(&degree) => degree,
            None => f64::from(row_ptr[node + 1] - row_ptr[node]),
        };
        entry_values(&row_ptr, &columns, &entries, degree, value)
    };
    let (values, transposed_values) = match normalization {
        Normalization::Symmetric => (weigh(|row, column| 1.0 / (row * column).sqrt()), None),
        Normalization::RowMean => (
            weigh(|row, _| 1.0 / row),
            Some(weigh(|_, column| 1.0 / column)),
        ),
    };
    Ok(CsrMatrix {
        row_ptr,
        columns,
        values,
        transposed_values,
    })
}

/// Row pointers and columns of the square matrix: the users' rows of items, then the items' rows of users.
fn square_pattern(train: &TrainSet, self_loops: bool) -> (Vec<u32>, Vec<u32>) {
    let (n_users, n_items) = (train.n_users() as u32, train.n_items() as u32);
    let by_user = train.positives().rows();
    // Freed before the values are made, which take more memory.
    let by_item = by_user.transposed(train.n_items());
    let n_nodes = train.n_users() + train.n_items();
    let n_entries = 2 * by_user.n_entries() + usize::from(self_loops) * n_nodes;
    let mut row_ptr = Vec::with_capacity(n_nodes + 1);
    let mut columns = Vec::with_capacity(n_entries);
    row_ptr.push(0);
    // Ascending: a user's loop comes before the items, an item's after the users.
    for user in 0..n_users {
        columns.extend(self_loops.then_some(user));
        columns.extend(by_user.row(user).iter().map(|item| n_users + item));
        row_ptr.push(columns.len() as u32);
    }
    for item in 0..n_items {
        columns.extend_from_slice(by_item.row(item));
        columns.extend(self_loops.then_some(n_users + item));
        row_ptr.push(columns.len() as u32);
    }
    (row_ptr, columns)
}

/// The weight of each entry of [`square_pattern`]; a loop weighs 1.
fn entry_weights(train: &TrainSet, of_pairs: &[f32], self_loops: bool) -> Vec<f32> {
    let positives = train.positives();
    assert_eq!(of_pairs.len(), positives.n_pairs(), "a weight each");
    let pairs = positives.pairs().zip(of_pairs);
    let entries = pairs.map(|((user, item), &weight)| (item, user, weight));
    let by_item = Csr::from_entries(train.n_items(), entries);
    let mut weights = Vec::with_capacity(2 * positives.n_pairs());
    let a_loop = self_loops.then_some(1.0);
    for bounds in positives.row_ptr().windows(2) {
        weights.extend(a_loop);
        weights.extend_from_slice(&of_pairs[bounds[0]..bounds[1]]);
    }
    for item in 0..train.n_items() as u32 {
        weights.extend_from_slice(by_item.weighted_row(item).1);
        weights.extend(a_loop);
    }
    weights
}

/// The sum of each row.
fn sums(row_ptr: &[u32], entries: &[f32]) -> Vec<f64> {
    let row = |bounds: &[u32]| &entries[bounds[0] as usize..bounds[1] as usize];
    let sum = |bounds: &[u32]| row(bounds).iter().map(|&weight| f64::from(weight)).sum();
    row_ptr.windows(2).map(sum).collect()
}

/// `value` of the degrees of each entry's row and column, times the entry's weight where there are weights.
fn entry_values(
    row_ptr: &[u32],
    columns: &[u32],
    entries: &[f32],
    degree: impl Fn(usize) -> f64 + Sync,
    value: fn(f64, f64) -> f64,
) -> Vec<f32> {
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
            let share = value(degree(row), degree(column as usize));
            *out = match entries.get(entry as usize) {
                Some(&weight) => (share * f64::from(weight)) as f32,
                None => share as f32,
            };
        }
    });
    values
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

    fn dense(matrix: &CsrMatrix, values: &[f32]) -> [[f64; NODES]; NODES] {
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
    fn expected(pairs: &[(u32, u32, f32)], symmetric: bool, loops: bool) -> [[f64; NODES]; NODES] {
        let mut a = [[0.0f64; NODES]; NODES];
        for &(user, item, weight) in pairs {
            a[user as usize][USERS + item as usize] = f64::from(weight);
            a[USERS + item as usize][user as usize] = f64::from(weight);
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
            weights in prop::collection::btree_map((0..USERS as u32, 0..ITEMS as u32), 1u8..9, 0..15),
            symmetric in any::<bool>(),
            loops in any::<bool>(),
            weighted in any::<bool>(),
        ) {
            let pairs: Vec<(u32, u32)> = weights.keys().copied().collect();
            let train = TrainSet::of_pairs(USERS, ITEMS, &pairs);
            let of_pair = |&weight: &u8| if weighted { f32::from(weight) / 2.0 } else { 1.0 };
            let weights: Vec<f32> = weights.values().map(of_pair).collect();
            let train = train.weighing(&weights);
            let kind = if symmetric { Normalization::Symmetric } else { Normalization::RowMean };
            let matrix = normalized_adjacency(&train, kind, loops, &train.counting(weighted, None)).unwrap();
            let triples: Vec<_> = pairs.iter().zip(&weights).map(|(&(u, i), &w)| (u, i, w)).collect();
            let reference = expected(&triples, symmetric, loops);
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
