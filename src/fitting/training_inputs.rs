//! What a model computes over and begins with, beside its training set: kept in the run, or made now.

use std::time::Instant;

use sagebrush_model::{ItemGraph, LsaStart, Query};

use super::prepared::Prepared;
use super::same_data::OtherData;
use crate::config::{QueryItem, RunConfig, Start, WalkSettings};
use crate::data::ItemLists;
use crate::error::Result;
use crate::features;
use crate::graph::{InteractionGraph, Visits, Walks};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};
use crate::run::RunWriter;
use crate::sampling::HardNegatives;
use crate::split::TrainSet;

/// The items hard negatives are drawn from: those of the run, or ranked now and kept in it.
pub(super) fn neighbours(
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
    let refit = prepared.is_refit();
    let stored = run.neighbours(n_roots, train.n_items())?;
    if let Some(stored) = stored.filter(|stored| stored.refit == refit) {
        return Ok(Some(stored.near));
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
        run.write_neighbours(near, refit)?;
    }
    Ok(near)
}

/// What the model computes over, where it reads items' features: the walks are those of the run, or taken now and kept
/// in it.
pub(super) fn item_graph(
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
    let refit = prepared.is_refit();
    let stored = run.item_graph(train.n_items())?;
    let visits = match stored.filter(|stored| stored.refit == refit) {
        Some(stored) if stored.features != **rows => {
            let run = run.path().to_owned();
            return Err(OtherData::Features { run }.into());
        }
        Some(stored) => stored.visits,
        None => {
            let visits = walk(observer, config.seed, settings, train)?;
            run.write_item_graph(&features.encoded, &visits, refit)?;
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
pub(super) fn content_start(
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
