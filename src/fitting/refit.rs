//! `refit`: trains the model of a finished run again, on more than it was trained on, into a run of its own.

use std::path::Path;
use std::sync::Arc;

use super::fit;
use super::memory_limit;
use super::phases::{Phase, Refitted};
use super::prepared::Prepared;
use super::run_files;
use super::same_data::{Files, record_of};
use crate::config::{QueryItem, RunConfig};
use crate::data::PairColumns;
use crate::device;
use crate::error::{Result, Usage};
use crate::finished::{EvaluationFile, refuse_listed};
use crate::forecast::Counts;
use crate::observer::Observer;
use crate::run::{
    File, LockedRun, Replace, RunDir, RunError, SeenLists, StoredPrior, carry_forgotten,
};
use crate::split::{DataRecord, Predecessor, RefitOn, Split, TrainSet};
use crate::training::Chosen;

/// The command that begins and resumes such runs, and no other does.
pub(crate) const COMMAND: &str = "refit";

/// A refit that is asked for.
pub(crate) struct ToRefit<'a> {
    /// The finished run.
    pub(crate) run: &'a Path,
    pub(crate) on: RefitOn,
    /// Where the new run goes.
    pub(crate) out: &'a Path,
    pub(crate) replace: Replace,
}

/// Trains the model of a run again, with its settings and for the number of epochs that it chose, and finishes the new
/// run; `None` when interrupted. The same call resumes.
pub(crate) fn refit(
    observer: &dyn Observer,
    asked: &ToRefit<'_>,
) -> Result<Option<(RunConfig, Refitted)>> {
    let source = Source::open(asked)?;
    let mut config = source.config.clone();
    config.split.refit |= asked.on == RefitOn::TrainingAndValidation;
    let device = source.chosen.as_ref();
    let device = device
        .map(|_| device::open(config.run.device))
        .transpose()?;
    let parts = source.parts(observer, asked.on)?;
    let of = Some(source.predecessor.clone());
    let mut refit = parts.refit_on(observer, &config, asked.on, of)?;
    let counts = Counts {
        train: refit.split.train.n_interactions() as u64,
        ..Counts::from(&refit.record)
    };
    memory_limit::check(&config, counts)?;
    // The parts stay apart in the new run where the test part is still one.
    let written = match asked.on {
        RefitOn::TrainingAndValidation => &parts,
        RefitOn::Everything => &refit,
    };
    let mut run = place(asked, &config, &written.record)?.begin()?;
    run_files::write_inputs(&mut run, &config, written)?;
    if let (RefitOn::Everything, Some(evaluation)) = (asked.on, &source.evaluation) {
        run.write_evaluation(evaluation)?;
    }
    let again = asked.as_command();
    let refitted = match (source.chosen, &device) {
        (Some(chosen), Some(device)) => {
            let phase = Phase {
                observer,
                config: &config,
                device,
                again: &again,
            };
            let trained = phase.refit(&mut refit, &mut run, chosen, source.prior)?;
            trained.and_then(|trained| trained.refit)
        }
        _ => {
            run.start_metrics(&[])?;
            fit::refit_into(observer, &config, &refit, &mut run, source.prior, &again)?
        }
    };
    drop(run);
    carry_forgotten(asked.run, asked.out)?;
    Ok(refitted.map(|refitted| (config, refitted)))
}

/// Refuses to resume a run that a refit began: its epochs and data are those of another run.
pub(super) fn refuse_to_resume(run: &LockedRun, record: &DataRecord) -> Result<()> {
    let of = record.refit.as_ref().and_then(|refit| refit.of.as_ref());
    let is_refit = of.is_some() || run.trained_by() == COMMAND;
    let stays = run.is_whole() && !run.is_edited();
    if !is_refit || stays {
        return Ok(());
    }
    Err(Usage(format!(
        "{}: `sagebrush refit` began this run from another one; the same command resumes it, and with `--overwrite` \
         begins it anew",
        run.path().display()
    ))
    .into())
}

