//! A sparse matrix cut by columns: the rows of a table that one piece reads stay in the cache.

use sagebrush_model::SparseMatrix;

/// Columns of a piece: so many rows of 64 floats are half of a cache of 2 MiB.
const COLUMNS: usize = 4096;
/// Entries of a row in a piece, on average, below which a matrix stays whole: carrying the sums from piece to piece would
/// cost more than the cache saves.
const ENTRIES_MIN: usize = 8;
/// Rows finished at once where the matrix is whole, while they are in the cache.
const ROWS: usize = 64;

/// A matrix whose pieces have its rows and the entries of neighbouring columns.
#[derive(Debug, Clone)]
pub(super) struct Segments {
    pieces: Vec<SparseMatrix>,
}

impl Segments {
    /// Cuts a matrix where its rows are long enough for that.
    pub(super) fn new(matrix: SparseMatrix) -> Self {
        let n_pieces = matrix.n_columns().div_ceil(COLUMNS);
        let is_long = matrix.n_entries() / ENTRIES_MIN >= matrix.n_rows().saturating_mul(n_pieces);
        let pieces = match n_pieces > 1 && is_long {
            true => cut(&matrix, n_pieces),
            false => vec![matrix],
        };
        Self { pieces }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.pieces[0].n_rows()
    }

    /// How many entries all rows have.
    pub(super) fn n_entries(&self) -> usize {
        self.pieces.iter().map(SparseMatrix::n_entries).sum()
    }

    /// How many entries a row has.
    pub(super) fn n_entries_of(&self, row: usize) -> usize {
        self.pieces.iter().map(|piece| piece.row(row).0.len()).sum()
    }

    /// The entries of a row.
    pub(super) fn entries(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.pieces.iter().flat_map(move |piece| piece.entries(row))
    }

    /// The pieces, by ascending columns; each has all rows.
    pub(super) fn pieces(&self) -> &[SparseMatrix] {
        &self.pieces
    }

    /// Calls `take` with the product with a table, `[n_columns, width]`, some rows at a time: the first row, and the rows.
    /// A sum runs over the entries of its row in their order, whether the matrix is cut or not.
    pub(super) fn product(&self, table: &[f32], width: usize, mut take: impl FnMut(usize, &[f32])) {
        let n_rows = self.n_rows();
        let mut sums = Vec::new();
        match &self.pieces[..] {
            [whole] => {
                for start in (0..n_rows).step_by(ROWS) {
                    let rows = start..(start + ROWS).min(n_rows);
                    whole.times(rows, table, width, &mut sums);
                    take(start, &sums);
                }
            }
            pieces => {
                let mut before = vec![0.0; n_rows * width];
                for piece in pieces {
                    piece.times_and(&before, table, width, &mut sums);
                    std::mem::swap(&mut before, &mut sums);
                }
                take(0, &before);
            }
        }
    }
}

fn cut(matrix: &SparseMatrix, n_pieces: usize) -> Vec<SparseMatrix> {
    let mut parts = vec![(vec![0u32], Vec::new(), Vec::new()); n_pieces];
    for row in 0..matrix.n_rows() {
        for (column, value) in matrix.entries(row) {
            let (_, columns, values) = &mut parts[column as usize / COLUMNS];
            columns.push(column);
            values.push(value);
        }
        for (ends, columns, _) in &mut parts {
            ends.push(columns.len() as u32);
        }
    }
    let part =
        |(ends, columns, values)| SparseMatrix::new(matrix.n_columns(), ends, columns, values);
    parts.into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three pieces and one row longer than the others: the same bits as one product.
    #[test]
    fn a_cut_matrix_gives_the_bits_of_the_whole() {
        let n_columns = 2 * COLUMNS + 100;
        let value = |at: u32| ((at * 7919 % 1013) as f32 - 506.0) / 300.0;
        let (mut ends, mut columns) = (vec![0u32], Vec::new());
        for row in 0..5u32 {
            columns.extend((0..n_columns as u32).filter(|c| (c * 31 + row) % (3 + 40 * row) == 0));
            ends.push(columns.len() as u32);
        }
        let values: Vec<f32> = columns.iter().map(|&c| value(c)).collect();
        let matrix = SparseMatrix::new(n_columns, ends, columns, values);
        let table: Vec<f32> = (0..3 * n_columns as u32).map(|at| value(at + 5)).collect();
        let mut expected = Vec::new();
        matrix.times(0..5, &table, 3, &mut expected);
        let cut = Segments::new(matrix.clone());
        assert_eq!((cut.pieces.len(), cut.n_rows()), (3, 5));
        let mut found = Vec::new();
        cut.product(&table, 3, |start, rows| {
            assert_eq!(start, 0);
            found = rows.to_vec();
        });
        assert_eq!(found, expected);
        for row in 0..5 {
            let pieces = cut.pieces().iter();
            assert!(
                pieces
                    .flat_map(|piece| piece.entries(row))
                    .eq(matrix.entries(row))
            );
            assert_eq!(cut.n_entries_of(row), matrix.entries(row).count());
        }
        // With few entries a row it stays whole.
        let short = SparseMatrix::new(n_columns, vec![0, 1, 2], vec![7, 8000], vec![1.0, 2.0]);
        assert_eq!(Segments::new(short).pieces.len(), 1);
    }
}
