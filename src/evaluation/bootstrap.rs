//! Percentile bootstrap over users: the spread that another draw of the same kind of users would show.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::estimate::Estimate;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Resamples; 0: the interval is the mean itself.
    pub resamples: usize,
    /// Share of the resamples inside the interval.
    pub confidence: f64,
    /// Resample `r` is a function of (seed, r) alone, so threads do not matter.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 1000,
            confidence: 0.95,
            seed: 42,
        }
    }
}

/// Resamples summed together.
const LANES: usize = 4;
/// Columns summed together: with [`LANES`], as many sums as fit the vector registers of any processor.
const COLUMNS: usize = 6;

impl Bootstrap {
    /// Means and intervals of each of `columns`, all of one length; rows are drawn together, so columns stay paired.
    /// Zeros when there is no row.
    ///
    /// A resample is drawn once for all columns, as the number of times that each row is in it.
    pub fn estimates(self, columns: &[&[f64]]) -> Vec<Estimate> {
        let n = columns.first().map_or(0, |column| column.len());
        let (rows, packed) = pack(columns, n);
        let blocks = if n == 0 {
            0
        } else {
            self.resamples.div_ceil(LANES)
        };
        let sums: Vec<Vec<[f64; LANES]>> = (0..blocks)
            .into_par_iter()
            .map_init(Vec::new, |counts, block| {
                self.count(n, block * LANES, counts);
                let counts: Vec<[f64; LANES]> =
                    rows.iter().map(|&row| counts[row].map(f64::from)).collect();
                packed
                    .iter()
                    .flat_map(|values| weighted_sums(values, &counts))
                    .collect()
            })
            .collect();
        let estimate = |(at, column): (usize, &&[f64])| {
            let mean = column.iter().sum::<f64>() / n.max(1) as f64;
            let resampled = sums.iter().flat_map(|sums| sums[at]).take(self.resamples);
            let mut means: Vec<f64> = resampled.map(|sum| sum / n as f64).collect();
            means.sort_unstable_by(f64::total_cmp);
            let tail = (1.0 - self.confidence) / 2.0;
            let low = quantile(&means, tail).unwrap_or(mean);
            let high = quantile(&means, 1.0 - tail).unwrap_or(mean);
            Estimate { mean, low, high }
        };
        columns.iter().enumerate().map(estimate).collect()
    }

    /// The mean of some values and its interval.
    #[must_use]
    pub fn interval(self, values: &[f64]) -> Estimate {
        let none = Estimate {
            mean: 0.0,
            low: 0.0,
            high: 0.0,
        };
        self.estimates(&[values]).first().copied().unwrap_or(none)
    }

    /// How often each of `n` rows is in each of [`LANES`] resamples.
    fn count(self, n: usize, first_resample: usize, counts: &mut Vec<[u32; LANES]>) {
        counts.clear();
        counts.resize(n, [0; LANES]);
        for (lane, resample) in (first_resample..first_resample + LANES).enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(resample as u64);
            for _ in 0..n {
                counts[rng.random_range(0..n as u64) as usize][lane] += 1;
            }
        }
    }
}

/// The rows that are not 0 in every column, and their values, [`COLUMNS`] columns at a time, filled up with zeros.
fn pack(columns: &[&[f64]], n: usize) -> (Vec<usize>, Vec<Vec<[f64; COLUMNS]>>) {
    let matters = |&row: &usize| columns.iter().any(|column| column[row] != 0.0);
    let rows: Vec<usize> = (0..n).filter(matters).collect();
    let pack = |columns: &[&[f64]]| {
        let value = |row: usize, at: usize| columns.get(at).map_or(0.0, |column| column[row]);
        let values = |&row: &usize| std::array::from_fn(|at| value(row, at));
        rows.iter().map(values).collect()
    };
    let packed = columns.chunks(COLUMNS).map(pack).collect();
    (rows, packed)
}

/// The sum over rows of values by counts, a row per column.
fn weighted_sums(values: &[[f64; COLUMNS]], counts: &[[f64; LANES]]) -> [[f64; LANES]; COLUMNS] {
    let mut sums = [[0.0; LANES]; COLUMNS];
    for (values, counts) in values.iter().zip(counts) {
        for (sums, value) in sums.iter_mut().zip(values) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += value * count;
            }
        }
    }
    sums
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
        let estimate = BOOTSTRAP.estimates(&[&rows])[0];
        let expected = 1.96 * (0.21f64 / 1000.0).sqrt();
        assert!((estimate.mean - 0.3).abs() < 1e-12);
        assert!((estimate.high - 0.3 - expected).abs() < 0.1 * expected);
        assert!((0.3 - estimate.low - expected).abs() < 0.1 * expected);
    }

    /// The draws written out: row numbers from the generator's stream, averaged one by one.
    #[test]
    fn an_interval_is_made_of_means_over_drawn_rows() {
        let first: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17)).collect();
        let columns = [
            first.clone(),
            vec![0.0; 50],
            first.iter().map(|x| x - 8.0).collect(),
        ];
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let five = Bootstrap {
            resamples: 5,
            confidence: 0.5,
            seed: 9,
        };
        let mut means: Vec<f64> = (0..5)
            .map(|resample| {
                let mut rng = ChaCha8Rng::seed_from_u64(9);
                rng.set_stream(resample);
                let drawn = (0..50).map(|_| first[rng.random_range(0..50u64) as usize]);
                drawn.sum::<f64>() / 50.0
            })
            .collect();
        means.sort_unstable_by(f64::total_cmp);
        let estimates = five.estimates(&columns);
        // The quartiles of five values are the second and the fourth.
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        for (estimate, shift) in [(estimates[0], 0.0), (estimates[2], 8.0)] {
            close(estimate.low, means[1] - shift);
            close(estimate.high, means[3] - shift);
        }
        assert_eq!((estimates[1].low, estimates[1].high), (0.0, 0.0));
    }

    #[test]
    fn threads_do_not_matter() {
        let column = |factor: i32| (0..200).map(move |i| f64::from(i * factor % 101));
        let columns: Vec<Vec<f64>> = (30..38).map(|factor| column(factor).collect()).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| BOOTSTRAP.estimates(&columns))
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
            none.estimates(&[&[1.0, 2.0]]),
            [Estimate {
                mean: 1.5,
                low: 1.5,
                high: 1.5
            }]
        );
        assert_eq!(
            BOOTSTRAP.estimates(&[&[]]),
            [Estimate {
                mean: 0.0,
                low: 0.0,
                high: 0.0
            }]
        );
    }
}
