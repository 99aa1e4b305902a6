//! Which trials are trained for longer: asynchronous successive halving (Li et al., "A System for Massively Parallel
//! Hyperparameter Tuning", MLSys 2020, algorithm 2), one trial at a time.

/// One in this many is promoted to the next rung, for this many times as long.
pub const ETA: usize = 3;
/// Rungs at most: the first takes 1/81 of the epochs.
const RUNGS_MAX: usize = 5;

/// After how many epochs trials are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<u32>);

impl Ladder {
    /// Rungs up to `epochs`, each a multiple of `evaluate_every`, so that there is something to compare.
    #[must_use]
    pub fn new(epochs: u32, evaluate_every: u32) -> Self {
        let every = evaluate_every.max(1);
        let mut rungs = Vec::new();
        let mut at = f64::from(epochs);
        for _ in 0..RUNGS_MAX {
            let rung = (at.ceil() as u32).div_ceil(every) * every;
            rungs.push(rung.min(epochs));
            at /= ETA as f64;
            if at < 1.0 {
                break;
            }
        }
        rungs.reverse();
        rungs.dedup();
        Self(rungs)
    }

    /// The one rung of what is fitted without epochs.
    #[must_use]
    pub fn without_epochs() -> Self {
        Self(vec![0])
    }

    /// Epochs by rung, rising.
    #[must_use]
    pub fn rungs(&self) -> &[u32] {
        &self.0
    }
}

/// How far a trial has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Its figure at each rung it has reached; more is better.
    pub values: Vec<f64>,
    /// Whether it goes no further: it stopped early, or failed.
    pub is_over: bool,
}

impl Standing {
    /// Its figure at a rung; that of a trial that stopped early stays.
    fn at(&self, rung: usize) -> Option<f64> {
        let last = || self.values.last().filter(|_| self.is_over);
        self.values.get(rung).or_else(last).copied()
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Begin a new trial.
    Start,
    /// Train this one on to its next rung.
    Climb(usize),
    /// Nothing is left to do.
    Done,
}

/// The next move, given how all trials stand: a function of that alone.
///
/// A trial is promoted as soon as it is in the best third of its rung; the highest rung is looked at first. With
/// the budget of trials spent, the best trial is still brought to the last rung.
#[must_use]
pub fn next(trials: &[Standing], n_rungs: usize, budget: Option<usize>) -> Move {
    for rung in (0..n_rungs.saturating_sub(1)).rev() {
        let at_rung = |(trial, standing): (usize, &Standing)| Some((standing.at(rung)?, trial));
        let ranked = ranked(trials.iter().enumerate().filter_map(at_rung));
        let quota = ranked.len() / ETA;
        if let Some(&trial) = ranked[..quota]
            .iter()
            .find(|&&t| waits_at(&trials[t], rung))
        {
            return Move::Climb(trial);
        }
    }
    if budget.is_none_or(|budget| trials.len() < budget) {
        return Move::Start;
    }
    let last = |(trial, standing): (usize, &Standing)| Some((*standing.values.last()?, trial));
    let best = ranked(trials.iter().enumerate().filter_map(last))
        .first()
        .copied();
    match best {
        Some(trial) if !trials[trial].is_over && trials[trial].values.len() < n_rungs => {
            Move::Climb(trial)
        }
        _ => Move::Done,
    }
}

fn waits_at(trial: &Standing, rung: usize) -> bool {
    trial.values.len() == rung + 1 && !trial.is_over
}

/// Trials by their figures, the best first, then the earlier.
#[must_use]
pub fn ranked(figures: impl Iterator<Item = (f64, usize)>) -> Vec<usize> {
    let mut there: Vec<(f64, usize)> = figures.collect();
    there.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    there.into_iter().map(|(_, trial)| trial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_triple_up_to_the_last_epoch() {
        let rungs = |epochs, every| Ladder::new(epochs, every).0;
        assert_eq!(rungs(200, 1), [3, 8, 23, 67, 200]);
        assert_eq!(rungs(9, 1), [1, 3, 9]);
        assert_eq!(rungs(12, 5), [5, 12]);
        assert_eq!(rungs(2, 1), [2]);
        assert_eq!(rungs(1, 1), [1]);
        assert_eq!(rungs(20, 7), [7, 20]);
    }

    /// Runs a whole search where trial `t` is worth `worth[t]` from the first rung on.
    fn search(worth: &[f64], n_rungs: usize, over: &[usize]) -> Vec<Standing> {
        let mut trials: Vec<Standing> = Vec::new();
        for _ in 0..1000 {
            let trial = match next(&trials, n_rungs, Some(worth.len())) {
                Move::Done => return trials,
                Move::Start => {
                    trials.push(Standing::default());
                    trials.len() - 1
                }
                Move::Climb(trial) => trial,
            };
            assert!(!trials[trial].is_over && trials[trial].values.len() < n_rungs);
            trials[trial].values.push(worth[trial]);
            trials[trial].is_over = over.contains(&trial);
        }
        unreachable!("the search does not end");
    }

    #[test]
    fn a_third_goes_on_and_the_best_arrives() {
        let worth: Vec<f64> = (0..27).map(|t| f64::from(t * 10 % 27)).collect();
        let trials = search(&worth, 4, &[]);
        let at_least = |n: usize| trials.iter().filter(|t| t.values.len() >= n).count();
        assert_eq!(at_least(1), 27);
        // Asynchronous halving promotes a few more than the final thirds.
        assert!((9..=14).contains(&at_least(2)), "{}", at_least(2));
        assert!((3..=6).contains(&at_least(3)), "{}", at_least(3));
        assert!((1..=3).contains(&at_least(4)), "{}", at_least(4));
        let best = (0..27).max_by(|&a, &b| worth[a].total_cmp(&worth[b]));
        assert_eq!(trials[best.unwrap_or(0)].values.len(), 4);
    }

    #[test]
    fn few_trials_still_bring_one_to_the_end() {
        for n in 1..6 {
            let worth: Vec<f64> = (0..n).map(f64::from).collect();
            let trials = search(&worth, 3, &[]);
            assert_eq!(trials[n as usize - 1].values.len(), 3, "{n} trials");
        }
    }

    #[test]
    fn what_stopped_early_keeps_its_figure_and_goes_no_further() {
        let trials = search(&[1.0, 9.0, 2.0, 3.0, 4.0, 5.0], 3, &[1]);
        assert_eq!(trials[1].values, [9.0]);
        // One that stopped early with little keeps nobody from the last rung.
        let trials = search(&[9.0, 1.0, 2.0], 3, &[1]);
        assert_eq!(trials[0].values.len(), 3);
        // A failed trial has no figure at all.
        let failed = Standing {
            values: Vec::new(),
            is_over: true,
        };
        assert_eq!(next(&[failed.clone(), failed], 3, Some(2)), Move::Done);
    }
}
