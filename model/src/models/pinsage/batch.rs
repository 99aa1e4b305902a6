//! What a step of training needs of the graph, made on the host: a producer can have it ready before the device asks.

use burn::tensor::{Device, Tensor, TensorData};

use super::neighbourhoods::{Places, SubGraph};
use super::{ItemGraph, PinSageConfig, Pooling};
use crate::dropout::{Mode, Purpose, mix};
use crate::spmm::{HostPair, SparseMatrix, SparseRows};

/// The sub-graph of a batch, renumbered, with the features within reach.
#[derive(Clone, Debug)]
pub struct ItemBatch {
    /// `[inputs, n_features]`
    pub(super) features: Rows,
    pub(super) pools: Vec<Pool>,
    /// From the last layer's rows to those asked for.
    pub(super) asked: HostPair,
}

/// Features of some items, as the network reads them.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// How often each word comes; `None` where items have no words.
    pub(super) words: Option<HostPair>,
    /// The other features, row-major.
    others: Vec<f32>,
    n: usize,
}

impl Rows {
    /// The first `n_words` columns are those of words.
    pub(super) fn new(features: &SparseMatrix, n_words: usize) -> Self {
        let n = features.n_rows();
        let width = features.n_columns() - n_words;
        let mut others = vec![0.0; n * width];
        let mut words = SparseRows::default();
        for row in 0..n {
            for (column, weight) in features.entries(row) {
                match (column as usize).checked_sub(n_words) {
                    Some(other) => others[row * width + other] = weight,
                    None => words.push(column, weight),
                }
            }
            words.end_row();
        }
        let words = || HostPair::new(words.finish(n_words));
        Self {
            words: (n_words > 0).then(words),
            others,
            n,
        }
    }

    /// `[n, _]`; `None` where items have no other features.
    pub(super) fn others(&self, device: &Device) -> Option<Tensor<2>> {
        let shape = [self.n, self.others.len() / self.n.max(1)];
        let data = || TensorData::new(self.others.clone(), shape);
        (shape[1] > 0).then(|| Tensor::from_data(data(), device))
    }
}

/// Rows to be made: each the mean of the vectors of some items.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Row `r` is of `items[row_ptr[r]..row_ptr[r + 1]]`.
    row_ptr: Vec<u32>,
    items: Vec<u32>,
}

impl Asked {
    fn nothing() -> Self {
        Self {
            row_ptr: vec![0],
            items: Vec::new(),
        }
    }

    /// A row an item.
    pub(super) fn each(items: &[u32]) -> Self {
        let mut asked = Self::nothing();
        items.iter().for_each(|&item| asked.push([item]));
        asked
    }

    fn push(&mut self, items: impl IntoIterator<Item = u32>) {
        self.items.extend(items);
        self.row_ptr.push(self.items.len() as u32);
    }

    /// The means, of items whose rows are `places`, among `n` of them.
    fn means(&self, places: Vec<u32>, n: usize) -> SparseMatrix {
        let of_row = self.row_ptr.windows(2).map(|ends| ends[1] - ends[0]);
        let weights = of_row.flat_map(|n| std::iter::repeat_n(1.0 / n as f32, n as usize));
        SparseMatrix::new(n, self.row_ptr.clone(), places, weights.collect())
    }
}

/// How a layer pools neighbours.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// Weighted sums.
    Sum(HostPair),
    /// The largest of each component.
    Max(SparseMatrix),
}

impl Pool {
    pub(super) fn new(matrix: SparseMatrix, pooling: Pooling) -> Self {
        match pooling {
            Pooling::Max => Self::Max(matrix),
            Pooling::Importance | Pooling::Mean => Self::Sum(HostPair::new(matrix)),
        }
    }
}

impl ItemBatch {
    /// Distinct items whose features are read.
    pub fn n_inputs(&self) -> usize {
        self.features.n
    }
}

/// Leaves values out by chance, and scales the others so that their expectation stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeatureDropout {
    pub(super) rate: f64,
    pub(super) seed: u64,
}

impl FeatureDropout {
    /// What a value of an item is multiplied by: a function of (seed, item, column).
    pub(super) fn factor(self, item: u32, column: u32) -> f32 {
        let draw = mix(mix(self.seed ^ u64::from(item)) ^ u64::from(column));
        match draw < (self.rate * u64::MAX as f64) as u64 {
            true => 0.0,
            false => (1.0 / (1.0 - self.rate)) as f32,
        }
    }
}

/// Makes the [`ItemBatch`]es of batches, each in a time that depends on the items within its reach.
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

    /// What the batch of these users and items (positives, one a user, first) needs: what stands for each user, then
    /// the items. In training, by chance, some items' neighbourhoods are hidden.
    ///
    /// # Panics
    /// When there are fewer items than users, or one is out of range.
    pub fn of(&mut self, users: &[u32], items: &[u32], mode: Mode) -> ItemBatch {
        let seed = match mode {
            Mode::Train { seed } => seed,
            Mode::Inference => 0,
        };
        let mut asked = Asked::nothing();
        for ((&user, &positive), at) in users.iter().zip(&items[..users.len()]).zip(0u64..) {
            asked.push(self.graph.query(user, positive, mix(mix(seed) ^ at)));
        }
        items.iter().for_each(|&item| asked.push([item]));
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
        self.of_items(&asked, is_hidden, dropout)
    }

    pub(super) fn of_items(
        &mut self,
        asked: &Asked,
        is_hidden: impl Fn(u32) -> bool + Copy,
        dropout: Option<FeatureDropout>,
    ) -> ItemBatch {
        let neighbourhoods = self.graph.neighbourhoods();
        self.places.clear(neighbourhoods.n_items());
        let mut nodes = Vec::with_capacity(asked.items.len());
        let wanted = asked.items.iter();
        let places: Vec<u32> = wanted
            .map(|&item| self.places.of(item, &mut nodes))
            .collect();
        let asked = asked.means(places, nodes.len());
        let SubGraph { inputs, pools } = neighbourhoods.sub_graph(
            &nodes,
            self.layers,
            self.pooling,
            is_hidden,
            &mut self.places,
        );
        let features = self.graph.features_of(&inputs, is_hidden, dropout);
        ItemBatch {
            features: Rows::new(&features, self.words),
            pools: pools
                .into_iter()
                .map(|matrix| Pool::new(matrix, self.pooling))
                .collect(),
            asked: HostPair::new(asked),
        }
    }
}
