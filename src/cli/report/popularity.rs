//! Tenths of the catalogue by popularity, and how a list of items spreads over them.

/// Into how many groups of equal size the catalogue is cut.
pub(crate) const N_DECILES: usize = 10;

/// The tenth of the catalogue each item belongs to: 0 for the most popular, 9 for the least. Items
/// of equal degree are ordered by id.
///
/// `degrees[item]` is the number of training interactions.
pub(crate) fn popularity_deciles(degrees: &[u32]) -> Vec<u8> {
    let mut order: Vec<usize> = (0..degrees.len()).collect();
    order.sort_by_key(|&item| (std::cmp::Reverse(degrees[item]), item));
    let mut deciles = vec![0; degrees.len()];
    for (rank, item) in order.into_iter().enumerate() {
        deciles[item] = (rank * N_DECILES / degrees.len()) as u8;
    }
    deciles
}

/// The share of each tenth among weighted items; all zero when the weights sum to nothing.
///
/// # Panics
/// When an item is not below `deciles.len()`.
pub(crate) fn decile_shares(
    deciles: &[u8],
    items: impl IntoIterator<Item = (u32, f64)>,
) -> Vec<f64> {
    let mut shares = vec![0.0; N_DECILES];
    for (item, weight) in items {
        shares[deciles[item as usize] as usize] += weight;
    }
    let total: f64 = shares.iter().sum();
    if total > 0.0 {
        shares.iter_mut().for_each(|share| *share /= total);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_popular_tenth_comes_first_and_ties_go_by_id() {
        let mut degrees = vec![1; 20];
        degrees[19] = 9;
        degrees[7] = 5;
        let deciles = popularity_deciles(&degrees);
        assert_eq!(
            (deciles[19], deciles[7], deciles[0], deciles[18]),
            (0, 0, 1, 9)
        );
        assert_eq!(
            (0..10)
                .map(|d| deciles.iter().filter(|&&x| x == d).count())
                .max(),
            Some(2)
        );
        assert!(popularity_deciles(&[]).is_empty());
    }

    #[test]
    fn shares_sum_to_one() {
        let deciles = [0, 9, 9];
        let shares = decile_shares(&deciles, [(0, 1.0), (1, 2.0), (2, 1.0)]);
        assert_eq!((shares[0], shares[5], shares[9]), (0.25, 0.0, 0.75));
        assert_eq!(decile_shares(&deciles, []).iter().sum::<f64>(), 0.0);
    }
}
