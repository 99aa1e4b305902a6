//! Training interactions drawn by their weights.

use std::ops::Range;

use rand::{Rng, RngExt};

use crate::split::TrainSet;

/// Sums of the weights up to and with each interaction, user after user.
#[derive(Debug)]
pub(super) struct Weighted {
    ends: Vec<f64>,
}

impl Weighted {
    /// # Panics
    /// When the training set does not remember weights: it does where the settings draw by them.
    pub(super) fn new(train: &TrainSet) -> Self {
        let n = train.n_interactions();
        assert_eq!(train.weights().len(), n, "a weight an interaction");
        let mut sum = 0.0;
        let ends = train.weights().iter().map(|&weight| {
            sum += f64::from(weight);
            sum
        });
        Self {
            ends: ends.collect(),
        }
    }

    /// Any interaction, by weight.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> u32 {
        self.draw_of(0..self.ends.len(), rng)
    }

    /// The weight of these interactions together.
    pub(super) fn mass(&self, edges: Range<usize>) -> f64 {
        let up_to = |edge: usize| match edge {
            0 => 0.0,
            edge => self.ends[edge - 1],
        };
        up_to(edges.end) - up_to(edges.start)
    }

    /// One of these interactions, by weight.
    pub(super) fn draw_of(&self, edges: Range<usize>, rng: &mut impl Rng) -> u32 {
        let from = self.mass(0..edges.start);
        let ends = &self.ends[edges.clone()];
        let at = from + rng.random::<f64>() * self.mass(edges.clone());
        let place = ends.partition_point(|&end| end <= at);
        // Rounding may lead to the end of the last one.
        (edges.start + place.min(ends.len().saturating_sub(1))) as u32
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn interactions_come_as_often_as_they_weigh() {
        let pairs = [(0, 0), (0, 2), (1, 1), (1, 2), (1, 3)];
        let train = TrainSet::of_pairs(2, 4, &pairs).weighing(&[1.0, 3.0, 10.0, 0.5, 5.5]);
        let weighted = Weighted::new(&train);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = [0u32; 5];
        (0..20_000).for_each(|_| counts[weighted.draw(&mut rng) as usize] += 1);
        // Of 20,000 by 1, 3, 10, .5 and 5.5 of 20; five deviations are 350 at most.
        for (count, expected) in counts.iter().zip([1000, 3000, 10_000, 500, 5500u32]) {
            assert!(count.abs_diff(expected) < 350, "{counts:?}");
        }
        let mut counts = [0u32; 5];
        (0..16_000).for_each(|_| counts[weighted.draw_of(2..5, &mut rng) as usize] += 1);
        for (count, expected) in counts.iter().zip([0, 0, 10_000, 500, 5500u32]) {
            assert!(count.abs_diff(expected) < 310, "{counts:?}");
        }
        assert_eq!(
            [0..5, 0..2, 3..4].map(|edges| weighted.mass(edges)),
            [20.0, 4.0, 0.5]
        );
    }
}
