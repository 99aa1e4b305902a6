//! A rectangular sparse matrix on the host, for work that needs neither tensors nor gradients.

use std::ops::Range;
use std::sync::Arc;

use super::host::product_rows;
use super::kernel::{CsrView, Isa};
use super::tables::Table;
use super::{HostCsr, SparseRows};

/// A matrix in compressed sparse rows.
///
/// Products are done by the calling thread; each element is summed in the order of the row's entries,
/// so its bits depend on the row and the table's column alone.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseMatrix {
    row_ptr: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
    n_columns: usize,
}

impl SparseMatrix {
    /// A matrix of `row_ptr.len() - 1` rows and `n_columns` columns; entry `e` of the rows
    /// `row_ptr[r]..row_ptr[r + 1]` is `values[e]` in column `columns[e]`.
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
        Self {
            row_ptr,
            columns,
            values,
            n_columns,
        }
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// How many columns there are.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// The columns and values of a row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }

    /// The column and value of each entry of a row.
    pub fn entries(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let (columns, values) = self.row(row);
        columns.iter().copied().zip(values.iter().copied())
    }

    /// Where rows begin, and their columns and values.
    pub fn arrays(&self) -> (&[u32], &[u32], &[f32]) {
        (&self.row_ptr, &self.columns, &self.values)
    }

    /// This matrix and below it another of the same columns.
    ///
    /// # Panics
    /// When the other has another number of columns.
    #[must_use]
    pub fn with_rows(mut self, below: &Self) -> Self {
        assert_eq!(self.n_columns, below.n_columns, "the same columns");
        let n_entries = self.columns.len() as u32;
        let ends = below.row_ptr[1..].iter().map(|&end| n_entries + end);
        self.row_ptr.extend(ends);
        self.columns.extend_from_slice(&below.columns);
        self.values.extend_from_slice(&below.values);
        self
    }

    /// The first `n` columns.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn first_columns(&self, n: usize) -> Self {
        assert!(n <= self.n_columns, "columns there are");
        let mut kept = SparseRows::default();
        for row in 0..self.n_rows() {
            let is_kept = |&(column, _): &(u32, f32)| (column as usize) < n;
            kept.extend(self.entries(row).filter(is_kept));
            kept.end_row();
        }
        kept.finish(n)
    }

    /// Some rows, in this order.
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
        some.finish(self.n_columns)
    }

    /// The transpose; its rows have their entries in the order of this matrix's rows.
    pub(crate) fn transposed(&self) -> Self {
        let mut row_ptr = vec![0u32; self.n_columns + 1];
        for &column in &self.columns {
            row_ptr[column as usize + 1] += 1;
        }
        for at in 0..self.n_columns {
            row_ptr[at + 1] += row_ptr[at];
        }
        let mut next = row_ptr.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut values = vec![0.0; self.values.len()];
        for row in 0..self.n_rows() {
            let (of_row, weights) = self.row(row);
            for (&column, &weight) in of_row.iter().zip(weights) {
                let slot = &mut next[column as usize];
                columns[*slot as usize] = row as u32;
                values[*slot as usize] = weight;
                *slot += 1;
            }
        }
        Self {
            row_ptr,
            columns,
            values,
            n_columns: self.n_rows(),
        }
    }

    /// Some rows of the product with a row-major table `[n_columns, width]`, into `out`, which keeps its
    /// allocation.
    ///
    /// # Panics
    /// When the table has another size, or a row is out of range.
    pub fn times(&self, rows: Range<usize>, table: &[f32], width: usize, out: &mut Vec<f32>) {
        assert_eq!(table.len(), self.n_columns * width, "a row a column");
        assert!(rows.end <= self.n_rows(), "rows of this matrix");
        let matrix = CsrView {
            row_ptr: &self.row_ptr,
            columns: &self.columns,
            values: &self.values,
        };
        let source = Table {
            values: table,
            width,
        };
        product_rows(Isa::detect(), matrix, source, width, rows, out);
    }
}

impl From<SparseMatrix> for HostCsr {
    fn from(matrix: SparseMatrix) -> Self {
        let values = Arc::new(matrix.values);
        Self {
            row_ptr: Arc::new(matrix.row_ptr),
            columns: Arc::new(matrix.columns),
            transposed: values.clone(),
            values,
        }
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
    fn transposes_and_parts_by_hand() {
        let transposed = SparseMatrix::new(2, vec![0, 1, 2, 3], vec![1, 0, 1], vec![1.0, 2.0, 3.0]);
        assert_eq!(matrix().transposed(), transposed);
        let first = SparseMatrix::new(3, vec![0, 1], vec![1], vec![2.0]);
        assert_eq!(matrix().some_rows(&[0]), first);
        let columns = SparseMatrix::new(2, vec![0, 1, 2], vec![1, 0], vec![2.0, 1.0]);
        assert_eq!(matrix().first_columns(2), columns);
        let second = SparseMatrix::new(3, vec![0, 2], vec![0, 2], vec![1.0, 3.0]);
        assert_eq!(first.with_rows(&second), matrix());
    }

    #[test]
    #[should_panic(expected = "columns below 2")]
    fn a_column_out_of_range_is_our_mistake() {
        let _ = SparseMatrix::new(2, vec![0, 1], vec![2], vec![1.0]);
    }
}
