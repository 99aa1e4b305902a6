//! `evaluate`: opens the test set of a run, measures it beside the baselines, writes the report.

use std::path::Path;
#[cfg(feature = "train")]
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::run_files::{OpenRun, Seen, Tested};
use super::{Session, cards, report_data};
use crate::baselines::{Chance, ContentKnn, ItemKnn, ItemKnnConfig, Popularity};
use crate::cli::EvaluateArgs;
use crate::evaluation::{self, Evaluated, Evaluation, EvaluationConfig, PerUser};
use crate::export::TrecWriter;
use crate::inference::ScoreSource;
use crate::report;
use crate::run::{Opening, RunWriter, hash_of_split};
use crate::terminal::{Align, Style, Table, count};

/// `evaluation.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct EvaluationFile {
    /// The last result; `None` in a run of format 1 whose evaluation came to no end.
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

const COMMAND: &str = "evaluate";

/// Runs `evaluate`.
pub(super) fn evaluate(session: &Session, args: &EvaluateArgs) -> anyhow::Result<()> {
    let ks = args.ks.iter().map(|&k| k as usize).collect();
    let run = Opened::new(&args.run, COMMAND)?.rank_on(session, args.device.as_deref())?;
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

/// A run to measure, which this process alone may write.
struct Opened {
    run: OpenRun,
    writer: RunWriter,
}

impl Opened {
    /// Locked first, so that what is read is what is written to.
    fn new(path: &Path, command: &'static str) -> anyhow::Result<Self> {
        let writer = RunWriter::open(path, command)?;
        let run = OpenRun::open(path, Seen::BeforeTest)?;
        Ok(Self { run, writer })
    }

    fn rank_on(mut self, session: &Session, device: Option<&str>) -> anyhow::Result<Self> {
        self.run = self.run.rank_on(session, device)?;
        Ok(self)
    }
}

/// Measures a run beside the baselines and other runs on the same data, at its configured depths, for `command`.
#[cfg(feature = "train")]
pub(super) fn measure_beside(
    session: &Session,
    run: &Path,
    others: &[PathBuf],
    command: &'static str,
) -> anyhow::Result<Evaluation> {
    let run = Opened::new(run, command)?.rank_on(session, None)?;
    let open = |path: &PathBuf| OpenRun::open(path, Seen::BeforeTest)?.rank_on(session, None);
    let others = others.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    measure(session, run, &others, Vec::new(), None)
}

fn measure(
    session: &Session,
    opened: Opened,
    others: &[OpenRun],
    ks: Vec<usize>,
    trec: Option<&Path>,
) -> anyhow::Result<Evaluation> {
    let Opened { run, mut writer } = opened;
    let settings = settings(&run, ks);
    let tested = run.open_test()?;
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let split = hash_of_split(users, items, &tested.test);
    let opening = Opening::now(settings.ks.clone(), split);
    // On record before anything is measured: an evaluation that is killed has opened the test set all the same.
    record(session, &mut writer, &opening)?;
    let evaluated = rank_all(&run, others, &tested, &settings)?;
    if let Some(directory) = trec {
        write_trec(&run, &tested, &settings, directory)?;
    }
    write(&run, &mut writer, &tested, &evaluated, &opening.date)?;
    Ok(evaluated.summary)
}

/// Records an opening in the run and in the ledger of this machine, and says how many there were.
fn record(session: &Session, run: &mut RunWriter, opening: &Opening) -> anyhow::Result<()> {
    match run.openings()?.len() {
        0 => {}
        n => session.say(&format!(
            "the test set of this run was opened {} before",
            times(n)
        )),
    }
    run.record_opening(opening)?;
    let Some(ledger) = &session.ledger else {
        return Ok(());
    };
    match ledger.add(run.path(), opening) {
        Ok(measured) if measured.times > 1 => session.say(&format!(
            "this test split has been measured {} by {} on this machine",
            times(measured.times),
            match measured.runs {
                1 => "1 run".to_owned(),
                n => format!("{n} runs"),
            }
        )),
        Ok(_) => {}
        Err(error) => tracing::warn!(
            "{}: cannot be written ({error}), so this machine does not count this opening of the test set",
            ledger.path().display()
        ),
    }
    Ok(())
}

fn times(n: usize) -> String {
    match n {
        1 => "1 time".to_owned(),
        n => format!("{n} times"),
    }
}

/// Depths beyond the catalogue are left out unless they were asked for by name.
pub(super) fn settings(run: &OpenRun, asked: Vec<usize>) -> EvaluationConfig {
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
) -> anyhow::Result<Evaluated> {
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
fn content_knn(run: &OpenRun) -> anyhow::Result<Option<ContentKnn>> {
    let n_items = run.recommender.items().len();
    let stored = run.dir.item_graph(n_items)?;
    Ok(stored.map(|stored| ContentKnn::new(&run.lists.train, &stored.features, stored.n_content)))
}

fn write(
    run: &OpenRun,
    writer: &mut RunWriter,
    tested: &Tested,
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
    writer.write_evaluation(&EvaluationFile {
        measured: Some(Measured {
            evaluation: evaluated.summary.clone(),
            per_user,
        }),
    })?;
    let page = report::render(&report_data::of_run(run, tested, evaluated, date)?)?;
    writer.write_report(&page)?;
    let metrics = cards::metric_lines(&evaluated.summary);
    writer.write_model_card(&cards::model_card(&run.config, &run.record, metrics))?;
    Ok(())
}

/// The run's own lists at the largest depth, for trec_eval and its kin.
fn write_trec(
    run: &OpenRun,
    tested: &Tested,
    settings: &EvaluationConfig,
    directory: &Path,
) -> anyhow::Result<()> {
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
    let comparison = report_data::comparison(evaluation);
    let ranked = match evaluation.n_new_items {
        None => "every item".to_owned(),
        Some(n) => format!("{} items without a training interaction", count(n as u64)),
    };
    let verdict = report::verdict(&comparison.systems, &comparison.headline).unwrap_or_default();
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
