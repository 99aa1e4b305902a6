//! What re-ranked lists cost and gain beside those of the model, on the same users.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::beyond::coverage;
use super::bootstrap::Bootstrap;
use super::cohort::{EvaluationData, ranked_batches};
use super::compare::{CompareError, compare};
use super::comparison::Comparison;
use super::metrics::{ndcg, recall, relevance};
use super::result::PerUser;
use crate::data::ItemLists;
use crate::failure::{Fails, Failure};
use crate::inference::{
    RankError, Ranked, Reranker, Reranking, ScoreSource, Scorer, mean_likeness,
};

/// Users whose candidates are in memory at once.
const USERS_PER_BATCH: usize = 16_384;

/// A list for each of some users.
type Lists = Vec<Vec<Ranked>>;

/// The lists of a model and the same re-ranked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Price {
    /// How they were re-ranked.
    pub(crate) settings: Reranking,
    /// Items of a list.
    pub(crate) k: usize,
    /// Share of the catalogue recommended to at least one user, by the model's order and re-ranked.
    pub(crate) coverage: [f64; 2],
    /// Re-ranked less the model's order, user by user: `recall`, `ndcg`, `novelty` (mean `-log2` of the share of training
    /// users who have a listed item) and `similarity` (mean likeness of every two items of a list, by the model).
    pub(crate) comparison: Comparison,
}

/// A price that cannot be told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum PriceError {
    /// The lists cannot be made.
    #[error(transparent)]
    Rank(#[from] RankError),
    /// The users cannot be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
}

impl Fails for PriceError {
    fn failure(&self) -> Failure {
        match self {
            Self::Rank(error) => error.failure(),
            Self::Compare(error) => error.failure(),
        }
    }
}

/// What lists are made of, and the users they are measured on.
pub(crate) struct ToPrice<'a> {
    pub(crate) source: &'a dyn ScoreSource,
    pub(crate) scorer: &'a Scorer,
    pub(crate) data: EvaluationData<'a>,
    pub(crate) fingerprint: &'a str,
    pub(crate) k: usize,
    pub(crate) bootstrap: Bootstrap,
}

/// Lists as they are measured: by user, and how many hold each item.
struct Measured {
    per_user: PerUser,
    counts: Vec<u64>,
}

impl ToPrice<'_> {
    /// The price of a re-ranking.
    pub(crate) fn of(
        &self,
        settings: Reranking,
        reranker: &Reranker<'_>,
    ) -> Result<Price, PriceError> {
        let excluded = self.data.excluded();
        let best = |users: &[u32], k: usize| self.best(&excluded, users, k);
        let plain = self.measured(&|users| best(users, self.k))?;
        let reranked = self.measured(&|users| reranker.lists(users, self.k, &best))?;
        let [first, second] = [("as ranked", &plain), ("re-ranked", &reranked)]
            .map(|(name, measured)| (name, &measured.per_user));
        Ok(Price {
            settings,
            k: self.k,
            coverage: [coverage(&plain.counts), coverage(&reranked.counts)],
            comparison: compare(first, second, self.bootstrap)?,
        })
    }

    /// The `k` best items of some users by the model.
    fn best(&self, excluded: &ItemLists, users: &[u32], k: usize) -> Result<Lists, RankError> {
        let mut lists = Vec::with_capacity(users.len());
        for batch in ranked_batches(self.source, excluded, self.data.among, users, k) {
            lists.extend(batch?.into_iter().map(|(_, list)| list));
        }
        Ok(lists)
    }

    fn measured(
        &self,
        lists_of: &dyn Fn(&[u32]) -> Result<Lists, RankError>,
    ) -> Result<Measured, RankError> {
        let users = self.data.cohort().warm;
        let bits = bits_by_item(self.data.train, self.source.n_items());
        let mut rows = Vec::with_capacity(users.len());
        let mut counts = vec![0; self.source.n_items()];
        for users in users.chunks(USERS_PER_BATCH) {
            let lists = lists_of(users)?;
            for place in lists.iter().flatten() {
                counts[place.item as usize] += 1;
            }
            let row = |(&user, list): (&u32, &Vec<Ranked>)| self.row(user, list, &bits);
            rows.par_extend(users.par_iter().zip(&lists).map(row));
        }
        let names = ["recall", "ndcg", "novelty", "similarity"];
        let has = |name: &&str| *name != "similarity" || self.scorer.likeness(&[]).is_some();
        let columns = names.iter().enumerate().filter(|(_, name)| has(name));
        let column = |(at, name): (usize, &&str)| {
            let values = rows.iter().map(|row: &[f64; 4]| row[at]).collect();
            (format!("{name}@{}", self.k), values)
        };
        let metrics: BTreeMap<String, Vec<f64>> = columns.map(column).collect();
        let fingerprint = self.fingerprint.to_owned();
        Ok(Measured {
            per_user: PerUser {
                fingerprint,
                users,
                metrics,
            },
            counts,
        })
    }

    /// The four numbers of one list.
    fn row(&self, user: u32, list: &[Ranked], bits: &[f64]) -> [f64; 4] {
        let items: Vec<u32> = list.iter().map(|place| place.item).collect();
        let held_out = self.data.held_out.of(user);
        let hits = relevance(&items, held_out);
        let novelty: f64 = items.iter().map(|&item| bits[item as usize]).sum();
        [
            recall(&hits, held_out.len(), self.k),
            ndcg(&hits, held_out.len(), self.k),
            novelty / items.len().max(1) as f64,
            mean_likeness(self.scorer, &items).unwrap_or(0.0),
        ]
    }
}

