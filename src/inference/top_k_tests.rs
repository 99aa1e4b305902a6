//! Every list against a full sort, and what is refused.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::rank_error::RankError;
use super::score_source::ScoreSource;
use super::selection::{Ranked, best_first};
use super::tables::Tables;
use super::top_k::{ranked_in_blocks, top_k, top_k_among, top_k_without};
use crate::data::ItemLists;

/// Scores from a table, in tiles of a chosen width.
struct Table {
    n_items: usize,
    tile: usize,
    scores: Vec<f32>,
}

impl ScoreSource for Table {
    fn n_users(&self) -> usize {
        self.scores.len() / self.n_items
    }
    fn n_items(&self) -> usize {
        self.n_items
    }
    fn items_per_tile(&self) -> usize {
        self.tile
    }
    fn score_tile(&self, users: &[u32], items: std::ops::Range<usize>, out: &mut [f32]) {
        for (&user, row) in users.iter().zip(out.chunks_exact_mut(items.len())) {
            let start = user as usize * self.n_items;
            row.copy_from_slice(&self.scores[start + items.start..start + items.end]);
        }
    }
}

fn full_sort(table: &Table, user: u32, k: usize, seen: &ItemLists) -> Vec<Ranked> {
    let row = &table.scores[user as usize * table.n_items..][..table.n_items];
    let mut all: Vec<Ranked> = (0..)
        .zip(row)
        .filter(|&(item, _)| !seen.contains(user, item))
        .map(|(item, &score)| Ranked { item, score })
        .collect();
    all.sort_by(best_first);
    all.truncate(k);
    all
}

fn of_everyone(n_users: usize, items: &[u32]) -> ItemLists {
    let users = 0..n_users as u32;
    let pairs = users.flat_map(|user| items.iter().map(move |&item| (user, item)));
    ItemLists::from_pairs(n_users, pairs)
}

