//! The spectral warm start: embedding tables that begin as the leading singular vectors of the interactions.

use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::prepared::Prepared;
use crate::config::{Initialization, RunConfig};
use crate::error::Result;
use crate::numbers::count;
use crate::observer::{Observer, remark};
use crate::run::{HostTensor, NamedTensors};
use crate::spectral::{CoOccurrence, Spectrum, SpectrumRequest, leading_vectors};

/// The largest residual of a vector: training turns all of them anyway.
const TOLERANCE: f64 = 0.05;

/// The tables of users and items, where the settings ask for it; from training interactions alone.
pub(super) fn spectral_start(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
) -> Result<Option<NamedTensors>> {
    if config.model.init != Initialization::Spectral {
        return Ok(None);
    }
    let started = Instant::now();
    let graph = CoOccurrence::new(prepared.split.train.positives(), prepared.items.len())?;
    let request = SpectrumRequest {
        n_vectors: config.model.dim,
        tolerance: TOLERANCE,
        seed: config.seed,
    };
    // Not stopped half-way: a run that begins otherwise would resume to other bytes.
    let spectrum = leading_vectors(&graph, request, &|| false)?;
    let tables = tables(&graph, &spectrum, config);
    remark(
        observer,
        &format!(
            "embeddings begin with {} singular vectors of the interactions, found in {:.1} s",
            count(spectrum.values.len() as u64),
            started.elapsed().as_secs_f64()
        ),
    );
    Ok(Some(tables))
}

/// Users' and items' singular vectors times the roots of their values, so that inner products are those of the truncated
/// decomposition but for a factor: both tables together have the standard deviation of the settings. What no vector fills
/// begins at random.
fn tables(graph: &CoOccurrence, spectrum: &Spectrum, config: &RunConfig) -> NamedTensors {
    let (dim, n) = (config.model.dim, spectrum.values.len());
    let mut of_items = spectrum.vectors.clone();
    for (item, row) in of_items.chunks_exact_mut(n.max(1)).enumerate() {
        if graph.degree(item) == 0 {
            // What is left there of the search's random beginning.
            row.fill(0.0);
        }
    }
    let mut of_users = Vec::new();
    graph.to_users(&of_items, n.max(1), &mut of_users);
    // `u = R v / s`, times the root of `s`.
    let users = padded(&of_users, n, dim, |at| spectrum.values[at].sqrt().recip());
    let items = padded(&of_items, n, dim, |at| spectrum.values[at].sqrt());
    let both = || users.iter().chain(&items);
    let squares: f64 = both().map(|&value| f64::from(value).powi(2)).sum();
    let filled = both().filter(|&&value| value != 0.0).count().max(1);
    let deviation = config.model.init_std as f32;
    let factor = match squares > 0.0 {
        true => deviation / (squares / filled as f64).sqrt() as f32,
        false => 1.0,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut table = |mut values: Vec<f32>| {
        for value in &mut values {
            *value = match *value == 0.0 {
                true => rng.random_range(-deviation..deviation),
                false => *value * factor,
            };
        }
        HostTensor {
            shape: vec![values.len() / dim, dim],
            values,
        }
    };
    let users = table(users);
    let items = table(items);
    NamedTensors::from([("users".to_owned(), users), ("items".to_owned(), items)])
}

/// Rows of `n` numbers, each times its column's factor, filled up with zeros to `dim`.
fn padded(rows: &[f32], n: usize, dim: usize, factor: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() / n.max(1) * dim];
    for (row, out) in rows.chunks_exact(n.max(1)).zip(out.chunks_exact_mut(dim)) {
        for (at, (value, out)) in row.iter().take(n).zip(out).enumerate() {
            *out = value * factor(at);
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::ItemLists;

    /// Two groups of users with items of their own, and a user and an item without interactions.
    fn graph() -> CoOccurrence {
        let pairs = (0..12u32).flat_map(|user| {
            (0..6).filter_map(move |at| {
                let item = (user % 2) * 6 + at;
                (user == item || !(user + at).is_multiple_of(3)).then_some((user, item))
            })
        });
        CoOccurrence::new(&ItemLists::from_pairs(13, pairs), 13).unwrap()
    }

    /// With `U S^1/2` and `V S^1/2` the product of the interactions and the items' table is the users' times the singular
    /// values: `R V S^1/2 = U S S^1/2`.
    #[test]
    fn tables_are_singular_vectors_of_the_interactions() {
        let graph = graph();
        let mut config = RunConfig::default();
        (config.model.dim, config.model.init_std) = (4, 0.25);
        let request = SpectrumRequest {
            n_vectors: 3,
            tolerance: 1e-5,
            seed: 1,
        };
        let spectrum = leading_vectors(&graph, request, &|| false).unwrap();
        assert_eq!(spectrum.values.len(), 3);
        let tables = tables(&graph, &spectrum, &config);
        let (users, items) = (&tables["users"], &tables["items"]);
        assert_eq!((&users.shape, &items.shape), (&vec![13, 4], &vec![13, 4]));
        let mut product = Vec::new();
        graph.to_users(&items.values, 4, &mut product);
        for user in 0..12 {
            for column in 0..3 {
                let want = users.values[user * 4 + column] * spectrum.values[column];
                let got = product[user * 4 + column];
                assert!((got - want).abs() < 1e-4, "{user} {column}: {got}, {want}");
            }
        }
        let filled = |table: &HostTensor| -> Vec<f32> {
            let rows = table.values.chunks(4).take(12);
            rows.flat_map(|row| row[..3].to_vec()).collect()
        };
        let all = [filled(users), filled(items)].concat();
        let mean = all.iter().map(|v| f64::from(v * v)).sum::<f64>() / all.len() as f64;
        assert!((mean.sqrt() - 0.25).abs() < 1e-3, "{mean}");
        // Who has no interaction, and the column that no vector fills, begin at random.
        for table in [users, items] {
            let rest = table.values[48..]
                .iter()
                .chain(table.values[3..].iter().step_by(4));
            assert!(
                rest.into_iter()
                    .all(|&value| value != 0.0 && value.abs() <= 0.25)
            );
        }
    }
}