/// The self-information of each item in bits, as [`novelty`](super::novelty) has it.
fn bits_by_item(train: &ItemLists, n_items: usize) -> Vec<f64> {
    let users = 0..train.n_users() as u32;
    let n_users = users.filter(|&user| !train.of(user).is_empty()).count();
    let n_users = n_users.max(1) as f64;
    let counts = train.counts_by_item(n_items).into_iter();
    counts
        .map(|count| (n_users / f64::from(count.max(1))).log2())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::IdMap;
    use crate::inference::{FoldIn, Recommender, ScoreHead, Tables};

    /// Two users who score items 0 and 1, which are twins, 1 and item 2, which is like neither, .5; both have item 3.
    #[test]
    fn a_price_by_hand() {
        let lists = |pairs: &[(u32, u32)]| ItemLists::from_pairs(2, pairs.iter().copied());
        let train = lists(&[(0, 3), (1, 3)]);
        let users = vec![1.0, 0.5, 1.0, 0.5];
        let items = vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0, -1.0, -1.0];
        let tables = Tables::new(2, 4, 2, users, items, ScoreHead::Dot).unwrap();
        let scorer = Scorer::Embeddings(tables, FoldIn::of_training(train.clone()));
        let keys = |n: usize| {
            let keys = (0..n).map(|at| at.to_string().into());
            IdMap::from_ordered_keys(keys.collect()).unwrap()
        };
        let known = Recommender::new(scorer, keys(2), keys(4), None, train.clone()).unwrap();
        let settings = Reranking {
            diversity: 0.6,
            ..Reranking::default()
        };
        let reranker = known.reranker(settings).unwrap().unwrap();
        // The first user takes item 2 next, the second item 1.
        let held_out = lists(&[(0, 2), (1, 1)]);
        let to_price = ToPrice {
            source: &known.source(),
            scorer: known.scorer(),
            data: EvaluationData {
                train: &train,
                also_excluded: None,
                held_out: &held_out,
                among: None,
            },
            fingerprint: "",
            k: 2,
            bootstrap: Bootstrap::default(),
        };
        let price = to_price.of(settings, &reranker).unwrap();
        // The list 0, 1 becomes 0, 2: .4 * 1 - .6 * 1 is less than .4 * 0 - .6 * 0.
        assert_eq!(price.coverage, [0.5, 0.5]);
        let of = |name: &str| {
            let all = price.comparison.differences.iter();
            let found = all.clone().find(|d| d.metric == name).unwrap();
            (found.baseline, found.candidate, found.wins, found.losses)
        };
        assert_eq!(of("recall@2"), (0.5, 0.5, 1, 1));
        assert_eq!(of("similarity@2"), (1.0, 0.0, 0, 2));
        // An item that none of two users has counts as if one had it.
        assert_eq!(of("novelty@2"), (1.0, 1.0, 0, 0));
    }
}
