//! The one type of sparse matrix: compressed rows, shared by all who hold it.

use std::ops::Range;
use std::sync::Arc;

use super::counting_sort::group_by_key;
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::spmm::rows::Table;
use crate::kernels::cpu::spmm::{CsrView, product_rows, sums_of_rows};

/// A matrix in compressed sparse rows (CSR). Cloning shares its arrays.
///
/// Products are computed by the calling thread; each element is summed in the order of the row's entries,
/// so its bits depend on the row and the table's column alone.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseMatrix {
    row_ptr: Arc<Vec<u32>>,
    columns: Arc<Vec<u32>>,
    values: Arc<Vec<f32>>,
    n_columns: usize,
}

impl SparseMatrix {
    /// A matrix of `row_ptr.len() - 1` rows and `n_columns` columns. Row `r` has the entries
    /// `e` in `row_ptr[r]..row_ptr[r + 1]`, each `values[e]` in column `columns[e]`.
    ///
    /// # Panics
    /// When the arrays do not fit together.
    pub fn new(n_columns: usize, row_ptr: Vec<u32>, columns: Vec<u32>, values: Vec<f32>) -> Self {
        let ends = (row_ptr.first(), row_ptr.last().map(|&end| end as usize));
        assert_eq!(ends, (Some(&0), Some(columns.len())), "row pointers");
        assert!(row_ptr.is_sorted(), "row pointers ascend");
        assert_eq!(columns.len(), values.len(), "one value an entry");
        let in_range = columns.iter().all(|&column| (column as usize) < n_columns);
        assert!(in_range, "columns below {n_columns}");
        Self::from_checked(n_columns, row_ptr, columns, values)
    }

