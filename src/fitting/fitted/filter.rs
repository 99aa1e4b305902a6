//! Graph filters: the leading singular vectors of the training interactions, found once.

use std::time::Instant;

use crate::config::{FilterSettings, RunConfig};
use crate::error::Result;
use crate::inference::filter::{self, FilterShape, GraphFilter};
use crate::numbers::count;
use crate::observer::{Observer, remark};
use crate::run::{FilterTables, HostTensor};
use crate::spectral::{CoOccurrence, SpectralError, Spectrum, SpectrumRequest, leading_vectors};
use crate::split::TrainSet;

/// The filter of these settings, and what a run keeps of it; `None` when interrupted.
pub(super) fn fit(
    observer: &dyn Observer,
    config: &RunConfig,
    settings: &FilterSettings,
    shape: &FilterShape,
    train: &TrainSet,
) -> Result<Option<(FilterTables, GraphFilter)>> {
    let started = Instant::now();
    let (positives, n_items) = (train.positives(), train.n_items());
    let graph = CoOccurrence::new(positives, n_items)?;
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
    let tables = tables(spectrum, settings, n_items);
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
    let weights = train.counting(weighted, half_life);
    let filter = filter::of_run(shape, &tables, positives, weights, n_items)?;
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
