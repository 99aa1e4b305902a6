//! Trains a model into a run directory, from the beginning or from a checkpoint.

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use sagebrush_model::{ItemGraph, LsaStart, Query};

use super::filter::{self, Fitted};
use super::located::Located;
use super::prepared::Prepared;
use super::run_files;
use super::same_data::{Files, OtherData, check_same_settings, record_of};
use crate::config::{QueryItem, RunConfig, Start, WalkSettings};
use crate::data::ItemLists;
use crate::device;
use crate::error::{Result, Usage};
use crate::features;
use crate::graph::{InteractionGraph, Visits, Walks};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};
use crate::run::{Checkpoint, File, LockedRun, Replace, RunDir, RunError, RunWriter, load_latest};
use crate::sampling::HardNegatives;
use crate::split::TrainSet;
use crate::training::{self, EpochCallback, Job, Outcome, Trained};

/// Trains `config` into a new run directory for `command` and calls `after_epoch` after each epoch; `None` when
/// interrupted.
pub(crate) fn train_new(
    observer: &dyn Observer,
    config: &RunConfig,
    out: &Path,
    replace: Replace,
    command: &'static str,
    after_epoch: Option<&EpochCallback<'_>>,
) -> Result<Option<Trained>> {
    let locked = LockedRun::to_create(out, replace, command)?;
    let device = device::open(config.run.device)?;
    let prepared = Prepared::new(observer, config)?;
    let mut run = locked.begin()?;
    train_into(
        observer,
        config,
        &prepared,
        &device,
        &mut run,
        None,
        after_epoch,
    )
}

/// Trains on prepared data into a new run directory.
pub(crate) fn train_prepared(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    out: &Path,
    command: &'static str,
) -> Result<Option<Trained>> {
    let locked = LockedRun::to_create(out, Replace::Nothing, command)?;
    let device = device::open(config.run.device)?;
    let mut run = locked.begin()?;
    train_into(observer, config, prepared, &device, &mut run, None, None)
}

/// The result of resuming a run.
pub(crate) enum Resumed {
    /// The run is finished and nothing is left to do: it stays as it is.
    Nothing(RunConfig),
    /// A graph filter was fitted; `None` when interrupted.
    Filter(RunConfig, Option<Fitted>),
    /// A model was trained; `None` when interrupted.
    Model(RunConfig, Option<Box<Trained>>),
}

/// Resumes a run of any model, for `command`.
pub(crate) fn resume(
    observer: &dyn Observer,
    path: &Path,
    command: &'static str,
) -> Result<Resumed> {
    let checked = CheckedRun::open(path, command)?;
    if checked.is_over() {
        checked.run.leave()?;
        let done = match checked.config.model.name.is_filter() {
            true => "the filter is fitted",
            false => "training is over; `training.epochs` in its config.toml says how long it is",
        };
        let path = path.display();
        remark(observer, &format!("{path} stays as it is: {done}"));
        return Ok(Resumed::Nothing(checked.config));
    }
    let mut resumable = checked.begin(observer)?;
    if resumable.config.model.name.is_filter() {
        let ResumableRun {
            config,
            prepared,
            run,
            ..
        } = &mut resumable;
        let fitted = filter::fit_into(observer, config, prepared, run)?;
        return Ok(Resumed::Filter(resumable.config, fitted));
    }
    let trained = resumable.resume(observer)?;
    Ok(Resumed::Model(resumable.config, trained.map(Box::new)))
}

/// Resumes the training of a model that is no filter, for `command`; `None` when interrupted.
pub(crate) fn train_on(
    observer: &dyn Observer,
    path: &Path,
    command: &'static str,
) -> Result<Option<Trained>> {
    CheckedRun::open(path, command)?
        .begin(observer)?
        .resume(observer)
}

/// A locked run with the settings and files that it began with, and not changed yet.
struct CheckedRun {
    run: LockedRun,
    config: RunConfig,
    located: Located,
    checkpoint: Option<Checkpoint>,
}

/// A locked run whose training can resume.
struct ResumableRun {
    config: RunConfig,
    device: Device,
    prepared: Prepared,
    run: RunWriter,
    checkpoint: Option<Checkpoint>,
}

