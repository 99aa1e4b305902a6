//! `train`: from a log to a finished run directory, or on from a checkpoint.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use burn::tensor::Device;
use sagebrush_model::{ContentStart, ItemGraph, Query};
use serde_json::json;

use super::prepared::{self, OtherData, Prepared};
use super::{Session, fit, machine, settings};
use crate::cli::TrainArgs;
use crate::config::{QueryItem, RunConfig, Start, WalkSettings};
use crate::data::{ItemLists, TrainSet};
use crate::device;
use crate::exit::Failure;
use crate::features;
use crate::graph::{InteractionGraph, Visits, Walks};
use crate::run::{Checkpoint, RunDir, RunError, load_latest};
use crate::sampling::HardNegatives;
use crate::terminal::count;
use crate::training::{self, Job, Outcome, Progress, Trained, Watch};

/// Runs `train`; an interrupt is a failure with its own exit code.
pub(super) fn train(session: &Session, args: &TrainArgs) -> anyhow::Result<Option<Failure>> {
    if let Some(path) = &args.resume {
        return resume(session, path);
    }
    let resolved = settings::of_training(&args.settings)?;
    if args.print_config {
        print!("{}", resolved.to_annotated_toml());
        return Ok(None);
    }
    let out = args.out.as_deref().context("`--out` is missing")?;
    if resolved.config.model.name.is_filter() {
        return fit::fit(session, &resolved.config, out, args.overwrite);
    }
    let trained = train_new(session, &resolved.config, out, args.overwrite, None)?;
    report(session, out, &resolved.config, trained)
}

/// Trains `config` into a new run directory, `watch` looking on; `None` when interrupted.
pub(super) fn train_new(
    session: &Session,
    config: &RunConfig,
    out: &Path,
    overwrite: bool,
    watch: Option<&Watch<'_>>,
) -> anyhow::Result<Option<Trained>> {
    let device = device::open(config.run.device)?;
    let prepared = Prepared::new(session, config)?;
    let mut run = RunDir::create(out, overwrite)?;
    train_into(session, config, &prepared, &device, &mut run, None, watch)
}

fn resume(session: &Session, path: &Path) -> anyhow::Result<Option<Failure>> {
    let mut stopped = Stopped::open(session, path)?;
    if stopped.config.model.name.is_filter() {
        let Stopped {
            config,
            prepared,
            run,
            ..
        } = &mut stopped;
        return fit::fit_into(session, config, prepared, run);
    }
    let trained = stopped.go_on(session)?;
    report(session, path, &stopped.config, trained)
}

/// Goes on with a training that is not a filter's; `None` when interrupted.
pub(super) fn train_on(session: &Session, path: &Path) -> anyhow::Result<Option<Trained>> {
    Stopped::open(session, path)?.go_on(session)
}

/// A run to go on with.
struct Stopped {
    config: RunConfig,
    device: Device,
    prepared: Prepared,
    run: RunDir,
}

impl Stopped {
    fn open(session: &Session, path: &Path) -> anyhow::Result<Self> {
        let run = RunDir::resume(path)?;
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &run.config()?)?;
        let device = device::open(config.run.device)?;
        let prepared = Prepared::new(session, &config)?;
        prepared.check_same_data(&run)?;
        Ok(Self {
            config,
            device,
            prepared,
            run,
        })
    }

    fn go_on(&mut self, session: &Session) -> anyhow::Result<Option<Trained>> {
        let checkpoint = latest_checkpoint(session, &self.run)?;
        train_into(
            session,
            &self.config,
            &self.prepared,
            &self.device,
            &mut self.run,
            checkpoint,
            None,
        )
    }
}

pub(super) fn latest_checkpoint(
    session: &Session,
    run: &RunDir,
) -> anyhow::Result<Option<Checkpoint>> {
    let loaded = match load_latest(&run.checkpoint_dir()) {
        Err(RunError::Missing { .. }) => {
            session.say("there is no checkpoint yet: training starts at epoch 1");
            return Ok(None);
        }
        loaded => loaded?,
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(Some(loaded.checkpoint))
}

fn train_into(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunDir,
    checkpoint: Option<Checkpoint>,
    watch: Option<&Watch<'_>>,
) -> anyhow::Result<Option<Trained>> {
    prepared::write_inputs(run, config, prepared)?;
    let on = Onlookers {
        watch,
        ..Onlookers::default()
    };
    match train_in(session, config, prepared, device, run, checkpoint, on)? {
        Outcome::Finished(trained) => {
            prepared::write_outputs(run, config, prepared, &trained)?;
            Ok(Some(*trained))
        }
        Outcome::Interrupted { epoch, step } => {
            let path = run.path().display();
            eprintln!(
                "interrupted after {epoch} epochs and {step} steps; go on with `sagebrush train --resume {path}`"
            );
            Ok(None)
        }
        Outcome::Paused(_) => unreachable!("nobody asked for a pause"),
    }
}

/// Who looks on while a model is trained, and who may say that it is enough for now.
#[derive(Clone, Copy, Default)]
pub(super) struct Onlookers<'a> {
    pub(super) watch: Option<&'a Watch<'a>>,
    pub(super) pause: Option<&'a dyn Fn(u32) -> bool>,
    /// What to tell meanwhile; bars and lines for all epochs where there is none.
    pub(super) progress: Option<&'a Progress>,
}

