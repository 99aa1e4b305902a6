//! `[training]`: how long and how fast.

use super::section::section;
use super::setting::{Absent, Rule, Tune};
use super::{DeviceName, ModelName, TRAINED, flag, log, usual_when};
use crate::config::accepts::{Accepts, MANY, NON_NEGATIVE, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `training.optimizer`: what moves the parameters.
    Optimizer {
        /// Adam over every parameter.
        Adam = "adam",
        /// Adam over the rows of a batch only; for `mf` on the CPU.
        LazyAdam = "lazy-adam",
    }
}

closed_choice! {
    /// `training.schedule`: how the learning rate changes after the warm-up.
    Schedule {
        /// The learning rate does not change.
        Constant = "constant",
        /// Half a cosine down to 0 at the end of the last epoch.
        Cosine = "cosine",
        /// By the factor `training.decay` an epoch.
        Exponential = "exponential",
    }
}

section! {
    /// The length and the speed of training.
    ["training"] TrainingConfig { models: TRAINED }

    /// Largest number of passes over the training interactions.
    epochs: u32 {
        default: 200, for LightGcn: 15;
        accepts: Accepts::Whole(1, MANY),
        tune: Tune::Fixed("epochs are what the search spends"),
        flag: flag("epochs", "N"),
    }

    /// The optimizer.
    optimizer: Optimizer {
        default: Optimizer::Adam;
        absent: Absent::Was("\"adam\""),
        rules: &[Rule {
            broken: |config| {
                config.training.optimizer == Optimizer::LazyAdam
                    && !(config.model.name == ModelName::Mf && config.run.device == DeviceName::Cpu)
            },
            remedy: "lazy-adam moves the rows of a batch only, which is for `mf` on the device `cpu`; use `adam`",
        }],
    }

    /// Adam's learning rate.
    // What PinSAGE begins with is soon lost at a higher one.
    learning_rate: f64 {
        default: 1e-3, for LightGcn: 0.01, for NgcfOfficial | PinSage: 1e-4;
        accepts: POSITIVE,
        tune: Tune::Usually(&[
            usual_when(1, log(3e-5, 0.01), "pinsage", |config| config.features.is_some()),
            usual_when(1, log(3e-4, 0.03), "all others", |config| config.features.is_none()),
        ]),
        flag: flag("learning-rate", "RATE"),
    }

    /// How the learning rate changes after the warm-up.
    schedule: Schedule {
        default: Schedule::Constant, for LightGcn: Schedule::Cosine;
        absent: Absent::Was("\"constant\""),
    }

    /// Epochs over which the learning rate rises from 0; parts of one are allowed.
    warmup_epochs: f64 {
        default: 0.0;
        accepts: NON_NEGATIVE,
        absent: Absent::Was("0.0"),
    }

    /// Factor per epoch of the schedule `exponential`.
    decay: f64 {
        default: 0.95;
        accepts: POSITIVE,
        absent: Absent::Default,
    }

    /// Validations without improvement before training stops; 0 never stops early.
    patience: u32 {
        default: 10;
    }

    /// Epochs between two validations.
    evaluate_every: u32 {
        default: 1;
        accepts: Accepts::Whole(1, MANY),
    }

    /// Batches made ahead of time, on a thread of their own, while the device computes; with 0 each is made when it
    /// is needed. It changes no result.
    prefetch: usize, was "ahead" {
        default: 2;
        accepts: Accepts::Whole(0, 64),
        absent: Absent::Default,
    }

    /// What validation compares: `recall@K` or `ndcg@K`.
    metric: String {
        default: "ndcg@20".to_owned();
        accepts: Accepts::Metric,
        tune: Tune::Fixed("trials are compared by it"),
    }
}
