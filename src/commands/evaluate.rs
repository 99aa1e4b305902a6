//! `evaluate`: opens the test set of a run, measures it beside the baselines, writes the report.

use std::path::Path;
#[cfg(feature = "train")]
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::run_files::{OpenRun, Seen, Tested};
use super::{Session, cards, report_data};
use crate::baselines::{ContentKnn, ItemKnn, ItemKnnConfig, Popularity, RandomBaseline};
use crate::cli::EvaluateArgs;
use crate::evaluation::{self, Bootstrap, Evaluated, Evaluation, EvaluationOptions, PerUser};
use crate::export::TrecWriter;
use crate::inference::ScoreSource;
use crate::report;
use crate::run::RunError;
use crate::terminal::{Align, Style, Table, count};

/// `evaluation.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct EvaluationFile {
    /// Every time the test set was opened, the first first; written before the test set is read.
    pub(super) openings: Vec<Opening>,
    /// The last result; `None` when no evaluation has come to its end.
    #[serde(flatten)]
    pub(super) measured: Option<Measured>,
}

/// What came out of an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    /// The summary.
    #[serde(flatten)]
    pub(super) evaluation: Evaluation,
    /// The model's recall and NDCG user by user, for `compare`.
    pub(super) per_user: PerUser,
}

/// One opening of the test set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Opening {
    /// The UTC date.
    pub(super) date: String,
    /// Seconds since 1970.
    pub(super) unix_seconds: u64,
    /// The depths measured.
    pub(super) ks: Vec<usize>,
}

/// Runs `evaluate`.
pub(super) fn evaluate(session: &Session, args: &EvaluateArgs) -> anyhow::Result<()> {
    let ks = args.ks.iter().map(|&k| k as usize).collect();
    let run = OpenRun::open(&args.run, Seen::BeforeTest)?;
    let run = run.rank_on(session, args.device.as_deref())?;
    let evaluation = measure(session, run, &[], ks, args.trec.as_deref())?;
    if session.json {
        return session.print_json(&evaluation);
    }
    session.print(&to_text(&evaluation))?;
    session.say(&format!(
        "the report is in {}",
        args.run.join("report.html").display()
    ));
    Ok(())
}

/// Measures a run beside the baselines and other runs on the same data, at its configured depths.
#[cfg(feature = "train")]
pub(super) fn measure_beside(
    session: &Session,
    run: &Path,
    others: &[PathBuf],
) -> anyhow::Result<Evaluation> {
    let open = |path: &Path| OpenRun::open(path, Seen::BeforeTest)?.rank_on(session, None);
    let others = others
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>, _>>()?;
    measure(session, open(run)?, &others, Vec::new(), None)
}

fn measure(
    session: &Session,
    mut run: OpenRun,
    others: &[OpenRun],
    ks: Vec<usize>,
    trec: Option<&Path>,
) -> anyhow::Result<Evaluation> {
    let mut file = evaluation_file(&run)?;
    if !file.openings.is_empty() {
        session.say(&format!(
            "the test set of this run was opened {} times before",
            file.openings.len()
        ));
    }
    let settings = settings(&run, ks);
    // Recorded first: an evaluation that is killed has opened the test set all the same.
    let opening = opening_now(&settings)?;
    let date = opening.date.clone();
    file.openings.push(opening);
    run.dir.write_evaluation(&file)?;
    let tested = run.open_test()?;
    let evaluated = rank_all(&run, others, &tested, &settings)?;
    if let Some(directory) = trec {
        write_trec(&run, &tested, &settings, directory)?;
    }
    write(&mut run, &tested, file.openings, &evaluated, &date)?;
    Ok(evaluated.summary)
}

fn evaluation_file(run: &OpenRun) -> anyhow::Result<EvaluationFile> {
    match run.dir.evaluation() {
        Ok(file) => Ok(file),
        Err(RunError::Missing { .. }) => Ok(EvaluationFile::default()),
        Err(error) => Err(error.into()),
    }
}

fn opening_now(settings: &EvaluationOptions) -> anyhow::Result<Opening> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut ks = settings.ks.clone();
    ks.sort_unstable();
    ks.dedup();
    Ok(Opening {
        date: crate::data::iso_date(now as i64),
        unix_seconds: now,
        ks,
    })
}

/// Depths beyond the catalogue are left out unless they were asked for by name.
pub(super) fn settings(run: &OpenRun, asked: Vec<usize>) -> EvaluationOptions {
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
    EvaluationOptions {
        ks,
        bootstrap: Bootstrap {
            resamples: configured.bootstrap,
            seed: run.config.seed,
            ..Bootstrap::default()
        },
    }
}

fn rank_all(
    run: &OpenRun,
    others: &[OpenRun],
    tested: &Tested,
    settings: &EvaluationOptions,
) -> anyhow::Result<Evaluated> {
    let n_items = run.recommender.items().len();
    let popularity = Popularity::new(&run.lists.train, n_items);
    let knn = ItemKnn::new(&run.lists.train, n_items, &ItemKnnConfig::default());
    let content = content_knn(run)?;
    let random = RandomBaseline {
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
        systems.push(("random", &random));
    }
    Ok(evaluation::evaluate(
        &systems,
        tested.data(&run.lists),
        settings,
    )?)
}

