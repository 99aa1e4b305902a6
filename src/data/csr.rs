//! Compressed sparse rows: the one layout of lists by user and by item.

/// Rows of columns, each with a value: row `r` has the columns `columns[row_ptr[r]..row_ptr[r + 1]]`.
///
/// Without values (`V = ()`) it holds the columns alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr<V = ()> {
    row_ptr: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<V>,
}

impl<V: Copy + Default> Csr<V> {
    /// Rows of (column, value), one after another.
    pub fn from_rows<R>(rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = (u32, V)>,
    {
        let mut csr = Self {
            row_ptr: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        };
        for row in rows {
            for (column, value) in row {
                csr.columns.push(column);
                csr.values.push(value);
            }
            csr.row_ptr.push(csr.columns.len());
        }
        csr
    }

    /// Entries (row, column, value) in any order, by counting sort: those of a row keep their order.
    ///
    /// # Panics
    /// When a row is not below `n_rows`.
    pub fn from_entries(
        n_rows: usize,
        entries: impl Iterator<Item = (u32, u32, V)> + Clone,
    ) -> Self {
        let mut row_ptr = vec![0usize; n_rows + 1];
        entries
            .clone()
            .for_each(|(row, ..)| row_ptr[row as usize + 1] += 1);
        for row in 0..n_rows {
            row_ptr[row + 1] += row_ptr[row];
        }
        let mut next = row_ptr.clone();
        let mut columns = vec![0; row_ptr[n_rows]];
        let mut values = vec![V::default(); row_ptr[n_rows]];
        entries.for_each(|(row, column, value)| {
            let slot = &mut next[row as usize];
            columns[*slot] = column;
            values[*slot] = value;
            *slot += 1;
        });
        Self {
            row_ptr,
            columns,
            values,
        }
    }

    /// The transpose, of `n_columns` rows; the columns of each ascend.
    ///
    /// # Panics
    /// When a column is not below `n_columns`.
    #[must_use]
    pub fn transposed(&self, n_columns: usize) -> Self {
        let entries = (0..self.n_rows() as u32).flat_map(|row| {
            let (columns, values) = self.weighted_row(row);
            let entries = columns.iter().zip(values);
            entries.map(move |(&column, &value)| (column, row, value))
        });
        Self::from_entries(n_columns, entries)
    }

    /// The columns and values of a row.
    pub fn weighted_row(&self, row: u32) -> (&[u32], &[V]) {
        let range = self.range(row);
        (&self.columns[range.clone()], &self.values[range])
    }
}

impl<V> Csr<V> {
    /// Rows from their parts; `None` unless the row pointers rise from 0 to the number of columns and there is a value a
    /// column.
    pub fn from_parts(row_ptr: Vec<usize>, columns: Vec<u32>, values: Vec<V>) -> Option<Self> {
        let fits = row_ptr.first() == Some(&0)
            && row_ptr.last() == Some(&columns.len())
            && row_ptr.is_sorted()
            && values.len() == columns.len();
        fits.then_some(Self {
            row_ptr,
            columns,
            values,
        })
    }

    /// All values, row after row.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    fn range(&self, row: u32) -> std::ops::Range<usize> {
        self.row_ptr[row as usize]..self.row_ptr[row as usize + 1]
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// How many entries all rows have.
    pub fn n_entries(&self) -> usize {
        self.columns.len()
    }

    /// The columns of a row.
    pub fn row(&self, row: u32) -> &[u32] {
        &self.columns[self.range(row)]
    }

    /// How many entries a row has.
    #[inline]
    pub fn degree(&self, row: u32) -> u32 {
        let range = self.range(row);
        (range.end - range.start) as u32
    }

    /// All (row, column) pairs, row after row.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        (0..self.n_rows() as u32)
            .flat_map(|row| self.row(row).iter().map(move |&column| (row, column)))
    }

    /// Where each row begins; one more than there are rows.
    pub fn row_ptr(&self) -> &[usize] {
        &self.row_ptr
    }

    /// All columns, row after row.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }
}

impl Csr {
    /// Rows from their parts; `None` unless the row pointers rise from 0 to the number of columns.
    pub fn from_raw(row_ptr: Vec<usize>, columns: Vec<u32>) -> Option<Self> {
        let values = vec![(); columns.len()];
        Self::from_parts(row_ptr, columns, values)
    }

    /// Sorts each row and leaves repeated columns out.
    pub(super) fn sort_and_deduplicate(&mut self) {
        let mut write = 0;
        let mut start = 0;
        for row in 0..self.n_rows() {
            let end = self.row_ptr[row + 1];
            self.columns[start..end].sort_unstable();
            let row_start = write;
            for read in start..end {
                let column = self.columns[read];
                if write == row_start || self.columns[write - 1] != column {
                    self.columns[write] = column;
                    write += 1;
                }
            }
            start = end;
            self.row_ptr[row + 1] = write;
        }
        self.columns.truncate(write);
        self.values.truncate(write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transpose_by_hand_and_back() {
        // [[., 2, .], [., ., .], [1, 3, .]]
        let rows = [vec![(1, 2.0)], vec![], vec![(0, 1.0), (1, 3.0)]];
        let matrix = Csr::from_rows(rows);
        assert_eq!(matrix.row_ptr(), [0, 1, 1, 3]);
        assert_eq!((matrix.degree(0), matrix.degree(1)), (1, 0));
        let transposed = matrix.transposed(3);
        assert_eq!(transposed.weighted_row(0), (&[2][..], &[1.0][..]));
        assert_eq!(transposed.weighted_row(1), (&[0, 2][..], &[2.0, 3.0][..]));
        assert_eq!(transposed.row(2), &[] as &[u32]);
        assert_eq!(transposed.transposed(3), matrix);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert!(Csr::from_raw(vec![0, 2], vec![2, 1]).is_some());
        assert!(Csr::from_raw(vec![0, 3, 2], vec![1, 2]).is_none());
        assert!(Csr::from_raw(vec![0, 1], vec![1, 2]).is_none());
        assert!(Csr::from_raw(vec![], vec![]).is_none());
    }
}
