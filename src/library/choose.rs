//! `choose`: from a split to the settings of the model that does best on its validation part.

use super::Split;
use crate::config::{ModelName, RunConfig};
use crate::contest::{self, Effort};
use crate::error::{Result, Usage};
use crate::failure::{Fails, Failure};
use crate::observer::Observer;

/// The contest was stopped before its end.
#[derive(Debug, thiserror::Error)]
#[error("stopped as asked before a model was chosen; nothing is kept of it")]
struct Stopped;

impl Fails for Stopped {
    fn failure(&self) -> Failure {
        Failure::Interrupted
    }
}

/// Holds a contest of models on the validation part of `split` and gives the settings of the winner, for
/// [`fit`](crate::fit). The same split and effort give the same choice on every CPU, whatever the number of threads.
///
/// Candidates are measured within a budget of forecast work, and none is tried that is forecast to take more memory than
/// `run.memory_limit` of the split's configuration, or 8 GiB. Trainings of candidates keep their checkpoints in a
/// temporary folder.
///
/// # Errors
/// A split without a validation part, or one whose validation users have no training items; a split made for
/// `pinsage`, the one model that ranks new items. [`Failure::Interrupted`] when the observer stopped it.
///
/// # Example
/// ```no_run
/// use sagebrush::{Config, Dataset, Effort, Split, choose, fit};
///
/// let split = Split::new(Dataset::read("ratings.csv")?, &Config::default(), &())?;
/// let config = choose(&split, Effort::Quick, &())?;
/// println!("{} it is", config.model.name);
/// let run = fit(&config, &split, "my-run", &())?;
/// # Ok::<(), sagebrush::Error>(())
/// ```
pub fn choose(split: &Split, effort: Effort, observer: &dyn Observer) -> Result<RunConfig> {
    if split.config.model.name == ModelName::PinSage {
        return Err(Usage(
            "the split was made for pinsage, which alone ranks new items: call `fit` with its configuration".to_owned(),
        )
        .into());
    }
    let chosen = contest::choose(observer, &split.config, &split.prepared, effort)?;
    chosen.ok_or_else(|| Stopped.into())
}
