//! Items the model was not trained with: from an item file to vectors, without training and without the log.

mod kept;
mod maker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sagebrush_model::{ItemGraph, Model, Neighbourhoods, SparseMatrix};

use super::OpenRun;
use crate::config::DeviceName;
use crate::data::{self, IdMap, Input, ItemLists, ReadOptions};
use crate::device;
use crate::error::{Result, Usage};
use crate::features::{Encoder, read_table};
use crate::graph::{InteractionGraph, Walks};
use crate::inference::model_config;
#[cfg(feature = "serve")]
pub(crate) use kept::KeptItems;
pub(crate) use kept::{NewItem, read_kept};
pub(crate) use maker::ItemMaker;
#[cfg(feature = "serve")]
pub(crate) use maker::Made;

/// New items and their vectors.
pub(crate) struct NewItems {
    /// In the order of their file.
    pub(crate) keys: IdMap,
    /// Titles, where the file has any.
    pub(crate) titles: Vec<Option<String>>,
    /// `[keys.len(), dim]`, as the run's item table has them.
    pub(crate) vectors: Vec<f32>,
    pub(crate) dim: usize,
    /// First interactions that were used.
    pub(crate) n_edges: usize,
    /// Of these seconds, the network alone.
    pub(crate) network_seconds: f64,
}

/// Where new items are told of.
pub(crate) struct Sources<'a> {
    pub(crate) items: &'a Path,
    /// One a file of vectors that the run was trained with, in their order.
    pub(crate) vectors: &'a [PathBuf],
    /// First interactions with the new items.
    pub(crate) edges: &'a [PathBuf],
}

/// Embeds the items of a file that the model does not know; those it knows are left out, and told.
pub(crate) fn embed(run: &OpenRun, sources: &Sources<'_>) -> Result<NewItems> {
    let Some(encoder) = run.dir.encoder()? else {
        return Err(Usage(format!(
            "{}: a {} has vectors for the items it was trained with only; `sagebrush train --model pinsage` makes vectors of \
             item features",
            run.dir.path().display(),
            run.config.model.name
        ))
        .into());
    };
    let input = Input::Path(sources.items.to_owned());
    let columns = data::item_column_names(&run.config.data);
    let known = run.recommender.items();
    let mut keys = data::read_item_keys(&input, &columns)?;
    let before = keys.len();
    keys.retain(|key| known.id(key).is_none());
    if before > keys.len() {
        tracing::warn!(
            "{}: {} of its {before} items are in the catalogue already and keep their vectors",
            sources.items.display(),
            before - keys.len()
        );
    }
    let Some(keys) = IdMap::from_ordered_keys(keys) else {
        unreachable!("keys are read once each");
    };
    let users = first_users(run, &keys, sources.edges)?;
    let edges = (0..keys.len() as u32).map(|item| users.of(item).len() as u32);
    let settings = encoder.settings();
    let vectors = sources.vectors;
    let table = read_table(&input, &columns, settings, vectors, &keys, edges.collect())?;
    let rows = encoder.encode(&table)?.rows;
    let model = model(run, &encoder)?;
    let started = Instant::now();
    let (graph, first) = graph(run, rows, &users, &keys)?;
    let items: Vec<u32> = (first..).take(keys.len()).collect();
    let vectors = model.item_vectors(&graph, &items)?;
    let tables = run.recommender.scorer().tables();
    let vectors = match tables.is_some_and(|tables| tables.prior().is_some()) {
        true => with_no_prior(&vectors, keys.len()),
        false => vectors,
    };
    let network_seconds = started.elapsed().as_secs_f64();
    Ok(NewItems {
        titles: data::read_item_titles(&input, &columns, &keys)?,
        dim: vectors.len() / keys.len().max(1),
        vectors,
        n_edges: users.n_pairs(),
        keys,
        network_seconds,
    })
}

/// Vectors with the prior of an item that nobody has, for a table that has the column of one: 0.
fn with_no_prior(own: &[f32], n: usize) -> Vec<f32> {
    let rows = own.chunks_exact((own.len() / n.max(1)).max(1));
    rows.flat_map(|row| row.iter().copied().chain([0.0]))
        .collect()
}

