//! Losses and scores against hand computations, and at the edge of the floats.

use std::f64::consts::LN_2;

use burn::tensor::Tensor;

use super::*;
use crate::loss::{binary, bpr, bpr_full};
use crate::numeric::{l2_normalize, softplus};

fn near(got: f64, want: f64) {
    assert!(
        (got - want).abs() < 1e-5 * want.abs().max(1.0),
        "{got} against {want}"
    );
}

#[test]
fn equal_scores_give_ln_2() {
    for device in devices() {
        let positives = Tensor::<1>::from_floats([0.3, -7.0], &device);
        let negatives = Tensor::<2>::from_floats([[0.3, 0.3], [-7.0, -7.0]], &device);
        near(scalar(bpr(positives, negatives)), LN_2);
        let scores = Tensor::<2>::ones([2, 3], &device);
        let mask = Tensor::<2>::from_floats([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], &device);
        near(scalar(bpr_full(scores, mask)), LN_2);
        let zeros = Tensor::<1>::zeros([4], &device);
        near(scalar(binary(zeros.clone(), zeros)), 2.0 * LN_2);
    }
}

#[test]
fn bpr_in_full_weighs_every_user_alike() {
    // User 0: positive 1, negatives 0 and 0: softplus(-1) twice. User 1: positives 0 and 2,
    // negative 1. User 2 has no positive, user 3 no negative: neither counts.
    let softplus = |x: f64| x.exp().ln_1p();
    let want = (softplus(-1.0) + (softplus(1.0) + softplus(-1.0)) / 2.0) / 2.0;
    for device in devices() {
        let scores = [[1.0, 0.0, 0.0], [0.0, 1.0, 2.0], [3.0; 3], [5.0, 4.0, 3.0]];
        let mask = [[1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0; 3], [1.0; 3]];
        let scores = Tensor::<2>::from_floats(scores, &device);
        let mask = Tensor::<2>::from_floats(mask, &device);
        near(scalar(bpr_full(scores.clone(), mask)), want);
        near(
            scalar(bpr_full(scores, Tensor::zeros([4, 3], &device))),
            0.0,
        );
    }
}

#[test]
fn binary_takes_two_separate_means() {
    let softplus = |x: f64| x.exp().ln_1p();
    let want = softplus(-2.0) + (softplus(1.0) + softplus(0.0) + softplus(-1.0)) / 3.0;
    for device in devices() {
        let positives = Tensor::<1>::from_floats([2.0], &device);
        let negatives = Tensor::<1>::from_floats([1.0, 0.0, -1.0], &device);
        near(scalar(binary(positives, negatives)), want);
    }
}

#[test]
fn softplus_is_finite_with_the_right_slope_everywhere() {
    for device in devices() {
        let device = device.autodiff();
        let points = [-1e4f32, -30.0, -1.0, 0.0, 1.0, 30.0, 1e4];
        let x = Tensor::<1>::from_floats(points, &device).require_grad();
        let y = softplus(x.clone());
        let values = host(y.clone());
        let slopes = host(x.grad(&y.sum().backward()).unwrap());
        for ((x, value), slope) in points.iter().zip(values).zip(slopes) {
            let x = f64::from(*x);
            let want = x.max(0.0) + (-x.abs()).exp().ln_1p();
            near(f64::from(value), want);
            near(f64::from(slope), 1.0 / (1.0 + (-x).exp()));
        }
    }
}

#[test]
fn a_zero_row_is_normalised_to_zero_with_a_finite_gradient() {
    for device in devices() {
        let device = device.autodiff();
        let x = Tensor::<2>::from_floats([[3.0, 4.0], [0.0, 0.0]], &device).require_grad();
        let y = l2_normalize(x.clone());
        assert_close(&host(y.clone()), &[0.6, 0.8, 0.0, 0.0], 1e-6, "value");
        // d(y0 + 2 y1)/dx of the first row: (I - y yᵀ) (1, 2) / 5 = (-0.064, 0.048) * ...
        let weight = Tensor::<2>::from_floats([[1.0, 2.0], [1.0, 2.0]], &device);
        let gradient = host(x.grad(&(y * weight).sum().backward()).unwrap());
        let along: f64 = 0.6 + 2.0 * 0.8;
        let want = [
            (1.0 - along * 0.6) / 5.0,
            (2.0 - along * 0.8) / 5.0,
            0.0,
            0.0,
        ];
        assert_close(&gradient, &want, 1e-6, "gradient");
    }
}
