//! The training objective of a model on one batch: a ranking loss and a regularization.

use burn::tensor::{Tensor, TensorData};

use super::forward::NodeRows;
use super::model::Model;
use super::network::{Graph, Network};
use crate::batch::BatchIndices;
use crate::losses::{BatchScores, L2, LossConfig, LossParts};
use crate::ops::batch_loss::{BatchLossPlan, Similarity, batch_loss};
use crate::ops::dropout::Mode;
use crate::ops::flex::is_flex;
use crate::ops::linear::l2_normalize;
use crate::parameters::Named;
use crate::scores::Score;

impl Model {
    /// The objective on one batch.
    ///
    /// # Panics
    /// As [`Model::embed`].
    pub fn loss<'a>(
        &self,
        graph: impl Into<Graph<'a>>,
        batch: &BatchIndices,
        config: &LossConfig,
        mode: Mode,
    ) -> LossParts {
        let each_layer = config.l2 == L2::AllLayerRows && config.weight_decay > 0.0;
        let rows = self.network().rows(graph.into(), batch, mode, each_layer);
        self.objective(rows, batch, config)
    }

    /// The objective on one batch from the batch's rows of the tables, for networks without
    /// propagation: `rows` are [`Model::table_rows`], tracked or not.
    ///
    /// # Panics
    /// When the network propagates.
    pub fn loss_of_rows(
        &self,
        rows: Tensor<2>,
        batch: &BatchIndices,
        config: &LossConfig,
    ) -> LossParts {
        assert!(
            matches!(self.network(), Network::Mf(_)),
            "every row of a network that propagates has a gradient"
        );
        self.objective(NodeRows::Same(rows), batch, config)
    }

    fn objective(&self, rows: NodeRows, batch: &BatchIndices, config: &LossConfig) -> LossParts {
        let similarity = self.score().similarity(config.cosine);
        let (ranking, squares, costs) = match similarity {
            Some(similarity) if is_flex(&rows.device()) => {
                fused_objective(&rows, batch, config, similarity)
            }
            _ => {
                let scores = self.scores(&rows, batch, config);
                let costs = config.ranking.has_costs().then(|| scores.costs().detach());
                (config.ranking.forward(scores), None, costs)
            }
        };
        let squares = match config.l2 {
            _ if config.weight_decay == 0.0 => None,
            L2::None => None,
            L2::FinalRows => squares.or_else(|| Some(sum_of_squares(rows.last()))),
            L2::LayerZeroRows => squares.or_else(|| Some(sum_of_squares(rows.initial()))),
            L2::AllLayerRows => squares.or_else(|| Some(sum_of_squares(rows.layers()))),
            L2::AllParameters => self
                .clone()
                .named()
                .into_iter()
                .map(|(_, parameter)| parameter.sum_of_squares())
                .reduce(|a, b| a + b),
        };
        let regularization = match squares {
            Some(squares) => squares * (0.5 * config.weight_decay / batch.len() as f64),
            None => ranking.zeros_like().detach(),
        };
        LossParts {
            ranking,
            regularization,
            costs,
        }
    }

    /// The batch's scores by Burn's operations, per-positive negatives before batch-shared ones.
    fn scores(&self, rows: &NodeRows, batch: &BatchIndices, config: &LossConfig) -> BatchScores {
        let all = rows.last();
        let rows = BatchRows {
            all: match config.cosine {
                true => l2_normalize(all),
                false => all,
            },
            batch: batch.len(),
            n_negatives: batch.n_negatives(),
        };
        let score = match config.cosine {
            true => &Score::dot(),
            false => self.score(),
        };
        let users = rows.users();
        let positives = score.pairs(users.clone(), rows.positives());
        let per_positive = rows
            .negatives()
            .map(|items| score.sets(users.clone(), items));
        let shared = rows.shared(batch.shared().in_batch);
        let shared = shared.map(|items| score.cross(users, items));
        let negatives: Vec<Tensor<2>> = per_positive.into_iter().chain(shared).collect();
        let negatives = Tensor::cat(negatives, 1);
        let on_device =
            |values: &[f32]| Tensor::<1>::from_data(values, &positives.device().without_autodiff());
        BatchScores {
            valid: valid(batch, &positives),
            log_q: batch.log_q().map(|log_q| {
                let n = batch.len();
                // A dimension of 0 means "as before" to `reshape`, so nothing is reshaped to it.
                let of_own = (!log_q.negatives.is_empty())
                    .then(|| on_device(&log_q.negatives).reshape([n, batch.n_negatives()]));
                let of_shared = (!log_q.shared.is_empty()).then(|| {
                    on_device(&log_q.shared)
                        .unsqueeze_dim::<2>(0)
                        .expand([n, log_q.shared.len()])
                });
                let both: Vec<Tensor<2>> = of_own.into_iter().chain(of_shared).collect();
                (on_device(&log_q.positives), Tensor::cat(both, 1))
            }),
            inverse_temperatures: batch
                .inverse_temperatures()
                .map(|of_users| on_device(of_users)),
            positives,
            negatives,
        }
    }
}

