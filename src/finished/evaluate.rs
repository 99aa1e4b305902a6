//! Measures a finished run on its test part, beside the baselines, and records it in the run.

use std::path::Path;
#[cfg(feature = "train")]
use std::path::PathBuf;

use super::card;
use super::evaluation_file::{EvaluationFile, Measured, TrainedOnTest};
use super::open_run::{OpenRun, Seen, Tested};
use super::recent::RecentPopularity;
use crate::baselines::{ContentKnn, ItemKnn, ItemKnnConfig, Popularity, RandomBaseline};
use crate::config::{DeviceName, ModelName};
use crate::error::Result;
use crate::evaluation::{self, Bootstrap, Evaluated, EvaluationOptions};
use crate::export::TrecWriter;
use crate::inference::{Reranking, ScoreSource, ServedScores};
use crate::observer::{Observer, remark};
use crate::run::{Ledger, Opening, RunWriter, hash_of_split};
use crate::split::RefitOn;

/// A run that was measured, with all that a report shows.
pub(crate) struct Measurement {
    pub(crate) run: OpenRun,
    /// Writes the report into the run.
    pub(crate) writer: RunWriter,
    pub(crate) tested: Tested,
    pub(crate) evaluated: Evaluated,
    /// The UTC date.
    pub(crate) date: String,
}

/// A run to measure, which this process alone may write.
pub(crate) struct ToMeasure {
    run: OpenRun,
    writer: RunWriter,
}

impl ToMeasure {
    /// Locked first, so that what is read is what is written to; `command` is what others are told.
    pub(crate) fn open(path: &Path, command: &'static str) -> Result<Self> {
        let writer = RunWriter::open(path, command)?;
        let run = OpenRun::open(path, Seen::BeforeTest)?;
        match &run.record.refit {
            Some(refit) if refit.on == RefitOn::Everything => Err(TrainedOnTest {
                run: path.display().to_string(),
                of: refit.of.clone(),
            }
            .into()),
            _ => Ok(Self { run, writer }),
        }
    }

    /// The number of items of its catalogue.
    pub(crate) fn n_items(&self) -> usize {
        self.run.recommender.items().len()
    }

    /// Refuses a re-ranking that this run cannot have, before the test part is opened.
    pub(crate) fn check_reranking(&self, settings: Reranking) -> Result<()> {
        self.run.recommender.reranker(settings)?;
        Ok(())
    }

    /// As [`OpenRun::rank_on`].
    pub(crate) fn rank_on(
        mut self,
        observer: &dyn Observer,
        asked: Option<DeviceName>,
    ) -> Result<Self> {
        self.run = self.run.rank_on(observer, asked)?;
        Ok(self)
    }
}

/// Measures a run beside the baselines and other runs on the same data, at its configured depths, for `command`.
#[cfg(feature = "train")]
pub(crate) fn measure_beside(
    observer: &dyn Observer,
    run: &Path,
    others: &[PathBuf],
    command: &'static str,
    ledger: Option<&Ledger>,
) -> Result<Measurement> {
    let run = ToMeasure::open(run, command)?.rank_on(observer, None)?;
    let open = |path: &PathBuf| OpenRun::open(path, Seen::BeforeTest)?.rank_on(observer, None);
    let others = others.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    measure(observer, run, &others, Vec::new(), None, ledger)
}

/// Opens the test part of a run and measures the run beside the baselines and `others`, at the depths asked for or else
/// at those of its settings. Lists for trec_eval go to the folder `trec`. The run and the ledger record the opening.
pub(crate) fn measure(
    observer: &dyn Observer,
    opened: ToMeasure,
    others: &[OpenRun],
    ks: Vec<usize>,
    trec: Option<&Path>,
    ledger: Option<&Ledger>,
) -> Result<Measurement> {
    if let Some(directory) = trec {
        TrecWriter::check(directory)?;
    }
    let ToMeasure { run, mut writer } = opened;
    let ledger = ledger.filter(|_| run.config.run.ledger);
    let settings = settings(&run, ks);
    let tested = run.open_test()?;
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let split = hash_of_split(users, items, &tested.test);
    let opening = Opening::now(settings.ks.clone(), split);
    // On record before anything is measured: an evaluation that is killed has opened the test set all the same.
    record(observer, &mut writer, &opening, ledger)?;
    let evaluated = rank_all(&run, others, &tested, &settings)?;
    if let Some(directory) = trec {
        write_trec(&run, &tested, &settings, directory)?;
    }
    write(&run, &mut writer, &evaluated)?;
    Ok(Measurement {
        run,
        writer,
        tested,
        evaluated,
        date: opening.date,
    })
}

