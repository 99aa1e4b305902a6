//! `ablate`: measures what each part of the data or of the recipe adds, on the same users.

mod result;
mod variants;

use std::path::{Path, PathBuf};

use super::{report_of_run, settings};
use crate::cli::args::AblateArgs;
use crate::cli::output;
use crate::cli::session::Session;
use crate::config::{self, RunConfig};
use crate::error::{Error, Result, Unexpected, Usage};
use crate::evaluation::{EvaluationData, evaluate};
use crate::failure::Failure;
use crate::finished::{self, EvaluationFile, OpenRun, Seen};
use crate::fitting::{Files, fit, train};
use crate::inference::ScoreSource;
use crate::run::{Replace, RunDir, RunError, write_atomically};
use crate::split::DataRecord;
use result::{Ablation, Measured, Part, Row};
use variants::Variant;

const COMMAND: &str = "ablate";
const RESULT: &str = "ablation.json";

/// A training, and where it goes.
struct Planned<'a> {
    variant: &'a Variant,
    config: RunConfig,
    path: PathBuf,
}

/// Runs `ablate`; an interrupt is a failure with its own exit code.
pub(super) fn ablate(session: &Session, args: &AblateArgs) -> Result<Option<Failure>> {
    let resolved = settings::of_one_model(session, &args.settings, COMMAND)?;
    let variants = variants::of(&resolved.config, &args.variant)?;
    let plan = plan(&resolved.given_toml()?, &resolved.config, &variants, args)?;
    if !args.open_test && resolved.config.split.validation_fraction == 0.0 {
        return Err(Usage(
            "there is no validation part to compare on: give it a share, such as \
             `--set split.validation_fraction=0.1`, or open the test part with `--open-test`"
                .to_owned(),
        )
        .into());
    }
    let inner = session.inner();
    check_files(&plan)?;
    let mut began = None;
    for (at, planned) in plan.iter().enumerate() {
        session.say(&format!(
            "\n[{}/{}] {}, seed {}",
            at + 1,
            plan.len(),
            planned.variant.name,
            planned.config.seed
        ));
        if !bring_to_end(&inner, planned)? {
            output::say(&"interrupted; the same command resumes it");
            return Ok(Some(Failure::Interrupted));
        }
        same_files(&mut began, &planned.path)?;
    }
    let part = match args.open_test {
        true => Part::Test,
        false => Part::Validation,
    };
    let ablation = compare(&inner, &resolved.config, &variants, &plan, part)?;
    let path = args.out.join(RESULT);
    let text = serde_json::to_string_pretty(&ablation)?;
    write_atomically(&path, |out| out.write_all(text.as_bytes()))?;
    if session.json {
        session.print_json(&ablation)?;
    } else {
        session.print(&ablation.to_text())?;
        session.say(&format!(
            "the runs and {RESULT} are in {}",
            args.out.display()
        ));
    }
    Ok(None)
}

/// All trainings, a seed's together. What is wrong with any of the settings is said before the first.
fn plan<'a>(
    given: &str,
    base: &RunConfig,
    variants: &'a [Variant],
    args: &AblateArgs,
) -> Result<Vec<Planned<'a>>> {
    let mut plan = Vec::new();
    for seed in (base.seed..).take(args.seeds as usize) {
        for variant in variants {
            let mut flags = variant.flags.clone();
            config::insert(&mut flags, "seed", settings::seed(seed)?.into());
            let file = Some(("the settings in common", given));
            let mut config = config::resolve(file, std::iter::empty(), flags)
                .map_err(|error| {
                    Error::from(error).context(format!("the variant `{}`", variant.name))
                })?
                .config;
            if config.data != base.data || config.split != base.split {
                return Err(Usage(format!(
                    "the variant `{}` changes the data or the split, and nothing could be compared on the same users: \
                     leave `data` and `split` out",
                    variant.name
                )).into());
            }
            // All are compared as they were trained first, on whichever part.
            config.split.refit = false;
            plan.push(Planned {
                variant,
                config,
                path: args.out.join(format!("{}-{seed}", variant.folder())),
            });
        }
    }
    Ok(plan)
}

