//! The result of an ablation: one line a variant, each compared with the first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use statrs::statistics::Statistics;
use toml::Table as Settings;

use crate::cli::terminal::{Align, Style, Table};
use crate::evaluation::{self, Bootstrap, CompareError, Difference, Estimate, PerUser};

/// The part of the data that variants are compared on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    Validation,
    Test,
}

/// `ablation.json`.
#[derive(Debug, Serialize)]
pub(super) struct Ablation {
    pub(super) part: Part,
    /// The metric that variants are compared by.
    pub(super) metric: String,
    /// The others are compared with the first.
    pub(super) variants: Vec<Row>,
}

/// A variant.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: String,
    /// The settings that it changes.
    settings: Settings,
    runs: Vec<Run>,
}

/// A run of a variant.
#[derive(Debug, Serialize)]
struct Run {
    seed: u64,
    path: PathBuf,
    metrics: BTreeMap<String, Estimate>,
    /// This less the first variant's with the same seed, on the same users; empty for the first.
    differences: Vec<Difference>,
}

/// The measured metrics of a run.
pub(super) struct Measured {
    pub(super) metrics: BTreeMap<String, Estimate>,
    pub(super) per_user: PerUser,
}

impl Row {
    pub(super) fn new(name: String, settings: Settings) -> Self {
        Self {
            name,
            settings,
            runs: Vec::new(),
        }
    }

    /// Adds a run, compared with `first`, where it is not the first itself.
    pub(super) fn add(
        &mut self,
        seed: u64,
        path: &Path,
        measured: &Measured,
        first: Option<&Measured>,
    ) -> Result<(), CompareError> {
        let differences = match first {
            None => Vec::new(),
            Some(first) => {
                let (before, now) = (&first.per_user, &measured.per_user);
                let bootstrap = Bootstrap::default();
                evaluation::compare(("first", before), (&self.name, now), bootstrap)?.differences
            }
        };
        self.runs.push(Run {
            seed,
            path: path.to_owned(),
            metrics: measured.metrics.clone(),
            differences,
        });
        Ok(())
    }

    fn figures(&self, metric: &str) -> Vec<f64> {
        let of_runs = self.runs.iter().filter_map(|run| run.metrics.get(metric));
        of_runs.map(|estimate| estimate.mean).collect()
    }

    fn differences<'a>(&'a self, metric: &'a str) -> impl Iterator<Item = &'a Difference> {
        let of_runs = self.runs.iter().flat_map(|run| &run.differences);
        of_runs.filter(move |difference| difference.metric == metric)
    }

    /// Whether it is significantly worse (`Less`) or better than the first with every seed; `None` where it is neither.
    fn significant(&self, metric: &str) -> Option<std::cmp::Ordering> {
        let sign = |d: &Difference| match (d.high < 0.0, d.low > 0.0) {
            (true, _) => Some(std::cmp::Ordering::Less),
            (_, true) => Some(std::cmp::Ordering::Greater),
            _ => None,
        };
        let mut signs = self.differences(metric).map(sign);
        let first = signs.next()??;
        signs.all(|other| other == Some(first)).then_some(first)
    }
}

impl Ablation {
    /// A table, and in words which differences are significant.
    pub(super) fn to_text(&self) -> String {
        let [first, others @ ..] = &self.variants[..] else {
            return String::new();
        };
        let metrics = self.metrics();
        let less = format!("{} less {}", self.metric, first.name);
        let columns = [("variant", Align::Left)]
            .into_iter()
            .chain(metrics.iter().map(|name| (&name[..], Align::Right)))
            .chain([(&less[..], Align::Right)]);
        let mut table = Table::new(columns);
        for row in &self.variants {
            let cells = metrics.iter().map(|metric| spread(&row.figures(metric)));
            let less = self.less(row);
            table.row([row.name.clone()].into_iter().chain(cells).chain([less]));
        }
        let n_seeds = first.runs.len();
        let over = match n_seeds {
            1 => "95% intervals over users".to_owned(),
            n => format!(
                "means and deviations over {n} seeds, each with a split and an interval over users (95%) of its own"
            ),
        };
        let part = match self.part {
            Part::Validation => "validation part, which chose the epochs",
            Part::Test => "test part",
        };
        let words = others.iter().map(|row| self.in_words(row, &first.name));
        format!(
            "{}\n{}\n{over}; {part}.",
            table.render(Style::of_stdout()),
            words.collect::<Vec<String>>().join("\n")
        )
    }

