//! The graph that PinSAGE computes over: items with features and neighbourhoods, and the items of each user.

use std::sync::Arc;

use super::feature_dropout::FeatureDropout;
use super::neighbourhoods::Neighbourhoods;
use crate::graph::{SparseMatrix, SparseRows};
use crate::ops::dropout::mix;

/// Items with their features and neighbourhoods, and the items of each user.
#[derive(Clone, Debug)]
pub struct ItemGraph {
    /// `[n_items, n_features]`
    features: Arc<SparseMatrix>,
    /// Columns of the features that count an item's edges.
    edge_features: Option<EdgeFeatures>,
    neighbourhoods: Neighbourhoods,
    user_ptr: Vec<usize>,
    user_items: Vec<u32>,
    /// What each of the users' items counts; none for 1 each.
    user_weights: Vec<f32>,
    query: Query,
}

/// The items in place of a user in a training pair with one of the user's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The mean of this many other items of the user, drawn anew each time; of all others, where there are not more.
    Others(usize),
    /// For each of the users' items the item before it in the user's history by time; where that is [`ItemGraph::NONE`], another
    /// item of the user is drawn.
    Before(Vec<u32>),
}

/// Columns of the features that count an item's edges. They are hidden together with its neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeFeatures {
    /// The column of the number of edges.
    pub known: u32,
    /// The column that is 1 where there is no such number.
    pub missing: u32,
}

impl ItemGraph {
    /// The item before a user's first item: there is none.
    pub const NONE: u32 = u32::MAX;

    /// User `u` has `user_items[user_ptr[u]..user_ptr[u + 1]]`, ascending.
    ///
    /// # Panics
    /// When the parts do not fit together.
    pub fn new(
        features: Arc<SparseMatrix>,
        neighbourhoods: Neighbourhoods,
        user_ptr: Vec<usize>,
        user_items: Vec<u32>,
    ) -> Self {
        let n = neighbourhoods.n_items();
        assert_eq!(features.n_rows(), n, "a row an item");
        assert_eq!(user_ptr.last(), Some(&user_items.len()), "lists of users");
        assert!(user_items.iter().all(|&item| (item as usize) < n), "items");
        Self {
            features,
            edge_features: None,
            neighbourhoods,
            user_ptr,
            user_items,
            user_weights: Vec::new(),
            query: Query::Others(1),
        }
    }

    /// The same graph with columns that count edges.
    #[must_use]
    pub fn with_edge_features(mut self, columns: Option<EdgeFeatures>) -> Self {
        self.edge_features = columns;
        self
    }

    /// The same graph with another [`Query`] in place of users.
    ///
    /// # Panics
    /// When [`Query::Before`] has not one an item of a user, or [`Query::Others`] is none.
    #[must_use]
    pub fn with_query(mut self, query: Query) -> Self {
        match &query {
            Query::Before(before) => assert_eq!(before.len(), self.user_items.len(), "one each"),
            Query::Others(n) => assert!(*n > 0, "others of the user's"),
        }
        self.query = query;
        self
    }

    /// The same graph, the users' items counting by weights above 0: others are drawn by them, and a mean is weighted. None
    /// for 1 each.
    ///
    /// # Panics
    /// When there are weights, but not one an item of a user.
    #[must_use]
    pub fn with_user_weights(self, user_weights: Vec<f32>) -> Self {
        let n = user_weights.len();
        assert!(n == 0 || n == self.user_items.len(), "a weight each");
        Self {
            user_weights,
            ..self
        }
    }

    /// Items alone, without users: the graph that new items are embedded with.
    pub fn of_items(features: Arc<SparseMatrix>, neighbourhoods: Neighbourhoods) -> Self {
        Self::new(features, neighbourhoods, vec![0], Vec::new())
    }

    /// Number of users.
    pub fn n_users(&self) -> usize {
        self.user_ptr.len() - 1
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.neighbourhoods.n_items()
    }

    /// Floats of an item's features.
    pub fn n_features(&self) -> usize {
        self.features.n_columns()
    }

    /// The items of each user, and what each counts, where that is not 1.
    pub(super) fn histories(&self) -> impl Iterator<Item = (&[u32], &[f32])> {
        let history = |ends: &[usize]| {
            let weights = self.user_weights.get(ends[0]..ends[1]);
            let items = &self.user_items[ends[0]..ends[1]];
            (items, weights.unwrap_or_default())
        };
        self.user_ptr.windows(2).map(history)
    }

    pub(super) fn neighbourhoods(&self) -> &Neighbourhoods {
        &self.neighbourhoods
    }

    /// Some items' features, `[items.len(), n_features]`; columns that count edges are left out of hidden items, and
    /// values that dropout drops.
    pub(super) fn features_of(
        &self,
        items: &[u32],
        is_hidden: impl Fn(u32) -> bool,
        dropout: Option<FeatureDropout>,
    ) -> SparseMatrix {
        let mut rows = SparseRows::default();
        for &item in items {
            let without = self.edge_features.filter(|_| is_hidden(item));
            let is_told = |column: u32| {
                without.is_none_or(|edges| column != edges.known && column != edges.missing)
            };
            let entries = self.features.entries(item as usize);
            for (column, value) in entries.filter(|&(column, _)| is_told(column)) {
                let factor = dropout.map_or(1.0, |dropout| dropout.factor(item, column));
                if factor > 0.0 {
                    rows.push(column, factor * value);
                }
            }
            if let Some(edges) = without {
                rows.push(edges.missing, 1.0);
            }
            rows.end_row();
        }
        rows.finish(self.n_features())
    }

