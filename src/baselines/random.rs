//! The random baseline: lists that use no knowledge of users or items.

use std::ops::Range;

use sagebrush_model::mix;

use crate::inference::ScoreSource;
use crate::inference::rows_of_tile;

/// Scores that are a function of (seed, user, item) and nothing else, uniform in [0, 1).
#[derive(Debug, Clone, Copy)]
pub struct RandomBaseline {
    /// Users.
    pub n_users: usize,
    /// Items.
    pub n_items: usize,
    /// The seed.
    pub seed: u64,
}

impl ScoreSource for RandomBaseline {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        for (user, scores) in rows_of_tile(users, &items, out) {
            for (score, item) in scores.iter_mut().zip(items.clone()) {
                let draw = mix(mix(self.seed ^ u64::from(user)) ^ item as u64);
                // The 24 bits that a float in [0, 1) holds.
                *score = (draw >> 40) as f32 / (1 << 24) as f32;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::top_k;

    #[test]
    fn every_item_comes_as_often_as_any_other() {
        let random = RandomBaseline {
            n_users: 6000,
            n_items: 20,
            seed: 3,
        };
        let users: Vec<u32> = (0..6000).collect();
        let mut counts = [0u32; 20];
        for list in top_k(&random, &users, 2, None).unwrap() {
            list.iter()
                .for_each(|place| counts[place.item as usize] += 1);
        }
        let statistic: f64 = counts
            .iter()
            .map(|&count| (f64::from(count) - 600.0).powi(2) / 600.0)
            .sum();
        // The 99.9% quantile of chi-squared with 19 degrees of freedom; two items a list are drawn without
        // replacement, which makes the statistic a little smaller.
        assert!(statistic < 43.82, "{counts:?}");
    }
}
