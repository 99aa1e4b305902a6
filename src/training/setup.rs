//! Builds the model crate's inputs from the settings: loss, graph, item features.

use burn::tensor::Device;
use sagebrush_model::{Adjacency, Graph, ItemGraph, L2, LossConfig, Propagation, RankingLoss};

use super::TrainingError;
use super::temperatures::base_inverse_temperature;
use crate::config::{L2Rows, LossKind, RunConfig};
use crate::graph::{Normalization, normalized_adjacency};
use crate::inference::model_config;
use crate::split::TrainSet;

/// The objective of the settings; what is regularized follows the model's source where nothing else is said.
pub(super) fn loss_config(config: &RunConfig, train: &TrainSet) -> LossConfig {
    let loss = &config.loss;
    let ranking = match loss.kind {
        LossKind::Bpr => RankingLoss::Bpr,
        LossKind::Binary => RankingLoss::Binary,
        LossKind::Softmax if loss.adaptive_temperature => RankingLoss::Adaptive {
            inverse_temperature: base_inverse_temperature(train),
        },
        LossKind::Softmax => RankingLoss::Softmax {
            temperature: loss.temperature,
        },
        LossKind::Bilateral => RankingLoss::Bilateral {
            temperature: loss.temperature,
            power: loss.negative_power,
        },
        LossKind::Margin => RankingLoss::Margin {
            margin: loss.margin,
        },
        LossKind::Contrastive => RankingLoss::Contrastive {
            margin: loss.margin,
            negative_weight: loss.negative_weight,
        },
    };
    let l2 = match model_config(config, 1).network.default_l2() {
        _ if loss.l2_rows == L2Rows::AllLayers => L2::AllLayerRows,
        L2::None if loss.l2 > 0.0 => L2::LayerZeroRows,
        l2 => l2,
    };
    LossConfig {
        ranking,
        cosine: loss.cosine,
        l2,
        weight_decay: loss.l2,
    }
}

/// The normalized graph of the training interactions that the model propagates over, on a device;
/// `None` for models that do not.
///
/// # Errors
/// A graph beyond 32-bit indices, a table beyond the device's buffers.
pub fn adjacency(
    config: &RunConfig,
    train: &TrainSet,
    device: &Device,
) -> Result<Option<Adjacency>, TrainingError> {
    let model = model_config(config, 1);
    let (n_users, n_items) = (train.n_users(), train.n_items());
    model.check_fits(n_users, n_items, device)?;
    let (normalization, self_loops) = match model.network.propagation() {
        Propagation::None => return Ok(None),
        Propagation::Symmetric { self_loops } => (Normalization::Symmetric, self_loops),
        Propagation::RowMean { self_loops } => (Normalization::RowMean, self_loops),
    };
    let weights = config.graph.as_ref().map(|graph| {
        let half_life = graph.half_life_days;
        train.counting(graph.weighted, half_life)
    });
    let weights = weights.unwrap_or_default();
    let matrix = normalized_adjacency(train, normalization, self_loops, &weights)?;
    let adjacency = Adjacency::new(n_users, n_items, matrix, device);
    Ok(Some(adjacency?))
}

/// What a model computes over beside its parameters, built once.
// One lives at a time, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
pub enum ModelInputs {
    /// Its tables alone.
    None,
    /// The graph of users and items.
    Adjacency(Adjacency),
    /// Items with features and neighbourhoods.
    Items(ItemGraph),
}

impl ModelInputs {
    /// As the model takes it.
    pub fn graph(&self) -> Graph<'_> {
        match self {
            Self::None => Graph::None,
            Self::Adjacency(adjacency) => Graph::Adjacency(adjacency),
            Self::Items(items) => Graph::Items(items),
        }
    }
}

/// Builds what the model of the settings computes over; `items` are its inputs where it reads item features.
///
/// # Errors
/// As [`adjacency`].
pub fn model_inputs(
    config: &RunConfig,
    train: &TrainSet,
    items: Option<ItemGraph>,
    device: &Device,
) -> Result<ModelInputs, TrainingError> {
    if let Some(items) = items {
        return Ok(ModelInputs::Items(items));
    }
    let adjacency = adjacency(config, train, device)?;
    Ok(adjacency.map_or(ModelInputs::None, ModelInputs::Adjacency))
}
