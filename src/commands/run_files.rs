//! What commands write into a run directory and read back out of it.

use anyhow::bail;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::config::{DataConfig, RunConfig};
use crate::data::{self, Cleaning, Dataset, Input, SourceFile, Split, SplitSummary};
use crate::inference::{Embeddings, Recommender};
use crate::run::{RunDir, SeenLists};
use crate::terminal::with_thousands;

/// `data.json`: what the run was trained on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DataRecord {
    pub(super) n_users: usize,
    pub(super) n_items: usize,
    pub(super) n_interactions: usize,
    pub(super) sources: Vec<SourceFile>,
    pub(super) cleaning: Cleaning,
    pub(super) split: SplitSummary,
}

/// Reads the log of the settings.
pub(super) fn read(config: &DataConfig) -> anyhow::Result<(Dataset, Cleaning)> {
    if config.train.is_empty() && config.bundled.is_none() {
        bail!(super::Usage(
            "no log was given: name a file, as in `sagebrush train ratings.csv --out my-run`, or use `--bundled`"
                .to_owned()
        ));
    }
    let paths = |paths: &[std::path::PathBuf]| paths.iter().cloned().map(Input::Path).collect::<Vec<_>>();
    let (inputs, items) = match config.bundled {
        Some(bundled) => (vec![Input::Bundled(bundled)], None),
        None => (paths(&config.train), config.items.clone().map(Input::Path)),
    };
    Ok(data::read_dataset(&inputs, &paths(&config.test), items.as_ref(), &config.read_options())?)
}

/// The data of a run, read and split.
pub(super) struct Prepared {
    pub(super) dataset: Dataset,
    pub(super) split: Split,
    pub(super) record: DataRecord,
}

impl Prepared {
    pub(super) fn new(session: &Session, config: &RunConfig) -> anyhow::Result<Self> {
        let (dataset, cleaning) = read(&config.data)?;
        let split = data::split(&dataset, &config.split, config.seed)?;
        let record = DataRecord {
            n_users: dataset.users.len(),
            n_items: dataset.items.len(),
            n_interactions: split.summary.n_train + split.summary.n_validation + split.summary.n_test,
            sources: dataset.sources.clone(),
            cleaning,
            split: split.summary.clone(),
        };
        session.say(&format!(
            "{} users, {} items; {} split: {} training, {} validation, {} test interactions",
            with_thousands(record.n_users as u64),
            with_thousands(record.n_items as u64),
            split.method.as_str(),
            with_thousands(split.summary.n_train as u64),
            with_thousands(split.summary.n_validation as u64),
            with_thousands(split.summary.n_test as u64),
        ));
        Ok(Self { dataset, split, record })
    }

    /// Refuses to go on with a run on other data than it began with.
    pub(super) fn check_same_sources(&self, run: &RunDir) -> anyhow::Result<()> {
        let Ok(began) = run.data::<DataRecord>() else { return Ok(()) };
        for (before, now) in began.sources.iter().zip(&self.record.sources) {
            if before.sha256 != now.sha256 {
                bail!(
                    "{} is not the file this run began with (SHA-256 {} then, {} now): restore it, or train anew",
                    now.path,
                    before.sha256,
                    now.sha256
                );
            }
        }
        Ok(())
    }
}

/// Writes all of a run that is known before training.
#[cfg(feature = "train")]
pub(super) fn write_inputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
) -> anyhow::Result<()> {
    let (dataset, split) = (&prepared.dataset, &prepared.split);
    run.write_config(&config.to_toml())?;
    run.write_keys(&dataset.users, &dataset.items)?;
    if let Some(titles) = &dataset.titles {
        run.write_titles(titles)?;
    }
    run.write_interactions(split.train.positives(), &split.validation)?;
    run.write_test(&split.test)?;
    run.write_data(&prepared.record)?;
    Ok(())
}

/// Writes what training found and declares the run finished.
#[cfg(feature = "train")]
pub(super) fn write_outputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
    trained: &crate::training::Trained,
) -> anyhow::Result<()> {
    run.write_parameters(&trained.parameters)?;
    run.write_embeddings(&crate::inference::to_tables(&trained.embeddings))?;
    run.write_model_card(&super::cards::model_card(config, &prepared.record, &[]))?;
    run.finish()?;
    Ok(())
}

/// A finished run, opened for inference.
pub(super) struct OpenRun {
    pub(super) dir: RunDir,
    pub(super) config: RunConfig,
    pub(super) record: DataRecord,
    pub(super) recommender: Recommender,
    pub(super) lists: SeenLists,
}

impl OpenRun {
    pub(super) fn open(path: &std::path::Path) -> anyhow::Result<Self> {
        let dir = RunDir::open(path)?;
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &dir.config()?)?;
        let embeddings: Embeddings = crate::inference::from_tables(dir.embeddings()?)?;
        let (users, items) = (dir.users()?, dir.items()?);
        let lists = dir.interactions(users.len(), items.len())?;
        let test = dir.test(users.len(), items.len())?;
        let seen = lists.train.union(&lists.validation).union(&test);
        let recommender = Recommender::new(embeddings, users, items, dir.titles()?, seen)?;
        Ok(Self { record: dir.data()?, dir, config, recommender, lists })
    }
}
