//! Training interactions drawn by what they count.

use std::ops::Range;

use rand::{Rng, RngExt};

use crate::split::TrainSet;

/// Sums of the weights up to and with each interaction, user after user.
#[derive(Debug)]
pub(super) struct Weighted {
    ends: Vec<f64>,
    /// Whether the sums begin anew with each user, so that those of old interactions are not lost beside new ones.
    by_user: bool,
}

impl Weighted {
    /// Weights to draw among all interactions.
    ///
    /// # Panics
    /// When there is not a weight an interaction.
    pub(super) fn of_all(train: &TrainSet, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), train.n_interactions(), "a weight each");
        Self {
            ends: ends(weights).collect(),
            by_user: false,
        }
    }

    /// Weights to draw among the interactions of a user.
    ///
    /// # Panics
    /// When there is not a weight an interaction.
    pub(super) fn of_users(train: &TrainSet, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), train.n_interactions(), "a weight each");
        let rows = train.positives().row_ptr().windows(2);
        Self {
            ends: rows
                .flat_map(|ptr| ends(&weights[ptr[0]..ptr[1]]))
                .collect(),
            by_user: true,
        }
    }

    /// Any interaction, by weight.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> u32 {
        self.draw_of(0..self.ends.len(), rng)
    }

    /// One of these interactions, by weight: of all, or of all of a user.
    pub(super) fn draw_of(&self, edges: Range<usize>, rng: &mut impl Rng) -> u32 {
        let from = match edges.start {
            start if start > 0 && !self.by_user => self.ends[start - 1],
            _ => 0.0,
        };
        let ends = &self.ends[edges.clone()];
        let whole = ends.last().map_or(0.0, |end| end - from);
        let at = from + rng.random::<f64>() * whole;
        let place = ends.partition_point(|&end| end <= at);
        // Rounding may lead to the end of the last one.
        (edges.start + place.min(ends.len().saturating_sub(1))) as u32
    }
}

fn ends(weights: &[f32]) -> impl Iterator<Item = f64> {
    weights.iter().scan(0.0, |sum, &weight| {
        *sum += f64::from(weight);
        Some(*sum)
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn interactions_come_as_often_as_they_weigh() {
        let pairs = [(0, 0), (0, 2), (1, 1), (1, 2), (1, 3)];
        let (train, weights) = (TrainSet::of_pairs(2, 4, &pairs), [1.0, 3.0, 10.0, 0.5, 5.5]);
        let weighted = Weighted::of_all(&train, &weights);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = [0u32; 5];
        (0..20_000).for_each(|_| counts[weighted.draw(&mut rng) as usize] += 1);
        // Of 20,000 by 1, 3, 10, .5 and 5.5 of 20; five deviations are 350 at most.
        for (count, expected) in counts.iter().zip([1000, 3000, 10_000, 500, 5500u32]) {
            assert!(count.abs_diff(expected) < 350, "{counts:?}");
        }
        let weighted = Weighted::of_users(&train, &weights);
        let mut counts = [0u32; 5];
        (0..16_000).for_each(|_| counts[weighted.draw_of(2..5, &mut rng) as usize] += 1);
        for (count, expected) in counts.iter().zip([0, 0, 10_000, 500, 5500u32]) {
            assert!(count.abs_diff(expected) < 310, "{counts:?}");
        }
    }

    #[test]
    fn of_a_user_whose_interactions_are_all_old_the_newest_come_most() {
        let train = TrainSet::of_pairs(2, 4, &[(0, 0), (0, 1), (1, 1), (1, 2)]);
        let weighted = Weighted::of_users(&train, &[1.0, 1.0, 1e-30, 3e-30]);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let second = (0..4000)
            .filter(|_| weighted.draw_of(2..4, &mut rng) == 3)
            .count();
        // Three of four; five deviations are 137.
        assert!(second.abs_diff(3000) < 137, "{second}");
    }
}