impl ToRefit<'_> {
    fn as_command(&self) -> String {
        let all = match self.on {
            RefitOn::TrainingAndValidation => "",
            RefitOn::Everything => " --all",
        };
        let (run, out) = (self.run.display(), self.out.display());
        format!("sagebrush refit --run {run}{all} --out {out}")
    }
}

/// A finished run to refit, with what a new one takes from it.
struct Source {
    dir: RunDir,
    config: RunConfig,
    record: DataRecord,
    predecessor: Predecessor,
    /// What it reached on its test part, where that was measured.
    evaluation: Option<EvaluationFile>,
    /// The epochs; `None` for a model that is fitted at once.
    chosen: Option<Chosen>,
    /// What its scores have added to them.
    prior: Option<StoredPrior>,
}

impl Source {
    fn open(asked: &ToRefit<'_>) -> Result<Self> {
        refuse_listed(asked.run)?;
        let dir = RunDir::open(asked.run)?;
        let name = asked.run.join(File::Config.name()).display().to_string();
        let config = RunConfig::from_toml(&name, &dir.config()?)?;
        let record = record_of(&dir)?;
        refuse(asked, &record)?;
        let evaluation = match dir.has(File::Evaluation) {
            true => Some(dir.evaluation::<EvaluationFile>()?),
            false => None,
        };
        let evaluation = evaluation.filter(|file| file.measured.is_some());
        let openings = dir.openings()?;
        let last = openings.last().map(|opening| opening.date.clone());
        let predecessor = Predecessor {
            run: asked.run.display().to_string(),
            measured: last.filter(|_| evaluation.is_some()),
        };
        let evaluation = evaluation.map(|file| EvaluationFile {
            of: Some(predecessor.clone()),
            ..file
        });
        let chosen = match config.model.name.is_trained() {
            true => Some(chosen(&dir, &record)?),
            false => None,
        };
        Ok(Self {
            prior: dir.prior(record.n_items)?,
            dir,
            config,
            record,
            predecessor,
            evaluation,
            chosen,
        })
    }

    /// The parts of the run: from its files, or from the log where those do not tell what the settings read.
    fn parts(&self, observer: &dyn Observer, on: RefitOn) -> Result<Prepared> {
        let split = self.split()?;
        let (dir, config) = (&self.dir, &self.config);
        let began_in = dir.began_in()?;
        let files = Files::of(&self.record);
        if self.lacks_columns(&split, on) {
            let located = files.located(dir.path(), config, began_in.as_deref())?;
            let mut prepared = Prepared::new(observer, &located.config)?;
            prepared.check_same_data(dir)?;
            prepared.name_as_given(&located, config);
            return Ok(prepared);
        }
        let n_items = split.train.n_items();
        let read_by = match &config.features {
            None => config.clone(),
            Some(_) => {
                let (files, config) = files.of_items(config);
                let located = files.located(dir.path(), &config, began_in.as_deref())?;
                located.config
            }
        };
        Ok(Prepared {
            users: Arc::new(dir.users()?),
            items: Arc::new(dir.items()?),
            titles: dir.titles()?.map(Arc::new),
            categories: dir.item_categories(n_items)?.map(Arc::new),
            features: None,
            split,
            record: DataRecord {
                refit: None,
                ..self.record.clone()
            },
            read_by,
        })
    }

    fn split(&self) -> Result<Split> {
        let dir = &self.dir;
        let (n_users, n_items) = (self.record.n_users, self.record.n_items);
        let lists = dir.interactions(n_users, n_items)?;
        let columns = dir.interaction_columns(&lists)?;
        let SeenLists { train, validation } = lists;
        let test = dir.test(n_users, n_items)?;
        Ok(Split {
            method: self.record.split.method,
            train: TrainSet::restored(train, columns.train, n_items),
            validation,
            validation_columns: columns.validation,
            test_columns: dir.test_columns(&test)?,
            test,
            also_seen: dir.also_seen(n_users, n_items)?,
            summary: self.record.split.clone(),
        })
    }

