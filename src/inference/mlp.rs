//! Scores of a perceptron over a user's row and an item's: each side's half of the hidden layer is taken once, so that
//! a pair costs only the ReLU and a dot product.

use std::ops::Range;

use sagebrush_model::ScoreHead;

/// The users' half of the hidden layer, `[n_users x hidden]`, the bias included; empty for a dot product.
pub(super) fn project_users(head: &ScoreHead, users: &[f32], dim: usize) -> Vec<f32> {
    let ScoreHead::Mlp {
        hidden,
        user_weight,
        bias,
        ..
    } = head
    else {
        return Vec::new();
    };
    let mut projected = Vec::with_capacity(users.len() / dim * hidden);
    for row in users.chunks_exact(dim) {
        let weights = user_weight.chunks_exact(dim).zip(bias);
        projected.extend(weights.map(|(weight, bias)| dot(weight, row) + bias));
    }
    projected
}

/// The items' half of the hidden layer, `[hidden x n_items]`: one hidden unit's values lie side by side, for vector
/// loops over items. Empty for a dot product.
pub(super) fn project_items(head: &ScoreHead, items: &[f32], dim: usize) -> Vec<f32> {
    let ScoreHead::Mlp {
        hidden,
        item_weight,
        ..
    } = head
    else {
        return Vec::new();
    };
    let n_items = items.len() / dim;
    let mut projected = vec![0.0; hidden * n_items];
    for (item, row) in items.chunks_exact(dim).enumerate() {
        for (unit, weight) in item_weight.chunks_exact(dim).enumerate() {
            projected[unit * n_items + item] = dot(weight, row);
        }
    }
    projected
}

/// What follows the hidden layer: `score = output . relu(user + item) + bias`.
pub(super) struct Output<'a> {
    /// `[hidden]`.
    pub(super) weights: &'a [f32],
    /// Added to every score.
    pub(super) bias: f32,
}

impl Output<'_> {
    /// Scores of a range of items, whose halves are `items`, for one user, whose half is `user`, `[hidden]`.
    pub(super) fn score_row(
        &self,
        user: &[f32],
        items: &[f32],
        range: Range<usize>,
        out: &mut [f32],
    ) {
        let n_items = items.len() / self.weights.len();
        out.fill(self.bias);
        for (unit, (&from_user, &weight)) in user.iter().zip(self.weights).enumerate() {
            let row = &items[unit * n_items..][range.clone()];
            for (score, &from_item) in out.iter_mut().zip(row) {
                // Not `f32::max`, which would turn a NaN into 0 and hide it.
                let sum = from_user + from_item;
                *score += weight * if sum < 0.0 { 0.0 } else { sum };
            }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
