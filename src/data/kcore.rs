//! The k-core of an interaction log: what is left when users and items of too few interactions are
//! removed until none is.

use super::Interactions;

/// Which rows belong to the k-core: every user and every item in it has at least `k` rows in it.
pub(super) fn k_core(rows: &Interactions, n_users: usize, n_items: usize, k: usize) -> Vec<bool> {
    let mut alive: Vec<u32> = (0..rows.len() as u32).collect();
    loop {
        let mut user_degrees = vec![0usize; n_users];
        let mut item_degrees = vec![0usize; n_items];
        for &row in &alive {
            user_degrees[rows.users[row as usize] as usize] += 1;
            item_degrees[rows.items[row as usize] as usize] += 1;
        }
        let before = alive.len();
        alive.retain(|&row| {
            user_degrees[rows.users[row as usize] as usize] >= k
                && item_degrees[rows.items[row as usize] as usize] >= k
        });
        if alive.len() == before {
            break;
        }
    }
    let mut keep = vec![false; rows.len()];
    alive.into_iter().for_each(|row| keep[row as usize] = true);
    keep
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_goes_on_until_nothing_is_too_rare() {
        // A 2x2 block, and a chain hanging from it that only falls apart step by step.
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3)];
        let rows = Interactions {
            users: pairs.iter().map(|pair| pair.0).collect(),
            items: pairs.iter().map(|pair| pair.1).collect(),
            ..Interactions::default()
        };
        assert_eq!(
            k_core(&rows, 3, 4, 2),
            [true, true, true, true, false, false, false]
        );
        assert_eq!(k_core(&rows, 3, 4, 3), [false; 7]);
        assert_eq!(k_core(&rows, 3, 4, 1), [true; 7]);
    }
}