/// Neighbours by content, where the run has features of items.
fn content_knn(run: &OpenRun) -> anyhow::Result<Option<ContentKnn>> {
    let n_items = run.recommender.items().len();
    let stored = run.dir.item_graph(n_items)?;
    Ok(stored.map(|stored| ContentKnn::new(&run.lists.train, &stored.features, stored.n_content)))
}

fn write(
    run: &mut OpenRun,
    tested: &Tested,
    openings: Vec<Opening>,
    evaluated: &Evaluated,
    date: &str,
) -> anyhow::Result<()> {
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
    let page = report::render(&report_data::of_run(run, tested, evaluated, date)?)?;
    run.dir.write_report(&page)?;
    let metrics = cards::metric_lines(&evaluated.summary);
    run.dir
        .write_model_card(&cards::model_card(&run.config, &run.record, metrics))?;
    Ok(())
}

/// The run's own lists at the largest depth, for trec_eval and its kin.
fn write_trec(
    run: &OpenRun,
    tested: &Tested,
    settings: &EvaluationOptions,
    directory: &Path,
) -> anyhow::Result<()> {
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let tag = run.config.model.name.as_str();
    let mut writer = TrecWriter::create(directory, users, items, &tested.test, tag)?;
    let data = tested.data(&run.lists);
    let (excluded, cohort) = (data.excluded(), data.cohort());
    let depth = settings.ks.iter().copied().max().unwrap_or_default();
    let source = run.recommender.source();
    for batch in evaluation::ranked_batches(source, &excluded, data.among, &cohort.warm, depth) {
        writer.write(&batch?)?;
    }
    Ok(writer.finish()?)
}

/// The results as a table, and the winner in a sentence.
pub(super) fn to_text(evaluation: &Evaluation) -> String {
    let headline = evaluation.headline_depth();
    let shown = [
        format!("recall@{headline}"),
        format!("ndcg@{headline}"),
        format!("precision@{headline}"),
        format!("hit_rate@{headline}"),
        format!("mrr@{headline}"),
        format!("map@{headline}"),
    ];
    let beyond = format!("coverage@{headline}");
    let columns = [("system", Align::Left)]
        .into_iter()
        .chain(shown.iter().map(|name| (name.as_str(), Align::Right)))
        .chain([(beyond.as_str(), Align::Right)]);
    let mut table = Table::new(columns);
    for system in &evaluation.systems {
        let metric = |(at, name): (usize, &String)| match system.metrics.get(name) {
            Some(e) if at < 2 => e.to_string(),
            Some(e) => format!("{:.4}", e.mean),
            None => String::new(),
        };
        let coverage = system
            .beyond
            .get(&beyond)
            .map_or(String::new(), |c| format!("{c:.3}"));
        let metrics = shown.iter().enumerate().map(metric);
        table.row(
            [system.name.clone()]
                .into_iter()
                .chain(metrics)
                .chain([coverage]),
        );
    }
    let ranked = match evaluation.n_new_items {
        None => "every item".to_owned(),
        Some(n) => format!("{} items without a training interaction", count(n as u64)),
    };
    let verdict = report::verdict(&evaluation.systems, &evaluation.headline()).unwrap_or_default();
    let paired = paired_table(evaluation);
    format!(
        "{}\n{paired}{} users, {ranked} ranked, items seen before left out; 95% bootstrap intervals over users.\n\
         {} users had nothing to test on; {} had no training item and stand apart in the report.\n{verdict}",
        table.render(Style::of_stdout()),
        count(evaluation.n_users_evaluated as u64),
        count(evaluation.n_users_without_test as u64),
        count(evaluation.n_cold_users as u64),
    )
}

/// What the model is ahead of each other system, user by user.
fn paired_table(evaluation: &Evaluation) -> String {
    let (Some(first), Some(model)) = (evaluation.paired.first(), evaluation.systems.first()) else {
        return String::new();
    };
    let names: Vec<&str> = ["recall", "ndcg", "hit_rate", "mrr"]
        .iter()
        .filter_map(|name| {
            let known = first.differences.iter();
            known
                .map(|difference| difference.metric.as_str())
                .find(|metric| metric.split('@').next() == Some(name))
        })
        .collect();
    let head = format!("{} less", model.name);
    let columns = [(head.as_str(), Align::Left)]
        .into_iter()
        .chain(names.iter().map(|&name| (name, Align::Right)));
    let mut table = Table::new(columns);
    for comparison in &evaluation.paired {
        let cell = |name: &&str| {
            let found = comparison.differences.iter().find(|d| d.metric == **name);
            found.map_or(String::new(), |d| {
                format!("{:+.4} [{:+.4}, {:+.4}]", d.difference, d.low, d.high)
            })
        };
        table.row(
            [comparison.baseline.clone()]
                .into_iter()
                .chain(names.iter().map(cell)),
        );
    }
    format!("{}\n", table.render(Style::of_stdout()))
}