/// Trains from the beginning or a checkpoint; checkpoints and the log of epochs go into the run directory.
pub(super) fn train_in(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunDir,
    checkpoint: Option<Checkpoint>,
    on: Onlookers<'_>,
) -> anyhow::Result<Outcome> {
    let near = neighbours(session, config, prepared, run)?;
    let device = device.clone().autodiff();
    let train = &prepared.split.train;
    let items = item_graph(session, config, prepared, run)?;
    let start = match checkpoint {
        None => content_start(session, config, prepared),
        Some(_) => None,
    };
    let surroundings = training::surroundings(config, train, items, &device)?;
    let history = checkpoint
        .as_ref()
        .map_or(&[][..], |checkpoint| &checkpoint.history);
    let mut log = run.start_metrics(history)?;
    let steps = config
        .sampling
        .n_batches(prepared.split.train.n_interactions()) as u64;
    let done = history.len() as u32;
    let usual = Progress::new(config.training.epochs, steps, done, session.quiet);
    let job = Job {
        config,
        split: &prepared.split,
        graph: surroundings.graph(),
        start: start.as_ref(),
        near: near.as_ref(),
        device: &device,
        checkpoints: run.checkpoint_dir(),
        progress: on.progress.unwrap_or(&usual),
        watch: on.watch,
        pause: on.pause,
    };
    Ok(training::train(&job, &mut log, checkpoint)?)
}

/// The items hard negatives are drawn from: those of the run, or ranked now and kept in it.
fn neighbours(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunDir,
) -> anyhow::Result<Option<ItemLists>> {
    let (train, sampling) = (&prepared.split.train, &config.sampling);
    let n_roots = HardNegatives::n_roots(train, sampling);
    if n_roots == 0 {
        return Ok(None);
    }
    if let Some(near) = run.neighbours(n_roots, train.n_items())? {
        return Ok(Some(near));
    }
    let started = Instant::now();
    let bar = training::counting_bar("hard negatives", n_roots as u64, session.quiet);
    let near = HardNegatives::rank(train, sampling, || bar.inc(1))?;
    bar.finish_and_clear();
    if let Some(near) = &near {
        let empty = (0..n_roots as u32).filter(|&root| near.of(root).is_empty());
        session.say(&format!(
            "hard negatives: {} items near {} {}s ranked in {:.1} s; {} have none in the band",
            count(near.n_pairs() as u64),
            count(n_roots as u64),
            sampling.hard_root,
            started.elapsed().as_secs_f64(),
            count(empty.count() as u64),
        ));
        run.write_neighbours(near)?;
    }
    Ok(near)
}

/// What the model computes over, where it reads items' features: the walks are those of the run, or taken now and kept
/// in it.
fn item_graph(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunDir,
) -> anyhow::Result<Option<ItemGraph>> {
    let (Some(own), Some(features), Some(settings)) =
        (&config.pinsage, &prepared.features, &config.walks)
    else {
        return Ok(None);
    };
    let (train, rows) = (&prepared.split.train, &features.encoded.rows);
    let visits = match run.item_graph(train.n_items())? {
        Some(stored) if stored.features != **rows => {
            let run = run.path().to_owned();
            anyhow::bail!(OtherData::Features { run });
        }
        Some(stored) => stored.visits,
        None => {
            let visits = walk(session, config.seed, settings, train)?;
            run.write_item_graph(&features.encoded, &visits)?;
            visits
        }
    };
    let query = match own.query {
        QueryItem::Before => Query::Before(train.before().to_vec()),
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
    .with_query(query);
    Ok(Some(graph))
}

/// What embeddings begin with, where it is content.
fn content_start(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
) -> Option<ContentStart> {
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
    session.say(&format!(
        "embeddings begin with {} directions of what items are made of, found in {:.1} s",
        start.inputs.n,
        started.elapsed().as_secs_f64()
    ));
    Some(start)
}

fn walk(
    session: &Session,
    seed: u64,
    settings: &WalkSettings,
    train: &TrainSet,
) -> anyhow::Result<Visits> {
    let graph = InteractionGraph::new(train)?;
    let started = Instant::now();
    let bar = training::counting_bar("walks", train.n_items() as u64, session.quiet);
    let visits = Walks::new(settings, seed).visits(&graph, || bar.inc(1));
    bar.finish_and_clear();
    let alone = visits.counts.chunks_exact(visits.kept);
    session.say(&format!(
        "neighbours of {} items walked in {:.1} s; {} items have none",
        count(train.n_items() as u64),
        started.elapsed().as_secs_f64(),
        count(alone.filter(|counts| counts[0] == 0).count() as u64),
    ));
    Ok(visits)
}

fn report(
    session: &Session,
    out: &Path,
    config: &RunConfig,
    trained: Option<Trained>,
) -> anyhow::Result<Option<Failure>> {
    let Some(trained) = trained else {
        return Ok(Some(Failure::Interrupted));
    };
    let epochs = trained.history.len();
    if session.json {
        let best = trained
            .history
            .iter()
            .find(|record| record.epoch == trained.best_epoch);
        session.print_json(&json!({
            "run": out,
            "model": config.model.name,
            "epochs": epochs,
            "best_epoch": trained.best_epoch,
            "validation": best.map(|record| &record.validation),
            "seconds": trained.history.iter().map(|record| record.seconds).sum::<f64>(),
            "peak_memory_bytes": machine::peak_bytes(),
        }))?;
    } else {
        let out = out.display();
        session.say(&format!(
            "best epoch {} of {epochs}; the run is in {out}\nnext: sagebrush evaluate --run {out}",
            trained.best_epoch
        ));
    }
    Ok(None)
}
