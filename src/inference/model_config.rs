//! From settings to the model crate's description of a model.

use sagebrush_model::{
    Init, LightGcnConfig, MfConfig, ModelConfig, NetworkConfig, NgcfLectureConfig,
    NgcfOfficialConfig, NgcfPaperConfig, PinSageConfig, Pooling, ScoreConfig,
};

use crate::config::{Initialization, LastActivation, ModelName, PoolingName, RunConfig, ScoreKind};

/// The model of the settings; `n_features` are the floats of an item's features, where the model reads any.
///
/// # Panics
/// For a model that is not trained.
pub fn model_config(config: &RunConfig, n_features: usize) -> ModelConfig {
    let model = &config.model;
    let dim = model.dim;
    let init = match model.init {
        Initialization::XavierUniform => Init::XavierUniform,
        // The singular vectors replace the tables when training begins.
        Initialization::Normal | Initialization::Spectral => Init::Normal {
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
            linear_output: config
                .ngcf_lecture
                .as_ref()
                .is_some_and(|own| own.last_activation == LastActivation::Linear),
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
            features: n_features,
            words: config.features.as_ref().map_or(0, |f| f.n_words()),
            components: config.features.as_ref().map_or(0, |f| f.token_dim),
            dim,
            hidden: config.pinsage.as_ref().map_or(dim, |own| own.hidden),
            layers: model.layers,
            pooling: match config.walks.as_ref().map(|walks| walks.pooling) {
                None | Some(PoolingName::Importance) => Pooling::Importance,
                Some(PoolingName::Mean) => Pooling::Mean,
                Some(PoolingName::Max) => Pooling::Max,
            },
            node_dropout: model.node_dropout,
            feature_dropout: config.features.as_ref().map_or(0.0, |f| f.dropout),
        }),
        ModelName::GfCf
        | ModelName::ChebyCf
        | ModelName::Popularity
        | ModelName::ItemKnn
        | ModelName::Ease
        | ModelName::Ials => unreachable!("{} is fitted, not trained", model.name),
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
