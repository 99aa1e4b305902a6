//! Orders of small graphs: by hand, planted, degenerate.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::split::TrainSet;

fn order(n_users: usize, n_items: usize, pairs: &[(u32, u32)]) -> NodeOrder {
    let train = TrainSet::of_pairs(n_users, n_items, pairs);
    NodeOrder::by_locality(&InteractionGraph::new(&train).unwrap())
}

fn sorted(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids
}

const COMMUNITIES: u32 = 12;
const USERS: u32 = 50;
const ITEMS: u32 = 40;

/// Communities of 50 users and 40 items; each user has 8 draws, one in `outside` from all items.
/// Names are shuffled: the communities of users and items by their ids are returned.
fn planted(outside: Option<u32>) -> (Vec<(u32, u32)>, Vec<u32>, Vec<u32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut names = |n: u32| {
        let mut names: Vec<u32> = (0..n).collect();
        names.shuffle(&mut rng);
        names
    };
    let (users, items) = (names(COMMUNITIES * USERS), names(COMMUNITIES * ITEMS));
    let mut pairs = Vec::new();
    for user in 0..COMMUNITIES * USERS {
        for draw in 0..8 {
            // The first draw goes round, so that no item is without users.
            let item = match outside {
                _ if draw == 0 => user / USERS * ITEMS + user % ITEMS,
                Some(every) if rng.random_range(0..every) == 0 => {
                    rng.random_range(0..COMMUNITIES * ITEMS)
                }
                _ => user / USERS * ITEMS + rng.random_range(0..ITEMS),
            };
            pairs.push((users[user as usize], items[item as usize]));
        }
    }
    let community = |names: &[u32], size: u32| {
        let places = ranks(names);
        places.into_iter().map(|place| place / size).collect()
    };
    (pairs, community(&users, USERS), community(&items, ITEMS))
}

/// Mean distance between the places of neighbours, each side's places scaled to 0..1.
fn mean_stretch(order: &NodeOrder, pairs: &[(u32, u32)]) -> f64 {
    let (users, items) = (ranks(&order.users), ranks(&order.items));
    let place = |ranks: &[u32], id: u32| f64::from(ranks[id as usize]) / (ranks.len() as f64 - 1.0);
    let stretch = |&(user, item): &(u32, u32)| (place(&users, user) - place(&items, item)).abs();
    pairs.iter().map(stretch).sum::<f64>() / pairs.len() as f64
}

#[test]
fn separate_communities_lie_in_one_piece_each() {
    let (pairs, of_user, of_item) = planted(None);
    let order = order(of_user.len(), of_item.len(), &pairs);
    let pieces = |order: &[u32], of: &[u32]| {
        let mut communities: Vec<u32> = order.iter().map(|&id| of[id as usize]).collect();
        communities.dedup();
        communities
    };
    let users = pieces(&order.users, &of_user);
    assert_eq!(users.len(), COMMUNITIES as usize);
    assert_eq!(users, pieces(&order.items, &of_item), "and side by side");
}

/// Two unrelated places in 0..1 are 1/3 apart in the mean; within one of 12 communities that lie in
/// one piece, 1/36 apart. With a fifth of the edges leading anywhere, the best there is lies near
/// 4/5 of 1/36 and 1/5 of 1/3: 0.089. Shuffled names give 0.333.
#[test]
fn mixed_communities_are_pulled_together() {
    let (pairs, of_user, of_item) = planted(Some(5));
    let key_order = NodeOrder {
        users: (0..of_user.len() as u32).collect(),
        items: (0..of_item.len() as u32).collect(),
    };
    let shuffled = mean_stretch(&key_order, &pairs);
    let ordered = mean_stretch(&order(of_user.len(), of_item.len(), &pairs), &pairs);
    assert!((shuffled - 1.0 / 3.0).abs() < 0.02, "{shuffled}");
    assert!(ordered < 0.4 * shuffled, "{ordered} of {shuffled}");
}

#[test]
fn a_chain_is_laid_out_in_a_line() {
    // 3 - 0 - 1 - 2 - 0' - 1 ...: user k shares item k with user k + 1, under scrambled names.
    let names = [3, 0, 4, 1, 2];
    let pairs: Vec<(u32, u32)> = (0..4)
        .flat_map(|link| [(names[link], link as u32), (names[link + 1], link as u32)])
        .collect();
    let order = order(5, 4, &pairs);
    let ranks = ranks(&order.users);
    let steps = names.windows(2).map(|ends| {
        i64::from(ranks[ends[0] as usize]).abs_diff(i64::from(ranks[ends[1] as usize]))
    });
    assert!(steps.max() <= Some(2), "{:?}", order.users);
}

#[test]
fn degenerate_graphs_keep_every_id() {
    assert_eq!(order(1, 1, &[(0, 0)]), order(1, 1, &[]));
    let empty = order(0, 0, &[]);
    assert!(empty.users.is_empty() && empty.items.is_empty());
    assert_eq!(order(0, 3, &[]).items, [0, 1, 2]);
    let lonely = order(4, 5, &[(2, 3), (2, 1), (3, 1)]);
    assert_eq!(
        lonely.users[2..],
        [0, 1],
        "users without interactions come last"
    );
    assert_eq!(lonely.items[2..], [0, 2, 4], "and so do items");
}

#[test]
fn threads_change_nothing() {
    let (pairs, of_user, of_item) = planted(Some(3));
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| order(of_user.len(), of_item.len(), &pairs))
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(1), on(7));
}

proptest! {
    #[test]
    fn an_order_is_a_permutation(
        pairs in prop::collection::vec((0u32..12, 0u32..9), 0..40),
    ) {
        let order = order(12, 9, &pairs);
        prop_assert_eq!(sorted(order.users), (0..12).collect::<Vec<_>>());
        prop_assert_eq!(sorted(order.items), (0..9).collect::<Vec<_>>());
    }
}
