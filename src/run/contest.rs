//! `contest.json`: the contest of models that a run's model won.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{File, RunDir, RunError, RunWriter};

/// The content of `contest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContestRecord {
    /// `quick`, `normal` or `thorough`.
    pub effort: String,
    /// Units of forecast work there were to spend; a unit is 1e9 multiply-adds in dense tiles.
    pub budget: f64,
    /// Bytes that a candidate could be forecast to take.
    pub memory_limit: u64,
    /// What was compared on the validation part.
    pub metric: String,
    /// Validation users who were compared.
    pub users: usize,
    /// The name of the winner.
    pub winner: String,
    /// Why it won, in a sentence.
    pub why: String,
    /// Everybody who took part or could not, the best figure first.
    pub candidates: Vec<Entrant>,
    /// Wall time of each measured candidate: the only member that differs from run to run.
    pub seconds: Vec<Took>,
}

impl ContestRecord {
    /// Wall seconds of a candidate, where it was measured.
    #[must_use]
    pub fn seconds_of(&self, name: &str) -> Option<f64> {
        let took = self.seconds.iter().find(|took| took.name == name)?;
        Some(took.seconds)
    }
}

/// How long a candidate was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Took {
    /// Its name.
    pub name: String,
    /// Seconds of all its measurements together.
    pub seconds: f64,
}

/// A candidate of a contest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entrant {
    /// Its name in the contest.
    pub name: String,
    /// Its model.
    pub model: String,
    /// The settings that it has beside the defaults and what was given, as text.
    pub settings: BTreeMap<String, String>,
    /// Units of forecast work that were spent on it.
    pub units: f64,
    /// Epochs it was trained for when it was measured last, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Mean of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Lower end of its 95% interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of its 95% interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Why it left, or was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

impl RunWriter {
    /// Writes `contest.json`.
    pub fn write_contest(&mut self, record: &ContestRecord) -> Result<(), RunError> {
        self.write_pretty_json(File::Contest, record)
    }
}

impl RunDir {
    /// The contest that the run's model won, where there was one.
    pub fn contest(&self) -> Result<Option<ContestRecord>, RunError> {
        self.has(File::Contest)
            .then(|| self.read_json(File::Contest))
            .transpose()
    }
}
