//! A finished run, opened for inference.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::scorer;
use super::trained_on::TrainedOn;
use crate::config::{DeviceName, ModelName, RunConfig};
use crate::data::{AlsoSeen, ItemLists, PairColumns};
use crate::device::{self, DeviceSource};
use crate::error::{Result, Usage};
use crate::evaluation::EvaluationData;
use crate::inference::{ItemPrior, Recommender};
use crate::observer::{Observer, remark};
use crate::run::{RunDir, SeenLists, StoredRefresh};
use crate::split::{self, DataRecord, TrainSet};

/// A finished run, opened for inference: neither the log nor the graph is needed.
pub(crate) struct OpenRun {
    pub(crate) dir: RunDir,
    pub(crate) config: RunConfig,
    pub(crate) record: DataRecord,
    /// The training and the validation part, whatever the model was trained on.
    pub(crate) lists: SeenLists,
    trained_on: TrainedOn,
    /// What users have besides; `None` where there is nothing, and in runs that did not record it.
    pub(crate) also_seen: Option<AlsoSeen>,
    /// What users have taken since the training; `None` where the run was not refreshed.
    pub(crate) refreshed: Option<StoredRefresh>,
    /// Leaves out what the user has seen.
    pub(crate) recommender: Recommender,
}

/// What a user has seen, and is not recommended again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// What was trained and validated on, and what else was known then, as when the test part is measured.
    BeforeTest,
    /// Everything in the log, as when lists are served. The test part is read for that alone.
    Everything,
}

/// The test part of a run, opened to measure.
pub(crate) struct Tested {
    pub(crate) test: ItemLists,
    /// The items ranked, where that is not the catalogue.
    pub(crate) among: Option<Vec<u32>>,
    /// Items left out beside those of the training part.
    also_excluded: ItemLists,
}

