//! How strongly a filter lets each frequency of the item graph through, as Chebyshev coefficients.

use std::f64::consts::PI;

/// Coefficients of a polynomial `sum_k c_k T_k(L̃)` in `L̃ = I - 2P`, the item graph's Laplacian scaled to `[-1, 1]`:
/// -1 is what all neighbours share, 1 what no neighbours share.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    coefficients: Vec<f32>,
}

impl Response {
    /// `P` itself: GF-CF's linear filter.
    pub fn linear() -> Self {
        Self {
            coefficients: vec![0.5, -0.5],
        }
    }

    /// ChebyCF's plateau of degree at most `order`: lets low frequencies through, keeps high ones out and is flat
    /// between; the flatter, the larger `flatness` (`phi` in arXiv 2505.00552).
    ///
    /// Its authors' code, whose results are the published ones, takes the plateau at the extrema of `T_order` and
    /// the interpolation's nodes at the roots of `T_(order+1)`; so does this.
    pub fn plateau(order: usize, flatness: f64) -> Self {
        let n = order + 1;
        let nodes: Vec<f64> = (0..n)
            .map(|at| (order - at) as f64 + 0.5)
            .map(|place| (place / n as f64 * PI).cos())
            .collect();
        let targets: Vec<f64> = (0..n)
            .map(|at| {
                let extremum = ((order - at) as f64 / order.max(1) as f64 * PI).cos();
                0.5 - 0.5 * extremum.signum() * extremum.abs().powf(flatness)
            })
            .collect();
        let coefficient = |degree: usize| {
            let terms = nodes.iter().zip(&targets);
            let sum: f64 = terms
                .map(|(node, target)| target * (degree as f64 * node.acos()).cos())
                .sum();
            sum * if degree == 0 { 1.0 } else { 2.0 } / n as f64
        };
        let mut coefficients: Vec<f64> = (0..n).map(coefficient).collect();
        // The plateau is odd about its middle, so every second coefficient is rounding error: a product less.
        let nothing = |coefficient: &f64| coefficient.abs() < 1e-12;
        while coefficients.last().is_some_and(nothing) && coefficients.len() > 1 {
            coefficients.pop();
        }
        Self {
            coefficients: coefficients.into_iter().map(|c| c as f32).collect(),
        }
    }

    /// `[c_0, c_1]` of a polynomial of degree 1.
    pub(super) fn as_linear(&self) -> Option<[f32; 2]> {
        <[f32; 2]>::try_from(&*self.coefficients).ok()
    }

    /// The coefficients, `c_0` first; the last one differs from 0.
    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the authors' formula, evaluated in NumPy; they round to three digits on the way, which moves a
    /// coefficient by 3e-4 at most.
    #[test]
    fn the_plateau_has_the_published_coefficients() {
        let expected = [
            0.5,
            -0.492_672_8,
            0.0,
            -0.032_459_22,
            0.0,
            0.021_442_285,
            0.0,
            -0.001_416_154_6,
        ];
        let response = Response::plateau(8, 1.5);
        assert_eq!(response.coefficients().len(), expected.len());
        for (found, expected) in response.coefficients().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn small_orders_are_finite() {
        for order in 0..4 {
            let response = Response::plateau(order, 1.5);
            assert!(response.coefficients().iter().all(|c| c.is_finite()));
        }
    }
}
