//! The prepared data of a training: read, split and numbered, with item features where the model reads them.

use std::sync::Arc;
use std::time::Instant;

use super::located::Located;
use super::memory_limit;
use super::needs;
use super::prior;
use super::same_data::{Files, OtherData, record_of};
use super::split_remarks;
use crate::config::{IdOrder, RunConfig};
use crate::data::{
    self, Cleaning, Dataset, HashedFile, IdMap, ItemCategories, item_column_names, items_input,
    read_configured,
};
use crate::error::{Result, Usage};
use crate::features::{Encoded, Encoder, first_categories, read_table};
use crate::forecast::Counts;
use crate::graph::{InteractionGraph, NodeOrder};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};
use crate::run::RunDir;
use crate::split::{self, DataRecord, Predecessor, Refit, RefitOn, Split};

/// The data of a run, read, split and numbered. The log itself is let go.
pub(crate) struct Prepared {
    pub(crate) users: Arc<IdMap>,
    pub(crate) items: Arc<IdMap>,
    pub(crate) titles: Option<Arc<Vec<Option<String>>>>,
    /// For lists of one category.
    pub(crate) categories: Option<Arc<ItemCategories>>,
    /// What the model reads of items.
    pub(crate) features: Option<Arc<ItemFeatures>>,
    pub(crate) split: Split,
    pub(crate) record: DataRecord,
    /// The settings that it was read by: files are named where they were found.
    pub(super) read_by: RunConfig,
}

/// The encoded features of items, and their encoder.
pub(crate) struct ItemFeatures {
    pub(crate) encoder: Encoder,
    pub(crate) encoded: Encoded,
    /// The first category of each item; empty where there are no categories.
    pub(crate) categories: Vec<Option<String>>,
}

impl Prepared {
    pub(crate) fn new(observer: &dyn Observer, config: &RunConfig) -> Result<Self> {
        let vectors = hash_vectors(config)?;
        memory_limit::check_vectors(config, vectors.iter().map(|file| file.bytes).sum())?;
        let (dataset, cleaning) = read_configured(&config.data)?;
        observer.event(Event::MemoryFreed);
        Self::cut(observer, config, dataset, cleaning, vectors)
    }

    /// A data set that was read before, split and numbered by the settings.
    pub(crate) fn of(
        observer: &dyn Observer,
        config: &RunConfig,
        dataset: Dataset,
        cleaning: Cleaning,
    ) -> Result<Self> {
        let vectors = hash_vectors(config)?;
        memory_limit::check_vectors(config, vectors.iter().map(|file| file.bytes).sum())?;
        Self::cut(observer, config, dataset, cleaning, vectors)
    }

    fn cut(
        observer: &dyn Observer,
        config: &RunConfig,
        dataset: Dataset,
        cleaning: Cleaning,
        vectors: Vec<HashedFile>,
    ) -> Result<Self> {
        for text in &cleaning.remarks {
            remark(observer, text);
        }
        let mut split = split::split(&dataset, &config.split, config.seed)?;
        split.remember_times(&dataset);
        if config.reads_weights() {
            split.remember_weights(&dataset)?;
        }
        needs::check(config, &split.train)?;
        prior::check(&config.prior, &split)?;
        let Dataset {
            users,
            items,
            titles,
            sources,
            interactions,
            given_test,
            also_seen,
            also_seen_in_test,
        } = dataset;
        drop((interactions, given_test, also_seen, also_seen_in_test));
        observer.event(Event::MemoryFreed);
        let record = DataRecord {
            n_users: users.len(),
            n_items: items.len(),
            n_interactions: split.summary.n_train
                + split.summary.n_validation
                + split.summary.n_test,
            sources,
            cleaning,
            split: split.summary.clone(),
            vectors: Some(vectors),
            refit: None,
        };
        remark(
            observer,
            &format!(
                "{} users, {} items; {}",
                count(record.n_users as u64),
                count(record.n_items as u64),
                split_remarks::parts(&split.summary),
            ),
        );
        for said in split_remarks::remarks(&split.summary, &config.split) {
            remark(observer, &said);
        }
        if let Some(also) = &split.also_seen {
            let n = also.all().n_pairs() as u64;
            remark(
                observer,
                &format!(
                    "{} more pairs of users and items are not trained on; such an item is left out of its user's lists",
                    count(n)
                ),
            );
        }
        memory_limit::check(config, counts(config, &record))?;
        let mut prepared = Self {
            users: Arc::new(users),
            items: Arc::new(items),
            titles: titles.map(Arc::new),
            categories: None,
            features: None,
            split,
            record,
            read_by: config.clone(),
        };
        if config.data.order == IdOrder::Locality {
            prepared = prepared.ordered_by_locality(observer);
        }
        if let Some(input) = items_input(&config.data)? {
            let columns = item_column_names(&config.data);
            let categories = data::read_item_categories(&input, &columns, &prepared.items)?;
            prepared.categories = categories.map(Arc::new);
        }
        prepared.features = features(observer, config, &prepared)?;
        Ok(prepared)
    }

