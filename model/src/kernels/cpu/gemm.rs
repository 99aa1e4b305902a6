//! Products of dense matrices by `gemm`, whose pointers and strides are kept here.

use gemm::{Parallelism, gemm};

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a> {
    values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    transposed: bool,
}

impl<'a> MatrixView<'a> {
    /// `values` by rows of `columns`.
    ///
    /// # Panics
    /// When the last row is not whole.
    pub fn new(values: &'a [f32], columns: usize) -> Self {
        let rows = values.len() / columns;
        assert_eq!(values.len(), rows * columns, "whole rows");
        Self {
            values,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The same values the other way, without a copy.
    #[must_use]
    pub fn transpose(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// Floats to the next row and to the next column.
    fn strides(&self) -> (isize, isize) {
        match self.transposed {
            true => (1, self.rows as isize),
            false => (self.columns as isize, 1),
        }
    }
}

/// `out = a b` by rows, by this thread alone.
///
/// # Panics
/// When the shapes do not fit.
pub fn multiply(a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
    assert!(a.columns == b.rows && out.len() == a.rows * b.columns);
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    // SAFETY: a `MatrixView` holds as many values as it has rows and columns, in the order its strides say, and `out` is
    // `a.rows x b.columns` by rows.
    unsafe {
        gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            false,
            a.values.as_ptr(),
            a_column,
            a_row,
            b.values.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
