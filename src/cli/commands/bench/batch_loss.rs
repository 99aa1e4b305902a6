//! How fast a batch's loss and its gradient are, beside this machine's multiply-adds.

use std::time::Instant;

use burn::tensor::Device;
use sagebrush_model::{
    BatchIndices, Init, L2, LossConfig, MfConfig, Model, ModelConfig, NetworkConfig, RankingLoss,
    ScoreConfig, SharedNegatives, limits,
};
use serde::Serialize;

use super::{DIM, N_ITEMS, N_USERS};

/// Repetitions; the fastest counts.
const ROUNDS: usize = 15;
/// After so many seconds there is no further one.
const SECONDS: f64 = 3.0;

/// The loss of one batch: a softmax on cosines.
#[derive(Debug, Serialize)]
pub(super) struct BatchLoss {
    pub(super) users: usize,
    /// Negatives that each user is compared with.
    pub(super) negatives: usize,
    pub(super) milliseconds: f64,
    /// Those of the three products of users and negatives alone: the scores and both gradients. What the loss does besides
    /// takes time and is not counted.
    pub(super) float_operations_per_second: f64,
    /// Of the multiply-adds measured between the rounds.
    pub(super) share_of_peak: f64,
}

/// A batch with in-batch negatives, and a larger one with drawn ones.
pub(super) fn batch_losses() -> Vec<BatchLoss> {
    let device = Device::flex().autodiff();
    let config = ModelConfig {
        network: NetworkConfig::Mf(MfConfig {
            dim: DIM,
            init: Init::Normal { std: 0.1 },
        }),
        score: ScoreConfig::Dot,
    };
    let model = config.init(N_USERS as usize, N_ITEMS as usize, 1, &device);
    let shapes = [(2048, None), (8192, Some(2048))];
    shapes
        .map(|(users, drawn)| measured(&model, users, drawn, &device))
        .into()
}

fn measured(model: &Model, users: usize, drawn: Option<usize>, device: &Device) -> BatchLoss {
    let ids = |n: usize, step: usize, below: u32| -> Vec<u32> {
        (0..n).map(|at| (at * step) as u32 % below).collect()
    };
    let negatives = drawn.unwrap_or(users);
    // With in-batch negatives every user has the place of its own positive.
    let known_each = if drawn.is_none() { 1 } else { 0 };
    let batch = BatchIndices::new(
        &ids(users, 13, N_USERS),
        &ids(users, 7, N_ITEMS),
        &[],
        device,
    );
    let batch = batch.with_shared(SharedNegatives {
        items: drawn.map_or(Vec::new(), |n| ids(n, 11, N_ITEMS)),
        in_batch: drawn.is_none(),
        known_ptr: (0..=users as u32).map(|user| user * known_each).collect(),
        known: (0..users as u32 * known_each).collect(),
    });
    let config = LossConfig {
        ranking: RankingLoss::Softmax { temperature: 0.1 },
        cosine: true,
        l2: L2::None,
        weight_decay: 0.0,
    };
    let rows = model.table_rows(&batch);
    let (mut seconds, mut peak) = (f64::INFINITY, 0.0f64);
    let began = Instant::now();
    for round in 0..ROUNDS {
        if round > 1 && began.elapsed().as_secs_f64() > SECONDS {
            break;
        }
        peak = peak.max(limits::multiply_add_rate(1));
        let rows = rows.clone().require_grad();
        let started = Instant::now();
        let loss = model.loss_of_rows(rows.clone(), &batch, &config);
        let gradients = loss.total().backward();
        std::hint::black_box(rows.grad(&gradients));
        seconds = seconds.min(started.elapsed().as_secs_f64());
    }
    let operations = (2 * 3 * users * negatives * DIM) as f64;
    BatchLoss {
        users,
        negatives,
        milliseconds: 1e3 * seconds,
        float_operations_per_second: operations / seconds,
        share_of_peak: operations / seconds / peak,
    }
}
