//! From a run and its evaluation to what the report shows.

use super::cards;
use super::run_files::{OpenRun, Tested};
use crate::evaluation::{Estimate, Evaluated, Evaluation, GroupResult, SystemResult};
use crate::inference::Recommender;
use crate::report::{
    Comparison, ExampleItem, ExampleUser, Fact, Group, Interval, PopularityProfile, ReportData,
    System, decile_shares, popularity_deciles,
};

/// Users shown one by one.
const EXAMPLES: usize = 10;
/// Items of a user's history and list.
const EXAMPLE_ITEMS: usize = 10;
/// Everything the page shows.
pub(super) fn of_run(
    run: &OpenRun,
    tested: &Tested,
    evaluated: &Evaluated,
    date: &str,
) -> anyhow::Result<ReportData> {
    let record = &run.record;
    let path = run.dir.path().display().to_string();
    let epochs = run.dir.metrics()?;
    let facts = |lines: Vec<(String, String)>| {
        lines
            .into_iter()
            .map(|(name, value)| Fact::new(name, value))
            .collect()
    };
    Ok(ReportData {
        run: path.clone(),
        model: cards::model_line(&run.config),
        data: record
            .sources
            .first()
            .map(|source| source.path.clone())
            .unwrap_or_default(),
        split: record.split.method.as_str().to_owned(),
        date: date.to_owned(),
        tool: format!("sagebrush {}", env!("CARGO_PKG_VERSION")),
        data_facts: facts(cards::data_lines(record)),
        config_facts: facts(cards::training_lines(&run.config)),
        config_toml: run.config.to_toml(),
        best_epoch: epochs
            .iter()
            .rev()
            .find(|record| record.is_best)
            .map(|record| record.epoch),
        epochs,
        comparison: Some(comparison(&evaluated.summary)),
        popularity: Some(popularity(run, evaluated)),
        examples: examples(run, tested)?,
        commands: vec![
            format!("sagebrush train --config {path}/config.toml --out NEW-RUN"),
            "sagebrush evaluate --run NEW-RUN".to_owned(),
        ],
    })
}

/// The systems side by side; the first is the model.
pub(super) fn comparison(evaluation: &Evaluation) -> Comparison {
    let system = |(at, system): (usize, &SystemResult)| System {
        name: system.name.clone(),
        is_model: at == 0,
        metrics: system
            .metrics
            .iter()
            .map(|(name, e)| (name.clone(), interval(e)))
            .collect(),
        beyond: system.beyond.clone(),
        by_activity: system.by_activity.iter().map(group).collect(),
        cold: system.cold.as_ref().map(group),
    };
    Comparison {
        headline: format!("recall@{}", evaluation.headline_depth()),
        n_users_evaluated: evaluation.n_users_evaluated as u64,
        n_users_without_test: evaluation.n_users_without_test as u64,
        n_cold_users: evaluation.n_cold_users as u64,
        n_new_items: evaluation.n_new_items.map(|n| n as u64),
        systems: evaluation.systems.iter().enumerate().map(system).collect(),
    }
}

fn interval(estimate: &Estimate) -> Interval {
    Interval {
        mean: estimate.mean,
        low: estimate.low,
        high: estimate.high,
    }
}

fn group(group: &GroupResult) -> Group {
    Group {
        label: group.label.clone(),
        n_users: group.n_users as u64,
        metrics: group
            .metrics
            .iter()
            .map(|(name, e)| (name.clone(), interval(e)))
            .collect(),
    }
}

fn popularity(run: &OpenRun, evaluated: &Evaluated) -> PopularityProfile {
    let mut degrees = vec![0u32; run.recommender.items().len()];
    run.lists
        .train
        .items()
        .iter()
        .for_each(|&item| degrees[item as usize] += 1);
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

/// Users spread evenly over those with training and test items.
fn examples(run: &OpenRun, tested: &Tested) -> anyhow::Result<Vec<ExampleUser>> {
    let users = tested.data(&run.lists).audience().warm;
    let step = (users.len() / EXAMPLES).max(1);
    let chosen: Vec<u32> = users.into_iter().step_by(step).take(EXAMPLES).collect();
    let k = EXAMPLE_ITEMS.min(run.recommender.items().len());
    let seen = run.lists.train.union(&run.lists.validation);
    let lists = crate::inference::top_k(run.recommender.source(), &chosen, k, Some(&seen))?;
    let example = |(&user, list): (&u32, Vec<crate::inference::Ranked>)| {
        let history = run.lists.train.of(user);
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
