//! The tables of the page: which rows they have, how numbers and names are shown.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::evaluation::{Estimate, Evaluation, GroupResult, SystemResult};
use crate::run::ContestRecord;

/// A table ready to be laid out: a header and rows of cells.
#[derive(Serialize)]
pub(super) struct Grid {
    corner: &'static str,
    columns: Vec<String>,
    rows: Vec<GridRow>,
}

#[derive(Serialize)]
struct GridRow {
    name: String,
    note: &'static str,
    cells: Vec<GridCell>,
}

#[derive(Serialize)]
struct GridCell {
    value: String,
    interval: String,
    is_best: bool,
    is_model: bool,
}

/// Metrics by system, the best value of each marked.
pub(super) fn metrics(evaluation: &Evaluation) -> Option<Grid> {
    let names = evaluation
        .systems
        .iter()
        .flat_map(|system| system.metrics.keys());
    grid(evaluation, names, |system, name| {
        system.metrics.get(name).copied()
    })
}

/// The candidates of a contest with their figures on the validation part, the winner marked.
pub(super) fn contest(record: &ContestRecord) -> Grid {
    let cell = |value: String, interval: String, is_winner: bool| GridCell {
        value,
        interval,
        is_best: is_winner,
        is_model: is_winner,
    };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "–".into());
    let rows = record.candidates.iter().map(|one| {
        let is_winner = one.name == record.winner;
        let ends = one.low.zip(one.high).filter(|(low, high)| low < high);
        let interval = ends.map(|(low, high)| format!("{low:.4} – {high:.4}"));
        let seconds = record.seconds_of(&one.name);
        let figure = shown(one.mean.map(|mean| format!("{mean:.4}")));
        GridRow {
            name: one.name.clone(),
            note: "",
            cells: vec![
                cell(figure, interval.unwrap_or_default(), is_winner),
                cell(
                    shown(one.epochs.map(|n| n.to_string())),
                    String::new(),
                    false,
                ),
                cell(
                    shown(seconds.map(|s| format!("{s:.1}"))),
                    String::new(),
                    false,
                ),
                cell(one.left.clone().unwrap_or_default(), String::new(), false),
            ],
        }
    });
    Grid {
        corner: "candidate",
        columns: vec![
            record.metric.clone(),
            "epochs".to_owned(),
            "seconds".to_owned(),
            "why not".to_owned(),
        ],
        rows: rows.collect(),
    }
}

/// Metrics of the users without a training item, by system.
pub(super) fn cold(evaluation: &Evaluation) -> Option<Grid> {
    let cold: fn(&SystemResult) -> Option<&GroupResult> = |system| system.cold.as_ref();
    let groups = evaluation.systems.iter().filter_map(cold);
    let names = groups
        .filter(|group| group.n_users > 0)
        .flat_map(|group| group.metrics.keys());
    grid(evaluation, names, |system, name| {
        cold(system)?.metrics.get(name).copied()
    })
}

fn grid<'a>(
    evaluation: &Evaluation,
    names: impl Iterator<Item = &'a String>,
    value: impl Fn(&SystemResult, &str) -> Option<Estimate>,
) -> Option<Grid> {
    let rows: Vec<GridRow> = ordered(names)
        .into_iter()
        .map(|name| {
            let values: Vec<_> = evaluation.systems.iter().map(|s| value(s, name)).collect();
            let best = values
                .iter()
                .flatten()
                .map(|v| v.mean)
                .fold(f64::NEG_INFINITY, f64::max);
            let cells = values.into_iter().enumerate().map(|(at, value)| GridCell {
                value: value.map_or_else(|| "–".into(), |value| format!("{:.4}", value.mean)),
                interval: value
                    .filter(|value| value.low < value.high)
                    .map_or_else(String::new, |value| {
                        format!("{:.4} – {:.4}", value.low, value.high)
                    }),
                is_best: evaluation.systems.len() > 1
                    && value.is_some_and(|value| value.mean == best),
                is_model: at == 0,
            });
            GridRow {
                name: name.into(),
                note: "",
                cells: cells.collect(),
            }
        })
        .collect();
    (!rows.is_empty()).then(|| Grid {
        corner: "metric",
        columns: columns(evaluation),
        rows,
    })
}

/// Coverage, novelty and the like by system. No value is marked as best: none is good in itself.
pub(super) fn beyond(evaluation: &Evaluation) -> Option<Grid> {
    let names = evaluation
        .systems
        .iter()
        .flat_map(|system| system.beyond.keys());
    let rows: Vec<GridRow> = ordered(names)
        .into_iter()
        .map(|name| {
            let cells = evaluation
                .systems
                .iter()
                .enumerate()
                .map(|(at, system)| GridCell {
                    value: system
                        .beyond
                        .get(name)
                        .map_or_else(|| "–".into(), |&v| beyond_value(name, v)),
                    interval: String::new(),
                    is_best: false,
                    is_model: at == 0,
                });
            GridRow {
                name: name.into(),
                note: note(name),
                cells: cells.collect(),
            }
        })
        .collect();
    (!rows.is_empty()).then(|| Grid {
        corner: "measure",
        columns: columns(evaluation),
        rows,
    })
}

fn columns(evaluation: &Evaluation) -> Vec<String> {
    evaluation.systems.iter().map(SystemResult::label).collect()
}

fn beyond_value(name: &str, value: f64) -> String {
    if name.starts_with("coverage") {
        crate::cli::terminal::percent(value)
    } else {
        format!("{value:.3}")
    }
}

fn note(name: &str) -> &'static str {
    match name.split('@').next().unwrap_or_default() {
        "coverage" => "share of the catalogue that is recommended to anyone",
        "novelty" => "mean information of a recommended item, in bits; higher is less popular",
        "gini" => "0: all items are recommended equally often; 1: one item takes every place",
        _ => "",
    }
}

fn ordered<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let names: BTreeSet<&str> = names.map(String::as_str).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_key(|name| order_of_metric(name));
    names
}

/// Sorts `recall@20` by kind, then by its cut-off as a number, then by name.
pub(super) fn order_of_metric(name: &str) -> (usize, u64, String) {
    const KINDS: [&str; 9] = [
        "recall",
        "ndcg",
        "precision",
        "hit",
        "mrr",
        "map",
        "coverage",
        "novelty",
        "gini",
    ];
    let (kind, cut_off) = name.split_once('@').unwrap_or((name, ""));
    let place = KINDS
        .iter()
        .position(|known| kind.starts_with(known))
        .unwrap_or(KINDS.len());
    (place, cut_off.parse().unwrap_or(u64::MAX), name.to_owned())
}

/// A text cut to so many characters, with an ellipsis in the last place.
pub(super) fn shortened(text: &str, length_max: usize) -> String {
    if text.chars().count() <= length_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length_max - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_in_reading_order_with_cut_offs_as_numbers() {
        let names = ["mrr@5", "recall@100", "ndcg@20", "recall@20", "other"].map(String::from);
        assert_eq!(
            ordered(names.iter()),
            ["recall@20", "recall@100", "ndcg@20", "mrr@5", "other"]
        );
    }

    #[test]
    fn long_names_are_cut_by_characters() {
        assert_eq!(shortened("Ünïcödé", 7), "Ünïcödé");
        assert_eq!(shortened("Ünï cödé", 5), "Ünï…");
    }
}
