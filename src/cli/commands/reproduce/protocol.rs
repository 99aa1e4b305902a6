//! How a recipe becomes a number: the length of training is chosen on the validation part, then all of the training
//! file is trained on for as long. What the test part says after each epoch is recorded and chooses nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use toml::Table;

use super::super::report_of_run;
use super::benchmark::{Benchmark, Pair, Recipe};
use crate::cli::args::ReproduceArgs;
use crate::cli::session::Session;
use crate::config::{self, RunConfig, SplitDraw};
use crate::error::{Result, Unexpected};
use crate::evaluation::{Estimate, EvaluationData, recall_and_ndcg};
use crate::finished;
use crate::fitting::{fit, train};
use crate::inference::{RankError, ScoreSource};
use crate::run::{LockedRun, Replace};
use crate::split::Split;

const COMMAND: &str = "reproduce";
const METRICS: [&str; 2] = ["recall@20", "ndcg@20"];
const DEPTH: usize = 20;

/// One line of the comparison.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    /// The authors of the published numbers; `None` for a baseline, and where none were found.
    pub(super) source: Option<&'static str>,
    pub(super) published: Option<Pair>,
    /// Recall@20 and NDCG@20 on the test part, settings and epochs chosen without it.
    pub(super) ours: [Estimate; 2],
    /// The choice of validation; `None` for a system that is not trained by epochs.
    pub(super) trained: Option<Choice>,
    /// Wall time of the training, or of the fit, that gave `ours`.
    pub(super) seconds: Option<f64>,
}

/// The epochs, and what choosing them on the test part would have added.
#[derive(Debug, Serialize)]
pub(super) struct Choice {
    pub(super) epochs: u32,
    /// On the validation part, without it in training.
    pub(super) validation: Pair,
    /// The best epoch by recall on the test part. Not a result.
    pub(super) best_on_test: Pair,
    pub(super) best_epoch_on_test: u32,
    /// By how much that is above the last epoch, which is the one measured; hundredths of recall and NDCG.
    pub(super) leak_points: Pair,
}

