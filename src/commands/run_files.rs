//! What commands write into a run directory and read back out of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use serde::{Deserialize, Serialize};

use super::new_items::{self, Sources};
use super::{Session, filters};
use crate::cli::NewItemArgs;
use crate::config::{DataConfig, DeviceName, ModelName, RunConfig, ScoreKind};
#[cfg(feature = "train")]
use crate::data::Counts;
use crate::data::{
    self, Bundled, Cleaning, ColumnNames, Dataset, Format, HashedFile, Input, ItemLists,
    ReadOptions, SourceFile, SplitSummary,
};
use crate::device::{self, DeviceSource};
use crate::evaluation::EvaluationData;
use crate::inference::{Recommender, Scorer};
use crate::run::{RunDir, SeenLists};

/// `data.json`: what the run was trained on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DataRecord {
    pub(super) n_users: usize,
    pub(super) n_items: usize,
    pub(super) n_interactions: usize,
    pub(super) sources: Vec<SourceFile>,
    pub(super) cleaning: Cleaning,
    pub(super) split: SplitSummary,
    /// The files of items' vectors; runs of format 1 did not record them.
    #[serde(default)]
    pub(super) vectors: Option<Vec<HashedFile>>,
}

impl DataRecord {
    /// What a memory forecast is made from.
    #[cfg(feature = "train")]
    pub(super) fn counts(&self) -> Counts {
        Counts {
            users: self.n_users as u64,
            items: self.n_items as u64,
            interactions: self.n_interactions as u64,
            train: self.split.n_train as u64,
            vectors: self.vectors.iter().flatten().map(|file| file.bytes).sum(),
        }
    }
}

/// Reads the log of the settings.
pub(super) fn read(config: &DataConfig) -> anyhow::Result<(Dataset, Cleaning)> {
    let inputs = |paths: &[PathBuf]| paths.iter().cloned().map(Input::Path).collect::<Vec<_>>();
    let log = match &config.bundled {
        Some(_) if !config.train.is_empty() => {
            bail!(super::Usage(
                "give a log or the bundled data, not both".to_owned()
            ))
        }
        Some(_) => vec![Input::Bundled(Bundled::MovieTweetings100k)],
        None => inputs(&config.train),
    };
    if log.is_empty() {
        bail!(super::Usage(
            "no log was given: name a file, as in `sagebrush train ratings.csv --out my-run`, or use `--bundled`"
                .to_owned()
        ));
    }
    let options = read_options(config)?;
    Ok(data::read_dataset(
        &log,
        &inputs(&config.test),
        items_input(config).as_ref(),
        &options,
    )?)
}

/// The item file of the settings.
pub(super) fn items_input(config: &DataConfig) -> Option<Input> {
    match &config.bundled {
        Some(_) => Some(Input::Bundled(Bundled::MovieTweetings100k)),
        None => config.items.clone().map(Input::Path),
    }
}

fn read_options(config: &DataConfig) -> anyhow::Result<ReadOptions> {
    let format = config
        .format
        .as_deref()
        .map(str::parse::<Format>)
        .transpose();
    let columns = &config.columns;
    Ok(ReadOptions {
        format: format.map_err(super::Usage)?,
        columns: ColumnNames {
            user: columns.user.clone(),
            item: columns.item.clone(),
            weight: columns.weight.clone(),
            timestamp: columns.timestamp.clone(),
        },
        min_rating: config.min_rating,
        k_core: config.k_core,
    })
}

/// A finished run, opened for inference: neither the log nor the graph is needed.
pub(super) struct OpenRun {
    pub(super) dir: RunDir,
    pub(super) config: RunConfig,
    pub(super) record: DataRecord,
    pub(super) lists: SeenLists,
    /// Leaves out what the user has seen.
    pub(super) recommender: Recommender,
}

/// What a user has seen, and is not recommended again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// What was trained and validated on, as when the test part is measured.
    BeforeTest,
    /// Everything in the log, as when lists are served. The test part is read for that alone.
    Everything,
}

