//! Item neighbourhoods: recommend what is taken together with what the user took (Sarwar et al. 2001,
//! Deshpande and Karypis 2004).

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::ItemLists;
use crate::inference::{Ranked, ScoreSource, best_first};

/// How neighbourhoods are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnConfig {
    /// Neighbours kept an item.
    pub neighbours: usize,
    /// Added to the denominator of the cosine: pulls similarities that rest on few users towards 0. The default was
    /// the best of 0, 5, 10, 20, 50 and 100 on a tenth of Gowalla's train pairs held out for it.
    pub shrinkage: f32,
}

impl Default for ItemKnnConfig {
    fn default() -> Self {
        Self {
            neighbours: 100,
            shrinkage: 20.0,
        }
    }
}

/// Scores an item by the sum of its similarities to those of its nearest neighbours that the user has:
/// `cos(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage)`.
#[derive(Debug, Clone)]
pub struct ItemKnn {
    train: ItemLists,
    n_items: usize,
    /// `votes[row_ptr[j]..row_ptr[j + 1]]` are the items that have `j` among their neighbours, by id.
    row_ptr: Vec<usize>,
    votes: Vec<Ranked>,
}

/// Co-occurrence counts of one item, reused from item to item.
struct Counts {
    counts: Vec<u32>,
    touched: Vec<u32>,
}

impl ItemKnn {
    /// Finds the neighbours of every item. Time grows with the sum over users of their train items squared.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn new(train: &ItemLists, n_items: usize, config: &ItemKnnConfig) -> Self {
        let by_item =
            ItemLists::from_pairs(n_items, train.pairs().map(|(user, item)| (item, user)));
        let empty = || Counts {
            counts: vec![0; n_items],
            touched: Vec::new(),
        };
        let lists: Vec<Vec<Ranked>> = (0..n_items as u32)
            .into_par_iter()
            .map_init(empty, |counts, item| {
                nearest(train, &by_item, item, config, counts)
            })
            .collect();
        let (row_ptr, votes) = transpose(&lists);
        Self {
            train: train.clone(),
            n_items,
            row_ptr,
            votes,
        }
    }

    fn votes_of(&self, item: u32) -> &[Ranked] {
        &self.votes[self.row_ptr[item as usize]..self.row_ptr[item as usize + 1]]
    }
}

/// From neighbours by item to items by neighbour, in compressed rows.
fn transpose(lists: &[Vec<Ranked>]) -> (Vec<usize>, Vec<Ranked>) {
    let mut row_ptr = vec![0usize; lists.len() + 1];
    for neighbour in lists.iter().flatten() {
        row_ptr[neighbour.item as usize + 1] += 1;
    }
    for item in 0..lists.len() {
        row_ptr[item + 1] += row_ptr[item];
    }
    let mut next = row_ptr.clone();
    let mut votes = vec![
        Ranked {
            item: 0,
            score: 0.0
        };
        row_ptr[lists.len()]
    ];
    for (item, list) in (0u32..).zip(lists) {
        for neighbour in list {
            let place = &mut next[neighbour.item as usize];
            votes[*place] = Ranked {
                item,
                score: neighbour.score,
            };
            *place += 1;
        }
    }
    (row_ptr, votes)
}

/// The nearest neighbours of one item, in any order.
fn nearest(
    train: &ItemLists,
    by_item: &ItemLists,
    item: u32,
    config: &ItemKnnConfig,
    scratch: &mut Counts,
) -> Vec<Ranked> {
    let Counts { counts, touched } = scratch;
    for &user in by_item.of(item) {
        for &other in train.of(user) {
            if counts[other as usize] == 0 {
                touched.push(other);
            }
            counts[other as usize] += 1;
        }
    }
    let degree = |item: u32| by_item.of(item).len() as f64;
    let cosine = |other: u32, common: u32| {
        let norm = (degree(item) * degree(other)).sqrt() + f64::from(config.shrinkage);
        (f64::from(common) / norm) as f32
    };
    let mut list: Vec<Ranked> = touched
        .drain(..)
        .map(|other| (other, std::mem::take(&mut counts[other as usize])))
        .filter(|&(other, _)| other != item)
        .map(|(other, common)| Ranked {
            item: other,
            score: cosine(other, common),
        })
        .collect();
    if list.len() > config.neighbours {
        if config.neighbours > 0 {
            list.select_nth_unstable_by(config.neighbours - 1, best_first);
        }
        list.truncate(config.neighbours);
    }
    list
}

impl ScoreSource for ItemKnn {
    fn n_users(&self) -> usize {
        self.train.n_users()
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        assert_eq!(
            out.len(),
            users.len() * items.len(),
            "one score a user and item"
        );
        out.fill(0.0);
        for (&user, row) in users.iter().zip(out.chunks_exact_mut(items.len().max(1))) {
            for &item in self.train.of(user) {
                for vote in self.votes_of(item) {
                    let at = vote.item as usize;
                    if items.contains(&at) {
                        row[at - items.start] += vote.score;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: usize = 9;
    const ITEMS: usize = 7;

    fn train() -> ItemLists {
        let taken = |u: u32, i: u32| (u * 5 + i * i * 3 + u * i).is_multiple_of(3);
        let pairs = (0..USERS as u32)
            .flat_map(|u| (0..ITEMS as u32 - 1).map(move |i| (u, i)))
            .filter(|&(u, i)| taken(u, i));
        ItemLists::from_pairs(USERS, pairs)
    }

    /// Dense: the whole similarity matrix from the 0/1 matrix, rows cut to the largest, times the 0/1 matrix.
    fn dense(train: &ItemLists, neighbours: usize, shrinkage: f64) -> Vec<f64> {
        let x = |u: usize, i: usize| f64::from(u8::from(train.contains(u as u32, i as u32)));
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
        for (neighbours, shrinkage) in [(100, 0.0), (3, 0.0), (2, 5.0), (0, 0.0)] {
            let config = ItemKnnConfig {
                neighbours,
                shrinkage: shrinkage as f32,
            };
            let knn = ItemKnn::new(&train, ITEMS, &config);
            let users: Vec<u32> = (0..USERS as u32).collect();
            let mut scores = vec![f32::NAN; USERS * ITEMS];
            knn.score_into(&users, &mut scores);
            for (score, expected) in scores.iter().zip(dense(&train, neighbours, shrinkage)) {
                assert!(
                    (f64::from(*score) - expected).abs() < 1e-6,
                    "{score} is not {expected}"
                );
            }
            assert!(neighbours == 0 || scores.iter().any(|&score| score > 0.0));
        }
    }

    #[test]
    fn a_tile_is_a_part_of_the_row() {
        let train = train();
        let knn = ItemKnn::new(&train, ITEMS, &ItemKnnConfig::default());
        let (mut row, mut tile) = (vec![0.0; ITEMS], vec![0.0; 3]);
        knn.score_into(&[4], &mut row);
        knn.score_tile(&[4], 2..5, &mut tile);
        assert_eq!(tile, row[2..5]);
    }
}
