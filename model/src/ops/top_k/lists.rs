//! From what a device keeps of each user to ranked lists.
#![cfg_attr(not(feature = "gpu"), allow(dead_code))]

use super::RankingError;

/// No item.
const NONE: u32 = u32::MAX;

/// Appends the lists of `users` out of `[users.len(), 2 k + 1]`: K keys, K items, and the first item whose score is not
/// a number. A key of 0 is no place.
pub(super) fn decode(
    users: &[u32],
    best: &[u32],
    k: usize,
    lists: &mut Vec<Vec<(u32, f32)>>,
) -> Result<(), RankingError> {
    for (&user, row) in users.iter().zip(best.chunks_exact(2 * k + 1)) {
        let (keys, items) = row.split_at(k);
        if items[k] != NONE {
            let item = items[k];
            return Err(RankingError::NotANumber { user, item });
        }
        let places = items.iter().zip(keys).take_while(|&(_, &key)| key > 0);
        lists.push(places.map(|(&item, &key)| (item, score(key))).collect());
    }
    Ok(())
}

/// The score of a key: its bits with the sign turned, or all of them where it was negative.
fn score(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 0 { !key } else { key ^ 1 << 31 })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_scores_and_short_lists_end() {
        let key = |score: f32| match score.to_bits() {
            bits if bits >> 31 == 0 => bits | 1 << 31,
            bits => !bits,
        };
        let best = [
            [key(2.5), key(-1.0), 7, 3, NONE],
            [key(f32::NEG_INFINITY), 0, 4, NONE, NONE],
        ];
        let mut lists = Vec::new();
        decode(&[5, 6], &best.concat(), 2, &mut lists).unwrap();
        assert_eq!(
            lists,
            [vec![(7, 2.5), (3, -1.0)], vec![(4, f32::NEG_INFINITY)]]
        );
        let bad = decode(
            &[5, 6],
            &[0, 0, NONE, NONE, 9, 0, 0, 0, 0, 8],
            2,
            &mut lists,
        );
        assert!(matches!(
            bad,
            Err(RankingError::NotANumber { user: 5, item: 9 })
        ));
    }
}