impl OpenRun {
    pub(crate) fn open(path: &Path, seen: Seen) -> Result<Self> {
        let dir = RunDir::open(path)?;
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &dir.config()?)?;
        let (users, items) = (dir.users()?, dir.items()?);
        let lists = dir.interactions(users.len(), items.len())?;
        let record: DataRecord = dir.data()?;
        let trained_on = TrainedOn::of(&record, &lists);
        let also_seen = dir.also_seen(users.len(), items.len())?;
        let mut known = trained_on.both(&lists);
        if seen == Seen::Everything {
            known = Cow::Owned(known.union(&dir.test(users.len(), items.len())?));
        }
        if let Some(also) = &also_seen {
            known = Cow::Owned(known.union(&match seen {
                Seen::BeforeTest => also.when_testing(),
                Seen::Everything => also.all(),
            }));
        }
        let refreshed = dir.refreshed(users.len(), items.len())?;
        if let Some(refreshed) = &refreshed {
            known = Cow::Owned(known.union(&refreshed.lists));
        }
        let scorer = scorer::of_run(&dir, &config, &lists, &trained_on, items.len())?;
        let scorer = match &refreshed {
            Some(new) => {
                let (histories, columns) = trained_on.with(new, &dir, &lists)?;
                scorer::with_histories(scorer, &config, histories, &columns)
            }
            None => scorer,
        };
        // PinSAGE makes vectors of items' features, whoever has them.
        let items_have_features = config.model.name == ModelName::PinSage;
        let recommender =
            Recommender::new(scorer, users, items, dir.titles()?, known.into_owned())?
                .with_popularity(trained_on.lists(&lists), items_have_features)?;
        let recommender = match &refreshed {
            Some(new) => recommender.with_histories(&trained_on.lists(&lists).union(&new.lists)),
            None => recommender,
        };
        let recommender = match recommender.scorer().tables() {
            Some(_) => {
                let refreshed = refreshed.as_ref();
                let (histories, weights) =
                    scorer::histories_of_vectors(&dir, &config, &lists, &trained_on, refreshed)?;
                recommender.explained_by(histories, weights)?
            }
            None => recommender,
        };
        let recommender = match dir.prior(recommender.items().len())? {
            Some(stored) => recommender.with_prior(&ItemPrior::from_stored(stored))?,
            None => recommender,
        };
        let recommender = match dir.item_categories(recommender.items().len())? {
            Some(categories) => recommender.with_categories(categories)?,
            None => recommender,
        };
        Ok(Self {
            record,
            dir,
            config,
            lists,
            trained_on,
            also_seen,
            refreshed,
            recommender,
        })
    }

    /// What the stored model was trained on: the training part, or more where the run was refitted.
    pub(crate) fn trained_on(&self) -> &ItemLists {
        self.trained_on.lists(&self.lists)
    }

    /// The same as a training set, with the weights and times that the run kept.
    pub(crate) fn train_set(&self) -> Result<TrainSet> {
        let columns = self.trained_on.columns(&self.dir, &self.lists)?;
        let n_items = self.recommender.items().len();
        Ok(TrainSet::restored(
            self.trained_on().clone(),
            columns,
            n_items,
        ))
    }

    /// What the run kept of each of [`trained_on`](Self::trained_on).
    pub(super) fn trained_columns(&self) -> Result<PairColumns> {
        Ok(self.trained_on.columns(&self.dir, &self.lists)?)
    }

    /// What users have of [`trained_on`](Self::trained_on) and what they have taken since, with what is known of each pair.
    #[cfg(any(feature = "serve", all(feature = "train", feature = "cli")))]
    pub(super) fn known_since(&self, new: &StoredRefresh) -> Result<(ItemLists, PairColumns)> {
        Ok(self.trained_on.with(new, &self.dir, &self.lists)?)
    }

    /// The weight of each of [`trained_on`](Self::trained_on), which the run's settings read.
    pub(crate) fn trained_weights(&self) -> Result<Vec<f32>> {
        Ok(self.trained_on.weights(&self.dir, &self.lists)?)
    }

    /// Makes lists on the device asked for, or else on the one of the run's configuration where this machine has it.
    pub(crate) fn rank_on(
        mut self,
        observer: &dyn Observer,
        asked: Option<DeviceName>,
    ) -> Result<Self> {
        let Some(tables) = self.recommender.scorer().tables() else {
            return Ok(self);
        };
        let device = match (device::open(asked.unwrap_or(self.config.run.device)), asked) {
            (Ok(device), _) => device,
            (Err(error), Some(_)) => return Err(error.into()),
            (Err(error), None) => {
                remark(observer, &format!("lists are made on the CPU: {error}"));
                return Ok(self);
            }
        };
        if let Some(source) = DeviceSource::upload(tables, &device) {
            self.recommender.rank_with(Arc::new(source));
        }
        Ok(self)
    }

    /// Opens the test part to measure; only `evaluate` does, and records it.
    ///
    /// # Errors
    /// A run that was refreshed: what happened in its test part may be known to it by now.
    pub(crate) fn open_test(&self) -> Result<Tested> {
        if let Some(refreshed) = &self.refreshed {
            return Err(Usage(format!(
                "{}: refreshed on {} with what came after its training, so its test part is no test of it. Evaluate a run \
                 before it is refreshed; `sagebrush refresh --out NEW` keeps the one it was made of",
                self.dir.path().display(),
                refreshed.notes.date
            ))
            .into());
        }
        let (users, items) = (
            self.recommender.users().len(),
            self.recommender.items().len(),
        );
        Ok(Tested {
            test: self.dir.test(users, items)?,
            among: self.ranked_items(),
            also_excluded: match &self.also_seen {
                Some(also) => self.lists.validation.union(&also.when_testing()),
                None => self.lists.validation.clone(),
            },
        })
    }

    /// The only items that are ranked in an evaluation, where that is not the catalogue.
    pub(crate) fn ranked_items(&self) -> Option<Vec<u32>> {
        let n_items = self.recommender.items().len();
        split::new_items(self.record.split.method, self.trained_on(), n_items)
    }
}

impl Tested {
    /// What to measure on, by what the model was trained on: what users are known to have when the test part begins is
    /// left out of the rankings.
    pub(crate) fn data<'a>(&'a self, trained_on: &'a ItemLists) -> EvaluationData<'a> {
        EvaluationData {
            train: trained_on,
            also_excluded: Some(&self.also_excluded),
            held_out: &self.test,
            among: self.among.as_deref(),
        }
    }
}
