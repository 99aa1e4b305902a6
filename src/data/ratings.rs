//! Ratings that are no likes: how many are 0 or less, and which minimum leaves them out.

use super::Interactions;

/// What the ratings of a log are like.
#[derive(Debug, Default)]
pub(super) struct Ratings {
    /// Those of 0 or less.
    pub(super) not_positive: u64,
    /// The lowest above 0, or else the highest: the one to ask for.
    minimum: Option<f32>,
    /// Whether two of them differ.
    differ: bool,
}

impl Ratings {
    pub(super) fn of(log: &Interactions) -> Self {
        let ratings = log.weights.as_deref().unwrap_or_default();
        let above = |rating: &&f32| **rating > 0.0;
        let lowest_above = ratings.iter().filter(above).copied().reduce(f32::min);
        let highest = ratings.iter().copied().reduce(f32::max);
        Self {
            not_positive: ratings.iter().filter(|rating| !above(rating)).count() as u64,
            minimum: lowest_above.or(highest),
            differ: ratings.iter().any(|rating| Some(rating) != ratings.first()),
        }
    }

    /// What to say of them, of `n` interactions; nothing where all are above 0, or all are the same.
    pub(super) fn remark(&self, n: usize) -> Option<String> {
        let minimum = self
            .minimum
            .filter(|_| self.differ && self.not_positive > 0)?;
        let n_low = self.not_positive;
        Some(format!(
            "{n_low} of {n} ratings are 0 or less, and count as positives like the others; `--min-rating {minimum}` \
             leaves them out"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(ratings: &[f32]) -> Option<String> {
        let log = Interactions {
            weights: Some(ratings.to_vec()),
            ..Interactions::default()
        };
        Ratings::of(&log).remark(ratings.len())
    }

    #[test]
    fn the_minimum_is_the_lowest_above_0() {
        let said = remark(&[-2.0, 0.0, 1.5, 0.5, -0.0]).unwrap_or_default();
        assert!(said.starts_with("3 of 5 ratings"), "{said}");
        assert!(said.contains("--min-rating 0.5"), "{said}");
        let said = remark(&[-2.0, -1.0]).unwrap_or_default();
        assert!(said.contains("--min-rating -1"), "{said}");
        for ratings in [&[1.0, 5.0][..], &[0.0, 0.0], &[]] {
            assert_eq!(remark(ratings), None);
        }
    }
}
