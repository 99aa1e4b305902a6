//! `Run`: a finished run directory, and the operations on it.

use std::path::{Path, PathBuf};

use super::Dataset;
#[cfg(feature = "train")]
use super::stopped::stopped;
use crate::config::RunConfig;
use crate::error::Result;
use crate::evaluation::Evaluation;
use crate::finished::{self, Newer, OpenRun, RefreshRequest, Refreshed, Seen, ToMeasure};
#[cfg(feature = "train")]
use crate::fitting::refit::{ToRefit, refit};
use crate::inference::Recommender;
use crate::observer::Observer;
#[cfg(feature = "train")]
use crate::run::Replace;
use crate::run::RunDir;

/// A finished run on disk. It holds no table: [`recommender`](Self::recommender) loads what answers need.
#[derive(Debug, Clone)]
pub struct Run {
    path: PathBuf,
    config: RunConfig,
}

impl Run {
    /// Opens a run directory that `fit` or `sagebrush train` finished.
    ///
    /// # Errors
    /// A directory that is missing, no run, not finished, damaged, or of a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let dir = RunDir::open(&path)?;
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &dir.config()?)?;
        Ok(Self { path, config })
    }

    /// Resumes a training that was stopped or killed. It reads the log again, which must be the same, byte for byte.
    ///
    /// # Errors
    /// As [`fit`](crate::fit), and a log that is missing or has changed; nothing of the run is changed then.
    #[cfg(feature = "train")]
    pub fn resume(path: impl AsRef<Path>, observer: &dyn Observer) -> Result<Self> {
        let path = path.as_ref();
        match crate::contest::is_pending(path) {
            true => crate::contest::resume(observer, path, "resume").map(|_| ())?,
            false => crate::fitting::train::resume(observer, path, "resume").map(|_| ())?,
        }
        Self::open(path)
    }

    /// [`resume`](Self::resume) for a run that was trained on a data set from memory, which is given again: it must hold the
    /// same interactions.
    ///
    /// # Errors
    /// As [`resume`](Self::resume), and a data set that holds others; nothing of the run is changed then.
    #[cfg(feature = "train")]
    pub fn resume_on(
        path: impl AsRef<Path>,
        dataset: Dataset,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let (path, log) = (path.as_ref(), (dataset.data, dataset.cleaning));
        match crate::contest::is_pending(path) {
            true => crate::contest::resume_with(observer, path, Some(log), "resume").map(|_| ())?,
            false => {
                crate::fitting::train::resume_on(observer, path, log, "resume").map(|_| ())?;
            }
        }
        Self::open(path)
    }

    /// Trains the model again, with its settings and for the number of epochs it chose, on training and validation or on
    /// everything, into a new run directory `out`. A model that was trained on everything is for serving: nothing is left
    /// to measure it on. What was stopped is resumed by the same call.
    ///
    /// # Errors
    /// A run that was trained on as much already, a directory that holds something else, an item file that is missing or
    /// has changed. [`Failure::Interrupted`](crate::Failure::Interrupted) when the observer stopped it.
    ///
    /// # Example
    /// ```no_run
    /// use sagebrush::{RefitOn, Run, evaluate};
    ///
    /// let run = Run::open("my-run")?;
    /// evaluate(&run, &[20], &())?;
    /// let served = run.refit("served-run", RefitOn::Everything, &())?;
    /// println!("{:?}", served.recommender()?);
    /// # Ok::<(), sagebrush::Error>(())
    /// ```
    #[cfg(feature = "train")]
    pub fn refit(
        &self,
        out: impl AsRef<Path>,
        on: crate::split::RefitOn,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let out = out.as_ref();
        let asked = ToRefit {
            run: &self.path,
            on,
            out,
            replace: Replace::Nothing,
        };
        match refit(observer, &asked)? {
            Some(_) => Self::open(out),
            None => Err(stopped(out, "the same call resumes")),
        }
    }

    /// Brings the run up to date with a newer log, without training: what users have, what is popular, new users and items.
    /// It is replaced as a whole, or stays as it is and the new one is written to `out`. `None` where nothing in the log is
    /// new. The item file of `newer` describes new items to a model that reads features.
    ///
    /// # Errors
    /// A log that ends before the run does, or is of other keys; a directory `out` that holds something.
    pub fn refresh(
        &self,
        newer: &Dataset,
        out: Option<&Path>,
        observer: &dyn Observer,
    ) -> Result<Option<Refreshed>> {
        let asked = RefreshRequest {
            run: &self.path,
            log: Newer::Read(&newer.data, newer.source.items.as_deref()),
            vectors: &[],
            out,
        };
        finished::refresh(observer, &asked)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The complete configuration it was trained with.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// Loads what answers need: the tables and keys into memory, neither the log nor the graph. Load it once and share
    /// it between threads. Whatever the log holds for a user is left out of that user's lists.
    ///
    /// # Errors
    /// A file that is missing or damaged, by name.
    pub fn recommender(&self) -> Result<Recommender> {
        Ok(OpenRun::open(&self.path, Seen::Everything)?.recommender)
    }
}

/// Opens the test part of a run and measures the run beside the baselines, at the depths `ks`, or at those of its
/// configuration where `ks` is empty. The run records the opening and keeps the result. (The program counts openings in
/// the ledger of this machine, too; the library does not.)
///
/// # Errors
/// A run without a test part, a depth of 0, a file that cannot be written.
pub fn evaluate(run: &Run, ks: &[usize], observer: &dyn Observer) -> Result<Evaluation> {
    let run = ToMeasure::open(run.path(), "evaluate")?.rank_on(observer, None)?;
    let measured = finished::measure(observer, run, &[], ks.to_vec(), None, None)?;
    Ok(measured.evaluated.summary)
}
