//! Item neighbourhoods: recommend what is taken together with what the user took (Sarwar et al. 2001,
//! Deshpande and Karypis 2004).

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::rows_of_tile;
use crate::data::{Csr, ItemLists};
use crate::inference::{Ranked, ScoreSource, Selection};

/// How neighbourhoods are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnConfig {
    /// Neighbours kept per item.
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
    /// By item, the items that have it among their neighbours, by id, each with its similarity.
    votes: Csr<f32>,
}

/// Co-occurrence counts of one item, reused from item to item.
struct Counts {
    counts: Vec<u32>,
    /// One longer than the catalogue, so that an item can be written before it is known to be new: a branch would be
    /// mispredicted half of the time.
    touched: Vec<u32>,
}

/// What the neighbours of an item are found in.
struct Neighbourhoods<'a> {
    train: &'a ItemLists,
    by_item: &'a Csr,
    /// Square roots of the items' numbers of users.
    roots: &'a [f64],
    config: &'a ItemKnnConfig,
}

impl ItemKnn {
    /// Finds the neighbours of every item. Time grows with the sum over users of their train items squared.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn new(train: &ItemLists, n_items: usize, config: &ItemKnnConfig) -> Self {
        let by_item = train.users_by_item(n_items);
        let empty = || Counts {
            counts: vec![0; n_items],
            touched: vec![0; n_items + 1],
        };
        let roots: Vec<f64> = (0..n_items as u32)
            .map(|item| f64::from(by_item.degree(item)).sqrt())
            .collect();
        let neighbourhoods = Neighbourhoods {
            train,
            by_item: &by_item,
            roots: &roots,
            config,
        };
        let lists: Vec<Vec<Ranked>> = (0..n_items as u32)
            .into_par_iter()
            .map_init(empty, |counts, item| neighbourhoods.nearest(item, counts))
            .collect();
        let neighbours = lists
            .iter()
            .map(|list| list.iter().map(|place| (place.item, place.score)));
        Self {
            train: train.clone(),
            n_items,
            votes: Csr::from_rows(neighbours).transposed(n_items),
        }
    }

    /// The items that an item of a user speaks for, and how much for each.
    fn votes_of(&self, item: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let (items, similarities) = self.votes.weighted_row(item);
        items.iter().copied().zip(similarities.iter().copied())
    }
}

impl Neighbourhoods<'_> {
    /// The nearest neighbours of one item.
    fn nearest(&self, item: u32, scratch: &mut Counts) -> Vec<Ranked> {
        if self.config.neighbours == 0 {
            return Vec::new();
        }
        let Counts { counts, touched } = scratch;
        let mut n_touched = 0;
        for &user in self.by_item.row(item) {
            for &other in self.train.of(user) {
                let count = &mut counts[other as usize];
                touched[n_touched] = other;
                n_touched += usize::from(*count == 0);
                *count += 1;
            }
        }
        let mut selection = Selection::new(self.config.neighbours, &[]);
        let (root, shrinkage) = (self.roots[item as usize], f64::from(self.config.shrinkage));
        for &other in &touched[..n_touched] {
            let common = std::mem::take(&mut counts[other as usize]);
            let norm = root * self.roots[other as usize] + shrinkage;
            let cosine = (f64::from(common) / norm) as f32;
            if other != item && selection.is_open_to(cosine) {
                selection.push(other, cosine);
            }
        }
        // A quotient of positive numbers is never NaN.
        selection.finish().unwrap_or_default()
    }
}

impl ScoreSource for ItemKnn {
    fn n_users(&self) -> usize {
        self.train.n_users()
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        out.fill(0.0);
        for (user, row) in rows_of_tile(users, &items, out) {
            for &item in self.train.of(user) {
                for (other, similarity) in self.votes_of(item) {
                    let at = other as usize;
                    if items.contains(&at) {
                        row[at - items.start] += similarity;
                    }
                }
            }
        }
    }

    /// Looks only at the items that get a vote; the others, all of score 0, fill up a list that is too short.
    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        let mut scores = vec![0f32; self.n_items];
        let mut touched = vec![0u32; self.n_items + 1];
        for (&user, selection) in users.iter().zip(selections) {
            let mut n_touched = 0;
            for &item in self.train.of(user) {
                for (other, similarity) in self.votes_of(item) {
                    let score = &mut scores[other as usize];
                    touched[n_touched] = other;
                    n_touched += usize::from(*score == 0.0);
                    *score += similarity;
                }
            }
            let touched = &touched[..n_touched];
            let seen = selection.seen();
            let unseen = |item: u32| seen.binary_search(&item).is_err();
            for &item in touched {
                let score = scores[item as usize];
                if selection.is_open_to(score) && unseen(item) {
                    selection.push(item, score);
                }
            }
            let missing = selection.k().saturating_sub(selection.n_candidates());
            let without_vote = |&item: &u32| scores[item as usize] == 0.0 && unseen(item);
            for item in (0..self.n_items as u32).filter(without_vote).take(missing) {
                selection.push(item, 0.0);
            }
            touched.iter().for_each(|&item| scores[item as usize] = 0.0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
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
            knn.score_tile(&users, 0..ITEMS, &mut scores);
            for (score, expected) in scores.iter().zip(dense(&train, neighbours, shrinkage)) {
                assert!(
                    (f64::from(*score) - expected).abs() < 1e-6,
                    "{score} is not {expected}"
                );
            }
            assert!(neighbours == 0 || scores.iter().any(|&score| score > 0.0));
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
}
