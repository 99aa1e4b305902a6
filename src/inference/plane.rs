//! Vectors on a plane: the two directions in which they differ most (principal components).

use nalgebra::DMatrix;

use crate::spectral::falling_eigen;

/// Where vectors lie on their plane, and the share of their variance that it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// One a vector.
    pub points: Vec<[f64; 2]>,
    /// Of the variance, in [0, 1].
    pub share: f64,
}

/// The plane of the directions of some rows of a table `[_, dim]`; `None` for fewer than three rows, a single
/// dimension, or values that are not numbers.
///
/// # Panics
/// When a row is out of range.
pub fn plane(table: &[f32], dim: usize, rows: &[u32]) -> Option<Plane> {
    if dim < 2 || rows.len() < 3 {
        return None;
    }
    let mut vectors = DMatrix::<f64>::zeros(rows.len(), dim);
    for (at, &row) in rows.iter().enumerate() {
        let row = &table[row as usize * dim..][..dim];
        let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let length = square.sqrt().max(f64::MIN_POSITIVE);
        for (column, &value) in row.iter().enumerate() {
            vectors[(at, column)] = f64::from(value) / length;
        }
    }
    let mean = vectors.row_mean();
    for mut row in vectors.row_iter_mut() {
        row -= &mean;
    }
    let covariance = vectors.tr_mul(&vectors);
    if !covariance.iter().all(|value| value.is_finite()) {
        return None;
    }
    let total = covariance.trace();
    let (values, eigenvectors) = falling_eigen(covariance);
    let axes = [0, 1].map(|at| {
        let axis = eigenvectors.column(at);
        // An eigenvector has no sign of its own; its largest component is made positive.
        let largest = axis.iamax();
        axis * axis[largest].signum()
    });
    let places = axes.each_ref().map(|axis| &vectors * axis);
    let shown = values[0] + values[1];
    Some(Plane {
        points: (0..rows.len())
            .map(|at| [places[0][at], places[1][at]])
            .collect(),
        share: if total > 0.0 { shown / total } else { 0.0 },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_a_plane_is_shown_as_it_lies() {
        // Directions in the plane of the first and the third coordinate, of any length.
        let angles = [0.1f32, 0.5, 1.0, 2.0];
        let table: Vec<f32> = angles
            .iter()
            .zip([1.0, 2.0, 0.5, 3.0])
            .flat_map(|(angle, length)| [length * angle.cos(), 0.0, length * angle.sin()])
            .collect();
        let found = plane(&table, 3, &[0, 1, 2, 3]).unwrap();
        assert!((found.share - 1.0).abs() < 1e-9);
        for (a, b) in [(0, 1), (0, 3), (1, 2)] {
            let apart = |p: [f64; 2], q: [f64; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
            let chord = 2.0 * f64::from((angles[a] - angles[b]).abs() / 2.0).sin();
            assert!((apart(found.points[a], found.points[b]) - chord).abs() < 1e-6);
        }
        assert_eq!(plane(&table, 3, &[0, 1]), None);
        assert_eq!(plane(&[f32::NAN; 9], 3, &[0, 1, 2]), None);
    }
}
