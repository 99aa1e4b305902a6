//! `metrics.jsonl`: the results of training, one line an epoch.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::{RunError, lines};

/// One epoch of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean ranking loss a sample.
    #[serde(deserialize_with = "number_or_null")]
    pub loss: f64,
    /// Mean regularization term a sample.
    #[serde(deserialize_with = "number_or_null")]
    pub regularization: f64,
    /// Wall time of training in the epoch, validation not included.
    #[serde(deserialize_with = "number_or_null")]
    pub seconds: f64,
    /// Positive samples trained on.
    pub samples: u64,
    /// Of them, seconds that the device waited for batches.
    #[serde(default, deserialize_with = "number_or_null")]
    pub waited_seconds: f64,
    /// Samples over seconds.
    #[serde(deserialize_with = "number_or_null")]
    pub samples_per_second: f64,
    /// Negatives that could not be drawn within the bound of tries.
    pub skipped_negatives: u64,
    /// Hard negatives a positive in this epoch.
    #[serde(default)]
    pub hard_negatives: u32,
    /// Hard negatives that were drawn as the others are, for want of items near enough.
    #[serde(default)]
    pub replaced_hard_negatives: u64,
    /// The learning rate in force.
    #[serde(deserialize_with = "number_or_null")]
    pub learning_rate: f64,
    /// Metrics on the validation set, such as `recall@20`; empty when it was not measured.
    #[serde(default, deserialize_with = "numbers_or_null")]
    pub validation: BTreeMap<String, f64>,
    /// Whether this epoch is the best so far.
    pub is_best: bool,
    /// Whether it is an epoch of the refit, which is validated on nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refit: bool,
}

/// The sums over the steps of an unfinished epoch so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Positive samples trained on.
    pub samples: u64,
    /// Sum over samples of the ranking loss.
    pub ranking: f64,
    /// Sum over samples of the regularization term.
    pub regularization: f64,
    /// Positives left out for want of a negative.
    pub skipped_negatives: u64,
    /// Hard negatives that were drawn as the others are.
    #[serde(default)]
    pub replaced_hard_negatives: u64,
    /// Wall time.
    pub seconds: f64,
    /// Wall time spent waiting for batches.
    #[serde(default)]
    pub waited_seconds: f64,
}

impl Totals {
    /// Adds a step of `samples` positives with its mean losses.
    pub fn add(&mut self, samples: usize, ranking: f64, regularization: f64) {
        self.samples += samples as u64;
        self.ranking += ranking * samples as f64;
        self.regularization += regularization * samples as f64;
    }

    /// The record of the epoch, now that it is finished.
    pub fn record(
        &self,
        epoch: u32,
        learning_rate: f64,
        validation: BTreeMap<String, f64>,
        is_best: bool,
    ) -> EpochRecord {
        let samples = self.samples.max(1) as f64;
        EpochRecord {
            epoch,
            loss: self.ranking / samples,
            regularization: self.regularization / samples,
            seconds: self.seconds,
            waited_seconds: self.waited_seconds,
            samples: self.samples,
            samples_per_second: self.samples as f64 / self.seconds.max(f64::MIN_POSITIVE),
            skipped_negatives: self.skipped_negatives,
            hard_negatives: 0,
            replaced_hard_negatives: self.replaced_hard_negatives,
            learning_rate,
            validation,
            is_best,
            refit: false,
        }
    }
}

// JSON has no NaN and no infinity; both are written as null and come back as NaN.
fn number_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

fn numbers_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, f64>, D::Error> {
    let numbers: BTreeMap<String, Option<f64>> = Deserialize::deserialize(deserializer)?;
    Ok(numbers
        .into_iter()
        .map(|(name, number)| (name, number.unwrap_or(f64::NAN)))
        .collect())
}

/// `metrics.jsonl` while training appends to it.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    pub(super) fn append_to(path: PathBuf) -> Result<Self, RunError> {
        let file = fs::OpenOptions::new().append(true).open(&path);
        Ok(Self {
            file: file.map_err(RunError::cannot_write(&path))?,
            path,
        })
    }

    /// Appends one line in one write, so that a reader never meets half of it unless the machine
    /// stops in between.
    pub fn append(&mut self, record: &EpochRecord) -> Result<(), RunError> {
        lines::to_line(record)
            .and_then(|line| lines::append(&mut self.file, &line))
            .map_err(RunError::cannot_write(&self.path))
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::run::lines::parse;

    pub(crate) fn record(epoch: u32) -> EpochRecord {
        EpochRecord {
            epoch,
            loss: 0.5,
            regularization: 0.125,
            seconds: 2.0,
            samples: 100,
            waited_seconds: 0.0,
            samples_per_second: 50.0,
            skipped_negatives: 1,
            hard_negatives: 2,
            replaced_hard_negatives: 1,
            learning_rate: 0.25,
            validation: BTreeMap::from([("recall@20".into(), 0.0625)]),
            is_best: true,
            refit: false,
        }
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_a_broken_inner_line_is_refused() {
        let mut text = lines::to_line(&record(1)).unwrap();
        let first = text.len();
        text.extend(lines::to_line(&record(2)).unwrap());
        for end in first..text.len() - 1 {
            assert_eq!(
                parse::<EpochRecord>(Path::new("m"), &text[..end]).unwrap(),
                [record(1)]
            );
        }
        assert_eq!(
            parse::<EpochRecord>(Path::new("m"), &text).unwrap(),
            [record(1), record(2)]
        );
        text[2] = b'\n';
        assert!(
            parse::<EpochRecord>(Path::new("m"), &text)
                .unwrap_err()
                .to_string()
                .contains("line 1")
        );
    }

    #[test]
    fn not_a_number_survives_as_not_a_number() {
        let lost = EpochRecord {
            loss: f64::NAN,
            seconds: f64::INFINITY,
            ..record(3)
        };
        let text = lines::to_line(&lost).unwrap();
        let back: &EpochRecord = &parse(Path::new("m"), &text).unwrap()[0];
        assert!(back.loss.is_nan() && back.seconds.is_nan());
        assert_eq!(back.samples, 100);
    }
}
