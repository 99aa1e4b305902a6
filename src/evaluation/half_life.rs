//! The half-life of recent popularity, chosen on a held-out part that lies after the training part.

use super::brief::recall_and_ndcg;
use super::cohort::EvaluationData;
use crate::data::moment_of;
use crate::inference::{Popularity, RankError};

/// The half-lives that are tried, in days.
pub const HALF_LIVES_DAYS: [f64; 12] = [
    0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0,
];

/// The half-life in days whose recent popularity, as of the newest training interaction, ranks what is held out best by
/// `metric`, such as `ndcg@20`; of equal ones the shortest. `times` are those of `data.train`. `None` where nobody can be
/// measured or no time is known.
///
/// # Errors
/// A depth of 0.
pub fn best_half_life(
    data: EvaluationData<'_>,
    times: &[i64],
    n_items: usize,
    metric: &str,
) -> Result<Option<f64>, RankError> {
    let Some(moment) = moment_of(times) else {
        return Ok(None);
    };
    if times.len() != data.train.n_pairs() || data.cohort().warm.is_empty() {
        return Ok(None);
    }
    let depth = depth_of(metric);
    let mut best: Option<(f64, f64)> = None;
    for half_life in HALF_LIVES_DAYS {
        let popularity = Popularity::recent(data.train, times, moment, half_life, n_items);
        let figures = recall_and_ndcg(&popularity, data, depth)?;
        let value = figures.get(metric).copied().unwrap_or_default();
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((half_life, value));
        }
    }
    Ok(best.map(|(half_life, _)| half_life))
}

/// The depth of a metric such as `ndcg@20`; 20 where it names none.
pub(crate) fn depth_of(metric: &str) -> usize {
    const USUAL: usize = 20;
    let depth = metric.split_once('@').and_then(|(_, k)| k.parse().ok());
    depth.unwrap_or(USUAL)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::ItemLists;

    const DAY: i64 = 86_400;

    fn chosen(train: &[(u32, u32, i64)], held_out: &[(u32, u32)]) -> Option<f64> {
        let pairs = train.iter().map(|&(user, item, _)| (user, item));
        let lists = ItemLists::from_pairs(6, pairs);
        let mut sorted = train.to_vec();
        sorted.sort_unstable();
        let times: Vec<i64> = sorted.iter().map(|&(_, _, day)| day * DAY).collect();
        let held_out = ItemLists::from_pairs(6, held_out.iter().copied());
        let data = EvaluationData {
            train: &lists,
            also_excluded: None,
            held_out: &held_out,
            among: None,
        };
        best_half_life(data, &times, 4, "ndcg@1").unwrap()
    }

    #[test]
    fn a_short_half_life_where_the_new_is_next_and_a_long_one_where_the_old_stays() {
        // Item 0 had three users 20 days ago, item 1 two users 5 days ago, item 2 one today.
        let train = [
            (0, 0, 80),
            (1, 0, 80),
            (2, 0, 80),
            (3, 1, 95),
            (4, 1, 95),
            (5, 2, 100),
        ];
        // Today's item leads while 2 * 2^(-5/h) < 1: up to half-lives below 5 days.
        assert_eq!(chosen(&train, &[(0, 2), (3, 2)]), Some(0.5));
        // 2 * 2^(-5/h) > 1 and > 3 * 2^(-20/h): from 7 to 14 days; at 5 both count 1, and the smaller id is first.
        assert_eq!(chosen(&train, &[(0, 1), (5, 1)]), Some(5.0));
        // 3 * 2^(-20/h) > 2 * 2^(-5/h): above 15 / log2(1.5) = 25.6 days.
        assert_eq!(chosen(&train, &[(3, 0), (5, 0)]), Some(30.0));
        assert_eq!(chosen(&train, &[]), None);
    }

    #[test]
    fn a_metric_tells_its_depth() {
        assert_eq!((depth_of("recall@7"), depth_of("other")), (7, 20));
    }
}
