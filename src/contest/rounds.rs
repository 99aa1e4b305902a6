//! Who is measured next: successive halving over forecast work (Jamieson and Talwalkar, AISTATS 2016), a function of the
//! measurements on record alone.

/// One in this many goes on to three times as long a training.
const ETA: usize = 3;
/// Share of the budget that first looks may take.
const FIRST_LOOKS: f64 = 0.7;
/// After a first look at a ninth of its epochs, a training within this share of the best figure may still get there.
const WITHIN_REACH: f64 = 0.5;

/// What is known of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// Units of forecast work at each of its rungs.
    pub(super) units: Vec<f64>,
    /// Its place among the candidates of its model, the most promising first.
    pub(super) place: usize,
    /// Its figure at each rung it was measured at.
    pub(super) figures: Vec<f64>,
    /// Whether it failed, or cannot take part.
    pub(super) is_out: bool,
}

impl Standing {
    fn is_trained(&self) -> bool {
        self.units.len() > 1
    }

    fn spent(&self) -> f64 {
        let n = self.figures.len() + usize::from(self.is_out && !self.figures.is_empty());
        self.units.iter().take(n).sum()
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// Measure this candidate at its next rung.
    Measure(usize),
    /// Nothing is left to do.
    Done,
}

/// The next move within a budget of units.
pub(super) fn next(standings: &[Standing], budget: f64) -> Move {
    let spent: f64 = standings.iter().map(Standing::spent).sum();
    let first = first_looks(standings, FIRST_LOOKS * budget);
    if let Some(&candidate) = first
        .iter()
        .find(|&&c| standings[c].figures.is_empty() && !standings[c].is_out)
    {
        return Move::Measure(candidate);
    }
    let best = standings.iter().filter_map(|s| s.figures.last());
    let best = best.copied().fold(f64::NEG_INFINITY, f64::max);
    let n_rungs = standings.iter().map(|s| s.units.len()).max().unwrap_or(0);
    for rung in 1..n_rungs {
        for candidate in promoted(standings, rung) {
            let standing = &standings[candidate];
            let waits = standing.figures.len() == rung && !standing.is_out;
            let fits = standing
                .units
                .get(rung)
                .is_some_and(|u| spent + u <= budget);
            if waits && fits && may_get_there(&standing.figures, best) {
                return Move::Measure(candidate);
            }
        }
    }
    Move::Done
}

/// Units that the contest still takes at most.
pub(super) fn units_left(standings: &[Standing], budget: f64) -> f64 {
    let spent: f64 = standings.iter().map(Standing::spent).sum();
    let first = first_looks(standings, FIRST_LOOKS * budget).into_iter();
    let first = first.filter(|&c| standings[c].figures.is_empty() && !standings[c].is_out);
    let first: f64 = first.map(|c| standings[c].units[0]).sum();
    let later = standings.iter().filter(|s| !s.is_out).map(|s| {
        let done = s.figures.len().max(1).min(s.units.len());
        s.units[done..].iter().sum::<f64>()
    });
    (first + later.fold(0.0, f64::max)).min((budget - spent).max(0.0))
}

/// Who gets a first look: the first of every model before the second of any, the cheaper before the dearer, as far as
/// the budget reaches.
pub(super) fn first_looks(standings: &[Standing], budget: f64) -> Vec<usize> {
    let of_one = |candidate: &usize| standings[*candidate].units.first().copied();
    let mut order: Vec<usize> = (0..standings.len())
        .filter(|candidate| of_one(candidate).is_some())
        .collect();
    order.sort_by(|&a, &b| {
        let by_place = standings[a].place.cmp(&standings[b].place);
        let by_units = || standings[a].units[0].total_cmp(&standings[b].units[0]);
        by_place.then_with(by_units).then(a.cmp(&b))
    });
    let mut spent = 0.0;
    order.retain(|&candidate| {
        let units = standings[candidate].units[0];
        let failed_at_once = standings[candidate].is_out && standings[candidate].figures.is_empty();
        let fits = failed_at_once || spent + units <= budget;
        spent += if fits && !failed_at_once { units } else { 0.0 };
        fits
    });
    order
}

/// The best third of those trained to the rung before, the best first.
fn promoted(standings: &[Standing], rung: usize) -> Vec<usize> {
    let figure = |candidate: usize| standings[candidate].figures.get(rung - 1).copied();
    let mut at_rung: Vec<(f64, usize)> = (0..standings.len())
        .filter(|&candidate| standings[candidate].is_trained())
        .filter_map(|candidate| Some((figure(candidate)?, candidate)))
        .collect();
    at_rung.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    at_rung.truncate(at_rung.len().div_ceil(ETA));
    at_rung
        .into_iter()
        .map(|(_, candidate)| candidate)
        .collect()
}

/// Whether a training may still come up to the best figure: a first look has to be within reach of it, and later the next
/// three times as many epochs would have to gain no more than the last did.
fn may_get_there(figures: &[f64], best: f64) -> bool {
    match figures {
        [] => true,
        [first] => *first >= WITHIN_REACH * best,
        [.., before, last] => last + (last - before).max(0.0) >= best,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(units: &[f64], place: usize) -> Standing {
        Standing {
            units: units.to_vec(),
            place,
            figures: Vec::new(),
            is_out: false,
        }
    }

    /// Holds a contest where candidate `c` has the figures `worth[c]`; tells who was measured.
    fn hold(standings: &mut [Standing], worth: &[&[f64]], budget: f64) -> Vec<usize> {
        let mut measured = Vec::new();
        while let Move::Measure(candidate) = next(standings, budget) {
            let figures = &mut standings[candidate].figures;
            figures.push(worth[candidate][figures.len()]);
            measured.push(candidate);
            assert!(measured.len() < 100, "the contest does not end");
        }
        measured
    }

    #[test]
    fn the_first_of_every_model_comes_first_and_the_best_training_goes_on() {
        let mut field = [
            standing(&[5.0], 0),
            standing(&[1.0], 1),
            standing(&[2.0, 6.0, 18.0], 0),
            standing(&[3.0, 9.0, 27.0], 1),
            standing(&[2.0, 6.0, 18.0], 2),
        ];
        let worth: [&[f64]; 5] = [
            &[0.30],
            &[0.10],
            &[0.2, 0.28, 0.35],
            &[0.25, 0.28, 0.29],
            &[0.1, 0.0, 0.0],
        ];
        // A third of three trainings goes on: the best at the first look. Its gain of .03 brings it within .31.
        assert_eq!(hold(&mut field, &worth, 100.0), [2, 0, 1, 3, 4, 3, 3]);
    }

    #[test]
    fn what_is_beyond_the_budget_is_not_measured() {
        let mut field = [
            standing(&[5.0], 0),
            standing(&[80.0], 0),
            standing(&[2.0, 200.0], 0),
        ];
        let worth: [&[f64]; 3] = [&[0.3], &[0.9], &[0.4, 0.5]];
        assert_eq!(hold(&mut field, &worth, 100.0), [2, 0]);
        assert_eq!(next(&[standing(&[80.0], 0)], 100.0), Move::Done);
    }

    #[test]
    fn a_training_out_of_reach_goes_no_further() {
        let costs: [&[f64]; 2] = [&[1.0], &[1.0, 1.0, 1.0]];
        let field = || costs.map(|units| standing(units, 0));
        // Less than half of the best after a ninth of the epochs.
        assert_eq!(
            hold(&mut field(), &[&[0.3], &[0.14, 0.4, 0.5]], 100.0),
            [0, 1]
        );
        // From .2 to .24: another .04 does not come up to .3.
        assert_eq!(
            hold(&mut field(), &[&[0.3], &[0.2, 0.24, 0.5]], 100.0),
            [0, 1, 1]
        );
        assert_eq!(
            hold(&mut field(), &[&[0.3], &[0.2, 0.26, 0.5]], 100.0),
            [0, 1, 1, 1]
        );
    }

    #[test]
    fn who_failed_is_not_asked_again() {
        let mut failed = standing(&[1.0, 1.0], 0);
        failed.is_out = true;
        assert_eq!(next(&[failed.clone()], 100.0), Move::Done);
        failed.figures = vec![0.5];
        assert_eq!(next(&[failed], 100.0), Move::Done);
    }
}
