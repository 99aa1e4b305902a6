//! Forecasts the memory that training each model on a log takes, and whether it fits.

use serde::Serialize;

use crate::config::{ModelName, Optimizer, RunConfig};
use crate::data::{Inspection, show_bytes};
use crate::forecast::{Counts, MemoryForecast};
use crate::machine;

/// The memory that training one model with its default settings takes.
#[derive(Debug, Serialize)]
pub(super) struct ModelForecast {
    model: ModelName,
    /// Of a model with epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimizer: Option<Optimizer>,
    /// Of a model with vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    dim: Option<usize>,
    layers: usize,
    #[serde(flatten)]
    parts: MemoryForecast,
    total: u64,
    /// Whether the limit allows it; without a limit, whether the machine has it.
    fits: Option<bool>,
}

/// The forecast of the models whose memory a log tells, on a log that was inspected, cut as the settings say.
pub(super) fn of_models(
    settings: &RunConfig,
    inspection: &Inspection,
    dim: usize,
) -> Vec<ModelForecast> {
    let counts = counts(settings, inspection);
    let limit = settings.run.memory_limit.map(|limit| limit.bytes());
    let limit = limit.or_else(machine::attainable_bytes);
    let read = machine::peak_bytes().unwrap_or(0);
    let lazy = (ModelName::Mf, Some(Optimizer::LazyAdam));
    let fitted = [ModelName::ItemKnn, ModelName::Ease, ModelName::Ials].map(|model| (model, None));
    // PinSAGE's memory is that of features which a log does not tell.
    let is_told = |model: &&ModelName| model.is_trained() && **model != ModelName::PinSage;
    let trained = ModelName::ALL.iter().filter(is_told);
    let dense = trained.map(|&model| (model, Some(Optimizer::Adam)));
    let forecast = |(model, optimizer): (ModelName, Option<Optimizer>)| {
        let mut config = RunConfig::defaults_for(model);
        config.model.dim = dim;
        config.training.optimizer = optimizer.unwrap_or(config.training.optimizer);
        if let Some(ials) = &mut config.ials {
            ials.dim = dim;
        }
        let has_vectors = config.ials.is_some() || optimizer.is_some();
        let parts = MemoryForecast::new(&config, counts);
        let total = parts.total().max(read);
        ModelForecast {
            model,
            optimizer,
            dim: has_vectors.then_some(dim),
            layers: config.model.layers,
            parts,
            total,
            fits: limit.map(|limit| total <= limit),
        }
    };
    let mut models: Vec<_> = dense.chain([lazy]).chain(fitted).collect();
    models.sort_by_key(|(model, _)| *model != ModelName::Mf);
    models.into_iter().map(forecast).collect()
}

/// The counts of a log before it is cut.
fn counts(settings: &RunConfig, inspection: &Inspection) -> Counts {
    let split = &settings.split;
    let test = inspection.test.as_ref();
    let held_out = match test {
        Some(_) => 0.0,
        None => split.test_fraction,
    };
    let for_validation = match split.refit {
        true => 0.0,
        false => split.validation_fraction,
    };
    let share = (1.0 - held_out) * (1.0 - for_validation);
    Counts {
        users: inspection.users,
        items: inspection.items,
        interactions: inspection.interactions + test.map_or(0, |test| test.interactions),
        train: (inspection.interactions as f64 * share) as u64,
        vectors: 0,
    }
}

impl ModelForecast {
    /// A line of a table: which training, and how much it takes.
    pub(super) fn line(&self) -> (String, String) {
        let optimizer = match self.optimizer {
            None | Some(Optimizer::Adam) => "",
            Some(Optimizer::LazyAdam) => " (lazy-adam)",
        };
        let dim = match self.dim {
            None => String::new(),
            Some(dim) => format!("dim {dim}"),
        };
        let layers = match self.layers {
            0 => String::new(),
            layers => format!(", {layers} layers"),
        };
        let fits = match self.fits {
            Some(false) => "does not fit",
            Some(true) => "fits",
            None => "",
        };
        let between = match dim.is_empty() || fits.is_empty() {
            true => "",
            false => "; ",
        };
        (
            format!("training memory, {}{optimizer}", self.model),
            format!("{} ({dim}{layers}{between}{fits})", show_bytes(self.total)),
        )
    }
}
