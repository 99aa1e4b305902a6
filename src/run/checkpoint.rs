//! A checkpoint: one file with all that training needs to resume as if it had never stopped.
//!
//! The file is a safetensors file whose last tensor, 32 bytes at the very end, is the BLAKE3 of
//! every byte before it, the header included. Data and checksum so travel in one file and one
//! rename: there is no moment at which a checkpoint and its checksum disagree, as there would be
//! with a second file, and any tool that reads safetensors still reads it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::tensors::{Entry, TensorFile, write_checked_tensors};
use super::{EpochRecord, NamedTensors, RunError, Totals};

/// The version of the checkpoint file this program writes and reads.
const CHECKPOINT_VERSION: u64 = 1;
const PARAMETERS: &str = "parameters.";
const BEST_PARAMETERS: &str = "best_parameters.";
const OPTIMIZER: &str = "optimizer.";
const USER_COSTS: &str = "user_costs.";

/// The best epoch so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Its value of the metric that chooses; kept bit for bit.
    #[serde(with = "bits")]
    pub value: f64,
}

/// The state of training between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Whole epochs done.
    pub epoch: u32,
    /// Steps done in the epoch after; 0 unless training was interrupted.
    pub step: u64,
    /// The sums over those steps.
    pub totals: Totals,
    /// The seed of the run.
    pub seed: u64,
    /// The configuration of the run, to refuse a resume with another one.
    pub config_toml: String,
    /// The best epoch so far, once validation was measured.
    pub best: Option<Best>,
    /// Validations since the best one.
    pub validations_without_improvement: u32,
    /// The parameters now.
    pub parameters: NamedTensors,
    /// The parameters of the best epoch, once validation was measured.
    pub best_parameters: Option<NamedTensors>,
    /// The optimizer's state, named like `users.moment_1`.
    pub optimizer: NamedTensors,
    /// The optimizer's step counts, by parameter.
    pub optimizer_steps: BTreeMap<String, u64>,
    /// The users' costs in the epoch before (`before`), and their sums and numbers in the epoch at hand (`sums`,
    /// `counts`); empty where no temperature follows from them.
    pub user_costs: NamedTensors,
    /// All epochs so far.
    pub history: Vec<EpochRecord>,
}

/// All of a checkpoint but its tensors: the metadata of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u64,
    epoch: u32,
    step: u64,
    totals: Totals,
    seed: u64,
    config_toml: String,
    best: Option<Best>,
    validations_without_improvement: u32,
    has_best_parameters: bool,
    optimizer_steps: BTreeMap<String, u64>,
    history: Vec<EpochRecord>,
}

/// What every version of the header states.
#[derive(Deserialize)]
struct Preamble {
    version: u64,
}

impl Checkpoint {
    /// Writes the checkpoint; equal checkpoints give equal bytes.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = Header {
            version: CHECKPOINT_VERSION,
            epoch: self.epoch,
            step: self.step,
            totals: self.totals.clone(),
            seed: self.seed,
            config_toml: self.config_toml.clone(),
            best: self.best,
            validations_without_improvement: self.validations_without_improvement,
            has_best_parameters: self.best_parameters.is_some(),
            optimizer_steps: self.optimizer_steps.clone(),
            history: self.history.clone(),
        };
        let mut entries = entries_of(PARAMETERS, &self.parameters);
        entries.extend(entries_of(OPTIMIZER, &self.optimizer));
        entries.extend(entries_of(USER_COSTS, &self.user_costs));
        if let Some(best) = &self.best_parameters {
            entries.extend(entries_of(BEST_PARAMETERS, best));
        }
        write_checked_tensors(out, entries, Some(serde_json::to_string(&header)?))
    }

    /// Reads a checkpoint from memory. Any bytes may be given: what is not a whole checkpoint is an
    /// error that names it.
    ///
    /// # Errors
    /// [`RunError::Damaged`] or [`RunError::UnknownVersion`], with `name` as the path.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, RunError> {
        Self::parse(Path::new(name), bytes)
    }

    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, RunError> {
        let file = TensorFile::parse_checked(path, bytes).map_err(with_remedy)?;
        Self::from_file(path, &file).map_err(with_remedy)
    }

    fn from_file(path: &Path, file: &TensorFile<'_>) -> Result<Self, RunError> {
        let text = file.metadata().unwrap_or_default();
        let problem = |error| RunError::damaged(path, format!("not a checkpoint: {error}"));
        let Preamble { version } = serde_json::from_str(text).map_err(problem)?;
        if version != CHECKPOINT_VERSION {
            let (path, found, known) = (path.to_owned(), version, CHECKPOINT_VERSION);
            return Err(RunError::UnknownVersion { path, found, known });
        }
        let header: Header = serde_json::from_str(text).map_err(problem)?;
        let best = header
            .has_best_parameters
            .then(|| file.all_f32(BEST_PARAMETERS));
        Ok(Self {
            epoch: header.epoch,
            step: header.step,
            totals: header.totals,
            seed: header.seed,
            config_toml: header.config_toml,
            best: header.best,
            validations_without_improvement: header.validations_without_improvement,
            parameters: file.all_f32(PARAMETERS)?,
            best_parameters: best.transpose()?,
            optimizer: file.all_f32(OPTIMIZER)?,
            optimizer_steps: header.optimizer_steps,
            user_costs: file.all_f32(USER_COSTS)?,
            history: header.history,
        })
    }
}

