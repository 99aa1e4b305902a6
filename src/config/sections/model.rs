//! `[model]`: the network, and `[ngcf_lecture]`.

use super::ModelName::{Mf, NgcfLecture, PinSage};
use super::model_name::{MODELS_AND_AUTO, ModelName};
use super::section::section;
use super::setting::{Absent, Limit, Rule, Tune};
use super::{ALL, DEFAULT_MODEL, PINSAGE, TRAINED, flag, usual_when, values};
use crate::config::accepts::{Accepts, Interval, POSITIVE, SHARE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `model.init`: how embedding tables start.
    Initialization {
        /// Uniform, bounded by fan-in and fan-out (Glorot and Bengio, 2010).
        XavierUniform = "xavier-uniform",
        /// Normal with mean 0 and standard deviation `model.init_std`.
        Normal = "normal",
        /// Leading singular vectors of the training interactions, scaled to the standard deviation `model.init_std`.
        Spectral = "spectral",
    }
}

closed_choice! {
    /// `ngcf_lecture.last_activation`: the activation after the last layer.
    LastActivation {
        /// ReLU, which makes every dot-product score non-negative.
        Relu = "relu",
        /// No activation.
        Linear = "linear",
    }
}

const NOTHING: Accepts = Accepts::Number(Interval::Zero);
const NO_GRAPH: Limit = Limit {
    models: &[Mf],
    accepts: NOTHING,
    remedy: "it uses no graph; remove the key or set it to 0",
};
const DROPS_NODES_ONLY: Limit = Limit {
    models: PINSAGE,
    accepts: NOTHING,
    remedy: "it drops neighbourhoods only (`model.node_dropout`); remove the key or set it to 0",
};

section! {
/// The network.
["model"] ModelSettings { models: TRAINED }

/// The model, or `auto`: `train` holds a contest of models on the validation part, and the run names the winner.
name: ModelName {
    default: DEFAULT_MODEL;
    models: ALL,
    accepts: Accepts::Choice(&MODELS_AND_AUTO),
    flag: flag("model", "NAME"),
}

/// Embedding width.
dim: usize {
    default: 64;
    accepts: Accepts::Whole(1, 65_536),
    flag: flag("dim", "N"),
}

/// Layers of message passing.
layers: usize {
    default: 3, for Mf | GfCf | ChebyCf | Popularity | ItemKnn | Ease | Ials: 0, for PinSage: 2;
    accepts: Accepts::Whole(0, 16),
    limits: &[
        Limit {
            models: &[Mf],
            accepts: Accepts::Whole(0, 0),
            remedy: "it propagates nothing; remove the key or set it to 0",
        },
        Limit {
            models: PINSAGE,
            accepts: Accepts::Whole(1, 16),
            remedy: "its layers are what makes vectors of features; set it to 1 or more",
        },
    ],
    tune: Tune::Usually(&[
        usual_when(3, values(&["1", "2"]), "pinsage", |config| config.model.name == PinSage),
        usual_when(3, values(&["1", "2", "3", "4"]), "lightgcn and NGCF", |config| {
            !matches!(config.model.name, PinSage | Mf)
        }),
    ]),
    flag: flag("layers", "N"),
}

/// How embedding tables start.
init: Initialization {
    default: Initialization::XavierUniform, for LightGcn: Initialization::Normal;
    rules: &[Rule {
        broken: |config| config.model.init == Initialization::Spectral && config.model.name == PinSage,
        remedy: "pinsage has no tables of users and items; its warm start is `pinsage.start`",
    }],
}

/// Standard deviation of the initializations `normal` and `spectral`.
init_std: f64 {
    default: 0.1;
    accepts: POSITIVE,
}

/// Probability that a component of a message is dropped in a training step.
message_dropout: f64 {
    default: 0.1, for Mf | LightGcn | NgcfLecture | PinSage: 0.0;
    accepts: SHARE,
    limits: &[NO_GRAPH, DROPS_NODES_ONLY],
}

/// Probability that a node is dropped in a training step; of `pinsage` a neighbourhood.
node_dropout: f64 {
    default: 0.0, for PinSage: 0.2;
    accepts: SHARE,
    limits: &[NO_GRAPH],
}

/// Probability that an edge is dropped in a training step.
edge_dropout: f64 {
    default: 0.0;
    accepts: SHARE,
    limits: &[NO_GRAPH, DROPS_NODES_ONLY],
}}

section! {
    /// Settings of the model `ngcf-lecture` alone.
    ["ngcf_lecture"] NgcfLectureSettings { models: &[NgcfLecture] }

    /// Activation after the last layer.
    last_activation: LastActivation, moved_from "model.last_activation" {
        default: LastActivation::Relu;
        absent: Absent::Default,
    }
}