/// The test part of a run, opened to measure.
pub(super) struct Tested {
    pub(super) test: ItemLists,
    /// The items ranked, where that is not the catalogue.
    pub(super) among: Option<Vec<u32>>,
}

impl OpenRun {
    pub(super) fn open(path: &Path, seen: Seen) -> anyhow::Result<Self> {
        let dir = RunDir::open(path)?;
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &dir.config()?)?;
        let (users, items) = (dir.users()?, dir.items()?);
        let lists = dir.interactions(users.len(), items.len())?;
        let before_test = lists.train.union(&lists.validation);
        let seen = match seen {
            Seen::BeforeTest => before_test,
            Seen::Everything => before_test.union(&dir.test(users.len(), items.len())?),
        };
        let scorer = match filters::shape(&config) {
            Some(shape) => {
                let filter = filters::of_run(&shape, &dir.filter()?, &lists.train, items.len())?;
                Scorer::Filter(filter)
            }
            None => {
                let tables = crate::inference::from_tables(dir.embeddings()?)?;
                // A bilinear form or a perceptron changes the user's side.
                let plain = matches!(config.score.kind, ScoreKind::Dot);
                match config.model.name == ModelName::PinSage && plain {
                    true => Scorer::ItemMeans(tables),
                    false => Scorer::Embeddings(tables),
                }
            }
        };
        let recommender = Recommender::new(scorer, users, items, dir.titles()?, seen)?;
        Ok(Self {
            record: dir.data()?,
            dir,
            config,
            lists,
            recommender,
        })
    }

    /// With the items of a file beside those of the catalogue, where one is named.
    pub(super) fn with_new(mut self, args: &NewItemArgs) -> anyhow::Result<Self> {
        let Some(items) = &args.with else {
            return Ok(self);
        };
        let sources = Sources {
            items,
            vectors: &args.with_vectors,
            edges: &args.with_edges,
        };
        let new = new_items::embed(&self, &sources)?;
        self.recommender = self
            .recommender
            .with_items(&new.keys, new.titles, &new.vectors)?;
        Ok(self)
    }

    /// Makes lists on the device asked for, or else on the one of the run's configuration where this machine has it.
    pub(super) fn rank_on(
        mut self,
        session: &Session,
        asked: Option<&str>,
    ) -> anyhow::Result<Self> {
        let asked = asked.and_then(DeviceName::from_name);
        let (Scorer::Embeddings(embeddings) | Scorer::ItemMeans(embeddings)) =
            self.recommender.scorer()
        else {
            return Ok(self);
        };
        let device = match (device::open(asked.unwrap_or(self.config.run.device)), asked) {
            (Ok(device), _) => device,
            (Err(error), Some(_)) => return Err(error.into()),
            (Err(error), None) => {
                session.say(&format!("lists are made on the CPU: {error}"));
                return Ok(self);
            }
        };
        if let Some(source) = DeviceSource::upload(embeddings, &device) {
            self.recommender.rank_with(Arc::new(source));
        }
        Ok(self)
    }

    /// Opens the test part to measure; only `evaluate` does, and records it.
    pub(super) fn open_test(&self) -> anyhow::Result<Tested> {
        let (users, items) = (
            self.recommender.users().len(),
            self.recommender.items().len(),
        );
        Ok(Tested {
            test: self.dir.test(users, items)?,
            among: self.ranked_items(),
        })
    }

    /// The only items that are ranked in an evaluation, where that is not the catalogue.
    pub(super) fn ranked_items(&self) -> Option<Vec<u32>> {
        let n_items = self.recommender.items().len();
        data::new_items(self.record.split.method, &self.lists.train, n_items)
    }
}

impl Tested {
    /// What to measure on: training and validation items are left out of the rankings.
    pub(super) fn data<'a>(&'a self, lists: &'a SeenLists) -> EvaluationData<'a> {
        EvaluationData {
            train: &lists.train,
            also_excluded: Some(&lists.validation),
            held_out: &self.test,
            among: self.among.as_deref(),
        }
    }
}