    /// Whether the settings read weights or times that the run did not keep of all that is trained on.
    fn lacks_columns(&self, split: &Split, on: RefitOn) -> bool {
        let own = self.config.pinsage.as_ref();
        let reads_times = own.is_some_and(|own| own.query == QueryItem::Before)
            || self.config.half_life_set().is_some()
            || self.prior.is_some();
        let reads_weights = self.config.reads_weights();
        let lacks = |n: usize, columns: &PairColumns| {
            (reads_times && columns.times.len() < n) || (reads_weights && columns.weights.len() < n)
        };
        lacks(split.train.n_interactions(), split.train.columns())
            || lacks(split.validation.n_pairs(), &split.validation_columns)
            || (on == RefitOn::Everything && lacks(split.test.n_pairs(), &split.test_columns))
    }
}

/// Refuses what was trained on as much already.
fn refuse(asked: &ToRefit<'_>, record: &DataRecord) -> Result<()> {
    let run = asked.run.display();
    let before = record.refit.as_ref().map(|refit| refit.on);
    let why = match (asked.on, before) {
        (_, Some(RefitOn::Everything)) => {
            format!("{run} was trained on everything already, the test part too")
        }
        (RefitOn::TrainingAndValidation, Some(RefitOn::TrainingAndValidation)) => format!(
            "{run} was trained on training and validation already; `--all` trains on the test part, too"
        ),
        (RefitOn::TrainingAndValidation, None) if record.split.n_validation == 0 => format!(
            "{run} has no validation part: it was trained on all but the test part; `--all` trains on that, too"
        ),
        _ if is_same_place(asked.run, asked.out) => {
            format!("{run} stays as it is: name another directory for the new run with `--out`")
        }
        _ => return Ok(()),
    };
    Err(Usage(why).into())
}

fn is_same_place(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The epochs that a run chose, by its records.
fn chosen(run: &RunDir, record: &DataRecord) -> Result<Chosen> {
    let records = run.metrics()?;
    let history: Vec<_> = records.into_iter().filter(|record| !record.refit).collect();
    let best = history.iter().rev().find(|record| record.is_best);
    let of_refit = record.refit.as_ref().and_then(|refit| refit.epochs);
    let epochs = of_refit.or(best.or(history.last()).map(|record| record.epoch));
    match epochs {
        Some(epochs) => Ok(Chosen { epochs, history }),
        None => Err(Usage(format!(
            "{}: its metrics.jsonl holds no epoch, so it does not tell for how long to train: train it again",
            run.path().display()
        ))
        .into()),
    }
}

/// Where the new run goes: a new place, or one in which the same refit was stopped.
fn place(asked: &ToRefit<'_>, config: &RunConfig, record: &DataRecord) -> Result<LockedRun> {
    let occupied = match LockedRun::to_create(asked.out, asked.replace, COMMAND) {
        Err(occupied @ RunError::Occupied { .. }) => occupied,
        place => return Ok(place?),
    };
    let Ok(there) = LockedRun::to_resume(asked.out, COMMAND) else {
        return Err(occupied.into());
    };
    if there.manifest().is_some() || there.trained_by() != COMMAND {
        return Err(occupied.into());
    }
    let Ok(settings) = there.config_now() else {
        // Stopped before its settings were written: nothing was trained yet.
        drop(there);
        return Ok(LockedRun::to_create(asked.out, Replace::Any, COMMAND)?);
    };
    let without_refit = |record: &DataRecord| {
        let record = DataRecord {
            refit: None,
            ..record.clone()
        };
        serde_json::to_value(record).ok()
    };
    let began: Option<DataRecord> = there.data().ok();
    let is_same = settings == config.to_toml()
        && began.is_some_and(|began| without_refit(&began) == without_refit(record));
    match is_same {
        true => Ok(there),
        false => Err(occupied.into()),
    }
}
