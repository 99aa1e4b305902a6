//! Eigenvectors of small dense symmetric matrices, the most important first.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// A symmetric matrix's eigenvalues, falling, and their vectors as columns.
pub(crate) fn falling_eigen(symmetric: DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let found = SymmetricEigen::new(symmetric);
    let mut order: Vec<usize> = (0..found.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| found.eigenvalues[b].total_cmp(&found.eigenvalues[a]));
    let values = order.iter().map(|&at| found.eigenvalues[at]);
    let values = DVector::from_iterator(order.len(), values);
    (values, found.eigenvectors.select_columns(&order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_and_vectors_go_with_them() {
        // [[2, 1], [1, 2]] has 3 with (1, 1) and 1 with (1, -1), and the last row stands alone with 2.
        let matrix = DMatrix::from_row_slice(3, 3, &[2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 2.0]);
        let (values, vectors) = falling_eigen(matrix);
        assert!((values - DVector::from_vec(vec![3.0, 2.0, 1.0])).amax() < 1e-12);
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!((vectors[(0, 0)].abs() - half).abs() < 1e-12);
        assert!((vectors[(2, 1)].abs() - 1.0).abs() < 1e-12);
        assert!((vectors[(0, 2)] + vectors[(1, 2)]).abs() < 1e-12);
    }
}
