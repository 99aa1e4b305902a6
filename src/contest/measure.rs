//! Measures a candidate: fits or trains it on the training part and looks how its lists do on the validation part.

use std::time::Duration;

use burn::tensor::Device;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::candidates::Candidate;
use super::journal::Journal;
use crate::config::{RunConfig, SettingError};
use crate::device;
use crate::error::{Error, Result};
use crate::evaluation::{validation_of_users, validation_users};
use crate::fitting::train::{self, Callbacks};
use crate::fitting::{Prepared, fitted, needs, prior};
use crate::inference::{Popularity, RankError, ScoreSource, filter::FilterError};
use crate::observer::{Event, Observer};
use crate::run::{LockedRun, Replace, RunError, RunWriter};
use crate::spectral::SpectralError;
use crate::split::Split;
use crate::training::{Outcome, TrainingError};

pub(super) const COMMAND: &str = "train";
/// A training that is quicker than this starts over when it is cut short: checkpoints would take longer than it.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Metrics are kept in whole millionths: they come back from disk as they were.
const MILLION: f64 = 1e6;

/// How a measurement ended.
#[derive(Debug, PartialEq)]
pub(super) enum Measured {
    /// The metric of each user, in millionths.
    Millionths(Vec<u32>),
    /// The candidate cannot be had, for this reason.
    Left(String),
    /// A stop was asked for.
    Interrupted,
}

/// What all candidates are measured with.
pub(super) struct Scales<'a> {
    pub(super) observer: &'a dyn Observer,
    pub(super) prepared: &'a Prepared,
    /// Validation users, ascending.
    pub(super) users: Vec<u32>,
    /// `recall@K` or `ndcg@K`.
    pub(super) metric: String,
}

impl Scales<'_> {
    /// Measures a candidate at a rung. What fails by the candidate's own settings is a result, too.
    pub(super) fn measure(
        &self,
        candidate: &Candidate,
        rung: usize,
        journal: &Journal,
    ) -> Result<Measured> {
        let config = candidate.at(rung);
        let measured = match candidate.is_trained() {
            false => self.fit(&config),
            true => self.train(candidate, &config, rung, journal),
        };
        match measured {
            Err(error) if is_of_the_candidate(&error) => Ok(Measured::Left(error.to_string())),
            other => other,
        }
    }

    /// Popularity, which everybody is compared with.
    pub(super) fn measure_popularity(&self, base: &RunConfig) -> Result<Vec<u32>> {
        let train = &self.prepared.split.train;
        let popularity = Popularity::new(train.positives(), train.n_items());
        self.score(base, &popularity)
    }

    fn fit(&self, config: &RunConfig) -> Result<Measured> {
        let train = &self.prepared.split.train;
        if let Err(error) = needs::check(config, train) {
            return Ok(Measured::Left(error.to_string()));
        }
        let fitted = fitted::fitted(&Quiet(self.observer), config, train)?;
        Ok(match fitted {
            None => Measured::Interrupted,
            Some(fitted) => Measured::Millionths(self.score(config, fitted.source())?),
        })
    }

    fn train(
        &self,
        candidate: &Candidate,
        config: &RunConfig,
        rung: usize,
        journal: &Journal,
    ) -> Result<Measured> {
        let path = journal.training_of(candidate.name, rung);
        let mut run = match RunWriter::create(&path, Replace::Nothing, COMMAND) {
            Err(RunError::Occupied { .. }) => LockedRun::to_resume(&path, COMMAND)?.begin()?,
            created => created?,
        };
        run.write_config(&config.to_toml())?;
        let checkpoint = train::latest_checkpoint(&run.checkpoint_dir())?;
        let device: Device = device::open(config.run.device)?;
        let outcome = train::train_in(
            &Quiet(self.observer),
            config,
            self.prepared,
            &device,
            &mut run,
            checkpoint,
            Callbacks {
                save_every: SAVE_EVERY,
                ..Callbacks::default()
            },
        )?;
        Ok(match outcome {
            Outcome::Finished(trained) => {
                Measured::Millionths(self.score(config, &trained.tables)?)
            }
            Outcome::Interrupted { .. } | Outcome::Paused(_) => Measured::Interrupted,
        })
    }

    /// The one place where the lists of a candidate are measured: with the prior that suits it, where there is one.
    fn score(&self, config: &RunConfig, source: &dyn ScoreSource) -> Result<Vec<u32>> {
        let split: &Split = &self.prepared.split;
        let prior = prior::choose_to_validate(config, split, source)?;
        let with_prior = prior.as_ref().map(|prior| prior.added_to(source));
        let source = with_prior.as_deref().unwrap_or(source);
        let values = validation_of_users(source, split, &self.users, &self.metric)?;
        let whole = |value: f64| (value * MILLION).round() as u32;
        Ok(values.into_iter().map(whole).collect())
    }
}

/// Metrics as they are compared.
pub(super) fn values_of(millionths: &[u32]) -> Vec<f64> {
    millionths
        .iter()
        .map(|&value| f64::from(value) / MILLION)
        .collect()
}

/// The users to measure on: those whom the validation part can measure, drawn by the seed where they are many.
pub(super) fn sample(split: &Split, n_max: usize, seed: u64) -> Vec<u32> {
    let mut users = validation_users(split);
    if users.len() > n_max {
        users.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        users.truncate(n_max);
        users.sort_unstable();
    }
    users
}

/// Whether a candidate fails by its own settings or on this log, so that others may do better.
fn is_of_the_candidate(error: &Error) -> bool {
    let training = error.cause::<TrainingError>();
    error.cause::<SettingError>().is_some()
        || error.cause::<FilterError>().is_some()
        || error.cause::<SpectralError>().is_some()
        || matches!(
            error.cause::<RankError>(),
            Some(RankError::VectorNotANumber { .. })
        )
        || matches!(
            training,
            Some(TrainingError::NotFinite { .. } | TrainingError::Ranking(_))
        )
}

/// Passes on bars and stops, and no remarks: a contest has a line of its own a candidate.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Remark(_) | Event::EpochDone(_) | Event::Stopped(_) => {}
            event => self.0.event(event),
        }
    }

    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}
