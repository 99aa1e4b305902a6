//! `compare`: tests whether the differences between runs are significant, on the same users.

use crate::cli::args::CompareArgs;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table};
use crate::error::{Error, Result, Usage};
use crate::evaluation::{self, Bootstrap, Comparison, PerUser};
use crate::finished::EvaluationFile;
use crate::run::RunDir;

/// Runs `compare`: each further run against the first.
pub(super) fn compare(session: &Session, args: &CompareArgs) -> Result<()> {
    let runs = args
        .runs
        .iter()
        .map(|path| Ok((path.display().to_string(), per_user(path, &args.metrics)?)))
        .collect::<Result<Vec<(String, PerUser)>>>()?;
    let Some((baseline, candidates)) = runs.split_first() else {
        return Ok(());
    };
    let comparisons = candidates
        .iter()
        .map(|candidate| {
            let pair = |run: &'_ (String, PerUser)| (run.0.clone(), run.1.clone());
            let ((first, a), (second, b)) = (pair(baseline), pair(candidate));
            evaluation::compare((&first, &a), (&second, &b), Bootstrap::default())
        })
        .collect::<Result<Vec<_>, _>>()?;
    if session.json {
        return session.print_json(&comparisons);
    }
    comparisons
        .iter()
        .try_for_each(|comparison| session.print(&to_text(comparison)))
}

fn per_user(path: &std::path::Path, metrics: &[String]) -> Result<PerUser> {
    let not_evaluated = || {
        format!(
            "{} is not evaluated: run `sagebrush evaluate --run {0}` first",
            path.display()
        )
    };
    let file: EvaluationFile = RunDir::open(path)?
        .evaluation()
        .map_err(|error| Error::from(error).context(not_evaluated()))?;
    if let Some(of) = file.of {
        return Err(Usage(format!(
            "{}: this run was trained on the test part, and the figures in it are those of {1}: compare {1}",
            path.display(),
            of.run
        ))
        .into());
    }
    let measured = file.measured.ok_or_else(|| Usage(not_evaluated()))?;
    let mut per_user = measured.per_user;
    let known: Vec<String> = per_user.metrics.keys().cloned().collect();
    if let Some(unknown) = metrics
        .iter()
        .find(|metric| !per_user.metrics.contains_key(*metric))
    {
        return Err(Usage(format!(
            "{} has no `{unknown}`; it has {}",
            path.display(),
            known.join(", ")
        ))
        .into());
    }
    per_user.metrics.retain(|name, _| metrics.contains(name));
    Ok(per_user)
}

fn to_text(comparison: &Comparison) -> String {
    let mut table = Table::new(Comparison::HEADER.map(|name| {
        (
            name,
            if name == "metric" {
                Align::Left
            } else {
                Align::Right
            },
        )
    }));
    for row in comparison.rows() {
        table.row(row);
    }
    format!(
        "first: {}, second: {}, the same {} users\n{}",
        comparison.baseline,
        comparison.candidate,
        comparison.n_users,
        table.render(Style::of_stdout())
    )
}
