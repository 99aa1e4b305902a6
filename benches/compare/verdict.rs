//! The median ratio of paired times, its confidence interval, and what they say.

/// Within this of 1 is the same.
const TOLERANCE: f64 = 0.03;
/// The interval covers the true median at least this often.
const CONFIDENCE: f64 = 0.95;
/// Fewer pairs say nothing.
const FEWEST_PAIRS: usize = 8;

/// What the interval of a ratio of after over before says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Slower,
    Faster,
    Same,
    NotToldApart,
}

impl Verdict {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Slower => "SLOWER",
            Self::Faster => "faster",
            Self::Same => "the same within 3%",
            Self::NotToldApart => "not told apart",
        }
    }
}

/// The median of ratios and its interval.
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    n_pairs: usize,
}

impl Ratio {
    /// Of times before and after. The interval lies between two of the sorted ratios and assumes nothing
    /// of their distribution; of few pairs it is everything.
    pub(crate) fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut ratios: Vec<f64> = pairs.map(|(before, after)| after / before).collect();
        ratios.sort_by(f64::total_cmp);
        let n_pairs = ratios.len();
        let median = median(&ratios);
        let (low, high) = match rank(n_pairs) {
            Some(rank) => (ratios[rank - 1], ratios[n_pairs - rank]),
            None => (0.0, f64::INFINITY),
        };
        Self {
            median,
            low,
            high,
            n_pairs,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match () {
            () if self.n_pairs < FEWEST_PAIRS => Verdict::NotToldApart,
            () if self.low > 1.0 + TOLERANCE => Verdict::Slower,
            () if self.high < 1.0 - TOLERANCE => Verdict::Faster,
            () if self.low >= 1.0 - TOLERANCE && self.high <= 1.0 + TOLERANCE => Verdict::Same,
            () => Verdict::NotToldApart,
        }
    }
}

/// The median of sorted numbers; NaN of none.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ => f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]),
    }
}

/// The largest r for which the median of `n` lies between the r-th least and the r-th largest with the
/// confidence asked for. Each value is below the median with probability 1/2, so it lies outside with
/// twice the probability of fewer than r successes of `n`.
fn rank(n: usize) -> Option<usize> {
    let mut probability = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut outside = 0.0;
    for successes in 0..n {
        outside += 2.0 * probability;
        if outside > 1.0 - CONFIDENCE {
            return (successes > 0).then_some(successes);
        }
        probability *= (n - successes) as f64 / (successes + 1) as f64;
    }
    None
}