/// Trains from the beginning or from where it stopped; what is finished stays. `false` when interrupted.
fn bring_to_end(session: &Session, planned: &Planned<'_>) -> Result<bool> {
    let Planned { config, path, .. } = planned;
    let is_trained = config.model.name.is_trained();
    let from_the_beginning = |replace| match is_trained {
        true => Ok(train::train_new(session, config, path, replace, COMMAND, None)?.is_some()),
        false => Ok(fit::fit(session, config, path, replace, COMMAND)?.is_some()),
    };
    match RunDir::open(path) {
        Ok(run) => {
            check_same_settings(&run, config)?;
            session.say("trained before");
            Ok(true)
        }
        Err(RunError::Missing { .. }) => from_the_beginning(Replace::Nothing),
        Err(RunError::Unfinished { .. }) => {
            let run = RunDir::of_any_state(path)?;
            if let Err(RunError::Missing { .. }) = run.config() {
                // Stopped before anything was trained.
                return from_the_beginning(Replace::Any);
            }
            check_same_settings(&run, config)?;
            match is_trained {
                true => Ok(train::train_on(session, path, COMMAND)?.is_some()),
                false => from_the_beginning(Replace::Any),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Files may lie elsewhere: what is in them is compared by [`check_files`].
fn check_same_settings(run: &RunDir, config: &RunConfig) -> Result<()> {
    let name = run.path().display().to_string();
    let mut stored = RunConfig::from_toml(&name, &run.config()?)?;
    let (data, now) = (&mut stored.data, &config.data);
    data.train.clone_from(&now.train);
    data.test.clone_from(&now.test);
    data.items.clone_from(&now.items);
    if let (Some(stored), Some(now)) = (&mut stored.features, &config.features)
        && stored.vectors.len() == now.vectors.len()
    {
        stored.vectors.clone_from(&now.vectors);
    }
    if stored != *config {
        return Err(Usage(format!(
            "{} is a run with other settings: remove it, or give another `--out`",
            run.path().display()
        ))
        .into());
    }
    Ok(())
}

/// Refuses a run that was trained before the files changed, or after.
fn same_files(began: &mut Option<DataRecord>, run: &Path) -> Result<()> {
    let record: DataRecord = RunDir::open(run)?.data()?;
    match began {
        // Variants may leave files of vectors out, so those are compared run by run.
        Some(began) => Files {
            vectors: None,
            ..Files::of(began)
        }
        .check_read(run, Files::of(&record))?,
        None => *began = Some(record),
    }
    Ok(())
}

/// Refuses files that are not those of the runs there are, before anything is trained beside them.
fn check_files(plan: &[Planned<'_>]) -> Result<()> {
    for Planned { config, path, .. } in plan {
        // Where nothing began there is no record to differ from, and what else is wrong is told in its turn.
        let record = RunDir::of_any_state(path).and_then(|run| run.data::<DataRecord>());
        if let Ok(record) = record {
            Files::of(&record).check_there(path, config)?;
        }
    }
    Ok(())
}

/// Measures every run, and compares each with the first variant's of its seed.
fn compare(
    session: &Session,
    base: &RunConfig,
    variants: &[Variant],
    plan: &[Planned<'_>],
    part: Part,
) -> Result<Ablation> {
    let mut rows: Vec<Row> = variants
        .iter()
        .map(|variant| Row::new(variant.name.clone(), variant.flags.clone()))
        .collect();
    for of_seed in plan.chunks(variants.len()) {
        let mut first = None;
        for (row, planned) in rows.iter_mut().zip(of_seed) {
            let measured = match part {
                Part::Validation => on_validation(session, &planned.path)?,
                Part::Test => on_test(session, &planned.path)?,
            };
            row.add(
                planned.config.seed,
                &planned.path,
                &measured,
                first.as_ref(),
            )?;
            first.get_or_insert(measured);
        }
    }
    Ok(Ablation {
        part,
        metric: base.training.metric.clone(),
        variants: rows,
    })
}

fn on_validation(session: &Session, path: &Path) -> Result<Measured> {
    let run = OpenRun::open(path, Seen::BeforeTest)?.rank_on(session, None)?;
    let among = run.ranked_items();
    let data = EvaluationData {
        train: &run.lists.train,
        also_excluded: run.also_seen.as_ref().map(|also| &also.before_validation),
        held_out: &run.lists.validation,
        among: among.as_deref(),
    };
    let config = finished::settings(&run, Vec::new());
    let served = run.recommender.source();
    let systems: [(&str, &dyn ScoreSource); 1] = [(run.config.model.name.as_str(), &served)];
    let mut evaluated = evaluate(&systems, data, &config)?;
    let system = evaluated
        .summary
        .systems
        .pop()
        .ok_or(Unexpected("a system"))?;
    let detail = evaluated.details.pop().ok_or(Unexpected("a system"))?;
    Ok(Measured {
        metrics: system.metrics,
        per_user: detail.per_user,
    })
}

/// Opens the test part where the run was not measured on it before; the run records it.
fn on_test(session: &Session, path: &Path) -> Result<Measured> {
    let of_before = RunDir::open(path)?.evaluation::<EvaluationFile>();
    let measured = match of_before.ok().and_then(|file| file.measured) {
        Some(measured) => measured,
        None => {
            report_of_run::reported(finished::measure_beside(
                session,
                path,
                &[],
                COMMAND,
                session.ledger.as_ref(),
            )?)?;
            let file: EvaluationFile = RunDir::open(path)?.evaluation()?;
            file.measured.ok_or(Unexpected("the run is evaluated"))?
        }
    };
    let mut systems = measured.evaluation.systems.into_iter();
    Ok(Measured {
        metrics: systems.next().ok_or(Unexpected("a system"))?.metrics,
        per_user: measured.per_user,
    })
}
