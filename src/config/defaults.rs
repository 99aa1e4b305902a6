//! The default configuration of each model.

use super::sections::{
    DataConfig, DeviceName, EvaluationConfig, FeatureSettings, FilterSettings, HardRoot,
    Initialization, LastActivation, LossKind, LossSettings, ModelName, ModelSettings,
    NegativeDistribution, Optimizer, PoolingName, PositiveSampling, QueryItem, RunConfig,
    RunSettings, SamplingConfig, Schedule, ScoreKind, ScoreSettings, SplitConfig, Start,
    TrainingConfig, WalkSettings,
};

/// Version of the run file this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The model trained when nothing names one.
pub const DEFAULT_MODEL: ModelName = ModelName::LightGcn;

/// What differs from model to model.
struct Recipe {
    layers: usize,
    init: Initialization,
    message_dropout: f64,
    last_activation: Option<LastActivation>,
    l2: f64,
    positives: PositiveSampling,
    batch_size: usize,
    learning_rate: f64,
}

impl Recipe {
    fn of(name: ModelName) -> Self {
        let ngcf = Self {
            layers: 3,
            init: Initialization::XavierUniform,
            message_dropout: 0.1,
            last_activation: None,
            l2: 1e-5,
            positives: PositiveSampling::ByUser,
            batch_size: 1024,
            learning_rate: 1e-3,
        };
        match name {
            ModelName::Mf => Self {
                layers: 0,
                message_dropout: 0.0,
                l2: 1e-4,
                positives: PositiveSampling::ByEdge,
                batch_size: 2048,
                ..ngcf
            },
            ModelName::LightGcn => Self {
                init: Initialization::Normal,
                message_dropout: 0.0,
                l2: 1e-4,
                batch_size: 2048,
                ..ngcf
            },
            ModelName::NgcfLecture => Self {
                message_dropout: 0.0,
                last_activation: Some(LastActivation::Relu),
                l2: 0.0,
                ..ngcf
            },
            ModelName::NgcfPaper => ngcf,
            ModelName::NgcfOfficial => Self {
                learning_rate: 1e-4,
                ..ngcf
            },
            ModelName::PinSage => Self {
                layers: 2,
                message_dropout: 0.0,
                l2: 0.0,
                positives: PositiveSampling::ByEdge,
                // What begins as content is soon lost at a higher one.
                learning_rate: 1e-4,
                ..ngcf
            },
            // Filled in and neither read nor written: a filter has none of these settings.
            ModelName::GfCf | ModelName::ChebyCf => Self { layers: 0, ..ngcf },
        }
    }
}

impl FilterSettings {
    /// The settings of the publications for Gowalla: CIKM 2021 ("How powerful is graph convolution for
    /// recommendation?") for `gf-cf`, arXiv 2505.00552 and its code for `chebycf`.
    fn of(name: ModelName) -> Option<Self> {
        let gf_cf = Self {
            vectors: 256,
            low_pass_weight: 0.3,
            degree_power: 0.5,
            order: None,
            flatness: None,
            tolerance: 1e-4,
        };
        match name {
            ModelName::GfCf => Some(gf_cf),
            ModelName::ChebyCf => Some(Self {
                vectors: 512,
                low_pass_weight: 0.2,
                degree_power: 0.4,
                order: Some(8),
                flatness: Some(1.5),
                ..gf_cf
            }),
            _ => None,
        }
    }
}

impl FeatureSettings {
    fn of(name: ModelName) -> Option<Self> {
        let one = |column: &str| vec![column.to_owned()];
        (name == ModelName::PinSage).then(|| Self {
            text: one("title"),
            categories: Vec::new(),
            numbers: Vec::new(),
            vectors: Vec::new(),
            edges: false,
            width: 16_384,
            components: 128,
            rate: 10.0,
            dropout: 0.3,
        })
    }
}

impl WalkSettings {
    /// Fewer neighbours than the paper's 50: the catalogues of one machine are smaller than its.
    fn of(name: ModelName) -> Option<Self> {
        (name == ModelName::PinSage).then_some(Self {
            count: 100,
            length: 3,
            kept: 10,
            pooling: PoolingName::Importance,
        })
    }
}

