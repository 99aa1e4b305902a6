//! Exponential and logarithm in a form that compilers vectorize. NaN stays NaN.

use super::isa::Arithmetic;

/// `e^x`, 0 below -87; relative error below 2e-7 (Cody and Waite's reduction, a polynomial of degree 6).
#[inline(always)]
pub(crate) fn exp<A: Arithmetic>(x: f32) -> f32 {
    const LEAST: f32 = -87.0;
    const MOST: f32 = 88.0;
    // Adding it rounds to the nearest whole number and leaves that number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let bounded = if x < LEAST { LEAST } else { x };
    let bounded = if bounded > MOST { MOST } else { bounded };
    let rounded = A::multiply_add(bounded, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = A::multiply_add(n, -LN_2_HIGH, bounded);
    let r = A::multiply_add(n, -LN_2_LOW, r);
    let mut p = 1.0 / 720.0;
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = A::multiply_add(p, r, coefficient);
    }
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    let value = p * power;
    if x < LEAST { 0.0 } else { value }
}

/// `ln(1 + y)` for `y` in `[0, 1]`, as `2 artanh(y / (2 + y))`; error below 1e-7.
#[inline(always)]
pub(crate) fn ln_1p<A: Arithmetic>(y: f32) -> f32 {
    let z = y / (2.0 + y);
    let w = z * z;
    let mut p = 1.0 / 15.0;
    for coefficient in [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ] {
        p = A::multiply_add(p, w, coefficient);
    }
    2.0 * z * p
}

/// `log(1 + e^x)` and its slope, the logistic function.
#[inline(always)]
pub(crate) fn softplus<A: Arithmetic>(x: f32) -> (f32, f32) {
    let e = exp::<A>(-x.abs());
    let above = if x <= 0.0 { 0.0 } else { x };
    let larger = 1.0 / (1.0 + e);
    let slope = if x < 0.0 { e * larger } else { larger };
    (above + ln_1p::<A>(e), slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::isa::{Isa, Kernel, run};

    struct AtPoints<'a> {
        points: &'a [f32],
        out: &'a mut Vec<[f32; 4]>,
    }

    impl Kernel for AtPoints<'_> {
        #[inline(always)]
        fn run<A: Arithmetic>(self) {
            for &x in self.points {
                let (value, slope) = softplus::<A>(x);
                self.out
                    .push([exp::<A>(x), ln_1p::<A>(exp::<A>(-x.abs())), value, slope]);
            }
        }
    }

    #[test]
    fn they_are_the_functions_in_f64_and_keep_what_is_not_a_number() {
        let points: Vec<f32> = (-1300..=880).map(|i| i as f32 * 0.1 - 0.037).collect();
        for isa in [Isa::Portable, Isa::detect_fused()] {
            let mut out = Vec::new();
            run(
                isa,
                AtPoints {
                    points: &points,
                    out: &mut out,
                },
            );
            for (&x, &[exp, ln_1p, value, slope]) in points.iter().zip(&out) {
                let x = f64::from(x);
                let close = |got: f32, want: f64, what: &str| {
                    let error = (f64::from(got) - want).abs();
                    assert!(
                        error <= 4e-7 * want.abs().max(1e-30) || error < 2e-38,
                        "{what} at {x}"
                    );
                };
                if (-87.0..=88.0).contains(&x) {
                    close(exp, x.exp(), "exp");
                }
                close(value, x.max(0.0) + (-x.abs()).exp().ln_1p(), "softplus");
                let error = (f64::from(ln_1p) - (-x.abs()).exp().ln_1p()).abs();
                assert!(error < 1e-7, "ln_1p at {x}");
                let error = (f64::from(slope) - 1.0 / (1.0 + (-x).exp())).abs();
                assert!(error < 1e-7, "slope at {x}");
            }
            let mut out = Vec::new();
            let points = [f32::NEG_INFINITY, f32::NAN];
            run(
                isa,
                AtPoints {
                    points: &points,
                    out: &mut out,
                },
            );
            assert_eq!([out[0][0], out[0][2], out[0][3]], [0.0; 3]);
            assert!(out[1][0].is_nan() && out[1][2].is_nan() && out[1][3].is_nan());
        }
    }
}
