//! The data of a training: read, split, numbered, with the features of items where the model reads them.

use std::sync::Arc;
use std::time::Instant;

use super::memory_limit;
use super::same_data::{OtherData, same_sources};
use crate::config::{IdOrder, QueryItem, RunConfig};
use crate::data::{self, DataRecord, Dataset, IdMap, Split, items_input, read_configured};
use crate::error::{Error, Result, Usage};
use crate::features::{Encoded, Encoder, first_categories, read_table};
use crate::graph::{InteractionGraph, NodeOrder};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};
use crate::run::RunDir;

/// The data of a run, read, split and numbered. The log itself is let go.
pub(crate) struct Prepared {
    pub(crate) users: IdMap,
    pub(crate) items: IdMap,
    pub(crate) titles: Option<Vec<Option<String>>>,
    /// What the model reads of items.
    pub(crate) features: Option<Arc<ItemFeatures>>,
    pub(crate) split: Split,
    pub(crate) record: DataRecord,
}

/// What a model reads of items, and how it was made.
pub(crate) struct ItemFeatures {
    pub(crate) encoder: Encoder,
    pub(crate) encoded: Encoded,
    /// The first category of each item; empty where there are no categories.
    pub(crate) categories: Vec<Option<String>>,
}

impl Prepared {
    pub(crate) fn new(observer: &dyn Observer, config: &RunConfig) -> Result<Self> {
        let (dataset, cleaning) = read_configured(&config.data)?;
        observer.event(Event::MemoryFreed);
        let mut split = data::split(&dataset, &config.split, config.seed)?;
        let query = config.pinsage.as_ref().map(|own| own.query);
        if query == Some(QueryItem::Before) && !split.train.remember_timeline(&dataset.interactions)
        {
            return Err(Usage(
                "`pinsage.query = before` needs timestamps, and the log has none; use `another`"
                    .to_owned(),
            )
            .into());
        }
        let Dataset {
            users,
            items,
            titles,
            sources,
            interactions,
            given_test,
        } = dataset;
        drop((interactions, given_test));
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
        };
        remark(
            observer,
            &format!(
                "{} users, {} items; {} split: {} training, {} validation, {} test interactions",
                count(record.n_users as u64),
                count(record.n_items as u64),
                split.method.as_str(),
                count(split.summary.n_train as u64),
                count(split.summary.n_validation as u64),
                count(split.summary.n_test as u64),
            ),
        );
        memory_limit::check(config, record.counts())?;
        let mut prepared = Self {
            users,
            items,
            titles,
            features: None,
            split,
            record,
        };
        if config.data.order == IdOrder::Locality {
            prepared = prepared.ordered_by_locality(observer);
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
        let move_titles = |mut titles: Vec<Option<String>>| {
            let ids = order.items.iter();
            ids.map(|&old| titles[old as usize].take()).collect()
        };
        let ordered = Self {
            titles: self.titles.map(move_titles),
            split: self.split.reordered(&order.users, &order.items),
            users: self.users.reordered(&order.users),
            items: self.items.reordered(&order.items),
            features: self.features,
            record: self.record,
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

    /// Refuses to go on with a run on other data, or under other inside ids, than it began with.
    pub(crate) fn check_same_data(&self, run: &RunDir) -> Result<()> {
        let began: DataRecord = run.data().map_err(|error| {
            Error::from(error)
                .context("whether the input files are those this run began with cannot be told")
        })?;
        same_sources(run.path(), &began.sources, &self.record.sources)?;
        let same_ids = run.users()? == self.users && run.items()? == self.items;
        if !same_ids {
            let run = run.path().to_owned();
            return Err(OtherData::Ids { run }.into());
        }
        Ok(())
    }
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
    let Some(input) = items_input(&config.data) else {
        return Err(Usage(format!(
            "{} makes vectors of items' features: name their file with `--items FILE`, or use `--bundled`",
            config.model.name
        ))
        .into());
    };
    let items = &prepared.items;
    let edges = prepared.split.train.positives().counts_by_item(items.len());
    let table = read_table(&input, settings, &settings.vectors, items, edges)?;
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
