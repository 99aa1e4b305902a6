//! The data of a training, and what a run directory gets before and after it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;

use super::item_features::read_table;
use super::run_files::{DataRecord, items_input, read};
use super::{Session, Usage, cards, memory_limit};
use crate::allocator;
use crate::config::{IdOrder, QueryItem, RunConfig};
use crate::data::{self, Dataset, IdMap, SourceFile, Split};
use crate::features::{Encoded, Encoder, first_categories};
use crate::graph::{InteractionGraph, NodeOrder};
use crate::run::RunDir;
use crate::terminal::count;
use crate::training::Trained;

/// The data of a run, read, split and numbered. The log itself is let go.
pub(super) struct Prepared {
    pub(super) users: IdMap,
    pub(super) items: IdMap,
    pub(super) titles: Option<Vec<Option<String>>>,
    /// What the model reads of items.
    pub(super) features: Option<Arc<ItemFeatures>>,
    pub(super) split: Split,
    pub(super) record: DataRecord,
}

/// What a model reads of items, and how it was made.
pub(super) struct ItemFeatures {
    pub(super) encoder: Encoder,
    pub(super) encoded: Encoded,
    /// The first category of each item; empty where there are no categories.
    pub(super) categories: Vec<Option<String>>,
}

impl Prepared {
    pub(super) fn new(session: &Session, config: &RunConfig) -> anyhow::Result<Self> {
        let (dataset, cleaning) = read(&config.data)?;
        allocator::return_freed_memory();
        let mut split = data::split(&dataset, &config.split, config.seed)?;
        let query = config.pinsage.as_ref().map(|own| own.query);
        if query == Some(QueryItem::Before) && !split.train.remember_timeline(&dataset.interactions)
        {
            anyhow::bail!(Usage(
                "`pinsage.query = before` needs timestamps, and the log has none; use `another`"
                    .to_owned()
            ));
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
        allocator::return_freed_memory();
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
        session.say(&format!(
            "{} users, {} items; {} split: {} training, {} validation, {} test interactions",
            count(record.n_users as u64),
            count(record.n_items as u64),
            split.method.as_str(),
            count(split.summary.n_train as u64),
            count(split.summary.n_validation as u64),
            count(split.summary.n_test as u64),
        ));
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
            prepared = prepared.ordered_by_locality(session);
        }
        prepared.features = features(session, config, &prepared)?;
        Ok(prepared)
    }

    /// Renumbers users and items by the training interactions, and them alone.
    fn ordered_by_locality(self, session: &Session) -> Self {
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
        session.say(&format!(
            "users and items ordered by locality in {:.2} s",
            started.elapsed().as_secs_f64()
        ));
        ordered
    }

    /// Refuses to go on with a run on other data, or under other inside ids, than it began with.
    pub(super) fn check_same_data(&self, run: &RunDir) -> anyhow::Result<()> {
        let began: DataRecord = run
            .data()
            .context("whether the input files are those this run began with cannot be told")?;
        same_sources(run.path(), &began.sources, &self.record.sources)?;
        let same_ids = run.users()? == self.users && run.items()? == self.items;
        if !same_ids {
            let run = run.path().to_owned();
            anyhow::bail!(OtherData::Ids { run });
        }
        Ok(())
    }
}

