//! Who wins: the cheapest candidate with lists of one's own whose figure on the validation part is within one standard error
//! of the best of them (the rule of Breiman et al., "Classification and Regression Trees", 1984), unless popularity is ahead
//! of it by more than that; and whether it is more than popularity knows.

use crate::evaluation::{Bootstrap, Estimate};

/// Share of contests over noise that may name a winner over popularity.
const NOISE: f64 = 0.05;
/// Resamples behind that: its interval is wider than usual, the more candidates the wider.
const RESAMPLES: usize = 4000;

/// A candidate with figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    /// The metric of each user.
    pub(super) values: &'a [f64],
    /// Whether its lists are the same for everybody.
    pub(super) is_popularity: bool,
}

/// How a contest ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// The personal candidate with the best figure, and the one that wins.
    pub(super) best: Option<usize>,
    pub(super) winner: Option<usize>,
    /// The best popularity.
    pub(super) popularity: Option<usize>,
    /// By how much the winner is ahead of popularity, over the same users; `None` where one of them is missing.
    pub(super) ahead: Option<Estimate>,
    /// Whether popularity is ahead of the winner by more than one standard error of their difference.
    pub(super) is_behind: bool,
}

impl Verdict {
    /// Whether lists of one's own are worth something: ahead of popularity beyond the interval.
    pub(super) fn is_beyond_popularity(&self) -> bool {
        self.winner.is_some() && self.ahead.is_none_or(|ahead| ahead.low > 0.0)
    }
}

/// Compares all candidates, which stand in the order of what they cost, the cheapest first.
pub(super) fn verdict(candidates: &[Measured<'_>], seed: u64) -> Verdict {
    let best = best_of(candidates, false);
    let popularity = best_of(candidates, true);
    let winner = best.and_then(|best| {
        let close = |one: &Measured<'_>| {
            !one.is_popularity && is_close(one.values, candidates[best].values)
        };
        candidates.iter().position(close)
    });
    let is_behind = winner.zip(popularity).is_some_and(|(winner, popularity)| {
        !is_close(candidates[winner].values, candidates[popularity].values)
    });
    let ahead = winner.zip(popularity).map(|(winner, popularity)| {
        let n_personal = candidates.iter().filter(|one| !one.is_popularity).count();
        let bootstrap = Bootstrap {
            resamples: RESAMPLES,
            confidence: 1.0 - NOISE / n_personal.max(1) as f64,
            seed,
        };
        let (winner, popularity) = (candidates[winner].values, candidates[popularity].values);
        bootstrap.interval(&differences(winner, popularity))
    });
    Verdict {
        best,
        winner,
        popularity,
        ahead,
        is_behind,
    }
}

fn best_of(candidates: &[Measured<'_>], popularity: bool) -> Option<usize> {
    let figures = candidates.iter().enumerate();
    let figures = figures.filter(|(_, one)| one.is_popularity == popularity);
    let best = figures.map(|(at, one)| (mean(one.values), at));
    best.reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, at)| at)
}

/// Whether a candidate is behind the best one by one standard error of their difference at most.
fn is_close(values: &[f64], best: &[f64]) -> bool {
    let behind = differences(best, values);
    let n = behind.len() as f64;
    let by = mean(&behind);
    let squares = behind.iter().map(|d| (d - by).powi(2)).sum::<f64>();
    let variance = squares / (n - 1.0).max(1.0);
    by <= (variance / n.max(1.0)).sqrt()
}

fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The mean of some values; 0 for none.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn personal(values: &[f64]) -> Measured<'_> {
        Measured {
            values,
            is_popularity: false,
        }
    }

    fn popularity(values: &[f64]) -> Measured<'_> {
        Measured {
            values,
            is_popularity: true,
        }
    }

    #[test]
    fn the_best_figure_wins_and_of_equal_ones_the_cheapest() {
        let (low, high) = ([0.1; 50], [0.2; 50]);
        let found = verdict(
            &[
                personal(&low),
                popularity(&low),
                personal(&high),
                personal(&high),
            ],
            1,
        );
        assert_eq!((found.best, found.popularity), (Some(2), Some(1)));
        assert_eq!(found.winner, Some(2));
        assert!(found.is_beyond_popularity());
        assert!(verdict(&[personal(&low)], 1).is_beyond_popularity());
        assert!(!verdict(&[popularity(&low)], 1).is_beyond_popularity());
    }

    /// Four users; the differences .3, .1, .3, .1 have the mean .2 and the standard error .0577.
    #[test]
    fn what_is_within_one_standard_error_of_the_best_is_as_good_and_cheaper() {
        let best = [0.4, 0.4, 0.4, 0.4];
        let far = [0.1, 0.3, 0.1, 0.3];
        assert!(!is_close(&far, &best));
        // .1, -.1, .1, .0: the mean .025, the standard error .0479.
        let near = [0.3, 0.5, 0.3, 0.4];
        assert!(is_close(&near, &best));
        let found = verdict(&[personal(&far), personal(&near), personal(&best)], 1);
        assert_eq!((found.best, found.winner), (Some(2), Some(1)));
        // Equal differences have no error: the least of them counts.
        assert!(!is_close(&[0.3; 4], &best) && is_close(&best, &best));
    }

    /// Lists of one's own come first where popularity is ahead by a little, and last where it is ahead by more.
    #[test]
    fn popularity_has_to_be_ahead_by_more_than_one_standard_error() {
        let own = [0.4, 0.2, 0.4, 0.2];
        // Ahead by .025 and .1; the standard errors are .0479 and 0.
        let near = [0.3, 0.3, 0.4, 0.3];
        let far = [0.5, 0.3, 0.5, 0.3];
        let is_behind = |other| verdict(&[popularity(other), personal(&own)], 1).is_behind;
        assert!(!is_behind(&near) && is_behind(&far) && !is_behind(&own));
        assert!(!verdict(&[personal(&own)], 1).is_behind);
    }

    /// Half of the users gain what the other half loses, but for a little: nobody could tell.
    #[test]
    fn what_noise_could_do_is_not_beyond_popularity() {
        let one: Vec<f64> = (0..200).map(|user| f64::from(user % 2)).collect();
        let other: Vec<f64> = (0..200)
            .map(|user| 0.98 * f64::from((user + 1) % 2))
            .collect();
        let found = verdict(&[personal(&one), popularity(&other)], 1);
        let ahead = found
            .ahead
            .map(|ahead| (ahead.mean - 0.01).abs() < 1e-9 && ahead.low < 0.0);
        assert_eq!(ahead, Some(true));
        assert!(!found.is_beyond_popularity());
    }
}