/// Records an opening in the run and in the ledger of this machine, and says how many there were.
fn record(
    observer: &dyn Observer,
    run: &mut RunWriter,
    opening: &Opening,
    ledger: Option<&Ledger>,
) -> Result<()> {
    let before = run.openings()?.len();
    if before > 0 {
        let text = format!(
            "the test set of this run was opened {} before",
            times(before)
        );
        remark(observer, &text);
    }
    run.record_opening(opening)?;
    let Some(ledger) = ledger else {
        return Ok(());
    };
    match ledger.add(run.path(), opening) {
        Ok(measured) if measured.times > 1 => {
            let text = format!(
                "this test split has been measured {} by {} on this machine",
                times(measured.times),
                match measured.runs {
                    1 => "1 run".to_owned(),
                    n => format!("{n} runs"),
                }
            );
            remark(observer, &text);
        }
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
pub(crate) fn settings(run: &OpenRun, asked: Vec<usize>) -> EvaluationOptions {
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
) -> Result<Evaluated> {
    let n_items = run.recommender.items().len();
    let train = run.trained_on();
    let popularity = match run.config.evaluation.weighted_popularity {
        true => Popularity::weighted(train, &run.trained_weights()?, n_items),
        false => Popularity::new(train, n_items),
    };
    // A baseline that is the model itself is measured once.
    let is_model = |name: ModelName| run.config.model.name == name;
    let knn = (!is_model(ModelName::ItemKnn))
        .then(|| ItemKnn::new(train, n_items, &ItemKnnConfig::default()));
    let content = content_knn(run)?;
    let recent = RecentPopularity::of(run)?;
    let random = RandomBaseline {
        n_users: run.recommender.users().len(),
        n_items,
        seed: run.config.seed,
    };
    let runs = || std::iter::once(run).chain(others);
    let served: Vec<ServedScores<'_>> = runs().map(|run| run.recommender.source()).collect();
    let mut systems: Vec<(&str, &dyn ScoreSource)> = Vec::new();
    for (run, served) in runs().zip(&served) {
        systems.push((run.config.model.name.as_str(), served));
    }
    if let Some(knn) = &knn {
        systems.push(("item-knn", knn));
    }
    if let Some(content) = &content {
        systems.push(("content-knn", content));
    }
    if !is_model(ModelName::Popularity) {
        systems.push(("popularity", &popularity));
    }
    if let Some(recent) = &recent {
        systems.push((RecentPopularity::NAME, &recent.popularity));
    }
    if tested.among.is_some() {
        systems.push(("random", &random));
    }
    let mut evaluated = evaluation::evaluate(&systems, tested.data(run.trained_on()), settings)?;
    for system in &mut evaluated.summary.systems {
        if system.name == RecentPopularity::NAME {
            system.half_life_days = recent.as_ref().map(|recent| recent.half_life_days);
        }
    }
    Ok(evaluated)
}

/// Neighbours by content, where the run has features of items.
fn content_knn(run: &OpenRun) -> Result<Option<ContentKnn>> {
    let n_items = run.recommender.items().len();
    let stored = run.dir.item_graph(n_items)?;
    Ok(stored.map(|stored| ContentKnn::new(run.trained_on(), &stored.features, stored.n_content)))
}

fn write(run: &OpenRun, writer: &mut RunWriter, evaluated: &Evaluated) -> Result<()> {
    let Some(model) = evaluated.details.first() else {
        return Ok(());
    };
    let mut per_user = model.per_user.clone();
    per_user
        .metrics
        .retain(|name, _| name.starts_with("recall@") || name.starts_with("ndcg@"));
    writer.write_evaluation(&EvaluationFile {
        of: None,
        measured: Some(Measured {
            evaluation: evaluated.summary.clone(),
            per_user,
        }),
    })?;
    let metrics = card::metric_lines(&evaluated.summary);
    let card = card::model_card(writer, &run.config, &run.record, metrics);
    writer.write_model_card(&card)?;
    Ok(())
}

/// The run's own lists at the largest depth, for trec_eval and its kin.
fn write_trec(
    run: &OpenRun,
    tested: &Tested,
    settings: &EvaluationOptions,
    directory: &Path,
) -> Result<()> {
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let tag = run.config.model.name.as_str();
    let mut writer = TrecWriter::create(directory, users, items, &tested.test, tag)?;
    let data = tested.data(run.trained_on());
    let (excluded, cohort) = (data.excluded(), data.cohort());
    let depth = settings.ks.iter().copied().max().unwrap_or_default();
    let source = run.recommender.source();
    for batch in evaluation::ranked_batches(&source, &excluded, data.among, &cohort.warm, depth) {
        writer.write(&batch?)?;
    }
    Ok(writer.finish()?)
}
