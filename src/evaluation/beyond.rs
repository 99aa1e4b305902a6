//! Beyond accuracy: how much of the catalogue is recommended, how evenly, and how far from the obvious.

/// Share of the catalogue recommended to at least one user; `counts[i]` = lists that hold item `i`.
pub fn coverage(counts: &[u64]) -> f64 {
    if counts.is_empty() {
        return 0.0;
    }
    counts.iter().filter(|&&count| count > 0).count() as f64 / counts.len() as f64
}

/// The Gini coefficient of the counts over the whole catalogue: 0 when every item is recommended equally often,
/// `(n - 1) / n` when only one is. 0 when nothing is recommended.
pub fn gini(counts: &[u64]) -> f64 {
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    if total == 0.0 {
        return 0.0;
    }
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let n = sorted.len() as f64;
    let weigh = |(place, count): (f64, &u64)| (2.0 * place - n - 1.0) * *count as f64;
    let places = (1..=sorted.len()).map(|place| place as f64);
    places.zip(&sorted).map(weigh).sum::<f64>() / (n * total)
}

/// Mean self-information, in bits, of the recommended items: `-log2` of the share of the train users who have the
/// item, averaged over all places of all lists. An item that nobody has counts as if one user had it. 0 when nothing is
/// recommended.
pub fn novelty(counts: &[u64], popularity: &[u64], n_train_users: usize) -> f64 {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let users = n_train_users.max(1) as f64;
    let bits = |(&count, &popularity): (&u64, &u64)| {
        count as f64 * (users / popularity.max(1) as f64).log2()
    };
    counts.iter().zip(popularity).map(bits).sum::<f64>() / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed() {
        assert_eq!(coverage(&[0, 2, 1, 0]), 0.5);
        assert_eq!(gini(&[3, 3, 3]), 0.0);
        assert_eq!(gini(&[0, 0, 0, 8]), 0.75);
        // Counts 1 and 3: (-1 * 1 + 1 * 3) / (2 * 4).
        assert_eq!(gini(&[3, 1]), 0.25);
        // Half of 8 users: 1 bit; one of 8: 3 bits; nobody: as one.
        assert_eq!(
            novelty(&[2, 1, 1], &[4, 1, 0], 8),
            (2.0 * 1.0 + 3.0 + 3.0) / 4.0
        );
    }

    #[test]
    fn nothing_recommended_is_zero() {
        assert_eq!(
            (coverage(&[]), gini(&[0, 0]), novelty(&[0], &[1], 3)),
            (0.0, 0.0, 0.0)
        );
    }
}
