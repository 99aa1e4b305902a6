//! Trains a served run again on what came since, and publishes the new run where it is not worse; and goes back one.
//!
//! What came since the serving run was trained is cut in two by time. The newer half is held out: both runs are measured
//! on it. The candidate is trained on everything before it, and the serving run answers as its service does: by what it
//! was trained on, and by the items that users have taken since. A candidate that is not worse is trained again on
//! everything, and takes its place in one step.

mod error;
mod held_out;
mod kept;
mod measure;
mod outcome;
mod place;
mod plan;
mod rollback;
mod served;

use std::path::{Path, PathBuf};

use held_out::HeldOut;
pub(crate) use outcome::{Outcome, Verdict};
use place::Place;
use plan::{Plan, finish_publishing};
pub(crate) use rollback::rollback;

use served::Served;

use crate::config::RunConfig;
use crate::data::{Cleaning, Dataset};
use crate::error::Result;
use crate::fitting::train::{Resumed, latest_checkpoint, train_begun};
use crate::fitting::{Prepared, needs, refit};
use crate::observer::{Observer, remark};
use crate::run::{LockedRun, Replace, RunDir};
use crate::split::RefitOn;

/// The command, as locks and runs name it.
const COMMAND: &str = "retrain";

/// A retraining that is asked for.
pub(crate) struct ToRetrain<'a> {
    /// The link to the run that is served.
    pub(crate) link: &'a Path,
    /// New logs, read as the run's own.
    pub(crate) logs: &'a [PathBuf],
    /// More files of interactions that a service kept, beside that of the link.
    pub(crate) interactions: &'a [PathBuf],
    /// Users with something held out that there have to be.
    pub(crate) min_users: usize,
    /// How many published runs stay; `None` keeps all.
    pub(crate) keep: Option<usize>,
}

/// Trains, compares and publishes. The same call resumes what was stopped.
///
/// # Errors
/// A run that is no link, logs that are missing or have no times, another retraining at work.
pub(crate) fn retrain(observer: &dyn Observer, asked: &ToRetrain<'_>) -> Result<Outcome> {
    let mut place = Place::lock(asked.link)?;
    if let Some(published) = finish_publishing(&place)? {
        remark(
            observer,
            &format!(
                "{published} had been published, and what was left of its training is removed"
            ),
        );
        drop(place);
        place = Place::lock(asked.link)?;
    }
    let mut plan = Plan::resumed_or_new(&place, asked)?;
    let mut read = plan.read()?;
    if !plan.agrees_with(&read.0) {
        remark(
            observer,
            "the logs have changed since this retraining began: it begins anew",
        );
        plan = Plan::new(&place, asked)?;
        read = plan.read()?;
    }
    let (dataset, cleaning) = read;
    work(observer, asked, &place, plan, dataset, cleaning)
}

fn work(
    observer: &dyn Observer,
    asked: &ToRetrain<'_>,
    place: &Place,
    mut plan: Plan,
    dataset: Dataset,
    cleaning: Cleaning,
) -> Result<Outcome> {
    let serving = Served::open(place.serving())?;
    let Some(held_out) = HeldOut::of(&dataset, &serving)? else {
        place.clean()?;
        return Ok(Outcome::NothingNew);
    };
    if held_out.n_users() < asked.min_users.max(2) {
        place.clean()?;
        return Ok(Outcome::TooFew {
            users: held_out.n_users(),
            needed: asked.min_users.max(2),
            interactions: held_out.n_pairs(),
        });
    }
    plan.began_with(&dataset, place)?;
    let dataset = dataset.with_newer_held_out(held_out.moment());
    let candidate = place.candidate();
    if !train(observer, &plan.config, dataset, cleaning, &candidate)? {
        return Ok(Outcome::Interrupted);
    }
    let comparison = measure::compare(place, &plan.name, &serving, &candidate, &held_out)?;
    let verdict = Verdict::of(comparison, &held_out);
    if !verdict.is_published {
        let aside = place.keep_aside(&plan.name, &verdict)?;
        return Ok(Outcome::KeptAside {
            run: aside,
            verdict,
        });
    }
    let all = refit::ToRefit {
        run: &candidate,
        on: RefitOn::Everything,
        out: &place.trained_on_everything(),
        replace: Replace::Nothing,
    };
    if RunDir::open(all.out).is_err() && refit::refit(observer, &all)?.is_none() {
        return Ok(Outcome::Interrupted);
    }
    plan.is_good(&verdict, place)?;
    let run = place.publish(&plan.name, &verdict)?;
    let removed = match asked.keep {
        Some(keep) => place.remove_old(keep)?,
        None => Vec::new(),
    };
    Ok(Outcome::Published {
        run,
        before: place.serving().to_owned(),
        removed,
        verdict,
    })
}

/// Trains the candidate, from its newest checkpoint where there is one; `false` when interrupted.
fn train(
    observer: &dyn Observer,
    config: &RunConfig,
    dataset: Dataset,
    cleaning: Cleaning,
    out: &Path,
) -> Result<bool> {
    if RunDir::open(out).is_ok() {
        return Ok(true);
    }
    let prepared = Prepared::of(observer, config, dataset, cleaning)?;
    let resumable = LockedRun::to_resume(out, COMMAND).ok();
    let resumable = resumable.filter(|run| run.has(crate::run::File::Config));
    let (mut run, checkpoint) = match resumable {
        Some(there) => {
            let checkpoint = match config.model.name.is_trained() {
                true => latest_checkpoint(&there.checkpoint_dir())?,
                false => None,
            };
            (there.begin()?, checkpoint)
        }
        None => {
            let locked = LockedRun::to_create(out, Replace::Any, COMMAND)?;
            needs::check(config, &prepared.split.train)?;
            (locked.begin()?, None)
        }
    };
    let trained = train_begun(observer, config.clone(), &prepared, &mut run, checkpoint)?;
    Ok(match trained {
        Resumed::Nothing(_) => true,
        Resumed::Fitted(_, fitted) => fitted.is_some(),
        Resumed::Model(_, trained) => trained.is_some(),
    })
}
