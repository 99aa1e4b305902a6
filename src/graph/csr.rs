//! A sparse pattern in compressed rows.

/// Columns by row: row `r` is `columns[row_ptr[r]..row_ptr[r + 1]]`, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr {
    /// Where each row starts; one more than there are rows.
    pub row_ptr: Vec<u32>,
    /// Column of each entry, row after row.
    pub columns: Vec<u32>,
}

impl Csr {
    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// The columns of a row, ascending.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.columns[self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize]
    }

    /// The number of entries of each row.
    pub fn degrees(&self) -> Vec<u32> {
        self.row_ptr.windows(2).map(|at| at[1] - at[0]).collect()
    }

    /// The same entries by column (a counting sort, so rows come out ascending).
    ///
    /// # Panics
    /// When a column is not below `n_columns`.
    pub fn transposed(&self, n_columns: usize) -> Self {
        let mut row_ptr = vec![0u32; n_columns + 1];
        for &column in &self.columns {
            row_ptr[column as usize + 1] += 1;
        }
        for column in 0..n_columns {
            row_ptr[column + 1] += row_ptr[column];
        }
        let mut next = row_ptr.clone();
        let mut columns = vec![0u32; self.columns.len()];
        for row in 0..self.n_rows() {
            for &column in self.row(row) {
                let at = &mut next[column as usize];
                columns[*at as usize] = row as u32;
                *at += 1;
            }
        }
        Self { row_ptr, columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_pattern_transposes() {
        // [1 0 1]
        // [0 0 1]
        let csr = Csr { row_ptr: vec![0, 2, 3], columns: vec![0, 2, 2] };
        let transposed = csr.transposed(3);
        assert_eq!(transposed, Csr { row_ptr: vec![0, 1, 1, 3], columns: vec![0, 0, 1] });
        assert_eq!(transposed.transposed(2), csr);
        assert_eq!(transposed.degrees(), [1, 0, 2]);
    }
}