/// A batch's rows of one table.
#[derive(Clone, Debug)]
struct BatchRows {
    /// Users, positives, per-positive negatives, batch-shared negatives:
    /// `[batch * (2 + n_negatives) + n_shared, width]`.
    all: Tensor<2>,
    batch: usize,
    n_negatives: usize,
}

impl BatchRows {
    /// `[batch, width]`
    fn users(&self) -> Tensor<2> {
        self.all.clone().narrow(0, 0, self.batch)
    }

    /// `[batch, width]`
    fn positives(&self) -> Tensor<2> {
        self.all.clone().narrow(0, self.batch, self.batch)
    }

    /// `[batch, n_negatives, width]`; `None` where there are none.
    fn negatives(&self) -> Option<Tensor<3>> {
        let [_, width] = self.all.dims();
        (self.n_negatives > 0).then(|| {
            self.all
                .clone()
                .narrow(0, 2 * self.batch, self.batch * self.n_negatives)
                .reshape([self.batch, self.n_negatives, width])
        })
    }

    /// `[n_shared, width]`, the positives among them where they are negatives, too; `None` where there are none.
    fn shared(&self, in_batch: bool) -> Option<Tensor<2>> {
        let [rows, _] = self.all.dims();
        let before = self.batch * (2 + self.n_negatives);
        let drawn = (rows > before).then(|| self.all.clone().narrow(0, before, rows - before));
        let all: Vec<Tensor<2>> = drawn
            .into_iter()
            .chain(in_batch.then(|| self.positives()))
            .collect();
        (!all.is_empty()).then(|| Tensor::cat(all, 0))
    }
}

/// Which negatives count for which user; `None` where all do.
fn valid(batch: &BatchIndices, beside: &Tensor<1>) -> Option<Tensor<2>> {
    let (shared, n) = (batch.shared(), batch.len());
    if shared.known.is_empty() {
        return None;
    }
    let per_positive = batch.n_negatives();
    let width = per_positive + shared.n_places(n);
    let mut valid = vec![1.0f32; n * width];
    for (user, row) in valid.chunks_exact_mut(width).enumerate() {
        let known = shared.known_ptr[user] as usize..shared.known_ptr[user + 1] as usize;
        for &place in &shared.known[known] {
            row[per_positive + place as usize] = 0.0;
        }
    }
    let device = beside.device();
    Some(Tensor::from_data(
        TensorData::new(valid, [n, width]),
        &device,
    ))
}

/// The ranking loss; the sum of squares of the rows where they are the regularized ones; the costs at temperature 1
/// where the loss has them.
fn fused_objective(
    rows: &NodeRows,
    batch: &BatchIndices,
    config: &LossConfig,
    similarity: Similarity,
) -> (Tensor<1>, Option<Tensor<1>>, Option<Tensor<1>>) {
    let of_tables = matches!(config.l2, L2::LayerZeroRows | L2::AllLayerRows);
    let (rows, more_sets, regularized) = match rows {
        NodeRows::Same(rows) => (rows, 0, of_tables || config.l2 == L2::FinalRows),
        NodeRows::Stacked { rows, n_layers } => (rows, *n_layers, of_tables),
        NodeRows::Apart { last, .. } => (last, 0, config.l2 == L2::FinalRows),
    };
    let regularized = regularized && config.weight_decay > 0.0;
    let plan = BatchLossPlan::new(batch, more_sets, similarity, config.ranking, regularized);
    let loss = batch_loss(rows.clone(), plan);
    (
        loss.ranking,
        regularized.then_some(loss.squares),
        loss.costs,
    )
}

/// A row that appears twice counts twice. `[1]`
fn sum_of_squares(rows: Tensor<2>) -> Tensor<1> {
    (rows.clone() * rows).sum()
}
