//! The result of a search: a line a result, a table, a page, and the file to train with.

use std::time::Duration;

use serde_json::json;

use super::trial::Trials;
use crate::cli::report::{SearchPoint, SearchReport, SearchRow, SearchSetting, render_search};
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, duration, percent};
use crate::error::{Result, Usage};
use crate::run::write_atomically;
use crate::tuning::{
    self, Drawn, Importance, Journal, Trial, TrialRecord, importance, number, shown,
};

/// Trials in the table.
const SHOWN: usize = 10;
const BEST: &str = "best.toml";
const PAGE: &str = "search.html";

/// One line about the last result of a trial.
pub(super) fn line(journal: &Journal, trial: usize, metric: &str) -> String {
    let Some(last) = journal.trials().get(trial).and_then(Trial::last) else {
        return String::new();
    };
    let settings: Vec<String> = last
        .settings
        .iter()
        .map(|(key, value)| format!("{key}={}", shown(value)))
        .collect();
    let settings = settings.join(" ");
    let found = match (last.value, &last.error) {
        (Some(value), _) => format!("{metric} {value:.4}"),
        (None, error) => format!("failed: {}", error.as_deref().unwrap_or("no figure")),
    };
    let best = match best(journal) {
        Some(best) if best == trial => "  best".to_owned(),
        Some(best) => format!("  (best {})", best + 1),
        None => String::new(),
    };
    let epochs = match last.epochs {
        0 => String::new(),
        1 => "  1 epoch".to_owned(),
        epochs => format!("  {epochs} epochs"),
    };
    format!(
        "trial {:>3}{epochs}  {found}  {}  {settings}{best}",
        trial + 1,
        took(last)
    )
}

fn took(record: &TrialRecord) -> String {
    duration(Duration::try_from_secs_f64(record.seconds).unwrap_or_default())
}

/// The trial with the highest figure.
fn best(journal: &Journal) -> Option<usize> {
    ranked(journal).first().copied()
}

/// Trials with a figure, the best first.
fn ranked(journal: &Journal) -> Vec<usize> {
    let last = |(at, trial): (usize, &Trial)| Some((trial.last()?.value?, at));
    tuning::ranked(journal.trials().iter().enumerate().filter_map(last))
}

/// Writes and shows what was found.
pub(super) fn conclude(session: &Session, trials: &Trials<'_>, journal: &Journal) -> Result<()> {
    let ranked = ranked(journal);
    let Some(&best) = ranked.first() else {
        let mut errors = journal
            .trials()
            .iter()
            .filter_map(|t| t.last()?.error.as_ref());
        let why = errors.next().map_or(
            "time was up before the first; give more minutes",
            String::as_str,
        );
        return Err(Usage(format!("no trial has a result: {why}")).into());
    };
    let (_, config) = trials.settings(journal, best);
    let path = journal.file(BEST);
    write_atomically(&path, |out| match &config {
        Ok(config) => out.write_all(config.to_toml().as_bytes()),
        Err(error) => Err(std::io::Error::other(error.to_string())),
    })?;
    let importances = importance(&first_rung(trials, journal));
    let report = report(trials, journal, &ranked, importances.as_deref());
    let page = render_search(&report)?;
    write_atomically(&journal.file(PAGE), |out| out.write_all(page.as_bytes()))?;
    if session.json {
        return session.print_json(&json!({
            "metric": trials.metric(),
            "best": journal.trials()[best].last(),
            "settings": path,
            "trials": ranked.iter().map(|&t| journal.trials()[t].last()).collect::<Vec<_>>(),
            "failed": journal.trials().iter().filter(|t| t.standing().values.is_empty()).count(),
            "importance": importances,
        }));
    }
    let style = Style::of_stdout();
    session.print(table(&report).render(style).trim_end())?;
    session.print(&importance_text(importances.as_deref(), style))?;
    session.say(&format!(
        "the best of {} trials on one validation part, so its figure is optimistic; the test part will tell\npicture: {}\n\
         next: sagebrush train --config {} --out my-run",
        ranked.len(),
        journal.file(PAGE).display(),
        path.display()
    ));
    Ok(())
}

/// The best trials in the words of the table and the page.
fn rows(trials: &Trials<'_>, journal: &Journal, ranked: &[usize]) -> Vec<SearchRow> {
    let row = |&trial: &usize| {
        let last = journal.trials()[trial].last()?;
        let values = trials.space.dimensions().iter();
        let cells = values.map(|d| last.settings.get(d.key()).map_or_else(String::new, shown));
        Some(SearchRow {
            trial: trial + 1,
            figure: format!("{:.4}", last.value?),
            epochs: last.epochs,
            time: took(last),
            cells: cells.collect(),
        })
    };
    ranked.iter().take(SHOWN).filter_map(row).collect()
}

fn table(report: &SearchReport) -> Table {
    let first = ["trial", &report.metric, "epochs", "time"];
    let keys = report.settings.iter().map(|setting| setting.key.as_str());
    let mut table = Table::new(
        first
            .into_iter()
            .chain(keys)
            .map(|name| (name, Align::Right)),
    );
    for row in &report.rows {
        let first = [
            row.trial.to_string(),
            row.figure.clone(),
            row.epochs.to_string(),
            row.time.clone(),
        ];
        table.row(first.into_iter().chain(row.cells.iter().cloned()));
    }
    table
}

fn importance_text(importances: Option<&[Importance]>, style: Style) -> String {
    let Some(importances) = importances else {
        return "too few trials to say how important each setting is".to_owned();
    };
    let mut table = Table::new([
        ("setting", Align::Left),
        ("explains", Align::Right),
        ("best at", Align::Left),
    ]);
    for one in importances {
        table.row([one.key.to_owned(), percent(one.share), one.best.clone()]);
    }
    format!(
        "{}{}",
        style.heading("Hyperparameter importance"),
        table.render(style).trim_end()
    )
}

/// Every trial's settings and its figure at the first rung, which all of them reach with the same epochs.
fn first_rung(trials: &Trials<'_>, journal: &Journal) -> Vec<(Drawn, f64)> {
    let measured = |(at, trial): (usize, &Trial)| {
        let value = *trial.standing().values.first()?;
        Some((trials.space.draw(trials.base.seed, at), value))
    };
    let all = journal.trials().iter().enumerate();
    all.filter_map(measured).collect()
}

fn report(
    trials: &Trials<'_>,
    journal: &Journal,
    ranked: &[usize],
    importances: Option<&[Importance]>,
) -> SearchReport {
    let settings = trials.space.dimensions().iter().enumerate();
    let settings = settings.map(|(at, dimension)| SearchSetting {
        key: dimension.key().to_owned(),
        by_logarithm: dimension.scale() == Some(true),
        share: importances
            .and_then(|all| all.iter().find(|one| one.key == dimension.key()))
            .map(|one| one.share),
        points: ranked
            .iter()
            .filter_map(|&trial| {
                let last = journal.trials()[trial].last()?;
                let drawn = trials.space.draw(trials.base.seed, trial);
                let value = &drawn.get(at)?.1;
                Some(SearchPoint {
                    label: shown(value),
                    number: number(value).filter(|_| dimension.scale().is_some()),
                    figure: last.value?,
                    epochs: last.epochs,
                })
            })
            .collect(),
    });
    SearchReport {
        model: trials.base.model.name.as_str().to_owned(),
        metric: trials.metric().to_owned(),
        n_trials: journal.trials().len(),
        n_failed: journal.trials().len() - ranked.len(),
        settings: settings.collect(),
        rows: rows(trials, journal, ranked),
    }
}
