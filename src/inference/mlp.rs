//! The learned score head that is not a dot product: a two-layer perceptron over both embeddings.

/// How a score is taken from a user's and an item's embedding.
#[derive(Debug, Clone, PartialEq)]
pub enum ScoreHead {
    /// The dot product.
    Dot,
    /// A perceptron of one hidden layer; such scores cannot be served from a vector index.
    Mlp(MlpHead),
}

/// `score = output . relu(user_weight z_u + item_weight z_i + bias) + output_bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpHead {
    /// Width of the hidden layer.
    pub hidden: usize,
    /// `[hidden x dim]`, row-major.
    pub user_weight: Vec<f32>,
    /// `[hidden x dim]`, row-major.
    pub item_weight: Vec<f32>,
    /// `[hidden]`.
    pub bias: Vec<f32>,
    /// `[hidden]`.
    pub output: Vec<f32>,
    /// Added to every score.
    pub output_bias: f32,
}

/// Both sides after the hidden layer's linear part, computed once so that a pair costs only the relu and a dot product.
#[derive(Debug, Clone)]
pub(super) struct Projected {
    /// `[n_users x hidden]`, the bias included.
    pub(super) users: Vec<f32>,
    /// `[hidden x n_items]`: one hidden unit's values lie side by side, for vector loops over items.
    pub(super) items: Vec<f32>,
}

impl MlpHead {
    pub(super) fn project(&self, users: &[f32], items: &[f32], dim: usize) -> Projected {
        let n_items = items.len() / dim;
        let mut projected_users = Vec::with_capacity(users.len() / dim * self.hidden);
        for row in users.chunks_exact(dim) {
            let weights = self.user_weight.chunks_exact(dim).zip(&self.bias);
            projected_users.extend(weights.map(|(weight, bias)| dot(weight, row) + bias));
        }
        let mut projected_items = vec![0.0; self.hidden * n_items];
        for (item, row) in items.chunks_exact(dim).enumerate() {
            for (unit, weight) in self.item_weight.chunks_exact(dim).enumerate() {
                projected_items[unit * n_items + item] = dot(weight, row);
            }
        }
        Projected {
            users: projected_users,
            items: projected_items,
        }
    }

    /// Scores of a range of items for one user whose projection is `user`, `[hidden]`.
    pub(super) fn score_row(
        &self,
        user: &[f32],
        projected: &Projected,
        items: std::ops::Range<usize>,
        out: &mut [f32],
    ) {
        let n_items = projected.items.len() / self.hidden;
        out.fill(self.output_bias);
        for (unit, (&from_user, &weight)) in user.iter().zip(&self.output).enumerate() {
            let row = &projected.items[unit * n_items..][items.clone()];
            for (score, &from_item) in out.iter_mut().zip(row) {
                // Not `f32::max`, which would turn a NaN into 0 and hide it.
                let sum = from_user + from_item;
                *score += weight * if sum < 0.0 { 0.0 } else { sum };
            }
        }
    }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
