//! Per-positive negatives: a distribution over items, and rejection of what a user has, in a bounded number of tries.

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, RngExt};

use crate::config::{NegativeDistribution, SamplingConfig};
use crate::split::TrainSet;

/// Draws tried before a negative is given up. A user with half the catalogue misses with probability
/// 2^-128; only users with (almost) every item ever do.
pub const MAX_TRIES: u32 = 128;

/// How items are drawn.
#[derive(Debug)]
pub(super) enum Items {
    /// Every item alike.
    Uniform { n_items: u32 },
    /// Each of these alike, which are distinct: the warm items.
    Listed(Vec<u32>),
    /// By popularity to a power.
    Weighted(WeightedIndex<f64>),
}

impl Items {
    pub(super) fn new(train: &TrainSet, config: &SamplingConfig) -> Self {
        let n_items = train.n_items() as u32;
        let weighted = match config.distribution {
            NegativeDistribution::Uniform => None,
            NegativeDistribution::WarmItems => {
                let counts = (0..).zip(popularity(train));
                let trained = counts.filter(|&(_, n)| n > 0).map(|(item, _)| item);
                return Self::Listed(trained.collect());
            }
            NegativeDistribution::Popularity => {
                let power = config.popularity_power;
                let weights = popularity(train).into_iter().map(|n| match n {
                    0 => 0.0,
                    n => f64::from(n).powf(power),
                });
                WeightedIndex::new(weights).ok()
            }
        };
        weighted.map_or(Self::Uniform { n_items }, Self::Weighted)
    }

    /// An item that is not in `positives` (ascending), or `None` after [`MAX_TRIES`] draws.
    pub(super) fn draw_unknown(&self, rng: &mut impl Rng, positives: &[u32]) -> Option<u32> {
        match self {
            Self::Uniform { n_items } => unknown(positives, || rng.random_range(0..*n_items)),
            Self::Listed(items) if items.is_empty() => None,
            Self::Listed(items) => unknown(positives, || items[rng.random_range(0..items.len())]),
            Self::Weighted(weights) => unknown(positives, || weights.sample(rng) as u32),
        }
    }
}

fn unknown(positives: &[u32], mut draw: impl FnMut() -> u32) -> Option<u32> {
    (0..MAX_TRIES).find_map(|_| {
        let item = draw();
        positives.binary_search(&item).is_err().then_some(item)
    })
}

/// Training interactions of each item.
pub(super) fn popularity(train: &TrainSet) -> Vec<u32> {
    train.positives().counts_by_item(train.n_items())
}
