//! The part of an item graph that one batch needs.

use burn::tensor::{Device, Tensor, TensorData};

use crate::graph::{HostPair, SparseMatrix, SparseRows};

/// The sub-graph of a batch, renumbered: the batch's receptive field and the features of its items. It is made on the
/// host, so that a producer thread can have it ready before the device asks.
#[derive(Clone, Debug)]
pub struct ItemBatch {
    /// `[inputs, n_features]`
    pub(crate) features: ItemRows,
    pub(crate) pools: Vec<Pool>,
    /// Makes the batch's rows of the last layer's.
    pub(crate) asked: HostPair,
}

impl ItemBatch {
    /// Distinct items whose features are read.
    pub fn n_inputs(&self) -> usize {
        self.features.n
    }
}

/// Features of some items, as the network reads them.
#[derive(Clone, Debug)]
pub(crate) struct ItemRows {
    /// Counts of words, `[n, n_words]`; `None` where items have no words.
    pub(crate) words: Option<HostPair>,
    /// The other features, row-major.
    others: Vec<f32>,
    n: usize,
}

impl ItemRows {
    /// Features `[n, n_features]`, of which the first `n_words` columns count words.
    pub(crate) fn new(features: &SparseMatrix, n_words: usize) -> Self {
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
    pub(crate) fn others(&self, device: &Device) -> Option<Tensor<2>> {
        let shape = [self.n, self.others.len() / self.n.max(1)];
        let data = || TensorData::new(self.others.clone(), shape);
        (shape[1] > 0).then(|| Tensor::from_data(data(), device))
    }
}

/// How a layer pools neighbours.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    /// Weighted sums.
    Sum(HostPair),
    /// The largest of each component.
    Max(SparseMatrix),
}
