//! Which of the rows that are left out of a data set its users are known to have, and from which moment.

use crate::data::{AlsoSeen, Dataset, Interactions, ItemLists};

/// The first moments of the parts that a split by time cuts; `None` for a part that is not cut by time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    pub(super) validation: Option<i64>,
    pub(super) test: Option<i64>,
}

/// Sorts the rows left out by the moments. Pairs that stand in a part are not left out; `None` where nothing is.
pub(super) fn also_seen(
    dataset: &Dataset,
    moments: Moments,
    parts: &[&ItemLists],
) -> Option<AlsoSeen> {
    let n_users = dataset.users.len();
    let is_apart = |&(user, item): &(u32, u32)| parts.iter().all(|part| !part.contains(user, item));
    let rows = &dataset.also_seen;
    let group = |row: usize| {
        let time = rows.timestamps.as_ref().map(|times| times[row]);
        let is_from = |moment: Option<i64>| matches!((time, moment), (Some(time), Some(moment)) if time >= moment);
        match (is_from(moments.test), is_from(moments.validation)) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    };
    let lists = |wanted: usize, also: Option<&Interactions>| {
        let of_log = pairs(rows).enumerate();
        let of_log = of_log.filter(|&(row, _)| group(row) == wanted);
        let all = of_log.map(|(_, pair)| pair);
        let all = all.chain(also.into_iter().flat_map(pairs));
        ItemLists::from_pairs(n_users, all.filter(is_apart))
    };
    let found = AlsoSeen {
        before_validation: lists(0, None),
        before_test: lists(1, None),
        later: lists(2, dataset.also_seen_in_test.as_ref()),
    };
    let all = [&found.before_validation, &found.before_test, &found.later];
    all.iter().any(|lists| lists.n_pairs() > 0).then_some(found)
}

fn pairs(rows: &Interactions) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
    rows.users.iter().copied().zip(rows.items.iter().copied())
}
