//! A score as a sum over a history: what each item of it adds to the scores of other items.

use super::fold_in::FoldInError;
use super::history::History;
use super::item_side::inner;
use super::scorer::Scorer;
use super::tables::Tables;
use sagebrush_model::ScoreHead;

impl Scorer {
    /// What each item of a history adds to the scores of the `listed` ones for somebody with that history, without the
    /// prior: a row for each of these. `None` for a perceptron, whose scores are no such sum; popularity has nothing to
    /// do with histories, so all shares are 0.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When the model does not know one of the items.
    pub(super) fn shares(
        &self,
        history: History<'_>,
        listed: &[u32],
    ) -> Result<Option<Vec<Vec<f64>>>, FoldInError> {
        Ok(Some(match self {
            Self::Embeddings(tables, fold_in) => match tables.head() {
                ScoreHead::Dot => fold_in.shares(tables, history.items, listed)?,
                ScoreHead::Mlp { .. } => return Ok(None),
            },
            Self::ItemMeans(tables) => of_means(tables, history, listed),
            Self::Filter(filter) => filter.shares(history, listed),
            Self::ItemKnn(knn) => by_item(history, listed, |item, listed| {
                let (neighbours, similarities) = knn.neighbours().weighted_row(listed);
                let place = neighbours.iter().position(|&neighbour| neighbour == item);
                place.map_or(0.0, |place| similarities[place].max(0.0))
            }),
            Self::Ease(ease) => by_item(history, listed, |item, listed| {
                ease.row(item)[listed as usize]
            }),
            Self::Popularity(_) => by_item(history, listed, |_, _| 0.0),
        }))
    }

    /// Whether scores are sums over histories.
    pub(super) fn has_shares(&self) -> bool {
        let is_perceptron = |tables: &Tables| matches!(tables.head(), ScoreHead::Mlp { .. });
        !matches!(self, Self::Embeddings(tables, _) if is_perceptron(tables))
    }

    /// The history that a user's scores are made of, where the model holds it: not where users have vectors.
    pub(super) fn history_of(&self, user: u32) -> Option<History<'_>> {
        match self {
            Self::Filter(filter) => Some(filter.history(user)),
            Self::ItemKnn(knn) => Some(knn.history(user)),
            Self::Ease(ease) => Some(ease.history(user)),
            Self::Popularity(_) => Some(History::default()),
            Self::Embeddings(..) | Self::ItemMeans(_) => None,
        }
    }
}

/// Shares that are what an item says of a listed one, times what the item counts.
fn by_item(history: History<'_>, listed: &[u32], says: impl Fn(u32, u32) -> f32) -> Vec<Vec<f64>> {
    let of_listed = |&listed: &u32| {
        let share = |(item, weight)| f64::from(weight) * f64::from(says(item, listed));
        history.entries().map(share).collect()
    };
    listed.iter().map(of_listed).collect()
}

