//! Latent semantic analysis (Deerwester et al., 1990): the directions in which bags of words differ most.

use nalgebra::{Cholesky, DMatrix};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush_model::{PrincipalComponents, SparseMatrix};

use super::eigen::falling_eigen;

/// Directions iterated beside those asked for: the last ones converge faster among more.
const OVERSAMPLED: usize = 16;
/// Rounds of the iteration; figures of merit stop moving well before.
const ROUNDS: usize = 8;
/// A direction with a smaller share of the largest singular value is noise.
const LEAST_SHARE: f64 = 1e-4;
/// A diagonal element of a Cholesky factor below this says that columns of length 1 are nearly dependent.
const WELL_APART: f64 = 1e-5;
/// The iteration starts from the same random directions always.
const SEED: u64 = 0x5eed;

/// The leading right singular vectors of a matrix, the largest singular value's first: `n` or fewer, where the matrix has
/// no more. By subspace iteration (Halko, Martinsson and Tropp,
/// 2011); each vector's largest component is positive. The calling thread alone works, so that the bits do
/// not depend on how many there are.
pub(crate) fn leading_directions(matrix: &SparseMatrix, n: usize) -> PrincipalComponents {
    let (used, there) = without_empty_columns(matrix);
    let PrincipalComponents { values, n } = of_full_columns(&used, n);
    let mut all = vec![0.0; matrix.n_columns() * n];
    for (of_column, &column) in values.chunks_exact(n.max(1)).zip(&there) {
        all[column as usize * n..][..n].copy_from_slice(of_column);
    }
    PrincipalComponents { values: all, n }
}

/// The same matrix without columns that no row has, and those that are left. Hashed words leave most of theirs empty.
fn without_empty_columns(matrix: &SparseMatrix) -> (SparseMatrix, Vec<u32>) {
    let (row_ptr, columns, values) = matrix.arrays();
    let mut is_there = vec![false; matrix.n_columns()];
    for &column in columns {
        is_there[column as usize] = true;
    }
    let all = 0..matrix.n_columns() as u32;
    let there: Vec<u32> = all.filter(|&column| is_there[column as usize]).collect();
    let mut place = vec![0; matrix.n_columns()];
    for (at, &column) in (0..).zip(&there) {
        place[column as usize] = at;
    }
    let columns = columns.iter().map(|&column| place[column as usize]);
    let used = SparseMatrix::new(
        there.len(),
        row_ptr.to_vec(),
        columns.collect(),
        values.to_vec(),
    );
    (used, there)
}

/// [`leading_directions`] of a matrix without empty columns.
fn of_full_columns(matrix: &SparseMatrix, n: usize) -> PrincipalComponents {
    let (rows, columns) = (matrix.n_rows(), matrix.n_columns());
    let width = (n + OVERSAMPLED).min(rows).min(columns);
    if width == 0 || n == 0 {
        return PrincipalComponents {
            values: Vec::new(),
            n: 0,
        };
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut basis = DMatrix::from_fn(columns, width, |_, _| rng.random::<f64>() - 0.5);
    for _ in 0..ROUNDS {
        basis = gram(matrix, &orthonormal(basis, 1));
    }
    let basis = orthonormal(basis, 2);
    let (values, within) = falling_eigen(basis.transpose() * gram(matrix, &basis));
    let least = values[0].max(0.0) * LEAST_SHARE * LEAST_SHARE;
    let is_kept = |&&value: &&f64| value > least;
    let k = values.iter().take(n).take_while(is_kept).count();
    let vectors = basis * within.columns(0, k).into_owned();
    let mut out = vec![0.0; columns * k];
    for (at, vector) in vectors.column_iter().enumerate() {
        let sign = vector[vector.iamax()].signum();
        for (row, &value) in vector.iter().enumerate() {
            out[row * k + at] = (sign * value) as f32;
        }
    }
    PrincipalComponents { values: out, n: k }
}

/// The same span with orthonormal columns: by rounds of Cholesky's factors, which are matrix products (two are exact to
/// rounding), and by Householder's reflections where the columns are too nearly dependent for that.
fn orthonormal(basis: DMatrix<f64>, rounds: usize) -> DMatrix<f64> {
    let once = |mut basis: DMatrix<f64>| {
        for mut column in basis.column_iter_mut() {
            let norm = column.norm();
            if norm == 0.0 || !norm.is_finite() {
                return None;
            }
            column /= norm;
        }
        let factor = Cholesky::new(basis.transpose() * &basis)?.l().transpose();
        let smallest = factor.diagonal().min();
        let inverse = factor.try_inverse().filter(|_| smallest > WELL_APART)?;
        Some(basis * inverse)
    };
    let by_products = (0..rounds).try_fold(basis.clone(), |basis, _| once(basis));
    by_products.unwrap_or_else(|| basis.qr().q())
}

/// `Mᵀ M x`
fn gram(matrix: &SparseMatrix, x: &DMatrix<f64>) -> DMatrix<f64> {
    let width = x.ncols();
    // Row-major copies, so that a row of the matrix reads and writes whole rows.
    let from: Vec<f64> = x.transpose().as_slice().to_vec();
    let mut to = vec![0.0; from.len()];
    let mut product = vec![0.0; width];
    for row in 0..matrix.n_rows() {
        let (columns, values) = matrix.row(row);
        product.fill(0.0);
        for (&column, &value) in columns.iter().zip(values) {
            let from = &from[column as usize * width..][..width];
            for (sum, x) in product.iter_mut().zip(from) {
                *sum += f64::from(value) * x;
            }
        }
        for (&column, &value) in columns.iter().zip(values) {
            let to = &mut to[column as usize * width..][..width];
            for (sum, x) in to.iter_mut().zip(&product) {
                *sum += f64::from(value) * x;
            }
        }
    }
    DMatrix::from_row_slice(x.nrows(), width, &to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against nalgebra's dense singular value decomposition.
    #[test]
    fn they_are_the_singular_vectors_of_the_dense_matrix() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (rows, columns) = (60, 40);
        let (mut row_ptr, mut at, mut values) = (vec![0], Vec::new(), Vec::new());
        let mut dense = DMatrix::<f64>::zeros(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                if rng.random::<f32>() < 0.2 {
                    let value = rng.random::<f32>() + 3.0 / (1 + column) as f32;
                    at.push(column as u32);
                    values.push(value);
                    dense[(row, column)] = f64::from(value);
                }
            }
            row_ptr.push(at.len() as u32);
        }
        let matrix = SparseMatrix::new(columns, row_ptr, at, values);
        let PrincipalComponents {
            values: found,
            n: k,
        } = leading_directions(&matrix, 5);
        assert_eq!(k, 5);
        let svd = dense.svd(false, true);
        let Some(expected) = svd.v_t else {
            panic!("the decomposition has vectors");
        };
        for at in 0..k {
            let dot: f64 = (0..columns)
                .map(|row| f64::from(found[row * k + at]) * expected[(at, row)])
                .sum();
            assert!(dot.abs() > 1.0 - 1e-5, "vector {at}: {dot}");
        }
        let all = leading_directions(&matrix.clone(), 500);
        assert_eq!(
            (all.n, all.values.len()),
            (40, 1600),
            "no more than there are"
        );
        let nothing = SparseMatrix::new(4, vec![0, 0], Vec::new(), Vec::new());
        assert_eq!(leading_directions(&nothing, 3).n, 0);
    }
}