impl CheckedRun {
    fn open(path: &Path, command: &'static str) -> Result<Self> {
        let run = LockedRun::to_resume(path, command)?;
        if run.has(File::Refreshed) {
            return Err(Usage(format!(
                "{}: refreshed with what came after its training, which cannot be resumed: train anew on the whole log",
                path.display()
            ))
            .into());
        }
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &run.config_now()?)?;
        let checkpoint = match config.model.name.is_filter() {
            true => None,
            false => latest_checkpoint(&run)?,
        };
        check_same_settings(&run, &config, checkpoint.as_ref())?;
        let began = record_of(&run)?;
        let located = Files::of(&began).located(path, &config, run.began_in()?.as_deref())?;
        Ok(Self {
            run,
            config,
            located,
            checkpoint,
        })
    }

    /// Whether the run is finished, and its settings ask for no more than was done.
    fn is_over(&self) -> bool {
        let training = &self.config.training;
        let is_over = |checkpoint| training::is_over(training, checkpoint);
        let asks_for_no_more = self.config.model.name.is_filter()
            || !self.run.is_edited()
            || self.checkpoint.as_ref().is_some_and(is_over);
        asks_for_no_more && self.run.is_whole()
    }

    /// Checks the rest of what may refuse the run before it changes anything in it.
    fn begin(self, observer: &dyn Observer) -> Result<ResumableRun> {
        let Self {
            run,
            config,
            located,
            checkpoint,
        } = self;
        if checkpoint.is_none() && !config.model.name.is_filter() {
            remark(
                observer,
                "there is no checkpoint yet: training starts at epoch 1",
            );
        }
        let device = device::open(config.run.device)?;
        let mut prepared = Prepared::new(observer, &located.config)?;
        prepared.check_same_data(&run)?;
        prepared.name_as_given(&located, &config);
        Ok(ResumableRun {
            config,
            device,
            prepared,
            run: run.begin()?,
            checkpoint,
        })
    }
}

impl ResumableRun {
    fn resume(&mut self, observer: &dyn Observer) -> Result<Option<Trained>> {
        let checkpoint = self.checkpoint.take();
        train_into(
            observer,
            &self.config,
            &self.prepared,
            &self.device,
            &mut self.run,
            checkpoint,
            None,
        )
    }
}

/// The newest checkpoint of a run that is whole, if there is any.
pub(crate) fn latest_checkpoint(run: &RunDir) -> Result<Option<Checkpoint>> {
    let loaded = match load_latest(&run.checkpoint_dir()) {
        Err(RunError::Missing { .. }) => return Ok(None),
        loaded => loaded?,
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(Some(loaded.checkpoint))
}

fn train_into(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunWriter,
    checkpoint: Option<Checkpoint>,
    after_epoch: Option<&EpochCallback<'_>>,
) -> Result<Option<Trained>> {
    run_files::write_inputs(run, config, prepared)?;
    let on = Callbacks {
        after_epoch,
        ..Callbacks::default()
    };
    match train_in(observer, config, prepared, device, run, checkpoint, on)? {
        Outcome::Finished(trained) => {
            let trained = run_files::write_outputs(observer, run, config, prepared, *trained)?;
            Ok(Some(trained))
        }
        Outcome::Interrupted { epoch, step } => {
            let path = run.path().display();
            let how = format!(
                "interrupted after {epoch} epochs and {step} steps; resume with `sagebrush train --resume {path}`"
            );
            observer.event(Event::Stopped(&how));
            Ok(None)
        }
        Outcome::Paused(_) => unreachable!("nobody asked for a pause"),
    }
}

/// What is called while a model is trained: after each epoch, and to ask whether to pause.
#[derive(Clone, Copy, Default)]
pub(crate) struct Callbacks<'a> {
    pub(crate) after_epoch: Option<&'a EpochCallback<'a>>,
    pub(crate) pause: Option<&'a dyn Fn(u32) -> bool>,
    /// The epoch that progress counts to, where it is not the last one of the settings.
    pub(crate) until: Option<u32>,
}

/// Trains from the beginning or a checkpoint; checkpoints and the log of epochs go into the run directory.
pub(crate) fn train_in(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunWriter,
    checkpoint: Option<Checkpoint>,
    on: Callbacks<'_>,
) -> Result<Outcome> {
    let near = neighbours(observer, config, prepared, run)?;
    let device = device.clone().autodiff();
    let train = &prepared.split.train;
    let items = item_graph(observer, config, prepared, run)?;
    let start = match checkpoint {
        None => content_start(observer, config, prepared),
        Some(_) => None,
    };
    let inputs = training::model_inputs(config, train, items, &device)?;
    let history = checkpoint
        .as_ref()
        .map_or(&[][..], |checkpoint| &checkpoint.history);
    let mut log = run.start_metrics(history)?;
    let steps = config
        .sampling
        .n_batches(prepared.split.train.n_interactions()) as u64;
    let done = history.len() as u32;
    observer.event(Event::TrainingBegins {
        n_epochs: on.until.unwrap_or(config.training.epochs),
        steps_per_epoch: steps,
        n_done: done,
    });
    let job = Job {
        config,
        split: &prepared.split,
        graph: inputs.graph(),
        start: start.as_ref(),
        near: near.as_ref(),
        device: &device,
        checkpoints: run.checkpoint_dir(),
        observer,
        after_epoch: on.after_epoch,
        pause: on.pause,
    };
    Ok(training::train(&job, &mut log, checkpoint)?)
}

