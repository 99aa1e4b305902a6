//! `train`: from a data set and settings to a finished run, as the command `train` does it.

use std::path::Path;

use super::fit::fit_for;
use super::stopped::stopped;
use super::{Dataset, Run, Split};
use crate::config::Given;
use crate::contest::{self, Contested, Effort};
use crate::error::Result;
use crate::fitting::train::Resumed;
use crate::observer::Observer;

/// Trains the model that the settings name on a data set, or the winner of a contest where they name none, into a new run
/// directory `out`: the same bytes as `sagebrush train` writes for the same settings, log and seed. `effort` is the
/// contest's. What the settings say of reading gives way to how the data set was read.
///
/// # Errors
/// As [`fit`](crate::fit) and [`choose`](crate::choose). [`Failure::Interrupted`](crate::Failure::Interrupted) when the observer stopped
/// it: the run can be resumed.
///
/// # Example
/// ```no_run
/// use sagebrush::config::Given;
/// use sagebrush::{Dataset, Effort, train};
///
/// let settings = Some(("settings", "seed = 7\n[split]\nmethod = 'random'"));
/// let given = Given::new(settings, std::iter::empty(), Default::default()).unwrap();
/// let run = train(Dataset::read("ratings.csv")?, given, Effort::Normal, "my-run", &())?;
/// println!("{} won", run.config().model.name);
/// # Ok::<(), sagebrush::Error>(())
/// ```
pub fn train(
    dataset: Dataset,
    given: Given,
    effort: Effort,
    out: impl AsRef<Path>,
    observer: &dyn Observer,
) -> Result<Run> {
    let (given, out) = (given.of_data(&dataset.source)?, out.as_ref());
    if given.model().is_some() {
        let config = given.resolved()?.config;
        let split = Split::new(dataset, &config, observer)?;
        return fit_for("train", &config, &split, out, observer);
    }
    let log = (dataset.data, dataset.cleaning);
    let contested = contest::train_on(observer, &given, effort, log, out, "train")?;
    let is_done = match &contested {
        Contested::Interrupted => false,
        Contested::Over(_, resumed) => match &**resumed {
            Resumed::Nothing(_) => true,
            Resumed::Fitted(_, fitted) => fitted.is_some(),
            Resumed::Model(_, trained) => trained.is_some(),
        },
    };
    match is_done {
        true => Run::open(out),
        false => Err(stopped(
            out,
            "`Run::resume` or `sagebrush train --resume` resumes",
        )),
    }
}