    /// The metrics shown: the one asked for, and the usual others measured at the same depth.
    fn metrics(&self) -> Vec<String> {
        let depth = self.metric.split('@').nth(1).unwrap_or_default();
        let usual = ["recall", "ndcg", "hit_rate", "mrr"].map(|name| format!("{name}@{depth}"));
        let is_there = |name: &&String| {
            let mut runs = self.variants.iter().flat_map(|row| &row.runs);
            **name != self.metric && runs.all(|run| run.metrics.contains_key(*name))
        };
        let others = usual.iter().filter(is_there).cloned();
        std::iter::once(self.metric.clone()).chain(others).collect()
    }

    fn less(&self, row: &Row) -> String {
        let differences: Vec<&Difference> = row.differences(&self.metric).collect();
        match &differences[..] {
            [] => String::new(),
            [d] => format!("{:+.4} [{:+.4}, {:+.4}]", d.difference, d.low, d.high),
            several => {
                let values = several.iter().map(|d| d.difference);
                let (mean, deviation) = (values.clone().mean(), values.std_dev());
                format!("{mean:+.4} ± {deviation:.4}")
            }
        }
    }

    fn in_words(&self, row: &Row, first: &str) -> String {
        let how = match row.significant(&self.metric) {
            Some(std::cmp::Ordering::Less) => "worse than",
            Some(_) => "better than",
            None => "not significantly different from",
        };
        format!("{}: {how} {first}", row.name)
    }
}

/// A figure, or the mean and the deviation of several.
fn spread(figures: &[f64]) -> String {
    match figures {
        [] => String::new(),
        [one] => format!("{one:.4}"),
        several => format!("{:.4} ± {:.4}", several.mean(), several.std_dev()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn measured(values: &[f64]) -> Measured {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let estimate = Estimate {
            mean,
            low: mean,
            high: mean,
        };
        Measured {
            metrics: BTreeMap::from([("recall@20".to_owned(), estimate)]),
            per_user: PerUser {
                fingerprint: "same".to_owned(),
                users: (0..values.len() as u32).collect(),
                metrics: BTreeMap::from([("recall@20".to_owned(), values.to_vec())]),
            },
        }
    }

    /// Variants by the figures of a few users, for each of the seeds.
    fn ablation(variants: &[(&str, &[&[f64]])]) -> Ablation {
        let row = |(name, seeds): &(&str, &[&[f64]])| {
            let mut row = Row::new((*name).to_owned(), Settings::new());
            for (at, values) in seeds.iter().enumerate() {
                let first = measured(variants[0].1[at]);
                let first = (*name != variants[0].0).then_some(&first);
                let path = Path::new("run");
                row.add(at as u64, path, &measured(values), first).unwrap();
            }
            row
        };
        Ablation {
            part: Part::Validation,
            metric: "recall@20".to_owned(),
            variants: variants.iter().map(row).collect(),
        }
    }

    const ALL: &[f64] = &[0.5, 0.6, 0.4, 0.5];

    #[test]
    fn each_variant_is_compared_with_the_first_on_the_same_users() {
        let found = ablation(&[
            ("all", &[ALL]),
            ("less", &[&[0.4, 0.5, 0.3, 0.4]]),
            ("noise", &[&[0.6, 0.5, 0.3, 0.6]]),
        ]);
        let text = found.to_text();
        for expected in [
            "less\t0.4000\t-0.1000 [-0.1000, -0.1000]",
            "less: worse than all",
            "noise: not significantly different from all",
            "validation part, which chose the epochs",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        let json = serde_json::to_value(&found).unwrap();
        let difference = &json["variants"][1]["runs"][0]["differences"][0];
        assert_eq!(difference["losses"], 4);
        assert!(
            json["variants"][0]["runs"][0]["differences"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn seeds_that_disagree_are_not_significant() {
        let better: &[f64] = &[0.6, 0.7, 0.5, 0.6];
        let worse: &[f64] = &[0.4, 0.5, 0.3, 0.4];
        let found = ablation(&[
            ("all", &[ALL, ALL]),
            ("both", &[better, better]),
            ("one", &[better, worse]),
        ]);
        let text = found.to_text();
        for expected in [
            "both\t0.6000 ± 0.0000\t+0.1000 ± 0.0000",
            "both: better than all",
            "one\t0.5000 ± 0.1414\t+0.0000 ± 0.1414",
            "one: not significantly different from all",
            "over 2 seeds",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }
}