/// The items' features, where the model reads them; the encoder sees the training part alone.
fn features(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
) -> anyhow::Result<Option<Arc<ItemFeatures>>> {
    let Some(settings) = &config.features else {
        return Ok(None);
    };
    let Some(input) = items_input(&config.data) else {
        anyhow::bail!(Usage(format!(
            "{} makes vectors of items' features: name their file with `--items FILE`, or use `--bundled`",
            config.model.name
        )));
    };
    let items = &prepared.items;
    let edges = prepared.split.train.positives().counts_by_item(items.len());
    let table = read_table(&input, settings, &settings.vectors, items, edges)?;
    let encoder = Encoder::fit(settings, &table)?;
    let encoded = encoder.encode(&table)?;
    session.say(&format!(
        "features of {} of {} items, {} numbers each; {} items have none",
        count((items.len() - encoded.n_empty) as u64),
        count(items.len() as u64),
        count(encoder.width() as u64),
        count(encoded.n_empty as u64),
    ));
    Ok(Some(Arc::new(ItemFeatures {
        categories: first_categories(settings, &table),
        encoder,
        encoded,
    })))
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OtherData {
    /// A file has changed.
    #[error(
        "{path} is not the file this run began with (SHA-256 {before} then, {now} now): restore it, or train anew"
    )]
    File {
        path: String,
        before: String,
        now: String,
    },
    /// Files were added or taken away.
    #[error(
        "{} began with {before} input files, and {now} are there now: restore its config.toml, or train anew",
        run.display()
    )]
    Count {
        run: PathBuf,
        before: usize,
        now: usize,
    },
    /// Features of other files of vectors, or of another version of the program.
    #[error(
        "{}: its items' features are not those it began with: restore the item file and the files of vectors, or train \
         anew",
        run.display()
    )]
    Features { run: PathBuf },
    /// The same files, numbered otherwise.
    #[error(
        "{}: its users or items are in another order than this program gives them: restore its config.toml, or go on \
         with the version of sagebrush that began it, or train anew",
        run.display()
    )]
    Ids { run: PathBuf },
}

/// Refuses other input files than a run or a search began with.
pub(super) fn same_sources(
    run: &Path,
    began: &[SourceFile],
    now: &[SourceFile],
) -> Result<(), OtherData> {
    if began.len() != now.len() {
        return Err(OtherData::Count {
            run: run.to_owned(),
            before: began.len(),
            now: now.len(),
        });
    }
    let mut pairs = began.iter().zip(now);
    match pairs.find(|(before, now)| before.sha256 != now.sha256) {
        None => Ok(()),
        Some((before, now)) => Err(OtherData::File {
            path: now.path.clone(),
            before: before.sha256.clone(),
            now: now.sha256.clone(),
        }),
    }
}

/// Writes all of a run that is known before training. The configuration comes last: a run that has
/// it can be resumed, and the rest is there to check it against.
pub(super) fn write_inputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
) -> anyhow::Result<()> {
    let split = &prepared.split;
    run.write_keys(&prepared.users, &prepared.items)?;
    if let Some(titles) = &prepared.titles {
        run.write_titles(titles)?;
    }
    if let Some(features) = &prepared.features {
        run.write_encoder(&features.encoder)?;
        if !features.categories.is_empty() {
            run.write_categories(&features.categories)?;
        }
    }
    run.write_interactions(split.train.positives(), &split.validation)?;
    run.write_test(&split.test)?;
    run.write_data(&prepared.record)?;
    run.write_config(&config.to_toml())?;
    Ok(())
}

/// Writes what training found and declares the run finished.
pub(super) fn write_outputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
    trained: &Trained,
) -> anyhow::Result<()> {
    run.write_parameters(&trained.parameters)?;
    run.write_embeddings(&crate::inference::to_tables(&trained.embeddings))?;
    run.write_model_card(&cards::model_card(config, &prepared.record, Vec::new()))?;
    run.finish()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files(hashes: &[&str]) -> Vec<SourceFile> {
        let file = |(at, hash): (usize, &&str)| SourceFile {
            path: format!("{at}.csv"),
            format: "csv".to_owned(),
            bytes: 1,
            sha256: (*hash).to_owned(),
            rows: 1,
        };
        hashes.iter().enumerate().map(file).collect()
    }

    #[test]
    fn a_run_goes_on_with_its_own_files_only() {
        let began = files(&["a", "b"]);
        let check = |now: &[&str]| {
            let checked = same_sources(Path::new("my-run"), &began, &files(now));
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(check(&["a", "b"]), Ok(()));
        let message = check(&["a", "c"]).unwrap_err();
        assert!(message.contains("1.csv is not the file"), "{message}");
        assert!(message.contains("SHA-256 b then, c now"), "{message}");
        for other in [&["a"][..], &["a", "b", "c"], &[]] {
            let message = check(other).unwrap_err();
            let expected = format!("my-run began with 2 input files, and {} are", other.len());
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}
