//! `reproduce`: runs named recipes on a published benchmark and prints them beside the published numbers.

mod benchmark;
mod protocol;
mod table;

use std::path::Path;

use crate::cli::args::ReproduceArgs;
use crate::cli::session::Session;
use crate::config::DataConfig;
use crate::data::{Dataset, read_configured};
use crate::error::{Result, Unexpected, Usage};
use crate::failure::{Fails, Failure};

use benchmark::{AS_PUBLISHED, Benchmark, RECIPES, Recipe};

/// Data that are not those the published numbers were measured on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OtherBenchmark {
    /// A file differs.
    #[error(
        "{path} is not the published file (SHA-256 {found}, published {published}), so nothing is compared; name \
         the folder of the published train.txt and test.txt with `--data DIR`"
    )]
    File {
        path: String,
        found: String,
        published: &'static str,
    },
    /// The files are right and were read otherwise.
    #[error(
        "{what}: {found}, published {published}; nothing is compared. This is a mistake of sagebrush"
    )]
    Count {
        what: &'static str,
        found: u64,
        published: u64,
    },
}

impl Fails for OtherBenchmark {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

/// Runs `reproduce`; an interrupt is a failure with its own exit code.
pub(super) fn reproduce(session: &Session, args: &ReproduceArgs) -> Result<Option<Failure>> {
    let benchmark = Benchmark::named(&args.benchmark).ok_or(Unexpected("an unknown benchmark"))?;
    if args.list {
        session.print(&table::recipes(benchmark))?;
        return Ok(None);
    }
    let recipes = chosen(&args.only)?;
    check(benchmark, &args.data())?;
    session.say(&format!(
        "{}: the published files, {} training and {} test interactions",
        benchmark.title, benchmark.n_train, benchmark.n_test
    ));
    let Some(rows) = protocol::run_all(session, benchmark, &recipes, args)? else {
        return Ok(Some(Failure::Interrupted));
    };
    if session.json {
        session.print_json(&rows)?;
    } else {
        session.print(&table::to_text(benchmark, &rows))?;
    }
    Ok(None)
}

/// The settings of a recipe, as a run file without `[data]`.
///
/// # Errors
/// [`Usage`] where there is no such recipe.
pub(super) fn settings_of(name: &str) -> Result<&'static str> {
    if name == AS_PUBLISHED.name {
        return Ok(AS_PUBLISHED.settings);
    }
    let found = chosen(&[name.to_owned()])?;
    Ok(found.first().map_or("", |recipe| recipe.settings))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Recipe>> {
    let known = || RECIPES.iter();
    if let Some(unknown) = names
        .iter()
        .find(|name| !known().any(|recipe| recipe.name == **name))
    {
        let known: Vec<&str> = known().map(|recipe| recipe.name).collect();
        return Err(Usage(format!(
            "there is no recipe `{unknown}`; there are {}",
            known.join(", ")
        ))
        .into());
    }
    let wanted = |recipe: &&Recipe| names.is_empty() || names.iter().any(|n| n == recipe.name);
    Ok(known().filter(wanted).collect())
}

/// Same name, same data.
fn check(benchmark: &Benchmark, folder: &Path) -> Result<()> {
    let config = DataConfig {
        train: vec![folder.join("train.txt")],
        test: vec![folder.join("test.txt")],
        ..DataConfig::default()
    };
    let (dataset, _) = read_configured(&config)?;
    let hashes = [benchmark.train_sha256, benchmark.test_sha256];
    for (source, published) in dataset.sources.iter().zip(hashes) {
        if source.sha256 != published {
            return Err(OtherBenchmark::File {
                path: source.path.clone(),
                found: source.sha256.clone(),
                published,
            }
            .into());
        }
    }
    check_counts(benchmark, &dataset)
}

fn check_counts(benchmark: &Benchmark, dataset: &Dataset) -> Result<()> {
    let (n_train, n_test) = (
        dataset.interactions.len() as u64,
        dataset
            .given_test
            .as_ref()
            .map_or(0, |test| test.len() as u64),
    );
    let counts = [
        ("users", dataset.users.len() as u64, benchmark.n_users),
        ("items", dataset.items.len() as u64, benchmark.n_items),
        ("training interactions", n_train, benchmark.n_train),
        ("test interactions", n_test, benchmark.n_test),
    ];
    for (what, found, published) in counts {
        if found != published {
            return Err(OtherBenchmark::Count {
                what,
                found,
                published,
            }
            .into());
        }
    }
    Ok(())
}
