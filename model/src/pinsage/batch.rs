//! What a step of training needs of the graph, made on the host: a producer can have it ready before the device asks.

use burn::tensor::{Device, Tensor, TensorData};

use super::convolve::Input;
use super::neighbourhoods::{Places, SubGraph};
use super::{ItemGraph, PinSageConfig, Pooling};
use crate::dropout::{Mode, Purpose, mix};
use crate::spmm::{HostPair, SparseMatrix};

/// The sub-graph of a batch, renumbered, with the features within reach.
#[derive(Clone, Debug)]
pub struct ItemBatch {
    /// `[inputs, n_features]`
    pub(super) features: Rows,
    pub(super) pools: Vec<Pool>,
    /// The row of each item asked for among those of the last layer.
    pub(super) places: Vec<i32>,
}

/// Features of some items.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// Few values a row: all items', and the first again, those of the first layer's outputs.
    Sparse { all: HostPair, outputs: HostPair },
    /// Row-major, where a dense product is the faster one.
    Dense { n: usize, values: Vec<f32> },
}

/// With a larger share of values than this a dense product is faster.
const DENSE: f64 = 0.2;

impl Rows {
    pub(super) fn new(features: SparseMatrix, n_outputs: usize) -> Self {
        let (n, width) = (features.n_rows(), features.n_columns());
        let (_, columns, _) = features.arrays();
        if (columns.len() as f64) < DENSE * (n * width) as f64 {
            return Self::Sparse {
                outputs: HostPair::new(features.first_rows(n_outputs)),
                all: HostPair::new(features),
            };
        }
        let mut values = vec![0.0; n * width];
        for (row, out) in values.chunks_exact_mut(width).enumerate() {
            let (columns, weights) = features.row(row);
            for (&column, &weight) in columns.iter().zip(weights) {
                out[column as usize] = weight;
            }
        }
        Self::Dense { n, values }
    }

    /// What the first layer begins with.
    pub(super) fn input(&self, device: &Device) -> Input<'_> {
        match self {
            Self::Sparse { all, outputs } => Input::Features { all, outputs },
            Self::Dense { n, values } => {
                let shape = [*n, values.len() / n.max(&1)];
                Input::Vectors(Tensor::from_data(
                    TensorData::new(values.clone(), shape),
                    device,
                ))
            }
        }
    }

    fn n(&self) -> usize {
        match self {
            Self::Sparse { all, .. } => all.n_rows(),
            Self::Dense { n, .. } => *n,
        }
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
        self.features.n()
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

/// Makes the [`ItemBatch`]es of batches, each in a time that does not grow with the graph.
#[derive(Clone, Debug)]
pub struct ItemBatches<'a> {
    graph: &'a ItemGraph,
    layers: usize,
    pooling: Pooling,
    node_dropout: f64,
    feature_dropout: f64,
    places: Places,
}

impl<'a> ItemBatches<'a> {
    /// For a network of these settings.
    pub fn new(config: &PinSageConfig, graph: &'a ItemGraph) -> Self {
        Self {
            graph,
            layers: config.layers,
            pooling: config.pooling,
            node_dropout: config.node_dropout,
            feature_dropout: config.feature_dropout,
            places: Places::default(),
        }
    }

    /// What the batch of these users and items (positives, one a user, first) needs: a query item in the place of
    /// each user, then the items. In training, by chance, some items' neighbourhoods are hidden.
    ///
    /// # Panics
    /// When there are fewer items than users, or one is out of range.
    pub fn of(&mut self, users: &[u32], items: &[u32], mode: Mode) -> ItemBatch {
        let seed = match mode {
            Mode::Train { seed } => seed,
            Mode::Inference => 0,
        };
        let pairs = users.iter().zip(&items[..users.len()]).zip(0u64..);
        let queries = pairs
            .map(|((&user, &positive), at)| self.graph.query(user, positive, mix(mix(seed) ^ at)));
        let wanted: Vec<u32> = queries.chain(items.iter().copied()).collect();
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
        self.of_items(&wanted, is_hidden, dropout)
    }

    pub(super) fn of_items(
        &mut self,
        wanted: &[u32],
        is_hidden: impl Fn(u32) -> bool + Copy,
        dropout: Option<FeatureDropout>,
    ) -> ItemBatch {
        let neighbourhoods = self.graph.neighbourhoods();
        self.places.clear(neighbourhoods.n_items());
        let mut nodes = Vec::with_capacity(wanted.len());
        let places = wanted
            .iter()
            .map(|&item| self.places.of(item, &mut nodes) as i32);
        let places: Vec<i32> = places.collect();
        let SubGraph { inputs, pools } = neighbourhoods.sub_graph(
            &nodes,
            self.layers,
            self.pooling,
            is_hidden,
            &mut self.places,
        );
        let n_outputs = pools.first().map_or(inputs.len(), SparseMatrix::n_rows);
        let features = self.graph.features_of(&inputs, is_hidden, dropout);
        ItemBatch {
            features: Rows::new(features, n_outputs),
            pools: pools
                .into_iter()
                .map(|matrix| Pool::new(matrix, self.pooling))
                .collect(),
            places,
        }
    }
}
