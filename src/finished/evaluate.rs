//! Measures a finished run on its test part, beside the baselines, and records it in the run.

use std::path::Path;
#[cfg(feature = "train")]
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::card;
use super::evaluation_file::{EvaluationFile, Measured, Opening};
#[cfg(feature = "train")]
use super::open_run::Seen;
use super::open_run::{OpenRun, Tested};
use crate::baselines::{Chance, ContentKnn, ItemKnn, ItemKnnConfig, Popularity};
use crate::error::Result;
use crate::evaluation::{self, Evaluated, EvaluationConfig};
use crate::export::TrecWriter;
use crate::inference::ScoreSource;
use crate::observer::{Observer, remark};
use crate::run::RunError;

/// A run that was measured, with all that a report shows.
pub(crate) struct Measurement {
    pub(crate) run: OpenRun,
    pub(crate) tested: Tested,
    pub(crate) evaluated: Evaluated,
    /// The UTC date.
    pub(crate) date: String,
}

/// Measures a run beside the baselines and other runs on the same data, at its configured depths.
#[cfg(feature = "train")]
pub(crate) fn measure_beside(
    observer: &dyn Observer,
    run: &Path,
    others: &[PathBuf],
) -> Result<Measurement> {
    let open = |path: &Path| OpenRun::open(path, Seen::BeforeTest)?.rank_on(observer, None);
    let others = others
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>, _>>()?;
    measure(observer, open(run)?, &others, Vec::new(), None)
}

/// Opens the test part of a run and measures the run beside the baselines and `others`, at the depths asked for or else
/// at those of its settings. Lists for trec_eval go to the folder `trec`.
pub(crate) fn measure(
    observer: &dyn Observer,
    mut run: OpenRun,
    others: &[OpenRun],
    ks: Vec<usize>,
    trec: Option<&Path>,
) -> Result<Measurement> {
    let mut file = evaluation_file(&run)?;
    if !file.openings.is_empty() {
        remark(
            observer,
            &format!(
                "the test set of this run was opened {} times before",
                file.openings.len()
            ),
        );
    }
    let settings = settings(&run, ks);
    // Recorded first: an evaluation that is killed has opened the test set all the same.
    let opening = opening_now(&settings);
    let date = opening.date.clone();
    file.openings.push(opening);
    run.dir.write_evaluation(&file)?;
    let tested = run.open_test()?;
    let evaluated = rank_all(&run, others, &tested, &settings)?;
    if let Some(directory) = trec {
        write_trec(&run, &tested, &settings, directory)?;
    }
    write(&mut run, file.openings, &evaluated)?;
    Ok(Measurement {
        run,
        tested,
        evaluated,
        date,
    })
}

fn evaluation_file(run: &OpenRun) -> Result<EvaluationFile> {
    match run.dir.evaluation() {
        Ok(file) => Ok(file),
        Err(RunError::Missing { .. }) => Ok(EvaluationFile::default()),
        Err(error) => Err(error.into()),
    }
}

fn opening_now(settings: &EvaluationConfig) -> Opening {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_secs());
    let mut ks = settings.ks.clone();
    ks.sort_unstable();
    ks.dedup();
    Opening {
        date: crate::data::iso_date(now as i64),
        unix_seconds: now,
        ks,
    }
}

/// Depths beyond the catalogue are left out unless they were asked for by name.
pub(crate) fn settings(run: &OpenRun, asked: Vec<usize>) -> EvaluationConfig {
    let n_items = run.recommender.items().len();
    let configured = &run.config.evaluation;
    let ks = if asked.is_empty() {
        let mut fitting: Vec<usize> = configured
            .ks
            .iter()
            .copied()
            .filter(|&k| k <= n_items)
            .collect();
        if fitting.is_empty() {
            fitting.push(n_items);
        }
        fitting
    } else {
        asked
    };
    EvaluationConfig {
        ks,
        bootstrap: configured.bootstrap,
        seed: run.config.seed,
        ..EvaluationConfig::default()
    }
}

fn rank_all(
    run: &OpenRun,
    others: &[OpenRun],
    tested: &Tested,
    settings: &EvaluationConfig,
) -> Result<Evaluated> {
    let n_items = run.recommender.items().len();
    let popularity = Popularity::new(&run.lists.train, n_items);
    let knn = ItemKnn::new(&run.lists.train, n_items, &ItemKnnConfig::default());
    let content = content_knn(run)?;
    let chance = Chance {
        n_users: run.recommender.users().len(),
        n_items,
        seed: run.config.seed,
    };
    let mut systems: Vec<(&str, &dyn ScoreSource)> =
        vec![(run.config.model.name.as_str(), run.recommender.source())];
    for other in others {
        systems.push((other.config.model.name.as_str(), other.recommender.source()));
    }
    systems.push(("item-knn", &knn));
    if let Some(content) = &content {
        systems.push(("content-knn", content));
    }
    systems.push(("popularity", &popularity));
    if tested.among.is_some() {
        systems.push(("chance", &chance));
    }
    Ok(evaluation::evaluate(
        &systems,
        tested.data(&run.lists),
        settings,
    )?)
}

/// Neighbours by content, where the run has features of items.
fn content_knn(run: &OpenRun) -> Result<Option<ContentKnn>> {
    let n_items = run.recommender.items().len();
    let stored = run.dir.item_graph(n_items)?;
    Ok(stored.map(|stored| ContentKnn::new(&run.lists.train, &stored.features, stored.n_content)))
}

fn write(run: &mut OpenRun, openings: Vec<Opening>, evaluated: &Evaluated) -> Result<()> {
    let Some(model) = evaluated.details.first() else {
        return Ok(());
    };
    let mut per_user = model.per_user.clone();
    per_user
        .metrics
        .retain(|name, _| name.starts_with("recall@") || name.starts_with("ndcg@"));
    run.dir.write_evaluation(&EvaluationFile {
        openings,
        measured: Some(Measured {
            evaluation: evaluated.summary.clone(),
            per_user,
        }),
    })?;
    let metrics = card::metric_lines(&evaluated.summary);
    run.dir
        .write_model_card(&card::model_card(&run.config, &run.record, metrics))?;
    Ok(())
}

/// The run's own lists at the largest depth, for trec_eval and its kin.
fn write_trec(
    run: &OpenRun,
    tested: &Tested,
    settings: &EvaluationConfig,
    directory: &Path,
) -> Result<()> {
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let tag = run.config.model.name.as_str();
    let mut writer = TrecWriter::create(directory, users, items, &tested.test, tag)?;
    let data = tested.data(&run.lists);
    let (excluded, audience) = (data.excluded(), data.audience());
    let depth = settings.ks.iter().copied().max().unwrap_or_default();
    let source = run.recommender.source();
    for batch in evaluation::ranked_batches(source, &excluded, data.among, &audience.warm, depth) {
        writer.write(&batch?)?;
    }
    Ok(writer.finish()?)
}
