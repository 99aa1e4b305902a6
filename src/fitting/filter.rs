//! Fits a graph filter into a run in one step, without epochs and without a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::prepared::Prepared;
use super::prior;
use super::run_files;
use crate::config::{FilterSettings, RunConfig};
use crate::error::{Result, Unexpected};
use crate::evaluation::of_validation;
use crate::finished::card;
use crate::inference::filter::{self, GraphFilter};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};
use crate::run::{FilterTables, HostTensor, LockedRun, Replace, RunWriter};
use crate::spectral::{CoOccurrence, SpectralError, Spectrum, SpectrumRequest, leading_vectors};

/// The depth of the validation figures.
const DEPTH: usize = 20;
const NO_FILTER: Unexpected = Unexpected("a filter's settings have no `[filter]`");

/// The result of fitting a filter.
pub(crate) struct Fitted {
    /// Figures of the validation part; empty where there is none.
    pub(crate) validation: BTreeMap<String, f64>,
    /// Wall time of the fit.
    pub(crate) seconds: f64,
}

/// Fits the filter of the settings into a new run directory, for `command`.
pub(crate) fn fit(
    observer: &dyn Observer,
    config: &RunConfig,
    out: &Path,
    replace: Replace,
    command: &'static str,
) -> Result<Option<Fitted>> {
    let locked = LockedRun::to_create(out, replace, command)?;
    let prepared = Prepared::new(observer, config)?;
    let mut run = locked.begin()?;
    fit_into(observer, config, &prepared, &mut run)
}

/// Fits on data that are there into a new run directory.
pub(crate) fn fit_prepared(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    out: &Path,
    command: &'static str,
) -> Result<Option<Fitted>> {
    let mut run = LockedRun::to_create(out, Replace::Nothing, command)?.begin()?;
    fit_into(observer, config, prepared, &mut run)
}

/// Fits into a run directory that is there. An interrupted fit starts over: it takes seconds.
pub(crate) fn fit_into(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> Result<Option<Fitted>> {
    run_files::write_inputs(run, config, prepared)?;
    run.start_metrics(&[])?;
    remark(observer, what_is_fitted_on(prepared));
    let started = Instant::now();
    let Some((tables, filter)) = fitted(observer, config, prepared)? else {
        let path = run.path().display();
        let how = format!("interrupted; start over with `sagebrush train --resume {path}`");
        observer.event(Event::Stopped(&how));
        return Ok(None);
    };
    let seconds = started.elapsed().as_secs_f64();
    let validation = validate(prepared, &filter)?;
    run.write_filter(&tables)?;
    if let Some(prior) = prior::choose(observer, config, &prepared.split, &filter)? {
        run.write_prior(&prior)?;
    }
    let card = card::model_card(run, config, &prepared.record, Vec::new());
    run.write_model_card(&card)?;
    run.finish()?;
    Ok(Some(Fitted {
        validation,
        seconds,
    }))
}

/// The filter of the settings, and what a run keeps of it; `None` when interrupted.
pub(crate) fn fitted(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
) -> Result<Option<(FilterTables, GraphFilter)>> {
    let settings = config.filter.as_ref().ok_or(NO_FILTER)?;
    let shape = filter::shape(config).ok_or(NO_FILTER)?;
    let started = Instant::now();
    let train = prepared.split.train.positives();
    let graph = CoOccurrence::new(train, prepared.items.len())?;
    let request = SpectrumRequest {
        n_vectors: settings.vectors,
        tolerance: settings.tolerance,
        seed: config.seed,
    };
    let spectrum = match leading_vectors(&graph, request, &|| observer.should_stop()) {
        Err(SpectralError::Stopped) => return Ok(None),
        found => found?,
    };
    let residual = spectrum.residual;
    let tables = tables(spectrum, settings, prepared.items.len());
    remark(
        observer,
        &format!(
            "{} singular vectors in {:.1} s; residual {}",
            count(tables.values.values.len() as u64),
            started.elapsed().as_secs_f64(),
            tables.metadata["residual"]
        ),
    );
    if residual > settings.tolerance {
        remark(observer, &less_exact(residual, settings.tolerance));
    }
    let (weighted, half_life) = filter::histories_count(config);
    let weights = prepared.split.train.counting(weighted, half_life);
    let filter = filter::of_run(&shape, &tables, train, weights, prepared.items.len())?;
    Ok(Some((tables, filter)))
}

/// That the singular vectors found are not as exact as they were to be.
fn less_exact(residual: f64, tolerance: f64) -> String {
    format!(
        "the residual of the singular vectors is {residual:.1e} where {tolerance:e} was asked for: the best found are \
         taken; `--set filter.tolerance={:.0e}` asks for no more",
        // Rounded to one digit it is no less than the residual.
        1.5 * residual
    )
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
pub(crate) fn validate(prepared: &Prepared, filter: &GraphFilter) -> Result<BTreeMap<String, f64>> {
    if prepared.split.validation.n_pairs() == 0 {
        return Ok(BTreeMap::new());
    }
    Ok(of_validation(filter, &prepared.split, DEPTH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_is_told_with_a_tolerance_that_it_meets() {
        let text = less_exact(3.12e-4, 1e-4);
        assert!(
            text.contains("is 3.1e-4 where 1e-4 was asked for"),
            "{text}"
        );
        assert!(text.contains("`--set filter.tolerance=5e-4`"), "{text}");
        for residual in [1.0e-4, 1.49e-4, 6.6e-4, 9.99e-4] {
            let (_, offered) = less_exact(residual, 1e-6)
                .rsplit_once('=')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .unwrap_or_default();
            let offered: f64 = offered
                .split('`')
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default();
            assert!(
                offered >= residual && offered <= 2.1 * residual,
                "{residual}: {offered}"
            );
        }
    }
}