impl RunConfig {
    /// The complete configuration of `name` with no data named yet.
    ///
    /// Sources: arXiv 2002.02126 and its PyTorch code for `lightgcn`, arXiv 1905.08108 v2 and its
    /// TensorFlow code for the NGCF variants, those of [`FilterSettings`] for the graph filters.
    #[must_use]
    pub fn defaults_for(name: ModelName) -> Self {
        let recipe = Recipe::of(name);
        Self {
            format_version: FORMAT_VERSION,
            seed: 42,
            data: DataConfig::default(),
            split: SplitConfig {
                method: None,
                test_fraction: 0.2,
                validation_fraction: 0.1,
            },
            model: ModelSettings {
                name,
                dim: 64,
                layers: recipe.layers,
                hidden: (name == ModelName::PinSage).then_some(256),
                start: (name == ModelName::PinSage).then_some(Start::Content),
                init: recipe.init,
                init_std: 0.1,
                message_dropout: recipe.message_dropout,
                node_dropout: match name {
                    ModelName::PinSage => 0.2,
                    _ => 0.0,
                },
                edge_dropout: 0.0,
                last_activation: recipe.last_activation,
            },
            filter: FilterSettings::of(name),
            features: FeatureSettings::of(name),
            walks: WalkSettings::of(name),
            score: ScoreSettings {
                kind: ScoreKind::Dot,
                temperature: 0.2,
                hidden: 64,
            },
            loss: LossSettings {
                kind: match name {
                    ModelName::PinSage => LossKind::Margin,
                    _ => LossKind::Bpr,
                },
                cosine: false,
                temperature: 0.15,
                margin: 0.1,
                negative_weight: 150.0,
                l2: recipe.l2,
            },
            sampling: SamplingConfig {
                positives: recipe.positives,
                negatives: usize::from(name != ModelName::PinSage),
                shared: match name {
                    ModelName::PinSage => 500,
                    _ => 0,
                },
                in_batch: false,
                distribution: match name {
                    ModelName::PinSage => NegativeDistribution::Trained,
                    _ => NegativeDistribution::Uniform,
                },
                popularity_power: 0.75,
                hard: 0,
                hard_from: 100.0,
                hard_to: 500.0,
                hard_root: HardRoot::User,
                curriculum: true,
                query: (name == ModelName::PinSage).then_some(QueryItem::History),
                query_items: (name == ModelName::PinSage).then_some(30),
                batch_size: recipe.batch_size,
            },
            training: TrainingConfig {
                epochs: 200,
                optimizer: Optimizer::Adam,
                learning_rate: recipe.learning_rate,
                schedule: Schedule::Constant,
                warmup_epochs: 0.0,
                decay: 0.95,
                patience: 10,
                evaluate_every: 1,
                ahead: 2,
                metric: "ndcg@20".to_owned(),
            },
            evaluation: EvaluationConfig {
                ks: vec![10, 20, 50],
                bootstrap: 1000,
            },
            run: RunSettings {
                device: DeviceName::Cpu,
                memory_limit: None,
                scratch: None,
            },
        }
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        Self::defaults_for(DEFAULT_MODEL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_follow_the_publications() {
        let lightgcn = RunConfig::default();
        assert_eq!(lightgcn.model.name, ModelName::LightGcn);
        assert_eq!((lightgcn.model.dim, lightgcn.model.layers), (64, 3));
        assert_eq!(lightgcn.model.init, Initialization::Normal);
        assert_eq!(lightgcn.sampling.batch_size, 2048);
        assert_eq!(
            (lightgcn.training.learning_rate, lightgcn.loss.l2),
            (1e-3, 1e-4)
        );

        let official = RunConfig::defaults_for(ModelName::NgcfOfficial);
        assert_eq!(
            (official.training.learning_rate, official.loss.l2),
            (1e-4, 1e-5)
        );
        assert_eq!(
            (official.model.message_dropout, official.sampling.batch_size),
            (0.1, 1024)
        );

        let mf = RunConfig::defaults_for(ModelName::Mf);
        assert_eq!(mf.model.layers, 0);
        assert_eq!(mf.sampling.positives, PositiveSampling::ByEdge);

        let lecture = RunConfig::defaults_for(ModelName::NgcfLecture);
        assert_eq!(lecture.model.last_activation, Some(LastActivation::Relu));
    }
}
