//! Splits by time, and what decides where many interactions share the moment of a cut.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::draws::Draws;
use super::parts::{Part, mark, per_user, share};
use crate::config::SplitConfig;
use crate::data::Interactions;

/// A cut moves to another moment where that costs less than one interaction in so many.
const COST: usize = 100;

/// A cut by time that fell among interactions of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiedCut {
    /// The part that begins at the cut: `validation` or `test`.
    pub part: String,
    /// The moment, in seconds since 1970.
    pub moment: i64,
    /// Interactions of the log at that moment.
    pub n_interactions: usize,
    /// Those of them that are after the cut: none or all where the cut moved to another moment; others were drawn by
    /// the seed.
    pub n_after: usize,
}

/// What splits by time found of equal times.
#[derive(Debug, Default)]
pub(super) struct Ties {
    pub(super) cuts: Vec<TiedCut>,
    /// Users whose last interactions share a moment, where those decide.
    pub(super) n_users: usize,
}

/// The newest interactions of all are test, the newest of the rest validation. Without `draws`, ids decide between
/// equal times.
pub(super) fn temporal(
    log: &Interactions,
    times: &[i64],
    config: &SplitConfig,
    draws: Option<&Draws<'_>>,
) -> (Vec<Part>, Ties) {
    let mut order = by_time(log, times);
    let mut ties = Ties::default();
    let mut cuts = Cuts {
        log,
        times,
        draws,
        ties: &mut ties,
    };
    let test = cuts.cut(
        &mut order,
        log.len(),
        share(log.len(), config.test_fraction),
        "test",
    );
    let n_validation = share(test, config.validation_fraction);
    let validation = cuts.cut(&mut order, test, n_validation, "validation");
    let mut parts = vec![Part::Train; log.len()];
    mark(&mut parts, &order[test..], Part::Test);
    mark(&mut parts, &order[validation..test], Part::Validation);
    (parts, ties)
}

/// The newest interactions are validation.
pub(super) fn newest_are_validation(
    log: &Interactions,
    times: &[i64],
    config: &SplitConfig,
    draws: Option<&Draws<'_>>,
) -> (Vec<Part>, Ties) {
    let none_for_test = SplitConfig {
        test_fraction: 0.0,
        ..config.clone()
    };
    temporal(log, times, &none_for_test, draws)
}

/// A user's last interaction is test, the one before validation; users with fewer than three train only.
pub(super) fn leave_last_out(
    log: &Interactions,
    times: &[i64],
    config: &SplitConfig,
    draws: Option<&Draws<'_>>,
) -> (Vec<Part>, Ties) {
    let mut n_users = 0;
    let has_validation = config.validation_fraction > 0.0;
    let parts = per_user(log, |user, rows, parts| {
        if rows.len() < 3 {
            return;
        }
        rows.sort_by_key(|&row| {
            let (time, item) = (times[row as usize], log.items[row as usize]);
            let draw = draws.map_or(0, |draws| draws.of(user, item));
            (time, draw, item)
        });
        let last = rows.len() - 1;
        parts[rows[last] as usize] = Part::Test;
        if has_validation {
            parts[rows[last - 1] as usize] = Part::Validation;
        }
        let time = |at: usize| times[rows[at] as usize];
        let is_tied =
            time(last) == time(last - 1) || has_validation && time(last - 1) == time(last - 2);
        n_users += usize::from(is_tied && draws.is_some());
    });
    let cuts = Vec::new();
    (parts, Ties { cuts, n_users })
}

/// Rows from oldest to newest; equal times by user and then by item, whatever the order of the log.
fn by_time(log: &Interactions, times: &[i64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..log.len() as u32).collect();
    // Pairs are distinct, so no two rows have one key.
    order.sort_unstable_by_key(|&row| {
        let row = row as usize;
        (times[row], log.users[row], log.items[row])
    });
    order
}

/// Cuts an order of rows, from the newest part to the oldest.
struct Cuts<'a> {
    log: &'a Interactions,
    times: &'a [i64],
    draws: Option<&'a Draws<'a>>,
    ties: &'a mut Ties,
}

impl Cuts<'_> {
    /// Where the `n` newest rows of `order[..end]` begin. A cut that would fall among rows of one moment moves to the
    /// nearer end of the moment where that is cheap; else the seed draws which rows of the moment come after it.
    fn cut(&mut self, order: &mut [u32], end: usize, n: usize, part: &str) -> usize {
        let at = end - n;
        let time = |row: u32| self.times[row as usize];
        let (Some(draws), false) = (self.draws, n == 0 || at == 0) else {
            return at;
        };
        let moment = time(order[at]);
        if time(order[at - 1]) != moment {
            return at;
        }
        let from = order.partition_point(|&row| time(row) < moment);
        let to = order.partition_point(|&row| time(row) <= moment);
        // Neither part may become empty.
        let ends = [to, from]
            .into_iter()
            .filter(|&there| there > 0 && there < end)
            .filter(|&there| there.abs_diff(at) * COST < self.log.len());
        let at = match ends.min_by_key(|&there| there.abs_diff(at)) {
            Some(there) => there,
            None => self.drawn(&mut order[from..to.min(end)], draws, from, at),
        };
        self.ties.cuts.push(TiedCut {
            part: part.to_owned(),
            moment,
            n_interactions: to - from,
            n_after: to - at.clamp(from, to),
        });
        at
    }

    /// Orders the rows of a moment so that those with the smallest numbers come last, and gives the cut. In the first
    /// moment of a log nobody has an earlier interaction: there each user keeps one, as in a random split.
    fn drawn(&self, rows: &mut [u32], draws: &Draws<'_>, from: usize, at: usize) -> usize {
        let (users, items) = (&self.log.users, &self.log.items);
        rows.sort_unstable();
        let mut kept = Vec::new();
        if from == 0 {
            let of_users = rows.chunk_by(|&a, &b| users[a as usize] == users[b as usize]);
            kept.extend(of_users.filter_map(|rows| draws.kept(self.log, rows.iter().copied())));
        }
        // Rows ascend by user, and so do those that are kept.
        rows.sort_by_cached_key(|row| {
            let is_kept = kept.binary_search(row).is_ok();
            let draw = draws.of(users[*row as usize], items[*row as usize]);
            (!is_kept, Reverse(draw), *row)
        });
        let last = from + rows.len() - 1;
        at.max((from + kept.len()).min(last))
    }
}