    /// Renumbers users and items by the training interactions, and them alone.
    fn ordered_by_locality(self, observer: &dyn Observer) -> Self {
        let started = Instant::now();
        // A graph too large for 32-bit indices is refused where a model needs it.
        let Ok(graph) = InteractionGraph::new(&self.split.train) else {
            return self;
        };
        let order = NodeOrder::by_locality(&graph);
        drop(graph);
        let move_titles = |titles: Arc<Vec<Option<String>>>| {
            let mut titles = Arc::unwrap_or_clone(titles);
            let ids = order.items.iter();
            Arc::new(ids.map(|&old| titles[old as usize].take()).collect())
        };
        let ordered = Self {
            titles: self.titles.map(move_titles),
            split: self.split.reordered(&order.users, &order.items),
            users: Arc::new(Arc::unwrap_or_clone(self.users).reordered(&order.users)),
            items: Arc::new(Arc::unwrap_or_clone(self.items).reordered(&order.items)),
            categories: self.categories,
            features: self.features,
            record: self.record,
            read_by: self.read_by,
        };
        remark(
            observer,
            &format!(
                "users and items ordered by locality in {:.2} s",
                started.elapsed().as_secs_f64()
            ),
        );
        ordered
    }

    /// Whether a model of these settings is trained again, on training and validation.
    pub(crate) fn refits(&self, config: &RunConfig) -> bool {
        config.split.refit && !self.is_refit() && self.split.validation.n_pairs() > 0
    }

    /// Whether these are the data of a refit: more than the training part is in training.
    pub(crate) fn is_refit(&self) -> bool {
        self.record.refit.is_some()
    }

    /// The same data with the validation part in training, or everything, under the same ids. Features are read and fitted
    /// anew: an item whose first interaction is one of validation is a warm one by now. `of` is the run they are from,
    /// where that is another one.
    pub(crate) fn refit_on(
        &self,
        observer: &dyn Observer,
        config: &RunConfig,
        on: RefitOn,
        of: Option<Predecessor>,
    ) -> Result<Self> {
        let split = match on {
            RefitOn::TrainingAndValidation => self.split.with_validation_in_training(),
            RefitOn::Everything => self.split.with_everything_in_training(),
        };
        let n_interactions = split.train.n_interactions();
        let refit = Refit {
            on,
            n_interactions,
            epochs: None,
            of,
        };
        let mut prepared = Self {
            users: Arc::clone(&self.users),
            items: Arc::clone(&self.items),
            titles: self.titles.clone(),
            categories: self.categories.clone(),
            features: None,
            record: DataRecord {
                split: split.summary.clone(),
                refit: Some(refit),
                ..self.record.clone()
            },
            split,
            read_by: self.read_by.clone(),
        };
        let mut features = features(observer, &self.read_by, &prepared)?;
        let alone = features.as_mut().and_then(Arc::get_mut);
        if let (Some(features), Some(given)) = (alone, &config.features) {
            features.encoder.name_vectors(&given.vectors);
        }
        prepared.features = features;
        Ok(prepared)
    }

    /// Names the files on record as the settings do, wherever they were found.
    pub(crate) fn name_as_given(&mut self, located: &Located, config: &RunConfig) {
        located.name_as_given(&mut self.record);
        let features = self.features.as_mut().and_then(Arc::get_mut);
        if let (Some(features), Some(given)) = (features, &config.features) {
            features.encoder.name_vectors(&given.vectors);
        }
    }

    /// Refuses to resume a run on other data, or under other internal ids, than it began with.
    pub(crate) fn check_same_data(&self, run: &RunDir) -> Result<()> {
        let began = record_of(run)?;
        Files::of(&began).check_read(run.path(), Files::of(&self.record))?;
        let same_ids = run.users()? == *self.users && run.items()? == *self.items;
        if !same_ids {
            let run = run.path().to_owned();
            return Err(OtherData::Ids { run }.into());
        }
        let stored = run.item_graph(self.items.len())?;
        // Those of a refit are made anew where training has not come so far yet.
        let stored = stored.filter(|stored| !stored.refit);
        match (&self.features, stored) {
            (Some(features), Some(stored)) if stored.features != *features.encoded.rows => {
                let run = run.path().to_owned();
                Err(OtherData::Features { run }.into())
            }
            _ => Ok(()),
        }
    }
}

/// What memory is forecast by: a refit trains on the validation part, too.
fn counts(config: &RunConfig, record: &DataRecord) -> Counts {
    let counts = Counts::from(record);
    let more = match config.split.refit {
        true => record.split.n_validation as u64,
        false => 0,
    };
    Counts {
        train: counts.train + more,
        ..counts
    }
}

/// The files of items' vectors as they are now.
fn hash_vectors(config: &RunConfig) -> Result<Vec<HashedFile>> {
    let paths = config
        .features
        .iter()
        .flat_map(|features| &features.vectors);
    let hashed: Result<_, _> = paths.map(|path| data::hash_file(path)).collect();
    Ok(hashed?)
}

/// The items' features, where the model reads them; the encoder sees the training part alone.
fn features(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
) -> Result<Option<Arc<ItemFeatures>>> {
    let Some(settings) = &config.features else {
        return Ok(None);
    };
    let Some(input) = items_input(&config.data)? else {
        return Err(Usage(format!(
            "{} makes vectors of items' features: name their file with `--items FILE`, or use `--bundled`",
            config.model.name
        ))
        .into());
    };
    let items = &prepared.items;
    let edges = prepared.split.train.positives().counts_by_item(items.len());
    let columns = item_column_names(&config.data);
    let table = read_table(&input, &columns, settings, &settings.vectors, items, edges)?;
    let encoder = Encoder::fit(settings, &table)?;
    let encoded = encoder.encode(&table)?;
    remark(
        observer,
        &format!(
            "features of {} of {} items, {} numbers each; {} items have none",
            count((items.len() - encoded.n_empty) as u64),
            count(items.len() as u64),
            count(encoder.width() as u64),
            count(encoded.n_empty as u64),
        ),
    );
    Ok(Some(Arc::new(ItemFeatures {
        categories: first_categories(settings, &table),
        encoder,
        encoded,
    })))
}
