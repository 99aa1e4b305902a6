//! From settings to what the model crate wants: model, loss, graph.

use std::sync::Arc;

use burn::tensor::Device;
use sagebrush_model::{
    Adjacency, CsrMatrix, Graph, Init, ItemGraph, L2, LightGcnConfig, LossConfig, MfConfig,
    ModelConfig, Neighbourhoods, NetworkConfig, NgcfLectureConfig, NgcfOfficialConfig,
    NgcfPaperConfig, PinSageConfig, Pooling, Propagation, RankingLoss, ScoreConfig,
};

use super::TrainingError;
use crate::config::{
    FeatureSettings, Initialization, LastActivation, LossKind, ModelName, PoolingName, RunConfig,
    ScoreKind,
};
use crate::data::TrainSet;
use crate::graph::{InteractionGraph, Normalization, NormalizedCsr, Walks};

/// The model of the settings.
///
/// # Panics
/// For a graph filter, which is not trained.
pub fn model_config(config: &RunConfig) -> ModelConfig {
    let model = &config.model;
    let dim = model.dim;
    let init = match model.init {
        Initialization::XavierUniform => Init::XavierUniform,
        Initialization::Normal => Init::Normal {
            std: model.init_std,
        },
    };
    let layers = vec![dim; model.layers];
    let message_dropout = model.message_dropout;
    let network = match model.name {
        ModelName::Mf => NetworkConfig::Mf(MfConfig { dim, init }),
        ModelName::LightGcn => NetworkConfig::LightGcn(LightGcnConfig {
            dim,
            layers: model.layers,
            init,
        }),
        ModelName::NgcfLecture => NetworkConfig::NgcfLecture(NgcfLectureConfig {
            dim,
            layers,
            linear_output: model.last_activation == Some(LastActivation::Linear),
            dropout: message_dropout,
            init,
        }),
        ModelName::NgcfPaper => NetworkConfig::NgcfPaper(NgcfPaperConfig {
            dim,
            layers,
            message_dropout,
            node_dropout: model.node_dropout,
            init,
        }),
        ModelName::NgcfOfficial => NetworkConfig::NgcfOfficial(NgcfOfficialConfig {
            dim,
            layers,
            message_dropout,
            edge_dropout: model.edge_dropout,
            init,
        }),
        ModelName::PinSage => NetworkConfig::PinSage(PinSageConfig {
            features: config
                .features
                .as_ref()
                .map_or(0, FeatureSettings::row_width),
            dim,
            layers: model.layers,
            pooling: match config.walks.as_ref().map(|walks| walks.pooling) {
                None | Some(PoolingName::Importance) => Pooling::Importance,
                Some(PoolingName::Mean) => Pooling::Mean,
                Some(PoolingName::Max) => Pooling::Max,
            },
            node_dropout: model.node_dropout,
        }),
        ModelName::GfCf | ModelName::ChebyCf => {
            unreachable!("a graph filter is fitted, not trained")
        }
    };
    ModelConfig {
        network,
        score: score_config(config),
    }
}

fn score_config(config: &RunConfig) -> ScoreConfig {
    let score = &config.score;
    match score.kind {
        ScoreKind::Dot => ScoreConfig::Dot,
        ScoreKind::Cosine => ScoreConfig::Cosine {
            temperature: score.temperature,
        },
        ScoreKind::Bilinear => ScoreConfig::Bilinear,
        ScoreKind::Mlp => ScoreConfig::Mlp {
            hidden: score.hidden,
        },
    }
}

/// The objective of the settings; what is regularized follows the model's source.
pub(super) fn loss_config(config: &RunConfig) -> LossConfig {
    let loss = &config.loss;
    let ranking = match loss.kind {
        LossKind::Bpr => RankingLoss::Bpr,
        LossKind::Binary => RankingLoss::Binary,
        LossKind::Softmax => RankingLoss::Softmax {
            temperature: loss.temperature,
        },
        LossKind::Margin => RankingLoss::Margin {
            margin: loss.margin,
        },
        LossKind::Contrastive => RankingLoss::Contrastive {
            margin: loss.margin,
            negative_weight: loss.negative_weight,
        },
    };
    let l2 = match model_config(config).network.default_l2() {
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
    let model = model_config(config);
    let (n_users, n_items) = (train.n_users(), train.n_items());
    model.check_fits(n_users, n_items, device)?;
    let (normalization, self_loops) = match model.network.propagation() {
        Propagation::None => return Ok(None),
        Propagation::Symmetric { self_loops } => (Normalization::Symmetric, self_loops),
        Propagation::RowMean { self_loops } => (Normalization::RowMean, self_loops),
    };
    let matrix = NormalizedCsr::new(train, normalization, self_loops)?;
    let adjacency = Adjacency::new(n_users, n_items, matrix.into(), device);
    Ok(Some(adjacency?))
}

/// What a model computes over, built once.
pub enum Surroundings {
    /// Its tables alone.
    None,
    /// The graph of users and items.
    Adjacency(Adjacency),
    /// Items with features and neighbourhoods.
    Items(ItemGraph),
}

impl Surroundings {
    /// As the model takes it.
    pub fn graph(&self) -> Graph<'_> {
        match self {
            Self::None => Graph::None,
            Self::Adjacency(adjacency) => Graph::Adjacency(adjacency),
            Self::Items(items) => Graph::Items(items),
        }
    }
}

/// What the model of the settings computes over; `features` are the items', where it reads them.
///
/// # Errors
/// As [`adjacency`].
pub fn surroundings(
    config: &RunConfig,
    train: &TrainSet,
    features: Option<Arc<Vec<f32>>>,
    device: &Device,
) -> Result<Surroundings, TrainingError> {
    let (Some(features), Some(walks)) = (features, &config.walks) else {
        let adjacency = adjacency(config, train, device)?;
        return Ok(adjacency.map_or(Surroundings::None, Surroundings::Adjacency));
    };
    let graph = InteractionGraph::new(train)?;
    let near = Walks {
        count: walks.count,
        length: walks.length,
        kept: walks.kept,
        seed: config.seed,
    }
    .neighbours(&graph);
    let positives = train.positives();
    let mut user_ptr = vec![0];
    for user in 0..train.n_users() as u32 {
        user_ptr.push(user_ptr[user as usize] + positives.of(user).len());
    }
    Ok(Surroundings::Items(ItemGraph::new(
        features,
        Neighbourhoods::new(walks.kept, &near),
        user_ptr,
        positives.items().to_vec(),
    )))
}

impl From<NormalizedCsr> for CsrMatrix {
    fn from(matrix: NormalizedCsr) -> Self {
        Self {
            row_ptr: matrix.row_ptr,
            columns: matrix.columns,
            values: matrix.values,
            transposed_values: matrix.transposed_values,
        }
    }
}