/// The items hard negatives are drawn from: those of the run, or ranked now and kept in it.
fn neighbours(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> Result<Option<ItemLists>> {
    let (train, sampling) = (&prepared.split.train, &config.sampling);
    let n_roots = HardNegatives::n_roots(train, sampling);
    if n_roots == 0 {
        return Ok(None);
    }
    if let Some(near) = run.neighbours(n_roots, train.n_items())? {
        return Ok(Some(near));
    }
    let started = Instant::now();
    observer.event(Event::WorkBegins {
        what: "hard negatives",
        n_pieces: n_roots as u64,
    });
    let near = HardNegatives::rank(train, sampling, || observer.event(Event::PieceDone))?;
    observer.event(Event::WorkEnds);
    if let Some(near) = &near {
        let empty = (0..n_roots as u32).filter(|&root| near.of(root).is_empty());
        remark(
            observer,
            &format!(
                "hard negatives: {} items near {} {}s ranked in {:.1} s; {} have none in the band",
                count(near.n_pairs() as u64),
                count(n_roots as u64),
                sampling.hard_root,
                started.elapsed().as_secs_f64(),
                count(empty.count() as u64),
            ),
        );
        run.write_neighbours(near)?;
    }
    Ok(near)
}

/// What the model computes over, where it reads items' features: the walks are those of the run, or taken now and kept
/// in it.
fn item_graph(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> Result<Option<ItemGraph>> {
    let (Some(own), Some(features), Some(settings)) =
        (&config.pinsage, &prepared.features, &config.walks)
    else {
        return Ok(None);
    };
    let (train, rows) = (&prepared.split.train, &features.encoded.rows);
    let visits = match run.item_graph(train.n_items())? {
        Some(stored) if stored.features != **rows => {
            let run = run.path().to_owned();
            return Err(OtherData::Features { run }.into());
        }
        Some(stored) => stored.visits,
        None => {
            let visits = walk(observer, config.seed, settings, train)?;
            run.write_item_graph(&features.encoded, &visits)?;
            visits
        }
    };
    let query = match own.query {
        QueryItem::Before => Query::Before(train.previous()),
        QueryItem::History => Query::Others(own.query_items),
        QueryItem::Another => Query::Others(1),
    };
    let positives = train.positives();
    let graph = ItemGraph::new(
        rows.clone(),
        visits.into(),
        positives.row_ptr().to_vec(),
        positives.items().to_vec(),
    )
    .with_edge_features(features.encoded.edge_features)
    .with_query(query)
    .with_user_weights(train.counting(false, own.half_life_days));
    Ok(Some(graph))
}

/// The LSA warm start, where the settings ask for it.
fn content_start(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
) -> Option<LsaStart> {
    let own = config
        .pinsage
        .as_ref()
        .filter(|own| own.start == Start::Lsa)?;
    let features = prepared.features.as_ref()?;
    let started = Instant::now();
    let settings = features.encoder.settings();
    let train = prepared.split.train.positives();
    let edges = train.counts_by_item(prepared.items.len());
    let most = own.hidden / 2;
    let start = features::content_start(settings, &features.encoded, &edges, most);
    remark(
        observer,
        &format!(
            "embeddings begin with {} principal components of item content, found in {:.1} s",
            start.inputs.n,
            started.elapsed().as_secs_f64()
        ),
    );
    Some(start)
}

fn walk(
    observer: &dyn Observer,
    seed: u64,
    settings: &WalkSettings,
    train: &TrainSet,
) -> Result<Visits> {
    let graph = InteractionGraph::new(train)?;
    let started = Instant::now();
    observer.event(Event::WorkBegins {
        what: "walks",
        n_pieces: train.n_items() as u64,
    });
    let visits = Walks::new(settings, seed).visits(&graph, || observer.event(Event::PieceDone));
    observer.event(Event::WorkEnds);
    let alone = visits.counts.chunks_exact(visits.kept);
    remark(
        observer,
        &format!(
            "neighbours of {} items walked in {:.1} s; {} items have none",
            count(train.n_items() as u64),
            started.elapsed().as_secs_f64(),
            count(alone.filter(|counts| counts[0] == 0).count() as u64),
        ),
    );
    Ok(visits)
}
