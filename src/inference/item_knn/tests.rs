//! Item-kNN against dense algebra.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::inference::score_source::all_scores;
use crate::inference::{best_first, top_k};

const USERS: usize = 9;
const ITEMS: usize = 7;

fn train() -> ItemLists {
    let taken = |u: u32, i: u32| (u * 5 + i * i * 3 + u * i).is_multiple_of(3);
    let pairs = (0..USERS as u32)
        .flat_map(|u| (0..ITEMS as u32 - 1).map(move |i| (u, i)))
        .filter(|&(u, i)| taken(u, i));
    ItemLists::from_pairs(USERS, pairs)
}

/// What an interaction counts where they have weights.
fn weight(u: usize, i: usize) -> f64 {
    0.5f64.powi((u * 3 + i * 5) as i32 % 4)
}

/// Dense: the whole similarity matrix from the matrix `x`, rows cut to the largest, times `x`.
fn dense(x: impl Fn(usize, usize) -> f64, neighbours: usize, shrinkage: f64) -> Vec<f64> {
    let inner = |i: usize, j: usize| (0..USERS).map(|u| x(u, i) * x(u, j)).sum::<f64>();
    let mut similarity = vec![[0.0; ITEMS]; ITEMS];
    for (i, row) in similarity.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            let norm = (inner(i, i) * inner(j, j)).sqrt() + shrinkage;
            *cell = if i == j || norm == 0.0 {
                0.0
            } else {
                inner(i, j) / norm
            };
        }
        let mut order: Vec<usize> = (0..ITEMS).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]).then(a.cmp(&b)));
        order.iter().skip(neighbours).for_each(|&j| row[j] = 0.0);
    }
    let mut scores = vec![0.0; USERS * ITEMS];
    for u in 0..USERS {
        for i in 0..ITEMS {
            scores[u * ITEMS + i] = (0..ITEMS).map(|j| x(u, j) * similarity[i][j]).sum();
        }
    }
    scores
}

#[test]
fn equals_the_dense_computation() {
    let train = train();
    let has = |u: usize, i: usize| train.contains(u as u32, i as u32);
    let weights: Vec<f32> = train
        .pairs()
        .map(|(u, i)| weight(u as usize, i as usize) as f32)
        .collect();
    for (neighbours, shrinkage) in [(100, 0.0), (3, 0.0), (2, 5.0), (0, 0.0)] {
        let config = ItemKnnConfig {
            neighbours,
            shrinkage: shrinkage as f32,
        };
        let plain = ItemKnn::new(&train, ITEMS, &config);
        let expected = dense(|u, i| f64::from(u8::from(has(u, i))), neighbours, shrinkage);
        let weighed = ItemKnn::fit(&train, &weights, ITEMS, &config, &|| false).unwrap();
        let x = |u, i| if has(u, i) { weight(u, i) } else { 0.0 };
        let cases = [
            (plain, expected),
            (weighed, dense(x, neighbours, shrinkage)),
        ];
        for (knn, expected) in cases {
            let scores = all_scores(&knn);
            for (score, expected) in scores.iter().zip(expected) {
                assert!(
                    (f64::from(*score) - expected).abs() < 1e-6,
                    "{score} is not {expected}"
                );
            }
            assert!(neighbours == 0 || scores.iter().any(|&score| score > 0.0));
        }
    }
}

#[test]
fn a_history_is_worth_the_same_to_whoever_has_it() {
    let train = train();
    let knn = ItemKnn::new(&train, ITEMS, &ItemKnnConfig::default());
    let history = train.of(4).iter().map(|&item| (0, item));
    let somebody = knn.with_histories(ItemLists::from_pairs(1, history));
    assert_eq!(
        all_scores(&somebody),
        all_scores(&knn)[4 * ITEMS..][..ITEMS]
    );
    assert!(ItemKnn::fit(&train, &[], ITEMS, &ItemKnnConfig::default(), &|| true).is_none());
}

#[test]
fn similar_items_are_the_neighbours_then_the_others() {
    // Items 1 and 2 of item 0: two users of two, one of two.
    let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 3)];
    let train = ItemLists::from_pairs(3, pairs.into_iter());
    let config = ItemKnnConfig {
        neighbours: 2,
        shrinkage: 0.0,
    };
    let knn = ItemKnn::new(&train, 5, &config);
    let place = |item, score| Ranked { item, score };
    let half = 0.5f32.sqrt();
    let expected = [place(1, 1.0), place(2, half), place(3, 0.0), place(4, 0.0)];
    assert_eq!(knn.similar(0, 9, &[0]).unwrap(), expected);
    assert_eq!(knn.similar(0, 1, &[0, 1]).unwrap(), [place(2, half)]);
    assert_eq!(knn.similar(0, 0, &[0]), Err(RankError::ZeroK));
}

/// An old interaction may decay to nothing: its item is no neighbour, and no place of a list is taken twice.
#[test]
fn what_decayed_to_nothing_does_not_count() {
    let train = ItemLists::from_pairs(2, [(0, 0), (0, 1), (1, 0), (1, 2)].into_iter());
    let weights = [0.0, 1e-30, 1.0, 1e-30];
    let knn = ItemKnn::fit(&train, &weights, 4, &ItemKnnConfig::default(), &|| false).unwrap();
    assert_eq!(knn.neighbours().row(0), [2]);
    let lists = top_k(&knn, &[0, 1], 4, None).unwrap();
    for list in lists {
        let mut items: Vec<u32> = list.iter().map(|place| place.item).collect();
        items.sort_unstable();
        assert_eq!(items, [0, 1, 2, 3]);
    }
}

/// Lists longer than the items with a vote, with seen items left out, next to every score sorted.
#[test]
fn lists_are_those_of_all_scores() {
    let train = train();
    let config = ItemKnnConfig {
        neighbours: 1,
        shrinkage: 0.0,
    };
    let knn = ItemKnn::new(&train, ITEMS, &config);
    let users: Vec<u32> = (0..USERS as u32).collect();
    let mut scores = vec![0.0; USERS * ITEMS];
    knn.score_tile(&users, 0..ITEMS, &mut scores);
    assert!(scores.contains(&0.0));
    for k in 1..=ITEMS {
        let lists = top_k(&knn, &users, k, Some(&train)).unwrap();
        for (&user, list) in users.iter().zip(&lists) {
            let row = (0..).zip(&scores[user as usize * ITEMS..][..ITEMS]);
            let mut all: Vec<Ranked> = row
                .map(|(item, &score)| Ranked { item, score })
                .filter(|place| !train.contains(user, place.item))
                .collect();
            all.sort_by(best_first);
            all.truncate(k);
            assert_eq!(list, &all);
        }
    }
}

#[test]
fn a_tile_is_a_part_of_the_row() {
    let train = train();
    let knn = ItemKnn::new(&train, ITEMS, &ItemKnnConfig::default());
    let (mut row, mut tile) = (vec![0.0; ITEMS], vec![0.0; 3]);
    knn.score_tile(&[4], 0..ITEMS, &mut row);
    knn.score_tile(&[4], 2..5, &mut tile);
    assert_eq!(tile, row[2..5]);
}