    /// The items whose mean is the query for `positive` in place of a user, and what each counts in it;
    /// `positive` itself where the user has no other.
    pub(super) fn query(&self, user: u32, positive: u32, random: u64) -> Vec<(u32, f32)> {
        let range = self.user_ptr[user as usize]..self.user_ptr[user as usize + 1];
        let items = &self.user_items[range.clone()];
        let place = items.binary_search(&positive);
        let n_wanted = match &self.query {
            Query::Before(before) => match place.map(|place| before[range.start + place]) {
                Ok(before) if before != Self::NONE => return vec![(before, 1.0)],
                _ => 1,
            },
            Query::Others(n) => *n,
        };
        let n_others = items.len() - usize::from(place.is_ok());
        let other = |at: usize| match place {
            Ok(place) if at >= place => at + 1,
            _ => at,
        };
        let weights = self.user_weights.get(range).unwrap_or_default();
        let weight = |at: usize| weights.get(other(at)).copied().unwrap_or(1.0);
        let drawn = |draw: u64| {
            let number = mix(random ^ draw);
            let at = match weights.is_empty() {
                true => (number % n_others as u64) as usize,
                false => by_weight(n_others, weight, number),
            };
            (items[other(at)], 1.0)
        };
        match n_others {
            0 => vec![(positive, 1.0)],
            n if n <= n_wanted => (0..n).map(|at| (items[other(at)], weight(at))).collect(),
            // Among many, twice the same one is rare, and no harm.
            _ => (0..n_wanted as u64).map(drawn).collect(),
        }
    }
}

/// One of `n` by weight, `number` being random over all there are.
fn by_weight(n: usize, weight: impl Fn(usize) -> f32, number: u64) -> usize {
    let whole: f64 = (0..n).map(|at| f64::from(weight(at))).sum();
    let mut left = number as f64 / 2f64.powi(64) * whole;
    let is_passed = |at: &usize| {
        left -= f64::from(weight(*at));
        left < 0.0
    };
    // Rounding may lead to the end of the last one.
    (0..n).find(is_passed).unwrap_or(n - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn graph() -> ItemGraph {
        // Items 0 to 3; the last two columns count edges.
        let features = SparseMatrix::new(
            4,
            vec![0, 2, 4, 6, 7],
            vec![0, 2, 1, 2, 0, 2, 3],
            vec![1.0, 0.5, 1.0, 0.7, 2.0, 0.9, 1.0],
        );
        let near = Neighbourhoods::new(1, &vec![vec![]; 4]);
        ItemGraph::new(Arc::new(features), near, vec![0, 3, 4], vec![0, 1, 3, 2])
    }

    #[test]
    fn a_query_is_another_item_of_the_user() {
        let graph = graph();
        let queries = |user, positive| {
            let drawn = (0..50).flat_map(|random| graph.query(user, positive, random));
            drawn.map(|(item, _)| item).collect::<BTreeSet<u32>>()
        };
        assert_eq!(queries(0, 1), BTreeSet::from([0, 3]));
        assert_eq!(
            queries(0, 2),
            BTreeSet::from([0, 1, 3]),
            "not the user's own"
        );
        assert_eq!(queries(1, 2), BTreeSet::from([2]), "nothing else");
        let none = ItemGraph::NONE;
        let before = graph
            .clone()
            .with_query(Query::Before(vec![3, none, 1, none]));
        assert_eq!(
            [0, 3].map(|positive| before.query(0, positive, 0)),
            [[(3, 1.0)], [(1, 1.0)]]
        );
        assert!(
            before.query(0, 1, 1) != [(1, 1.0)],
            "the first has none before it"
        );
        let two = graph.with_query(Query::Others(2));
        assert_eq!(two.query(0, 1, 7), [(0, 1.0), (3, 1.0)], "all there are");
        assert_eq!(two.query(0, 2, 7).len(), 2);
    }

    #[test]
    fn what_counts_more_is_drawn_more_and_all_there_are_are_weighted() {
        let weighted = graph().with_user_weights(vec![1e-30, 1e-30, 3e-30, 1.0]);
        let all = weighted.clone().with_query(Query::Others(2));
        assert_eq!(all.query(0, 1, 7), [(0, 1e-30), (3, 3e-30)]);
        let drawn = (0..4000).filter(|&n| weighted.query(0, 1, n * 977)[0].0 == 3);
        // Three of four; five deviations are 137.
        let n = drawn.count();
        assert!(n.abs_diff(3000) < 137, "{n}");
        let histories: Vec<_> = weighted.histories().collect();
        assert_eq!(histories[1], (&[2][..], &[1.0][..]));
    }

    #[test]
    fn edge_counts_are_hidden_with_the_neighbourhood() {
        let columns = EdgeFeatures {
            known: 2,
            missing: 3,
        };
        let graph = graph().with_edge_features(Some(columns));
        let features = graph.features_of(&[1, 2, 3], |item| item != 1, None);
        assert_eq!(features.row(0), (&[1, 2][..], &[1.0, 0.7][..]));
        assert_eq!(features.row(1), (&[0, 3][..], &[2.0, 1.0][..]));
        assert_eq!(features.row(2), (&[3][..], &[1.0][..]));
    }

    #[test]
    fn dropout_keeps_the_expectation_and_is_a_function_of_its_seed() {
        let graph = graph();
        let dropped = |seed| {
            let dropout = FeatureDropout { rate: 0.4, seed };
            graph.features_of(&[0, 1, 2, 3], |_| false, Some(dropout))
        };
        assert_eq!(dropped(5), dropped(5));
        let total = |matrix: &SparseMatrix| matrix.arrays().2.iter().sum::<f32>();
        let mean = (0..4000).map(|seed| total(&dropped(seed))).sum::<f32>() / 4000.0;
        let whole = total(&graph.features);
        // Seven standard deviations of the mean.
        assert!((mean - whole).abs() < 0.3, "{mean} for {whole}");
    }
}