/// Runs the recipes in turn; `None` when interrupted.
pub(super) fn run_all(
    session: &Session,
    benchmark: &Benchmark,
    recipes: &[&'static Recipe],
    args: &ReproduceArgs,
) -> Result<Option<Vec<Row>>> {
    let inner = session.inner();
    let (data, out) = (args.data(), args.out());
    for recipe in recipes {
        let out = out.join(recipe.name);
        for place in [validation_of(&out), out] {
            // All places are free, or reproductions of before, before anything is trained.
            LockedRun::to_create(place, Replace::Own, COMMAND)?;
        }
    }
    let mut rows = Vec::new();
    for recipe in recipes {
        session.say(&format!("\n{}: {}", benchmark.title, recipe.name));
        let config = settings(recipe, &data, args.seed)?;
        let Some(found) = run(&inner, benchmark, recipe, config, &out.join(recipe.name))? else {
            return Ok(None);
        };
        for row in found {
            // The baselines stand beside every recipe; once is enough.
            if !rows.iter().any(|known: &Row| known.name == row.name) {
                rows.push(row);
            }
        }
    }
    Ok(Some(rows))
}

fn run(
    session: &Session,
    benchmark: &Benchmark,
    recipe: &Recipe,
    config: RunConfig,
    out: &Path,
) -> Result<Option<Vec<Row>>> {
    let fitted = match config.model.name.is_trained() {
        true => train_whole(session, config, out)?,
        false => fit_whole(session, &config, out)?,
    };
    let Some((mut choice, seconds)) = fitted else {
        return Ok(None);
    };
    let evaluation = report_of_run::reported(finished::measure_beside(
        session,
        out,
        &[],
        COMMAND,
        session.ledger.as_ref(),
    )?)?;
    let mut rows = Vec::new();
    for (at, system) in evaluation.systems.iter().enumerate() {
        let [recall, ndcg] = METRICS.map(|name| system.metrics.get(name).copied());
        let ours = [
            recall.ok_or(Unexpected(METRICS[0]))?,
            ndcg.ok_or(Unexpected(METRICS[1]))?,
        ];
        let model = at == 0;
        let published = benchmark.published(recipe).filter(|_| model);
        rows.push(Row {
            name: match model {
                true => recipe.name.to_owned(),
                false => system.name.clone(),
            },
            source: published.map(|published| published.source),
            published: published.map(|published| published.metrics),
            ours,
            trained: choice.take(),
            seconds: model.then_some(seconds),
        });
    }
    Ok(Some(rows))
}

/// The recipe's settings on the published files, as a run file that `train --config` takes, too.
fn settings(recipe: &Recipe, data: &Path, seed: Option<u32>) -> Result<RunConfig> {
    let path = |name: &str| vec![data.join(name).display().to_string()];
    let mut flags = Table::new();
    let mut files = Table::new();
    files.insert("train".to_owned(), path("train.txt").into());
    files.insert("test".to_owned(), path("test.txt").into());
    flags.insert("data".to_owned(), files.into());
    // The validation part that the recipes' settings and the numbers of the documentation were found on.
    config::insert(&mut flags, "split.draw", SplitDraw::PerUser.as_str().into());
    if let Some(seed) = seed {
        flags.insert("seed".to_owned(), i64::from(seed).into());
    }
    // The second training is one of its own here, so that the test part can be looked at while it goes on.
    config::insert(&mut flags, "split.refit", false.into());
    let file = Some((recipe.name, recipe.settings));
    Ok(config::resolve(file, iter::empty(), flags)?.config)
}

type Fitted = Option<(Option<Choice>, f64)>;

fn fit_whole(session: &Session, config: &RunConfig, out: &Path) -> Result<Fitted> {
    let started = Instant::now();
    let fitted = fit::fit(
        session,
        &on_all_of_train(config.clone()),
        out,
        Replace::Own,
        COMMAND,
    )?;
    let seconds = started.elapsed().as_secs_f64();
    Ok(fitted.is_some().then_some((None, seconds)))
}

/// Chooses the number of epochs on the validation part, then trains on all of the training file.
fn train_whole(session: &Session, config: RunConfig, out: &Path) -> Result<Fitted> {
    let first = validation_of(out);
    session
        .say("choosing the number of epochs: training on 90% of train.txt, validating on the rest");
    let Some(chosen) = train::train_new(session, &config, &first, Replace::Own, COMMAND, None)?
    else {
        return Ok(None);
    };
    let best = chosen
        .history
        .iter()
        .find(|record| record.epoch == chosen.best_epoch)
        .ok_or(Unexpected("the best epoch has no record"))?;
    let validation = pair(&best.validation)?;
    let mut config = on_all_of_train(config);
    config.training.epochs = chosen.best_epoch;
    session.say(&format!(
        "{} epochs on all of train.txt; the test part is measured after each and chooses nothing",
        chosen.best_epoch
    ));
    let seen = RefCell::new(Vec::new());
    let after_epoch = |split: &Split, source: &dyn ScoreSource| -> Result<(), RankError> {
        let data = EvaluationData {
            train: split.train.positives(),
            also_excluded: None,
            held_out: &split.test,
            among: None,
        };
        seen.borrow_mut()
            .push(recall_and_ndcg(source, data, DEPTH)?);
        Ok(())
    };
    let Some(trained) = train::train_new(
        session,
        &config,
        out,
        Replace::Own,
        COMMAND,
        Some(&after_epoch),
    )?
    else {
        return Ok(None);
    };
    let seconds = trained.history.iter().map(|record| record.seconds).sum();
    let on_test = seen.into_inner();
    let epochs = on_test.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let (at, best) = epochs
        .iter()
        .enumerate()
        .reduce(|best, next| if next.1[0] > best.1[0] { next } else { best })
        .ok_or(Unexpected("no epoch was trained"))?;
    // The epoch that is kept, and measured as `ours`.
    let last = epochs.last().ok_or(Unexpected("no epoch was trained"))?;
    let choice = Choice {
        epochs: chosen.best_epoch,
        validation,
        best_on_test: *best,
        best_epoch_on_test: at as u32 + 1,
        leak_points: [0, 1].map(|metric| 100.0 * (best[metric] - last[metric])),
    };
    Ok(Some((Some(choice), seconds)))
}

/// Where the run is that chooses the epochs.
fn validation_of(out: &Path) -> PathBuf {
    out.with_file_name(format!(
        "{}-validation",
        out.file_name().unwrap_or_default().display()
    ))
}

fn on_all_of_train(mut config: RunConfig) -> RunConfig {
    config.split.validation_fraction = 0.0;
    config
}

fn pair(metrics: &BTreeMap<String, f64>) -> Result<Pair> {
    let [recall, ndcg] = METRICS.map(|name| metrics.get(name).copied());
    Ok([
        recall.ok_or(Unexpected(METRICS[0]))?,
        ndcg.ok_or(Unexpected(METRICS[1]))?,
    ])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Write;
    use std::fs;

    use super::super::benchmark::{AS_PUBLISHED, RECIPES};
    use super::*;

    static SMALL: Recipe = Recipe {
        name: "small",
        settings: "[model]\nname = \"mf\"\ndim = 8\n[training]\nepochs = 3\nlearning_rate = 0.02\n\
                   metric = \"recall@20\"\n[sampling]\nbatch_size = 64\n",
    };

    /// Users who like an eighth of the items each, some of it held out.
    fn write_data(folder: &Path) {
        let (mut train, mut test) = (String::new(), String::new());
        for user in 0..40 {
            write!(train, "{user}").unwrap();
            write!(test, "{user}").unwrap();
            for at in 0..12 {
                let item = (user % 8) * 15 + (user * 5 + at * 7) % 15;
                let list = if at < 9 { &mut train } else { &mut test };
                write!(list, " {item}").unwrap();
            }
            train.push('\n');
            test.push('\n');
        }
        fs::write(folder.join("train.txt"), train).unwrap();
        fs::write(folder.join("test.txt"), test).unwrap();
    }

    #[test]
    fn epochs_are_chosen_on_validation_and_the_leak_is_told() {
        let folder = tempfile::tempdir().unwrap();
        write_data(folder.path());
        let args = ReproduceArgs {
            benchmark: "gowalla".to_owned(),
            data: Some(folder.path().to_owned()),
            out: Some(folder.path().join("out")),
            only: Vec::new(),
            list: false,
            seed: Some(3),
        };
        let (session, gowalla) = (Session::silent(), Benchmark::named("gowalla").unwrap());
        let rows = run_all(&session, gowalla, &[&SMALL], &args);
        let rows = rows.unwrap().unwrap();
        let out = args.out();
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["small", "item-knn", "popularity"]);
        let choice = rows[0].trained.as_ref().unwrap();
        let text = fs::read_to_string(out.join("small/config.toml")).unwrap();
        let whole = RunConfig::from_toml("config.toml", &text).unwrap();
        assert_eq!(whole.split.validation_fraction, 0.0);
        assert_eq!((whole.training.epochs, whole.seed), (choice.epochs, 3));
        assert!((1..=choice.epochs).contains(&choice.best_epoch_on_test));
        assert!(out.join("small-validation/metrics.jsonl").exists());
        // The last epoch is one of those the best was picked from.
        assert!(choice.leak_points[0] >= -1e-9, "{choice:?}");
        assert!(choice.best_on_test[0] > 0.0 && rows[0].ours[0].mean > 0.0);
        assert!(rows[1].published.is_none() && rows[1].trained.is_none());
    }

    #[test]
    fn every_recipe_is_a_run_file_that_names_no_data() {
        for recipe in RECIPES.iter().chain([&AS_PUBLISHED]) {
            let file = Some((recipe.name, recipe.settings));
            let config = config::resolve(file, iter::empty(), Table::new());
            let config = config.unwrap().config;
            assert!(config.data.train.is_empty() && config.data.bundled.is_none());
            assert!(config.evaluation.ks.contains(&DEPTH));
        }
    }
}
