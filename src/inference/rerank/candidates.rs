//! The candidates of one list: what each is worth, and how near it is to what was chosen.

use super::super::selection::Ranked;

/// Candidates of a list, in the order of the model.
pub(super) struct Candidates {
    /// What each is worth by itself.
    worth: Vec<f64>,
    /// The largest likeness of each to an item that was chosen; `None` before there is one.
    nearest: Vec<Option<f64>>,
    is_taken: Vec<bool>,
}

impl Candidates {
    /// The candidates of scores that fall, less the damping of each.
    pub(super) fn new(best: &[Ranked], damping: impl Fn(&Ranked) -> f64) -> Self {
        let relevance = relevance(best).into_iter().zip(best);
        Self {
            worth: relevance
                .map(|(relevance, place)| relevance - damping(place))
                .collect(),
            nearest: vec![None; best.len()],
            is_taken: vec![false; best.len()],
        }
    }

    /// Takes the candidate of the largest marginal relevance among those that are left and allowed; of equal ones the one
    /// that the model ranks higher.
    pub(super) fn take_best(
        &mut self,
        diversity: f64,
        is_allowed: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let places = 0..self.worth.len();
        let left = places.filter(|&at| !self.is_taken[at] && is_allowed(at));
        let value = |at: usize| {
            let likeness = self.nearest[at].unwrap_or(0.0);
            (1.0 - diversity) * self.worth[at] - diversity * likeness
        };
        let valued = left.map(|at| (at, value(at)));
        let best = valued.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let (at, _) = best?;
        self.is_taken[at] = true;
        Some(at)
    }

    /// Tells how like each candidate is to one that was chosen.
    pub(super) fn choose(&mut self, likeness: impl Fn(usize) -> f64) {
        for (at, nearest) in self.nearest.iter_mut().enumerate() {
            if !self.is_taken[at] {
                let new = likeness(at);
                *nearest = Some(nearest.map_or(new, |nearest| nearest.max(new)));
            }
        }
    }
}

/// Scores that fall, taken to 1 (the first) to 0 (the last): the same whatever they are added to or multiplied with.
/// Infinite ones count as the largest numbers there are, and equal ones are all 0.
fn relevance(best: &[Ranked]) -> Vec<f64> {
    let finite = |place: &Ranked| f64::from(place.score.clamp(f32::MIN, f32::MAX));
    let (first, last) = (
        best.first().map_or(0.0, finite),
        best.last().map_or(0.0, finite),
    );
    let range = first - last;
    let share = |place| match range > 0.0 {
        true => (finite(place) - last) / range,
        false => 0.0,
    };
    best.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(scores: &[f32]) -> Vec<Ranked> {
        let places = (0..).zip(scores);
        places
            .map(|(item, &score)| Ranked { item, score })
            .collect()
    }

    #[test]
    fn relevance_is_the_same_on_any_scale() {
        assert_eq!(relevance(&places(&[6.0, 5.0, 2.0])), [1.0, 0.75, 0.0]);
        assert_eq!(relevance(&places(&[-1.0, -2.0, -5.0])), [1.0, 0.75, 0.0]);
        assert_eq!(relevance(&places(&[3.0, 3.0])), [0.0, 0.0]);
        assert!(relevance(&[]).is_empty());
        let infinite = relevance(&places(&[f32::INFINITY, 1.0, f32::NEG_INFINITY]));
        assert_eq!((infinite[0], infinite[2]), (1.0, 0.0));
        assert!((infinite[1] - 0.5).abs() < 1e-9);
    }

    /// Worth 1, .9 and .5; the second is the first one's twin, the third is like neither.
    #[test]
    fn marginal_relevance_by_hand() {
        let likeness = [[1.0, 1.0, 0.1], [1.0, 1.0, 0.1], [0.1, 0.1, 1.0]];
        let order = |diversity: f64| {
            let mut candidates = Candidates::new(&places(&[10.0, 9.0, 5.0, 0.0]), |_| 0.0);
            let mut order = Vec::new();
            while let Some(chosen) = candidates.take_best(diversity, |at| at < 3) {
                order.push(chosen);
                candidates.choose(|at| likeness[at.min(2)][chosen]);
            }
            order
        };
        assert_eq!(order(0.0), [0, 1, 2]);
        // .6 * .9 - .4 * 1 = .14 and .6 * .5 - .4 * .1 = .26.
        assert_eq!(order(0.4), [0, 2, 1]);
        // .8 * .9 - .2 * 1 = .52 and .8 * .5 - .2 * .1 = .38.
        assert_eq!(order(0.2), [0, 1, 2]);
    }
}
