//! `train` for a graph filter: fitted at once, without epochs and without a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use serde_json::json;

use super::prepared::{self, Prepared};
use super::{Session, cards, filters, machine};
use crate::config::{FilterSettings, RunConfig};
use crate::evaluation::of_validation;
use crate::exit::Failure;
use crate::inference::filter::GraphFilter;
use crate::run::{FilterTables, HostTensor, LockedRun, Replace, RunWriter};
use crate::spectral::{ItemGraph, SpectralError, Spectrum, SpectrumRequest, leading_vectors};
use crate::terminal::count;
use crate::training::interrupt;

/// The depth of the validation figures.
const DEPTH: usize = 20;

/// Fits the filter of the settings into a new run directory for `command`.
pub(super) fn fit(
    session: &Session,
    config: &RunConfig,
    out: &Path,
    replace: Replace,
    command: &'static str,
) -> anyhow::Result<Option<Failure>> {
    let locked = LockedRun::to_create(out, replace, command)?;
    let prepared = Prepared::new(session, config)?;
    let mut run = locked.begin()?;
    fit_into(session, config, &prepared, &mut run)
}

/// Fits into a run directory that is there. An interrupted fit starts over: it takes seconds.
pub(super) fn fit_into(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> anyhow::Result<Option<Failure>> {
    prepared::write_inputs(run, config, prepared)?;
    run.start_metrics(&[])?;
    session.say(what_is_fitted_on(prepared));
    let started = Instant::now();
    let Some((tables, filter)) = fitted(session, config, prepared)? else {
        let path = run.path().display();
        eprintln!("interrupted; start over with `sagebrush train --resume {path}`");
        return Ok(Some(Failure::Interrupted));
    };
    let seconds = started.elapsed().as_secs_f64();
    let validation = validate(prepared, &filter)?;
    run.write_filter(&tables)?;
    run.write_model_card(&cards::model_card(config, &prepared.record, Vec::new()))?;
    run.finish()?;
    report(session, run.path(), config, &validation, seconds)?;
    Ok(None)
}

/// The filter of the settings, and what a run keeps of it; `None` when interrupted.
pub(super) fn fitted(
    session: &Session,
    config: &RunConfig,
    prepared: &Prepared,
) -> anyhow::Result<Option<(FilterTables, GraphFilter)>> {
    let settings = config.filter.as_ref().context("`[filter]` is missing")?;
    let shape = filters::shape(config).context("`[filter]` is missing")?;
    let started = Instant::now();
    let train = prepared.split.train.positives();
    let graph = ItemGraph::new(train, prepared.items.len())?;
    let request = SpectrumRequest {
        n_vectors: settings.vectors,
        tolerance: settings.tolerance,
        seed: config.seed,
    };
    let spectrum = match leading_vectors(&graph, request, &interrupt::asked) {
        Err(SpectralError::Stopped) => return Ok(None),
        found => found?,
    };
    let tables = tables(spectrum, settings, prepared.items.len());
    session.say(&format!(
        "{} singular vectors in {:.1} s; residual {}",
        count(tables.values.values.len() as u64),
        started.elapsed().as_secs_f64(),
        tables.metadata["residual"]
    ));
    let filter = filters::of_run(&shape, &tables, train, prepared.items.len())?;
    Ok(Some((tables, filter)))
}

fn what_is_fitted_on(prepared: &Prepared) -> &'static str {
    if prepared.split.validation.n_pairs() > 0 {
        "fitting on the training part: no epochs, nothing is chosen; `--set split.validation_fraction=0` fits on the \
         validation part too"
    } else {
        "fitting on training and validation together: no epochs, nothing is chosen"
    }
}

fn tables(spectrum: Spectrum, settings: &FilterSettings, n_items: usize) -> FilterTables {
    let n_vectors = spectrum.values.len();
    let notes = [
        ("residual", format!("{:.1e}", spectrum.residual)),
        ("rounds", spectrum.rounds.to_string()),
        ("tolerance", settings.tolerance.to_string()),
    ];
    FilterTables {
        vectors: HostTensor {
            shape: vec![n_items, n_vectors],
            values: spectrum.vectors,
        },
        values: HostTensor {
            shape: vec![n_vectors],
            values: spectrum.values,
        },
        metadata: notes.map(|(name, note)| (name.to_owned(), note)).into(),
    }
}

/// Figures of the validation part, where there is one; they choose nothing.
pub(super) fn validate(
    prepared: &Prepared,
    filter: &GraphFilter,
) -> anyhow::Result<BTreeMap<String, f64>> {
    if prepared.split.validation.n_pairs() == 0 {
        return Ok(BTreeMap::new());
    }
    Ok(of_validation(filter, &prepared.split, DEPTH)?)
}

fn report(
    session: &Session,
    out: &Path,
    config: &RunConfig,
    validation: &BTreeMap<String, f64>,
    seconds: f64,
) -> anyhow::Result<()> {
    if session.json {
        return session.print_json(&json!({
            "run": out,
            "model": config.model.name,
            "validation": validation,
            "seconds": seconds,
            "peak_memory_bytes": machine::peak_bytes(),
        }));
    }
    let shown: Vec<String> = validation
        .iter()
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    if !shown.is_empty() {
        session.say(&format!("validation: {}", shown.join(", ")));
    }
    let out = out.display();
    session.say(&format!(
        "the run is in {out}\nnext: sagebrush evaluate --run {out}"
    ));
    Ok(())
}