proptest! {
    /// Few distinct scores make many ties; every K, tile width and block size gives the full sort.
    #[test]
    fn equals_a_full_sort(
        n_users in 1usize..12, n_items in 1usize..70, k_draw in 0usize..1000, tile in 1usize..80,
        block in 1usize..9, levels in 1u32..30, seed in any::<u64>(),
    ) {
        let k = 1 + k_draw % n_items;
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as u32
        };
        let scores = (0..n_users * n_items).map(|_| (draw() % levels) as f32 - 3.0).collect();
        let table = Table { n_items, tile, scores };
        let pairs: Vec<(u32, u32)> =
            (0..n_users * 5).map(|_| (draw() % n_users as u32, draw() % n_items as u32)).collect();
        let seen = ItemLists::from_pairs(n_users, pairs.into_iter());
        let users: Vec<u32> = (0..n_users as u32).rev().collect();
        let lists = ranked_in_blocks(&table, &users, k, Some(&seen), &[], block).unwrap();
        for (&user, list) in users.iter().zip(&lists) {
            prop_assert_eq!(list, &full_sort(&table, user, k, &seen));
        }
        // The same with some items that nobody may get.
        let excluded: Vec<u32> = (0..n_items as u32).filter(|_| draw() % 3 == 0).collect();
        let alone = of_everyone(n_users, &excluded);
        for (seen, hidden) in [(None, &alone), (Some(&seen), &alone.union(&seen))] {
            let lists = ranked_in_blocks(&table, &users, k, seen, &excluded, block).unwrap();
            for (&user, list) in users.iter().zip(&lists) {
                prop_assert_eq!(list, &full_sort(&table, user, k, hidden));
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_block_size_thread_count_or_company() {
    let source = Tables::random(300, 2500, 48);
    let users: Vec<u32> = (0..300).collect();
    let reference = top_k(&source, &users, 30, None).unwrap();
    let bits = |lists: &[Vec<Ranked>]| -> Vec<(u32, u32)> {
        lists
            .iter()
            .flatten()
            .map(|r| (r.item, r.score.to_bits()))
            .collect()
    };
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        for block in [1, 7, 64, 300] {
            let lists = pool.install(|| ranked_in_blocks(&source, &users, 30, None, &[], block));
            assert_eq!(bits(&lists.unwrap()), bits(&reference));
        }
    }
    let alone = top_k(&source, &[211], 30, None).unwrap();
    assert_eq!(bits(&alone), bits(&reference[211..212]));
}

/// A part of the catalogue: the full lists without the other items, and the same bits; by tiles and by vectors.
#[test]
fn among_some_items_the_others_are_left_out() {
    let vectors = Tables::random(60, 500, 16);
    let mut scores = vec![0.0; 60 * 500];
    let users: Vec<u32> = (0..60).rev().collect();
    vectors.score_tile(&(0..60).collect::<Vec<u32>>(), 0..500, &mut scores);
    let table = Table {
        n_items: 500,
        tile: 64,
        scores,
    };
    let items: Vec<u32> = (0..500)
        .filter(|item| item % 7 == 3 || item % 64 == 0)
        .collect();
    let pairs = (0..60u32).flat_map(|user| (0..5).map(move |at| (user, (user + at) * 7 + 3)));
    let seen = ItemLists::from_pairs(60, pairs);
    // By the source, and by a part of the source for few users and for many.
    let few = &users[..5];
    let asked: [(&dyn ScoreSource, &[u32]); 3] =
        [(&vectors, &users), (&vectors, few), (&table, &users)];
    for (source, users) in asked {
        let all = top_k(source, users, 500, Some(&seen)).unwrap();
        for k in [1, 10, 200] {
            let lists = top_k_among(source, users, k, Some(&seen), &items).unwrap();
            for (list, all) in lists.iter().zip(&all) {
                let kept = all.iter().filter(|place| items.contains(&place.item));
                let expected: Vec<Ranked> = kept.take(k).copied().collect();
                assert_eq!(list, &expected);
            }
        }
    }
    assert_eq!(top_k_among(&table, &[3], 4, None, &[]), Ok(vec![vec![]]));
    let refused = |items: &[u32]| {
        let without = top_k_without(&table, &[3], 4, None, items).unwrap_err();
        assert_eq!(
            without,
            top_k_among(&table, &[3], 4, None, items).unwrap_err()
        );
        without
    };
    let n_items = 500;
    assert_eq!(refused(&[4, 4]), RankError::ItemList { item: 4, n_items });
    assert_eq!(
        refused(&[5, 500]),
        RankError::ItemList { item: 500, n_items }
    );
}

#[test]
fn bad_requests_are_refused_with_their_figures() {
    let table = Table {
        n_items: 3,
        tile: 3,
        scores: vec![0.0; 6],
    };
    let seen = ItemLists::from_pairs(5, [].into_iter());
    assert_eq!(top_k(&table, &[0], 0, None), Err(RankError::ZeroK));
    let (three, all) = (top_k(&table, &[0], 3, None), top_k(&table, &[0], 4, None));
    assert_eq!(three.as_ref().map(|lists| lists[0].len()), Ok(3));
    assert_eq!(all, three);
    assert_eq!(
        top_k(&table, &[2], 1, None),
        Err(RankError::UnknownUser {
            user: 2,
            n_users: 2
        })
    );
    assert_eq!(
        top_k(&table, &[0], 1, Some(&seen)),
        Err(RankError::SeenUsers {
            seen: 5,
            n_users: 2
        })
    );
}

#[test]
fn a_nan_names_the_first_user_and_item() {
    let mut scores = vec![0.0; 12];
    scores[5] = f32::NAN;
    scores[9] = f32::NAN;
    let table = Table {
        n_items: 4,
        tile: 2,
        scores,
    };
    let error = top_k(&table, &[0, 2, 1], 1, None);
    assert_eq!(error, Err(RankError::NotANumber { user: 2, item: 1 }));
}
