//! One mini-batch: the ids it speaks of, and their rows.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor};

/// The ids of one mini-batch, and the device its loss is computed on.
#[derive(Clone, Debug)]
pub struct BatchIndices {
    n_users: usize,
    n_negatives: usize,
    /// Users, positives, then each user's negatives; ids, not nodes.
    ids: Vec<u32>,
    device: Device,
}

impl BatchIndices {
    /// A batch; `negatives` is row-major, as many per user for every user.
    ///
    /// # Panics
    /// When the batch is empty, when there are not as many positives as users, or when the
    /// negatives do not divide evenly.
    pub fn new(users: &[u32], positives: &[u32], negatives: &[u32], device: &Device) -> Self {
        let batch = users.len();
        assert!(batch > 0, "a batch has at least one user");
        assert_eq!(positives.len(), batch, "one positive per user");
        assert_eq!(
            negatives.len() % batch,
            0,
            "as many negatives for every user"
        );
        Self {
            n_users: batch,
            n_negatives: negatives.len() / batch,
            ids: [users, positives, negatives].concat(),
            device: device.clone(),
        }
    }

    /// Users in the batch.
    pub fn len(&self) -> usize {
        self.n_users
    }

    /// Whether the batch has no user.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Negatives of each user.
    pub fn n_negatives(&self) -> usize {
        self.n_negatives
    }

    /// All ids as node numbers in a graph of `n_users` users: users, positives, negatives.
    pub(crate) fn nodes(&self, n_users: usize) -> Arc<[u32]> {
        let batch = self.len();
        let node = |(at, &id): (usize, &u32)| if at < batch { id } else { id + n_users as u32 };
        self.ids.iter().enumerate().map(node).collect()
    }

    /// [`BatchIndices::nodes`] on the device.
    pub(crate) fn node_tensor(&self, n_users: usize) -> Tensor<1, Int> {
        let nodes: Vec<i32> = self.nodes(n_users).iter().map(|&n| n as i32).collect();
        let device = self.device.clone().without_autodiff();
        Tensor::from_data(nodes.as_slice(), (&device, DType::I32))
    }
}

/// A batch's rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct BatchRows {
    /// Users, positives, then each user's negatives: `[batch * (2 + n_negatives), width]`.
    pub(crate) all: Tensor<2>,
    pub(crate) batch: usize,
}

impl BatchRows {
    /// `[batch, width]`
    pub(crate) fn users(&self) -> Tensor<2> {
        self.all.clone().narrow(0, 0, self.batch)
    }

    /// `[batch, width]`
    pub(crate) fn positives(&self) -> Tensor<2> {
        self.all.clone().narrow(0, self.batch, self.batch)
    }

    /// `[batch, n_negatives, width]`
    pub(crate) fn negatives(&self) -> Tensor<3> {
        let [rows, width] = self.all.dims();
        let n_negatives = rows / self.batch - 2;
        self.all
            .clone()
            .narrow(0, 2 * self.batch, rows - 2 * self.batch)
            .reshape([self.batch, n_negatives, width])
    }
}
