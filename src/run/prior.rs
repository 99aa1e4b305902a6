//! `prior.safetensors`: how popular items are these days, and how that counts in scores.

use serde::{Deserialize, Serialize};

use super::tensors::{Entry, TensorFile, Values, write_tensors};
use super::{File, RunDir, RunError, RunWriter};

/// The content of `prior.safetensors`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPrior {
    /// Recent popularity of each item.
    pub popularity: Vec<f32>,
    /// How it counts, and how that was chosen.
    pub notes: PriorNotes,
}

/// The metadata of `prior.safetensors`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriorNotes {
    /// Weight in scores; 0 where scores have no prior, and only cold users are served by it.
    pub weight: f64,
    /// Half-life of popularity.
    pub half_life_days: f64,
    /// The popularity from which on it counts by its logarithm.
    pub offset: f64,
    /// When popularity was counted, in seconds since 1970.
    pub moment: i64,
    /// What chose it; absent where all was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<PriorChoice>,
}

/// The figures of the validation part that chose a prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriorChoice {
    /// Such as `ndcg@20`.
    pub metric: String,
    /// With the prior.
    pub with: f64,
    /// Without it.
    pub without: f64,
    /// How many users were measured.
    pub n_users: usize,
}

impl RunWriter {
    /// Writes `prior.safetensors`.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_prior(&mut self, prior: &StoredPrior) -> Result<(), RunError> {
        let entry = Entry {
            name: "popularity".to_owned(),
            shape: vec![prior.popularity.len()],
            values: Values::F32(&prior.popularity),
        };
        self.write(File::Prior, |out| {
            let notes = serde_json::to_string(&prior.notes)?;
            write_tensors(out, vec![entry], Some(notes))
        })
    }
}

impl RunDir {
    /// The prior of `n_items` items; `None` where the run has none.
    ///
    /// # Errors
    /// A damaged file, or one of another number of items.
    pub fn prior(&self, n_items: usize) -> Result<Option<StoredPrior>, RunError> {
        let Some(prior) = self.read_prior()? else {
            return Ok(None);
        };
        match prior.popularity.len() == n_items {
            true => Ok(Some(prior)),
            false => {
                let what = "it does not hold a popularity for each item of items.json";
                Err(RunError::damaged(&self.path_of(File::Prior), what))
            }
        }
    }

    /// How the prior counts, and how that was chosen; `None` where the run has none.
    ///
    /// # Errors
    /// A damaged file.
    pub fn prior_notes(&self) -> Result<Option<PriorNotes>, RunError> {
        Ok(self.read_prior()?.map(|prior| prior.notes))
    }

    fn read_prior(&self) -> Result<Option<StoredPrior>, RunError> {
        if !self.has(File::Prior) {
            return Ok(None);
        }
        let (path, bytes) = (self.path_of(File::Prior), self.read(File::Prior)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let popularity = file.f32("popularity")?.values;
        let is_popularity = |&value: &f32| value >= 0.0 && value.is_finite();
        if !popularity.iter().all(is_popularity) {
            let what = "it holds a popularity that is no number of interactions";
            return Err(RunError::damaged(&path, what));
        }
        let notes: PriorNotes = serde_json::from_str(file.metadata().unwrap_or("null"))
            .map_err(|error| RunError::damaged(&path, format!("its metadata: {error}")))?;
        let values = [notes.weight, notes.half_life_days, notes.offset];
        let is_in_range = values
            .iter()
            .all(|value| value.is_finite() && *value >= 0.0);
        if !is_in_range || notes.half_life_days == 0.0 || notes.offset == 0.0 {
            return Err(RunError::damaged(&path, "its settings are out of range"));
        }
        Ok(Some(StoredPrior { popularity, notes }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::run::Replace;

    #[test]
    fn a_prior_comes_back_and_one_of_other_items_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let mut run = RunWriter::create(path, Replace::Nothing, "train").unwrap();
        assert_eq!(run.prior(2).unwrap(), None);
        let mut prior = StoredPrior {
            popularity: vec![0.25, 3.0],
            notes: PriorNotes {
                weight: 0.125,
                half_life_days: 7.0,
                offset: 0.1,
                moment: -5,
                chosen: Some(PriorChoice {
                    metric: "ndcg@20".to_owned(),
                    with: 0.2,
                    without: 0.1,
                    n_users: 3,
                }),
            },
        };
        run.write_prior(&prior).unwrap();
        assert_eq!(run.prior(2).unwrap(), Some(prior.clone()));
        let message = run.prior(3).unwrap_err().to_string();
        assert!(message.contains("prior.safetensors"), "{message}");
        prior.notes.half_life_days = 0.0;
        run.write_prior(&prior).unwrap();
        assert!(run.prior(2).is_err());
        prior.notes.half_life_days = 1.0;
        prior.popularity[0] = f32::NAN;
        run.write_prior(&prior).unwrap();
        assert!(run.prior(2).is_err());
    }
}