fn entries_of<'a>(prefix: &str, tensors: &'a NamedTensors) -> Vec<Entry<'a>> {
    tensors
        .iter()
        .map(|(name, tensor)| Entry::of(format!("{prefix}{name}"), tensor))
        .collect()
}

fn with_remedy(error: RunError) -> RunError {
    let remedy = "delete this file to resume from an earlier checkpoint, or train anew".to_owned();
    match error {
        RunError::Damaged { path, what, .. } => RunError::Damaged { path, what, remedy },
        other => other,
    }
}

/// An `f64` as its bits: text would round it, and a comparison after a resume could turn out
/// differently.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::run::HostTensor;
    use crate::run::records::tests::record;

    pub(crate) fn sample(epoch: u32) -> Checkpoint {
        let tensor = |values: &[f32]| HostTensor {
            shape: vec![values.len()],
            values: values.into(),
        };
        let odd = [
            -0.0,
            f32::from_bits(0x7fc0_1234),
            f32::from_bits(0xff80_0001),
            f32::MIN_POSITIVE,
        ];
        Checkpoint {
            epoch,
            step: 3,
            totals: Totals {
                samples: 96,
                ranking: 61.5,
                ..Totals::default()
            },
            seed: u64::MAX,
            config_toml: "model = \"light-gcn\"\n".into(),
            best: Some(Best {
                epoch: 1,
                value: 0.1 + 0.2,
            }),
            validations_without_improvement: 1,
            parameters: NamedTensors::from([("users".into(), tensor(&odd))]),
            best_parameters: Some(NamedTensors::from([("users".into(), tensor(&[1.0]))])),
            optimizer: NamedTensors::from([("users.moment_1".into(), tensor(&[f32::INFINITY]))]),
            optimizer_steps: BTreeMap::from([("users".into(), u64::MAX)]),
            user_costs: NamedTensors::from([("sums".into(), tensor(&[0.25, -1.5]))]),
            history: vec![record(1), record(2)],
        }
    }

    pub(crate) fn bytes_of(checkpoint: &Checkpoint) -> Vec<u8> {
        let mut bytes = Vec::new();
        checkpoint.write_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_read_is_what_was_written_bit_for_bit() {
        let written = sample(7);
        let bytes = bytes_of(&written);
        let read = Checkpoint::from_bytes("c", &bytes).unwrap();
        let bits = |tensors: &NamedTensors| -> Vec<u32> {
            tensors
                .values()
                .flat_map(|tensor| &tensor.values)
                .map(|v| v.to_bits())
                .collect()
        };
        assert_eq!(bits(&read.parameters), bits(&written.parameters));
        assert_eq!(bytes_of(&read), bytes);
        assert_eq!(
            read.best.unwrap().value.to_bits(),
            0.300_000_000_000_000_04_f64.to_bits()
        );
        let without = |checkpoint| Checkpoint {
            parameters: NamedTensors::new(),
            ..checkpoint
        };
        assert_eq!(without(read), without(written));
    }

    #[test]
    fn absent_best_parameters_differ_from_empty_ones() {
        for best_parameters in [None, Some(NamedTensors::new())] {
            let checkpoint = Checkpoint {
                best_parameters,
                ..sample(1)
            };
            let read = Checkpoint::from_bytes("c", &bytes_of(&checkpoint)).unwrap();
            assert_eq!(read.best_parameters, checkpoint.best_parameters);
        }
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_refused_by_name() {
        let bytes = bytes_of(&sample(7));
        let refused = |bytes: &[u8]| {
            let error = Checkpoint::from_bytes("checkpoint/epoch-000007", bytes).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("checkpoint/epoch-000007: damaged"),
                "{error}"
            );
        };
        (0..bytes.len()).for_each(|end| refused(&bytes[..end]));
        let mut bytes = bytes;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                refused(&bytes);
                bytes[at] ^= 1 << bit;
            }
        }
        bytes.push(0);
        refused(&bytes);
    }

    /// Damage behind a checksum that is right: what an attacker, not an accident, would write.
    #[test]
    fn a_damaged_header_with_a_fresh_checksum_never_panics() {
        let whole = bytes_of(&sample(7));
        let header_end = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
        for at in 0..header_end {
            for flip in [0x01, 0x10, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                let content = bytes.len() - blake3::OUT_LEN;
                let hash = blake3::hash(&bytes[..content]);
                bytes[content..].copy_from_slice(hash.as_bytes());
                let _ = Checkpoint::from_bytes("c", &bytes);
            }
        }
    }

    #[test]
    fn another_version_is_refused_with_a_sentence() {
        let mut bytes = Vec::new();
        write_checked_tensors(&mut bytes, Vec::new(), Some(r#"{"version": 9}"#.into())).unwrap();
        let error = Checkpoint::from_bytes("c", &bytes).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("format version 9 is not known here"),
            "{error}"
        );
    }
}
