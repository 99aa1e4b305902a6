//! Collects the data of a report from a run and its evaluation.

use std::collections::BTreeMap;

use crate::cli::report::{
    ExampleItem, ExampleUser, Fact, ItemMap, Neighbours, PopularityProfile, ReportData,
    decile_shares, popularity_deciles,
};
use crate::error::Result;
use crate::evaluation::Evaluated;
#[cfg(feature = "train")]
use crate::finished::EvaluationFile;
use crate::finished::{Measurement, OpenRun, Tested, card};
use crate::inference::{Recommender, plane};

/// Users shown one by one.
const EXAMPLES: usize = 10;
/// Items of a user's history and list.
const EXAMPLE_ITEMS: usize = 10;
/// Items on the map at most.
const MAPPED_ITEMS: usize = 1500;
/// Neighbours of an item.
const NEAR_ITEMS: usize = 5;

/// Everything the page shows.
pub(super) fn of_run(measured: &Measurement) -> Result<ReportData> {
    let Measurement {
        run,
        tested,
        evaluated,
        date,
        ..
    } = measured;
    Ok(ReportData {
        date: date.clone(),
        evaluation: Some(evaluated.summary.clone()),
        popularity: Some(popularity(run, evaluated)),
        examples: examples(run, tested)?,
        ..of_opened(run)?
    })
}

/// What the page shows of a run that was trained on everything, and carries the figures of the run before it.
#[cfg(feature = "train")]
pub(super) fn of_refit(run: &OpenRun) -> Result<ReportData> {
    let file: EvaluationFile = run.dir.evaluation()?;
    let of = file.of.unwrap_or_default();
    Ok(ReportData {
        note: of.figures().map(|figures| {
            format!("This model was trained on the test set, too. The figures are {figures}.")
        }),
        date: of.measured.unwrap_or_default(),
        evaluation: file.measured.map(|measured| measured.evaluation),
        commands: Vec::new(),
        ..of_opened(run)?
    })
}

/// What is known of a run without its test part.
pub(super) fn of_opened(run: &OpenRun) -> Result<ReportData> {
    let record = &run.record;
    let path = run.dir.path().display().to_string();
    let (refit_epochs, epochs): (Vec<_>, Vec<_>) = run
        .dir
        .metrics()?
        .into_iter()
        .partition(|epoch| epoch.refit);
    let facts = |lines: Vec<(String, String)>| {
        lines
            .into_iter()
            .map(|(name, value)| Fact::new(name, value))
            .collect()
    };
    Ok(ReportData {
        run: path.clone(),
        model: card::model_line(&run.config),
        data: record
            .sources
            .first()
            .map(|source| source.path.clone())
            .unwrap_or_default(),
        split: record.split.method.as_str().to_owned(),
        tool: format!("sagebrush {}", env!("CARGO_PKG_VERSION")),
        data_facts: facts(card::data_lines(record)),
        config_facts: facts(
            card::training_lines(&run.config)
                .into_iter()
                .chain(card::prior_line(&run.dir))
                .collect(),
        ),
        config_toml: run.config.to_toml(),
        best_epoch: epochs
            .iter()
            .rev()
            .find(|record| record.is_best)
            .map(|record| record.epoch),
        epochs,
        refit_epochs,
        contest: run.dir.contest()?,
        item_map: item_map(run)?,
        neighbours: neighbours(run),
        commands: vec![
            format!("sagebrush train --config {path}/config.toml --out NEW-RUN"),
            "sagebrush evaluate --run NEW-RUN".to_owned(),
        ],
        ..ReportData::default()
    })
}

fn popularity(run: &OpenRun, evaluated: &Evaluated) -> PopularityProfile {
    let degrees = run
        .trained_on()
        .counts_by_item(run.recommender.items().len());
    let deciles = popularity_deciles(&degrees);
    let shares = |counts: Vec<f64>| decile_shares(&deciles, (0u32..).zip(counts));
    PopularityProfile {
        interactions: shares(degrees.iter().map(|&degree| f64::from(degree)).collect()),
        recommended: evaluated
            .details
            .iter()
            .map(|detail| {
                let counts = detail
                    .recommended
                    .iter()
                    .map(|&count| count as f64)
                    .collect();
                (detail.name.clone(), shares(counts))
            })
            .collect(),
    }
}

