//! Losses and scores against hand computations, and at the edge of the floats.

use std::f64::consts::LN_2;

use burn::tensor::Tensor;

use super::*;
use crate::RankingLoss;
use crate::losses::{BatchScores, bpr_full, softplus};

fn near(got: f64, want: f64) {
    assert!(
        (got - want).abs() < 1e-5 * want.abs().max(1.0),
        "{got} against {want}"
    );
}

fn loss(
    loss: RankingLoss,
    positives: &[f32],
    negatives: &[f32],
    valid: Option<&[f32]>,
    device: &Device,
) -> f64 {
    let n = positives.len();
    scalar(loss.forward(BatchScores {
        positives: Tensor::from_data(positives, device),
        negatives: table(negatives, n, device),
        valid: valid.map(|valid| table(valid, n, device)),
        log_q: None,
        inverse_temperatures: None,
    }))
}

#[test]
fn equal_scores_give_ln_2() {
    for device in devices() {
        let negatives = [0.3, 0.3, -7.0, -7.0];
        let bpr = loss(RankingLoss::Bpr, &[0.3, -7.0], &negatives, None, &device);
        near(bpr, LN_2);
        let scores = Tensor::<2>::ones([2, 3], &device);
        let mask = Tensor::<2>::from_floats([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], &device);
        near(scalar(bpr_full(scores, mask)), LN_2);
        let binary = loss(RankingLoss::Binary, &[0.0; 4], &[0.0; 4], None, &device);
        near(binary, 2.0 * LN_2);
        let softmax = RankingLoss::Softmax { temperature: 0.1 };
        let four = loss(softmax, &[5.0], &[5.0; 3], None, &device);
        near(four, 4f64.ln());
    }
}

#[test]
fn every_loss_by_hand_with_negatives_that_do_not_count() {
    // User 0: 1 against 0.5 and (not counted) 9; user 1: -1 against 0 and 2; user 2 against nothing.
    let (positives, negatives) = ([1.0, -1.0, 0.5], [0.5, 9.0, 0.0, 2.0, 7.0, 7.0]);
    let valid = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0];
    let softplus = |x: f64| x.exp().ln_1p();
    let softmax = |p: f64, n: &[f64]| {
        let exp = |x: f64| (x / 0.5).exp();
        -p / 0.5 + (exp(p) + n.iter().map(|&n| exp(n)).sum::<f64>()).ln()
    };
    let expected = [
        (
            RankingLoss::Bpr,
            (softplus(-0.5) + (softplus(1.0) + softplus(3.0)) / 2.0) / 3.0,
        ),
        (
            RankingLoss::Binary,
            (softplus(-1.0) + softplus(1.0) + softplus(-0.5)) / 3.0
                + (softplus(0.5) + softplus(0.0) + softplus(2.0)) / 3.0,
        ),
        (
            RankingLoss::Softmax { temperature: 0.5 },
            (softmax(1.0, &[0.5]) + softmax(-1.0, &[0.0, 2.0]) + softmax(0.5, &[])) / 3.0,
        ),
        (
            RankingLoss::Bilateral {
                temperature: 0.5,
                power: 0.8,
            },
            (0.8 * 1.0 - 2.0 + 0.8 * (1.0 + 4f64.exp()).ln() + 2.0 - 1.0) / 3.0,
        ),
        (
            RankingLoss::Adaptive {
                inverse_temperature: 2.0,
            },
            (1.0 - 2.0 + (1.0 + 4f64.exp()).ln() + 2.0 - 1.0) / 3.0,
        ),
        (
            RankingLoss::Margin { margin: 0.25 },
            (0.0 + (1.25 + 3.25) / 2.0) / 3.0,
        ),
        (
            RankingLoss::Contrastive {
                margin: 0.25,
                negative_weight: 2.0,
            },
            (0.0 + 2.0 + 0.5) / 3.0 + 2.0 * (0.25 + (0.0 + 1.75) / 2.0) / 3.0,
        ),
    ];
    for device in devices() {
        for (of, want) in expected {
            near(
                loss(of, &positives, &negatives, Some(&valid), &device),
                want,
            );
        }
    }
}

#[test]
fn no_score_overflows_a_softmax() {
    let softmax = RankingLoss::Softmax { temperature: 0.01 };
    for device in devices() {
        near(loss(softmax, &[-50.0], &[50.0], None, &device), 1e4);
        near(loss(softmax, &[50.0], &[-50.0], None, &device), 0.0);
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