/// The run with the items of a file beside those of its catalogue.
pub(crate) fn with_new_items(mut run: OpenRun, sources: &Sources<'_>) -> Result<OpenRun> {
    let new = embed(&run, sources)?;
    run.recommender = run
        .recommender
        .with_items(&new.keys, new.titles, &new.vectors)?;
    Ok(run)
}

/// The known users of each new item, from logs of first interactions.
fn first_users(run: &OpenRun, keys: &IdMap, logs: &[PathBuf]) -> Result<ItemLists> {
    if logs.is_empty() {
        return Ok(ItemLists::from_pairs(keys.len(), std::iter::empty()));
    }
    let inputs: Vec<Input> = logs.iter().cloned().map(Input::Path).collect();
    let columns = &run.config.data.columns;
    let options = ReadOptions {
        columns: data::ColumnNames {
            user: columns.user.clone(),
            item: columns.item.clone(),
            weight: columns.weight.clone(),
            timestamp: columns.timestamp.clone(),
            ..data::ColumnNames::default()
        },
        ..ReadOptions::default()
    };
    let (log, _) = data::read_dataset(&inputs, &[], None, &options)?;
    let of_run = |map: &IdMap, ids: &IdMap, id: u32| map.id(ids.key(id));
    let rows = log.interactions.users.iter().zip(&log.interactions.items);
    let pairs: Vec<(u32, u32)> = rows
        .filter_map(|(&user, &item)| {
            let item = of_run(keys, &log.items, item)?;
            let user = of_run(run.recommender.users(), &log.users, user)?;
            Some((item, user))
        })
        .collect();
    Ok(ItemLists::from_pairs(keys.len(), pairs.into_iter()))
}

/// The items to embed behind those their neighbours are among, and the number of the first of them. Items without a
/// first interaction need no other.
fn graph(
    run: &OpenRun,
    rows: Arc<SparseMatrix>,
    users: &ItemLists,
    keys: &IdMap,
) -> Result<(ItemGraph, u32)> {
    let refreshed = run.refreshed.as_ref();
    // Walks and features are of the items that training knew.
    let n_items = match refreshed.map(|refreshed| refreshed.notes.n_items_before) {
        Some(before) => before,
        None => run.recommender.items().len(),
    };
    let of_run = match users.n_pairs() {
        0 => None,
        _ => run.dir.item_graph(n_items)?,
    };
    let (Some(stored), Some(settings)) = (of_run, &run.config.walks) else {
        let alone = Neighbourhoods::new(1, &vec![Vec::new(); keys.len()]);
        return Ok((ItemGraph::of_items(rows, alone), 0));
    };
    let train = run.train_set()?;
    let interactions = InteractionGraph::new(&train)?;
    let walks = Walks::new(settings, run.config.seed);
    let near = (0..keys.len() as u32).map(|item| {
        let met = walks.from_users(&interactions, users.of(item), number_of(keys.key(item)));
        met.into_iter()
            .map(|(near, count)| (near, count as f32))
            .collect()
    });
    let near: Vec<Vec<(u32, f32)>> = near.collect();
    let neighbourhoods = Neighbourhoods::from(stored.visits).with(&near);
    let features = Arc::new(stored.features.with_rows(&rows));
    Ok((
        ItemGraph::of_items(features, neighbourhoods),
        n_items as u32,
    ))
}

/// A new item's walks depend on its key, and not on the others of its file.
fn number_of(key: &str) -> u32 {
    let mut first = [0; 4];
    first.copy_from_slice(&blake3::hash(key.as_bytes()).as_bytes()[..4]);
    u32::from_le_bytes(first)
}

fn model(run: &OpenRun, encoder: &Encoder) -> Result<Model> {
    let device = device::open(DeviceName::Cpu)?;
    let model = model_config(&run.config, encoder.width());
    let empty = model.init(1, 1, run.config.seed, &device);
    Ok(empty.with_parameters(run.dir.parameters()?)?)
}