/// Items by training interactions, the most first.
fn by_popularity(run: &OpenRun) -> Vec<u32> {
    let n_items = run.recommender.items().len();
    let degrees = run.trained_on().counts_by_item(n_items);
    let mut items: Vec<u32> = (0..n_items as u32).collect();
    items.sort_by_key(|&item| std::cmp::Reverse(degrees[item as usize]));
    items
}

/// The most popular items on a plane, where the model has a vector an item.
fn item_map(run: &OpenRun) -> Result<Option<ItemMap>> {
    let Some(tables) = run.recommender.scorer().tables() else {
        return Ok(None);
    };
    let mut shown = by_popularity(run);
    shown.truncate(MAPPED_ITEMS);
    let Some(plane) = plane(&tables.own_items(), tables.own_dim(), &shown) else {
        return Ok(None);
    };
    let known = run.dir.categories()?.unwrap_or_default();
    let of = |item: u32| known.get(item as usize)?.as_deref();
    let mut counts = BTreeMap::<&str, usize>::new();
    for category in shown.iter().filter_map(|&item| of(item)) {
        *counts.entry(category).or_default() += 1;
    }
    let mut categories: Vec<(&str, usize)> = counts.into_iter().collect();
    categories.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    categories.truncate(ItemMap::CATEGORIES_MAX);
    let place = |item: u32| {
        let category = of(item)?;
        categories.iter().position(|&(name, _)| name == category)
    };
    let points = shown.iter().zip(&plane.points);
    Ok(Some(ItemMap {
        points: points.map(|(&item, &[x, y])| (x, y, place(item))).collect(),
        categories: categories
            .iter()
            .map(|&(name, _)| name.to_owned())
            .collect(),
        n_items: run.recommender.items().len() as u64,
        share: plane.share,
    }))
}

/// Some of the most popular items with those nearest.
fn neighbours(run: &OpenRun) -> Vec<Neighbours> {
    if run.recommender.scorer().tables().is_none() {
        return Vec::new();
    }
    let popular = by_popularity(run);
    let step = (popular.len() / 10 / EXAMPLES).max(1);
    let k = NEAR_ITEMS.min(popular.len().saturating_sub(1));
    let of = |&item: &u32| {
        // A vector that is not a number has no neighbours.
        let near = run.recommender.scorer().similar(item, k, &[item]).ok()?;
        Some(Neighbours {
            name: name(&run.recommender, item),
            near: near
                .iter()
                .map(|place| (name(&run.recommender, place.item), f64::from(place.score)))
                .collect(),
        })
    };
    let chosen = popular.iter().step_by(step).take(EXAMPLES);
    chosen.filter_map(of).collect()
}

/// Users spread evenly over those with training and test items.
fn examples(run: &OpenRun, tested: &Tested) -> Result<Vec<ExampleUser>> {
    let data = tested.data(run.trained_on());
    let users = data.cohort().warm;
    let step = (users.len() / EXAMPLES).max(1);
    let chosen: Vec<u32> = users.into_iter().step_by(step).take(EXAMPLES).collect();
    let k = EXAMPLE_ITEMS.min(run.recommender.items().len());
    let seen = data.excluded();
    let lists = crate::inference::top_k(&run.recommender.source(), &chosen, k, Some(&seen))?;
    let example = |(&user, list): (&u32, Vec<crate::inference::Ranked>)| {
        let history = run.trained_on().of(user);
        let held_out = tested.test.of(user);
        ExampleUser {
            key: run.recommender.users().key(user).to_owned(),
            history: history
                .iter()
                .rev()
                .take(EXAMPLE_ITEMS)
                .map(|&item| name(&run.recommender, item))
                .collect(),
            n_history: history.len() as u64,
            recommended: list
                .iter()
                .map(|place| ExampleItem {
                    name: name(&run.recommender, place.item),
                    is_hit: held_out.contains(&place.item),
                })
                .collect(),
            held_out: held_out
                .iter()
                .map(|&item| name(&run.recommender, item))
                .collect(),
        }
    };
    Ok(chosen.iter().zip(lists).map(example).collect())
}

fn name(recommender: &Recommender, item: u32) -> String {
    recommender
        .title(item)
        .unwrap_or(recommender.items().key(item))
        .to_owned()
}