/// Shares of a user who is the mean of the items at length 1: the length is that of the whole mean.
fn of_means(tables: &Tables, history: History<'_>, listed: &[u32]) -> Vec<Vec<f64>> {
    let side = tables.item_side();
    let mut sum = vec![0.0f64; tables.own_dim()];
    for (item, weight) in history.entries() {
        for (sum, &value) in sum.iter_mut().zip(side.own_row(item)) {
            *sum += f64::from(weight) * f64::from(value);
        }
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    let scale = if length > 0.0 { length.recip() } else { 0.0 };
    let of_listed = |&listed: &u32| {
        let listed = side.own_row(listed);
        let share = |(item, weight): (u32, f32)| {
            scale * f64::from(weight) * inner(side.own_row(item), listed)
        };
        history.entries().map(share).collect()
    };
    listed.iter().map(of_listed).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::EaseSettings;
    use crate::data::ItemLists;
    use crate::inference::score_source::all_scores;
    use crate::inference::{
        Ease, FoldIn, IalsConfig, ItemKnn, ItemKnnConfig, Popularity, factorize,
    };

    const USERS: usize = 40;
    const ITEMS: usize = 23;

    /// Histories of 1 to 15 items, none of which has the last one.
    fn train() -> ItemLists {
        let has = |u: u32, i: u32| (u * 5 + i * i * 3 + u * i) % 11 < 1 + u % 7;
        let pairs = (0..USERS as u32).flat_map(|u| (0..ITEMS as u32 - 1).map(move |i| (u, i)));
        let one_each = (0..USERS as u32).map(|u| (u, u % 5));
        let pairs = pairs.filter(|&(u, i)| has(u, i)).chain(one_each);
        ItemLists::from_pairs(USERS, pairs.collect::<Vec<_>>().into_iter())
    }

    /// All models whose scores are sums over histories.
    fn scorers(train: &ItemLists) -> Vec<(&'static str, Scorer)> {
        let tables = || Tables::random(USERS, ITEMS, 6);
        let ials = IalsConfig {
            dim: 9,
            alpha: 0.2,
            l2: 0.05,
            l2_power: 1.0,
            iterations: 3,
        };
        let factors = factorize(train, ITEMS, &ials, 7, &|_| true).unwrap();
        let ease = Ease::fit(train, ITEMS, &EaseSettings { l2: 3.0 }, &|| false).unwrap();
        let knn = ItemKnn::new(train, ITEMS, &ItemKnnConfig::default());
        let fold_in = FoldIn::of_training(train.clone());
        vec![
            ("fold-in", Scorer::Embeddings(tables(), fold_in)),
            ("ials", Scorer::Embeddings(factors, FoldIn::of_ials(ials))),
            ("means", Scorer::ItemMeans(tables())),
            ("ease", Scorer::Ease(ease)),
            ("knn", Scorer::ItemKnn(knn)),
            (
                "filter",
                Scorer::Filter(crate::inference::filter::fixture(train, ITEMS, true)),
            ),
            (
                "linear filter",
                Scorer::Filter(crate::inference::filter::fixture(train, ITEMS, false)),
            ),
        ]
    }

    fn close(found: f64, expected: f64, scale: f64, what: &str) {
        let error = (found - expected).abs();
        assert!(
            error <= 1e-4 * scale.max(1e-6),
            "{what}: {found} is not {expected}"
        );
    }

    #[test]
    fn shares_add_up_to_the_scores() {
        let train = train();
        let listed: Vec<u32> = (0..ITEMS as u32).collect();
        for (name, scorer) in scorers(&train) {
            let scores = all_scores(&*scorer.fold_in(&train).unwrap());
            for user in 0..USERS {
                let history = History::of(&train, &[], user as u32);
                let shares = scorer.shares(history, &listed).unwrap().unwrap();
                for (item, shares) in shares.iter().enumerate() {
                    let score = f64::from(scores[user * ITEMS + item]);
                    let scale = shares.iter().map(|share| share.abs()).sum();
                    assert_eq!(shares.len(), history.items.len());
                    close(shares.iter().sum(), score, scale, name);
                }
            }
        }
    }

    /// What is left out of a history takes its share with it. The map of a fold-in divides by the root of the history's
    /// length, which is put back; the other vectors change with the whole history.
    #[test]
    fn a_share_is_what_a_score_loses_without_the_item() {
        let train = train();
        let listed: Vec<u32> = (0..ITEMS as u32).collect();
        for (name, scorer) in scorers(&train) {
            let root = |n: usize| match name {
                "fold-in" => (n as f64).sqrt(),
                _ => 1.0,
            };
            if ["ials", "means"].contains(&name) {
                continue;
            }
            for user in [3, 6, 13, 20] {
                let items = train.of(user);
                let history = History::of(&train, &[], user);
                let shares = scorer.shares(history, &listed).unwrap().unwrap();
                // The whole history, and without each of its items.
                let without = |left_out: usize| {
                    let all = items.iter().enumerate();
                    let kept = all.filter(move |&(at, _)| at + 1 != left_out);
                    kept.map(move |(_, &item)| (left_out as u32, item))
                };
                let pairs: Vec<(u32, u32)> = (0..=items.len()).flat_map(without).collect();
                let lists = ItemLists::from_pairs(items.len() + 1, pairs.into_iter());
                let scores = all_scores(&*scorer.fold_in(&lists).unwrap());
                let n = items.len();
                for (item, shares) in shares.iter().enumerate() {
                    let score = |at: usize| f64::from(scores[at * ITEMS + item]);
                    let scale: f64 = shares.iter().map(|share| share.abs()).sum();
                    for (at, share) in shares.iter().enumerate() {
                        let lost = root(n) * score(0) - root(n - 1) * score(at + 1);
                        close(root(n) * share, lost, root(n) * scale, name);
                    }
                }
            }
        }
    }

    /// Equation 7 of Hu et al. by an inverse of dense algebra.
    #[test]
    fn shares_of_ials_are_those_of_dense_algebra() {
        use nalgebra::{DMatrix, DVector};
        let train = train();
        let dim = 9;
        let (_, scorer) = scorers(&train).swap_remove(1);
        let table = scorer.tables().unwrap().items().to_vec();
        let row =
            |item: u32| DVector::from_fn(dim, |at, _| f64::from(table[item as usize * dim + at]));
        // Histories shorter and longer than a vector.
        for user in [0, 6, 13, 27] {
            let items = train.of(user);
            let ridge = 0.05 * (items.len() as f64 + 0.2 * ITEMS as f64);
            let mut system = DMatrix::identity(dim, dim) * ridge;
            for item in 0..ITEMS as u32 {
                let has = f64::from(u8::from(items.contains(&item)));
                system += row(item) * row(item).transpose() * (0.2 + has);
            }
            let inverse = system.try_inverse().unwrap();
            let history = History::of(&train, &[], user);
            let shares = scorer.shares(history, &[4, 22]).unwrap().unwrap();
            for (listed, shares) in [4, 22].into_iter().zip(&shares) {
                for (&item, share) in items.iter().zip(shares) {
                    let expected = row(item).dot(&(&inverse * row(listed)));
                    assert!((share - expected).abs() < 1e-6, "{share}, {expected}");
                }
            }
        }
    }

    #[test]
    fn weights_count_and_neighbours_alone_speak() {
        let knn = ItemKnn::of_neighbours(
            crate::data::Csr::from_rows([vec![(1, 0.5), (2, 0.25)], vec![(0, 0.5)], Vec::new()]),
            ItemLists::from_pairs(1, [(0, 1), (0, 2)].into_iter()),
            vec![1.0, 0.5],
        );
        let scorer = Scorer::ItemKnn(knn);
        let history = scorer.history_of(0).unwrap();
        let shares = scorer.shares(history, &[0, 1]).unwrap().unwrap();
        assert_eq!(shares, [[0.5, 0.125], [0.0, 0.0]]);
        let popular = Scorer::Popularity(Popularity::of_counts(1, vec![3.0, 1.0]));
        let shares = popular.shares(history, &[0]).unwrap().unwrap();
        assert_eq!(shares, [[0.0, 0.0]]);
    }
}
