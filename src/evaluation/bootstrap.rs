//! Percentile bootstrap over users: the spread that another draw of the same kind of users would show.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::result::Estimate;

/// How intervals are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bootstrap {
    /// Resamples; 0: the interval is the mean itself.
    pub(super) resamples: usize,
    /// Share of the resamples inside the interval.
    pub(super) confidence: f64,
    /// Resample `r` is a function of (seed, r) alone, so threads do not matter.
    pub(super) seed: u64,
}

impl Bootstrap {
    /// Means and intervals of each column of `rows`, `[n x width]`, row-major; rows are drawn together, so columns
    /// stay paired. Zeros when there is no row.
    pub(super) fn estimates(self, rows: &[f64], width: usize) -> Vec<Estimate> {
        let n = rows.len() / width.max(1);
        let means = mean_of(rows, width, 0..n);
        let resampled: Vec<Vec<f64>> = (0..if n == 0 { 0 } else { self.resamples })
            .into_par_iter()
            .map(|resample| self.resample(rows, width, n, resample as u64))
            .collect();
        let estimate = |(column, &mean): (usize, &f64)| {
            let mut values: Vec<f64> = resampled.iter().map(|means| means[column]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let tail = (1.0 - self.confidence) / 2.0;
            let low = quantile(&values, tail).unwrap_or(mean);
            let high = quantile(&values, 1.0 - tail).unwrap_or(mean);
            Estimate { mean, low, high }
        };
        means.iter().enumerate().map(estimate).collect()
    }

    fn resample(self, rows: &[f64], width: usize, n: usize, resample: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(resample);
        mean_of(
            rows,
            width,
            (0..n).map(|_| rng.random_range(0..n as u64) as usize),
        )
    }
}

fn mean_of(rows: &[f64], width: usize, which: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    let mut n = 0usize;
    for row in which {
        n += 1;
        for (sum, value) in sums.iter_mut().zip(&rows[row * width..(row + 1) * width]) {
            *sum += value;
        }
    }
    sums.iter().map(|sum| sum / n.max(1) as f64).collect()
}

/// The quantile of ascending values, interpolated linearly between neighbours.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (position - position.floor()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap {
        resamples: 1000,
        confidence: 0.95,
        seed: 3,
    };

    #[test]
    fn quantiles_by_hand() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_interval_is_near_the_normal_one() {
        // 0/1 values with mean 0.3 and n = 1000: standard error sqrt(0.21 / 1000) = 0.01449.
        let rows: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i % 10 < 3))).collect();
        let estimate = BOOTSTRAP.estimates(&rows, 1)[0];
        let expected = 1.96 * (0.21f64 / 1000.0).sqrt();
        assert!((estimate.mean - 0.3).abs() < 1e-12);
        assert!((estimate.high - 0.3 - expected).abs() < 0.1 * expected);
        assert!((0.3 - estimate.low - expected).abs() < 0.1 * expected);
    }

    #[test]
    fn threads_do_not_matter() {
        let rows: Vec<f64> = (0..600).map(|i| f64::from(i * 37 % 101)).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| BOOTSTRAP.estimates(&rows, 3))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn without_resamples_or_rows_the_interval_is_the_mean() {
        let none = Bootstrap {
            resamples: 0,
            ..BOOTSTRAP
        };
        assert_eq!(
            none.estimates(&[1.0, 2.0], 1),
            [Estimate {
                mean: 1.5,
                low: 1.5,
                high: 1.5
            }]
        );
        assert_eq!(
            BOOTSTRAP.estimates(&[], 1),
            [Estimate {
                mean: 0.0,
                low: 0.0,
                high: 0.0
            }]
        );
    }
}