    /// [`SparseMatrix::new`] of arrays that are known to fit together.
    pub(super) fn from_checked(
        n_columns: usize,
        row_ptr: Vec<u32>,
        columns: Vec<u32>,
        values: Vec<f32>,
    ) -> Self {
        Self {
            row_ptr: Arc::new(row_ptr),
            columns: Arc::new(columns),
            values: Arc::new(values),
            n_columns,
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Number of entries.
    pub fn n_entries(&self) -> usize {
        self.columns.len()
    }

    /// The columns and values of a row, one of each for every entry.
    ///
    /// # Panics
    /// When the row is out of range.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }

    /// The column and value of each entry of a row.
    ///
    /// # Panics
    /// When the row is out of range.
    pub fn entries(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + Clone + '_ {
        let (columns, values) = self.row(row);
        columns.iter().copied().zip(values.iter().copied())
    }

    /// The arrays of [`SparseMatrix::new`]: row pointers, columns and values.
    pub fn arrays(&self) -> (&[u32], &[u32], &[f32]) {
        (&self.row_ptr, &self.columns, &self.values)
    }

    /// The arrays as kernels read them.
    pub(crate) fn view(&self) -> CsrView<'_> {
        CsrView {
            row_ptr: &self.row_ptr,
            columns: &self.columns,
            values: &self.values,
        }
    }

    /// The values, shared.
    pub(super) fn shared_values(&self) -> Arc<Vec<f32>> {
        self.values.clone()
    }

    /// The same pattern, shared, with other values.
    pub(super) fn with_values(&self, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), self.n_entries(), "one value an entry");
        Self {
            values: Arc::new(values),
            ..self.clone()
        }
    }

    /// The same rows and values, shared, in other columns: one for each entry, of `n_columns`.
    ///
    /// # Panics
    /// When there is not one for each entry, or one is out of range.
    pub(crate) fn with_columns(&self, n_columns: usize, columns: Vec<u32>) -> Self {
        assert_eq!(columns.len(), self.n_entries(), "one column an entry");
        let in_range = columns.iter().all(|&column| (column as usize) < n_columns);
        assert!(in_range, "columns below {n_columns}");
        Self {
            columns: Arc::new(columns),
            n_columns,
            ..self.clone()
        }
    }

    /// This matrix with the rows of another below its own.
    ///
    /// # Panics
    /// When the other has another number of columns.
    #[must_use]
    pub fn with_rows(mut self, below: &Self) -> Self {
        assert_eq!(self.n_columns, below.n_columns, "the same columns");
        let n_entries = self.columns.len() as u32;
        let ends = below.row_ptr[1..].iter().map(|&end| n_entries + end);
        Arc::make_mut(&mut self.row_ptr).extend(ends);
        Arc::make_mut(&mut self.columns).extend_from_slice(&below.columns);
        Arc::make_mut(&mut self.values).extend_from_slice(&below.values);
        self
    }

    /// The transpose. The entries of its rows are in the order of this matrix's rows.
    pub(crate) fn transposed(&self) -> Self {
        let mut columns = vec![0; self.n_entries()];
        let mut values = vec![0.0; self.n_entries()];
        let entries = (0..self.n_rows()).flat_map(|row| {
            let of_row = self.entries(row);
            of_row.map(move |(column, value)| (column, (row as u32, value)))
        });
        let row_ptr = group_by_key(self.n_columns, entries, |place, (row, value)| {
            columns[place] = row;
            values[place] = value;
        });
        Self::from_checked(self.n_rows(), row_ptr, columns, values)
    }

    /// Some rows of the product with a row-major table, written into `out`, which keeps its allocation.
    ///
    /// # Shapes
    /// `table [n_columns, width] -> out [rows.len(), width]`
    ///
    /// # Panics
    /// When the table has another size, or a row is out of range.
    pub fn times(&self, rows: Range<usize>, table: &[f32], width: usize, out: &mut Vec<f32>) {
        assert_eq!(table.len(), self.n_columns * width, "a row a column");
        assert!(rows.end <= self.n_rows(), "rows of this matrix");
        let source = Table {
            values: table,
            width,
        };
        product_rows(Isa::detect(), self.view(), source, width, rows, out);
    }

    /// As [`times`](Self::times), on top of what each of the rows holds in `before`: sums begin with it.
    ///
    /// # Shapes
    /// `before [rows.len(), width], table [n_columns, width] -> out [rows.len(), width]`
    ///
    /// # Panics
    /// When a table has another size, or the rows are not all of the matrix.
    pub fn times_and(&self, before: &[f32], table: &[f32], width: usize, out: &mut Vec<f32>) {
        assert_eq!(table.len(), self.n_columns * width, "a row a column");
        assert_eq!(before.len(), self.n_rows() * width, "a row a row");
        let [before, table] = [before, table].map(|values| Table { values, width });
        sums_of_rows(Isa::detect(), self.view(), before, table, width, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[[0, 2, 0], [1, 0, 3]]`.
    fn matrix() -> SparseMatrix {
        SparseMatrix::new(3, vec![0, 1, 3], vec![1, 0, 2], vec![2.0, 1.0, 3.0])
    }

    #[test]
    fn product_by_hand() {
        let table = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        let mut out = Vec::new();
        matrix().times(0..2, &table, 2, &mut out);
        assert_eq!(out, [4.0, 40.0, 10.0, 100.0]);
        matrix().times(1..2, &table, 2, &mut out);
        assert_eq!(out, [10.0, 100.0]);
        assert_eq!(matrix().row(1), (&[0, 2][..], &[1.0, 3.0][..]));
    }

    #[test]
    fn product_on_top_of_sums_by_hand() {
        let (before, table) = ([0.5, 100.0], [1.0, 2.0, 3.0]);
        let mut out = Vec::new();
        matrix().times_and(&before, &table, 1, &mut out);
        assert_eq!(out, [4.5, 110.0]);
    }

    #[test]
    fn transpose_and_rows_below_by_hand() {
        let transposed = SparseMatrix::new(2, vec![0, 1, 2, 3], vec![1, 0, 1], vec![1.0, 2.0, 3.0]);
        assert_eq!(matrix().transposed(), transposed);
        let first = SparseMatrix::new(3, vec![0, 1], vec![1], vec![2.0]);
        let second = SparseMatrix::new(3, vec![0, 2], vec![0, 2], vec![1.0, 3.0]);
        assert_eq!(first.with_rows(&second), matrix());
    }

    #[test]
    #[should_panic(expected = "columns below 2")]
    fn a_column_out_of_range_is_our_mistake() {
        let _ = SparseMatrix::new(2, vec![0, 1], vec![2], vec![1.0]);
    }
}
