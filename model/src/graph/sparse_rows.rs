//! Sparse matrices written row by row, and the parts of a matrix that are made so.

use super::csr::SparseMatrix;
use crate::kernels::cpu::spmm::CsrView;

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
    /// Forgets all rows and keeps the allocations.
    pub(crate) fn clear(&mut self) {
        self.row_ptr.truncate(1);
        self.columns.clear();
        self.values.clear();
    }

    /// Adds an entry to the row that is being written.
    pub fn push(&mut self, column: u32, value: f32) {
        self.columns.push(column);
        self.values.push(value);
    }

    /// Adds the column and value of each entry to the row that is being written.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.push(column, value);
        }
    }

    /// Adds those entries to the row that is being written whose flag is true. There is no branch an entry: use it where
    /// which ones stay is as good as random.
    pub(crate) fn extend_kept(&mut self, entries: impl ExactSizeIterator<Item = (u32, f32, bool)>) {
        let mut kept = self.columns.len();
        self.columns.resize(kept + entries.len(), 0);
        self.values.resize(kept + entries.len(), 0.0);
        for (column, value, is_kept) in entries {
            self.columns[kept] = column;
            self.values[kept] = value;
            kept += usize::from(is_kept);
        }
        self.columns.truncate(kept);
        self.values.truncate(kept);
    }

    /// Ends the row; the next begins.
    pub fn end_row(&mut self) {
        self.row_ptr.push(self.columns.len() as u32);
    }

    /// The rows that ended, as kernels read them.
    pub(crate) fn view(&self) -> CsrView<'_> {
        CsrView {
            row_ptr: &self.row_ptr,
            columns: &self.columns,
            values: &self.values,
        }
    }

    /// The matrix of the rows that ended.
    ///
    /// # Panics
    /// When a column is out of range, or the last row was not ended.
    pub fn finish(self, n_columns: usize) -> SparseMatrix {
        SparseMatrix::new(n_columns, self.row_ptr, self.columns, self.values)
    }
}

impl SparseMatrix {
    /// The first `n` columns.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn first_columns(&self, n: usize) -> Self {
        assert!(n <= self.n_columns(), "columns there are");
        let mut kept = SparseRows::default();
        for row in 0..self.n_rows() {
            let is_kept = |&(column, _): &(u32, f32)| (column as usize) < n;
            kept.extend(self.entries(row).filter(is_kept));
            kept.end_row();
        }
        kept.finish(n)
    }

    /// Some rows, in the order of the list.
    ///
    /// # Panics
    /// When one is out of range.
    #[must_use]
    pub fn some_rows(&self, rows: &[usize]) -> Self {
        let mut some = SparseRows::default();
        for &row in rows {
            some.extend(self.entries(row));
            some.end_row();
        }
        some.finish(self.n_columns())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_by_hand() {
        // [[0, 2, 0], [1, 0, 3]]
        let matrix = SparseMatrix::new(3, vec![0, 1, 3], vec![1, 0, 2], vec![2.0, 1.0, 3.0]);
        let first = SparseMatrix::new(3, vec![0, 1], vec![1], vec![2.0]);
        assert_eq!(matrix.some_rows(&[0]), first);
        let columns = SparseMatrix::new(2, vec![0, 1, 2], vec![1, 0], vec![2.0, 1.0]);
        assert_eq!(matrix.first_columns(2), columns);
    }

    #[test]
    fn entries_without_their_flag_leave_no_trace() {
        let mut rows = SparseRows::default();
        rows.push(4, 9.0);
        rows.clear();
        rows.extend_kept([(0, 1.0, true), (1, 2.0, false), (2, 3.0, true)].into_iter());
        rows.end_row();
        rows.extend_kept([(1, 5.0, false)].into_iter());
        rows.end_row();
        let expected = SparseMatrix::new(3, vec![0, 2, 2], vec![0, 2], vec![1.0, 3.0]);
        assert_eq!(rows.finish(3), expected);
    }
}
