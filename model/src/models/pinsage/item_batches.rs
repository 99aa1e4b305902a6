//! Makes the sub-graphs of batches on the host: a producer can have one ready before the device asks.

use super::feature_dropout::FeatureDropout;
use super::item_graph::ItemGraph;
use super::neighbourhoods::{Places, SubGraph};
use super::{PinSageConfig, Pooling};
use crate::batch::{ItemBatch, ItemRows, Pool};
use crate::graph::{HostPair, SparseMatrix, SparseRows};
use crate::ops::dropout::{Mode, Purpose, mix};

/// Makes the [`ItemBatch`]es of batches, each in a time that depends on the size of its receptive field.
#[derive(Clone, Debug)]
pub struct ItemBatches<'a> {
    graph: &'a ItemGraph,
    words: usize,
    layers: usize,
    pooling: Pooling,
    node_dropout: f64,
    feature_dropout: f64,
    places: Places,
}

impl<'a> ItemBatches<'a> {
    /// For a network of these settings.
    ///
    /// # Panics
    /// When the features are not as wide as the network's.
    pub fn new(config: &PinSageConfig, graph: &'a ItemGraph) -> Self {
        assert_eq!(graph.n_features(), config.features, "floats of an item");
        Self {
            graph,
            words: config.words,
            layers: config.layers,
            pooling: config.pooling,
            node_dropout: config.node_dropout,
            feature_dropout: config.feature_dropout,
            places: Places::default(),
        }
    }

    /// The sub-graph of a batch of users and items, of which the first are the positives, one a user. Its rows are the
    /// queries in place of users, then the items. In training the neighbourhoods of some random items are hidden.
    ///
    /// # Panics
    /// When there are fewer items than users, or one is out of range.
    pub fn of(&mut self, users: &[u32], items: &[u32], mode: Mode) -> ItemBatch {
        let seed = match mode {
            Mode::Train { seed } => seed,
            Mode::Inference => 0,
        };
        let mut asked = SparseRows::default();
        for ((&user, &positive), at) in users.iter().zip(&items[..users.len()]).zip(0u64..) {
            push_mean(
                &mut asked,
                &self.graph.query(user, positive, mix(mix(seed) ^ at)),
            );
        }
        items
            .iter()
            .for_each(|item| push_mean(&mut asked, &[(*item, 1.0)]));
        let hidden = mode.mask_seed(self.node_dropout, Purpose::Node, 0);
        let threshold = (self.node_dropout * u64::MAX as f64) as u64;
        let dropout = mode.mask_seed(self.feature_dropout, Purpose::Message, 0);
        let dropout = dropout.map(|seed| FeatureDropout {
            rate: self.feature_dropout,
            seed,
        });
        let is_hidden = |item: u32| {
            hidden.is_some_and(|seed| mix(seed.wrapping_add(u64::from(item))) < threshold)
        };
        let asked = asked.finish(self.graph.n_items());
        self.of_means(&asked, is_hidden, dropout)
    }

    /// The batch of some items alone, all of whose features and neighbourhoods are seen.
    pub(super) fn of_items(&mut self, items: &[u32]) -> ItemBatch {
        let mut asked = SparseRows::default();
        items
            .iter()
            .for_each(|item| push_mean(&mut asked, &[(*item, 1.0)]));
        let asked = asked.finish(self.graph.n_items());
        self.of_means(&asked, |_| false, None)
    }

    /// The batch of which each row is a mean of items' vectors: `asked` holds the weights, `[rows, n_items]`.
    fn of_means(
        &mut self,
        asked: &SparseMatrix,
        is_hidden: impl Fn(u32) -> bool + Copy,
        dropout: Option<FeatureDropout>,
    ) -> ItemBatch {
        let neighbourhoods = self.graph.neighbourhoods();
        self.places.clear(neighbourhoods.n_items());
        let (_, items, _) = asked.arrays();
        let mut nodes = Vec::with_capacity(items.len());
        let places: Vec<u32> = items
            .iter()
            .map(|&item| self.places.of(item, &mut nodes))
            .collect();
        let asked = asked.with_columns(nodes.len(), places);
        let SubGraph { inputs, pools } = neighbourhoods.sub_graph(
            &nodes,
            self.layers,
            self.pooling,
            is_hidden,
            &mut self.places,
        );
        let features = self.graph.features_of(&inputs, is_hidden, dropout);
        ItemBatch {
            features: ItemRows::new(&features, self.words),
            pools: pools
                .into_iter()
                .map(|matrix| Pool::new(matrix, self.pooling))
                .collect(),
            asked: HostPair::new(asked),
        }
    }
}

/// Adds a row that is the mean of some items' vectors, each with what it counts.
fn push_mean(rows: &mut SparseRows, items: &[(u32, f32)]) {
    // Of the largest first, for a sum of very small ones is no divisor.
    let largest = items.iter().map(|item| item.1).fold(0.0, f32::max);
    let whole: f32 = items.iter().map(|item| item.1 / largest).sum();
    let share = |weight: f32| weight / largest * (1.0 / whole);
    rows.extend(items.iter().map(|&(item, weight)| (item, share(weight))));
    rows.end_row();
}
