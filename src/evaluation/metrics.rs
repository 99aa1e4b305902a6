//! Accuracy metrics of one ranked list, as pure functions on slices.
//!
//! Every function takes `hits`, the relevance of the ranked items from the top, and `n_relevant`, the size of the
//! user's held-out set P. A list shorter than K counts as if non-relevant items followed. The definitions are
//! those of `trec_eval` with binary relevance.

/// The metrics of an evaluation; names read `recall@20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Hits over |P|.
    Recall,
    /// Binary normalised discounted cumulative gain.
    Ndcg,
    /// Hits over K.
    Precision,
    /// Whether there is a hit.
    HitRate,
    /// Reciprocal rank of the first hit.
    Mrr,
    /// Average precision.
    Map,
}

impl Metric {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 6] = [
        Self::Recall,
        Self::Ndcg,
        Self::Precision,
        Self::HitRate,
        Self::Mrr,
        Self::Map,
    ];

    /// The name without K.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Ndcg => "ndcg",
            Self::Precision => "precision",
            Self::HitRate => "hit_rate",
            Self::Mrr => "mrr",
            Self::Map => "map",
        }
    }

    /// The name at a depth, such as `recall@20`.
    pub fn at(self, k: usize) -> String {
        format!("{}@{k}", self.name())
    }

    /// The value for one user.
    pub fn value(self, hits: &[bool], n_relevant: usize, k: usize) -> f64 {
        match self {
            Self::Recall => recall(hits, n_relevant, k),
            Self::Ndcg => ndcg(hits, n_relevant, k),
            Self::Precision => precision(hits, k),
            Self::HitRate => hit_rate(hits, k),
            Self::Mrr => reciprocal_rank(hits, k),
            Self::Map => average_precision(hits, n_relevant, k),
        }
    }
}

/// Which of the ranked items are held out, from the top; `held_out` ascending.
pub fn relevance(ranked: &[u32], held_out: &[u32]) -> Vec<bool> {
    ranked
        .iter()
        .map(|item| held_out.binary_search(item).is_ok())
        .collect()
}

fn top(hits: &[bool], k: usize) -> &[bool] {
    &hits[..k.min(hits.len())]
}

fn count(hits: &[bool], k: usize) -> f64 {
    top(hits, k).iter().filter(|&&hit| hit).count() as f64
}

/// Hits among the first `k`, over |P| (not over `min(k, |P|)`); 0 for an empty P.
pub fn recall(hits: &[bool], n_relevant: usize, k: usize) -> f64 {
    if n_relevant == 0 {
        0.0
    } else {
        count(hits, k) / n_relevant as f64
    }
}

/// Hits among the first `k`, over `k`; 0 for `k` of 0.
pub fn precision(hits: &[bool], k: usize) -> f64 {
    if k == 0 {
        0.0
    } else {
        count(hits, k) / k as f64
    }
}

/// 1 with a hit among the first `k`, else 0.
pub fn hit_rate(hits: &[bool], k: usize) -> f64 {
    f64::from(u8::from(top(hits, k).contains(&true)))
}

/// 1 over the place of the first hit, 0 without one among the first `k`.
pub fn reciprocal_rank(hits: &[bool], k: usize) -> f64 {
    top(hits, k)
        .iter()
        .position(|&hit| hit)
        .map_or(0.0, |place| 1.0 / (place + 1) as f64)
}

/// Precision at each hit among the first `k`, summed and divided by |P| (`map_cut` of `trec_eval`; other sources
/// divide by `min(k, |P|)`); 0 for an empty P.
pub fn average_precision(hits: &[bool], n_relevant: usize, k: usize) -> f64 {
    if n_relevant == 0 {
        return 0.0;
    }
    let places = top(hits, k)
        .iter()
        .enumerate()
        .filter(|&(_, &hit)| hit)
        .map(|(place, _)| place);
    let sum: f64 = (1..)
        .zip(places)
        .map(|(n, place)| f64::from(n) / (place + 1) as f64)
        .sum();
    sum / n_relevant as f64
}

/// Binary gains discounted by `log2(place + 1)`, over the same sum with hits on the first `min(k, |P|)` places;
/// 0 for an empty P.
pub fn ndcg(hits: &[bool], n_relevant: usize, k: usize) -> f64 {
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let ideal: f64 = (0..k.min(n_relevant)).map(discount).sum();
    if ideal == 0.0 {
        return 0.0;
    }
    let gains = top(hits, k).iter().enumerate().filter(|&(_, &hit)| hit);
    gains.map(|(place, _)| discount(place)).sum::<f64>() / ideal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() < 1e-12,
            "{value} is not {expected}"
        );
    }

    #[test]
    fn hand_computed_list() {
        // Ranked 4 7 1 9 2, held out {1, 2, 3}: hits on places 3 and 5.
        let hits = relevance(&[4, 7, 1, 9, 2], &[1, 2, 3]);
        assert_eq!(hits, [false, false, true, false, true]);
        close(recall(&hits, 3, 5), 2.0 / 3.0);
        close(recall(&hits, 3, 4), 1.0 / 3.0);
        close(precision(&hits, 5), 0.4);
        close(hit_rate(&hits, 2), 0.0);
        close(hit_rate(&hits, 3), 1.0);
        close(reciprocal_rank(&hits, 5), 1.0 / 3.0);
        close(reciprocal_rank(&hits, 2), 0.0);
        // (1/3 + 2/5) / 3
        close(average_precision(&hits, 3, 5), 11.0 / 45.0);
        // (1/2 + 1/log2 6) / (1 + 1/log2 3 + 1/2)
        close(
            ndcg(&hits, 3, 5),
            0.886_852_807_234_541_6 / 2.130_929_753_571_457_4,
        );
    }

    #[test]
    fn a_short_list_counts_as_misses() {
        let hits = [true];
        close(precision(&hits, 10), 0.1);
        close(recall(&hits, 20, 10), 0.05);
        close(ndcg(&hits, 1, 10), 1.0);
        close(average_precision(&hits, 2, 10), 0.5);
    }

    #[test]
    fn recall_of_a_large_held_out_set_is_bounded_by_its_size_not_by_k() {
        close(recall(&[true, true], 8, 2), 0.25);
        close(ndcg(&[true, true], 8, 2), 1.0);
        close(average_precision(&[true, true], 8, 2), 0.25);
    }

    #[test]
    fn an_empty_held_out_set_is_zero() {
        for metric in Metric::ALL {
            close(metric.value(&[false, false], 0, 2), 0.0);
        }
        close(precision(&[], 0), 0.0);
    }
}
