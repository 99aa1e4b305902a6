//! A sparse matrix in the making.

use super::SparseMatrix;

/// A [`SparseMatrix`] that is written row by row.
#[derive(Clone, Debug)]
pub struct SparseRows {
    row_ptr: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Default for SparseRows {
    fn default() -> Self {
        Self {
            row_ptr: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl SparseRows {
    /// Adds an entry to the row that is being written.
    pub fn push(&mut self, column: u32, value: f32) {
        self.columns.push(column);
        self.values.push(value);
    }

    /// Adds entries to the row that is being written.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.push(column, value);
        }
    }

    /// Ends the row; the next begins.
    pub fn end_row(&mut self) {
        self.row_ptr.push(self.columns.len() as u32);
    }

    /// The matrix of the rows that ended.
    ///
    /// # Panics
    /// When a column is out of range, or the last row was not ended.
    pub fn finish(self, n_columns: usize) -> SparseMatrix {
        SparseMatrix::new(n_columns, self.row_ptr, self.columns, self.values)
    }
}
